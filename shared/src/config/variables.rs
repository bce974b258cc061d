//! Reads single variables and collects what is wrong with them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use chrono::TimeDelta;
use url::Url;

use super::base_url::{BaseUrl, is_loopback_host};
use super::error::ConfigProblem;
use super::{Endpoints, Sibling};
use crate::domain::deadline::{InvalidStages, Stages};
use crate::domain::email::EmailAddress;
use crate::domain::role_catalogue::RoleCatalogue;

/// The environment as handed in, and the problems found so far.
pub(super) struct Variables {
    values: HashMap<String, String>,
    problems: Vec<ConfigProblem>,
}

impl Variables {
    pub(super) fn new<I: IntoIterator<Item = (String, String)>>(environment: I) -> Self {
        Self {
            values: environment.into_iter().collect(),
            problems: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Vec<ConfigProblem> {
        self.problems
    }

    fn problem(&mut self, variable: &'static str, problem: impl Into<String>) {
        self.problems.push(ConfigProblem {
            variable,
            problem: problem.into(),
        });
    }

    /// The trimmed value; an empty one counts as unset (CloudFormation passes empty parameters on).
    pub(super) fn optional(&mut self, variable: &str) -> Option<String> {
        let value = self.values.get(variable)?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn required(&mut self, variable: &'static str, wanted: &str) -> Option<String> {
        let value = self.optional(variable);
        if value.is_none() {
            self.problem(variable, format!("missing; wanted {wanted}"));
        }
        value
    }

    pub(super) fn base_url(&mut self, variable: &'static str) -> Option<BaseUrl> {
        let text = self.required(
            variable,
            "the deployment's URL, such as https://login.example.com",
        )?;
        match BaseUrl::parse(&text) {
            Ok(base) => Some(base),
            Err(error) => {
                self.problem(variable, error.to_string());
                None
            }
        }
    }

    /// A DynamoDB table name (3–255 of letters, digits, `_`, `.`, `-`) or a table ARN.
    pub(super) fn table(&mut self, variable: &'static str) -> Option<String> {
        let name = self.required(variable, "a DynamoDB table name")?;
        let good = (3..=255).contains(&name.len()) && name.chars().all(|c| is_word(c) || ".:/".contains(c));
        self.keep(
            variable,
            name,
            good,
            "wanted 3–255 of letters, digits and _ . - (or a table ARN)",
        )
    }

    /// A prefix of secret names: characters that Secrets Manager allows, no slash at either end.
    pub(super) fn secrets_prefix(&mut self, variable: &'static str) -> Option<String> {
        let name = self.required(variable, "a prefix such as gatehouse/production")?;
        let good = name.len() <= 128
            && !name.starts_with('/')
            && !name.ends_with('/')
            && name.chars().all(|c| is_word(c) || "/+=.@".contains(c));
        self.keep(
            variable,
            name,
            good,
            "wanted ≤ 128 of letters, digits and / _ + = . @ -, no slash at an end",
        )
    }

    fn keep(&mut self, variable: &'static str, value: String, good: bool, wanted: &str) -> Option<String> {
        if good {
            return Some(value);
        }
        self.problem(variable, wanted);
        None
    }

    /// A text that pages show: 1–80 characters, no control characters.
    pub(super) fn label(&mut self, variable: &'static str, default: &str) -> String {
        let Some(text) = self.optional(variable) else {
            return default.to_owned();
        };
        if text.chars().count() > 80 || text.chars().any(char::is_control) {
            self.problem(variable, "wanted at most 80 characters and no control characters");
        }
        text
    }

    /// A duration in whole hours.
    pub(super) fn hours(
        &mut self,
        variable: &'static str,
        default: i64,
        range: RangeInclusive<i64>,
    ) -> TimeDelta {
        let Some(text) = self.optional(variable) else {
            return TimeDelta::hours(default);
        };
        match text.parse::<i64>() {
            Ok(hours) if range.contains(&hours) => TimeDelta::hours(hours),
            Ok(_) | Err(_) => {
                let (low, high) = (range.start(), range.end());
                self.problem(variable, format!("wanted whole hours from {low} to {high}"));
                TimeDelta::hours(default)
            }
        }
    }

    pub(super) fn endpoints(&mut self) -> Endpoints {
        let every = self.endpoint("AWS_ENDPOINT_URL");
        let mut one = |variable| self.endpoint(variable).or_else(|| every.clone());
        Endpoints {
            dynamodb: one("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_manager: one("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            ses: one("AWS_ENDPOINT_URL_SESV2"),
            event_bridge: one("AWS_ENDPOINT_URL_EVENTBRIDGE"),
        }
    }

    /// An AWS endpoint: https anywhere, http on loopback only, since requests carry secrets.
    fn endpoint(&mut self, variable: &'static str) -> Option<String> {
        let text = self.optional(variable)?;
        let good = Url::parse(&text).is_ok_and(|url| {
            url.scheme() == "https"
                || (url.scheme() == "http" && url.host().is_some_and(|host| is_loopback_host(&host)))
        });
        self.keep(
            variable,
            text,
            good,
            "wanted an https URL (http on loopback only)",
        )
    }

    /// AQ-27: a JSON array of `{"name", "url"}`.
    pub(super) fn siblings(&mut self, variable: &'static str) -> Vec<Sibling> {
        let Some(text) = self.optional(variable) else {
            return Vec::new();
        };
        let siblings: Vec<Sibling> = match serde_json::from_str(&text) {
            Ok(siblings) => siblings,
            Err(error) => {
                let shape = r#"wanted a JSON array like [{"name":"Europe","url":"https://eu.example.com"}]"#;
                self.problem(variable, format!("{shape}: {error}"));
                return Vec::new();
            }
        };
        for sibling in &siblings {
            let named = !sibling.name.trim().is_empty() && sibling.name.chars().count() <= 80;
            let linked = Url::parse(&sibling.url).is_ok_and(|url| {
                url.username().is_empty()
                    && (url.scheme() == "https" || url.host().is_some_and(|host| is_loopback_host(&host)))
            });
            if !named || !linked {
                self.problem(
                    variable,
                    "wanted for each entry a name of 1–80 characters and an https URL",
                );
            }
        }
        siblings
    }

    /// IL-05: the name of a shipped catalogue, or a catalogue as JSON.
    pub(super) fn role_catalogue(&mut self, variable: &'static str) -> Option<RoleCatalogue> {
        let text = self
            .optional(variable)
            .unwrap_or_else(|| RoleCatalogue::MEMBER_NAME.to_owned());
        match RoleCatalogue::from_setting(&text) {
            Ok(catalogue) => Some(catalogue),
            Err(error) => {
                self.problem(variable, error.to_string());
                None
            }
        }
    }

    /// A mailbox, `sign-in@example.com` or `Name <sign-in@example.com>`.
    pub(super) fn mail_sender(&mut self, variable: &'static str) -> Option<String> {
        let text = self.optional(variable)?;
        let good = text.parse::<lettre::message::Mailbox>().is_ok();
        self.keep(
            variable,
            text,
            good,
            "wanted a mailbox such as Example <sign-in@example.com>",
        )
    }

    /// One of two words; the first is the default.
    pub(super) fn is_second(&mut self, variable: &'static str, words: [&str; 2]) -> bool {
        let [first, second] = words;
        match self.optional(variable).as_deref() {
            None => false,
            Some(word) if word == first => false,
            Some(word) if word == second => true,
            Some(_) => {
                self.problem(variable, format!("wanted {first} or {second}"));
                false
            }
        }
    }

    /// Days before a deadline, such as `30,14,7,1`.
    pub(super) fn stages(&mut self, variable: &'static str) -> Stages {
        let Some(text) = self.optional(variable) else {
            return Stages::default();
        };
        text.parse().unwrap_or_else(|error: InvalidStages| {
            self.problem(variable, error.to_string());
            Stages::default()
        })
    }

    /// One e-mail address.
    pub(super) fn address(&mut self, variable: &'static str) -> Option<EmailAddress> {
        let text = self.optional(variable)?;
        match EmailAddress::parse(&text) {
            Ok(address) => Some(address),
            Err(error) => {
                self.problem(variable, error.to_string());
                None
            }
        }
    }

    /// 64 hex digits, and only where the base URL is loopback: deployed, the operator API is guarded by IAM.
    pub(super) fn local_key_hash(&mut self, variable: &'static str, loopback: bool) -> Option<[u8; 32]> {
        let text = self.optional(variable)?;
        if !loopback {
            self.problem(
                variable,
                "allowed only with an http loopback base URL; deployed, IAM guards the operator API",
            );
        }
        let hash = decode_hash(&text);
        if hash.is_none() {
            self.problem(variable, "wanted the key's SHA-256 as 64 hex digits");
        }
        hash
    }

    /// Address and port on loopback, and only where the base URL is loopback.
    pub(super) fn local_address(&mut self, variable: &'static str, loopback: bool) -> Option<SocketAddr> {
        let text = self.optional(variable)?;
        if !loopback {
            self.problem(variable, "allowed only with an http loopback base URL");
        }
        let address = text.parse::<SocketAddr>().ok();
        let address = address.filter(|address| address.ip().is_loopback());
        if address.is_none() {
            self.problem(
                variable,
                "wanted an address and port on loopback, such as 127.0.0.1:5300",
            );
        }
        address
    }

    /// `true` or `false`; `true` only where the base URL is loopback.
    pub(super) fn local_switch(&mut self, variable: &'static str, loopback: bool) -> bool {
        match self.optional(variable).as_deref() {
            None | Some("false") => false,
            Some("true") if loopback => true,
            Some("true") => {
                self.problem(variable, "allowed only with an http loopback base URL");
                false
            }
            Some(_) => {
                self.problem(variable, "wanted true or false");
                false
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn decode_hash(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut hash = [0u8; 32];
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(hash)
}
