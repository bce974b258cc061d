//! A tenant's audit trail, newest first; failed sign-ins with what was wanted and what came (GH-04).

use chrono::{Days, NaiveDate};

use super::{Administration, error::OnboardingError};
use crate::store::AuditRecord;

/// How far back the trail is read: as long as entries are kept, in days.
const DAYS_KEPT: u64 = 400;
/// Most reads of one request.
const MOST_READS: usize = 40;
/// Entries of one read.
const PAGE: i32 = 100;
/// What a failed sign-in is called in the trail.
const FAILED: &str = "sign_in.failed";

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCursor {
    /// The day (UTC).
    pub day: NaiveDate,
    /// Before this entry of the day; `None` is the day's end.
    pub before: Option<String>,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only failed sign-ins.
    pub failures_only: bool,
    /// Only the failed sign-in of this reference.
    pub reference: Option<String>,
    /// Where to begin.
    pub after: Option<AuditCursor>,
    /// Most entries of the answer, 1 to 100.
    pub limit: usize,
}

/// A page of the trail.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    /// Entries, newest first.
    pub records: Vec<AuditRecord>,
    /// Where more may be. A page may hold less than was asked for, even nothing, while this is there.
    pub next: Option<AuditCursor>,
}

/// Reads a page of the trail.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn read(admin: &Administration, query: &AuditQuery) -> Result<AuditPage, OnboardingError> {
    let today = admin.now().date_naive();
    let oldest = today
        .checked_sub_days(Days::new(DAYS_KEPT))
        .unwrap_or(NaiveDate::MIN);
    let begin = AuditCursor {
        day: today,
        before: None,
    };
    let mut at = query
        .after
        .clone()
        .filter(|cursor| cursor.day <= today)
        .unwrap_or(begin);
    let mut records = Vec::new();
    for _ in 0..MOST_READS {
        if at.day < oldest {
            return Ok(AuditPage { records, next: None });
        }
        let found = admin
            .store
            .audit_before(at.day, at.before.as_deref(), PAGE)
            .await?;
        let full = found.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        for record in found {
            at.before = Some(record.id.clone());
            if query.matches(&record) {
                records.push(record);
            }
            if records.len() >= query.limit || (query.reference.is_some() && !records.is_empty()) {
                let next = query.reference.is_none().then_some(at);
                return Ok(AuditPage { records, next });
            }
        }
        if !full {
            let Some(day) = at.day.pred_opt() else { break };
            at = AuditCursor { day, before: None };
        }
    }
    Ok(AuditPage {
        records,
        next: Some(at),
    })
}

impl AuditQuery {
    fn matches(&self, record: &AuditRecord) -> bool {
        if (self.failures_only || self.reference.is_some()) && record.action != FAILED {
            return false;
        }
        match &self.reference {
            None => true,
            Some(wanted) => record.data.get("reference").and_then(|r| r.as_str()) == Some(wanted.as_str()),
        }
    }
}
