//! Decide, and write everything in one transaction: attempt and one-time id consumed; identity, user, team, session,
//! code and event written; conditions on user and connection.

use chrono::{DateTime, Utc};
use futures_util::future::try_join;
use serde_json::json;

use super::decide::{Decision, Facts, Linked, decide};
use super::provision::{self, Newcomer};
use super::refusal::SignInRefusal;
use super::{FinishError, Step, Verified, without_session};
use crate::app::attempt::{Attempt, Purpose};
use crate::app::{Gatehouse, events};
use crate::domain::email::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::recheck::{Recheck, hour_of, next_check};
use crate::domain::team::Source;
use crate::domain::upstream::SealedToken;
use crate::domain::user::User;
use crate::store::{
    AuditRecord, CommitError, Guard, KnownIdentity, LinkedIdentity, SignInContext, TenantTransaction,
};
use crate::telemetry;

/// How often a sign-in is decided anew when what it read has changed meanwhile.
const MOST_ROUNDS: usize = 4;

/// What a sign-in consumes.
#[derive(Debug)]
pub(super) struct Ticket<'a> {
    /// The attempt that is answered.
    pub attempt: &'a Attempt,
    /// Token of the attempt, or of what was parked.
    pub token: &'a str,
    /// Whether `token` names a parked sign-in instead of an attempt.
    pub parked: bool,
    /// Whether the one-time id is still to be spent.
    pub spends_id: bool,
}

/// The user that a sign-in ends with, and what has to be written for it.
enum Entry {
    Known {
        user: UserId,
        epoch: u64,
        change: Option<Box<(User, User)>>,
    },
    Linked(Box<User>),
    New(Box<Newcomer>),
}

/// Decides and commits; decides anew when what was read has changed.
pub(super) async fn finish(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: &Verified,
    ticket: &Ticket<'_>,
    identity: Option<KnownIdentity>,
) -> Result<Step, FinishError> {
    if let Purpose::Test { test } = &ticket.attempt.purpose {
        return without_session::tested(gatehouse, context, verified, ticket, test).await;
    }
    if let Purpose::Owner { challenge } = &ticket.attempt.purpose {
        return without_session::owner(
            gatehouse,
            context,
            (verified, identity.as_ref()),
            ticket,
            challenge,
        )
        .await;
    }
    let mut identity = identity;
    let mut trusted = true;
    for _ in 0..MOST_ROUNDS {
        let round = Round {
            gatehouse,
            context,
            verified,
            ticket,
            identity: identity.as_ref(),
            trusted,
        };
        match round.run().await {
            Ok(step) => return Ok(step),
            Err(RoundError::Finish(error)) => return Err(error),
            Err(RoundError::Changed(guard)) => {
                tracing::debug!(guard = ?guard, "a sign-in is decided anew");
                let current = current_identity(gatehouse, context, verified).await?;
                // One that was forgotten may have been made anew by another sign-in: look once more at that, too.
                trusted = identity.is_some() && current.is_none();
                identity = current;
            }
        }
    }
    Err(SignInRefusal::UserNameTaken.into())
}

