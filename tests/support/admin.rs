//! The APIs of operator and owner, called as a program calls them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use gatehouse::app::Gatehouse;
use gatehouse::app::openid_provider::keys::make_provider_keys;
use gatehouse_local::Local;
use gatehouse_local::control::ReadMail;
use gatehouse_local::functions::{self, Settings};
use gatehouse_local::seed::sha256_hex;
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::event_schemas::EventCheck;
use crate::idp::{Idp, Visitor};

/// The key that opens the operator API.
pub const OPERATOR_KEY: &str = "the-operator-key-of-the-tests";

/// A deployment with nothing in it.
pub struct Api {
    /// The embedded services.
    pub local: Local,
    /// The use cases' world.
    pub gatehouse: Arc<Gatehouse>,
    /// All functions behind one gateway.
    pub router: Router,
    /// Holds every event against its schema, at the end.
    pub event_check: EventCheck,
}

/// Who calls: by this bearer token or client secret, or by nothing.
#[derive(Clone, Debug)]
pub struct Caller {
    browser: Browser,
    authorization: Option<String>,
}

/// A tenant as the operator made it.
#[derive(Clone, Debug)]
pub struct MadeTenant {
    /// Its id.
    pub id: String,
    /// Its record, as answered.
    pub record: Value,
    /// Its path in the operator's API.
    pub path: String,
    /// The owner's API key.
    pub key: String,
}

impl Api {
    /// Everything is let in: single sign-on, SCIM, just-in-time provisioning.
    #[must_use]
    pub fn everything() -> Value {
        json!({ "sso": true, "scim": true, "jit": true })
    }

    /// Starts in memory, as `cargo run` configures it.
    pub async fn start() -> Self {
        crate::recorder::install();
        let local = crate::local_at_noon();
        let roles = (
            "GATEHOUSE_ROLE_CATALOGUE".to_owned(),
            "stakeholder-to-admin".to_owned(),
        );
        let operator_mail = (
            "GATEHOUSE_OPERATOR_MAIL".to_owned(),
            "operator@gatehouse.example".to_owned(),
        );
        let settings = Settings {
            operator_key_sha256: Some(sha256_hex(OPERATOR_KEY)),
            variables: vec![roles, operator_mail],
        };
        let gatehouse = functions::gatehouse(&local, &settings).unwrap();
        make_provider_keys(&gatehouse).await.unwrap();
        let router = gatehouse_local::gateway::router(functions::processes(&local, &gatehouse));
        Self {
            event_check: EventCheck::of(&local),
            local,
            gatehouse,
            router,
        }
    }

    /// Somebody with this token.
    #[must_use]
    pub fn caller(&self, token: Option<&str>) -> Caller {
        Caller::on(&self.router, self.gatehouse.config.base_url.as_str(), token)
    }

    /// An app, by its client's id and secret (HTTP Basic).
    #[must_use]
    pub fn app(&self, (id, secret): (&str, &str)) -> Caller {
        Caller {
            authorization: Some(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))),
            ..self.caller(None)
        }
    }

    /// The operator.
    #[must_use]
    pub fn operator(&self) -> Caller {
        self.caller(Some(OPERATOR_KEY))
    }

    /// Makes a tenant with an owner's key; `more` is merged into what is asked for.
    pub async fn tenant(&self, name: &str, more: Value) -> MadeTenant {
        let mut asked = json!({ "name": name, "entitlements": Self::everything() });
        gatehouse::http::api::merge_patch(&mut asked, &more);
        let made = self.operator().post("/operator/v1/tenants", &asked).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let record = made.json();
        let id = record["id"].as_str().unwrap().to_owned();
        let path = format!("/operator/v1/tenants/{id}");
        let asked = json!({ "kind": "owner", "name": "tests" });
        let key = self.operator().post(&format!("{path}/api-keys"), &asked).await;
        assert_eq!(key.status, 201, "{}", key.body);
        let key = key.json()["token"].as_str().unwrap().to_owned();
        MadeTenant {
            id,
            record,
            path,
            key,
        }
    }

    /// The owner of a tenant.
    #[must_use]
    pub fn owner(&self, tenant: &MadeTenant) -> Caller {
        self.caller(Some(&tenant.key))
    }

    /// Tries a connection out (SE-27): `visitor` signs in at `idp`. Gives the test's path and the last page.
    pub async fn try_out(
        &self,
        owner: &Caller,
        connection: &str,
        (idp, visitor): (&Idp, &Visitor),
    ) -> (String, Answer) {
        let test = owner.act(&format!("{connection}/tests")).await;
        assert_eq!(test.status, 201, "{}", test.body);
        let test = test.json();
        let browser = Browser::new(self.router.clone(), self.gatehouse.config.base_url.as_str());
        let url = url::Url::parse(test["url"].as_str().unwrap()).unwrap();
        let sent = browser
            .get(&format!("{}?{}", url.path(), url.query().unwrap()))
            .await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let asked = idp.asked(&sent);
        let sp = owner.get(connection).await.json()["service_provider"].clone();
        let (acs, audience) = (sp["acs_url"].as_str().unwrap(), sp["entity_id"].as_str().unwrap());
        let now = self.gatehouse.clock.now();
        let issue = idp.answer((acs, audience), now, visitor, Some(&asked.id));
        let value = issue.form_value(&idp.key).unwrap();
        let fields = [
            ("SAMLResponse", value.as_str()),
            ("RelayState", asked.relay_state.as_str()),
        ];
        let mut page = browser
            .post_cross_site(url::Url::parse(acs).unwrap().path(), &fields)
            .await;
        if page.status == 303 {
            page = browser.get(&page.raw_location()).await;
        }
        (
            format!("{connection}/tests/{}", test["id"].as_str().unwrap()),
            page,
        )
    }

    /// One invocation of the reminder, and its report.
    pub async fn remind(&self) -> Value {
        let reminder = functions::reminder(&self.gatehouse.apart()).unwrap();
        functions::remind(&reminder).await.unwrap()
    }

    /// Carries the outbox: all that was written so far.
    pub async fn relay(&self) -> usize {
        let source = functions::event_source(&self.local, &self.gatehouse.apart()).unwrap();
        source.drain().await.unwrap()
    }

    /// Mails that SES accepted, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<ReadMail> {
        ReadMail::all(self.local.mailbox())
    }

    /// Moves the clock on.
    pub fn pass(&self, time: TimeDelta) {
        self.gatehouse.clock.advance(time);
    }

    /// Every document that was written to the directory table, in order.
    #[must_use]
    pub fn written(&self) -> Vec<Value> {
        written_to(&self.local)
    }

    /// Every change of the directory table, in order, as its stream has it.
    #[must_use]
    pub fn stream(&self) -> Vec<Value> {
        stream_of(&self.local)
    }

    /// The mails of the outbox, in order.
    #[must_use]
    pub fn letters(&self) -> Vec<Value> {
        let all = self.written().into_iter();
        all.filter(|doc| doc["record"] == "mail").collect()
    }

    /// The events of the outbox of this kind, in order.
    #[must_use]
    pub fn events(&self, kind: &str) -> Vec<Value> {
        events_of(&self.local, kind)
    }
}

