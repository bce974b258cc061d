//! A tenant leaves (the operator's alone): its record goes first, and with it every way in; the relay then takes
//! everything else away, in parts, each with a note of how far it came in the same transaction. The report stays with the
//! deployment.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tokio::time::Instant;

use super::error::{OnboardingError, Thing};
use super::{Actor, rounds};
use crate::app::{Gatehouse, events};
use crate::domain::connection::Protocol;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::offboarding::{Offboarding, PurgeStep};
use crate::secrets::SecretName;
use crate::store::{AuditRecord, CommitError, Patience, TenantStore, Trace};

/// How often the request is tried anew when the tenant was changed meanwhile.
const MOST_ROUNDS: usize = 4;

/// Begins a tenant's offboarding; asked for again, it answers how far it came, and goes on. `name` is what the tenant is
/// called, said once more by whoever wants it gone.
///
/// # Errors
/// [`OnboardingError`]: `NotFound` for a tenant that is none, `Setting` for another name.
pub async fn begin(
    gatehouse: &Arc<Gatehouse>,
    principal: &str,
    tenant: &TenantId,
    name: &str,
) -> Result<Offboarding, OnboardingError> {
    rounds(MOST_ROUNDS, || once(gatehouse, principal, tenant, name)).await
}

async fn once(
    gatehouse: &Arc<Gatehouse>,
    principal: &str,
    tenant: &TenantId,
    name: &str,
) -> Result<Offboarding, OnboardingError> {
    let store = gatehouse.store.tenant(tenant);
    if let Some(begun) = store.offboarding().await? {
        return again(gatehouse, begun, name).await;
    }
    let Some(record) = store.record().await? else {
        // Another request may have been quicker.
        return match store.offboarding().await? {
            Some(begun) => again(gatehouse, begun, name).await,
            None => Err(OnboardingError::NotFound(Thing::Tenant)),
        };
    };
    if record.name != name {
        return Err(other_name());
    }
    let now = gatehouse.clock.now();
    let actor = Actor::Operator {
        principal: principal.to_owned(),
    };
    let actor = actor.to_value();
    let begun = Offboarding {
        tenant: tenant.clone(),
        name: record.name.clone(),
        step: PurgeStep::ApiKeys,
        after: None,
        removed: BTreeMap::from([("tenants".to_owned(), 1)]),
        actor: actor.clone(),
        requested_at: now,
        finished_at: None,
        swept_at: None,
        version: 1,
    };
    let data = json!({ "tenant": tenant, "name": record.name, "actor": actor });
    let audit = AuditRecord::new(now, "tenant.offboarded", data)?;
    let mut tx = store.begin();
    let event = events::tenant_deleted(&record, now, &actor);
    tx.begin_offboarding(&record, &begun, (event, &audit));
    tx.purge_work()?;
    tx.commit().await?;
    store.forget();
    Ok(begun)
}

/// What was asked for before goes on.
async fn again(
    gatehouse: &Gatehouse,
    begun: Offboarding,
    name: &str,
) -> Result<Offboarding, OnboardingError> {
    if begun.name != name {
        return Err(other_name());
    }
    if !begun.is_done() {
        resume(gatehouse, &begun).await?;
    }
    Ok(begun)
}

fn other_name() -> OnboardingError {
    OnboardingError::Setting {
        field: "/name",
        wanted: "the name of the organization as it stands, to confirm that this one is to go",
    }
}

/// How far a tenant's offboarding came.
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is none.
pub async fn read(gatehouse: &Gatehouse, tenant: &TenantId) -> Result<Offboarding, OnboardingError> {
    let found = gatehouse.store.tenant(tenant).offboarding().await?;
    found.ok_or(OnboardingError::NotFound(Thing::Offboarding))
}

/// A page of all offboardings, after the one of the tenant `after`.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(
    gatehouse: &Gatehouse,
    after: Option<&str>,
    limit: i32,
) -> Result<(Vec<Offboarding>, Option<String>), OnboardingError> {
    Ok(gatehouse.store.front_door().offboardings(after, limit).await?)
}

/// Goes on with a tenant's offboarding until `until`; whether nothing is left to do now.
///
/// # Errors
/// [`OnboardingError`] when the tables or Secrets Manager fail: it goes on later.
pub async fn go_on(
    gatehouse: &Arc<Gatehouse>,
    tenant: &TenantId,
    until: Instant,
) -> Result<bool, OnboardingError> {
    let store = gatehouse.store.tenant(tenant);
    store.forget();
    let mut patience = Patience::new();
    loop {
        let Some(job) = store.offboarding().await? else {
            return Ok(true);
        };
        if job.is_done() {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        match part(gatehouse, &store, &job).await {
            Ok(()) => patience = Patience::new(),
            // Somebody else goes on with it.
            Err(OnboardingError::Changed) => patience.wait("an offboarding").await?,
            Err(error) => return Err(error),
        }
    }
}

/// Gives an offboarding to the relay once more: one that is not done, and one that is to be looked through again for what
/// requests that were under way left. Whether there was anything to do.
///
/// # Errors
/// [`OnboardingError`] when the tables fail.
pub async fn resume(gatehouse: &Gatehouse, job: &Offboarding) -> Result<bool, OnboardingError> {
    let again = job.once_more(gatehouse.clock.now());
    if again.is_none() && job.is_done() {
        return Ok(false);
    }
    let mut tx = gatehouse.store.tenant(&job.tenant).begin();
    if let Some(again) = &again {
        tx.put_offboarding(again);
    }
    tx.purge_work()?;
    match tx.commit().await {
        // Somebody else goes on with it.
        Ok(()) | Err(CommitError::Refused(_)) => Ok(true),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// One part: some of what the step takes away, or on to the next step.
async fn part(gatehouse: &Gatehouse, store: &TenantStore, job: &Offboarding) -> Result<(), OnboardingError> {
    let left = store.leavings(job.step, job.after.as_deref()).await?;
    let secrets = match (job.step, &left.connection) {
        (_, Some(connection)) => forget_secrets(gatehouse, &connection.id, &connection.protocol).await?,
        (PurgeStep::DataKey, None) => {
            let name = SecretName::TenantDataKey(store.id().clone());
            u64::from(gatehouse.secrets.purge(&name).await?)
        }
        (_, None) => 0,
    };
    let mut after = if left.traces.is_empty() && left.after.is_none() {
        job.advanced(gatehouse.clock.now())
    } else {
        job.noted(left.after.clone())
    };
    Trace::count(&left.traces, &mut after.removed);
    if secrets > 0 {
        *after.removed.entry("secrets".to_owned()).or_insert(0) += secrets;
    }
    let mut tx = store.begin();
    tx.remove(&left.traces);
    tx.put_offboarding(&after);
    // Refused: somebody else goes on with it.
    Ok(tx.commit().await?)
}

/// A connection's secrets go before the connection, which names them. They cannot be restored.
async fn forget_secrets(
    gatehouse: &Gatehouse,
    id: &ConnectionId,
    protocol: &Protocol,
) -> Result<u64, OnboardingError> {
    let names = match protocol {
        Protocol::Saml(_) => vec![
            SecretName::SpSigning(id.clone()),
            SecretName::SpDecryption(id.clone()),
        ],
        Protocol::Oidc(_) | Protocol::GitHub(_) => vec![SecretName::ClientSecret(id.clone())],
    };
    let mut gone = 0;
    for name in names {
        gone += u64::from(gatehouse.secrets.purge(&name).await?);
    }
    Ok(gone)
}
