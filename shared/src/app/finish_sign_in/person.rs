//! What an identity provider says of a person, whichever protocol it came by.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::connection::GitHubOrganization;
use crate::domain::email::EmailAddress;
use crate::domain::upstream::SealedToken;
use crate::redacted::{Personal, Secret};

/// A person as vouched for by an identity provider, after every check of the protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The identity hash: [`identity_hash`] of issuer and subject.
    pub subject: String,
    /// The address given, if it is one.
    pub email: Option<EmailAddress>,
    /// Attribute values by name.
    pub attributes: Personal<BTreeMap<String, Vec<String>>>,
    /// When the person authenticated there; `None` where the identity provider does not say.
    pub auth_time: Option<DateTime<Utc>>,
    /// When the identity provider's own session ends.
    pub session_ends: Option<DateTime<Utc>>,
    /// Authentication context class.
    pub authn_context: Option<String>,
    /// What single logout will name the person by: SHA-256 of the NameID.
    pub name_id_hash: Option<String>,
    /// SessionIndex of the assertion.
    pub session_index: Option<String>,
    /// What a test sign-in teaches of the connection (SE-09, SE-10).
    #[serde(default)]
    pub learned: Learned,
    /// E-32: the groups of the person did not fit into what the identity provider sent.
    #[serde(default)]
    pub groups_incomplete: bool,
    /// A refresh token of the identity provider, sealed for this identity (SE-06).
    #[serde(default)]
    pub upstream: Option<SealedToken>,
    /// The ID token, where the session is to keep it for the provider's logout. It is not parked with the rest.
    #[serde(skip)]
    pub id_token: Option<Secret>,
}

/// What a test sign-in teaches of the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Learned {
    /// Google: the Workspace domain of the account.
    pub hosted_domain: Option<String>,
    /// GitHub: the organizations of the account.
    pub organizations: Vec<GitHubOrganization>,
}

/// SHA-256 over issuer and subject, each with its length before it, so that no two pairs look alike.
#[must_use]
pub fn identity_hash(issuer: &str, subject: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in std::iter::once(&issuer).chain(subject) {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(context.finish())
}
