//! Who knocks at a SCIM base URL: the key behind a bearer token, with its tenant's record.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::api_keys::{ApiKey, ApiKeyKind};
use super::error::StoreError;
use super::item::{Attributes, read_doc, read_text};
use super::keys;
use super::{FrontDoor, TenantStore};
use crate::domain::ids::TenantId;
use crate::domain::tenant::Tenant;

/// How long a key is believed without another look: so long may a revoked key go on in other processes than the one
/// that revoked it, and so long may a change of entitlements or seats go unseen there.
pub(super) const BELIEVED: TimeDelta = TimeDelta::seconds(15);

/// A SCIM key that is good now, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScimAccess {
    /// The key.
    pub key: ApiKey,
    /// Its tenant.
    pub tenant: Tenant,
}

impl ScimAccess {
    fn is_good(&self, claimed: &TenantId, now: DateTime<Utc>) -> bool {
        self.key.kind == ApiKeyKind::Scim
            && self.key.tenant == *claimed
            && self.tenant.id == *claimed
            && self.key.expires_at.is_none_or(|end| now < end)
    }
}

impl FrontDoor {
    /// The SCIM key behind a token, if it is a good one of the tenant that the request's path claims. At most
    /// 15 seconds old; both items are read in one request.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn scim_access(
        &self,
        token: &str,
        claimed: &str,
    ) -> Result<Option<Arc<ScimAccess>>, StoreError> {
        let Ok(claimed) = TenantId::parse(claimed) else {
            return Ok(None);
        };
        let now = self.store.dynamo.clock.now();
        let hash = keys::hash(token);
        if let Some(known) = self.store.scim_access.get(&hash, now) {
            return Ok(Some(known).filter(|access| access.is_good(&claimed, now)));
        }
        let token = keys::api_key(&hash);
        let wanted = [token.clone(), keys::tenant(&claimed)];
        let found = self.store.dynamo.get_all(&wanted).await?;
        let Some(access) = read(&found, &token.pk)? else {
            return Ok(None);
        };
        if !access.is_good(&claimed, now) {
            return Ok(None);
        }
        let access = Arc::new(access);
        self.store.scim_access.put(&hash, now, access.clone());
        Ok(Some(access))
    }
}

fn read(found: &[Attributes], token_pk: &str) -> Result<Option<ScimAccess>, StoreError> {
    let is_token = |item: &&Attributes| read_text(item, "pk") == Some(token_pk);
    let key = found.iter().find(is_token);
    let tenant = found.iter().find(|item| !is_token(item));
    let (Some(key), Some(tenant)) = (key, tenant) else {
        return Ok(None);
    };
    Ok(Some(ScimAccess {
        key: read_doc("api key", key)?,
        tenant: read_doc("tenant", tenant)?,
    }))
}

impl TenantStore {
    /// Lets this process look at the tenant's SCIM keys and record anew.
    pub(super) fn forget_scim_access(&self) {
        let own = |access: &Arc<ScimAccess>| access.tenant.id == self.tenant;
        self.store.scim_access.forget_where(own);
    }
}
