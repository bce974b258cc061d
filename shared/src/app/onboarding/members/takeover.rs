//! AQ-25: the owner lets SCIM take over people who were made by hand, or takes that back.

use serde_json::json;

use super::super::error::OnboardingError;
use super::super::{Administration, refused, rounds};
use super::{MOST_ROUNDS, read};
use crate::app::events;
use crate::domain::ids::UserId;
use crate::domain::team::Source;
use crate::domain::user::User;
use crate::store::Guard;

/// Most members of one choice; a whole domain is chosen in the settings.
pub const MOST_CHOSEN: usize = 100;

/// Lets SCIM take these members over from its next change on, or takes that back; each has its own answer, in the order
/// of the list. People who did not come by hand are SCIM's anyway: of them nothing is changed.
///
/// # Errors
/// [`OnboardingError::TooMany`] above [`MOST_CHOSEN`]. Of each: `NotFound`, `RootUser` (AQ-03), `Store`.
pub async fn choose(
    admin: &Administration,
    members: &[String],
    allowed: bool,
) -> Result<Vec<Result<User, OnboardingError>>, OnboardingError> {
    if members.len() > MOST_CHOSEN {
        return Err(OnboardingError::TooMany {
            what: "members in one choice",
            most: MOST_CHOSEN,
        });
    }
    let root = admin.tenant().await?.root_user;
    let mut done = Vec::with_capacity(members.len());
    for member in members {
        done.push(one(admin, member, root.as_ref(), allowed).await);
    }
    Ok(done)
}

async fn one(
    admin: &Administration,
    member: &str,
    root: Option<&UserId>,
    allowed: bool,
) -> Result<User, OnboardingError> {
    let id = UserId::parse(member).map_err(|_| super::absent())?;
    if allowed && root == Some(&id) {
        return Err(OnboardingError::RootUser);
    }
    rounds(MOST_ROUNDS, || once(admin, &id, allowed)).await
}

async fn once(admin: &Administration, id: &UserId, allowed: bool) -> Result<User, OnboardingError> {
    let before = read(admin, id).await?;
    if before.source != Source::Manual || before.scim_takeover == allowed {
        return Ok(before);
    }
    let mut user = before.clone();
    user.scim_takeover = allowed;
    user.version = before.version + 1;
    user.modified_at = admin.now();
    let mut tx = admin.store.begin();
    tx.update_user(&before, &user);
    tx.user_events(user.id.as_str(), user.version, vec![events::user_updated(&user)]);
    let data = json!({ "member": user.id, "allowed": allowed });
    admin.audit(&mut tx, "member.scim_takeover", data)?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::User, OnboardingError::Changed))?;
    Ok(user)
}
