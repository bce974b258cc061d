//! The identity provider's SAML side: metadata, single sign-on by Redirect and POST, IdP-initiated launch.
//!
//! How responses are made is set on the start page, and for one launch by `sign` and `encrypt` in its query.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, Query, RawQuery, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse::saml::redirect_binding::RedirectMessage;
use http::{HeaderMap, header};
use serde::Deserialize;

use super::issue::encrypt::{Cipher, Encryption};
use super::issue::keys::{IdpKey, KeyKind};
use super::issue::{Attribute, EMAIL, Issue, IssuedNameId, Sign};
use super::server::{log_in_page, problem, session};
use super::service_provider::{ServiceProvider, ServiceProviderError};
use super::state::{DemoIdp, Session, Waiting};

/// A request to sign somebody in at a service provider; it was checked against the provider's metadata.
#[derive(Clone, Debug)]
pub struct SsoRequest {
    /// Where the response goes.
    acs_url: String,
    /// The service provider's entity id.
    audience: String,
    /// The AuthnRequest that is answered; none when this identity provider starts.
    in_response_to: Option<String>,
    /// RelayState, returned as it came.
    relay_state: Option<String>,
    /// The person must log in again (ForceAuthn).
    force: bool,
    /// Nobody may be asked (IsPassive).
    passive: bool,
    /// For this response only.
    how: Option<ResponseOptions>,
    service_provider: ServiceProvider,
}

/// How responses are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ResponseOptions {
    /// What is signed.
    #[serde(default)]
    sign: SignOption,
    /// Whether and how the assertion is encrypted.
    #[serde(default)]
    encrypt: EncryptOption,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SignOption {
    #[default]
    Assertion,
    Response,
    Both,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EncryptOption {
    #[default]
    No,
    Aes128Gcm,
    Aes256Gcm,
    Aes128Cbc,
    Aes256Cbc,
}

impl ResponseOptions {
    /// The two choices as the start page's form names them, each with whether it is in force.
    pub(super) fn choices(self) -> [Vec<(&'static str, bool)>; 2] {
        let sign = [
            ("assertion", SignOption::Assertion),
            ("response", SignOption::Response),
            ("both", SignOption::Both),
        ];
        let encrypt = [
            ("no", EncryptOption::No),
            ("aes128-gcm", EncryptOption::Aes128Gcm),
            ("aes256-gcm", EncryptOption::Aes256Gcm),
            ("aes128-cbc", EncryptOption::Aes128Cbc),
            ("aes256-cbc", EncryptOption::Aes256Cbc),
        ];
        [
            sign.map(|(name, option)| (name, option == self.sign)).to_vec(),
            encrypt
                .map(|(name, option)| (name, option == self.encrypt))
                .to_vec(),
        ]
    }
}

pub(super) fn router() -> Router<DemoIdp> {
    Router::new()
        .route("/saml/metadata", get(metadata))
        .route("/saml/sso", get(sso_redirect).post(sso_post))
        .route("/saml/launch", get(launch))
        .route("/saml/options", post(set_options))
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
    (
        [(header::CONTENT_TYPE, "application/samlmetadata+xml")],
        idp.saml_metadata(),
    )
        .into_response()
}

async fn sso_redirect(State(idp): State<DemoIdp>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let message = match RedirectMessage::parse(&query.unwrap_or_default()) {
        Ok(message) => message,
        Err(error) => return problem("That is no AuthnRequest", &error.to_string()),
    };
    let relay_state = message.relay_state().map(str::to_owned);
    let checked = match Asked::read(message.unverified_xml()) {
        Ok(asked) => {
            asked
                .checked(relay_state, |provider| provider.check_redirect(&message))
                .await
        }
        Err(reason) => Err(reason),
    };
    answer_or_refuse(&idp, &headers, checked)
}

async fn sso_post(State(idp): State<DemoIdp>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = url::form_urlencoded::parse(&body).collect::<Vec<_>>();
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.to_string())
    };
    let xml = field("SAMLRequest").and_then(|value| STANDARD.decode(value).ok());
    let Some(xml) = xml.and_then(|xml| String::from_utf8(xml).ok()) else {
        return problem(
            "That is no AuthnRequest",
            "Wanted a form with SAMLRequest in base64.",
        );
    };
    let checked = match Asked::read(&xml) {
        Ok(asked) => {
            asked
                .checked(field("RelayState"), |provider| provider.check_post(&xml))
                .await
        }
        Err(reason) => Err(reason),
    };
    answer_or_refuse(&idp, &headers, checked)
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
    /// For this launch only.
    sign: Option<SignOption>,
    encrypt: Option<EncryptOption>,
}

