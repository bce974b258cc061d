//! One account: whether it is to be checked, the lease, and what the answer makes of it.
//!
//! A provider may give a new refresh token for each that is used, and take a used one that comes again for a stolen one.
//! So it is written down before the token is sent, and the new one is written in the transaction that takes the note
//! away: a crash between the two leaves the note, and a later refusal of the old token disables nobody.

use chrono::{DateTime, Utc};

use super::answer::{self, Answer};
use super::{Failures, Outcome};
use crate::app::{Gatehouse, events, upstream};
use crate::domain::connection::{ConnectionState, Protocol};
use crate::domain::recheck::{EVERY, RETRY, Recheck, hour_of, next_check};
use crate::domain::upstream::{SealedToken, TokenKind};
use crate::domain::user::User;
use crate::redacted::Secret;
use crate::store::{CommitError, DueAccount, KnownIdentity, SignInContext, TenantStore};

/// How often an end is written anew when the user's record changed meanwhile.
const MOST_ROUNDS: usize = 4;

/// Checks an account that is due.
pub(super) async fn check(
    gatehouse: &Gatehouse,
    failures: &Failures,
    due: &DueAccount,
) -> Result<Outcome, CommitError> {
    let now = gatehouse.clock.now();
    let account = Account {
        store: gatehouse.store.tenant(&due.tenant),
        gatehouse,
        due,
        now,
    };
    let Some(identity) = account.store.identity(&due.connection, &due.subject).await? else {
        return account.forget(None).await;
    };
    let (Some(sealed), Some(recheck)) = (identity.upstream.clone(), identity.recheck.clone()) else {
        return account.forget(Some(&identity)).await;
    };
    let door = gatehouse.store.front_door();
    let context = door.sign_in_context(&due.connection).await?;
    let Some(context) = context.as_deref().filter(|context| wants_checks(context)) else {
        return account.forget(Some(&identity)).await;
    };
    let user = account.store.user(&identity.user).await?;
    let Some(user) = user.filter(|user| !user.tombstone || user.active) else {
        return account.forget(Some(&identity)).await;
    };
    if recheck.is_leased(now) {
        return Ok(Outcome::Busy);
    }
    let vouched_until = identity.last_sign_in + EVERY;
    if vouched_until > now {
        return account
            .postpone(next_check(&due.subject, identity.last_sign_in))
            .await;
    }
    let waits = !user.active
        || context.connection.state != ConnectionState::Active
        || failures.too_many(&due.connection);
    if waits {
        return account.postpone(now + RETRY).await;
    }
    account.ask(context, &identity, (&sealed, &recheck)).await
}

/// Whether the connection's owner wants accounts to be checked.
fn wants_checks(context: &SignInContext) -> bool {
    match &context.connection.protocol {
        Protocol::Oidc(oidc) => oidc.settings.offline_access,
        Protocol::GitHub(github) => github.settings.recheck,
        Protocol::Saml(_) => false,
    }
}

struct Account<'a> {
    gatehouse: &'a Gatehouse,
    store: TenantStore,
    due: &'a DueAccount,
    now: DateTime<Utc>,
}

