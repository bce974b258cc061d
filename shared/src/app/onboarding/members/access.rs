//! Ends and gives back a member's access. One write ends every session: the epoch rises.

use serde_json::json;

use super::super::error::OnboardingError;
use super::super::{Administration, refused, rounds};
use super::{MOST_ROUNDS, leave_an_owner_to_people, read, take_seat, unlocked};
use crate::app::events;
use crate::domain::event::Event;
use crate::domain::ids::UserId;
use crate::domain::user::User;
use crate::store::{Guard, TenantTransaction};

/// Switches a member off: every session, code and refresh token is over with it.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, `Locked` (AQ-44), `RootUser`, `LastOwner`.
pub async fn deactivate(admin: &Administration, id: &UserId) -> Result<User, OnboardingError> {
    make(admin, id, Change::Deactivate).await
}

/// Switches a member on again; it takes a seat.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, `Locked` (AQ-44), `SeatsUsedUp`.
pub async fn reactivate(admin: &Administration, id: &UserId) -> Result<User, OnboardingError> {
    make(admin, id, Change::Reactivate).await
}

/// Ends every session of a member; the member may sign in again.
///
/// # Errors
/// [`OnboardingError::NotFound`].
pub async fn revoke_sessions(admin: &Administration, id: &UserId) -> Result<User, OnboardingError> {
    make(admin, id, Change::RevokeSessions).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Deactivate,
    Reactivate,
    RevokeSessions,
}

impl Change {
    fn action(self) -> &'static str {
        match self {
            Self::Deactivate => "member.deactivated",
            Self::Reactivate => "member.reactivated",
            Self::RevokeSessions => "member.sessions_revoked",
        }
    }

    fn event(self, user: &User) -> Event {
        match self {
            Self::Deactivate => events::user_deactivated(user),
            Self::Reactivate => events::user_updated(user),
            Self::RevokeSessions => events::sessions_revoked(user),
        }
    }
}

/// Ending access is not left to chance: a member that is changed meanwhile is read again.
async fn make(admin: &Administration, id: &UserId, change: Change) -> Result<User, OnboardingError> {
    rounds(MOST_ROUNDS, || once(admin, id, change)).await
}

async fn once(admin: &Administration, id: &UserId, change: Change) -> Result<User, OnboardingError> {
    let before = read(admin, id).await?;
    let mut tx = admin.store.begin();
    let Some(mut user) = changed(admin, &before, change, &mut tx).await? else {
        return Ok(before);
    };
    user.version = before.version + 1;
    user.modified_at = admin.now();
    tx.update_user(&before, &user);
    tx.user_events(user.id.as_str(), user.version, vec![change.event(&user)]);
    admin.audit(&mut tx, change.action(), json!({ "member": user.id }))?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::User, OnboardingError::Changed))?;
    Ok(user)
}

/// The member after the change; `None` where it is so already.
async fn changed(
    admin: &Administration,
    before: &User,
    change: Change,
    tx: &mut TenantTransaction,
) -> Result<Option<User>, OnboardingError> {
    let mut user = before.clone();
    match change {
        Change::RevokeSessions => user.epoch += 1,
        Change::Deactivate => {
            unlocked(before)?;
            let tenant = admin.tenant().await?;
            if tenant.root_user.as_ref() == Some(&before.id) {
                return Err(OnboardingError::RootUser);
            }
            if !before.active {
                return Ok(None);
            }
            leave_an_owner_to_people(admin, &tenant, before, tx).await?;
            user.active = false;
            user.epoch += 1;
        }
        Change::Reactivate => {
            unlocked(before)?;
            if before.active {
                return Ok(None);
            }
            take_seat(admin, &admin.tenant().await?, tx).await?;
            user.active = true;
        }
    }
    Ok(Some(user))
}
