//! A code for the app, from a session: after a sign-in, or from one that is fresh enough.

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::domain::session::{Session, SessionToken};
use crate::openid_provider::authorize::AuthorizationRequest;
use crate::openid_provider::digest::Digest;
use crate::openid_provider::error::OAuthErrorCode;
use crate::openid_provider::grants::{Authentication, CODE_MEMORY, StoredCode};
use crate::openid_provider::opaque::Code;
use crate::openid_provider::response::AuthorizationResponse;
use crate::random::{self, RandomError};
use crate::store::TenantTransaction;

/// Adds a code to the transaction, and gives the answer that carries it to the app. Where the app's `id_token_hint`
/// names another person than has signed in, there is no code (OpenID Connect Core 1.0 section 3.1.2.1).
///
/// # Errors
/// [`RandomError`] when the system's generator fails.
pub fn issue(
    tx: &mut TenantTransaction,
    request: &AuthorizationRequest,
    session: &Session,
    token: &SessionToken,
    (config, now): (&Config, DateTime<Utc>),
) -> Result<AuthorizationResponse, RandomError> {
    if request
        .person
        .as_ref()
        .is_some_and(|wanted| *wanted != session.user)
    {
        let text = "another person than id_token_hint names has signed in";
        return Ok(request
            .target
            .error(OAuthErrorCode::LoginRequired, text, config.base_url.as_str()));
    }
    let code = Code::new(random::bytes()?);
    let stored = StoredCode::issue(request, authentication(session, token), now);
    tx.put_code(code.expose(), &stored, now + CODE_MEMORY);
    Ok(request.target.success(&code, config.base_url.as_str()))
}

/// What a session says of how its person authenticated.
#[must_use]
pub fn authentication(session: &Session, token: &SessionToken) -> Authentication {
    Authentication {
        tenant: session.tenant.clone(),
        user: session.user.clone(),
        session: Digest::of(token.secret.expose().as_bytes()),
        sid: session.sid.clone(),
        epoch: session.epoch,
        connection: session.connection.clone(),
        auth_time: session.auth_time,
        confirmed_at: session.confirmed_at,
        ends_at: session.access_until.min(session.expires_at),
        acr: session.authn_context.clone(),
        amr: Vec::new(),
    }
}
