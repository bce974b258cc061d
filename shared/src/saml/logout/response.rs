//! The LogoutResponse (saml-core 3.7.2) and its way to the identity provider.

use chrono::{DateTime, Utc};
use uppsala::XmlWriter;

use crate::saml::authn_request::RequestId;
use crate::saml::names::STATUS_SUCCESS;
use crate::saml::outgoing::{self, Head, PostForm};
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
        let to = (RedirectParameter::Response, self.destination);
        outgoing::post_form(to, self.unsigned(), relay_state, Some(signer))
    }

    /// The message, open where its signature belongs: after Issuer.
    fn unsigned(&self) -> Unsigned {
        let head = Head {
            element: "samlp:LogoutResponse",
            id: self.id,
            issue_instant: self.issue_instant,
            destination: self.destination,
            issuer: self.issuer,
        };
        let mut tail = XmlWriter::with_capacity(256);
        tail.start_element("samlp:Status", &[]);
        tail.empty_element("samlp:StatusCode", &[("Value", STATUS_SUCCESS)]);
        tail.end_element("samlp:Status");
        tail.end_element("samlp:LogoutResponse");
        Unsigned {
            id: self.id.as_str().to_owned(),
            head: head.write(&[("InResponseTo", self.in_response_to)]),
            tail: tail.into_string(),
        }
    }
}
