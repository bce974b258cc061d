//! The proof of a domain (AQ-17): a TXT record that is this tenant's alone, looked for when the owner asks and again by
//! `connection_upkeep`. Proven → warned (3 days missing) → lapsed (30 days). What a resolver cannot find out changes
//! nothing.

use super::domains::{find, holder, record_name, take_over, written};
use super::error::OnboardingError;
use super::notices::{self, Notice};
use super::{Administration, refused};
use crate::app::deadlines::Calendar;
use crate::app::events;
use crate::domain::deadline::DeadlineKind;
use crate::domain::domain_name::DomainName;
use crate::domain::tenant::{DomainClaim, DomainState, LAPSED_AFTER, TAKEOVER_NOTICE};
use crate::store::Guard;

/// Looks for the proof of a domain now.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, `Dns` when nothing could be found out, `DomainTaken` when another organization has
/// proven it.
pub async fn check(admin: &Administration, domain: &DomainName) -> Result<DomainClaim, OnboardingError> {
    let claim = find(admin, domain).await?;
    if claim.proof_state.attested && claim.state == DomainState::Proven {
        return Ok(claim);
    }
    look(admin, claim).await
}

/// Looks for the proof of a claim.
///
/// # Errors
/// As [`check`].
pub async fn look(admin: &Administration, claim: DomainClaim) -> Result<DomainClaim, OnboardingError> {
    let records = admin.gatehouse.txt.of(&record_name(&claim.domain)).await?;
    let found = records.iter().any(|record| record.trim() == claim.proof);
    match claim.state {
        DomainState::Pending if found => first_seen(admin, claim).await,
        DomainState::Pending => not_yet(admin, claim).await,
        DomainState::Proven | DomainState::Warned | DomainState::Lapsed => {
            seen_again(admin, claim, found).await
        }
    }
}

/// A proof of what nobody holds proves it; over a lapsed claim of another organization it does so after a notice.
async fn first_seen(admin: &Administration, claim: DomainClaim) -> Result<DomainClaim, OnboardingError> {
    let now = admin.now();
    let mut proven = claim.looked_for(true, now);
    proven.proof_state.takes_over_at = None;
    let Some(other) = holder(admin, &claim.domain).await? else {
        let mut tx = admin.store.begin();
        tx.put_domain(&proven);
        return written(admin, tx, proven, "domain.proven").await;
    };
    if other.state != DomainState::Lapsed {
        return Err(OnboardingError::DomainTaken);
    }
    match claim.proof_state.takes_over_at {
        Some(at) if at <= now => take_over(admin, proven, &other).await,
        Some(_) => pending(admin, claim.looked_for_still_pending(now)).await,
        None => announce(admin, claim, &other).await,
    }
}

/// Tells the holder, and starts the time of the notice.
async fn announce(
    admin: &Administration,
    claim: DomainClaim,
    other: &DomainClaim,
) -> Result<DomainClaim, OnboardingError> {
    let now = admin.now();
    let at = now + TAKEOVER_NOTICE;
    let theirs = admin.gatehouse.store.tenant(&other.tenant);
    let mut tx = theirs.begin();
    let notice = Notice::DomainTakeover {
        domain: other.domain.to_string(),
        at: at.to_rfc3339(),
    };
    notices::to_owners(&admin.gatehouse, &theirs, &mut tx, &notice).await?;
    tx.tenant_events(vec![events::domain_takeover_announced(other, now, at)]);
    tx.commit().await?;
    let mut waiting = claim.looked_for_still_pending(now);
    waiting.proof_state.takes_over_at = Some(at);
    pending(admin, waiting).await
}

/// The record is not there: a take-over that was announced is off.
async fn not_yet(admin: &Administration, claim: DomainClaim) -> Result<DomainClaim, OnboardingError> {
    let mut waiting = claim.looked_for_still_pending(admin.now());
    waiting.proof_state.takes_over_at = None;
    pending(admin, waiting).await
}

async fn pending(admin: &Administration, claim: DomainClaim) -> Result<DomainClaim, OnboardingError> {
    let mut tx = admin.store.begin();
    tx.put_pending_domain(&claim);
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::Domain, OnboardingError::Changed))?;
    Ok(claim)
}

async fn seen_again(
    admin: &Administration,
    claim: DomainClaim,
    found: bool,
) -> Result<DomainClaim, OnboardingError> {
    let after = claim.looked_for(found, admin.now());
    let mut tx = admin.store.begin();
    tx.put_domain(&after);
    if after.state == claim.state {
        // Only noted; nobody needs to hear of it.
        tx.commit()
            .await
            .map_err(|error| refused(error, Guard::Domain, OnboardingError::DomainTaken))?;
        return Ok(after);
    }
    match (after.state, after.proof_state.missing_since) {
        (DomainState::Warned, Some(since)) => {
            let calendar = Calendar::of(&admin.gatehouse, &admin.store).await?;
            calendar.domain(&mut tx, &after.domain, since + LAPSED_AFTER);
        }
        _ => tx.end_deadline(DeadlineKind::DomainProof, after.domain.as_str()),
    }
    let domain = after.domain.to_string();
    let (action, notice) = match after.state {
        DomainState::Warned => ("domain.warned", Some(Notice::DomainWarned { domain })),
        DomainState::Lapsed => ("domain.lapsed", Some(Notice::DomainLapsed { domain })),
        DomainState::Proven | DomainState::Pending => ("domain.proven", None),
    };
    if let Some(notice) = notice {
        notices::to_owners(&admin.gatehouse, &admin.store, &mut tx, &notice).await?;
    }
    written(admin, tx, after, action).await
}
