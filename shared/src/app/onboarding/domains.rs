//! Domains of a tenant (AQ-17, GH-05): submitted by the owner with a TXT value to set, or attested by the operator.

use serde_json::json;

use super::error::{OnboardingError, Thing};
use super::{Administration, refused};
use crate::app::events;
use crate::domain::deadline::DeadlineKind;
use crate::domain::domain_name::DomainName;
use crate::domain::tenant::{DomainClaim, DomainState, ProofState};
use crate::random;
use crate::store::{Guard, TenantTransaction};

/// Most domains of one tenant.
const MOST_DOMAINS: usize = 100;
/// Label under which the proof is looked for.
const LABEL: &str = "_gatehouse";
/// What the proof begins with, so that an administrator knows the record by sight.
const PROOF_PREFIX: &str = "gatehouse-domain-proof=";

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainRequest {
    /// The domain.
    pub domain: DomainName,
    /// Whether subdomains count as well.
    pub include_subdomains: bool,
}

/// Name of the TXT record that proves a domain.
#[must_use]
pub fn record_name(domain: &DomainName) -> String {
    format!("{LABEL}.{domain}")
}

/// All domains of the tenant.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(admin: &Administration) -> Result<Vec<DomainClaim>, OnboardingError> {
    Ok(admin.store.domains().await?)
}

/// The owner submits a domain. It counts for nothing until it is proven, and keeps nobody else from proving it. Asking
/// again gives the same proof.
///
/// # Errors
/// [`OnboardingError::DomainProven`] when the tenant holds it with another scope already.
pub async fn submit(admin: &Administration, wanted: DomainRequest) -> Result<DomainClaim, OnboardingError> {
    if !admin.tenant().await?.entitlements.sso {
        return Err(OnboardingError::NotEntitled("single sign-on"));
    }
    let claims = admin.store.domains().await?;
    let existing = claims.iter().find(|claim| claim.domain == wanted.domain);
    if let Some(claim) = existing {
        if claim.include_subdomains == wanted.include_subdomains {
            return Ok(claim.clone());
        }
        if claim.state != DomainState::Pending {
            return Err(OnboardingError::DomainProven);
        }
    }
    room_for_more(&claims, existing)?;
    let claim = DomainClaim {
        domain: wanted.domain,
        tenant: admin.store.id().clone(),
        state: DomainState::Pending,
        include_subdomains: wanted.include_subdomains,
        proof: existing.map_or_else(new_proof, |claim| Ok(claim.proof.clone()))?,
        proven_at: None,
        proof_state: ProofState::default(),
    };
    let mut tx = admin.store.begin();
    tx.put_pending_domain(&claim);
    tx.tenant_events(vec![events::domain_state_changed(
        &claim,
        admin.now(),
        &admin.actor.to_value(),
    )]);
    admin.audit(&mut tx, "domain.submitted", json!({ "domain": claim.domain }))?;
    tx.commit().await?;
    Ok(claim)
}

/// The operator vouches for a domain: it is proven from now on.
///
/// # Errors
/// [`OnboardingError::DomainTaken`] when another tenant holds it.
pub async fn attest(admin: &Administration, wanted: DomainRequest) -> Result<DomainClaim, OnboardingError> {
    operator_only(admin)?;
    let claims = admin.store.domains().await?;
    let existing = claims.iter().find(|claim| claim.domain == wanted.domain);
    room_for_more(&claims, existing)?;
    let claim = DomainClaim {
        domain: wanted.domain,
        tenant: admin.store.id().clone(),
        state: DomainState::Proven,
        include_subdomains: wanted.include_subdomains,
        proof: existing.map_or_else(new_proof, |claim| Ok(claim.proof.clone()))?,
        proven_at: Some(admin.now()),
        proof_state: ProofState {
            attested: true,
            ..ProofState::default()
        },
    };
    prove(admin, claim).await
}