/// The events of this kind in the outbox of the embedded services, in order.
#[must_use]
pub fn events_of(local: &Local, kind: &str) -> Vec<Value> {
    let all = written_to(local)
        .into_iter()
        .filter(|doc| doc["record"] == "events");
    let events = all.flat_map(|doc| doc["events"].as_array().unwrap().clone());
    events.filter(|event| event["type"] == kind).collect()
}

fn written_to(local: &Local) -> Vec<Value> {
    let records = stream_of(local);
    let documents = records
        .iter()
        .filter_map(|record| record.pointer("/dynamodb/NewImage/doc/S")?.as_str());
    documents
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

fn stream_of(local: &Local) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let last = all
            .last()
            .map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap());
        let more = local.dynamodb().stream_records(last, 1_000).unwrap();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

impl Caller {
    /// Somebody with this token on these functions.
    #[must_use]
    pub fn on(router: &Router, base: &str, token: Option<&str>) -> Self {
        Self {
            browser: Browser::new(router.clone(), base),
            authorization: token.map(|token| format!("Bearer {token}")),
        }
    }

    /// Sends a request.
    pub async fn send(&self, method: Method, path: &str, etag: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(etag) = etag {
            request = request.header(header::IF_MATCH, etag);
        }
        let request = match body {
            Some(body) => {
                let request = request.header(header::CONTENT_TYPE, "application/json");
                request.body(Body::from(body.to_string()))
            }
            None => request.body(Body::empty()),
        };
        self.browser.send_request(request.unwrap()).await
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }

    /// Sends a body of this type.
    pub async fn put_as(&self, path: &str, kind: &str, body: &str) -> Answer {
        let mut request = Request::put(path).header(header::CONTENT_TYPE, kind);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.browser.send_request(request).await
    }

    /// Makes.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, None, Some(body)).await
    }

    /// Does something to what is there.
    pub async fn act(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None, None).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, None).await
    }

    /// Reads `path` for its ETag and changes it.
    pub async fn patch(&self, path: &str, change: &Value) -> Answer {
        let etag = self.get(path).await.etag();
        self.send(Method::PATCH, path, Some(&etag), Some(change)).await
    }

    /// Changes over an ETag.
    pub async fn patch_at(&self, path: &str, etag: &str, change: &Value) -> Answer {
        self.send(Method::PATCH, path, Some(etag), Some(change)).await
    }

    /// Asks for a SAML connection.
    pub async fn connection_of(&self, base: &str, name: &str) -> Answer {
        let asked = json!({ "protocol": "saml", "name": name, "brand": "generic-saml" });
        self.post(&format!("{base}/connections"), &asked).await
    }

    /// Makes a SAML connection; gives its path and its record.
    pub async fn connection(&self, base: &str, name: &str) -> (String, Value) {
        let made = self.connection_of(base, name).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let record = made.json();
        (
            format!("{base}/connections/{}", record["id"].as_str().unwrap()),
            record,
        )
    }

    /// Sets the identity provider of the connection at `path`.
    pub async fn set_idp(&self, path: &str, input: &Value) -> Answer {
        let etag = self.get(path).await.etag();
        self.send(Method::PUT, &format!("{path}/idp"), Some(&etag), Some(input))
            .await
    }
}

impl Answer {
    /// The ETag.
    #[must_use]
    pub fn etag(&self) -> String {
        let found = self.headers.get(header::ETAG);
        let found = found.unwrap_or_else(|| panic!("no ETag: {} {}", self.status, self.body));
        found.to_str().unwrap().to_owned()
    }

    /// Status and code of a problem, which has the shape that every problem has.
    #[allow(clippy::must_use_candidate, reason = "asking checks the shape")]
    pub fn problem(&self) -> (u16, String) {
        let kind = self
            .headers
            .get(header::CONTENT_TYPE)
            .map(|kind| kind.to_str().unwrap().to_owned());
        assert_eq!(
            kind.as_deref(),
            Some("application/problem+json"),
            "{} {}",
            self.status,
            self.body
        );
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(
            body["reference"],
            self.headers["x-gatehouse-reference"].to_str().unwrap()
        );
        (self.status.as_u16(), body["code"].as_str().unwrap().to_owned())
    }
}

/// A problem as tests write it.
#[must_use]
pub fn problem(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
