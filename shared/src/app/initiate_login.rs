//! The app's `initiate_login_uri` (OpenID Connect Core 1.0 section 4): where a sign-in that the app did not begin goes,
//! so that the app begins it.

use super::Gatehouse;
use crate::domain::email::EmailAddress;
use crate::domain::ids::ConnectionId;
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::response::append_query;
use crate::store::CommitError;

/// The URL, with a one-time hint that names the connection, else with the address that was given; a target only if it
/// is on the client's list. `None` where the client has no such URL.
///
/// # Errors
/// [`CommitError`] when the hint could not be kept.
pub async fn url(
    gatehouse: &Gatehouse,
    client: &AppClient,
    connection: Option<&ConnectionId>,
    address: Option<&EmailAddress>,
    target: Option<&str>,
) -> Result<Option<String>, CommitError> {
    let Some(base) = client.initiate_login_uri.as_ref() else {
        return Ok(None);
    };
    let mut parameters = vec![("iss", gatehouse.config.base_url.as_str().to_owned())];
    match (connection, address) {
        (Some(connection), _) => parameters.push(("login_hint", gatehouse.route_hint(connection).await?)),
        (None, Some(address)) => parameters.push(("login_hint", address.as_str().to_owned())),
        (None, None) => {}
    }
    if let Some(target) = target.filter(|target| client.admits_target_link(target)) {
        parameters.push(("target_link_uri", target.to_owned()));
    }
    Ok(Some(append_query(base.as_str(), &parameters)))
}
