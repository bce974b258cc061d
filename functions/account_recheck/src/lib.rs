//! A schedule of 15 minutes starts it: accounts that are due are checked, on a budget.

use gatehouse::app::Gatehouse;
use gatehouse::app::account_recheck::{Budget, RecheckError, run};
use gatehouse::telemetry;
use serde_json::{Value, json};
use tracing::Instrument;

/// Checks what is due; the answer counts what became of it.
///
/// # Errors
/// [`RecheckError`] when the queues cannot be read: the schedule's next run begins where this one ended.
pub async fn handle(gatehouse: &Gatehouse, budget: Budget) -> Result<Value, RecheckError> {
    let span = telemetry::invocation("account_recheck");
    async {
        let done = run(gatehouse, budget).await?;
        telemetry::metrics(
            "account_recheck",
            gatehouse.clock.now(),
            &[
                ("Confirmed", done.confirmed),
                ("Disabled", done.disabled),
                ("Renew", done.renew),
                ("Postponed", done.postponed),
                ("Unanswered", done.unanswered),
                ("ClientRefused", done.client_refused),
                ("Dropped", done.dropped),
                ("Busy", done.busy),
                ("Failed", done.failed),
                ("BudgetSpent", usize::from(done.budget_spent)),
            ],
        );
        Ok(json!(done))
    }
    .instrument(span)
    .await
}
