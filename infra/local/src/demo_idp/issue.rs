//! Issues genuine SAML responses (saml-core-2.0-os, saml-profiles 4.1.4.2): for the demo identity provider, and for
//! every test that needs a response to be good, or good but for one thing.
//!
//! The stages are public, so that a test can change what is between them: [`assertion_xml`], [`sign::sign`],
//! [`encrypt::encrypt`], [`response_xml`], [`form_value`].

pub mod encrypt;
pub mod keys;
pub mod sign;
mod template;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};

use encrypt::Encryption;
use keys::IdpKey;
use sign::SignatureAlgorithm;

pub use template::{assertion_xml, response_xml};

/// The transient NameID format (saml-core 8.3.8).
pub const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
/// The persistent NameID format (saml-core 8.3.7).
pub const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
/// The e-mail NameID format (saml-core 8.3.2).
pub const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
/// NameFormat of plain names (saml-core 8.2.3).
pub const BASIC: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
/// NameFormat of URIs (saml-core 8.2.2).
pub const URI: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";

/// Why nothing could be issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// A key or certificate could not be made or loaded.
    #[error("wanted a usable key and certificate, got: {0}")]
    Key(String),
    /// The signature could not be made.
    #[error("wanted a signature, got: {0}")]
    Sign(String),
    /// The assertion could not be encrypted.
    #[error("wanted an encrypted assertion, got: {0}")]
    Encrypt(String),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] gatehouse::random::RandomError),
}

impl IssueError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(_) => "issue_key",
            Self::Sign(_) => "issue_sign",
            Self::Encrypt(_) => "issue_encrypt",
            Self::Random(random) => random.code(),
        }
    }
}

/// What is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sign {
    /// Nothing: only good for tests.
    Nothing,
    /// The Assertion, the default of most identity providers.
    #[default]
    Assertion,
    /// The Response.
    Response,
    /// Both.
    Both,
}

impl Sign {
    /// Whether the Assertion is signed.
    #[must_use]
    pub fn assertion(self) -> bool {
        matches!(self, Self::Assertion | Self::Both)
    }

    /// Whether the Response is signed.
    #[must_use]
    pub fn response(self) -> bool {
        matches!(self, Self::Response | Self::Both)
    }
}

/// An attribute to issue.
#[derive(Clone, Debug, Default)]
pub struct Attribute {
    /// `Name`.
    pub name: String,
    /// `NameFormat`.
    pub name_format: Option<String>,
    /// `FriendlyName`.
    pub friendly_name: Option<String>,
    /// The values, as xs:string.
    pub values: Vec<String>,
}

impl Attribute {
    /// An attribute with values and nothing else.
    pub fn new<V: Into<String>>(name: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Self {
            name: name.into(),
            values: values.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

/// A NameID to issue.
#[derive(Clone, Debug)]
pub struct IssuedNameId {
    /// The identifier.
    pub value: String,
    /// `Format`.
    pub format: Option<String>,
    /// `NameQualifier`.
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier`.
    pub sp_name_qualifier: Option<String>,
}

impl IssuedNameId {
    /// A NameID of a format.
    pub fn new(value: impl Into<String>, format: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            format: Some(format.into()),
            name_qualifier: None,
            sp_name_qualifier: None,
        }
    }
}

/// A response to issue. `Issue::new` fills in what an ordinary one says; the fields may be changed.
#[derive(Clone, Debug)]
pub struct Issue {
    /// Our entity id.
    pub issuer: String,
    /// The consumer's endpoint: Destination and Recipient.
    pub acs_url: String,
    /// The consumer's entity id.
    pub audience: String,
    /// ID of the Response.
    pub response_id: String,
    /// ID of the Assertion.
    pub assertion_id: String,
    /// The AuthnRequest that is answered; none for an unsolicited response.
    pub in_response_to: Option<String>,
    /// The subject.
    pub name_id: Option<IssuedNameId>,
    /// The attributes, in order; a Name may come twice.
    pub attributes: Vec<Attribute>,
    /// `IssueInstant`.
    pub issued_at: DateTime<Utc>,
    /// `NotBefore` of the Conditions.
    pub not_before: DateTime<Utc>,
    /// `NotOnOrAfter` of Conditions and SubjectConfirmationData.
    pub not_on_or_after: DateTime<Utc>,
    /// `AuthnInstant`.
    pub authn_instant: DateTime<Utc>,
    /// `AuthnContextClassRef`.
    pub authn_context: String,
    /// `SessionIndex`.
    pub session_index: Option<String>,
    /// `SessionNotOnOrAfter`.
    pub session_not_on_or_after: Option<DateTime<Utc>>,
    /// Status codes after `…:status:`, the top one first; empty for Success. With codes no assertion is issued.
    pub failure: Vec<String>,
    /// What is signed.
    pub sign: Sign,
    /// How it is signed.
    pub algorithm: SignatureAlgorithm,
    /// How the assertion is encrypted, if it is.
    pub encryption: Option<Encryption>,
}

impl Issue {
    /// An ordinary response: a signed assertion of five minutes, about nobody yet.
    ///
    /// # Errors
    /// [`IssueError::Random`].
    pub fn new(issuer: &str, acs_url: &str, audience: &str, now: DateTime<Utc>) -> Result<Self, IssueError> {
        let id = || gatehouse::random::uuid().map(|uuid| format!("_{}", uuid.simple()));
        Ok(Self {
            issuer: issuer.to_owned(),
            acs_url: acs_url.to_owned(),
            audience: audience.to_owned(),
            response_id: id()?,
            assertion_id: id()?,
            in_response_to: None,
            name_id: None,
            attributes: Vec::new(),
            issued_at: now,
            not_before: now,
            not_on_or_after: now + TimeDelta::minutes(5),
            authn_instant: now,
            authn_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned(),
            session_index: Some(id()?),
            session_not_on_or_after: None,
            failure: Vec::new(),
            sign: Sign::default(),
            algorithm: SignatureAlgorithm::default(),
            encryption: None,
        })
    }

    /// The response as XML: built, signed and encrypted as the fields say.
    ///
    /// # Errors
    /// Whatever stage fails.
    pub fn xml(&self, key: &IdpKey) -> Result<String, IssueError> {
        self.xml_with(key, |assertion| assertion, |response| response)
    }

    /// Like [`Self::xml`], with an edit of the unsigned assertion and one of the response before it is signed.
    ///
    /// # Errors
    /// Whatever stage fails.
    pub fn xml_with(
        &self,
        key: &IdpKey,
        edit_assertion: impl FnOnce(String) -> String,
        edit_response: impl FnOnce(String) -> String,
    ) -> Result<String, IssueError> {
        let mut body = String::new();
        if self.failure.is_empty() {
            body = edit_assertion(assertion_xml(self));
            if self.sign.assertion() {
                body = sign::sign(body, &self.assertion_id, self.algorithm, key)?;
            }
            if let Some(encryption) = &self.encryption {
                body = encrypt::encrypt(&body, encryption)?;
            }
        }
        let response = edit_response(response_xml(self, &body));
        if self.sign.response() {
            sign::sign(response, &self.response_id, self.algorithm, key)
        } else {
            Ok(response)
        }
    }

    /// The response as the value of the form field `SAMLResponse`.
    ///
    /// # Errors
    /// Whatever stage fails.
    pub fn form_value(&self, key: &IdpKey) -> Result<String, IssueError> {
        self.xml(key).map(|xml| form_value(&xml))
    }
}

/// XML as the value of the form field `SAMLResponse` (saml-bindings 3.5.4).
#[must_use]
pub fn form_value(xml: &str) -> String {
    STANDARD.encode(xml)
}
