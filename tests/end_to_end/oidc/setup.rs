//! An owner sets up a connection to an OpenID Provider, by the JSON API.

use gatehouse::domain::ids::ConnectionId;
use gatehouse::secrets::{SecretName, Stage};
use gatehouse_tests::provider::{Endpoint, Reply};
use gatehouse_tests::{Answer, Api, Caller, Provider, problem};
use http::Method;
use serde_json::{Value, json};

const DIRECTORY: &str = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";

struct Setup {
    api: Api,
    provider: Provider,
    owner: Caller,
}

impl Setup {
    async fn new() -> Self {
        Self::at("").await
    }

    async fn at(path: &str) -> Self {
        let api = Api::start().await;
        let provider = Provider::at(&api.gatehouse.clock, path).await;
        let tenant = api.tenant("Acme", json!({})).await;
        let owner = api.owner(&tenant);
        Self { api, provider, owner }
    }

    async fn create(&self, oidc: Value) -> Answer {
        let asked = json!({ "protocol": "oidc", "name": "Acme OP", "oidc": oidc });
        self.owner.post("/owner/v1/connections", &asked).await
    }

    /// A connection to the provider; gives its path and record.
    async fn made(&self, more: Value) -> (String, Value) {
        let mut oidc = json!({ "authority": self.provider.issuer(), "client_id": "gatehouse-client" });
        gatehouse::http::api::merge_patch(&mut oidc, &more);
        let made = self.create(oidc).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let record = made.json();
        (
            format!("/owner/v1/connections/{}", record["id"].as_str().unwrap()),
            record,
        )
    }

    async fn put_secret(&self, path: &str, secret: &str) -> Answer {
        let etag = self.owner.get(path).await.etag();
        let body = json!({ "client_secret": secret });
        self.owner
            .send(
                Method::PUT,
                &format!("{path}/client-secret"),
                Some(&etag),
                Some(&body),
            )
            .await
    }

    async fn keys(&self, path: &str, end: &str) -> Answer {
        let etag = self.owner.get(path).await.etag();
        self.owner
            .send(
                Method::POST,
                &format!("{path}/client-keys{end}"),
                Some(&etag),
                None,
            )
            .await
    }

    async fn stored(&self, record: &Value, stage: Stage) -> Option<(String, String)> {
        let id = ConnectionId::parse(record["id"].as_str().unwrap()).unwrap();
        let name = SecretName::ClientSecret(id);
        let version = self.api.gatehouse.secrets.get_stage(&name, stage).await.unwrap();
        version.map(|version| (version.id, version.value.expose().to_owned()))
    }
}

/// The authority's discovery document is fetched when the connection is made, and what it says is kept; the owner sees
/// the redirect URI and login URL to register.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_the_authority_is_validated_by_its_discovery_document() {
    let setup = Setup::new().await;
    let (path, record) = setup.made(json!({})).await;
    assert_eq!(record["protocol"], "oidc");
    assert_eq!(record["subject"], "sub");
    assert_eq!(record["provider"]["issuer"], setup.provider.issuer());
    assert_eq!(
        record["provider"]["token_endpoint"],
        format!("{}/token", setup.provider.url)
    );
    assert_eq!(record["missing"], "the client secret or key");
    let base = setup.api.gatehouse.config.base_url.as_str();
    let id = record["id"].as_str().unwrap();
    let relying_party = &record["relying_party"];
    assert_eq!(relying_party["redirect_uri"], format!("{base}/signin-oidc/{id}"));
    assert_eq!(relying_party["login_url"], format!("{base}/login/{id}"));
    assert_eq!(setup.provider.seen(Endpoint::Discovery).len(), 1);
    // A change that discovery does not bear on asks nobody; one that it bears on asks anew.
    let renamed = setup.owner.patch(&path, &json!({ "name": "Other" })).await;
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    assert_eq!(setup.provider.seen(Endpoint::Discovery).len(), 1);
    let change = json!({ "oidc": { "client_authentication": "client_secret_post" } });
    assert_eq!(setup.owner.patch(&path, &change).await.status, 200);
    assert_eq!(setup.provider.seen(Endpoint::Discovery).len(), 2);
}

