//! Who hears of a tenant's deadlines: its owners, and the contacts that they named.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::Gatehouse;
use crate::app::onboarding::owners;
use crate::domain::deadline::TimeZone;
use crate::domain::email::EmailAddress;
use crate::domain::ids::TenantId;
use crate::store::StoreError;

/// Owners of the tenants that a run meets, each looked up once.
pub(super) struct Owners<'a> {
    gatehouse: &'a Gatehouse,
    known: Mutex<HashMap<TenantId, Arc<Known>>>,
}

/// What a run knows of a tenant.
pub(super) struct Known {
    pub name: String,
    pub zone: TimeZone,
    pub recipients: Vec<EmailAddress>,
}

impl<'a> Owners<'a> {
    pub fn new(gatehouse: &'a Gatehouse) -> Self {
        Self {
            gatehouse,
            known: Mutex::default(),
        }
    }

    pub async fn of(&self, tenant: &TenantId) -> Result<Arc<Known>, StoreError> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lock().get(tenant).cloned();
        if let Some(found) = found {
            return Ok(found);
        }
        let found = Arc::new(self.look_up(tenant).await?);
        lock().insert(tenant.clone(), found.clone());
        Ok(found)
    }

    async fn look_up(&self, tenant: &TenantId) -> Result<Known, StoreError> {
        let record = match is_operators(tenant) {
            true => None,
            false => self.gatehouse.store.tenant(tenant).record().await?,
        };
        let Some(record) = record else {
            return Ok(Known {
                name: self.gatehouse.config.product_name.clone(),
                zone: TimeZone::default(),
                recipients: Vec::new(),
            });
        };
        let store = self.gatehouse.store.tenant(tenant);
        let mut recipients = owners::addresses_of(self.gatehouse, &store, record.root_user.as_ref()).await?;
        for address in record.settings.contacts {
            if !recipients.contains(&address) {
                recipients.push(address);
            }
        }
        Ok(Known {
            name: record.name,
            zone: record.settings.time_zone,
            recipients,
        })
    }
}

/// Whether a deadline is the operator's own.
pub(super) fn is_operators(tenant: &TenantId) -> bool {
    *tenant == TenantId::of_deployment()
}
