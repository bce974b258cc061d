//! Work that is done in parts: erasures of people, offboardings of tenants. What one batch does not finish goes on in a
//! record of its own, so that events and mails of others are not kept waiting.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::{Read, Relay, Relayed};
use crate::app::onboarding::{Administration, OnboardingError, erasure, offboarding, sync_holds};
use crate::domain::ids::TenantId;
use crate::store::{OutboxKey, OutboxRecord, Work};

/// How long one batch works on it.
const WITHIN: Duration = Duration::from_secs(8);

impl Relay {
    /// Does the next parts of the work in this batch.
    pub(super) async fn do_parts(&self, read: &[Read<'_>], done: &mut Relayed, failed: &mut BTreeSet<usize>) {
        let until = Instant::now() + WITHIN;
        for one in read {
            let OutboxRecord::Work(work) = &one.record else {
                continue;
            };
            let outcome = self.do_part(&one.key, work, until).await;
            if let (Work::TellOfHold { .. }, Ok(())) = (work, &outcome) {
                done.syncs_held += 1;
            }
            if let Err(error) = outcome {
                tracing::warn!(error.code = error.code(), error = %error, tenant.id = %one.key.tenant(),
                    "work in parts is tried again");
                failed.insert(one.place);
            }
        }
    }

    async fn do_part(&self, at: &OutboxKey, work: &Work, until: Instant) -> Result<(), OnboardingError> {
        let store = self.gatehouse.store.tenant(at.tenant());
        let done = match work {
            // With a tenant goes all that an erasure in it would take away.
            Work::Erase { .. } if !store.exists().await? => true,
            Work::Erase { user } => {
                let admin = Administration::by_upkeep(self.gatehouse.clone(), at.tenant());
                erasure::go_on(&admin, user, until).await?
            }
            Work::Purge { tenant } => offboarding::go_on(&self.gatehouse, tenant, until).await?,
            Work::TellOfHold { hold } => {
                return sync_holds::tell_owners(&self.gatehouse, &store, at, hold).await;
            }
        };
        let mut tx = store.begin();
        tx.end_work(at);
        if !done {
            tx.work(work);
        }
        Ok(tx.commit().await?)
    }

    /// Those records whose tenant is there: nothing is written any more for one that is gone.
    pub(super) async fn of_living<'a, 'b>(
        &self,
        read: &'b [Read<'a>],
        failed: &mut BTreeSet<usize>,
    ) -> Vec<&'b Read<'a>> {
        let mut gone: BTreeSet<&TenantId> = BTreeSet::new();
        let mut there: BTreeSet<&TenantId> = BTreeSet::new();
        let deployment = TenantId::of_deployment();
        let mut living = Vec::with_capacity(read.len());
        for one in read {
            let tenant = one.key.tenant();
            if *tenant != deployment && !there.contains(tenant) && !gone.contains(tenant) {
                match self.gatehouse.store.tenant(tenant).exists().await {
                    Ok(true) => drop(there.insert(tenant)),
                    Ok(false) => drop(gone.insert(tenant)),
                    Err(_) => {
                        failed.insert(one.place);
                        continue;
                    }
                }
            }
            if !gone.contains(tenant) {
                living.push(one);
            }
        }
        living
    }
}
