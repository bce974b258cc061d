//! Requests to OpenID Providers and to GitHub: tokens ([`tokens`]), keys ([`keys`]), and what an access token opens.
//!
//! Architecture Invariant: credentials and codes go to the endpoints that stand in the connection, and nowhere else; the
//! guarded client follows no redirect with them.

pub(super) mod github;
pub mod keys;
pub mod tokens;

use axum::http::HeaderName;
use axum::http::header::{ACCEPT, AUTHORIZATION};
use bytes::Bytes;

use super::Gatehouse;
use crate::oidc::refusal::OidcRefusal;
use crate::outbound::OutboundError;
use crate::redacted::Secret;

/// A failure of the guarded client, as the refusal of a sign-in.
pub(super) fn unreachable(endpoint: &'static str, error: &OutboundError) -> OidcRefusal {
    tracing::info!(endpoint, error = %error, "an identity provider could not be asked");
    OidcRefusal::Unreachable {
        endpoint,
        reason: error.code(),
        sent: error.was_sent(),
    }
}

/// Asks a resource with an access token: its status and body.
///
/// # Errors
/// [`OidcRefusal::Unreachable`].
pub(super) async fn resource(
    gatehouse: &Gatehouse,
    (endpoint, url): (&'static str, &str),
    access_token: &Secret,
) -> Result<(u16, Bytes), OidcRefusal> {
    let bearer = Secret::new(format!("Bearer {}", access_token.expose()));
    let headers: [(HeaderName, &str); 2] = [(AUTHORIZATION, bearer.expose()), (ACCEPT, "application/json")];
    let answer = gatehouse
        .outbound
        .get_with(url, &headers)
        .await
        .map_err(|error| unreachable(endpoint, &error))?;
    Ok((answer.status.as_u16(), answer.body))
}
