//! Members made by hand, one or many.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::error::OnboardingError;
use super::super::{Administration, rounds, rules};
use super::{MOST_ROUNDS, take_seat};
use crate::app::events;
use crate::app::scim::groups::work;
use crate::domain::email::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::sync_guard::SyncMark;
use crate::domain::team::Source;
use crate::domain::tenant::Tenant;
use crate::domain::user::{PersonDetails, User};
use crate::store::Guard;

/// How long memberships of somebody removed who comes back are cleared.
const CLEAR_WITHIN: Duration = Duration::from_secs(5);
/// Most members of one import.
pub const MOST_IMPORTED: usize = 100;
/// Most characters of a name of a person.
pub(super) const MOST_PERSON_NAME: usize = 256;

/// Whom to make. The user name is the address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// The primary address.
    pub email: String,
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
    /// Role of the catalogue; absent takes the tenant's default.
    #[serde(default)]
    pub role: Option<String>,
}

/// Makes a member.
///
/// # Errors
/// [`OnboardingError`]: `Email`, `Text`, `UnknownRole`, `UserNameTaken`, `SeatsUsedUp`.
pub async fn create(admin: &Administration, new: &NewMember) -> Result<User, OnboardingError> {
    let tenant = admin.tenant().await?;
    create_in(admin, &tenant, new).await
}

/// Makes members one by one; each has its own answer, in the order of the list.
///
/// # Errors
/// [`OnboardingError::TooMany`] above [`MOST_IMPORTED`], or when the tenant cannot be read.
pub async fn import(
    admin: &Administration,
    list: &[NewMember],
) -> Result<Vec<Result<User, OnboardingError>>, OnboardingError> {
    if list.len() > MOST_IMPORTED {
        return Err(OnboardingError::TooMany {
            what: "members in one import",
            most: MOST_IMPORTED,
        });
    }
    let tenant = admin.tenant().await?;
    let mut done = Vec::with_capacity(list.len());
    for new in list {
        done.push(create_in(admin, &tenant, new).await);
    }
    Ok(done)
}

async fn create_in(
    admin: &Administration,
    tenant: &Tenant,
    new: &NewMember,
) -> Result<User, OnboardingError> {
    create_as(admin, tenant, new, UserId::generate()?).await
}

/// Makes a member of this id; whoever was removed and comes back keeps the own one.
pub(super) async fn create_as(
    admin: &Administration,
    tenant: &Tenant,
    new: &NewMember,
    id: UserId,
) -> Result<User, OnboardingError> {
    let user = user(admin, tenant, new, id)?;
    rounds(MOST_ROUNDS, || write(admin, tenant, &user)).await
}

fn user(
    admin: &Administration,
    tenant: &Tenant,
    new: &NewMember,
    id: UserId,
) -> Result<User, OnboardingError> {
    let email = EmailAddress::parse(&new.email)?;
    let catalogue = &admin.gatehouse.config.role_catalogue;
    let role = new.role.clone();
    let role = role.unwrap_or_else(|| tenant.role_of_new_users(catalogue));
    rules::role(catalogue, "/role", &role)?;
    let now = admin.now();
    Ok(User {
        id,
        tenant: tenant.id.clone(),
        user_name: email.as_str().to_owned(),
        email: Some(email),
        details: PersonDetails {
            given_name: rules::optional_text("/given_name", new.given_name.as_deref(), MOST_PERSON_NAME)?,
            family_name: rules::optional_text("/family_name", new.family_name.as_deref(), MOST_PERSON_NAME)?,
            position: rules::optional_text("/position", new.position.as_deref(), MOST_PERSON_NAME)?,
            department: rules::optional_text("/department", new.department.as_deref(), MOST_PERSON_NAME)?,
            ..PersonDetails::default()
        },
        role,
        active: true,
        source: Source::Manual,
        tombstone: false,
        scim_takeover: false,
        scim: None,
        sync: SyncMark::default(),
        version: 1,
        epoch: 1,
        created_at: now,
        modified_at: now,
    })
}

async fn write(admin: &Administration, tenant: &Tenant, user: &User) -> Result<User, OnboardingError> {
    let mut tx = admin.store.begin();
    take_seat(admin, tenant, &mut tx).await?;
    tx.create_user(user);
    let created = events::user_created(user, &[], &Value::Array(Vec::new()));
    tx.user_events(user.id.as_str(), user.version, vec![created]);
    admin.audit(
        &mut tx,
        "member.created",
        json!({ "member": user.id, "role": user.role }),
    )?;
    match tx.commit().await {
        Ok(()) => Ok(user.clone()),
        Err(error) if error.refused(Guard::UserName) => come_back(admin, tenant, user).await,
        Err(error) => Err(error.into()),
    }
}

/// Somebody has the name. Whoever was removed in the last 30 days comes back under the same id, with nothing of the life
/// before.
async fn come_back(admin: &Administration, tenant: &Tenant, wanted: &User) -> Result<User, OnboardingError> {
    let holder = admin.store.id_by_name(&wanted.user_name).await?;
    let Some(Ok(id)) = holder.map(|id| UserId::parse(&id)) else {
        return Err(OnboardingError::Changed);
    };
    let before = admin.store.user(&id).await?.ok_or(OnboardingError::Changed)?;
    if !before.tombstone {
        return Err(OnboardingError::UserNameTaken);
    }
    let after = User {
        id: id.clone(),
        version: before.version + 1,
        epoch: before.epoch + 1,
        ..wanted.clone()
    };
    let mut tx = admin.store.begin();
    take_seat(admin, tenant, &mut tx).await?;
    tx.update_user(&before, &after);
    tx.check_departed(&id);
    let created = events::user_created(&after, &[], &Value::Array(Vec::new()));
    tx.user_events(id.as_str(), after.version, vec![created]);
    let data = json!({ "member": id, "role": after.role, "came_back": true });
    admin.audit(&mut tx, "member.created", data)?;
    match tx.commit().await {
        Ok(()) => Ok(after),
        Err(error) => {
            if error.refused(Guard::Departure) {
                // The memberships of the life before are cleared before the next one begins.
                let until = Instant::now() + CLEAR_WITHIN;
                work::leave_groups(&admin.store, &id, admin.now(), until).await?;
            }
            Err(error.into())
        }
    }
}
