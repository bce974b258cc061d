//! Failed sign-ins, explained to the owner (GH-04): what was wanted, what came, who must mend it; nothing personal.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::finish_sign_in::FinishError;
use super::{Gatehouse, events, test_sign_in};
use crate::domain::connection::Connection;
use crate::domain::ids::ConnectionId;
use crate::store::{AuditRecord, SignInContext};
use crate::telemetry;

/// How many failures of one connection one process records in a minute: anybody can post rubbish, yet a morning at which
/// a whole company fails by an outdated certificate is to be explained.
const MOST_PER_MINUTE: u32 = 200;

/// What is recorded of a failed sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable code.
    pub code: &'static str,
    /// What was wanted.
    pub wanted: String,
    /// What came, without personal data.
    pub got: String,
    /// Who must mend it.
    pub mender: &'static str,
}

impl Failure {
    /// The record of a refusal; failures of ours are no record of the owner's.
    #[must_use]
    pub fn of(error: &FinishError) -> Option<Self> {
        match error {
            FinishError::Saml(refusal) => Some(Self {
                code: refusal.code(),
                wanted: refusal.wanted().to_owned(),
                got: refusal.got().to_owned(),
                mender: refusal.fixer().as_str(),
            }),
            FinishError::Oidc(refusal) => Some(Self::told(
                refusal.code(),
                &refusal.to_string(),
                refusal.fixer().as_str(),
            )),
            FinishError::Refused(refusal) => Some(Self::told(
                refusal.code(),
                &refusal.to_string(),
                refusal.fixer().as_str(),
            )),
            FinishError::Store(_) | FinishError::Secrets(_) | FinishError::Random(_) => None,
        }
    }
}

impl Failure {
    /// The record's particulars.
    fn data(&self, connection: &Connection, reference: &str) -> Value {
        json!({
            "reference": reference,
            "connection": connection.id,
            "code": self.code,
            "wanted": self.wanted,
            "got": self.got,
            "who": self.mender,
        })
    }

    /// Out of a message of the form `wanted …; …`.
    fn told(code: &'static str, text: &str, mender: &'static str) -> Self {
        let (wanted, got) = text.split_once("; ").unwrap_or((text, ""));
        Self {
            code,
            wanted: wanted.strip_prefix("wanted ").unwrap_or(wanted).to_owned(),
            got: got.to_owned(),
            mender,
        }
    }
}

/// Limits the records of one process.
#[derive(Debug, Default)]
pub struct FailureLimit(Mutex<HashMap<ConnectionId, (DateTime<Utc>, u32)>>);

impl FailureLimit {
    fn admits(&self, connection: &ConnectionId, now: DateTime<Utc>) -> bool {
        let Ok(mut counts) = self.0.lock() else {
            return false;
        };
        if counts.len() > 10_000 {
            counts.clear();
        }
        let (since, count) = counts.entry(connection.clone()).or_insert((now, 0));
        if now - *since >= TimeDelta::minutes(1) || now < *since {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= MOST_PER_MINUTE
    }
}

/// Records a refusal, if it is one that an owner can do something about: in the trail, and where the result of a test
/// sign-in is looked for. `attempt` is the token that came with the answer, `reference` names the request.
pub async fn record_refusal<T>(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    (attempt, reference): (Option<&str>, &str),
    done: &Result<T, FinishError>,
) {
    let Some(failure) = done.as_ref().err().and_then(Failure::of) else {
        return;
    };
    record(gatehouse, context, reference, &failure).await;
    if let Some(token) = attempt {
        test_sign_in::record_failure(gatehouse, context, (token, reference), &failure).await;
    }
}

/// Records a refused logout in the tenant's audit trail. It fails silently into the log.
pub async fn record_logout(
    gatehouse: &Gatehouse,
    connection: &Connection,
    reference: &str,
    failure: &Failure,
) {
    let now = gatehouse.clock.now();
    if !gatehouse.memory.failure_limit.admits(&connection.id, now) {
        return;
    }
    let data = failure.data(connection, reference);
    let written = match AuditRecord::new(now, "logout.failed", data) {
        Ok(audit) => {
            gatehouse
                .store
                .tenant(&connection.tenant)
                .write_audit(&[audit])
                .await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        tracing::error!(error = %error, logout.reference = reference, "a refused logout was not recorded");
    }
}

/// Records a failed sign-in in the tenant's audit trail and outbox. It fails silently into the log: the person's page
/// does not wait for it to be perfect.
async fn record(gatehouse: &Gatehouse, context: &SignInContext, reference: &str, failure: &Failure) {
    let now = gatehouse.clock.now();
    tracing::info!(
        sign_in.code = failure.code,
        sign_in.reference = reference,
        connection.id = %context.connection.id,
        "a sign-in was refused"
    );
    telemetry::metrics("sign_ins", now, &[("SignIns", 0), ("SignInsRefused", 1)]);
    if !gatehouse.memory.failure_limit.admits(&context.connection.id, now) {
        return;
    }
    let data = failure.data(&context.connection, reference);
    let written = match AuditRecord::new(now, "sign_in.failed", data.clone()) {
        Ok(audit) => {
            let mut tx = gatehouse.store.tenant(&context.tenant.id).begin();
            tx.audit(&audit);
            tx.tenant_events(vec![events::sign_in_failed(
                &context.connection,
                now,
                reference,
                data,
            )]);
            tx.commit().await.map_err(|e| e.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = written {
        tracing::error!(error = %error, sign_in.reference = reference, "a failed sign-in was not recorded");
    }
}
