//! What changes without anybody asking, looked after on a schedule: proofs of domains, metadata of identity providers,
//! the provider's own signing keys, and work in parts that the relay could not finish.
//!
//! Each tenant stands for itself: what fails for one is logged, counted, and tried again at the next run.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::Gatehouse;
use super::onboarding::connections::{idp, sp_keys, tell_members};
use super::onboarding::{Administration, OnboardingError, domain_proofs, erasure, offboarding};
use super::openid_provider::keys::{KeysError, look_after_provider_keys};
use crate::domain::connection::Connection;
use crate::domain::ids::UserId;
use crate::domain::tenant::{DomainClaim, DomainState};
use crate::store::{StoreError, TenantStore};

/// How old a look may be before the next one: a little less than a day, so that a daily run looks daily.
const LOOK_EVERY: TimeDelta = TimeDelta::hours(20);
/// How many requests to the outside are under way at once.
const AT_ONCE: usize = 8;
/// Pages of members of one connection in one run.
const MOST_PAGES: usize = 200;
/// Tenants of one read.
const PAGE: i32 = 100;
/// Work in parts that is older than this is not on its way in the relay any more.
const STUCK: TimeDelta = TimeDelta::hours(1);

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Upkeep {
    /// Tenants that were looked at.
    pub tenants: usize,
    /// Domains whose proof was looked for.
    pub domains_checked: usize,
    /// Domains whose state changed.
    pub domains_changed: usize,
    /// Connections whose metadata was fetched.
    pub metadata_checked: usize,
    /// Connections whose identity provider's keys or addresses changed with it.
    pub metadata_changed: usize,
    /// Members who were told that single sign-on has become active (SE-02).
    pub members_told: usize,
    /// 1 when the provider's own keys changed.
    pub keys_rotated: usize,
    /// Connections at which a key of ours took over, or ended (GH-08).
    pub sp_keys_changed: usize,
    /// Erasures and offboardings that were given to the relay once more.
    pub work_resumed: usize,
    /// What could not be done, and is tried at the next run.
    pub failed: usize,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The list of tenants could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider's keys could not be looked after.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl UpkeepError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(e) => e.code(),
            Self::Keys(e) => e.code(),
        }
    }
}

/// One thing to look at.
enum Task {
    Proof(Administration, Box<DomainClaim>),
    Metadata(Administration, Box<Connection>),
    Members(Administration, Box<Connection>),
    Erasure(Administration, UserId),
    Keys(Administration, Box<Connection>),
}

/// Looks at everything that is due.
///
/// # Errors
/// [`UpkeepError`]; what a single tenant fails with is counted instead.
pub async fn run(gatehouse: &Arc<Gatehouse>) -> Result<Upkeep, UpkeepError> {
    let mut done = Upkeep {
        keys_rotated: usize::from(look_after_provider_keys(gatehouse).await?),
        ..Upkeep::default()
    };
    look_after_offboardings(gatehouse, &mut done).await?;
    let door = gatehouse.store.front_door();
    let mut after = None;
    loop {
        let page = door.tenants(after.as_ref(), PAGE).await?;
        let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        let mut tasks = Vec::new();
        for tenant in &page {
            done.tenants += 1;
            let admin = Administration::by_upkeep(gatehouse.clone(), tenant);
            match due(&admin).await {
                Ok(found) => tasks.extend(found),
                Err(error) => failed(&mut done, &admin, &error.into()),
            }
        }
        carry_out(tasks, &mut done).await;
        after = page.last().cloned();
        if !full {
            return Ok(done);
        }
    }
}

async fn due(admin: &Administration) -> Result<Vec<Task>, StoreError> {
    let now = admin.gatehouse.clock.now();
    let claims = admin.store.domains().await?;
    let old = |claim: &DomainClaim| {
        let checked = claim.proof_state.checked_at;
        checked.is_none_or(|at| now - at >= LOOK_EVERY)
    };
    let looked_for = claims
        .into_iter()
        .filter(|claim| !claim.proof_state.attested && old(claim));
    let mut tasks = looked_for
        .map(|claim| Task::Proof(admin.clone(), Box::new(claim)))
        .collect::<Vec<_>>();
    let connections = admin.store.connections().await?;
    let untold = connections
        .iter()
        .filter(|connection| tell_members::is_due(connection));
    tasks.extend(untold.map(|connection| Task::Members(admin.clone(), Box::new(connection.clone()))));
    let keys = connections
        .iter()
        .filter(|connection| sp_keys::is_due(connection, now));
    tasks.extend(keys.map(|connection| Task::Keys(admin.clone(), Box::new(connection.clone()))));
    let by_url = connections.into_iter().filter(idp::has_metadata_url);
    tasks.extend(by_url.map(|connection| Task::Metadata(admin.clone(), Box::new(connection))));
    let stuck = stuck_erasures(&admin.store, now).await?;
    tasks.extend(stuck.into_iter().map(|user| Task::Erasure(admin.clone(), user)));
    Ok(tasks)
}

