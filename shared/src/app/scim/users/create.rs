//! POST of a user (RFC 7644, section 3.3): one transaction, and what there is to be read when it does not hold.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::super::{Caller, ScimFailure};
use super::existing::{self, Lost};
use super::{ShownUser, person, show};
use crate::app::events;
use crate::domain::ids::UserId;
use crate::domain::scim_record::Made;
use crate::domain::sync_guard::SyncMark;
use crate::domain::team::Source;
use crate::domain::user::{PersonDetails, User};
use crate::scim::list::Projection;
use crate::scim::{ResourceKind, normalize};
use crate::store::{CommitError, Guard, Patience, UserInGroups};

/// How long the retry of a creating POST is known as one (E-13).
const RETRIED: TimeDelta = TimeDelta::minutes(10);

/// Makes a user. Somebody inactive or deleted of the same name comes back under the same id; a person who came by
/// sign-in is taken over (AQ-25); the retry of a POST that was done is answered like the first one.
///
/// # Errors
/// [`crate::scim::ScimError`]: `Uniqueness`, if an active user has the name or the person was made by hand;
/// `Forbidden`, if no seat is left; and whatever is wrong with the body.
pub async fn create(
    caller: &Caller,
    body: &Value,
    projection: &Projection,
) -> Result<ShownUser, ScimFailure> {
    let incoming = normalize::resource(ResourceKind::User, body)?;
    let wanted = Wanted::of(caller, incoming.attributes)?;
    let mut patience = Patience::new();
    let mut heeds_claim = true;
    loop {
        let lost = match once(caller, &wanted, heeds_claim).await {
            Ok(Outcome::Made(made)) => return Ok(show(caller, *made, projection)),
            Ok(Outcome::Unbelieved) => {
                heeds_claim = false;
                continue;
            }
            Err(lost) => lost,
        };
        match lost {
            Lost::Changed => patience.wait("a change of a user").await?,
            Lost::Failed(failure) => return Err(failure),
        }
    }
}

/// What a POST asks for.
struct Wanted {
    attributes: Map<String, Value>,
    made: Made,
    /// The user that it makes where there is none.
    user: User,
}

enum Outcome {
    Made(Box<UserInGroups>),
    /// Somebody has the address, but it proves nothing: it is in no proven domain.
    Unbelieved,
}

impl Wanted {
    fn of(caller: &Caller, attributes: Map<String, Value>) -> Result<Self, ScimFailure> {
        let now = caller.gatehouse.clock.now();
        let attributes = person::with_active(attributes, true);
        let text = Value::Object(attributes.clone()).to_string();
        let made = Made {
            digest: URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes())),
            at: now,
        };
        let mut user = User {
            id: UserId::generate()?,
            tenant: caller.tenant().id.clone(),
            user_name: String::new(),
            email: None,
            details: PersonDetails::default(),
            role: role_of_new_users(caller),
            active: true,
            source: Source::Scim,
            tombstone: false,
            scim_takeover: false,
            scim: None,
            sync: SyncMark::default(),
            version: 1,
            epoch: 1,
            created_at: now,
            modified_at: now,
        };
        person::absorb(&mut user, attributes.clone(), Some(made.clone()))?;
        Ok(Self {
            attributes,
            made,
            user,
        })
    }

    /// Whether this is the POST that made the user, sent again because its answer was lost.
    fn repeats(&self, user: &User) -> bool {
        let made = user.scim.as_ref().and_then(|record| record.made.as_ref());
        made.is_some_and(|made| made.digest == self.made.digest && self.made.at - made.at < RETRIED)
    }
}

fn role_of_new_users(caller: &Caller) -> String {
    let catalogue = &caller.gatehouse.config.role_catalogue;
    caller.tenant().role_of_new_users(catalogue)
}

/// One request where nobody has the name and no seats are booked.
async fn once(caller: &Caller, wanted: &Wanted, heeds_claim: bool) -> Result<Outcome, Lost> {
    let user = &wanted.user;
    let mut tx = caller.store.begin();
    if user.active {
        existing::take_seat(caller, &mut tx).await?;
    }
    tx.create_user(user);
    if let Some(address) = user.email.as_ref().filter(|_| heeds_claim) {
        tx.check_unclaimed(address);
    }
    let created = events::user_created(user, &[], &Value::Array(Vec::new()));
    tx.user_events(user.id.as_str(), user.version, vec![created]);
    match tx.commit().await {
        Ok(()) => Ok(Outcome::Made(Box::new(UserInGroups {
            user: user.clone(),
            groups: Vec::new(),
        }))),
        Err(error) if error.refused(Guard::UserName) => by_name(caller, wanted).await,
        Err(error) if error.refused(Guard::Address) => by_address(caller, wanted).await,
        Err(CommitError::Refused(_)) => Err(Lost::Changed),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Somebody has the name, or had it.
async fn by_name(caller: &Caller, wanted: &Wanted) -> Result<Outcome, Lost> {
    let found = caller.store.id_by_name(&wanted.user.user_name).await?;
    let Some(found) = by_id(caller, found).await? else {
        return Err(Lost::Changed);
    };
    let user = &found.user;
    if caller.is_root(user.id.as_str()) {
        return Err(existing::name_taken().into());
    }
    if user.source == Source::Scim && user.active {
        return if wanted.repeats(user) {
            Ok(Outcome::Made(Box::new(found)))
        } else {
            Err(existing::name_taken().into())
        };
    }
    take(caller, wanted, found).await
}

/// Somebody who did not come by SCIM has the address: the same person, if the tenant's domains say so (GH-05).
async fn by_address(caller: &Caller, wanted: &Wanted) -> Result<Outcome, Lost> {
    let Some(address) = &wanted.user.email else {
        return Err(Lost::Changed);
    };
    if !existing::believes(caller, address).await? {
        return Ok(Outcome::Unbelieved);
    }
    let found = caller.store.id_by_claim(address).await?;
    let Some(found) = by_id(caller, found).await? else {
        return Err(Lost::Changed);
    };
    if caller.is_root(found.user.id.as_str()) {
        let taken = "this address belongs to the creator of the organization, who is not provisioned by SCIM";
        return Err(crate::scim::ScimError::Uniqueness(taken.to_owned()).into());
    }
    take(caller, wanted, found).await
}

async fn by_id(caller: &Caller, id: Option<String>) -> Result<Option<UserInGroups>, ScimFailure> {
    match id.and_then(|id| UserId::parse(&id).ok()) {
        Some(id) => Ok(caller.store.user_in_groups(&id).await?),
        None => Ok(None),
    }
}

/// Gives a user that is there what the POST asks for, under the same id.
async fn take(caller: &Caller, wanted: &Wanted, found: UserInGroups) -> Result<Outcome, Lost> {
    let before = &found.user;
    if !before.tombstone {
        existing::touchable(caller, before).await?;
    }
    let mut after = before.clone();
    person::absorb(&mut after, wanted.attributes.clone(), Some(wanted.made.clone()))?;
    if before.tombstone {
        after.role = role_of_new_users(caller);
    }
    let user = existing::write(caller, before, after).await?;
    let groups = if before.tombstone {
        Vec::new()
    } else {
        found.groups
    };
    Ok(Outcome::Made(Box::new(UserInGroups { user, groups })))
}
