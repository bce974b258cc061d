//! The LogoutResponse (saml-core 3.7.2) and its way to the identity provider.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use uppsala::XmlWriter;

use crate::saml::authn_request::{PostForm, RequestId};
use crate::saml::names::{ASSERTION, PROTOCOL, STATUS_SUCCESS};
use crate::saml::redirect_binding::{self, RedirectError, RedirectParameter};
use crate::saml::signing::{Signer, SigningError, Unsigned};

/// The answer to a LogoutRequest that was carried out.
#[derive(Clone, Debug)]
pub struct LogoutResponse<'a> {
    /// Its ID.
    pub id: &'a RequestId,
    /// When it is sent.
    pub issue_instant: DateTime<Utc>,
    /// Where it is sent.
    pub destination: &'a str,
    /// Our entity id at this connection.
    pub issuer: &'a str,
    /// The ID of the request.
    pub in_response_to: &'a str,
}

impl LogoutResponse<'_> {
    /// The URL to send the browser to, by HTTP-Redirect. `relay_state` is what came with the request.
    ///
    /// # Errors
    /// [`RedirectError`] when it cannot be signed, or RelayState is over 80 bytes.
    pub fn redirect_url(&self, relay_state: Option<&str>, signer: &Signer) -> Result<String, RedirectError> {
        let xml = self.unsigned().into_xml();
        let parameter = RedirectParameter::Response;
        redirect_binding::encode(self.destination, parameter, &xml, relay_state, Some(signer))
    }

    /// The form for the browser to send, by HTTP-POST. `relay_state` is what came with the request.
    ///
    /// # Errors
    /// [`SigningError`] when it cannot be signed.
    pub fn post_form(&self, relay_state: Option<&str>, signer: &Signer) -> Result<PostForm, SigningError> {
        let xml = signer.sign_enveloped(&self.unsigned())?;
        let mut fields = vec![("SAMLResponse", STANDARD.encode(xml))];
        fields.extend(relay_state.map(|state| ("RelayState", state.to_owned())));
        Ok(PostForm {
            action: self.destination.to_owned(),
            fields,
        })
    }

    /// The message, open where its signature belongs: after Issuer.
    fn unsigned(&self) -> Unsigned {
        let issue_instant = self.issue_instant.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut head = XmlWriter::with_capacity(1024);
        head.start_element(
            "samlp:LogoutResponse",
            &[
                ("xmlns:samlp", PROTOCOL),
                ("xmlns:saml", ASSERTION),
                ("ID", self.id.as_str()),
                ("Version", "2.0"),
                ("IssueInstant", &issue_instant),
                ("Destination", self.destination),
                ("InResponseTo", self.in_response_to),
            ],
        );
        head.start_element("saml:Issuer", &[]);
        head.text(self.issuer);
        head.end_element("saml:Issuer");
        let mut tail = XmlWriter::with_capacity(256);
        tail.start_element("samlp:Status", &[]);
        tail.empty_element("samlp:StatusCode", &[("Value", STATUS_SUCCESS)]);
        tail.end_element("samlp:Status");
        tail.end_element("samlp:LogoutResponse");
        Unsigned {
            id: self.id.as_str().to_owned(),
            head: head.into_string(),
            tail: tail.into_string(),
        }
    }
}
