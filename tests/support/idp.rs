//! An identity provider of our own, and who signs in there.

use chrono::{DateTime, Utc};
use gatehouse::saml::redirect_binding::RedirectMessage;
use gatehouse_local::demo_idp::issue::keys::{IdpKey, KeyKind};
use gatehouse_local::demo_idp::issue::sign::SignatureAlgorithm;
use gatehouse_local::demo_idp::issue::{Attribute, Issue, IssuedNameId};
use url::Url;

use crate::browser::{Answer, Browser};
use crate::world::World;

const EMAIL_FORMAT: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

/// The identity provider.
#[derive(Clone, Debug)]
pub struct Idp {
    /// Its entity id.
    pub entity_id: String,
    /// Its key.
    pub key: IdpKey,
}

/// Who signs in, and what is said of them.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The address, as NameID.
    pub email: String,
    /// Attributes.
    pub attributes: Vec<(String, Vec<String>)>,
}

impl Visitor {
    /// Somebody of whom only the address is said.
    #[must_use]
    pub fn new(email: &str) -> Self {
        Self {
            email: email.to_owned(),
            attributes: Vec::new(),
        }
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), vec![value.to_owned()]));
        self
    }
}

/// What an AuthnRequest says, and where its answer goes.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// RelayState.
    pub relay_state: String,
    /// The XML.
    pub xml: String,
}

impl Idp {
    /// An identity provider with a new key.
    #[must_use]
    pub fn new(entity_id: &str) -> Self {
        let key = IdpKey::generate(KeyKind::P256, "idp").unwrap();
        Self {
            entity_id: entity_id.to_owned(),
            key,
        }
    }

    /// Reads the request that a browser was sent with.
    #[must_use]
    pub fn asked(&self, answer: &Answer) -> Asked {
        asked(&answer.location())
    }

    /// An ordinary response about `visitor`.
    #[must_use]
    pub fn response(&self, world: &World, visitor: &Visitor, in_response_to: Option<&str>) -> Issue {
        let base = &world.gatehouse.config.base_url;
        let id = &world.connection.id;
        let acs = base.at(&format!("/saml/{id}/acs"));
        let audience = base.at(&format!("/saml/{id}/metadata"));
        self.answer(
            (&acs, &audience),
            world.gatehouse.clock.now(),
            visitor,
            in_response_to,
        )
    }

    /// An ordinary response about `visitor` to the service provider of this ACS URL and audience.
    #[must_use]
    pub fn answer(
        &self,
        (acs, audience): (&str, &str),
        now: DateTime<Utc>,
        visitor: &Visitor,
        in_response_to: Option<&str>,
    ) -> Issue {
        let mut issue = Issue::new(&self.entity_id, acs, audience, now).unwrap();
        issue.algorithm = SignatureAlgorithm::EcdsaSha256;
        issue.in_response_to = in_response_to.map(str::to_owned);
        issue.name_id = Some(IssuedNameId::new(&visitor.email, EMAIL_FORMAT));
        let attributes = visitor.attributes.iter();
        issue.attributes = attributes
            .map(|(name, values)| Attribute::new(name, values.clone()))
            .collect();
        issue
    }
}

/// Reads an AuthnRequest out of the URL that it travels in.
#[must_use]
pub fn asked(url: &Url) -> Asked {
    let message = RedirectMessage::parse(url.query().unwrap()).unwrap();
    let xml = message.unverified_xml().to_owned();
    let id = xml
        .split(" ID=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    Asked {
        id,
        relay_state: message.relay_state().unwrap().to_owned(),
        xml,
    }
}

impl World {
    /// The browser posts `issue` to the connection's ACS, as the identity provider's page makes it.
    pub async fn deliver(&self, browser: &Browser, issue: &Issue, relay_state: Option<&str>) -> Answer {
        let value = issue.form_value(&self.idp.key).unwrap();
        self.deliver_value(browser, &value, relay_state).await
    }

    /// The same with the form's value as it is. On loopback it follows to where the cookie shows.
    pub async fn deliver_value(&self, browser: &Browser, value: &str, relay_state: Option<&str>) -> Answer {
        let path = format!("/saml/{}/acs", self.connection.id);
        let mut fields = vec![("SAMLResponse", value)];
        fields.extend(relay_state.map(|state| ("RelayState", state)));
        let answer = browser.post_cross_site(&path, &fields).await;
        let goes_on = answer
            .headers
            .get("location")
            .is_some_and(|to| to.as_bytes().starts_with(b"/sign-in/continue"));
        if goes_on {
            browser.get(&answer.raw_location()).await
        } else {
            answer
        }
    }
}