/// The identity as it is now. One that leads to somebody who is gone for good (30 days after the deletion) is forgotten:
/// whoever comes by it is somebody new.
async fn current_identity(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: &Verified,
) -> Result<Option<KnownIdentity>, FinishError> {
    let (connection, subject) = (&context.connection.id, &verified.person.subject);
    let store = gatehouse.store.tenant(&context.tenant.id);
    let Some(known) = store.identity(connection, subject).await? else {
        return Ok(None);
    };
    if store.user(&known.user).await?.is_some() {
        return Ok(Some(known));
    }
    let mut tx = store.begin();
    tx.unlink_identity(&LinkedIdentity {
        connection: connection.clone(),
        subject: subject.clone(),
        known,
    });
    match tx.commit().await {
        // Refused: another sign-in has forgotten it, and it may lead to somebody new.
        Ok(()) | Err(CommitError::Refused(_)) => Ok(store.identity(connection, subject).await?),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// A round that came to nothing.
enum RoundError {
    Finish(FinishError),
    Changed(Guard),
}

impl RoundError {
    /// For a transaction that is not decided anew.
    fn into_final(self) -> FinishError {
        match self {
            Self::Finish(error) => error,
            Self::Changed(_) => SignInRefusal::AttemptUnknown.into(),
        }
    }
}

impl<E: Into<FinishError>> From<E> for RoundError {
    fn from(error: E) -> Self {
        Self::Finish(error.into())
    }
}

pub(super) struct Round<'a> {
    pub(super) gatehouse: &'a Gatehouse,
    pub(super) context: &'a SignInContext,
    pub(super) verified: &'a Verified,
    pub(super) ticket: &'a Ticket<'a>,
    identity: Option<&'a KnownIdentity>,
    trusted: bool,
}

impl<'a> Round<'a> {
    /// A round that is not decided anew.
    pub(super) fn once(
        gatehouse: &'a Gatehouse,
        context: &'a SignInContext,
        (verified, identity): (&'a Verified, Option<&'a KnownIdentity>),
        ticket: &'a Ticket<'a>,
    ) -> Self {
        Self {
            gatehouse,
            context,
            verified,
            ticket,
            identity,
            trusted: false,
        }
    }
}

impl Round<'_> {
    async fn run(&self) -> Result<Step, RoundError> {
        let now = self.gatehouse.clock.now();
        let entry = match self.decide().await? {
            // The same person may have signed in for the first time since the identity was read: look once more.
            (Decision::Refuse(SignInRefusal::AnotherSubjectLinked), _) if self.trusted => {
                return Err(RoundError::Changed(Guard::Identity));
            }
            // Nobody is there any more: the identity is looked at again, and forgotten if that is for good.
            (Decision::Refuse(SignInRefusal::UserDeleted), users) if self.trusted && users.is_empty() => {
                return Err(RoundError::Changed(Guard::User));
            }
            (Decision::Refuse(refusal), _) => return Err(FinishError::from(refusal).into()),
            (Decision::Register, _) => return Ok(self.register().await?),
            (Decision::AskToLink(id), users) => return Ok(self.ask_to_link(&id, users).await?),
            (Decision::SignIn(id), users) => self.known(id, users, now)?,
            (Decision::Link(id), users) => {
                let user = users.into_iter().find(|user| user.id == id);
                Entry::Linked(Box::new(
                    user.ok_or(SignInRefusal::UserDeleted)
                        .map_err(FinishError::from)?,
                ))
            }
            (Decision::Provision, _) => {
                let address = self.address()?;
                let made =
                    provision::newcomer(self.gatehouse, self.context, &self.verified.person, address, now);
                Entry::New(Box::new(made.await?))
            }
        };
        self.write(&entry, now).await
    }

    pub(super) fn address(&self) -> Result<&EmailAddress, FinishError> {
        self.verified
            .person
            .email
            .as_ref()
            .ok_or_else(|| SignInRefusal::EmailMissing.into())
    }

    /// Reads what the decision needs. On the warm path that is nothing more: the transaction's condition on the user
    /// stands in for reading it.
    async fn decide(&self) -> Result<(Decision, Vec<User>), FinishError> {
        let store = self.gatehouse.store.tenant(&self.context.tenant.id);
        let person = &self.verified.person;
        let mut users = Vec::new();
        let mut same_address = Vec::new();
        let mut linked = Linked::Trusted;
        let mut erased = false;
        if let Some(identity) = self.identity {
            if !self.trusted || identity.email != person.email {
                users.extend(store.user(&identity.user).await?);
                linked = Linked::Read(users.first());
            }
        } else if let Some(address) = &person.email {
            let of = (&self.context.connection.id, person.subject.as_str());
            let both = try_join(store.users_by_email(address), store.was_erased(address, of));
            let (found, gone) = both.await?;
            erased = gone;
            for user in found {
                let identities = store.identities(&user.id).await?;
                let here = identities
                    .iter()
                    .any(|(connection, _)| *connection == self.context.connection.id);
                same_address.push((user, here));
            }
        }
        let facts = Facts {
            context: self.context,
            person,
            identity: self.identity,
            linked_user: linked,
            same_address: &same_address,
        };
        let decision = match decide(&facts) {
            // Whoever was erased is not made anew by signing in, as little as whom SCIM or an owner deleted.
            Decision::Provision if erased => Decision::Refuse(SignInRefusal::UserDeleted),
            decision => decision,
        };
        users.extend(same_address.into_iter().map(|(user, _)| user));
        Ok((decision, users))
    }

    /// A known user; with a lasting subject, a changed address updates the record.
    fn known(&self, id: UserId, users: Vec<User>, now: DateTime<Utc>) -> Result<Entry, FinishError> {
        let Some(user) = users.into_iter().find(|user| user.id == id) else {
            let epoch = self.identity.map_or(0, |identity| identity.epoch);
            return Ok(Entry::Known {
                user: id,
                epoch,
                change: None,
            });
        };
        let address = &self.verified.person.email;
        // Whom SCIM pushes, SCIM renames.
        let changed = address.is_some() && user.email != *address && user.source != Source::Scim;
        let epoch = user.epoch;
        let change = changed.then(|| {
            let mut after = user.clone();
            follow_user_name(&mut after, address.as_ref());
            after.email.clone_from(address);
            after.version += 1;
            after.modified_at = now;
            Box::new((user, after))
        });
        Ok(Entry::Known {
            user: id,
            epoch,
            change,
        })
    }

    async fn write(&self, entry: &Entry, now: DateTime<Utc>) -> Result<Step, RoundError> {
        let mut tx = self.begin();
        let (user, epoch) = self.write_entry(&mut tx, entry, now);
        let (token, session) = self.session(user, epoch, now)?;
        tx.put_session(&token, &session);
        let to = self.destination(&mut tx, (&session, &token), now).await?;
        self.commit(tx).await?;
        Ok(Step::SignedIn { to, session: token })
    }

    /// A transaction that consumes the ticket, while the connection is as it was read.
    pub(super) fn begin(&self) -> TenantTransaction {
        let mut tx = self.consume();
        tx.check_connection(&self.context.connection);
        tx
    }

    /// A transaction that consumes the ticket.
    pub(super) fn consume(&self) -> TenantTransaction {
        let mut tx = self.gatehouse.store.tenant(&self.context.tenant.id).begin();
        if self.ticket.parked {
            tx.consume_parked(self.ticket.token);
        } else {
            tx.consume_attempt(self.ticket.token, self.ticket.attempt.request_id.as_deref());
        }
        if self.ticket.spends_id {
            let verified = self.verified;
            if let Some(id) = &verified.one_time_id {
                tx.consume_assertion(&self.context.connection.id, id, verified.remember_until);
            }
        }
        tx
    }

    fn write_entry(&self, tx: &mut TenantTransaction, entry: &Entry, now: DateTime<Utc>) -> (UserId, u64) {
        let connection = &self.context.connection;
        let subject = &self.verified.person.subject;
        let upstream = self.upstream();
        let recheck = self.recheck(tx, upstream.as_ref(), now);
        let identity = |user: &UserId, epoch: u64| KnownIdentity {
            user: user.clone(),
            epoch,
            email: self.verified.person.email.clone(),
            linked_at: self.identity.map_or(now, |known| known.linked_at),
            last_sign_in: now,
            upstream: upstream.clone(),
            recheck: recheck.clone(),
            disabled_at: None,
        };
        match entry {
            Entry::Known { user, epoch, change } => {
                match change.as_deref() {
                    Some((before, after)) => {
                        tx.update_user(before, after);
                        tx.user_events(user.as_str(), after.version, vec![events::user_updated(after)]);
                    }
                    None => tx.check_user(user, *epoch),
                }
                let after = identity(user, *epoch);
                tx.touch_identity((&connection.id, subject), self.identity, &after);
                (user.clone(), *epoch)
            }
            Entry::Linked(user) => {
                self.note_incomplete_groups(tx, now);
                let mut after = User::clone(user);
                after.version += 1;
                after.modified_at = now;
                tx.update_user(user, &after);
                tx.create_identity(&connection.id, subject, &identity(&user.id, user.epoch));
                let linked = events::identity_linked(&after, connection, now);
                tx.user_events(user.id.as_str(), after.version, vec![linked]);
                (user.id.clone(), user.epoch)
            }
            Entry::New(newcomer) => {
                self.note_incomplete_groups(tx, now);
                provision::write(tx, self.context, newcomer);
                let user = &newcomer.user;
                tx.create_identity(&connection.id, subject, &identity(&user.id, user.epoch));
                (user.id.clone(), user.epoch)
            }
        }
    }

    /// E-32: at the first sign-in the owner's trail says that the groups were too many to come.
    fn note_incomplete_groups(&self, tx: &mut TenantTransaction, now: DateTime<Utc>) {
        if !self.verified.person.groups_incomplete {
            return;
        }
        let data = json!({ "connection": self.context.connection.id });
        match AuditRecord::new(now, "sign_in.groups_incomplete", data) {
            Ok(record) => tx.audit(&record),
            Err(error) => tracing::error!(error = %error, "incomplete groups were not recorded"),
        }
    }

    /// What is known of the refresh token; an account that has its first one begins to wait for its check.
    fn recheck(
        &self,
        tx: &mut TenantTransaction,
        upstream: Option<&SealedToken>,
        now: DateTime<Utc>,
    ) -> Option<Recheck> {
        upstream?;
        let Some(before) = self.identity.and_then(|identity| identity.recheck.clone()) else {
            let (connection, subject) = (&self.context.connection.id, &self.verified.person.subject);
            tx.await_recheck(connection, subject, hour_of(next_check(subject, now)));
            return Some(Recheck::default());
        };
        let renewed = self.verified.person.upstream.is_some();
        Some(if renewed { before.renewed() } else { before })
    }

    /// The newest refresh token of the identity provider: providers need not give one at every sign-in.
    fn upstream(&self) -> Option<SealedToken> {
        let before = self.identity.and_then(|identity| identity.upstream.clone());
        self.verified.person.upstream.clone().or(before)
    }

    async fn commit(&self, tx: TenantTransaction) -> Result<(), RoundError> {
        let error = match tx.commit().await {
            Ok(()) => {
                let now = self.gatehouse.clock.now();
                telemetry::metrics("sign_ins", now, &[("SignIns", 1), ("SignInsRefused", 0)]);
                return Ok(());
            }
            Err(CommitError::Store(error)) => return Err(FinishError::from(error).into()),
            Err(error) => error,
        };
        if error.refused(Guard::OneTimeId) {
            return Err(FinishError::from(SignInRefusal::Replayed).into());
        }
        if error.refused(Guard::Attempt) {
            return Err(FinishError::from(SignInRefusal::AttemptUnknown).into());
        }
        if error.refused(Guard::Connection) {
            // Changed within the minute that it is remembered for: whoever receives the answer looks again.
            self.gatehouse
                .store
                .front_door()
                .forget_context(&self.context.connection.id);
            return Err(FinishError::from(SignInRefusal::AttemptUnknown).into());
        }
        match error {
            CommitError::Refused(guards) => Err(RoundError::Changed(
                guards.first().copied().unwrap_or(Guard::Fresh),
            )),
            CommitError::Store(error) => Err(FinishError::from(error).into()),
        }
    }

    /// Commits what holds no record that could have changed: a refusal is final.
    pub(super) async fn commit_once(&self, tx: TenantTransaction) -> Result<(), FinishError> {
        self.commit(tx).await.map_err(RoundError::into_final)
    }
}

/// A user made at sign-in is named by the address: the name follows it, so that the old address is free again.
fn follow_user_name(user: &mut User, address: Option<&EmailAddress>) {
    let named_by_address = user
        .email
        .as_ref()
        .is_some_and(|old| old.as_str() == user.user_name);
    if let (Source::SignIn, true, Some(address)) = (user.source, named_by_address, address) {
        address.as_str().clone_into(&mut user.user_name);
    }
}

/// Links the identity to this very user, whose address the person has proven by a mailed code.
pub(super) async fn link(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: &Verified,
    ticket: &Ticket<'_>,
    user: &UserId,
) -> Result<Step, FinishError> {
    let round = Round::once(gatehouse, context, (verified, None), ticket);
    let user = gatehouse.store.tenant(&context.tenant.id).user(user).await?;
    let user = user
        .filter(|user| user.active)
        .ok_or(SignInRefusal::UserInactive)?;
    let entry = Entry::Linked(Box::new(user));
    round
        .write(&entry, gatehouse.clock.now())
        .await
        .map_err(RoundError::into_final)
}
