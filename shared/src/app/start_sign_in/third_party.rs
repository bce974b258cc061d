//! Third-party-initiated login (AQ-08; OpenID Connect Core 1.0 section 4): somebody else, such as an identity provider's
//! start page, asks for a sign-in. It signs nobody in: the app begins one of its own, which names the connection.

use super::{StartError, active_connections, organization_of};
use crate::app::finish_sign_in::refusal::SignInRefusal;
use crate::app::{Gatehouse, initiate_login};
use crate::domain::connection::{Connection, ConnectionState};
use crate::domain::email::EmailAddress;
use crate::domain::ids::ConnectionId;

/// What was asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThirdParty<'a> {
    /// The connection in the path.
    pub connection: Option<&'a ConnectionId>,
    /// `iss`: the identity provider.
    pub iss: Option<&'a str>,
    /// `login_hint`: counts where it is an address.
    pub login_hint: Option<&'a str>,
    /// `target_link_uri`: counts where it is on the default client's list.
    pub target_link_uri: Option<&'a str>,
}

/// Where the browser goes: to the default client, which begins the sign-in.
///
/// # Errors
/// [`SignInRefusal`]: `ConnectionUnknown`, `ConnectionNotActive`, `IssuerMismatch`, or `Unsolicited` where no client
/// takes such logins.
pub async fn third_party(gatehouse: &Gatehouse, asked: ThirdParty<'_>) -> Result<String, StartError> {
    let address = asked.login_hint.and_then(|hint| EmailAddress::parse(hint).ok());
    let connection = match asked.connection {
        Some(id) => Some(named(gatehouse, id, asked.iss).await?),
        None => found(gatehouse, asked.iss, address.as_ref()).await?,
    };
    let client = gatehouse.default_client().await?;
    let client = client.ok_or(SignInRefusal::Unsolicited)?;
    let target = asked.target_link_uri;
    let to = initiate_login::url(gatehouse, &client, connection.as_ref(), address.as_ref(), target).await?;
    Ok(to.ok_or(SignInRefusal::Unsolicited)?)
}

/// The connection in the path, which must be the one of `iss`, where that is given.
async fn named(
    gatehouse: &Gatehouse,
    id: &ConnectionId,
    iss: Option<&str>,
) -> Result<ConnectionId, StartError> {
    let context = gatehouse.store.front_door().sign_in_context(id).await?;
    let context = context.ok_or(SignInRefusal::ConnectionUnknown)?;
    if context.connection.state != ConnectionState::Active {
        return Err(SignInRefusal::ConnectionNotActive.into());
    }
    match iss {
        Some(iss) if !is_of(&context.connection, iss) => Err(SignInRefusal::IssuerMismatch.into()),
        Some(_) | None => Ok(id.clone()),
    }
}

/// The one active connection of `iss`, among those of the address' organization where it is known. Several, or none,
/// are no connection: the person is asked for the address.
async fn found(
    gatehouse: &Gatehouse,
    iss: Option<&str>,
    address: Option<&EmailAddress>,
) -> Result<Option<ConnectionId>, StartError> {
    let organization = match address {
        Some(address) => organization_of(gatehouse, address).await?,
        None => None,
    };
    let candidates = match (&organization, iss) {
        (Some(tenant), _) => active_connections(gatehouse, tenant).await?,
        (None, Some(iss)) => of_issuer(gatehouse, iss).await?,
        (None, None) => Vec::new(),
    };
    let mut fitting = candidates
        .into_iter()
        .filter(|connection| iss.is_none_or(|iss| is_of(connection, iss)));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(Some(only.id)),
        (Some(_), Some(_)) | (None, _) => Ok(None),
    }
}

async fn of_issuer(gatehouse: &Gatehouse, iss: &str) -> Result<Vec<Connection>, StartError> {
    let door = gatehouse.store.front_door();
    let mut active = Vec::new();
    for id in door.connections_of_issuer(&spelled_out(iss)).await? {
        let context = door.sign_in_context(&id).await?;
        let context = context.filter(|context| context.connection.state == ConnectionState::Active);
        active.extend(context.map(|context| context.connection.clone()));
    }
    Ok(active)
}

fn is_of(connection: &Connection, iss: &str) -> bool {
    connection.issuer().as_deref() == Some(spelled_out(iss).as_str())
}

/// GW-3: Google's issuer may come without `https://`.
fn spelled_out(iss: &str) -> String {
    match iss {
        "accounts.google.com" => crate::oidc::presets::GOOGLE.to_owned(),
        other => other.to_owned(),
    }
}
