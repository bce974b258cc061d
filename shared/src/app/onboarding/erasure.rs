//! The parts of a person's erasure: done by the relay, one after the other, each with a note of how far it came in the
//! same transaction. A process that dies leaves the next part to another one; of two at once one goes on.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::Administration;
use super::error::OnboardingError;
use crate::app::events;
use crate::app::scim::groups::work;
use crate::domain::erasure::{Erasure, ErasureStep, KnownValues};
use crate::domain::event::Event;
use crate::domain::ids::UserId;
use crate::domain::tenant::Tenant;
use crate::store::{
    AuditRecord, CommitError, KeptRecord, MailJob, OutboxRecord, Patience, TenantTransaction, Trace, Work,
};

/// Records that are looked at in one part.
const PAGE: i32 = 40;
/// Days of the audit trail that one part looks at while nothing is found.
const DAYS_AT_ONCE: usize = 50;
/// How far back the trail goes.
const DAYS_KEPT: u64 = 401;

/// What one look found to do, before it is written.
struct Part {
    after: Erasure,
    tx: TenantTransaction,
}

/// Goes on with a person's erasure until `until`; whether it is done.
///
/// # Errors
/// [`OnboardingError`] when the tables fail: the erasure goes on later.
pub async fn go_on(admin: &Administration, user: &UserId, until: Instant) -> Result<bool, OnboardingError> {
    let mut patience = Patience::new();
    loop {
        let Some(erasure) = admin.store.erasure(user).await? else {
            return Ok(true);
        };
        if erasure.is_done() {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        let Some(mut part) = part(admin, &erasure, until).await? else {
            return Ok(false);
        };
        part.tx.put_erasure(&part.after);
        match part.tx.commit().await {
            Ok(()) => patience = Patience::new(),
            // Somebody else goes on with it, or what was looked at has changed.
            Err(CommitError::Refused(_)) => patience.wait("an erasure").await?,
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
}

/// Gives an erasure to the relay once more.
///
/// # Errors
/// [`OnboardingError`] when the table fails.
pub async fn resume(admin: &Administration, user: &UserId) -> Result<(), OnboardingError> {
    let mut tx = admin.store.begin();
    tx.work(&Work::Erase { user: user.clone() });
    Ok(tx.commit().await?)
}

/// The next part; `None` when time ran out before there was one.
async fn part(
    admin: &Administration,
    erasure: &Erasure,
    until: Instant,
) -> Result<Option<Part>, OnboardingError> {
    let store = &admin.store;
    let user = &erasure.user;
    let part = match erasure.step {
        ErasureStep::Teams => taken(admin, erasure, store.team_traces(user).await?),
        ErasureStep::Groups => {
            if !work::leave_groups(store, user, admin.now(), until).await? {
                return Ok(None);
            }
            advanced(admin, erasure)
        }
        ErasureStep::Identities => taken(admin, erasure, store.identity_traces(user).await?),
        ErasureStep::Sessions => taken(admin, erasure, store.session_traces(user).await?),
        ErasureStep::Events => own_events(admin, erasure).await?,
        ErasureStep::Outbox => tenant_outbox(admin, erasure).await?,
        ErasureStep::Contacts => contacts(admin, erasure).await?,
        ErasureStep::Audit => audit(admin, erasure).await?,
        ErasureStep::Done => advanced(admin, erasure),
    };
    Ok(Some(part))
}

fn advanced(admin: &Administration, erasure: &Erasure) -> Part {
    Part {
        after: erasure.advanced(admin.now()),
        tx: admin.store.begin(),
    }
}

/// Takes some of these away; none ends the step.
fn taken(admin: &Administration, erasure: &Erasure, traces: Vec<Trace>) -> Part {
    if traces.is_empty() {
        return advanced(admin, erasure);
    }
    let some = Trace::some_of(traces);
    let mut tx = admin.store.begin();
    tx.remove(&some);
    let mut after = erasure.noted(None);
    Trace::count(&some, &mut after.removed);
    Part { after, tx }
}

/// After a page: on to the next one, or to the next step.
fn turned(admin: &Administration, erasure: &Erasure, next: Option<String>) -> Erasure {
    match next {
        Some(next) => erasure.noted(Some(next)),
        None => erasure.advanced(admin.now()),
    }
}

fn more(counts: &mut BTreeMap<String, u64>, kind: &str) {
    *counts.entry(kind.to_owned()).or_insert(0) += 1;
}

/// The person's events stay in their order, and say nothing of the person.
async fn own_events(admin: &Administration, erasure: &Erasure) -> Result<Part, OnboardingError> {
    let read = admin
        .store
        .kept_records(Some(&erasure.user), erasure.after.as_deref(), PAGE);
    let (page, next) = read.await?;
    let mut after = turned(admin, erasure, next);
    let mut tx = admin.store.begin();
    for kept in &page {
        let OutboxRecord::Events { events, audited } = &kept.record else {
            continue;
        };
        let record = OutboxRecord::Events {
            events: events
                .iter()
                .map(|event| nameless(&erasure.known, event))
                .collect(),
            audited: *audited,
        };
        if record != kept.record {
            tx.rewrite_record(kept, &record);
            more(&mut after.pseudonymized, "events");
        }
    }
    Ok(Part { after, tx })
}

fn nameless(known: &KnownValues, event: &Event) -> Event {
    let mut event = events::without_person(event);
    known.scrub(&mut event.data);
    event
}

/// Mails to the person that wait in the outbox go; what tells of the person elsewhere in it does so no more.
async fn tenant_outbox(admin: &Administration, erasure: &Erasure) -> Result<Part, OnboardingError> {
    let read = admin.store.kept_records(None, erasure.after.as_deref(), PAGE);
    let (page, next) = read.await?;
    let mut after = turned(admin, erasure, next);
    let mut tx = admin.store.begin();
    for kept in &page {
        match &kept.record {
            OutboxRecord::Mail(job) => mail(&mut tx, &mut after, (kept, job), &erasure.known),
            OutboxRecord::Events { .. } => {
                if let Some(record) = scrubbed(&erasure.known, &kept.record) {
                    tx.rewrite_record(kept, &record);
                    more(&mut after.pseudonymized, "events");
                }
            }
            OutboxRecord::Work(_) => {}
        }
    }
    Ok(Part { after, tx })
}

fn mail(
    tx: &mut TenantTransaction,
    after: &mut Erasure,
    (kept, job): (&KeptRecord, &MailJob),
    known: &KnownValues,
) {
    let others = job.also_to.iter().filter(|address| !known.has(address.as_str()));
    let mut others = others.cloned().collect::<Vec<_>>();
    let to = if known.has(job.to.as_str()) {
        // Whom it also goes to gets it still.
        match others.pop() {
            Some(other) => other,
            None => {
                tx.take_mail(kept, &job.reference);
                more(&mut after.removed, "mails");
                return;
            }
        }
    } else {
        job.to.clone()
    };
    let letter = scrubbed(known, &job.letter).unwrap_or_else(|| job.letter.clone());
    let record = OutboxRecord::Mail(MailJob {
        to,
        also_to: others,
        letter,
        ..job.clone()
    });
    if record != kept.record {
        tx.rewrite_record(kept, &record);
        more(&mut after.pseudonymized, "mails");
    }
}

/// The same without the person; `None` when it does not tell of the person.
fn scrubbed<T: Serialize + DeserializeOwned>(known: &KnownValues, value: &T) -> Option<T> {
    let mut shown = serde_json::to_value(value).ok()?;
    if !known.scrub(&mut shown) {
        return None;
    }
    serde_json::from_value(shown).ok()
}

/// Nobody is reminded of deadlines any more at the person's address.
async fn contacts(admin: &Administration, erasure: &Erasure) -> Result<Part, OnboardingError> {
    let mut part = advanced(admin, erasure);
    let tenant = admin.tenant().await?;
    let mut settings = tenant.settings.clone();
    settings
        .contacts
        .retain(|address| !erasure.known.has(address.as_str()));
    let mut told = settings.admin_contact.clone().map(Value::String);
    if told.as_mut().is_some_and(|told| erasure.known.scrub(told)) {
        settings.admin_contact = None;
    }
    if settings == tenant.settings {
        return Ok(part);
    }
    let after = Tenant {
        settings,
        version: tenant.version + 1,
        ..tenant
    };
    part.tx.update_tenant(&after);
    let actor = admin.actor.to_value();
    let event = events::tenant_updated(&after, admin.now(), &actor);
    part.tx.tenant_events(vec![event]);
    let data = serde_json::json!({ "tenant": after.id, "changed": ["settings"] });
    admin.audit(&mut part.tx, "tenant.updated", data)?;
    more(&mut part.after.removed, "contacts");
    Ok(part)
}

/// The trail keeps who did what by ids; what an entry says beside them of the person goes.
async fn audit(admin: &Administration, erasure: &Erasure) -> Result<Part, OnboardingError> {
    let today = admin.now().date_naive();
    let newest = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let oldest = today.checked_sub_days(Days::new(DAYS_KEPT)).unwrap_or(today);
    let (mut day, mut behind) = match erasure.after.as_deref().map(place) {
        Some((Some(day), behind)) => (day, behind),
        Some((None, _)) | None => (newest, None),
    };
    for _ in 0..DAYS_AT_ONCE {
        if day < oldest {
            return Ok(advanced(admin, erasure));
        }
        let page = admin.store.audit_of(day, behind.as_deref(), PAGE).await?;
        let found = page
            .iter()
            .filter_map(|record| nameless_entry(&erasure.known, record));
        let found = found.collect::<Vec<_>>();
        let last = page.last().map(|record| record.id.clone());
        let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        match last.filter(|_| full) {
            Some(last) => behind = Some(last),
            None => {
                behind = None;
                let Some(before) = day.pred_opt() else {
                    return Ok(advanced(admin, erasure));
                };
                day = before;
            }
        }
        if !found.is_empty() {
            let mut part = Part {
                after: erasure.noted(Some(text_of(day, behind.as_deref()))),
                tx: admin.store.begin(),
            };
            for record in &found {
                part.tx.rewrite_audit(record);
                more(&mut part.after.pseudonymized, "audit_entries");
            }
            return Ok(part);
        }
    }
    Ok(Part {
        after: erasure.noted(Some(text_of(day, behind.as_deref()))),
        tx: admin.store.begin(),
    })
}

fn nameless_entry(known: &KnownValues, record: &AuditRecord) -> Option<AuditRecord> {
    let mut record = record.clone();
    known.scrub(&mut record.data).then_some(record)
}

/// Where the look at the trail goes on: a day, and behind which entry of it.
fn place(text: &str) -> (Option<NaiveDate>, Option<String>) {
    let (day, behind) = text.split_once(' ').unwrap_or((text, ""));
    let behind = Some(behind.to_owned()).filter(|behind| !behind.is_empty());
    (day.parse().ok(), behind)
}

fn text_of(day: NaiveDate, behind: Option<&str>) -> String {
    match behind {
        Some(behind) => format!("{day} {behind}"),
        None => day.to_string(),
    }
}
