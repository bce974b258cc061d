//! The AuthnRequest (saml-core-2.0-os, section 3.4.1) and its way to the IdP by HTTP-Redirect or HTTP-POST (SE-14).

#[cfg(test)]
pub(in crate::saml) mod tests;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uppsala::XmlWriter;

use super::name_id_format::NameIdFormat;
use super::outgoing::{self, Head, PostForm};
use super::redirect_binding::{self, RedirectError, RedirectParameter};
use super::relay_state::RelayState;
use super::signing::{Signer, SigningError, Unsigned};

const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// Longest URI we put into a message.
const MAX_URI_BYTES: usize = 2048;

/// Why no request was made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthnRequestError {
    /// A text that is no request id.
    #[error(
        "wanted a request id of '_' and 32 to 64 lower-case hexadecimal digits, got another of {length} bytes"
    )]
    Id {
        /// Length of what came.
        length: usize,
    },
    /// A value that does not belong into a message.
    #[error(
        "wanted {field} of 1 to {MAX_URI_BYTES} characters without white space and control characters, got another"
    )]
    Value {
        /// Which value.
        field: &'static str,
    },
    /// It could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// It could not be put into a URL.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
}

impl AuthnRequestError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Id { .. } => "authn_request_id",
            Self::Value { .. } => "authn_request_value",
            Self::Signing(error) => error.code(),
            Self::Redirect(error) => error.code(),
        }
    }
}

/// The ID of a request: `_` and lower-case hexadecimal. The answer's InResponseTo must equal it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

impl RequestId {
    /// An ID of 160 random bits (saml-core 1.3.4 wants at least 128).
    #[must_use]
    pub fn from_random(random: [u8; 20]) -> Self {
        use fmt::Write;
        let mut id = String::with_capacity(41);
        id.push('_');
        for byte in random {
            let _ = write!(id, "{byte:02x}");
        }
        Self(id)
    }

    /// Reads back an ID.
    ///
    /// # Errors
    /// [`AuthnRequestError::Id`] when it is not of our form.
    pub fn parse(text: &str) -> Result<Self, AuthnRequestError> {
        let good = text.strip_prefix('_').is_some_and(|digits| {
            (32..=64).contains(&digits.len())
                && digits
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        });
        if good {
            Ok(Self(text.to_owned()))
        } else {
            Err(AuthnRequestError::Id { length: text.len() })
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequestId {
    type Error = AuthnRequestError;

    fn try_from(text: String) -> Result<Self, AuthnRequestError> {
        Self::parse(&text)
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

/// How the classes of a [`RequestedAuthnContext`] are meant (saml-core 3.3.2.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// One of the classes: the only one Entra ID takes.
    #[default]
    Exact,
    /// At least as strong as one of the classes.
    Minimum,
    /// As strong as possible without going beyond one of the classes.
    Maximum,
    /// Stronger than any of the classes.
    Better,
}

impl Comparison {
    /// The attribute's value.
    fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Better => "better",
        }
    }
}

/// Which kind of authentication is asked for (saml-core 3.3.2.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedAuthnContext {
    /// How the classes are meant.
    pub comparison: Comparison,
    /// URIs of authentication context classes, most wanted first.
    pub class_refs: Vec<String>,
}

/// A request to authenticate a person.
#[derive(Clone, Debug)]
pub struct AuthnRequest<'a> {
    /// Its ID.
    pub id: &'a RequestId,
    /// When it is sent.
    pub issue_instant: DateTime<Utc>,
    /// Where it is sent: the IdP's endpoint of the chosen binding.
    pub destination: &'a str,
    /// Where the answer shall go, by HTTP-POST.
    pub assertion_consumer_service_url: &'a str,
    /// Our entity id at this connection.
    pub issuer: &'a str,
    /// The name identifier format asked for; `None` asks for none (some ADFS refuse any that has no claim rule).
    pub name_id_format: Option<NameIdFormat>,
    /// Whether the IdP may make a new identifier for the person.
    pub allow_create: bool,
    /// Whether the IdP must authenticate the person anew.
    pub force_authn: bool,
    /// The kind of authentication asked for.
    pub requested_authn_context: Option<&'a RequestedAuthnContext>,
}

