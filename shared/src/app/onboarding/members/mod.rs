//! Members of a tenant by hand (CH-10): made, imported, read, changed, switched off and on, signed out
//! everywhere, removed.

mod access;
mod create;
mod erase;
mod identities;
pub mod imports;
mod invite;
mod merge;
mod remove;
mod sessions;
mod takeover;
mod update;

use super::error::{OnboardingError, Thing};
use super::owners::{self, Ownership};
use super::{Actor, Administration, rules};
use crate::domain::ids::UserId;
use crate::domain::team::Source;
use crate::domain::tenant::Tenant;
use crate::domain::user::User;
use crate::store::TenantTransaction;

pub use access::{deactivate, reactivate, revoke_sessions};
pub use create::{MOST_IMPORTED, NewMember, create, import};
pub use erase::{erase, erasure_of, erasures};
pub use identities::{identities, unlink};
pub use invite::invite;
pub use merge::merge;
pub use remove::remove;
pub use sessions::{end_session, sessions};
pub use takeover::choose as choose_for_scim;
pub use update::{MemberEdit, update};

/// How often a change is tried anew when what it read has changed meanwhile.
const MOST_ROUNDS: usize = 4;

/// A page of members in id order, after `after`, at most `limit`; and after whom the next one begins.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(
    admin: &Administration,
    after: Option<&UserId>,
    limit: i32,
) -> Result<(Vec<User>, Option<UserId>), OnboardingError> {
    Ok(admin.store.users_page(after, limit).await?)
}

/// A member of the tenant.
///
/// # Errors
/// [`OnboardingError::NotFound`] when it has none of this id; another tenant's, and one that was removed, are absent.
pub async fn read(admin: &Administration, id: &UserId) -> Result<User, OnboardingError> {
    let found = admin.store.user(id).await?.filter(|user| !user.tombstone);
    found.ok_or_else(absent)
}

fn absent() -> OnboardingError {
    OnboardingError::NotFound(Thing::Member)
}

/// The member, if the caller read this version of it.
///
/// # Errors
/// [`OnboardingError::VersionMismatch`] otherwise.
pub async fn at_version(admin: &Administration, id: &UserId, wanted: u64) -> Result<User, OnboardingError> {
    let user = read(admin, id).await?;
    rules::version(wanted, user.version)?;
    Ok(user)
}

/// AQ-44: what SCIM provisions is changed at the identity provider.
fn unlocked(user: &User) -> Result<(), OnboardingError> {
    if user.source == Source::Scim || user.tombstone {
        Err(OnboardingError::Locked)
    } else {
        Ok(())
    }
}

/// CH-10: an organization is not left without an owner. Whoever takes one away names another one who stays, and the
/// transaction holds only while that one is as just read: of two owners who remove each other at once, one stays.
async fn leave_an_owner(
    admin: &Administration,
    tenant: &Tenant,
    leaving: &User,
    tx: &mut TenantTransaction,
) -> Result<(), OnboardingError> {
    let catalogue = &admin.gatehouse.config.role_catalogue;
    let ownership = Ownership::new(catalogue, tenant.root_user.as_ref());
    if !ownership.has(leaving) {
        return Ok(());
    }
    let staying = owners::another(&admin.store, ownership, &leaving.id).await?;
    let staying = staying.ok_or(OnboardingError::LastOwner)?;
    tx.check_version(&staying.id, staying.version);
    Ok(())
}

/// As [`leave_an_owner`], where the caller could not take it back: an owner who is signed in is out with the same write.
/// The operator, and whoever holds a key, can switch the member on again, or give the role back.
async fn leave_an_owner_to_people(
    admin: &Administration,
    tenant: &Tenant,
    leaving: &User,
    tx: &mut TenantTransaction,
) -> Result<(), OnboardingError> {
    match &admin.actor {
        Actor::Session { user: Some(_), .. } => leave_an_owner(admin, tenant, leaving, tx).await,
        Actor::Session { user: None, .. } | Actor::Operator { .. } | Actor::Owner { .. } | Actor::Upkeep => {
            Ok(())
        }
    }
}

/// IL-06: takes one seat, on condition that nobody else takes one meanwhile.
async fn take_seat(
    admin: &Administration,
    tenant: &Tenant,
    tx: &mut TenantTransaction,
) -> Result<(), OnboardingError> {
    let Some(seats) = tenant.seats else { return Ok(()) };
    let count = admin.store.count_seats().await?;
    if count.active >= u64::from(seats) {
        return Err(OnboardingError::SeatsUsedUp { seats });
    }
    tx.hold_seats(count);
    Ok(())
}
