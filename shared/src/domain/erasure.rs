//! A person's erasure: how far it came, what it removed, and what it looks for while it is under way.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::UserId;
use super::sync_guard::SyncMark;
use super::user::{PersonDetails, User};
use crate::redacted::Personal;

/// Stands where something of an erased person stood.
pub const PSEUDONYM: &str = "[erased]";

/// What an erasure does, in this order. The record itself goes with the request, and every access with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureStep {
    /// Places in teams.
    Teams,
    /// Memberships of groups.
    Groups,
    /// Whom connections vouched for.
    Identities,
    /// Sessions and refresh tokens, which are of no use since the request.
    Sessions,
    /// The person's own events, kept for replay.
    Events,
    /// The tenant's mails and events that are still in the outbox.
    Outbox,
    /// Who is reminded of deadlines.
    Contacts,
    /// The audit trail.
    Audit,
    /// Nothing is left.
    Done,
}

impl ErasureStep {
    /// The step after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Teams => Self::Groups,
            Self::Groups => Self::Identities,
            Self::Identities => Self::Sessions,
            Self::Sessions => Self::Events,
            Self::Events => Self::Outbox,
            Self::Outbox => Self::Contacts,
            Self::Contacts => Self::Audit,
            Self::Audit | Self::Done => Self::Done,
        }
    }
}

/// A person's erasure. When it is done it names nobody: the id is the only thing that is left of the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The person.
    pub user: UserId,
    /// What is done now.
    pub step: ErasureStep,
    /// Where the step goes on.
    pub after: Option<String>,
    /// What the person was known by; empty once it is done.
    pub known: KnownValues,
    /// What was taken away, by kind.
    pub removed: BTreeMap<String, u64>,
    /// What stays without the person, by kind.
    pub pseudonymized: BTreeMap<String, u64>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When nothing was left.
    pub finished_at: Option<DateTime<Utc>>,
    /// Until then nobody is made anew by signing in as this person.
    pub remembered_until: DateTime<Utc>,
    /// Raised by every step.
    pub version: u64,
}

impl Erasure {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.step == ErasureStep::Done
    }

    /// The erasure after a step that found nothing more.
    #[must_use]
    pub fn advanced(&self, now: DateTime<Utc>) -> Self {
        let step = self.step.next();
        let done = step == ErasureStep::Done;
        Self {
            step,
            after: None,
            known: if done {
                KnownValues::default()
            } else {
                self.known.clone()
            },
            finished_at: done.then_some(now),
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// The erasure after a part of a step, which goes on at `after`.
    #[must_use]
    pub fn noted(&self, after: Option<String>) -> Self {
        Self {
            after,
            version: self.version + 1,
            ..self.clone()
        }
    }
}

/// What a person was known by: addresses, names, numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnownValues(Personal<Vec<String>>);

impl KnownValues {
    /// What the record says.
    #[must_use]
    pub fn of(user: &User) -> Self {
        let mut known = Self::default();
        known.learn(Some(&user.user_name));
        known.learn(Some(&user.display_name()));
        known.learn(user.email.as_ref().map(super::email::EmailAddress::as_str));
        let PersonDetails {
            given_name,
            family_name,
            mobile,
            picture,
            position: _,
            department: _,
        } = &user.details;
        for value in [given_name, family_name, mobile, picture] {
            known.learn(value.as_deref());
        }
        if let Some(record) = &user.scim {
            known.learn(record.external_id());
            record.addresses().for_each(|address| known.learn(Some(address)));
            for name in [
                "userName",
                "name",
                "phoneNumbers",
                "nickName",
                "addresses",
                "photos",
            ] {
                if let Some(value) = record.attributes.get(name) {
                    known.learn_texts(value);
                }
            }
        }
        known
    }

    /// Learns one more value.
    pub fn learn(&mut self, value: Option<&str>) {
        let Some(value) = value.map(str::trim).filter(|value| value.chars().count() > 1) else {
            return;
        };
        let value = value.to_lowercase();
        if !self.0.0.contains(&value) {
            self.0.0.push(value);
        }
    }

    /// Learns what an event says of its person.
    pub fn learn_event(&mut self, person: &Value) {
        let at = |name: &str| person.pointer(name).and_then(Value::as_str);
        let values = [
            "/user_name",
            "/email",
            "/name",
            "/details/given_name",
            "/details/family_name",
            "/details/mobile",
            "/details/picture",
        ];
        values.into_iter().for_each(|name| self.learn(at(name)));
    }

    fn learn_texts(&mut self, value: &Value) {
        match value {
            Value::String(text) if !is_a_word(text) => self.learn(Some(text)),
            Value::Array(values) => values.iter().for_each(|value| self.learn_texts(value)),
            Value::Object(fields) => {
                // What kind of number or address it is says nothing of the person.
                let told = fields
                    .iter()
                    .filter(|(name, _)| *name != "type" && *name != "country");
                told.for_each(|(_, value)| self.learn_texts(value));
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether an address is one of the person's.
    #[must_use]
    pub fn has(&self, address: &str) -> bool {
        self.0.0.contains(&address.to_lowercase())
    }

    /// Puts [`PSEUDONYM`] where a text is one of the person's values, or holds an address or a number of the person's.
    /// Whether anything changed.
    pub fn scrub(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) if self.tells(text) => {
                PSEUDONYM.clone_into(text);
                true
            }
            Value::Array(values) => values
                .iter_mut()
                .fold(false, |changed, value| self.scrub(value) | changed),
            Value::Object(fields) => fields
                .values_mut()
                .fold(false, |changed, value| self.scrub(value) | changed),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn tells(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let unmistakable = |known: &&String| known.contains('@') || known.starts_with('+');
        self.0.0.contains(&text)
            || self
                .0
                .0
                .iter()
                .filter(unmistakable)
                .any(|known| text.contains(known.as_str()))
    }
}

/// Too short, or a word of the schema, to be anybody's.
fn is_a_word(text: &str) -> bool {
    text.chars().count() < 3
}

/// What stays of the record: that there was somebody of this id, who never comes in again.
#[must_use]
pub fn erased(user: &User, now: DateTime<Utc>) -> User {
    User {
        user_name: nameless(user.id.as_str()),
        email: None,
        details: PersonDetails::default(),
        active: false,
        tombstone: true,
        scim_takeover: false,
        scim: None,
        sync: SyncMark::default(),
        version: user.version + 1,
        epoch: user.epoch + 1,
        modified_at: now,
        ..user.clone()
    }
}

/// The user name of somebody erased.
#[must_use]
pub fn nameless(id: &str) -> String {
    format!("erased {id}")
}

#[cfg(test)]
#[path = "erasure_tests.rs"]
mod tests;