async fn stuck_erasures(store: &TenantStore, now: DateTime<Utc>) -> Result<Vec<UserId>, StoreError> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = store.erasures(after.as_ref(), PAGE).await?;
        let stuck = page
            .into_iter()
            .filter(|erasure| !erasure.is_done() && now - erasure.requested_at >= STUCK);
        found.extend(stuck.map(|erasure| erasure.user));
        if next.is_none() {
            return Ok(found);
        }
        after = next;
    }
}

/// Goes on with offboardings that the relay could not finish, and looks once more through those that it did.
async fn look_after_offboardings(gatehouse: &Arc<Gatehouse>, done: &mut Upkeep) -> Result<(), StoreError> {
    let now = gatehouse.clock.now();
    let door = gatehouse.store.front_door();
    let mut after = None;
    loop {
        let (page, next) = door.offboardings(after.as_deref(), PAGE).await?;
        for job in page.iter().filter(|job| job.swept_at.is_none()) {
            if now - job.requested_at < STUCK {
                continue;
            }
            match offboarding::resume(gatehouse, job).await {
                Ok(resumed) => done.work_resumed += usize::from(resumed),
                Err(error) => {
                    done.failed += 1;
                    tracing::warn!(tenant.id = %job.tenant, error.code = error.code(),
                        "an offboarding could not be gone on with; the next run tries again");
                }
            }
        }
        if next.is_none() {
            return Ok(());
        }
        after = next;
    }
}

async fn carry_out(tasks: Vec<Task>, done: &mut Upkeep) {
    let mut results = stream::iter(tasks.into_iter().map(one)).buffer_unordered(AT_ONCE);
    while let Some((admin, result)) = results.next().await {
        match result {
            Ok(Did::Looked { changed }) => {
                done.domains_checked += 1;
                done.domains_changed += usize::from(changed);
            }
            Ok(Did::Told { mails }) => done.members_told += mails,
            Ok(Did::Rekeyed) => done.sp_keys_changed += 1,
            Ok(Did::Resumed) => done.work_resumed += 1,
            Ok(Did::Fetched { changed }) => {
                done.metadata_checked += 1;
                done.metadata_changed += usize::from(changed);
            }
            Err(error) => failed(done, &admin, &error),
        }
    }
}

enum Did {
    Looked { changed: bool },
    Fetched { changed: bool },
    Told { mails: usize },
    Resumed,
    Rekeyed,
}

async fn one(task: Task) -> (Administration, Result<Did, OnboardingError>) {
    match task {
        Task::Proof(admin, claim) => {
            let before = claim.state;
            let looked = match domain_proofs::look(&admin, *claim).await {
                Ok(after) => Ok(Did::Looked {
                    changed: after.state != before,
                }),
                // Somebody else holds it: that is no failure of ours, and the owner sees it when asking.
                Err(OnboardingError::DomainTaken) if before == DomainState::Pending => {
                    Ok(Did::Looked { changed: false })
                }
                Err(error) => Err(error),
            };
            (admin, looked)
        }
        Task::Members(admin, connection) => {
            let told = tell_members::go_on(&admin, &connection.id, MOST_PAGES).await;
            (admin, told.map(|mails| Did::Told { mails }))
        }
        Task::Keys(admin, connection) => {
            let followed = sp_keys::follow(&admin, &connection).await;
            (admin, followed.map(|()| Did::Rekeyed))
        }
        Task::Erasure(admin, user) => {
            let resumed = erasure::resume(&admin, &user).await;
            (admin, resumed.map(|()| Did::Resumed))
        }
        Task::Metadata(admin, connection) => {
            let fetched = idp::refresh(&admin, &connection).await;
            (admin, fetched.map(|changed| Did::Fetched { changed }))
        }
    }
}

fn failed(done: &mut Upkeep, admin: &Administration, error: &OnboardingError) {
    done.failed += 1;
    tracing::warn!(
        tenant.id = %admin.store.id(),
        error.code = error.code(),
        "upkeep of one thing failed; the next run tries again"
    );
}
