//! From the claims of an ID token and of userinfo to who it is: pins, subject, address, attributes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::id_token::{self, Claims, text};
use super::refusal::OidcRefusal;
use crate::domain::connection::{
    AskUserinfo, AttributeMapping, EmailProof, OidcPreset, OidcSettings, SubjectSource,
};
use crate::domain::email::EmailAddress;

/// Claims about the token, not about the person.
const OF_THE_TOKEN: [&str; 20] = [
    "acr",
    "aio",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "rh",
    "s_hash",
    "session_state",
    "sid",
    "uti",
    "ver",
];
/// Standard claims (OpenID Connect Core 1.0 section 5.1) by the documented name of the attribute that they fill where
/// the provider sends none of that name.
const ALIASES: [(&str, &str); 3] = [
    ("firstName", "given_name"),
    ("lastName", "family_name"),
    ("userProfileImage", "picture"),
];
/// Most values of one claim that are kept, and most bytes of one.
const MOST_VALUES: usize = 200;
const MOST_BYTES: usize = 4 * 1024;

/// What is read of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Its settings.
    pub settings: &'a OidcSettings,
    /// What identifies the person.
    pub subject: &'a SubjectSource,
    /// Names of the claims that are read.
    pub mapping: &'a AttributeMapping,
}

/// Who the provider vouches for. Nothing of it shows in logs: it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Vouched {
    /// What identifies the person, in parts.
    pub subject: Vec<String>,
    /// The address, where it is proven.
    pub email: Option<EmailAddress>,
    /// Claims about the person, each as texts.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// When the person authenticated, if the provider says so.
    pub auth_time: Option<DateTime<Utc>>,
    /// Authentication context class.
    pub acr: Option<String>,
    /// The provider's session.
    pub sid: Option<String>,
    /// Google: the Workspace domain of the account.
    pub hosted_domain: Option<String>,
    /// E-32: the groups did not fit into the token.
    pub groups_incomplete: bool,
}

impl Reading<'_> {
    fn email_claim(&self) -> &str {
        self.mapping.email.as_deref().unwrap_or("email")
    }

    /// Whether userinfo is to be asked, given what the ID token says.
    #[must_use]
    pub fn wants_userinfo(&self, claims: &Claims) -> bool {
        match self.settings.userinfo {
            AskUserinfo::Never => false,
            AskUserinfo::Always => true,
            AskUserinfo::WhenMissing => {
                let subject = match self.subject {
                    SubjectSource::Attribute(name) => Some(name.as_str()),
                    SubjectSource::NameId | SubjectSource::Sub | SubjectSource::TidOid => None,
                };
                let unproven = self.settings.email_proof == EmailProof::Required
                    && !claims.contains_key("email_verified");
                unproven
                    || std::iter::once(self.email_claim())
                        .chain(subject)
                        .chain(self.mapping.mapped())
                        .any(|name| !claims.contains_key(name))
            }
        }
    }

    /// Reads who it is. `learning` is a test sign-in, which may find the Workspace domain that is not set yet.
    ///
    /// # Errors
    /// [`OidcRefusal`]: a pin that does not hold, a subject that is absent, an address that is not verified.
    pub fn vouched(&self, claims: &Claims, learning: bool) -> Result<Vouched, OidcRefusal> {
        self.check_directory(claims)?;
        self.check_hosted_domain(claims, learning)?;
        Ok(Vouched {
            subject: self.subject_parts(claims)?,
            email: self.email(claims)?,
            attributes: attributes(claims),
            auth_time: id_token::instant(claims, "auth_time"),
            acr: text(claims, "acr").map(str::to_owned),
            sid: text(claims, "sid").map(str::to_owned),
            hosted_domain: text(claims, "hd").map(str::to_owned),
            groups_incomplete: groups_incomplete(claims),
        })
    }

    fn check_directory(&self, claims: &Claims) -> Result<(), OidcRefusal> {
        let Some(pinned) = &self.settings.tenant_id else {
            return if self.settings.preset == OidcPreset::EntraId {
                Err(OidcRefusal::DirectoryMismatch)
            } else {
                Ok(())
            };
        };
        let came = text(claims, "tid").is_some_and(|tid| tid.eq_ignore_ascii_case(pinned));
        came.then_some(()).ok_or(OidcRefusal::DirectoryMismatch)
    }

    /// GW-2: an account outside any Workspace has no `hd`.
    fn check_hosted_domain(&self, claims: &Claims, learning: bool) -> Result<(), OidcRefusal> {
        let came = text(claims, "hd");
        match (&self.settings.hosted_domain, came) {
            (Some(wanted), Some(came)) if came.eq_ignore_ascii_case(wanted) => Ok(()),
            (Some(_), Some(_)) => Err(OidcRefusal::HostedDomainMismatch),
            (Some(_), None) => Err(OidcRefusal::HostedDomainMissing),
            (None, came) if self.settings.preset == OidcPreset::GoogleWorkspace => match came {
                Some(_) if learning => Ok(()),
                Some(_) => Err(OidcRefusal::HostedDomainMismatch),
                None => Err(OidcRefusal::HostedDomainMissing),
            },
            (None, _) => Ok(()),
        }
    }

    /// What identifies the person, in parts.
    ///
    /// # Errors
    /// [`OidcRefusal::IdTokenSubject`] or [`OidcRefusal::SubjectClaims`].
    pub fn subject_parts(&self, claims: &Claims) -> Result<Vec<String>, OidcRefusal> {
        let sub = id_token::subject(claims)?;
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        match self.subject {
            SubjectSource::Sub => Ok(owned(&["sub", sub])),
            SubjectSource::TidOid => {
                let found = ["tid", "oid"].map(|name| text(claims, name).filter(|value| !value.is_empty()));
                match found {
                    [Some(tid), Some(oid)] => Ok(owned(&["tid_oid", tid, oid])),
                    _ => Err(OidcRefusal::SubjectClaims {
                        wanted: 2,
                        found: found.iter().flatten().count(),
                    }),
                }
            }
            SubjectSource::Attribute(name) => match claims.get(name).map(texts).as_deref() {
                Some([value]) if !value.trim().is_empty() => Ok(owned(&["claim", name, value.trim()])),
                Some(_) | None => Err(OidcRefusal::SubjectClaims { wanted: 1, found: 0 }),
            },
            // Set-up refuses it for this protocol.
            SubjectSource::NameId => Err(OidcRefusal::SubjectClaims { wanted: 1, found: 0 }),
        }
    }

    /// The primary address (AQ-05), from the mapped claim, else `email`; never from a name to log in by (E-35).
    fn email(&self, claims: &Claims) -> Result<Option<EmailAddress>, OidcRefusal> {
        let came = claims.get(self.email_claim()).map(texts).unwrap_or_default();
        let [only] = came.as_slice() else { return Ok(None) };
        let Ok(address) = EmailAddress::parse(only) else {
            return Ok(None);
        };
        let says = |name: &str| claims.get(name).filter(|value| !value.is_null()).map(is_true);
        let proven = match self.settings.preset {
            // E-34: Entra has no email_verified. The address is the directory's own unless xms_edov says that its domain
            // is not verified there; the directory is pinned, and the tenant's proof of the domain still counts.
            OidcPreset::EntraId => says("xms_edov").or_else(|| says("email_verified")),
            OidcPreset::Okta
            | OidcPreset::GoogleWorkspace
            | OidcPreset::JumpCloud
            | OidcPreset::Auth0
            | OidcPreset::OneLogin
            | OidcPreset::Ping
            | OidcPreset::Keycloak
            | OidcPreset::Generic => says("email_verified"),
        };
        match (self.settings.email_proof, proven) {
            (EmailProof::OwnerVouches, _) | (_, Some(true)) | (EmailProof::UnlessDenied, None) => {
                Ok(Some(address))
            }
            (EmailProof::Required | EmailProof::UnlessDenied, Some(false)) => {
                Err(OidcRefusal::EmailUnverified)
            }
            (EmailProof::Required, None) => Err(OidcRefusal::EmailProofMissing),
        }
    }
}

