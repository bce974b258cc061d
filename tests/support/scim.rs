//! A SCIM client, as an identity provider's provisioning service is one.

use axum::body::Body;
use gatehouse::domain::connection::{Connection, ConnectionState};
use gatehouse::domain::ids::TenantId;
use gatehouse::random;
use gatehouse::store::{ApiKey, ApiKeyKind};
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::admin::{Api, MadeTenant};
use crate::browser::{Answer, Browser};
use crate::idp::Idp;
use crate::world::{World, new_connection};

/// The User schema.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The Group schema.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of a PATCH body.
pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The schema of an error.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A SCIM client with one key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scim {
    browser: Browser,
    /// The base URL's path.
    pub base: String,
    /// The base URL.
    pub url: String,
    /// The key.
    pub token: String,
}

impl World {
    /// A SCIM client of the tenant, with a new key. SCIM is in use from now on, beside provisioning at sign-in.
    pub async fn scim(&self) -> Scim {
        let handle = self.gatehouse.store.tenant(&self.tenant.id);
        let mut tenant = handle.record().await.unwrap().unwrap();
        if !tenant.settings.scim_enabled {
            tenant.settings.scim_enabled = true;
            tenant.settings.provision_beside_scim = true;
            tenant.version += 1;
            let mut tx = handle.begin();
            tx.update_tenant(&tenant);
            tx.commit().await.unwrap();
        }
        let token = format!("ghsk_{}", random::token().unwrap());
        let key = ApiKey {
            id: random::uuid().unwrap().to_string(),
            tenant: self.tenant.id.clone(),
            kind: ApiKeyKind::Scim,
            name: "Tests".to_owned(),
            hash: ApiKey::hash_of(&token),
            created_at: self.gatehouse.clock.now(),
            expires_at: None,
        };
        let mut tx = self.gatehouse.store.tenant(&self.tenant.id).begin();
        tx.create_api_key(&key);
        tx.commit().await.unwrap();
        let base = self.gatehouse.config.base_url.as_str();
        Scim::new(
            Browser::new(self.router.clone(), base),
            base,
            &self.tenant.id,
            &token,
        )
    }
}

impl Api {
    /// Gives a tenant an active connection (AQ-28), if it has none.
    pub async fn single_sign_on(&self, tenant: &MadeTenant) {
        let id = TenantId::parse(&tenant.id).unwrap();
        let handle = self.gatehouse.store.tenant(&id);
        let is_active = |connection: &Connection| connection.state == ConnectionState::Active;
        if handle.connections().await.unwrap().iter().any(is_active) {
            return;
        }
        let idp = Idp::new("https://idp.of-a-connection.example/metadata");
        let mut tx = handle.begin();
        tx.create_connection(&new_connection(&id, &idp, self.gatehouse.clock.now()));
        tx.commit().await.unwrap();
    }

    /// A SCIM client of a tenant, with a new key that the operator made.
    pub async fn scim(&self, tenant: &MadeTenant) -> Scim {
        self.single_sign_on(tenant).await;
        let asked = json!({ "kind": "scim", "name": "Identity provider" });
        let made = self
            .operator()
            .post(&format!("{}/api-keys", tenant.path), &asked)
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let base = self.gatehouse.config.base_url.as_str();
        let browser = Browser::new(self.router.clone(), base);
        let id = TenantId::parse(&tenant.id).unwrap();
        Scim::new(browser, base, &id, made.json()["token"].as_str().unwrap())
    }
}

impl Scim {
    fn new(browser: Browser, origin: &str, tenant: &TenantId, token: &str) -> Self {
        let base = format!("/scim/v2/{tenant}");
        Self {
            browser,
            url: format!("{}{base}", origin.trim_end_matches('/')),
            base,
            token: token.to_owned(),
        }
    }

    /// The same client with another key.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// The same client, sent to another process of the deployment.
    #[must_use]
    pub fn through(&self, router: axum::Router) -> Self {
        let origin = self.url.strip_suffix(&self.base).unwrap();
        Self {
            browser: Browser::new(router, origin),
            ..self.clone()
        }
    }

    /// The same client at another tenant's base URL.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// Sends a request; `path` is below the base URL. The headers stand beside `Authorization`.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.browser
            .send_request(request.body(Body::from(body)).unwrap())
            .await
    }

    /// Asks each SCIM function for something that is cheap: the key is believed for 15 seconds from then on, and its look-up
    /// is not counted to what follows.
    pub async fn warm(&self) {
        for path in ["/Schemas", "/Users/nobody", "/Groups/nobody"] {
            self.get(path).await;
        }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    /// Lists with a filter.
    pub async fn filter(&self, endpoint: &str, filter: &str) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("filter", filter)
            .finish();
        self.get(&format!("{endpoint}?{query}")).await
    }

    async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let kind = [("content-type", "application/scim+json; charset=utf-8")];
        self.send(method, path, &kind, body.to_string().into_bytes())
            .await
    }

    /// Makes.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    /// Replaces.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::PUT, path, body).await
    }

    /// Changes by these operations.
    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        self.json(Method::PATCH, path, &body).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Vec::new()).await
    }

    /// Makes a user of this name and gives it as answered; `more` is merged into what is sent.
    pub async fn user(&self, name: &str, more: Value) -> Value {
        let mut body = json!({ "schemas": [USER], "userName": name });
        gatehouse::http::api::merge_patch(&mut body, &more);
        let made = self.post("/Users", &body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()
    }
}

impl Answer {
    /// Status and scimType of a SCIM error, which has the shape that every one has.
    #[allow(clippy::must_use_candidate, reason = "asking checks the shape")]
    pub fn scim_error(&self) -> (u16, String) {
        let body = self.json();
        let status = self.status.as_u16();
        assert_eq!(body["schemas"], json!([ERROR]), "{status} {body}");
        assert_eq!(body["status"], status.to_string(), "{body}");
        assert!(
            body["detail"].as_str().is_some_and(|d| d.len() > 8),
            "a detail that helps: {body}"
        );
        let kind = self.headers[header::CONTENT_TYPE].to_str().unwrap();
        assert!(kind.starts_with("application/scim+json"), "{kind}");
        (status, body["scimType"].as_str().unwrap_or_default().to_owned())
    }
}

/// A SCIM error as tests write it.
#[must_use]
pub fn scim_error(status: u16, scim_type: &str) -> (u16, String) {
    (status, scim_type.to_owned())
}
