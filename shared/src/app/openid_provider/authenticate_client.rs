//! An app's server proves which client it is; an assertion is taken once (RFC 7523 section 3).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::Gatehouse;
use crate::openid_provider::client_auth::{Authenticated, ClientAuthError, Presented};
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::params::Parameters;
use crate::store::{CommitError, Guard, StoreError};

/// Why a client was not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// It did not prove itself.
    #[error(transparent)]
    Refused(#[from] ClientAuthError),
    /// The assertion was used before.
    #[error("wanted a client assertion that was not used before; this one was")]
    AssertionReplayed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuthenticateError {
    /// Stable code of this refusal or failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(e) => e.code(),
            Self::AssertionReplayed => "client_assertion_replayed",
            Self::Store(e) => e.code(),
        }
    }
}

/// Authenticates the client of a request to the endpoint at `path`.
///
/// # Errors
/// [`AuthenticateError`]; unknown and wrong are answered alike.
pub async fn authenticate(
    gatehouse: &Gatehouse,
    authorization: Option<&str>,
    form: &Parameters,
    path: &str,
) -> Result<(AppClient, Authenticated), AuthenticateError> {
    let presented = Presented::read(authorization, form)?;
    let door = gatehouse.store.front_door();
    let client = door.cached_client::<AppClient>(presented.client_id()).await?;
    let base = &gatehouse.config.base_url;
    let (token_endpoint, endpoint) = (base.at("/oauth2/token"), base.at(path));
    let audiences = [base.as_str(), token_endpoint.as_str(), endpoint.as_str()];
    let proven = presented.authenticate(client.as_ref(), &audiences, gatehouse.clock.now())?;
    let client = client.ok_or(ClientAuthError::UnknownClient)?;
    if let Some(used) = &proven.assertion {
        let key = URL_SAFE_NO_PAD.encode(used.key.as_bytes());
        match door.spend_jti(&client.id, &key, used.remember_until).await {
            Ok(()) => {}
            Err(CommitError::Refused(guards)) if guards.contains(&Guard::OneTimeId) => {
                return Err(AuthenticateError::AssertionReplayed);
            }
            Err(CommitError::Refused(_)) => {
                return Err(StoreError::Busy {
                    operation: "TransactWriteItems",
                }
                .into());
            }
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Ok((client, proven))
}
