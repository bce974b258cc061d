//! A member is removed by hand (CH-10).

use serde_json::json;

use super::super::error::OnboardingError;
use super::super::{Administration, refused, rounds};
use super::{MOST_ROUNDS, leave_an_owner, read, unlocked};
use crate::app::events;
use crate::domain::ids::UserId;
use crate::domain::user::{PersonDetails, User};
use crate::store::Guard;

/// Removes a member: every session, code and refresh token is over with the same write. For 30 days the person is not
/// made anew by signing in, and comes back under the same id when added by hand or by SCIM.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, `Locked` (AQ-44), `RootUser`, `LastOwner`.
pub async fn remove(admin: &Administration, id: &UserId) -> Result<(), OnboardingError> {
    rounds(MOST_ROUNDS, || once(admin, id)).await
}

async fn once(admin: &Administration, id: &UserId) -> Result<(), OnboardingError> {
    let before = read(admin, id).await?;
    unlocked(&before)?;
    let tenant = admin.tenant().await?;
    if tenant.root_user.as_ref() == Some(id) {
        return Err(OnboardingError::RootUser);
    }
    let mut tx = admin.store.begin();
    leave_an_owner(admin, &tenant, &before, &mut tx).await?;
    let gone = User {
        active: false,
        tombstone: true,
        details: PersonDetails::default(),
        scim: None,
        version: before.version + 1,
        epoch: before.epoch + 1,
        modified_at: admin.now(),
        ..before.clone()
    };
    tx.update_user(&before, &gone);
    for membership in admin.store.teams_of(id).await? {
        tx.remove_team_member(id, &membership.team);
    }
    tx.depart(id);
    tx.user_events(id.as_str(), gone.version, vec![events::user_deleted(&gone)]);
    admin.audit(&mut tx, "member.removed", json!({ "member": id }))?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::User, OnboardingError::Changed))
}
