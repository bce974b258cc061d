//! What reminders say, in words.

use chrono::{DateTime, TimeDelta, Utc};

use super::steps::steps;
use crate::domain::deadline::{DeadlineKind, TimeZone};
use crate::domain::letter::{ExpiringLetter, ExpiryDigestLetter};

/// A day and time as people read it.
const IN_WORDS: &str = "%A, %-d %B %Y, %H:%M";

/// A reminder, as its templates show it.
pub(super) struct Expiry<'a> {
    pub title: String,
    /// What expires, with its article at a sentence's start.
    pub thing: String,
    /// "expires in 14 days (…)".
    pub when: String,
    pub at_utc: String,
    /// The same where the owner is; absent in UTC.
    pub at_local: Option<String>,
    pub organization: &'a str,
    /// The row's label of [`Expiry::name`].
    pub called: &'static str,
    pub name: &'a str,
    pub consequence: &'static str,
    pub steps: Vec<&'static str>,
    pub portal: &'a str,
}

impl<'a> Expiry<'a> {
    pub fn of(letter: &'a ExpiringLetter) -> Self {
        let what = words(letter.kind);
        let left = letter.expires_at - letter.now;
        let when = when(left);
        let zone = letter.zone;
        let at_local = (zone != TimeZone::default()).then(|| {
            let there = zone.at(letter.expires_at).format(IN_WORDS);
            format!("{there} ({})", zone.name())
        });
        Self {
            title: format!("{} of {} {when}", capital(what.thing), letter.name),
            thing: capital(what.thing),
            when,
            at_utc: utc(letter.expires_at),
            at_local,
            organization: &letter.organization,
            called: what.called,
            name: &letter.name,
            consequence: what.consequence,
            steps: steps(letter.kind, &letter.brand),
            portal: &letter.portal,
        }
    }
}

/// The operator's digest, as its templates show it.
pub(super) struct Digest {
    pub title: String,
    pub rows: Vec<DigestRow>,
    pub more: usize,
}

/// One line of the digest.
pub(super) struct DigestRow {
    pub whose: String,
    pub thing: String,
    pub name: String,
    pub when: String,
    pub at_utc: String,
    pub told: String,
}

impl Digest {
    pub fn of(letter: &ExpiryDigestLetter) -> Self {
        let rows = letter.entries.iter().map(|entry| DigestRow {
            whose: entry.organization.clone(),
            thing: capital(words(entry.kind).thing),
            name: entry.name.clone(),
            when: when(entry.expires_at - letter.now),
            at_utc: utc(entry.expires_at),
            told: match entry.told {
                None => "yours to do".to_owned(),
                Some(0) => "nobody could be told".to_owned(),
                Some(1) => "1 person told".to_owned(),
                Some(count) => format!("{count} people told"),
            },
        });
        let count = letter.entries.len() + letter.more;
        let things = if count == 1 { "deadline" } else { "deadlines" };
        Self {
            title: format!("{count} {things} that people were reminded of on {}", letter.day),
            rows: rows.collect(),
            more: letter.more,
        }
    }
}

struct Words {
    thing: &'static str,
    called: &'static str,
    consequence: &'static str,
}

fn words(kind: DeadlineKind) -> Words {
    let (thing, called, consequence) = match kind {
        DeadlineKind::ClientSecret => (
            "the client secret",
            "Connection",
            "Once it has expired, nobody can sign in by this connection.",
        ),
        DeadlineKind::ClientKey => (
            "the client key",
            "Connection",
            "Once it has expired, your identity provider may refuse us, and nobody can sign in by this connection.",
        ),
        DeadlineKind::IdpCertificate => (
            "the identity provider\u{2019}s signing certificate",
            "Connection",
            "Your identity provider will sign with another certificate then. Until we know that one, nobody can sign in by this connection.",
        ),
        DeadlineKind::SpSigningCertificate => (
            "our signing certificate",
            "Connection",
            "Once it has expired, your identity provider may refuse our requests, and nobody can sign in by this connection.",
        ),
        DeadlineKind::SpEncryptionCertificate => (
            "our encryption certificate",
            "Connection",
            "Once it has expired, your identity provider may stop to encrypt for us, and nobody can sign in by this connection.",
        ),
        DeadlineKind::OpKey => (
            "the token signing key",
            "Key",
            "Keys that are not rotated weaken every sign-in.",
        ),
        DeadlineKind::ScimKey => (
            "the SCIM key",
            "Key",
            "Once it has expired, your identity provider can no longer add, change or remove people here.",
        ),
        DeadlineKind::OwnerKey => (
            "the API key",
            "Key",
            "Once it has expired, programs that use it are refused.",
        ),
        DeadlineKind::AppClientSecret => (
            "the app client\u{2019}s secret",
            "App client",
            "Once it has expired, the app can no longer complete a sign-in.",
        ),
        DeadlineKind::DomainProof => (
            "the proof",
            "Domain",
            "Its DNS record is missing. Once the proof has lapsed, no accounts are made or linked by addresses of this domain.",
        ),
    };
    Words {
        thing,
        called,
        consequence,
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

fn utc(at: DateTime<Utc>) -> String {
    format!("{} UTC", at.format(IN_WORDS))
}

/// How long from now, in words: whole days, below two days hours.
fn when(left: TimeDelta) -> String {
    let late = left < TimeDelta::zero();
    let length = left.abs();
    let (hours, days) = (
        length.num_minutes().saturating_add(30) / 60,
        (length.num_hours() + 12) / 24,
    );
    let amount = match (hours, days) {
        (0, _) => "less than an hour".to_owned(),
        (1, _) => "an hour".to_owned(),
        (2..36, _) if hours != 24 => format!("{hours} hours"),
        (_, 1) => "a day".to_owned(),
        (_, days) => format!("{days} days"),
    };
    if late {
        format!("expired {amount} ago")
    } else {
        format!("expires in {amount}")
    }
}
