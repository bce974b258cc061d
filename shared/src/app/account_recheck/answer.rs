//! What a provider's answer to a token says: OpenID Providers by refreshing (RFC 6749 section 5, OpenID Connect Core 1.0
//! section 12), GitHub by the membership.

use super::github;
use crate::app::Gatehouse;
use crate::app::finish_sign_in::FinishError;
use crate::app::finish_sign_in::oidc::id_token_claims;
use crate::app::finish_sign_in::person::identity_hash;
use crate::app::relying_party::tokens;
use crate::domain::connection::{OidcConnection, Protocol};
use crate::domain::upstream::TokenKind;
use crate::oidc::claims::Reading;
use crate::oidc::issuer::Issuer;
use crate::oidc::refusal::OidcRefusal;
use crate::oidc::token_request::{Grant, Tokens, ends_access};
use crate::redacted::Secret;
use crate::store::SignInContext;

/// What is to be made of it.
pub(super) enum Answer {
    /// It vouches; with the token that replaces ours, if one came.
    Confirmed(Option<Secret>),
    /// It took the token and gave another, and says nothing about the person.
    Replaced(Secret),
    /// The person is not there any more.
    Gone,
    /// `invalid_grant`: the person's access is over, unless the token was spent.
    Over,
    /// The token is no good any more, for whatever reason.
    Revoked,
    /// `invalid_client`: our own problem.
    ClientRefused,
    /// It surely did not take the token, and said nothing about the person.
    NotNow,
    /// It may have taken the token: no answer, or none that can be read.
    Lost,
}

/// Asks about an account by its token.
pub(super) async fn ask(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    subject: &str,
    token: (TokenKind, &Secret),
) -> Answer {
    match &context.connection.protocol {
        Protocol::Oidc(oidc) => refresh(gatehouse, (context, oidc), subject, token.1).await,
        Protocol::GitHub(settings) => github::ask(gatehouse, (context, settings), token).await,
        // Such an identity has no token.
        Protocol::Saml(_) => Answer::NotNow,
    }
}

/// Redeems a refresh token.
async fn refresh(
    gatehouse: &Gatehouse,
    (context, oidc): (&SignInContext, &OidcConnection),
    subject: &str,
    token: &Secret,
) -> Answer {
    let redeemed = tokens::redeem(gatehouse, &context.connection, Grant::Refresh(token)).await;
    let tokens = match redeemed {
        Ok(tokens) => tokens,
        Err(error) => return refused(context, &error),
    };
    match same_person(gatehouse, (context, oidc), subject, &tokens).await {
        Ok(true) => {
            let new = tokens.refresh_token;
            Answer::Confirmed(new.filter(|new| new.expose() != token.expose()))
        }
        Ok(false) => {
            tracing::warn!(connection = %context.connection.id, "a refreshed ID token speaks of another person");
            Answer::Lost
        }
        Err(error) => {
            tracing::warn!(connection = %context.connection.id, code = error.code(), "a refreshed ID token was not accepted");
            Answer::Lost
        }
    }
}

pub(super) fn refused(context: &SignInContext, error: &FinishError) -> Answer {
    tracing::info!(connection = %context.connection.id, code = error.code(), "a refresh token was not redeemed");
    match error {
        FinishError::Oidc(refusal) if ends_access(refusal) => Answer::Over,
        FinishError::Oidc(OidcRefusal::ClientRefused) => Answer::ClientRefused,
        FinishError::Oidc(
            OidcRefusal::TokenRefused(_)
            | OidcRefusal::Provider { .. }
            | OidcRefusal::Unreachable { sent: false, .. },
        ) => Answer::NotNow,
        FinishError::Oidc(_) => Answer::Lost,
        // Nothing was sent: our credentials could not be read.
        FinishError::Saml(_)
        | FinishError::Refused(_)
        | FinishError::Store(_)
        | FinishError::Secrets(_)
        | FinishError::Random(_) => Answer::NotNow,
    }
}

/// Section 12.2: an ID token, where one comes, is of the same issuer, for us, and about the same person. One that names
/// fewer claims than the first is compared as far as it goes.
async fn same_person(
    gatehouse: &Gatehouse,
    (context, oidc): (&SignInContext, &OidcConnection),
    subject: &str,
    tokens: &Tokens,
) -> Result<bool, FinishError> {
    let (Some(provider), true) = (&oidc.provider, tokens.id_token.is_some()) else {
        return Ok(true);
    };
    let Some(issuer) = Issuer::of(oidc) else {
        return Ok(true);
    };
    let claims = id_token_claims(gatehouse, (oidc, provider), &issuer, tokens, None).await?;
    let reading = Reading {
        settings: &oidc.settings,
        subject: &context.connection.subject,
        mapping: &context.connection.attributes,
    };
    let parts = match reading.subject_parts(&claims) {
        Ok(parts) => parts,
        Err(OidcRefusal::SubjectClaims { .. }) => return Ok(true),
        Err(error) => return Err(error.into()),
    };
    let parts = parts.iter().map(String::as_str).collect::<Vec<_>>();
    Ok(identity_hash(issuer.name(), &parts) == subject)
}