/// IdP-initiated sign-in.
async fn launch(State(idp): State<DemoIdp>, headers: HeaderMap, Query(launch): Query<Launch>) -> Response {
    let usual = idp.response_options();
    let how = ResponseOptions {
        sign: launch.sign.unwrap_or(usual.sign),
        encrypt: launch.encrypt.unwrap_or(usual.encrypt),
    };
    let asked = Asked {
        acs_url: launch.acs,
        issuer: launch.audience,
        id: None,
        force: false,
        passive: false,
        how: Some(how),
    };
    let checked = asked.checked(launch.relay_state, |_| Ok(())).await;
    answer_or_refuse(&idp, &headers, checked)
}

async fn set_options(State(idp): State<DemoIdp>, Form(options): Form<ResponseOptions>) -> Response {
    idp.set_response_options(options);
    Redirect::to("/").into_response()
}

/// What a request says, before anything of it is believed.
struct Asked {
    acs_url: String,
    issuer: String,
    id: Option<String>,
    force: bool,
    passive: bool,
    how: Option<ResponseOptions>,
}

impl Asked {
    fn read(xml: &str) -> Result<Self, String> {
        let wanted = "wanted ID, Issuer and AssertionConsumerServiceURL";
        let document = uppsala::parse(xml).map_err(|_| "wanted XML".to_owned())?;
        let root = document.document_element().ok_or(wanted)?;
        let element = document.element(root).ok_or(wanted)?;
        let issuer = document.children(root).into_iter().find(|child| {
            document
                .element(*child)
                .is_some_and(|element| element.name.local_name == "Issuer")
        });
        let text = |name: &str| element.get_attribute(name).map(str::to_owned).ok_or(wanted);
        let flag = |name: &str| matches!(element.get_attribute(name), Some("true" | "1"));
        Ok(Self {
            acs_url: text("AssertionConsumerServiceURL")?,
            issuer: document
                .text_content_deep(issuer.ok_or(wanted)?)
                .trim()
                .to_owned(),
            id: Some(text("ID")?),
            force: flag("ForceAuthn"),
            passive: flag("IsPassive"),
            how: None,
        })
    }

    /// Holds it against the metadata of the service provider it names.
    async fn checked(
        self,
        relay_state: Option<String>,
        signature: impl FnOnce(&ServiceProvider) -> Result<(), ServiceProviderError>,
    ) -> Result<SsoRequest, String> {
        let provider = ServiceProvider::of(&self.issuer)
            .await
            .map_err(|error| error.to_string())?;
        signature(&provider).map_err(|error| error.to_string())?;
        provider
            .check_acs(&self.acs_url)
            .map_err(|error| error.to_string())?;
        Ok(SsoRequest {
            acs_url: self.acs_url,
            audience: self.issuer,
            in_response_to: self.id,
            relay_state,
            force: self.force,
            passive: self.passive,
            how: self.how,
            service_provider: provider,
        })
    }
}

