//! Members of a tenant by hand (CH-10): made, imported, read, changed, switched off and on, signed out everywhere.

mod access;
mod create;
mod invite;
mod update;

use super::error::{OnboardingError, Thing};
use super::{Administration, rules};
use crate::domain::ids::UserId;
use crate::domain::team::Source;
use crate::domain::tenant::Tenant;
use crate::domain::user::User;
use crate::store::TenantTransaction;

pub use access::{deactivate, reactivate, revoke_sessions};
pub use create::{MOST_IMPORTED, NewMember, create, import};
pub use invite::invite;
pub use update::{MemberEdit, update};

/// How often a change is tried anew when what it read has changed meanwhile.
const MOST_ROUNDS: usize = 4;

/// A page of members in id order, after `after`; at most `limit`.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(
    admin: &Administration,
    after: Option<&UserId>,
    limit: i32,
) -> Result<Vec<User>, OnboardingError> {
    Ok(admin.store.users(after, limit).await?)
}

/// A member of the tenant.
///
/// # Errors
/// [`OnboardingError::NotFound`] when it has none of this id; another tenant's is absent.
pub async fn read(admin: &Administration, id: &UserId) -> Result<User, OnboardingError> {
    admin
        .store
        .user(id)
        .await?
        .ok_or(OnboardingError::NotFound(Thing::Member))
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
