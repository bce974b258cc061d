//! The identity provider's SAML side: metadata, single sign-on by Redirect and POST, IdP-initiated launch.
//!
//! It answers whoever asks at an assertion consumer service on this machine: it is a demo. `?sign=` (`assertion`,
//! `response`, `both`) and `?encrypt=1` on the launch page change how the response is made.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse::saml::redirect_binding::RedirectMessage;
use http::{HeaderMap, header};
use serde::Deserialize;
use url::Url;

use super::issue::keys::{IdpKey, KeyKind};
use super::issue::{Attribute, EMAIL, Issue, IssuedNameId, Sign};
use super::server::{log_in_page, problem, session};
use super::state::{DemoIdp, Session, Waiting};

/// A request to sign somebody in at a service provider.
#[derive(Clone, Debug)]
pub struct SsoRequest {
    /// Where the response goes.
    pub acs_url: String,
    /// The service provider's entity id.
    pub audience: String,
    /// The AuthnRequest that is answered; none when this identity provider starts.
    pub in_response_to: Option<String>,
    /// RelayState, returned as it came.
    pub relay_state: Option<String>,
    /// The person must log in again (ForceAuthn).
    pub force: bool,
    /// What is signed.
    pub sign: Sign,
}

pub(super) fn router() -> Router<DemoIdp> {
    Router::new()
        .route("/saml/metadata", get(metadata))
        .route("/saml/sso", get(sso_redirect).post(sso_post))
        .route("/saml/launch", get(launch))
}

impl DemoIdp {
    /// Its SAML metadata.
    #[must_use]
    pub fn saml_metadata(&self) -> String {
        let (url, certificate) = (self.url(), self.keys().certificate_base64());
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{url}/saml/metadata\">\
             <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
             <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             </md:KeyDescriptor>\
             <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
             Location=\"{url}/saml/sso\"/>\
             <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
             Location=\"{url}/saml/sso\"/>\
             </md:IDPSSODescriptor></md:EntityDescriptor>"
        )
    }
}

async fn metadata(State(idp): State<DemoIdp>) -> Response {
    ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], idp.saml_metadata()).into_response()
}

async fn sso_redirect(State(idp): State<DemoIdp>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    match RedirectMessage::parse(&query) {
        Ok(message) => {
            let relay_state = message.relay_state().map(str::to_owned);
            asked(&idp, &headers, message.unverified_xml(), relay_state)
        }
        Err(error) => problem("That is no AuthnRequest", &error.to_string()),
    }
}

async fn sso_post(State(idp): State<DemoIdp>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = url::form_urlencoded::parse(&body).collect::<Vec<_>>();
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.to_string());
    let xml = field("SAMLRequest").and_then(|value| STANDARD.decode(value).ok());
    match xml.and_then(|xml| String::from_utf8(xml).ok()) {
        Some(xml) => asked(&idp, &headers, &xml, field("RelayState")),
        None => problem("That is no AuthnRequest", "Wanted a form with SAMLRequest in base64."),
    }
}

/// What the launch buttons send.
#[derive(Deserialize)]
struct Launch {
    /// Where the response goes.
    acs: String,
    /// The service provider's entity id.
    audience: String,
    /// RelayState to send along.
    relay_state: Option<String>,
    /// `assertion`, `response` or `both`.
    sign: Option<String>,
}

/// IdP-initiated sign-in.
async fn launch(State(idp): State<DemoIdp>, headers: HeaderMap, Query(launch): Query<Launch>) -> Response {
    let sign = match launch.sign.as_deref() {
        None | Some("assertion") => Sign::Assertion,
        Some("response") => Sign::Response,
        Some("both") => Sign::Both,
        Some(_) => return problem("That cannot be signed", "Wanted sign=assertion, response or both."),
    };
    let request = SsoRequest {
        acs_url: launch.acs,
        audience: launch.audience,
        in_response_to: None,
        relay_state: launch.relay_state,
        force: false,
        sign,
    };
    answer_or_log_in(&idp, &headers, request)
}

fn asked(idp: &DemoIdp, headers: &HeaderMap, xml: &str, relay_state: Option<String>) -> Response {
    match read(xml, relay_state) {
        Some(request) => answer_or_log_in(idp, headers, request),
        None => problem("That is no AuthnRequest", "Wanted ID, Issuer and AssertionConsumerServiceURL."),
    }
}

/// Reads what it needs. A demo does not judge the request: who is answered follows from where the answer goes.
fn read(xml: &str, relay_state: Option<String>) -> Option<SsoRequest> {
    let document = uppsala::parse(xml).ok()?;
    let root = document.document_element()?;
    let element = document.element(root)?;
    let issuer = document.children(root).into_iter().find(|child| {
        document.element(*child).is_some_and(|element| element.name.local_name == "Issuer")
    })?;
    Some(SsoRequest {
        acs_url: element.get_attribute("AssertionConsumerServiceURL")?.to_owned(),
        audience: document.text_content_deep(issuer),
        in_response_to: Some(element.get_attribute("ID")?.to_owned()),
        relay_state,
        force: element.get_attribute("ForceAuthn") == Some("true"),
        sign: Sign::Assertion,
    })
}

fn answer_or_log_in(idp: &DemoIdp, headers: &HeaderMap, request: SsoRequest) -> Response {
    if !on_this_machine(&request.acs_url) {
        return problem("That is not on this machine", "This demo answers at loopback addresses only.");
    }
    match session(idp, headers) {
        Some(session) if !request.force => complete(idp, &request, &session),
        Some(_) | None => log_in_page(idp, Waiting::Saml(Box::new(request))),
    }
}

fn on_this_machine(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.host().is_some_and(|host| gatehouse::config::is_loopback_host(&host)))
}

/// The page that posts the response.
pub(super) fn complete(idp: &DemoIdp, request: &SsoRequest, session: &Session) -> Response {
    match form(idp, request, session) {
        Ok(page) => ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response(),
        Err(error) => problem("No response could be made", &error),
    }
}

#[derive(Template)]
#[template(path = "demo_idp_post.html")]
struct PostPage<'a> {
    action: &'a str,
    response: &'a str,
    relay_state: Option<&'a str>,
}

fn form(idp: &DemoIdp, request: &SsoRequest, session: &Session) -> Result<String, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let issuer = format!("{}/saml/metadata", idp.url());
    let mut issue = Issue::new(&issuer, &request.acs_url, &request.audience, idp.now()).map_err(|e| said(&e))?;
    let person = &session.person;
    issue.in_response_to.clone_from(&request.in_response_to);
    issue.name_id = Some(IssuedNameId::new(&person.email, EMAIL));
    issue.authn_instant = session.authenticated_at;
    issue.sign = request.sign;
    let named = [("firstName", &person.first_name), ("lastName", &person.last_name)];
    let named = named.into_iter().filter(|(_, value)| !value.is_empty());
    issue.attributes = named.map(|(name, value)| Attribute::new(name, [value.clone()])).collect();
    let more = person.attributes.iter().map(|(name, values)| Attribute::new(name, values.clone()));
    issue.attributes.extend(more);
    let keys = idp.keys();
    let key = IdpKey::from_parts(KeyKind::Rsa, keys.pkcs8().to_vec(), keys.certificate().to_vec());
    let response = issue.form_value(&key).map_err(|e| said(&e))?;
    let page = PostPage {
        action: &request.acs_url,
        response: &response,
        relay_state: request.relay_state.as_deref(),
    };
    page.render().map_err(|e| said(&e))
}