/// The operator approves what the owner submitted; over another organization's lapsed claim, at once.
///
/// # Errors
/// [`OnboardingError::NotFound`] when the tenant has not submitted it, [`OnboardingError::DomainTaken`] when another
/// tenant holds it.
pub async fn approve(admin: &Administration, domain: &DomainName) -> Result<DomainClaim, OnboardingError> {
    operator_only(admin)?;
    let claim = find(admin, domain).await?;
    if claim.state == DomainState::Proven {
        return Ok(claim);
    }
    let holder = holder(admin, domain).await?;
    let proven_at = Some(admin.now());
    let proof_state = ProofState {
        attested: true,
        ..ProofState::default()
    };
    let proven = DomainClaim {
        state: DomainState::Proven,
        proven_at,
        proof_state,
        ..claim
    };
    match holder {
        Some(holder) if holder.state == DomainState::Lapsed => take_over(admin, proven, &holder).await,
        Some(_) | None => prove(admin, proven).await,
    }
}

/// Gives a domain up: addresses in it are believed no more, and others may prove it.
///
/// # Errors
/// [`OnboardingError::NotFound`] when the tenant has it not.
pub async fn remove(admin: &Administration, domain: &DomainName) -> Result<(), OnboardingError> {
    let claim = find(admin, domain).await?;
    let mut tx = admin.store.begin();
    match claim.state {
        DomainState::Pending => tx.delete_pending_domain(domain),
        DomainState::Proven | DomainState::Warned | DomainState::Lapsed => tx.delete_domain(domain),
    }
    tx.end_deadline(DeadlineKind::DomainProof, domain.as_str());
    tx.tenant_events(vec![events::domain_removed(
        &claim,
        admin.now(),
        &admin.actor.to_value(),
    )]);
    admin.audit(&mut tx, "domain.removed", json!({ "domain": claim.domain }))?;
    Ok(tx.commit().await?)
}

async fn prove(admin: &Administration, claim: DomainClaim) -> Result<DomainClaim, OnboardingError> {
    let mut tx = admin.store.begin();
    tx.put_domain(&claim);
    tx.end_deadline(DeadlineKind::DomainProof, claim.domain.as_str());
    written(admin, tx, claim, "domain.proven").await
}

/// Takes a lapsed claim over from another organization, whose users stay.
pub(super) async fn take_over(
    admin: &Administration,
    claim: DomainClaim,
    holder: &DomainClaim,
) -> Result<DomainClaim, OnboardingError> {
    let mut tx = admin.store.begin();
    tx.take_over_domain(&claim, holder);
    written(admin, tx, claim, "domain.taken_over").await
}

pub(super) async fn written(
    admin: &Administration,
    mut tx: TenantTransaction,
    claim: DomainClaim,
    action: &str,
) -> Result<DomainClaim, OnboardingError> {
    let actor = admin.actor.to_value();
    tx.tenant_events(vec![events::domain_state_changed(&claim, admin.now(), &actor)]);
    let data = json!({ "domain": claim.domain, "state": claim.state });
    admin.audit(&mut tx, action, data)?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::Domain, OnboardingError::DomainTaken))?;
    Ok(claim)
}

/// Another organization that has proven the domain.
pub(super) async fn holder(
    admin: &Administration,
    domain: &DomainName,
) -> Result<Option<DomainClaim>, OnboardingError> {
    let door = admin.gatehouse.store.front_door();
    let claim = door.claim_of(domain).await?;
    Ok(claim.filter(|claim| claim.tenant != *admin.store.id()))
}

pub(super) async fn find(
    admin: &Administration,
    domain: &DomainName,
) -> Result<DomainClaim, OnboardingError> {
    let claims = admin.store.domains().await?;
    let found = claims.into_iter().find(|claim| claim.domain == *domain);
    found.ok_or(OnboardingError::NotFound(Thing::Domain))
}

fn operator_only(admin: &Administration) -> Result<(), OnboardingError> {
    if admin.actor.is_operator() {
        Ok(())
    } else {
        Err(OnboardingError::OperatorOnly)
    }
}

fn room_for_more(claims: &[DomainClaim], existing: Option<&DomainClaim>) -> Result<(), OnboardingError> {
    if existing.is_none() && claims.len() >= MOST_DOMAINS {
        return Err(OnboardingError::TooMany {
            what: "domains",
            most: MOST_DOMAINS,
        });
    }
    Ok(())
}

fn new_proof() -> Result<String, OnboardingError> {
    Ok(format!("{PROOF_PREFIX}{}", random::token()?))
}
