//! Freshness (DESIGN section 3): when a session answers at once, when the IdP is asked again, and whether its answer
//! is fresh enough (OpenID Connect Core section 3.1.2.1, `prompt` and `max_age`).

use chrono::{DateTime, TimeDelta, Utc};

use super::authorize::Prompt;

/// How far the IdP's clock may be off.
pub const SKEW: TimeDelta = TimeDelta::minutes(3);

/// The instants of a session in one organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// When the person authenticated, as the IdP says.
    pub auth_time: DateTime<Utc>,
    /// When access to the organization ends unless the IdP vouches again.
    pub access_ends_at: DateTime<Utc>,
    /// When the session ends.
    pub session_ends_at: DateTime<Utc>,
}

/// What the app asks about freshness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `prompt`.
    pub prompt: Prompt,
    /// `max_age`, in seconds.
    pub max_age: Option<u32>,
}

impl Asked {
    fn max_age(self) -> Option<TimeDelta> {
        self.max_age.map(|seconds| TimeDelta::seconds(seconds.into()))
    }
}

/// What to do with an authorization request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The session answers at once.
    Fresh,
    /// A sign-in follows.
    SignIn {
        /// The IdP must authenticate anew (ForceAuthn, `prompt=login`), and its answer must be fresh.
        force: bool,
        /// The person chooses the account again.
        choose_account: bool,
    },
    /// `prompt=none`, and a sign-in would be needed: `login_required`.
    LoginRequired,
}

/// When access to an organization ends: `limit` after the IdP last vouched, or when the IdP said so (SE-08).
#[must_use]
pub fn access_ends_at(
    confirmed_at: DateTime<Utc>,
    limit: TimeDelta,
    session_not_on_or_after: Option<DateTime<Utc>>,
) -> DateTime<Utc> {
    let own = confirmed_at + limit;
    session_not_on_or_after.map_or(own, |idp| own.min(idp))
}

/// Whether the session answers, given what the app asks.
#[must_use]
pub fn needs_reauthentication(session: Option<&SessionFacts>, asked: Asked, now: DateTime<Utc>) -> Freshness {
    let live = session.filter(|s| now < s.access_ends_at && now < s.session_ends_at);
    let young = |s: &SessionFacts| asked.max_age().is_none_or(|limit| now <= s.auth_time + limit);
    let answers = live.is_some_and(young) && !asked.prompt.login && !asked.prompt.select_account;
    if answers {
        Freshness::Fresh
    } else if asked.prompt.none {
        Freshness::LoginRequired
    } else {
        Freshness::SignIn {
            force: asked.prompt.login || asked.max_age.is_some(),
            choose_account: asked.prompt.select_account,
        }
    }
}

/// Why an IdP's answer is not fresh enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaleAnswer {
    /// The IdP does not say when the person authenticated, and the app asked.
    #[error(
        "the app asked for a fresh sign-in, and the identity provider did not say when the person signed in"
    )]
    Unknown,
    /// The IdP answered from an old session of its own.
    #[error("the app asked for a fresh sign-in, and the identity provider answered from an old one")]
    Old,
    /// The IdP says the future.
    #[error("the identity provider says that the person signed in in the future")]
    Future,
}

impl StaleAnswer {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "freshness_auth_time_missing",
            Self::Old => "freshness_auth_time_old",
            Self::Future => "freshness_auth_time_future",
        }
    }
}

/// Whether the IdP's answer is as fresh as the app asked. `started_at` is when the IdP was asked.
///
/// # Errors
/// [`StaleAnswer`].
pub fn check_answer(
    asked: Asked,
    started_at: DateTime<Utc>,
    auth_time: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), StaleAnswer> {
    if auth_time.is_some_and(|at| at > now + SKEW) {
        return Err(StaleAnswer::Future);
    }
    let by_prompt = asked.prompt.login.then_some(started_at);
    let by_age = asked.max_age().map(|limit| now - limit);
    let Some(oldest) = by_prompt.max(by_age) else {
        return Ok(());
    };
    let auth_time = auth_time.ok_or(StaleAnswer::Unknown)?;
    if auth_time + SKEW < oldest {
        Err(StaleAnswer::Old)
    } else {
        Ok(())
    }
}
