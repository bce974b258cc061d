//! What can be changed of a member by hand.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::error::OnboardingError;
use super::super::owners::Ownership;
use super::super::{Administration, refused, rules};
use super::create::MOST_PERSON_NAME;
use super::{leave_an_owner_to_people, unlocked};
use crate::app::events;
use crate::domain::email::EmailAddress;
use crate::domain::user::User;
use crate::store::Guard;

/// What can be changed of a member.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberEdit {
    /// The primary address. Where it was the user name, the user name follows.
    pub email: Option<String>,
    /// Given name.
    #[serde(default)]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default)]
    pub family_name: Option<String>,
    /// Position.
    #[serde(default)]
    pub position: Option<String>,
    /// Department.
    #[serde(default)]
    pub department: Option<String>,
    /// Role of the catalogue.
    pub role: String,
}

impl MemberEdit {
    /// What a member has now.
    #[must_use]
    pub fn of(user: &User) -> Self {
        Self {
            email: user.email.as_ref().map(|email| email.as_str().to_owned()),
            given_name: user.details.given_name.clone(),
            family_name: user.details.family_name.clone(),
            position: user.details.position.clone(),
            department: user.details.department.clone(),
            role: user.role.clone(),
        }
    }
}

/// Changes a member over the version that was read. What changes nothing writes nothing.
///
/// # Errors
/// [`OnboardingError`]: `Locked` (AQ-44), `Changed`, `LastOwner`, `UserNameTaken`, or what is wrong with the edit.
pub async fn update(admin: &Administration, read: &User, edit: &MemberEdit) -> Result<User, OnboardingError> {
    if *edit == MemberEdit::of(read) {
        return Ok(read.clone());
    }
    // AQ-03: of the creator of the organization SCIM says nothing.
    if admin.tenant().await?.root_user.as_ref() != Some(&read.id) {
        unlocked(read)?;
    }
    let mut user = changed(admin, read, edit)?;
    user.version = read.version + 1;
    user.modified_at = admin.now();
    let mut tx = admin.store.begin();
    let tenant = admin.tenant().await?;
    let catalogue = &admin.gatehouse.config.role_catalogue;
    if !Ownership::new(catalogue, tenant.root_user.as_ref()).has(&user) {
        leave_an_owner_to_people(admin, &tenant, read, &mut tx).await?;
    }
    tx.update_user(read, &user);
    tx.user_events(user.id.as_str(), user.version, vec![events::user_updated(&user)]);
    let data = json!({ "member": user.id, "role": user.role, "email_changed": user.email != read.email });
    admin.audit(&mut tx, "member.updated", data)?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::UserName, OnboardingError::UserNameTaken))?;
    Ok(user)
}

fn changed(admin: &Administration, read: &User, edit: &MemberEdit) -> Result<User, OnboardingError> {
    let mut user = read.clone();
    if edit.role != read.role {
        rules::role(&admin.gatehouse.config.role_catalogue, "/role", &edit.role)?;
        user.role.clone_from(&edit.role);
    }
    let text =
        |field, given: &Option<String>| rules::optional_text(field, given.as_deref(), MOST_PERSON_NAME);
    user.details.given_name = text("/given_name", &edit.given_name)?;
    user.details.family_name = text("/family_name", &edit.family_name)?;
    user.details.position = text("/position", &edit.position)?;
    user.details.department = text("/department", &edit.department)?;
    user.email = edit.email.as_deref().map(EmailAddress::parse).transpose()?;
    let was_name = |old: &EmailAddress| old.as_str().to_lowercase() == read.user_name.to_lowercase();
    if let (Some(old), Some(new)) = (&read.email, &user.email)
        && was_name(old)
    {
        user.user_name = new.as_str().to_owned();
    }
    Ok(user)
}
