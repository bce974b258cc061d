//! Members made by hand, one or many.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::error::OnboardingError;
use super::super::{Administration, refused, rules};
use super::{MOST_ROUNDS, take_seat};
use crate::app::events;
use crate::domain::email::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::team::Source;
use crate::domain::tenant::Tenant;
use crate::domain::user::{PersonDetails, User};
use crate::store::Guard;

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
    let user = user(admin, tenant, new)?;
    let mut rounds = MOST_ROUNDS;
    loop {
        rounds -= 1;
        match write(admin, tenant, &user).await {
            Err(OnboardingError::Changed) if rounds > 0 => {}
            Ok(()) => return Ok(user),
            Err(error) => return Err(error),
        }
    }
}

fn user(admin: &Administration, tenant: &Tenant, new: &NewMember) -> Result<User, OnboardingError> {
    let email = EmailAddress::parse(&new.email)?;
    let catalogue = &admin.gatehouse.config.role_catalogue;
    let role = new.role.clone();
    let role = role.unwrap_or_else(|| tenant.role_of_new_users(catalogue));
    rules::role(catalogue, "/role", &role)?;
    let now = admin.now();
    Ok(User {
        id: UserId::generate()?,
        tenant: tenant.id.clone(),
        user_name: email.as_str().to_owned(),
        email: Some(email),
        details: PersonDetails {
            given_name: rules::optional_text("/given_name", new.given_name.as_deref(), MOST_PERSON_NAME)?,
            family_name: rules::optional_text("/family_name", new.family_name.as_deref(), MOST_PERSON_NAME)?,
            ..PersonDetails::default()
        },
        role,
        active: true,
        source: Source::Manual,
        tombstone: false,
        scim: None,
        version: 1,
        epoch: 1,
        created_at: now,
        modified_at: now,
    })
}

async fn write(admin: &Administration, tenant: &Tenant, user: &User) -> Result<(), OnboardingError> {
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
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::UserName, OnboardingError::UserNameTaken))
}
