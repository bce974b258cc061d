//! Home-realm discovery for the app (CH-07, IL-07): hide the password field, and where to go.

use serde::Serialize;

use super::start_sign_in::{StartError, active_connections, organization_of};
use super::{Gatehouse, bypass};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ConnectionId, TenantId};

/// What the app learns of an address. It is said by domain alone, but for break-glass addresses (AQ-21): whether anybody
/// has the address is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discovery {
    /// Whether single sign-on is there for the address.
    pub sso: bool,
    /// Whether the app may offer a password (IL-07); `false` means that single sign-on is enforced.
    pub password_allowed: bool,
    /// The organization, for the `organization` parameter of the authorization request.
    pub organization: Option<TenantId>,
    /// Its active connections, for the `connection` parameter.
    pub connections: Vec<Found>,
}

/// An active connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Its id.
    pub id: ConnectionId,
    /// The name that people see.
    pub name: String,
}

/// Says what is there for an address.
///
/// # Errors
/// [`StartError`] when the store fails.
pub async fn discover(gatehouse: &Gatehouse, address: &EmailAddress) -> Result<Discovery, StartError> {
    let nothing = Discovery {
        sso: false,
        password_allowed: true,
        organization: None,
        connections: Vec::new(),
    };
    // AQ-21: a break-glass address wins over its domain's routing.
    let beside = bypass::listed(gatehouse, address).await?.is_some();
    let Some(organization) = organization_of(gatehouse, address).await? else {
        return Ok(nothing);
    };
    let Some(tenant) = gatehouse.store.tenant(&organization).record().await? else {
        return Ok(nothing);
    };
    let found = active_connections(gatehouse, &organization).await?;
    // Enforcement is the owner's word, not a matter of whether a connection works just now.
    let password_allowed = tenant.settings.allow_password || beside;
    Ok(Discovery {
        sso: !found.is_empty(),
        password_allowed,
        organization: Some(organization),
        connections: found
            .into_iter()
            .map(|c| Found {
                id: c.id,
                name: c.name,
            })
            .collect(),
    })
}