/// What makes an authority unusable is said with what was wanted and what came, and nothing is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_an_authority_that_cannot_be_used_is_refused_by_name() {
    let setup = Setup::new().await;
    let issuer = setup.provider.issuer();
    for (patch, code) in [
        (json!({ "issuer": "https://evil.example.com" }), "issuer_mismatch"),
        (json!({ "issuer": null }), "discovery_member_missing"),
        (
            json!({ "authorization_endpoint": "javascript:alert(1)" }),
            "discovery_endpoint_refused",
        ),
        (
            json!({ "token_endpoint": "http://idp.example.com/token" }),
            "discovery_endpoint_refused",
        ),
        (json!({ "jwks_uri": null }), "discovery_member_missing"),
        (
            json!({ "response_types_supported": ["id_token"] }),
            "code_flow_not_supported",
        ),
        (
            json!({ "id_token_signing_alg_values_supported": ["HS256"] }),
            "signing_algorithm_not_supported",
        ),
        (
            json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] }),
            "client_authentication_not_supported",
        ),
    ] {
        setup.provider.set(|b| b.discovery_patch = patch.clone());
        let refused = setup.create(json!({ "authority": issuer })).await;
        assert_eq!(refused.problem(), problem(422, code), "{patch}");
    }
    setup.provider.set(|b| b.discovery_patch = json!({}));
    for (reply, code) in [
        (Reply::Json(404, json!({})), "outbound_status"),
        (
            Reply::Raw("text/html", b"<html>".to_vec()),
            "discovery_not_a_document",
        ),
        (Reply::Huge(2 * 1024 * 1024), "outbound_too_large"),
        (
            Reply::Redirect("http://169.254.169.254/latest".to_owned()),
            "outbound_scheme_refused",
        ),
    ] {
        setup
            .provider
            .set(|b| drop(b.replies.insert(Endpoint::Discovery, reply.clone())));
        let refused = setup.create(json!({ "authority": issuer })).await;
        assert_eq!(refused.problem(), problem(422, code), "{reply:?}");
    }
    let listed = setup.owner.get("/owner/v1/connections").await.json();
    assert_eq!(listed["items"], json!([]));
}

/// Entra's v2.0 and v1.0 authorities state different issuers; a mismatch says what was expected and what came, and the
/// directory of the authority is pinned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_12_entra_authorities_of_both_versions_and_what_a_mismatch_says() {
    let v1 = Setup::at(&format!("/{DIRECTORY}")).await;
    let authority = v1.provider.issuer();
    let sts = format!("https://sts.windows.net/{DIRECTORY}/");
    v1.provider.set(|b| b.discovery_patch = json!({ "issuer": sts }));
    let asked = |preset: &str| json!({ "preset": preset, "authority": authority, "client_id": "c" });
    let made = v1.create(asked("entra_id")).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.json()["oidc"]["tenant_id"], DIRECTORY);
    assert_eq!(made.json()["subject"], "tid_oid");
    assert_eq!(made.json()["oidc"]["client_authentication"], "client_secret_post");
    let generic = v1.create(asked("generic")).await;
    assert_eq!(generic.problem(), problem(422, "issuer_mismatch"));
    let detail = generic.json()["detail"].as_str().unwrap().to_owned();
    for part in [authority.as_str(), sts.as_str(), "preset entra_id"] {
        assert!(detail.contains(part), "{detail}");
    }

    let v2 = Setup::at(&format!("/{DIRECTORY}/v2.0")).await;
    let authority = v2.provider.issuer();
    let made = v2
        .create(json!({ "preset": "entra_id", "authority": authority }))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    v2.provider.set(|b| b.discovery_patch = json!({ "issuer": sts }));
    let crossed = v2
        .create(json!({ "preset": "entra_id", "authority": authority }))
        .await;
    assert_eq!(crossed.problem(), problem(422, "issuer_mismatch"));
    assert_eq!(crossed.json()["errors"][0]["field"], "/oidc/authority");
    let detail = crossed.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(&authority) && detail.contains(&sts), "{detail}");
}

/// A client secret is written to Secrets Manager and nowhere else; no answer, record or event holds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_31_a_client_secret_lies_in_secrets_manager_alone() {
    let setup = Setup::new().await;
    let (path, record) = setup.made(json!({})).await;
    let early = setup.owner.act(&format!("{path}/submit")).await;
    assert_eq!(early.problem(), problem(409, "connection_incomplete"));
    let secret = "correct horse battery staple";
    let set = setup.put_secret(&path, secret).await;
    assert_eq!(set.status, 200, "{}", set.body);
    assert_eq!(set.json()["missing"], json!(null));
    assert!(set.json()["client_secret_set_at"].is_string());
    assert_eq!(setup.stored(&record, Stage::Current).await.unwrap().1, secret);
    let changed = setup.put_secret(&path, "another-secret").await;
    assert_eq!(changed.json()["version"], 3);
    assert_eq!(
        setup.stored(&record, Stage::Current).await.unwrap().1,
        "another-secret"
    );
    for bad in ["", " padded", "a\nb"] {
        let refused = setup.put_secret(&path, bad).await;
        assert_eq!(refused.problem(), problem(422, "text_length"), "{bad:?}");
    }
    let written = serde_json::to_string(&setup.api.stream()).unwrap();
    for answer in [&set.body, &changed.body, &written] {
        assert!(!answer.contains(secret) && !answer.contains("another-secret"));
    }
    assert_eq!(setup.owner.act(&format!("{path}/submit")).await.status, 200);
}

