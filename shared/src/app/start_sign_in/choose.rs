//! Home-realm discovery: which connection signs the person in. It answers by domain alone and says nothing of whether
//! anybody is known.

use super::StartError;
use crate::app::Gatehouse;
use crate::app::attempt::Attempt;
use crate::domain::connection::{Connection, ConnectionState};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::tenant::DomainState;

/// A connection that a person may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The connection.
    pub connection: ConnectionId,
    /// The name that people see.
    pub name: String,
    /// The organization's name.
    pub organization: String,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing is known: ask for the address.
    AskForAddress,
    /// Several connections: let the person choose.
    Choose(Vec<Offer>),
    /// This connection.
    Go(ConnectionId),
}

/// Finds the connection of an attempt; `typed` is what the person entered on our page.
///
/// # Errors
/// [`StartError::NoConnection`] when none is active for what is known.
pub async fn choose(
    gatehouse: &Gatehouse,
    attempt: &Attempt,
    typed: Option<&EmailAddress>,
) -> Result<Choice, StartError> {
    if let (Some(connection), None) = (&attempt.connection, typed) {
        return Ok(Choice::Go(connection.clone()));
    }
    let tenant = match (&attempt.organization, typed.or(attempt.login_hint.as_ref())) {
        (Some(tenant), _) => tenant.clone(),
        (None, Some(address)) => organization_of(gatehouse, address)
            .await?
            .ok_or(StartError::NoConnection)?,
        (None, None) => return Ok(Choice::AskForAddress),
    };
    let mut offers = offers(gatehouse, &tenant).await?;
    match (offers.pop(), offers.is_empty()) {
        (None, _) => Err(StartError::NoConnection),
        (Some(only), true) => Ok(Choice::Go(only.connection)),
        (Some(last), false) => {
            offers.push(last);
            Ok(Choice::Choose(offers))
        }
    }
}

async fn offers(gatehouse: &Gatehouse, tenant: &TenantId) -> Result<Vec<Offer>, StartError> {
    let connections = active(gatehouse, tenant).await?;
    if connections.is_empty() {
        return Ok(Vec::new());
    }
    let record = gatehouse
        .store
        .tenant(tenant)
        .record()
        .await?
        .ok_or(StartError::NoConnection)?;
    let offer = |c: Connection| Offer {
        connection: c.id,
        name: c.name,
        organization: record.name.clone(),
    };
    Ok(connections.into_iter().map(offer).collect())
}

/// The organization that an address' domain routes to. A lapsed proof routes on: people who are linked sign in.
pub(in crate::app) async fn organization_of(
    gatehouse: &Gatehouse,
    address: &EmailAddress,
) -> Result<Option<TenantId>, StartError> {
    let claim = gatehouse.store.front_door().claim_for(address.domain()).await?;
    Ok(claim
        .filter(|claim| claim.state != DomainState::Pending)
        .map(|claim| claim.tenant))
}

/// The active connections of an organization, in id order.
pub(in crate::app) async fn active(
    gatehouse: &Gatehouse,
    tenant: &TenantId,
) -> Result<Vec<Connection>, StartError> {
    let all = gatehouse.store.tenant(tenant).connections().await?;
    Ok(all
        .into_iter()
        .filter(|connection| connection.state == ConnectionState::Active)
        .collect())
}
