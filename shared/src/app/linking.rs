//! Whether a member must link the account before the app lets the member in (SE-04): asked by the app's server at the
//! access of somebody whom it knows by other means than Gatehouse, such as its own password.
//!
//! What comes through Gatehouse needs no asking: nobody has a session without an identity, and one that is unlinked ends
//! every session.

use serde::Serialize;

use super::start_sign_in::{StartError, active_connections, organization_of};
use super::{Gatehouse, bypass};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::store::TenantStore;

/// What the app learns of a member. It is said to confidential clients alone, and of members alone: an address that is
/// nobody's is answered like one that need not link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Linking {
    /// Whether the member has no identity at an active connection, and must be sent through the sign-in first.
    pub must_link: bool,
    /// Then the organization, for the `organization` parameter of the authorization request.
    pub organization: Option<TenantId>,
    /// Its active connections, for the `connection` parameter.
    pub connections: Vec<ConnectionId>,
}

impl Linking {
    fn need_not() -> Self {
        Self {
            must_link: false,
            organization: None,
            connections: Vec::new(),
        }
    }
}

/// Says whether whoever has this primary address must link. A break-glass address never must (AQ-21): it is the way in
/// when nobody can link.
///
/// # Errors
/// [`StartError`] when the store fails.
pub async fn linking(gatehouse: &Gatehouse, address: &EmailAddress) -> Result<Linking, StartError> {
    if bypass::listed(gatehouse, address).await?.is_some() {
        return Ok(Linking::need_not());
    }
    let Some(organization) = organization_of(gatehouse, address).await? else {
        return Ok(Linking::need_not());
    };
    let store = gatehouse.store.tenant(&organization);
    let Some(tenant) = store.record().await? else {
        return Ok(Linking::need_not());
    };
    let active = active_connections(gatehouse, &organization).await?;
    let connections = active
        .into_iter()
        .map(|connection| connection.id)
        .collect::<Vec<_>>();
    let may = tenant.entitlements.sso && !connections.is_empty();
    if !may || !is_unlinked_member(&store, address, &connections).await? {
        return Ok(Linking::need_not());
    }
    Ok(Linking {
        must_link: true,
        organization: Some(organization),
        connections,
    })
}

/// An active member of the address, of whom no active connection knows.
async fn is_unlinked_member(
    store: &TenantStore,
    address: &EmailAddress,
    connections: &[ConnectionId],
) -> Result<bool, StartError> {
    let mut member = false;
    for user in store.users_by_email(address).await? {
        if !user.active || user.tombstone {
            continue;
        }
        member = true;
        let identities = store.identities(&user.id).await?;
        if identities.iter().any(|(at, _)| connections.contains(at)) {
            return Ok(false);
        }
    }
    Ok(member)
}