impl Account<'_> {
    fn place(&self) -> (&crate::domain::ids::ConnectionId, &str) {
        (&self.due.connection, &self.due.subject)
    }

    /// Checked no more: the token goes, and the place in the queue.
    async fn forget(&self, identity: Option<&KnownIdentity>) -> Result<Outcome, CommitError> {
        let mut tx = self.store.begin();
        tx.leave_recheck(self.due);
        if let Some(before) = identity {
            tx.replace_identity(self.place(), before, &without_token(before));
        }
        tx.commit().await?;
        Ok(Outcome::Dropped)
    }

    /// Moves the account to the queue of a later hour.
    async fn postpone(&self, until: DateTime<Utc>) -> Result<Outcome, CommitError> {
        let mut tx = self.store.begin();
        tx.leave_recheck(self.due);
        tx.await_recheck(&self.due.connection, &self.due.subject, self.later(until));
        tx.commit().await?;
        Ok(Outcome::Postponed)
    }

    /// The hour of an instant, and never the one whose queue the account is to leave.
    fn later(&self, until: DateTime<Utc>) -> DateTime<Utc> {
        hour_of(until.max(self.now + RETRY))
    }

    async fn ask(
        &self,
        context: &SignInContext,
        identity: &KnownIdentity,
        (sealed, recheck): (&SealedToken, &Recheck),
    ) -> Result<Outcome, CommitError> {
        let tenant = &self.due.tenant;
        let token = match upstream::open(self.gatehouse, tenant, self.place(), sealed).await {
            Ok(Some(token)) => token,
            // Its key is gone: nobody can use it any more.
            Ok(None) => return self.forget(Some(identity)).await,
            Err(error) => {
                tracing::error!(connection = %self.due.connection, error = %error, "a sealed token could not be opened");
                return Ok(Outcome::Failed);
            }
        };
        let asking = KnownIdentity {
            recheck: Some(recheck.asking(self.now)),
            ..identity.clone()
        };
        let mut tx = self.store.begin();
        tx.replace_identity(self.place(), identity, &asking);
        tx.commit().await?;
        let answer = answer::ask(self.gatehouse, context, &self.due.subject, (sealed.kind, &token)).await;
        self.take(&asking, answer).await
    }

    /// Writes what the answer makes of the account. Somebody may have signed in meanwhile: then their token is the newer.
    async fn take(&self, asked: &KnownIdentity, answer: Answer) -> Result<Outcome, CommitError> {
        let counts = asked.recheck.as_ref().is_some_and(Recheck::refusal_counts);
        for _ in 0..MOST_ROUNDS {
            let current = self
                .store
                .identity(&self.due.connection, &self.due.subject)
                .await?;
            let same = |current: &KnownIdentity| {
                (&current.upstream, &current.recheck) == (&asked.upstream, &asked.recheck)
            };
            let Some(current) = current.filter(same) else {
                return Ok(Outcome::Busy);
            };
            let written = match &answer {
                Answer::Confirmed(token) => {
                    let next = next_check(&self.due.subject, self.now);
                    self.taken(&current, token.as_ref(), (next, Outcome::Confirmed))
                        .await
                }
                Answer::Replaced(token) => {
                    let next = (self.now + RETRY, Outcome::Unanswered);
                    self.taken(&current, Some(token), next).await
                }
                Answer::Gone => self.over(&current, true).await,
                Answer::Over => self.over(&current, counts).await,
                Answer::Revoked => self.over(&current, false).await,
                Answer::ClientRefused => self.unused(&current, Outcome::ClientRefused).await,
                Answer::NotNow => self.unused(&current, Outcome::Unanswered).await,
                Answer::Lost => self.postpone(self.now + RETRY).await.map(|_| Outcome::Unanswered),
            };
            match written {
                Err(CommitError::Refused(_)) => {}
                done => return done,
            }
        }
        Ok(Outcome::Busy)
    }

    /// The provider took the token: its new one, where one came, is written with the next date.
    async fn taken(
        &self,
        current: &KnownIdentity,
        token: Option<&Secret>,
        (next, outcome): (DateTime<Utc>, Outcome),
    ) -> Result<Outcome, CommitError> {
        let tenant = &self.due.tenant;
        let token = token.map(|token| (TokenKind::Refresh, token));
        let replaced = match token {
            Some(token) => match upstream::seal(self.gatehouse, tenant, self.place(), token).await {
                Ok(sealed) => Some(sealed),
                Err(error) => {
                    tracing::error!(connection = %self.due.connection, error = %error, "a new token could not be sealed");
                    return Ok(Outcome::Failed);
                }
            },
            None => None,
        };
        let recheck = current.recheck.clone().unwrap_or_default();
        let after = KnownIdentity {
            recheck: Some(recheck.confirmed(replaced.is_some())),
            upstream: replaced.or_else(|| current.upstream.clone()),
            ..current.clone()
        };
        self.wait_as(current, &after, next).await?;
        Ok(outcome)
    }

    /// The token is as good as before; the account waits.
    async fn unused(&self, current: &KnownIdentity, outcome: Outcome) -> Result<Outcome, CommitError> {
        let recheck = current.recheck.clone().unwrap_or_default();
        let after = KnownIdentity {
            recheck: Some(recheck.unused()),
            ..current.clone()
        };
        self.wait_as(current, &after, self.now + RETRY).await?;
        Ok(outcome)
    }

    /// Writes the identity, and moves the account to the queue of a later hour.
    async fn wait_as(
        &self,
        before: &KnownIdentity,
        after: &KnownIdentity,
        until: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        let mut tx = self.store.begin();
        tx.replace_identity(self.place(), before, after);
        tx.leave_recheck(self.due);
        tx.await_recheck(&self.due.connection, &self.due.subject, self.later(until));
        tx.commit().await
    }

    /// Every session ends, in one write with the token's end. `disabled` where the provider's refusal is about the
    /// person; else the person only has to sign in again.
    async fn over(&self, current: &KnownIdentity, disabled: bool) -> Result<Outcome, CommitError> {
        let mut after = without_token(current);
        after.disabled_at = disabled.then_some(self.now);
        let mut tx = self.store.begin();
        tx.replace_identity(self.place(), current, &after);
        tx.leave_recheck(self.due);
        if let Some(before) = self.store.user(&current.user).await? {
            let user = User {
                epoch: before.epoch + 1,
                version: before.version + 1,
                modified_at: self.now,
                ..before.clone()
            };
            let mut told = vec![events::sessions_revoked(&user)];
            if disabled {
                told.push(events::identity_disabled(&user, &self.due.connection));
            }
            tx.update_user(&before, &user);
            tx.user_events(user.id.as_str(), user.version, told);
        }
        tx.commit().await?;
        Ok(if disabled {
            Outcome::Disabled
        } else {
            Outcome::Renew
        })
    }
}

/// An identity that is not checked.
fn without_token(identity: &KnownIdentity) -> KnownIdentity {
    KnownIdentity {
        upstream: None,
        recheck: None,
        ..identity.clone()
    }
}