/// With private_key_jwt a key of ours is made; its successor is published before it is used, and takes over when the
/// owner says so; no client secret is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_13_client_keys_are_made_and_follow_each_other() {
    let setup = Setup::new().await;
    let (path, record) = setup
        .made(json!({ "client_authentication": "private_key_jwt" }))
        .await;
    let first = record["client_keys"][0]["kid"].clone();
    assert_eq!(record["client_keys"].as_array().unwrap().len(), 1);
    assert_eq!(record["missing"], json!(null));
    let held = setup.stored(&record, Stage::Current).await.unwrap();
    assert!(held.1.contains(first.as_str().unwrap()));
    assert_eq!(
        setup.put_secret(&path, "a-secret").await.problem(),
        problem(422, "setting_invalid")
    );
    assert_eq!(
        setup.keys(&path, "/activate").await.problem(),
        problem(409, "client_key_none_next")
    );
    setup.api.pass(chrono::TimeDelta::days(300));
    let added = setup.keys(&path, "").await;
    assert_eq!(added.status, 201, "{}", added.body);
    let keys = added.json()["client_keys"].clone();
    assert_eq!((keys.as_array().unwrap().len(), &keys[0]["kid"]), (2, &first));
    let second = keys[1]["kid"].clone();
    assert_eq!(setup.stored(&record, Stage::Current).await.unwrap(), held);
    assert!(
        setup
            .stored(&record, Stage::Pending)
            .await
            .unwrap()
            .1
            .contains(second.as_str().unwrap())
    );
    let activated = setup.keys(&path, "/activate").await;
    assert_eq!(activated.status, 200, "{}", activated.body);
    assert_eq!(activated.json()["client_keys"][0]["kid"], second);
    assert_eq!(
        activated.json()["client_keys"][1]["kid"],
        first,
        "still published"
    );
    assert!(
        setup
            .stored(&record, Stage::Current)
            .await
            .unwrap()
            .1
            .contains(second.as_str().unwrap())
    );
    assert_eq!(setup.stored(&record, Stage::Pending).await, None);
    assert_eq!(
        setup.keys(&path, "/activate").await.problem(),
        problem(409, "client_key_none_next")
    );
    let stream = serde_json::to_string(&setup.api.stream()).unwrap();
    assert!(
        !stream.contains("private_key\\\""),
        "no private key is in the table"
    );
}

/// Settings that cannot be are refused by field; another protocol's are no settings of this one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_22_settings_that_cannot_be_are_refused_by_field() {
    let setup = Setup::new().await;
    let (path, record) = setup
        .made(json!({ "additional_scopes": ["groups", "api://app/read"] }))
        .await;
    assert_eq!(
        record["oidc"]["additional_scopes"],
        json!(["groups", "api://app/read"])
    );
    for (change, code, field) in [
        (
            json!({ "oidc": { "additional_scopes": ["two words"] } }),
            "setting_invalid",
            "/oidc/additional_scopes",
        ),
        (
            json!({ "oidc": { "additional_scopes": [""] } }),
            "setting_invalid",
            "/oidc/additional_scopes",
        ),
        (
            json!({ "oidc": { "signing_algorithms": ["HS256"] } }),
            "setting_invalid",
            "/oidc/signing_algorithms",
        ),
        (
            json!({ "oidc": { "signing_algorithms": ["none"] } }),
            "setting_invalid",
            "/oidc/signing_algorithms",
        ),
        (
            json!({ "oidc": { "tenant_id": "acme" } }),
            "setting_invalid",
            "/oidc/tenant_id",
        ),
        (
            json!({ "oidc": { "hosted_domain": "not a domain" } }),
            "setting_invalid",
            "/oidc/hosted_domain",
        ),
        (
            json!({ "oidc": { "authority": "http://idp.example.com" } }),
            "authority_invalid",
            "/oidc/authority",
        ),
        (json!({ "subject": "name_id" }), "setting_invalid", "/subject"),
        (json!({ "saml": {} }), "connection_of_another_protocol", "/saml"),
        (
            json!({ "github": {} }),
            "connection_of_another_protocol",
            "/github",
        ),
    ] {
        let refused = setup.owner.patch_at(&path, "\"1\"", &change).await;
        assert_eq!(refused.problem(), problem(422, code), "{change}");
        assert_eq!(refused.json()["errors"][0]["field"], field, "{change}");
    }
    assert_eq!(setup.owner.get(&path).await.json(), record);
    let input = json!({ "source": "metadata_url", "url": "https://x.example" });
    let metadata = setup.owner.set_idp(&path, &input).await;
    assert_eq!(metadata.problem(), problem(422, "connection_of_another_protocol"));
}
