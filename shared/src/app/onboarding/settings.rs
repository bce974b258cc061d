//! What a tenant's owner may set (IL-04 … IL-07, IL-35, CH-12, SE-05, SE-08).

use chrono::TimeDelta;

use super::error::OnboardingError;
use super::{Administration, rules, tenants};
use crate::domain::connection::{Connection, ConnectionState};
use crate::domain::role_catalogue::RoleCatalogue;
use crate::domain::tenant::{Tenant, TenantSettings};
use crate::store::TenantTransaction;

/// Shortest access after the identity provider vouched, in seconds.
const FEWEST_ACCESS: u32 = 5 * 60;
/// Longest, in seconds.
const MOST_ACCESS: u32 = 90 * 24 * 60 * 60;
/// How old the test sign-in may be that enforcement needs.
const TEST_FRESH: TimeDelta = TimeDelta::days(7);
/// Most characters of an attribute's name.
const MOST_ATTRIBUTE: usize = 256;
/// Most characters of the contact that a page shows.
const MOST_CONTACT: usize = 200;
/// Most addresses that are reminded of deadlines beside the owners.
const MOST_CONTACTS: usize = 10;

/// Checks settings against the operator's catalogue, and tidies texts.
///
/// # Errors
/// [`OnboardingError`] naming the field that is wrong.
pub fn checked(catalogue: &RoleCatalogue, given: TenantSettings) -> Result<TenantSettings, OnboardingError> {
    defaults(catalogue, &given)?;
    if !(FEWEST_ACCESS..=MOST_ACCESS).contains(&given.access_seconds) {
        return Err(OnboardingError::Seconds {
            field: "/settings/access_seconds",
            min: FEWEST_ACCESS,
            max: MOST_ACCESS,
            got: given.access_seconds,
        });
    }
    let attribute = given.check_provision_attribute.as_deref();
    rules::exact("/settings/check_provision_attribute", attribute, MOST_ATTRIBUTE)?;
    let contact = given.admin_contact.as_deref();
    let admin_contact = rules::optional_text("/settings/admin_contact", contact, MOST_CONTACT)?;
    if given.contacts.len() > MOST_CONTACTS {
        return Err(OnboardingError::TooMany {
            what: "contacts",
            most: MOST_CONTACTS,
        });
    }
    Ok(TenantSettings {
        admin_contact,
        ..given
    })
}

/// IL-05: both defaults are in the catalogue, and may stand together.
fn defaults(catalogue: &RoleCatalogue, given: &TenantSettings) -> Result<(), OnboardingError> {
    let role = match &given.default_role {
        None => catalogue.default_role(),
        Some(name) => catalogue.role(name).ok_or_else(|| OnboardingError::UnknownRole {
            field: "/settings/default_role",
            known: rules::listed(catalogue.roles().iter().map(|role| role.as_str())),
        })?,
    };
    let team_role = match &given.default_team_role {
        None => catalogue.default_team_role(),
        Some(name) => catalogue
            .team_role(name)
            .ok_or_else(|| OnboardingError::UnknownRole {
                field: "/settings/default_team_role",
                known: rules::listed(catalogue.team_roles().iter().map(|role| role.as_str())),
            })?,
    };
    if catalogue.allows(role, team_role) {
        return Ok(());
    }
    Err(OnboardingError::ForbiddenDefaults {
        role: role.to_string(),
        team_role: team_role.to_string(),
    })
}

/// The owner changes the settings; `read` is the tenant as the owner read it.
///
/// # Errors
/// [`OnboardingError::NotEntitled`] for what the plan does not include (AQ-01); otherwise as [`tenants::update`].
pub async fn update(
    admin: &Administration,
    read: &Tenant,
    given: TenantSettings,
) -> Result<Tenant, OnboardingError> {
    let newly_provisions = given.provision_on_sign_in && !read.settings.provision_on_sign_in;
    if newly_provisions && !read.entitlements.jit {
        return Err(OnboardingError::NotEntitled("just-in-time provisioning"));
    }
    let edit = tenants::TenantEdit {
        settings: given,
        ..tenants::TenantEdit::of(read)
    };
    tenants::update(admin, read, edit).await
}

/// IL-07, GH-07: passwords are switched off only while somebody can sign in otherwise: by an active connection that was
/// tried out lately, and by a break-glass address that was tried out. The transaction holds only while that connection
/// stays as it is.
pub(super) async fn hold_enforcement(
    admin: &Administration,
    tx: &mut TenantTransaction,
    before: &TenantSettings,
    after: &TenantSettings,
) -> Result<(), OnboardingError> {
    if after.allow_password || !before.allow_password {
        return Ok(());
    }
    let connections = admin.store.connections().await?;
    let active = |connection: &&Connection| connection.state == ConnectionState::Active;
    if !connections.iter().any(|connection| active(&connection)) {
        return Err(OnboardingError::NothingToEnforce);
    }
    let now = admin.now();
    let tried = |connection: &&Connection| {
        let test = connection.onboarding.test.as_ref();
        test.is_some_and(|test| now - test.at <= TEST_FRESH)
    };
    let proven = connections.iter().filter(active).find(tried);
    tx.check_connection(proven.ok_or(OnboardingError::EnforcementNeedsTest)?);
    let list = admin.store.break_glass_list().await?;
    if list.iter().any(|entry| entry.used_at.is_some()) {
        Ok(())
    } else {
        Err(OnboardingError::EnforcementNeedsBreakGlass)
    }
}
