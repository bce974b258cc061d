//! Writing a user over what is there: who may be touched, seats, epochs, events.

use std::time::Duration;

use tokio::time::Instant;

use super::super::groups::work;
use super::super::{Caller, ScimFailure};
use super::guard;
use crate::app::events;
use crate::domain::email::EmailAddress;
use crate::domain::event::Event;
use crate::domain::team::Source;
use crate::domain::user::User;
use crate::scim::ScimError;
use crate::store::{CommitError, Guard, TenantTransaction};

/// How long memberships of a deleted user who comes back are cleared.
const CLEAR_WITHIN: Duration = Duration::from_secs(5);

/// What somebody else did to a write.
pub(super) enum Lost {
    /// What was read has changed: read again.
    Changed,
    /// Refused or failed.
    Failed(ScimFailure),
}

impl<E: Into<ScimFailure>> From<E> for Lost {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// AQ-25: a person made by hand is SCIM's only by the owner's choice: of the person, or of the domain of the address.
pub(super) async fn touchable(caller: &Caller, user: &User) -> Result<(), ScimFailure> {
    match user.source {
        Source::Scim | Source::SignIn => return Ok(()),
        Source::Manual if user.scim_takeover => return Ok(()),
        Source::Manual => {}
    }
    if let Some(address) = &user.email {
        let chosen = &caller.tenant().settings.scim_takeover_domains;
        if chosen.contains(address.domain()) && believes(caller, address).await? {
            return Ok(());
        }
    }
    let detail = "this person was added to the organization by hand: its owner must hand the person over to SCIM first";
    Err(ScimError::Uniqueness(detail.to_owned()).into())
}

/// GH-05: whether the address lies in a domain that the tenant has proven.
pub(super) async fn believes(caller: &Caller, address: &EmailAddress) -> Result<bool, ScimFailure> {
    let claims = caller.store.domains().await?;
    Ok(caller.store.believed(&claims).await?.believes(address))
}

/// Writes `after` over `before` with its event: all of it or nothing. Version, epoch and time are set here.
pub(super) async fn write(caller: &Caller, before: &User, mut after: User) -> Result<User, Lost> {
    after.version = before.version + 1;
    after.modified_at = caller.gatehouse.clock.now();
    if before.active && !after.active {
        // Every session, code and refresh token is over with this one write.
        after.epoch = before.epoch + 1;
    }
    let mut tx = caller.store.begin();
    if after.active && !before.active {
        take_seat(caller, &mut tx).await?;
    }
    let counted = before.active && !after.active && !guard::takes_back(before, &after);
    let _turn = if counted {
        let turn = guard::turn(caller).await;
        guard::admit(caller, before, &mut after, &mut tx).await?;
        turn
    } else {
        None
    };
    tx.update_user(before, &after);
    if after.tombstone {
        tx.depart(&after.id);
    } else if before.tombstone {
        tx.check_departed(&after.id);
    }
    tx.user_events(after.id.as_str(), after.version, vec![event(before, &after)]);
    match tx.commit().await {
        Ok(()) => Ok(after),
        Err(error) if error.refused(Guard::UserName) && !error.refused(Guard::User) => {
            Err(name_taken().into())
        }
        Err(error) if error.refused(Guard::Departure) => {
            // The memberships of the life before are cleared before the next one begins.
            let until = Instant::now() + CLEAR_WITHIN;
            work::leave_groups(&caller.store, &before.id, caller.gatehouse.clock.now(), until).await?;
            Err(Lost::Changed)
        }
        Err(error @ CommitError::Refused(_)) => {
            guard::look_again(caller, &error).await?;
            Err(Lost::Changed)
        }
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

fn event(before: &User, after: &User) -> Event {
    if after.tombstone {
        events::user_deleted(after)
    } else if before.tombstone {
        events::user_created(after, &[], &serde_json::Value::Array(Vec::new()))
    } else if before.active && !after.active {
        events::user_deactivated(after)
    } else {
        events::user_updated(after)
    }
}

/// O-9: another user has the name.
pub(super) fn name_taken() -> ScimError {
    ScimError::Uniqueness(
        "userName is taken by another user (it is compared without regard to case)".to_owned(),
    )
}

/// IL-06: takes one seat, on condition that nobody else takes one meanwhile.
pub(super) async fn take_seat(caller: &Caller, tx: &mut TenantTransaction) -> Result<(), ScimFailure> {
    let tenant = caller.tenant();
    let Some(seats) = tenant.seats else { return Ok(()) };
    let count = caller.store.count_seats().await?;
    if count.active >= u64::from(seats) {
        let ask = tenant.settings.admin_contact.as_deref();
        let ask = ask.unwrap_or("the organization's administrator");
        return Err(ScimError::Forbidden(format!(
            "seats_used_up: all {seats} booked seats are in use; ask {ask}"
        ))
        .into());
    }
    tx.hold_seats(count);
    Ok(())
}
