//! Who is let in: the holder of a good SCIM key, at the base URL of the key's own tenant (AQ-30).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::app::Gatehouse;
use crate::domain::ids::UserId;
use crate::domain::tenant::Tenant;
use crate::redacted::Secret;
use crate::scim::ScimError;
use crate::scim::list::CursorKey;
use crate::store::{ApiKey, ScimAccess, TenantStore};

use super::ScimFailure;

/// The holder of a SCIM key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The use cases' world.
    pub gatehouse: Arc<Gatehouse>,
    /// The handle on the key's tenant.
    pub store: TenantStore,
    /// The SCIM base URL, without a trailing slash.
    pub base: String,
    /// What authenticates this caller's cursors.
    pub cursors: CursorKey,
    access: Arc<ScimAccess>,
    begun: Instant,
}

impl Caller {
    /// When this request will have taken so long.
    pub(super) fn after(&self, time: Duration) -> Instant {
        self.begun + time
    }

    /// The tenant's record, at most 15 seconds old.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.access.tenant
    }

    /// AQ-03: whether this is the creator of the organization, whom SCIM neither shows nor touches.
    #[must_use]
    pub fn is_root(&self, user: &str) -> bool {
        self.root() == Some(user)
    }

    /// AQ-03: the creator of the organization, if one is named.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        self.tenant().root_user.as_ref().map(UserId::as_str)
    }

    /// The key that was shown.
    #[must_use]
    pub fn key(&self) -> &ApiKey {
        &self.access.key
    }
}

/// Lets the holder of a token in; `claimed` is the tenant that the request's path names.
///
/// # Errors
/// [`ScimError::Unauthorized`], in the same words for no token and for one that is unknown, revoked, over, of another
/// tenant or of another kind; [`ScimError::Forbidden`] when the tenant may not use SCIM (AQ-01) or has not opted into it (AQ-29).
pub async fn authenticate(
    gatehouse: Arc<Gatehouse>,
    token: Option<&Secret>,
    claimed: &str,
) -> Result<Caller, ScimFailure> {
    let begun = Instant::now();
    let token = token.ok_or_else(unauthorized)?;
    let door = gatehouse.store.front_door();
    let access = door.scim_access(token.expose(), claimed).await?;
    let access = access.ok_or_else(unauthorized)?;
    if !access.tenant.entitlements.scim {
        let detail =
            "not_entitled: SCIM is not included for this organization; ask the operator of the service";
        return Err(ScimError::Forbidden(detail.to_owned()).into());
    }
    if !access.tenant.settings.scim_enabled {
        let detail =
            "scim_not_enabled: SCIM is switched off for this organization; its owner can switch it on";
        return Err(ScimError::Forbidden(detail.to_owned()).into());
    }
    Ok(Caller {
        store: gatehouse.store.tenant(&access.tenant.id),
        base: gatehouse
            .config
            .base_url
            .at(&format!("/scim/v2/{}", access.tenant.id)),
        cursors: CursorKey::derive(token.expose().as_bytes()),
        gatehouse,
        access,
        begun,
    })
}

fn unauthorized() -> ScimError {
    ScimError::Unauthorized(
        "wanted an Authorization header with a bearer token that is good for this SCIM base URL".to_owned(),
    )
}
