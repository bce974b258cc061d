//! SCIM is opted into (AQ-29), and stands on single sign-on (AQ-28).

use serde_json::json;

use super::error::OnboardingError;
use super::{Administration, refused};
use crate::app::events;
use crate::domain::connection::{Connection, ConnectionState};
use crate::domain::domain_name::DomainName;
use crate::domain::tenant::{DomainState, Entitlements, Tenant, TenantSettings};
use crate::store::{Guard, TenantTransaction};

/// Most domains whose people made by hand SCIM may take over.
const MOST_TAKEOVER_DOMAINS: usize = 100;

/// Checks what a change of the settings says of SCIM. The transaction holds only while the connection that SCIM stands
/// on is as it was read.
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled` (AQ-01), `ScimNeedsConnection` (AQ-28), `DomainNotProven`, `TooMany`.
pub(super) async fn hold_settings(
    admin: &Administration,
    tx: &mut TenantTransaction,
    entitlements: Entitlements,
    (before, after): (&TenantSettings, &TenantSettings),
) -> Result<(), OnboardingError> {
    if after.scim_enabled && !before.scim_enabled {
        hold_prerequisites(admin, tx, entitlements).await?;
    }
    if after.scim_takeover_domains != before.scim_takeover_domains {
        check_takeover_domains(admin, after).await?;
    }
    Ok(())
}

/// AQ-28: SCIM needs an active connection, and stays with it while the transaction is written.
pub(super) async fn hold_prerequisites(
    admin: &Administration,
    tx: &mut TenantTransaction,
    entitlements: Entitlements,
) -> Result<(), OnboardingError> {
    if !entitlements.scim {
        return Err(OnboardingError::NotEntitled("SCIM"));
    }
    let connections = admin.store.connections().await?;
    let active = |connection: &&Connection| connection.state == ConnectionState::Active;
    let found = connections.iter().find(active);
    tx.check_connection(found.ok_or(OnboardingError::ScimNeedsConnection)?);
    Ok(())
}

/// AQ-25: only what is the organization's own can be chosen.
async fn check_takeover_domains(
    admin: &Administration,
    after: &TenantSettings,
) -> Result<(), OnboardingError> {
    if after.scim_takeover_domains.len() > MOST_TAKEOVER_DOMAINS {
        return Err(OnboardingError::TooMany {
            what: "domains for SCIM to take people over",
            most: MOST_TAKEOVER_DOMAINS,
        });
    }
    let claims = admin.store.domains().await?;
    let proven = |domain: &DomainName| {
        let mut held = claims.iter().filter(|claim| claim.state != DomainState::Pending);
        held.any(|claim| claim.domain == *domain)
    };
    if after.scim_takeover_domains.iter().all(proven) {
        Ok(())
    } else {
        Err(OnboardingError::DomainNotProven)
    }
}

/// AQ-29: adds to a transaction that SCIM is in use from now on.
pub(super) fn switch_on(
    admin: &Administration,
    tx: &mut TenantTransaction,
    read: &Tenant,
) -> Result<(), OnboardingError> {
    let mut tenant = read.clone();
    tenant.settings.scim_enabled = true;
    tenant.version += 1;
    tx.update_tenant(&tenant);
    let (now, actor) = (admin.now(), admin.actor.to_value());
    tx.tenant_events(vec![events::tenant_updated(&tenant, now, &actor)]);
    let data = json!({ "tenant": tenant.id, "changed": ["settings"], "scim_enabled": true });
    Ok(admin.audit(tx, "tenant.updated", data)?)
}

/// What a commit that was refused means for a change that rests on tenant and connection.
pub(super) fn overtaken(error: crate::store::CommitError) -> OnboardingError {
    refused(error, Guard::Tenant, OnboardingError::Changed)
}
