//! Break-glass (AQ-21): the app asks whether a person may sign in beside single sign-on, after its own password and
//! second factor. The answer is for exactly this address, by the list as it is now, good once; it is in the audit trail,
//! and every owner gets a mail.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;

use super::onboarding::OnboardingError;
use super::onboarding::notices::{self, Notice};
use super::{Gatehouse, events};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ClientId, TenantId};
use crate::domain::tenant::DomainState;
use crate::store::{AuditRecord, BreakGlass, CommitError, Guard, StoreError, TenantStore};

/// How long a yes may be acted upon.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(60);
/// How long a request's id is remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// What the app asks.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Who asks.
    pub client: &'a ClientId,
    /// Of whom.
    pub address: &'a EmailAddress,
    /// Names this request; it is answered with yes once.
    pub request: &'a str,
}

/// What the app is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Whether the person may pass.
    pub allowed: bool,
    /// In which organization.
    pub organization: Option<TenantId>,
    /// The request's id.
    pub request_id: String,
    /// Until when a yes may be acted upon.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
pub enum BypassError {
    /// The request's id was answered before.
    #[error("wanted a request_id that was not answered before; this one was")]
    Answered,
    /// What it stands on failed.
    #[error(transparent)]
    Failed(#[from] OnboardingError),
}

impl BypassError {
    /// Stable code of this refusal or failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Answered => "bypass_answered",
            Self::Failed(e) => e.code(),
        }
    }
}

/// Answers whether a person may pass. Unknown, wrong and removed are one answer.
///
/// # Errors
/// [`BypassError`].
pub async fn bypass(gatehouse: &Gatehouse, ask: &Ask<'_>) -> Result<Answer, BypassError> {
    match listed(gatehouse, ask.address)
        .await
        .map_err(OnboardingError::from)?
    {
        Some((store, entry)) => allow(gatehouse, ask, &store, entry).await,
        None => Ok(no(ask)),
    }
}

fn no(ask: &Ask<'_>) -> Answer {
    Answer {
        allowed: false,
        organization: None,
        request_id: ask.request.to_owned(),
        expires_at: None,
    }
}

/// The list entry of exactly this address, with the tenant whose list it is on.
///
/// # Errors
/// [`StoreError`] when the table cannot be read.
pub async fn listed(
    gatehouse: &Gatehouse,
    address: &EmailAddress,
) -> Result<Option<(TenantStore, BreakGlass)>, StoreError> {
    let claims = gatehouse
        .store
        .front_door()
        .claims_above(address.domain())
        .await?;
    for claim in claims.iter().filter(|claim| claim.state != DomainState::Pending) {
        let store = gatehouse.store.tenant(&claim.tenant);
        if let Some(entry) = store.break_glass(address).await? {
            return Ok(Some((store, entry)));
        }
    }
    Ok(None)
}

async fn allow(
    gatehouse: &Gatehouse,
    ask: &Ask<'_>,
    store: &TenantStore,
    entry: BreakGlass,
) -> Result<Answer, BypassError> {
    let now = gatehouse.clock.now();
    let mut tx = store.begin();
    tx.answer_once(ask.client, ask.request, now + REMEMBERED);
    tx.use_break_glass(&BreakGlass {
        used_at: Some(now),
        ..entry.clone()
    });
    let notice = Notice::BreakGlassUsed {
        address: entry.email.as_str().to_owned(),
        at: now.to_rfc3339(),
    };
    let written = async {
        notices::to_owners(gatehouse, store, &mut tx, &notice).await?;
        tx.tenant_events(vec![events::break_glass_used(store.id(), ask.client, now)]);
        let data = json!({ "client": ask.client, "domain": entry.email.domain() });
        tx.audit(&AuditRecord::new(now, "break_glass.used", data)?);
        Ok::<_, StoreError>(())
    };
    written.await.map_err(OnboardingError::from)?;
    match tx.commit().await {
        Ok(()) => Ok(Answer {
            allowed: true,
            organization: Some(store.id().clone()),
            request_id: ask.request.to_owned(),
            expires_at: Some(now + GOOD_FOR),
        }),
        Err(error) if error.refused(Guard::OneTimeId) => Err(BypassError::Answered),
        // Taken off the list between reading and writing.
        Err(error) if error.refused(Guard::BreakGlass) => Ok(no(ask)),
        Err(CommitError::Refused(_)) => Err(OnboardingError::Changed.into()),
        Err(CommitError::Store(error)) => Err(OnboardingError::from(error).into()),
    }
}
