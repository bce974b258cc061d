//! Tenants, by the operator: made, read, listed, changed (AQ-01, IL-06, AQ-03).

use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::{OnboardingError, Thing};
use super::{Actor, Administration, rules, scim, settings};
use crate::app::{Gatehouse, events};
use crate::domain::ids::{TenantId, UserId};
use crate::domain::tenant::{Entitlements, Tenant, TenantSettings};

/// What the operator can write of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantEdit {
    /// The name that people see.
    pub name: String,
    /// What is sold to it.
    pub entitlements: Entitlements,
    /// Booked seats; `None` is unlimited.
    pub seats: Option<u32>,
    /// What its owner sets as well.
    pub settings: TenantSettings,
    /// AQ-03: the creator of the organization.
    pub root_user: Option<UserId>,
}

impl TenantEdit {
    /// A new tenant before anything is said of it: the deployment's defaults.
    #[must_use]
    pub fn initial(gatehouse: &Gatehouse) -> Self {
        let access = gatehouse.config.access_lifetime;
        let access_seconds = u32::try_from(access.max(TimeDelta::zero()).num_seconds()).unwrap_or(u32::MAX);
        Self {
            settings: TenantSettings {
                access_seconds,
                ..TenantSettings::default()
            },
            ..Self::default()
        }
    }

    /// What a tenant has now.
    #[must_use]
    pub fn of(tenant: &Tenant) -> Self {
        Self {
            name: tenant.name.clone(),
            entitlements: tenant.entitlements,
            seats: tenant.seats,
            settings: tenant.settings.clone(),
            root_user: tenant.root_user.clone(),
        }
    }

    fn checked(self, gatehouse: &Gatehouse) -> Result<Self, OnboardingError> {
        Ok(Self {
            name: rules::text("/name", &self.name, (1, rules::MOST_NAME))?,
            settings: settings::checked(&gatehouse.config.role_catalogue, self.settings)?,
            ..self
        })
    }
}

/// Makes a tenant.
///
/// # Errors
/// [`OnboardingError`] naming what is wrong.
pub async fn create(
    gatehouse: &Arc<Gatehouse>,
    principal: String,
    edit: TenantEdit,
) -> Result<Tenant, OnboardingError> {
    let edit = edit.checked(gatehouse)?;
    if edit.root_user.is_some() {
        // It has no members yet.
        return Err(OnboardingError::RootUserUnknown);
    }
    let tenant = Tenant {
        id: TenantId::generate()?,
        name: edit.name,
        entitlements: edit.entitlements,
        seats: edit.seats,
        settings: edit.settings,
        root_user: None,
        version: 1,
        created_at: gatehouse.clock.now(),
    };
    let admin = Administration {
        gatehouse: gatehouse.clone(),
        store: gatehouse.store.tenant(&tenant.id),
        actor: Actor::Operator { principal },
    };
    let mut tx = admin.store.begin();
    let none = TenantSettings::default();
    scim::hold_settings(&admin, &mut tx, tenant.entitlements, (&none, &tenant.settings)).await?;
    tx.create_tenant(&tenant);
    tx.tenant_events(vec![events::tenant_created(&tenant, &admin.actor.to_value())]);
    admin.audit(&mut tx, "tenant.created", json!({ "tenant": tenant.id }))?;
    tx.commit().await?;
    Ok(tenant)
}

/// A page of tenants in id order, after `after`.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(
    gatehouse: &Gatehouse,
    after: Option<&TenantId>,
    limit: i32,
) -> Result<Vec<Tenant>, OnboardingError> {
    Ok(gatehouse.store.front_door().tenant_records(after, limit).await?)
}

/// Changes a tenant over the version that was read. What changes nothing writes nothing.
///
/// # Errors
/// [`OnboardingError::Changed`] when it was changed meanwhile; otherwise what is wrong with the edit.
pub async fn update(
    admin: &Administration,
    read: &Tenant,
    edit: TenantEdit,
) -> Result<Tenant, OnboardingError> {
    let edit = edit.checked(&admin.gatehouse)?;
    if edit == TenantEdit::of(read) {
        return Ok(read.clone());
    }
    if edit.root_user != read.root_user {
        check_root_user(admin, edit.root_user.as_ref()).await?;
    }
    let mut tx = admin.store.begin();
    settings::hold_enforcement(admin, &mut tx, &read.settings, &edit.settings).await?;
    let both = (&read.settings, &edit.settings);
    scim::hold_settings(admin, &mut tx, edit.entitlements, both).await?;
    let tenant = Tenant {
        name: edit.name,
        entitlements: edit.entitlements,
        seats: edit.seats,
        settings: edit.settings,
        root_user: edit.root_user,
        version: read.version + 1,
        ..read.clone()
    };
    tx.update_tenant(&tenant);
    tx.tenant_events(vec![events::tenant_updated(
        &tenant,
        admin.now(),
        &admin.actor.to_value(),
    )]);
    let changed = changed_fields(read, &tenant);
    admin.audit(
        &mut tx,
        "tenant.updated",
        json!({ "tenant": tenant.id, "changed": changed }),
    )?;
    tx.commit().await.map_err(scim::overtaken)?;
    Ok(tenant)
}

async fn check_root_user(admin: &Administration, wanted: Option<&UserId>) -> Result<(), OnboardingError> {
    let Some(wanted) = wanted else { return Ok(()) };
    let user = admin.store.user(wanted).await?;
    match user {
        Some(user) if user.active && !user.tombstone => Ok(()),
        Some(_) | None => Err(OnboardingError::RootUserUnknown),
    }
}

/// Names of what differs, for the audit trail.
fn changed_fields(before: &Tenant, after: &Tenant) -> Vec<&'static str> {
    let differs = [
        ("name", before.name != after.name),
        ("entitlements", before.entitlements != after.entitlements),
        ("seats", before.seats != after.seats),
        ("settings", before.settings != after.settings),
        ("root_user", before.root_user != after.root_user),
    ];
    differs
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name)
        .collect()
}

/// The tenant as it is now, if the caller read this version of it.
///
/// # Errors
/// [`OnboardingError::VersionMismatch`] otherwise.
pub async fn at_version(admin: &Administration, wanted: u64) -> Result<Tenant, OnboardingError> {
    let tenant = admin.tenant().await?;
    rules::version(wanted, tenant.version)?;
    Ok(tenant)
}

/// A tenant by its id.
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is none.
pub async fn read(gatehouse: &Gatehouse, id: &TenantId) -> Result<Tenant, OnboardingError> {
    let found = gatehouse.store.tenant(id).record().await?;
    found.ok_or(OnboardingError::NotFound(Thing::Tenant))
}
