//! The tenant itself.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Admin, Answer, ApiJson, IfMatch, json_at, merge_into};
use crate::app::onboarding::tenants::TenantEdit;
use crate::app::onboarding::{settings, tenants};
use crate::domain::tenant::Tenant;

/// `GET` of the tenant.
pub(super) async fn read(Admin(admin): Admin) -> Answer {
    Ok(show_tenant(StatusCode::OK, &admin.tenant().await?))
}

/// `PATCH` of the tenant, by the operator.
pub(super) async fn update(
    Admin(admin): Admin,
    IfMatch(version): IfMatch,
    ApiJson(patch): ApiJson<Value>,
) -> Answer {
    let tenant = tenants::at_version(&admin, version).await?;
    let edit = merge_into(&TenantEdit::of(&tenant), &patch)?;
    Ok(show_tenant(
        StatusCode::OK,
        &tenants::update(&admin, &tenant, edit).await?,
    ))
}

/// `PATCH` of the settings, by the owner.
pub(super) async fn update_settings(
    Admin(admin): Admin,
    IfMatch(version): IfMatch,
    ApiJson(patch): ApiJson<Value>,
) -> Answer {
    let tenant = tenants::at_version(&admin, version).await?;
    let edit = merge_into(&tenant.settings, &patch)?;
    Ok(show_tenant(
        StatusCode::OK,
        &settings::update(&admin, &tenant, edit).await?,
    ))
}

/// A tenant with its ETag.
pub fn show_tenant(status: StatusCode, tenant: &Tenant) -> axum::http::Response<axum::body::Body> {
    json_at(status, tenant.version, &tenant_view(tenant))
}

/// A tenant as both APIs show it.
#[must_use]
pub fn tenant_view(tenant: &Tenant) -> Value {
    json!({
        "id": tenant.id,
        "name": tenant.name,
        "entitlements": tenant.entitlements,
        "seats": tenant.seats,
        "settings": tenant.settings,
        "root_user": tenant.root_user,
        "scim_enabled": tenant.settings.scim_enabled,
        "version": tenant.version,
        "created_at": tenant.created_at,
    })
}
