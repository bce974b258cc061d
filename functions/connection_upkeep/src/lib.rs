//! Scheduled, once a day: proofs of domains are looked for, metadata is fetched anew, members are told, and the
//! provider's own keys are made and rotated.

use std::sync::Arc;

use gatehouse::app::Gatehouse;
use gatehouse::app::connection_upkeep::{UpkeepError, run};
use gatehouse::telemetry;
use serde_json::{Value, json};
use tracing::Instrument;

/// Looks after everything that is due; the answer says what was done.
///
/// # Errors
/// [`UpkeepError`]: the schedule tries again.
pub async fn handle(gatehouse: &Arc<Gatehouse>) -> Result<Value, UpkeepError> {
    let span = telemetry::invocation("connection_upkeep");
    async {
        let done = Box::pin(run(gatehouse)).await?;
        telemetry::metrics(
            "connection_upkeep",
            gatehouse.clock.now(),
            &[
                ("Tenants", done.tenants),
                ("DomainsChecked", done.domains_checked),
                ("DomainsChanged", done.domains_changed),
                ("MetadataChecked", done.metadata_checked),
                ("MetadataChanged", done.metadata_changed),
                ("MembersTold", done.members_told),
                ("KeysRotated", done.keys_rotated),
                ("SpKeysChanged", done.sp_keys_changed),
                ("WorkResumed", done.work_resumed),
                ("Failed", done.failed),
            ],
        );
        Ok(json!(done))
    }
    .instrument(span)
    .await
}