impl AuthnRequest<'_> {
    /// The URL to send the browser to, by HTTP-Redirect (saml-bindings 3.4): signed over the query when there is a
    /// signer.
    ///
    /// # Errors
    /// [`AuthnRequestError`] when a value does not belong into a message or signing fails.
    pub fn redirect_url(
        &self,
        relay_state: Option<&RelayState>,
        signer: Option<&Signer>,
    ) -> Result<String, AuthnRequestError> {
        let xml = self.unsigned()?.into_xml();
        let relay_state = relay_state.map(RelayState::as_str);
        Ok(redirect_binding::encode(
            self.destination,
            RedirectParameter::Request,
            &xml,
            relay_state,
            signer,
        )?)
    }

    /// The form for the browser to send, by HTTP-POST (saml-bindings 3.5): the XML is signed when there is a signer.
    ///
    /// # Errors
    /// [`AuthnRequestError`] when a value does not belong into a message or signing fails.
    pub fn post_form(
        &self,
        relay_state: Option<&RelayState>,
        signer: Option<&Signer>,
    ) -> Result<PostForm, AuthnRequestError> {
        let to = (RedirectParameter::Request, self.destination);
        let relay_state = relay_state.map(RelayState::as_str);
        Ok(outgoing::post_form(to, self.unsigned()?, relay_state, signer)?)
    }

    /// The message, open where its signature belongs: after Issuer.
    fn unsigned(&self) -> Result<Unsigned, AuthnRequestError> {
        self.check()?;
        let mut attributes = vec![
            ("AssertionConsumerServiceURL", self.assertion_consumer_service_url),
            ("ProtocolBinding", HTTP_POST),
        ];
        if self.force_authn {
            attributes.push(("ForceAuthn", "true"));
        }
        let head = Head {
            element: "samlp:AuthnRequest",
            id: self.id,
            issue_instant: self.issue_instant,
            destination: self.destination,
            issuer: self.issuer,
        };
        let mut tail = XmlWriter::with_capacity(512);
        self.write_name_id_policy(&mut tail);
        self.write_authn_context(&mut tail);
        tail.end_element("samlp:AuthnRequest");
        Ok(Unsigned {
            id: self.id.as_str().to_owned(),
            head: head.write(&attributes),
            tail: tail.into_string(),
        })
    }

    /// `samlp:NameIDPolicy` (saml-core 3.4.1.1).
    fn write_name_id_policy(&self, w: &mut XmlWriter) {
        let mut attributes = Vec::new();
        if let Some(format) = self.name_id_format {
            attributes.push(("Format", format.uri()));
        }
        if self.allow_create {
            attributes.push(("AllowCreate", "true"));
        }
        if !attributes.is_empty() {
            w.empty_element("samlp:NameIDPolicy", &attributes);
        }
    }

    /// `samlp:RequestedAuthnContext`, when a class is asked for.
    fn write_authn_context(&self, w: &mut XmlWriter) {
        let Some(context) = self
            .requested_authn_context
            .filter(|context| !context.class_refs.is_empty())
        else {
            return;
        };
        w.start_element(
            "samlp:RequestedAuthnContext",
            &[("Comparison", context.comparison.as_str())],
        );
        for class in &context.class_refs {
            w.start_element("saml:AuthnContextClassRef", &[]);
            w.text(class);
            w.end_element("saml:AuthnContextClassRef");
        }
        w.end_element("samlp:RequestedAuthnContext");
    }

    /// Refuses values that would not survive the way to the IdP unchanged.
    fn check(&self) -> Result<(), AuthnRequestError> {
        let classes = self
            .requested_authn_context
            .iter()
            .flat_map(|context| &context.class_refs);
        let mut values = vec![
            ("a Destination", self.destination),
            (
                "an AssertionConsumerServiceURL",
                self.assertion_consumer_service_url,
            ),
            ("an Issuer", self.issuer),
        ];
        values.extend(classes.map(|class| ("an AuthnContextClassRef", class.as_str())));
        for (field, value) in values {
            let bad = value.is_empty()
                || value.len() > MAX_URI_BYTES
                || value
                    .chars()
                    .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '\u{fffe}' | '\u{ffff}'));
            if bad {
                return Err(AuthnRequestError::Value { field });
            }
        }
        Ok(())
    }
}
