//! Domains of a tenant.

use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use serde::Deserialize;

use super::query::page_of;
use super::{Admin, Answer, ApiJson, PathIds, json, view};
use crate::app::onboarding::domains::{self, DomainRequest};
use crate::app::onboarding::{OnboardingError, domain_proofs};
use crate::domain::domain_name::DomainName;

/// A domain as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    domain: String,
    #[serde(default)]
    include_subdomains: bool,
}

impl Wanted {
    fn checked(self) -> Result<DomainRequest, OnboardingError> {
        let domain = DomainName::parse_claimable(&self.domain)?;
        Ok(DomainRequest {
            domain,
            include_subdomains: self.include_subdomains,
        })
    }
}

/// `GET …/domains`
pub(super) async fn list(Admin(admin): Admin, uri: Uri) -> Answer {
    let claims = domains::list(&admin).await?;
    let page = page_of(&uri, &claims, |claim| claim.domain.to_string(), view::domain)?;
    Ok(json(StatusCode::OK, &page))
}

/// `POST /owner/v1/domains`
pub(super) async fn submit(Admin(admin): Admin, ApiJson(wanted): ApiJson<Wanted>) -> Answer {
    let claim = domains::submit(&admin, wanted.checked()?).await?;
    Ok(json(StatusCode::CREATED, &view::domain(&claim)))
}

/// `POST /operator/v1/tenants/{tenant}/domains`
pub(super) async fn attest(Admin(admin): Admin, ApiJson(wanted): ApiJson<Wanted>) -> Answer {
    let claim = domains::attest(&admin, wanted.checked()?).await?;
    Ok(json(StatusCode::CREATED, &view::domain(&claim)))
}

/// `POST /operator/v1/tenants/{tenant}/domains/{domain}/approve`
pub(super) async fn approve(Admin(admin): Admin, ids: PathIds) -> Answer {
    let claim = domains::approve(&admin, &ids.domain()?).await?;
    Ok(json(StatusCode::OK, &view::domain(&claim)))
}

/// `POST …/domains/{domain}/check`: looks for the proof now.
pub(super) async fn check(Admin(admin): Admin, ids: PathIds) -> Answer {
    let claim = domain_proofs::check(&admin, &ids.domain()?).await?;
    Ok(json(StatusCode::OK, &view::domain(&claim)))
}

/// `DELETE …/domains/{domain}`
pub(super) async fn remove(Admin(admin): Admin, ids: PathIds) -> Answer {
    domains::remove(&admin, &ids.domain()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
