//! The identities of a member: whom which connection vouches for. Support takes one away; the member is then forced to
//! link again at the next access (SE-04).

use serde_json::json;

use super::super::error::{OnboardingError, Thing};
use super::super::{Administration, refused, rounds};
use super::{MOST_ROUNDS, read};
use crate::app::events;
use crate::domain::ids::UserId;
use crate::domain::user::User;
use crate::store::{Guard, LinkedIdentity};

/// The identities of a member.
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is no such member.
pub async fn identities(admin: &Administration, id: &UserId) -> Result<Vec<LinkedIdentity>, OnboardingError> {
    let member = read(admin, id).await?;
    Ok(admin.store.linked_identities(&member.id).await?)
}

/// Takes an identity of a member away; every session of the member is over with it. The operator's alone.
///
/// # Errors
/// [`OnboardingError`]: `OperatorOnly`, or `NotFound` for the member or the identity.
pub async fn unlink(admin: &Administration, id: &UserId, identity: &str) -> Result<User, OnboardingError> {
    if !admin.actor.is_operator() {
        return Err(OnboardingError::OperatorOnly);
    }
    rounds(MOST_ROUNDS, || once(admin, id, identity)).await
}

async fn once(admin: &Administration, id: &UserId, identity: &str) -> Result<User, OnboardingError> {
    let before = read(admin, id).await?;
    let found = admin.store.linked_identities(&before.id).await?;
    let found = found.into_iter().find(|linked| linked.id() == identity);
    let found = found.ok_or(OnboardingError::NotFound(Thing::Identity))?;
    let after = User {
        version: before.version + 1,
        epoch: before.epoch + 1,
        modified_at: admin.now(),
        ..before.clone()
    };
    let mut tx = admin.store.begin();
    tx.update_user(&before, &after);
    tx.unlink_identity(&found);
    let happened = vec![
        events::identity_unlinked(&after, &found.connection),
        events::sessions_revoked(&after),
    ];
    tx.user_events(after.id.as_str(), after.version, happened);
    let data = json!({ "member": after.id, "connection": found.connection, "identity": identity });
    admin.audit(&mut tx, "identity.unlinked", data)?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::User, OnboardingError::Changed))?;
    Ok(after)
}