/// Lays userinfo under the ID token's claims: what the signed token says counts (OpenID Connect Core 1.0 section 5.3.2).
///
/// # Errors
/// [`OidcRefusal::UserinfoMalformed`], or [`OidcRefusal::UserinfoSubject`] when it speaks of somebody else.
pub fn with_userinfo(claims: Claims, body: &[u8]) -> Result<Claims, OidcRefusal> {
    let userinfo: Claims = serde_json::from_slice(body).map_err(|_| OidcRefusal::UserinfoMalformed)?;
    if text(&userinfo, "sub").is_none() || text(&userinfo, "sub") != text(&claims, "sub") {
        return Err(OidcRefusal::UserinfoSubject);
    }
    let mut all = claims;
    for (name, value) in userinfo {
        if !OF_THE_TOKEN.contains(&name.as_str()) {
            all.entry(name).or_insert(value);
        }
    }
    Ok(all)
}

/// True as providers write it.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::String(text) => text.eq_ignore_ascii_case("true") || text == "1",
        Value::Number(number) => number.as_i64() == Some(1),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// A claim as texts; objects are none.
fn texts(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) if text.len() <= MOST_BYTES => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match value {
        Value::Array(all) => all.iter().take(MOST_VALUES).filter_map(one).collect(),
        single => one(single).into_iter().collect(),
    }
}

/// Claims about the person, and the documented names that standard claims fill.
fn attributes(claims: &Claims) -> BTreeMap<String, Vec<String>> {
    let about = claims
        .iter()
        .filter(|(name, _)| !OF_THE_TOKEN.contains(&name.as_str()) && !name.starts_with('_'));
    let mut all = about
        .map(|(name, value)| (name.clone(), texts(value)))
        .filter(|(_, values)| !values.is_empty())
        .collect::<BTreeMap<_, _>>();
    for (documented, standard) in ALIASES {
        if let Some(values) = all.get(standard).cloned() {
            all.entry(documented.to_owned()).or_insert(values);
        }
    }
    all
}

/// E-32: beyond 200 groups a token says where they are in their place; in the implicit flow, `hasgroups`.
fn groups_incomplete(claims: &Claims) -> bool {
    let elsewhere = claims
        .get("_claim_names")
        .and_then(Value::as_object)
        .is_some_and(|names| names.contains_key("groups"));
    elsewhere || claims.get("hasgroups").is_some_and(is_true)
}
