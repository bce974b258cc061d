//! Tables, event bus and mail service, by the AWS API.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    PointInTimeRecoveryStatus, StreamViewType, TableDescription, TableStatus, TimeToLiveStatus,
};

use super::Finding;
use crate::client::reasons;
use crate::stack::Stack;

pub(super) async fn examine(stack: &Stack, sdk: &SdkConfig) -> Vec<Finding> {
    let dynamodb = aws_sdk_dynamodb::Client::new(sdk);
    let mut findings = Vec::new();
    for (name, backed_up) in [(&stack.directory_table, true), (&stack.ephemeral_table, false)] {
        findings.push(table(&dynamodb, name, backed_up).await);
        let check = if backed_up {
            "time to live of Directory"
        } else {
            "time to live of Ephemeral"
        };
        findings.push(time_to_live(&dynamodb, check, name).await);
    }
    findings.push(recovery(&dynamodb, &stack.directory_table).await);
    findings.push(bus(&aws_sdk_eventbridge::Client::new(sdk), &stack.event_bus).await);
    let ses = aws_sdk_sesv2::Client::new(sdk);
    findings.push(account(&ses).await);
    findings.push(identity(&ses, &stack.mail_identity).await);
    findings
}

/// What the service says, else why there was no answer.
pub(super) fn said<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match (error.code(), error.message()) {
        (Some(code), message) => format!("{code}: {}", message.unwrap_or_default()),
        (None, _) => reasons(error),
    }
}

async fn table(dynamodb: &aws_sdk_dynamodb::Client, name: &str, backed_up: bool) -> Finding {
    let check = if backed_up {
        "table Directory"
    } else {
        "table Ephemeral"
    };
    let described = match dynamodb.describe_table().table_name(name).send().await {
        Ok(described) => described
            .table
            .unwrap_or_else(|| TableDescription::builder().build()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            let mend =
                "deploy with RestoredDirectoryTable after a restore (docs/operations/backup-and-restore.md)";
            return Finding::mend(check, format!("there is no table {name}"), mend);
        }
        Err(error) => return Finding::unknown(check, format!("{name}: {}", said(&error))),
    };
    let stream = described.stream_specification.as_ref();
    let stream = stream
        .filter(|stream| stream.stream_enabled)
        .and_then(|stream| stream.stream_view_type.clone());
    if described.table_status != Some(TableStatus::Active) {
        let found = format!("{name} is {:?}", described.table_status);
        return Finding::mend(check, found, "wait, or look at the table in the console");
    }
    match (backed_up, stream) {
        (true, Some(StreamViewType::NewImage | StreamViewType::NewAndOldImages)) | (false, None) => {}
        (true, other) => {
            let mend = "no event leaves: switch the stream on with NEW_IMAGE and deploy again";
            return Finding::mend(
                check,
                format!("wanted a stream of NEW_IMAGE, got {other:?}"),
                mend,
            );
        }
        (false, Some(other)) => {
            let mend = "switch it off: codes and sessions must not leave the table";
            return Finding::mend(check, format!("wanted no stream, got {other:?}"), mend);
        }
    }
    if described.deletion_protection_enabled != Some(true) {
        let mend = "deploy with DeletionProtection=true, unless this is a trial";
        return Finding::mend(check, format!("{name} is not protected against deletion"), mend);
    }
    Finding::good(check, format!("{name} is active"))
}

async fn time_to_live(dynamodb: &aws_sdk_dynamodb::Client, check: &str, name: &str) -> Finding {
    let asked = dynamodb.describe_time_to_live().table_name(name).send().await;
    let found = match asked {
        Ok(found) => found.time_to_live_description,
        Err(error) => return Finding::unknown(check, format!("{name}: {}", said(&error))),
    };
    let status = found
        .filter(|found| found.attribute_name.as_deref() == Some("ttl"))
        .and_then(|found| found.time_to_live_status);
    match status {
        Some(TimeToLiveStatus::Enabled) => {
            return Finding::good(check, format!("{name}: on, by the attribute ttl"));
        }
        Some(TimeToLiveStatus::Enabling) => {
            let found = format!("{name}: being switched on, which takes up to an hour");
            return Finding::good(check, found);
        }
        _ => {}
    }
    let mend =
        "aws dynamodb update-time-to-live … Enabled=true,AttributeName=ttl (after a restore it is off)";
    Finding::mend(check, format!("{name}: off"), mend)
}

async fn recovery(dynamodb: &aws_sdk_dynamodb::Client, name: &str) -> Finding {
    const CHECK: &str = "point-in-time recovery";
    let asked = dynamodb
        .describe_continuous_backups()
        .table_name(name)
        .send()
        .await;
    let found = match asked {
        Ok(found) => found.continuous_backups_description,
        Err(error) => return Finding::unknown(CHECK, format!("{name}: {}", said(&error))),
    };
    let status = found
        .and_then(|found| found.point_in_time_recovery_description)
        .and_then(|found| found.point_in_time_recovery_status);
    if status == Some(PointInTimeRecoveryStatus::Enabled) {
        return Finding::good(CHECK, format!("{name}: on"));
    }
    let mend = "aws dynamodb update-continuous-backups … PointInTimeRecoveryEnabled=true (after a restore it is off)";
    Finding::mend(CHECK, format!("{name}: off"), mend)
}

async fn bus(events: &aws_sdk_eventbridge::Client, name: &str) -> Finding {
    const CHECK: &str = "event bus";
    match events.describe_event_bus().name(name).send().await {
        Ok(_) => Finding::good(CHECK, format!("{name} is there")),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            let mend = "events wait in the table: deploy template.yaml again, then let the app replay them \
                (docs/operations/runbook.md, relay-dead-letters)";
            Finding::mend(CHECK, format!("there is no {name}"), mend)
        }
        Err(error) => Finding::unknown(CHECK, format!("{name}: {}", said(&error))),
    }
}

async fn account(ses: &aws_sdk_sesv2::Client) -> Finding {
    const CHECK: &str = "SES account";
    let account = match ses.get_account().send().await {
        Ok(account) => account,
        Err(error) => return Finding::unknown(CHECK, said(&error)),
    };
    if !account.sending_enabled {
        let mend = "SES console: see why sending is paused (docs/operations/runbook.md, bounces)";
        return Finding::mend(CHECK, "sending is paused", mend);
    }
    if !account.production_access_enabled {
        let mend = "request production access (docs/operations/ses.md)";
        return Finding::mend(CHECK, "in the sandbox: only verified addresses get mail", mend);
    }
    Finding::good(CHECK, "may send")
}

async fn identity(ses: &aws_sdk_sesv2::Client, name: &str) -> Finding {
    const CHECK: &str = "SES identity";
    match ses.get_email_identity().email_identity(name).send().await {
        Ok(identity) if identity.verified_for_sending_status => {
            Finding::good(CHECK, format!("{name} is verified"))
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_not_found_exception()) =>
        {
            let mend = "make the identity, or deploy with another MailIdentity (docs/operations/ses.md)";
            Finding::mend(CHECK, format!("SES knows no {name} in this region"), mend)
        }
        Ok(_) => {
            let mend = "publish its DKIM records and wait for SES to see them (docs/operations/ses.md)";
            Finding::mend(CHECK, format!("{name} is not verified"), mend)
        }
        Err(error) => Finding::unknown(CHECK, format!("{name}: {}", said(&error))),
    }
}