fn answer_or_refuse(idp: &DemoIdp, headers: &HeaderMap, checked: Result<SsoRequest, String>) -> Response {
    let request = match checked {
        Ok(request) => request,
        Err(reason) => return problem("This request is not answered", &reason),
    };
    match session(idp, headers) {
        Some(session) if !request.force => complete(idp, &request, &session),
        Some(_) | None if request.passive => page(idp, &request, None),
        Some(_) | None => log_in_page(idp, Waiting::Saml(Box::new(request))),
    }
}

/// The page that posts the response.
pub(super) fn complete(idp: &DemoIdp, request: &SsoRequest, session: &Session) -> Response {
    page(idp, request, Some(session))
}

#[derive(Template)]
#[template(path = "demo_idp_post.html")]
struct PostPage<'a> {
    action: &'a str,
    response: &'a str,
    relay_state: Option<&'a str>,
}

fn page(idp: &DemoIdp, request: &SsoRequest, session: Option<&Session>) -> Response {
    let made = response(idp, request, session).and_then(|response| {
        let page = PostPage {
            action: &request.acs_url,
            response: &response,
            relay_state: request.relay_state.as_deref(),
        };
        page.render().map_err(|error| error.to_string())
    });
    match made {
        Ok(page) => ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response(),
        Err(error) => problem("No response could be made", &error),
    }
}

/// The value of `SAMLResponse`; without a session it says that nobody could be asked (saml-core 3.2.2.2).
fn response(idp: &DemoIdp, request: &SsoRequest, session: Option<&Session>) -> Result<String, String> {
    let issuer = format!("{}/saml/metadata", idp.url());
    let mut issue = Issue::new(&issuer, &request.acs_url, &request.audience, idp.now())
        .map_err(|error| error.to_string())?;
    issue.in_response_to.clone_from(&request.in_response_to);
    let how = request.how.unwrap_or_else(|| idp.response_options());
    issue.sign = match how.sign {
        SignOption::Assertion => Sign::Assertion,
        SignOption::Response => Sign::Response,
        SignOption::Both => Sign::Both,
    };
    issue.encryption = encryption(how.encrypt, &request.service_provider)?;
    match session {
        Some(session) => about(&mut issue, session),
        None => {
            issue.failure = vec!["Responder".to_owned(), "NoPassive".to_owned()];
            issue.sign = Sign::Response;
        }
    }
    let keys = idp.keys();
    let key = IdpKey::from_parts(KeyKind::Rsa, keys.pkcs8().to_vec(), keys.certificate().to_vec());
    issue.form_value(&key).map_err(|error| error.to_string())
}

fn about(issue: &mut Issue, session: &Session) {
    let person = &session.person;
    issue.name_id = Some(IssuedNameId::new(&person.email, EMAIL));
    issue.authn_instant = session.authenticated_at;
    let names = [("firstName", &person.first_name), ("lastName", &person.last_name)];
    let names = names.into_iter().filter(|(_, value)| !value.is_empty());
    issue.attributes = names
        .map(|(name, value)| Attribute::new(name, [value.clone()]))
        .collect();
    let more = person
        .attributes
        .iter()
        .map(|(name, values)| Attribute::new(name, values.clone()));
    issue.attributes.extend(more);
}

fn encryption(option: EncryptOption, provider: &ServiceProvider) -> Result<Option<Encryption>, String> {
    let cipher = match option {
        EncryptOption::No => return Ok(None),
        EncryptOption::Aes128Gcm => Cipher::Aes128Gcm,
        EncryptOption::Aes256Gcm => Cipher::Aes256Gcm,
        EncryptOption::Aes128Cbc => Cipher::Aes128Cbc,
        EncryptOption::Aes256Cbc => Cipher::Aes256Cbc,
    };
    let certificate = provider
        .encryption
        .first()
        .ok_or("the service provider has no encryption key")?;
    Ok(Some(Encryption {
        cipher,
        ..Encryption::new(certificate.der().to_vec())
    }))
}

#[cfg(test)]
#[path = "saml_tests.rs"]
mod tests;
