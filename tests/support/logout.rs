//! Logout messages as identity providers make them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use gatehouse::saml::redirect_binding::{self, RedirectParameter};
use gatehouse_local::demo_idp::issue::encrypt::{Encryption, encrypt_bytes};
use gatehouse_local::demo_idp::issue::keys::IdpKey;
use gatehouse_local::demo_idp::issue::sign::{self, SignatureAlgorithm};

use crate::browser::{Answer, Browser};
use crate::world::World;

const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

/// A LogoutRequest (saml-core 3.7.1).
#[derive(Clone, Debug)]
pub struct Logout {
    /// ID.
    pub id: String,
    /// Issuer.
    pub issuer: String,
    /// Destination.
    pub destination: Option<String>,
    /// IssueInstant.
    pub issued: DateTime<Utc>,
    /// NotOnOrAfter.
    pub until: Option<DateTime<Utc>>,
    /// What names the person: the element.
    pub name: String,
    /// SessionIndex elements.
    pub indexes: Vec<String>,
    /// The document element's name.
    pub element: &'static str,
}

impl Logout {
    /// An ordinary request about `email`.
    #[must_use]
    pub fn new(world: &World, email: &str) -> Self {
        let now = world.gatehouse.clock.now();
        Self {
            id: format!(
                "_{}",
                gatehouse::random::token().unwrap().replace(['-', '_'], "x")
            ),
            issuer: world.idp.entity_id.clone(),
            destination: Some(world.slo_url()),
            issued: now,
            until: Some(now + TimeDelta::minutes(5)),
            name: name_id(email),
            indexes: Vec::new(),
            element: "LogoutRequest",
        }
    }

    /// Of one session.
    #[must_use]
    pub fn of(mut self, index: &str) -> Self {
        self.indexes.push(index.to_owned());
        self
    }

    /// With the name encrypted to the connection.
    #[must_use]
    pub fn hidden(mut self, certificate_der: Vec<u8>) -> Self {
        let name = self.name.replace(
            "<saml:NameID",
            "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
        );
        let sealed = encrypt_bytes(name.as_bytes(), &Encryption::new(certificate_der)).unwrap();
        self.name = sealed.replace("EncryptedAssertion", "EncryptedID");
        self
    }

    /// The XML, not signed.
    #[must_use]
    pub fn xml(&self) -> String {
        let instant = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let until = self.until.map(|at| format!(" NotOnOrAfter=\"{}\"", instant(at)));
        let destination = self
            .destination
            .as_ref()
            .map(|to| format!(" Destination=\"{to}\""));
        let indexes = self.indexes.iter();
        let indexes = indexes
            .map(|index| format!("<samlp:SessionIndex>{index}</samlp:SessionIndex>"))
            .collect::<String>();
        format!(
            "<samlp:{element} xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" \
             IssueInstant=\"{issued}\"{until}{destination}><saml:Issuer>{issuer}</saml:Issuer>{name}{indexes}\
             </samlp:{element}>",
            element = self.element,
            id = self.id,
            issued = instant(self.issued),
            until = until.unwrap_or_default(),
            destination = destination.unwrap_or_default(),
            issuer = self.issuer,
            name = self.name,
        )
    }

    /// The form field `SAMLRequest`, signed.
    #[must_use]
    pub fn form_value(&self, key: &IdpKey) -> String {
        let signed = sign::sign(self.xml(), &self.id, SignatureAlgorithm::EcdsaSha256, key).unwrap();
        STANDARD.encode(signed)
    }

    /// The query of the redirect, signed (saml-bindings 3.4.4.1).
    #[must_use]
    pub fn query(&self, key: &IdpKey, relay_state: Option<&str>) -> String {
        signed_query(&self.xml(), key, relay_state, false)
    }

    /// The same with percent escapes in lower case (E-38).
    #[must_use]
    pub fn query_in_lower_case(&self, key: &IdpKey) -> String {
        signed_query(&self.xml(), key, None, true)
    }
}

/// A NameID element as [`crate::Visitor`]s have.
#[must_use]
pub fn name_id(email: &str) -> String {
    let format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    format!("<saml:NameID Format=\"{format}\">{email}</saml:NameID>")
}

fn signed_query(xml: &str, key: &IdpKey, relay_state: Option<&str>, lower: bool) -> String {
    let url =
        redirect_binding::encode("https://x", RedirectParameter::Request, xml, relay_state, None).unwrap();
    let escaped = url::form_urlencoded::byte_serialize(ECDSA_SHA256.as_bytes()).collect::<String>();
    let mut signed = format!("{}&SigAlg={escaped}", url.split_once('?').unwrap().1);
    if lower {
        for escape in ["%2B", "%2F", "%3D", "%3A"] {
            signed = signed.replace(escape, &escape.to_lowercase());
        }
    }
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.pkcs8_der()).unwrap();
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    let signature = STANDARD.encode(signature);
    let signature = url::form_urlencoded::byte_serialize(signature.as_bytes()).collect::<String>();
    format!("{signed}&Signature={signature}")
}

impl World {
    /// Our single logout URL.
    #[must_use]
    pub fn slo_url(&self) -> String {
        self.gatehouse.config.base_url.at(&self.slo_path())
    }

    /// Its path.
    #[must_use]
    pub fn slo_path(&self) -> String {
        format!("/saml/{}/slo", self.connection.id)
    }

    /// A browser without cookies carries the request by HTTP-Redirect.
    pub async fn log_out(&self, logout: &Logout, relay_state: Option<&str>) -> Answer {
        let query = logout.query(&self.idp.key, relay_state);
        self.browser().get(&format!("{}?{query}", self.slo_path())).await
    }

    /// A browser without cookies carries the request by HTTP-POST.
    pub async fn log_out_by_post(&self, logout: &Logout, relay_state: Option<&str>) -> Answer {
        let value = logout.form_value(&self.idp.key);
        self.post_logout(&self.browser(), &value, relay_state).await
    }

    /// The same with the form's value as it is.
    pub async fn post_logout(&self, browser: &Browser, value: &str, relay_state: Option<&str>) -> Answer {
        let mut fields = vec![("SAMLRequest", value)];
        fields.extend(relay_state.map(|state| ("RelayState", state)));
        browser.post_cross_site(&self.slo_path(), &fields).await
    }
}
