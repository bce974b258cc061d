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
    let offers = match (&attempt.organization, typed.or(attempt.login_hint.as_ref())) {
        (Some(tenant), _) => active(gatehouse, tenant).await?,
        (None, Some(address)) => match organization_of(gatehouse, address).await? {
            Some(tenant) => active(gatehouse, &tenant).await?,
            None => Vec::new(),
        },
        (None, None) => return Ok(Choice::AskForAddress),
    };
    let mut offers = offers.into_iter().map(|c| Offer { connection: c.id, name: c.name }).collect::<Vec<_>>();
    match (offers.pop(), offers.is_empty()) {
        (None, _) => Err(StartError::NoConnection),
        (Some(only), true) => Ok(Choice::Go(only.connection)),
        (Some(last), false) => {
            offers.push(last);
            Ok(Choice::Choose(offers))
        }
    }
}

/// The organization that an address' domain routes to. A lapsed proof routes on: people who are linked sign in.
pub(in crate::app) async fn organization_of(
    gatehouse: &Gatehouse,
    address: &EmailAddress,
) -> Result<Option<TenantId>, StartError> {
    let claim = gatehouse.store.front_door().claim_for(address.domain()).await?;
    Ok(claim.filter(|claim| claim.state != DomainState::Pending).map(|claim| claim.tenant))
}

/// The active connections of an organization, in id order.
pub(in crate::app) async fn active(
    gatehouse: &Gatehouse,
    tenant: &TenantId,
) -> Result<Vec<Connection>, StartError> {
    let all = gatehouse.store.tenant(tenant).connections().await?;
    Ok(all.into_iter().filter(|connection| connection.state == ConnectionState::Active).collect())
}
