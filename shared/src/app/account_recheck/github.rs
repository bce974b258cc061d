//! GitHub: whether the person is still an active member of the chosen organization (SE-10).
//!
//! Only the membership says that access is over. A token can end without that: GitHub takes the oldest of more than ten
//! tokens back, and those that nobody used for a year. Then the person has to sign in again, and the link stays.

use super::answer::{Answer, refused};
use crate::app::Gatehouse;
use crate::app::finish_sign_in::FinishError;
use crate::app::relying_party::{github as api, tokens};
use crate::domain::connection::GitHubConnection;
use crate::domain::upstream::TokenKind;
use crate::oidc::github::Endpoints;
use crate::oidc::refusal::OidcRefusal;
use crate::oidc::token_request::Grant;
use crate::redacted::Secret;
use crate::store::SignInContext;

/// Asks for the membership, by a new access token where the kept one renews it.
pub(super) async fn ask(
    gatehouse: &Gatehouse,
    (context, settings): (&SignInContext, &GitHubConnection),
    (kind, token): (TokenKind, &Secret),
) -> Answer {
    let of = (context, settings);
    match kind {
        TokenKind::Access => by_access_token(gatehouse, of, token).await,
        TokenKind::Refresh => {
            let redeemed = tokens::redeem(gatehouse, &context.connection, Grant::Refresh(token)).await;
            let fresh = match redeemed {
                Ok(fresh) => fresh,
                Err(error) => return refused(context, &error),
            };
            let answer = by_access_token(gatehouse, of, &fresh.access_token).await;
            let replaced = fresh.refresh_token.filter(|new| new.expose() != token.expose());
            match (answer, replaced) {
                (Answer::Confirmed(_), replaced) => Answer::Confirmed(replaced),
                // The old token is spent, whatever became of the question.
                (Answer::NotNow | Answer::ClientRefused | Answer::Lost, Some(replaced)) => {
                    Answer::Replaced(replaced)
                }
                (answer, _) => answer,
            }
        }
    }
}

async fn by_access_token(
    gatehouse: &Gatehouse,
    (context, settings): (&SignInContext, &GitHubConnection),
    token: &Secret,
) -> Answer {
    let Some(chosen) = &settings.settings.organization else {
        return Answer::NotNow;
    };
    let endpoints = Endpoints::of(&settings.settings);
    let error = match api::check_membership(gatehouse, &endpoints, chosen, token).await {
        Ok(()) => return Answer::Confirmed(None),
        Err(OidcRefusal::GitHubNotAMember) => return Answer::Gone,
        Err(error) => error,
    };
    tracing::info!(connection = %context.connection.id, code = error.code(), "a membership could not be checked");
    if error != OidcRefusal::GitHubRefused(401) {
        return Answer::NotNow;
    }
    match api::is_revoked(gatehouse, (&context.connection, settings), token).await {
        Ok(true) => Answer::Revoked,
        Ok(false) => Answer::NotNow,
        Err(FinishError::Oidc(OidcRefusal::ClientRefused)) => Answer::ClientRefused,
        Err(error) => {
            tracing::info!(connection = %context.connection.id, code = error.code(), "a token could not be checked");
            Answer::NotNow
        }
    }
}
