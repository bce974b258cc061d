//! What schedules start, without the functions' answers in JSON: run as the function and in a process that has just
//! begun, so that what it asks of AWS is recorded as its own, and nothing is missing that the test has read before.

use std::sync::Arc;

use gatehouse::app::Gatehouse;
use gatehouse::app::account_recheck::{self, Budget, RecheckError, Rechecked};
use gatehouse::app::connection_upkeep::{self, Upkeep, UpkeepError};
use gatehouse_local::http_client::permissions::run_as;

/// One run of `connection_upkeep`.
///
/// # Errors
/// Those of the use case.
pub async fn upkeep(gatehouse: &Arc<Gatehouse>) -> Result<Upkeep, UpkeepError> {
    run_as("connection_upkeep", connection_upkeep::run(&gatehouse.apart())).await
}

/// One run of `account_recheck`.
///
/// # Errors
/// Those of the use case.
pub async fn recheck(gatehouse: &Gatehouse, budget: Budget) -> Result<Rechecked, RecheckError> {
    run_as(
        "account_recheck",
        account_recheck::run(&gatehouse.apart(), budget),
    )
    .await
}
