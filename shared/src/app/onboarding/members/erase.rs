//! A person's erasure is asked for: by the write that notes it the person is gone, and every access. What follows is done
//! in parts by the relay ([`crate::app::onboarding::erasure`]).

use chrono::TimeDelta;
use serde_json::json;

use super::super::error::{OnboardingError, Thing};
use super::super::{Administration, erasure, refused, rounds};
use super::{MOST_ROUNDS, absent, leave_an_owner};
use crate::app::events;
use crate::domain::erasure::{Erasure, ErasureStep, KnownValues, erased};
use crate::domain::ids::UserId;
use crate::domain::user::User;
use crate::store::{Guard, LinkedIdentity, OutboxRecord, TenantTransaction, Work};

/// For how long nobody is made anew by signing in as the person.
const REMEMBERED: TimeDelta = TimeDelta::days(30);
/// Records of the person's outbox that are read in one go.
const PAGE: i32 = 100;
/// Most identities whose hashes are remembered; nobody has so many.
const MOST_IDENTITIES: usize = 40;

/// Erases a person: a member, whoever provisions it, or one that was removed. Asked for again, it answers how far it
/// came, and goes on.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`; `RootUser`, `LastOwner` and `BreakGlassHolder` for whom the organization needs.
pub async fn erase(admin: &Administration, id: &UserId) -> Result<Erasure, OnboardingError> {
    rounds(MOST_ROUNDS, || once(admin, id)).await
}

/// How far a person's erasure came.
///
/// # Errors
/// [`OnboardingError::NotFound`] when none was asked for in the last 400 days.
pub async fn erasure_of(admin: &Administration, id: &UserId) -> Result<Erasure, OnboardingError> {
    let found = admin.store.erasure(id).await?;
    found.ok_or(OnboardingError::NotFound(Thing::Erasure))
}

/// A page of the erasures of the last 400 days.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn erasures(
    admin: &Administration,
    after: Option<&UserId>,
    limit: i32,
) -> Result<(Vec<Erasure>, Option<UserId>), OnboardingError> {
    Ok(admin.store.erasures(after, limit).await?)
}

async fn once(admin: &Administration, id: &UserId) -> Result<Erasure, OnboardingError> {
    let begun = admin.store.erasure(id).await?;
    let user = admin.store.user(id).await?;
    // Whoever comes back after an erasure has another id: what is erased stays so.
    if let Some(begun) = begun {
        if !begun.is_done() {
            erasure::resume(admin, id).await?;
        }
        return Ok(begun);
    }
    let identities = admin.store.linked_identities(id).await?;
    if user.is_none() && identities.is_empty() {
        return Err(absent());
    }
    let mut tx = admin.store.begin();
    if let Some(user) = &user {
        check(admin, user, &mut tx).await?;
    }
    let begun = begin(admin, (id, user.as_ref()), &identities).await?;
    let until = begun.remembered_until;
    for identity in identities.iter().take(MOST_IDENTITIES) {
        tx.remember_erased_identity(&identity.connection, &identity.subject, until);
    }
    if let Some(user) = &user {
        end_access(&mut tx, user, &begun);
    }
    tx.put_erasure(&begun);
    tx.work(&Work::Erase { user: id.clone() });
    admin.audit(&mut tx, "member.erased", json!({ "member": id }))?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::User, OnboardingError::Changed))?;
    Ok(begun)
}

/// Whom the organization needs is not erased before somebody else stands in.
async fn check(
    admin: &Administration,
    user: &User,
    tx: &mut TenantTransaction,
) -> Result<(), OnboardingError> {
    let tenant = admin.tenant().await?;
    if tenant.root_user.as_ref() == Some(&user.id) {
        return Err(OnboardingError::RootUser);
    }
    if let Some(address) = &user.email
        && admin.store.break_glass(address).await?.is_some()
    {
        return Err(OnboardingError::BreakGlassHolder);
    }
    leave_an_owner(admin, &tenant, user, tx).await
}

/// The record, the name and every look-up go with this write; the epoch ends sessions, codes and refresh tokens.
fn end_access(tx: &mut TenantTransaction, user: &User, erasure: &Erasure) {
    let after = erased(user, erasure.requested_at);
    tx.update_user(user, &after);
    tx.depart(&user.id);
    if let Some(address) = &user.email {
        tx.remember_erased_address(address, erasure.remembered_until);
    }
    let mut happened = vec![events::user_erased(&after)];
    if !user.tombstone {
        happened.insert(0, events::user_deleted(&after));
    }
    tx.user_events(after.id.as_str(), after.version, happened);
}

/// What the erasure looks for: what record, identities and events of the last 30 days say of the person.
async fn begin(
    admin: &Administration,
    (id, user): (&UserId, Option<&User>),
    identities: &[LinkedIdentity],
) -> Result<Erasure, OnboardingError> {
    let mut known = user.map(KnownValues::of).unwrap_or_default();
    for identity in identities {
        known.learn(identity.known.email.as_ref().map(|address| address.as_str()));
    }
    let mut after = None;
    loop {
        let (page, next) = admin.store.kept_records(Some(id), after.as_deref(), PAGE).await?;
        for kept in &page {
            let OutboxRecord::Events { events, .. } = &kept.record else {
                continue;
            };
            let people = events.iter().filter_map(|event| event.data.get("user"));
            people.for_each(|person| known.learn_event(person));
        }
        if next.is_none() {
            break;
        }
        after = next;
    }
    let now = admin.now();
    let mut removed = std::collections::BTreeMap::new();
    if user.is_some() {
        removed.insert("records".to_owned(), 1);
    }
    let groups = admin.store.groups_to_leave(id).await?.len();
    if let (Ok(groups @ 1..), true) = (u64::try_from(groups), user.is_some()) {
        removed.insert("group_memberships".to_owned(), groups);
    }
    Ok(Erasure {
        user: id.clone(),
        step: ErasureStep::Teams,
        after: None,
        known,
        removed,
        pseudonymized: std::collections::BTreeMap::new(),
        requested_at: now,
        finished_at: None,
        remembered_until: now + REMEMBERED,
        version: 1,
    })
}
