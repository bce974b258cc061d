//! What our messages have in common, and their ways to the identity provider.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use uppsala::XmlWriter;

use super::authn_request::RequestId;
use super::names::{ASSERTION, PROTOCOL};
use super::redirect_binding::RedirectParameter;
use super::signing::{Signer, SigningError, Unsigned};

/// A form that the browser sends to the IdP (saml-bindings 3.5.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostForm {
    /// Where it goes.
    pub action: String,
    /// Names and values, in order; not yet escaped for HTML.
    pub fields: Vec<(&'static str, String)>,
}

/// The start of a message (saml-core 3.2.1, 3.2.2).
pub(super) struct Head<'a> {
    /// The document element, prefixed by `samlp`.
    pub element: &'static str,
    pub id: &'a RequestId,
    pub issue_instant: DateTime<Utc>,
    pub destination: &'a str,
    pub issuer: &'a str,
}

impl Head<'_> {
    /// From the start tag, which `more` attributes end, to Issuer: the signature belongs behind it.
    pub fn write(&self, more: &[(&str, &str)]) -> String {
        let issue_instant = self.issue_instant.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut attributes = vec![
            ("xmlns:samlp", PROTOCOL),
            ("xmlns:saml", ASSERTION),
            ("ID", self.id.as_str()),
            ("Version", "2.0"),
            ("IssueInstant", &issue_instant),
            ("Destination", self.destination),
        ];
        attributes.extend_from_slice(more);
        let mut head = XmlWriter::with_capacity(1024);
        head.start_element(self.element, &attributes);
        head.start_element("saml:Issuer", &[]);
        head.text(self.issuer);
        head.end_element("saml:Issuer");
        head.into_string()
    }
}

/// The form for the browser to send, by HTTP-POST (saml-bindings 3.5): the XML is signed when there is a signer.
pub(super) fn post_form(
    (parameter, destination): (RedirectParameter, &str),
    unsigned: Unsigned,
    relay_state: Option<&str>,
    signer: Option<&Signer>,
) -> Result<PostForm, SigningError> {
    let xml = match signer {
        Some(signer) => signer.sign_enveloped(&unsigned)?,
        None => unsigned.into_xml(),
    };
    let mut fields = vec![(parameter.name(), STANDARD.encode(xml))];
    fields.extend(relay_state.map(|state| ("RelayState", state.to_owned())));
    Ok(PostForm {
        action: destination.to_owned(),
        fields,
    })
}
