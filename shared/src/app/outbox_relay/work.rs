//! What committed changes of the directory left to do.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::{Read, Relay};
use crate::app::scim::groups::work;

/// How long one batch works on it; a record that is not done with by then comes again.
const WITHIN: Duration = Duration::from_secs(20);

impl Relay {
    /// Finishes large changes of groups, and clears memberships whose user or group is gone.
    pub(super) async fn finish_work(&self, read: &[Read<'_>], failed: &mut BTreeSet<usize>) {
        let until = Instant::now() + WITHIN;
        for one in read {
            let store = self.gatehouse.store.tenant(one.key.tenant());
            match work::finish_work(&store, &one.record, self.now(), until).await {
                Ok(true) => {}
                Ok(false) => drop(failed.insert(one.place)),
                Err(error) => {
                    tracing::warn!(error.code = error.code(), error = %error, tenant.id = %one.key.tenant(),
                        "work on groups is tried again");
                    failed.insert(one.place);
                }
            }
        }
    }
}
