//! The schedules that start functions, by the AWS API.

use aws_config::SdkConfig;
use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::types::ScheduleState;

use super::Finding;
use super::services::said;
use crate::stack::Stack;

/// Functions that a schedule starts.
pub const SCHEDULED: [&str; 3] = ["secret_expiry_reminder", "connection_upkeep", "account_recheck"];

pub(super) async fn examine(stack: &Stack, sdk: &SdkConfig) -> Vec<Finding> {
    let scheduler = Client::new(sdk);
    let mut findings = Vec::new();
    for function in SCHEDULED {
        findings.push(schedule(&scheduler, function, &stack.scheduled(function)).await);
    }
    findings
}

async fn schedule(scheduler: &Client, function: &str, name: &str) -> Finding {
    let check = format!("schedule of {function}");
    match scheduler.get_schedule().name(name).send().await {
        Ok(found) if found.state == Some(ScheduleState::Enabled) => {
            let expression = found.schedule_expression.unwrap_or_default();
            Finding::good(&check, format!("{name}: {expression}"))
        }
        Ok(_) => {
            let mend =
                "enable it in the console, unless this is a stand-by (docs/operations/disaster-recovery.md)";
            Finding::mend(
                &check,
                format!("{name} is disabled: nothing starts the function"),
                mend,
            )
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            let found = format!("there is no {name}: nothing starts the function");
            Finding::mend(&check, found, "deploy template.yaml again")
        }
        Err(error) => Finding::unknown(&check, format!("{name}: {}", said(&error))),
    }
}
