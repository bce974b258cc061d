//! A GitHub connection (SE-10): OAuth 2.0, no OpenID Connect.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Protocol;

/// A GitHub organization. Logins can be renamed and taken by others, so the number counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHubOrganization {
    /// GitHub's number of it.
    pub id: u64,
    /// Its login when it was chosen.
    pub login: String,
}

/// What an owner sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GitHubSettings {
    /// Base URL of a GitHub Enterprise server; `None` is github.com.
    pub server: Option<String>,
    /// Our `client_id` there.
    pub client_id: Option<String>,
    /// The organization whose active members may sign in, picked among those of the owner's test sign-in.
    pub organization: Option<GitHubOrganization>,
    /// Keep the token of a sign-in, sealed, so that the membership can be checked between sign-ins (SE-06).
    pub recheck: bool,
}

impl Default for GitHubSettings {
    fn default() -> Self {
        Self {
            server: None,
            client_id: None,
            organization: None,
            recheck: true,
        }
    }
}

/// A GitHub connection: both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitHubConnection {
    /// What its owner set.
    pub settings: GitHubSettings,
    /// When the client secret was last written; the secret itself lies in Secrets Manager alone (AQ-31).
    #[serde(default)]
    pub secret_set_at: Option<DateTime<Utc>>,
    /// AQ-20: when the client secret expires, as its owner said.
    #[serde(default)]
    pub secret_expires_at: Option<DateTime<Utc>>,
    /// Organizations of the person who made the last test sign-in.
    #[serde(default)]
    pub offered: Vec<GitHubOrganization>,
}

impl GitHubConnection {
    /// What must still be given before anybody can be sent there.
    #[must_use]
    pub fn missing_for_test(&self) -> Option<&'static str> {
        if self.settings.client_id.is_none() {
            Some("the client id")
        } else if self.secret_set_at.is_none() {
            Some("the client secret")
        } else {
            None
        }
    }

    /// Where its accounts are numbered.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.settings.server.as_deref().unwrap_or("https://github.com")
    }

    /// Leaves what decides who is vouched for. An organization that is picked for the first time only narrows.
    pub(super) fn leave_who_vouches(&mut self, other: &Protocol) {
        let first = matches!(other, Protocol::GitHub(other) if other.settings.organization.is_none());
        if first {
            self.settings.organization = None;
        }
        self.settings.recheck = true;
        self.secret_set_at = None;
        self.secret_expires_at = None;
        self.offered.clear();
    }

    /// What must still be given before people can sign in.
    #[must_use]
    pub fn missing(&self) -> Option<&'static str> {
        let unpicked = self.settings.organization.is_none();
        self.missing_for_test()
            .or_else(|| unpicked.then_some("the GitHub organization that may sign in"))
    }
}
