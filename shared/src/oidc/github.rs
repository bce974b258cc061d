//! GitHub (SE-10): OAuth 2.0 without an ID token. Who it is comes from its REST API: the account's number, the primary
//! verified address, and an active membership of the chosen organization.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use super::refusal::OidcRefusal;
use crate::domain::connection::{GitHubOrganization, GitHubSettings};
use crate::domain::email::EmailAddress;
use crate::domain::endpoint::EndpointPolicy;

/// Read the profile, the addresses, and the memberships of organizations.
const SCOPE: &str = "read:user user:email read:org";
/// Memberships in one page: the most that GitHub gives.
pub const PAGE: usize = 100;

/// Where a GitHub is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    web: String,
    api: String,
}

impl Endpoints {
    /// github.com, or a server of the customer's: GitHub Enterprise Server has its API below `/api/v3`, GitHub
    /// Enterprise Cloud with data residency (`*.ghe.com`) at `api.`.
    #[must_use]
    pub fn of(settings: &GitHubSettings) -> Self {
        match settings.server.as_deref() {
            None => Self {
                web: "https://github.com".to_owned(),
                api: "https://api.github.com".to_owned(),
            },
            Some(server) => {
                let resident = server
                    .strip_prefix("https://")
                    .filter(|host| host.ends_with(".ghe.com") && !host.contains('/'));
                Self {
                    web: server.to_owned(),
                    api: resident.map_or_else(
                        || format!("{server}/api/v3"),
                        |host| format!("https://api.{host}"),
                    ),
                }
            }
        }
    }

    /// What accounts of this GitHub are numbered under.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.web
    }

    /// Where codes are redeemed.
    #[must_use]
    pub fn token(&self) -> String {
        format!("{}/login/oauth/access_token", self.web)
    }

    /// The account.
    #[must_use]
    pub fn user(&self) -> String {
        format!("{}/user", self.api)
    }

    /// Its addresses.
    #[must_use]
    pub fn emails(&self) -> String {
        format!("{}/user/emails?per_page=100", self.api)
    }

    /// Its membership of an organization, by login.
    #[must_use]
    pub fn membership(&self, organization: &GitHubOrganization) -> String {
        let login =
            percent_encoding::utf8_percent_encode(&organization.login, percent_encoding::NON_ALPHANUMERIC);
        format!("{}/user/memberships/orgs/{login}", self.api)
    }

    /// A page of its active memberships, from 1 on, of [`PAGE`] at most.
    #[must_use]
    pub fn memberships(&self, page: usize) -> String {
        let query = if page > 1 {
            format!("&page={page}")
        } else {
            String::new()
        };
        format!(
            "{}/user/memberships/orgs?state=active&per_page={PAGE}{query}",
            self.api
        )
    }

    /// Whether a token is good: asked with our own credentials (GitHub Docs, "Check a token").
    #[must_use]
    pub fn check_token(&self, client_id: &str) -> String {
        let client = percent_encoding::utf8_percent_encode(client_id, percent_encoding::NON_ALPHANUMERIC);
        format!("{}/applications/{client}/token", self.api)
    }

    /// The authorization request (GitHub Docs, "Authorizing OAuth apps"), with PKCE.
    ///
    /// # Errors
    /// [`OidcRefusal::AuthorizationEndpoint`] when the stored server is none that a browser may be sent to.
    pub fn authorize(
        &self,
        (client_id, policy): (&str, EndpointPolicy),
        (redirect_uri, state, code_challenge): (&str, &str, &str),
        (login_hint, choose_account): (Option<&EmailAddress>, bool),
    ) -> Result<String, OidcRefusal> {
        let url = format!("{}/login/oauth/authorize", self.web);
        let mut url: Url = super::authorization_request::parse(&url, policy)?;
        url.query_pairs_mut()
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", state)
            .append_pair("code_challenge", code_challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("allow_signup", "false");
        if let Some(address) = login_hint {
            url.query_pairs_mut().append_pair("login", address.as_str());
        }
        if choose_account {
            url.query_pairs_mut().append_pair("prompt", "select_account");
        }
        Ok(url.into())
    }
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Email {
    email: String,
    #[serde(default)]
    primary: bool,
    #[serde(default)]
    verified: bool,
}

#[derive(Deserialize)]
struct Membership {
    state: String,
    organization: GitHubAccount,
}

/// An account or organization as the API names it; more members come, and are passed over.
#[derive(Deserialize)]
struct GitHubAccount {
    id: u64,
    login: String,
}

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// GitHub's number of it: the subject.
    pub id: String,
    /// What is known of the person.
    pub attributes: BTreeMap<String, Vec<String>>,
}

fn malformed(_: serde_json::Error) -> OidcRefusal {
    OidcRefusal::GitHubMalformed
}

/// Reads the account.
///
/// # Errors
/// [`OidcRefusal::GitHubMalformed`].
pub fn account(body: &[u8]) -> Result<Account, OidcRefusal> {
    let user: User = serde_json::from_slice(body).map_err(malformed)?;
    let mut attributes = BTreeMap::from([("login".to_owned(), vec![user.login])]);
    if let Some(name) = user.name.filter(|name| !name.trim().is_empty()) {
        // GitHub knows one name: the last word is taken as the family name.
        let (first, last) = name.trim().rsplit_once(' ').unwrap_or((name.trim(), ""));
        attributes.insert("firstName".to_owned(), vec![first.to_owned()]);
        if !last.is_empty() {
            attributes.insert("lastName".to_owned(), vec![last.to_owned()]);
        }
        attributes.insert("name".to_owned(), vec![name.clone()]);
    }
    Ok(Account {
        id: user.id.to_string(),
        attributes,
    })
}

/// The primary address, which must be verified.
///
/// # Errors
/// [`OidcRefusal::GitHubMalformed`] or [`OidcRefusal::GitHubEmail`].
pub fn primary_email(body: &[u8]) -> Result<EmailAddress, OidcRefusal> {
    let all: Vec<Email> = serde_json::from_slice(body).map_err(malformed)?;
    let primary = all.iter().find(|email| email.primary && email.verified);
    primary
        .and_then(|email| EmailAddress::parse(&email.email).ok())
        .ok_or(OidcRefusal::GitHubEmail)
}

/// Whether a membership is active; `None` when it is of another organization than the chosen one, whose login may have
/// changed hands.
///
/// # Errors
/// [`OidcRefusal::GitHubMalformed`].
pub fn membership(body: &[u8], chosen: &GitHubOrganization) -> Result<Option<bool>, OidcRefusal> {
    let membership: Membership = serde_json::from_slice(body).map_err(malformed)?;
    let of_the_chosen = membership.organization.id == chosen.id;
    Ok(of_the_chosen.then_some(membership.state == "active"))
}

/// How many entries a page has.
///
/// # Errors
/// [`OidcRefusal::GitHubMalformed`].
pub fn entries(body: &[u8]) -> Result<usize, OidcRefusal> {
    let all: Vec<serde::de::IgnoredAny> = serde_json::from_slice(body).map_err(malformed)?;
    Ok(all.len())
}

/// The organizations of active memberships.
///
/// # Errors
/// [`OidcRefusal::GitHubMalformed`].
pub fn organizations(body: &[u8]) -> Result<Vec<GitHubOrganization>, OidcRefusal> {
    let all: Vec<Membership> = serde_json::from_slice(body).map_err(malformed)?;
    let active = all.into_iter().filter(|membership| membership.state == "active");
    Ok(active
        .map(|membership| GitHubOrganization {
            id: membership.organization.id,
            login: membership.organization.login,
        })
        .collect())
}
