//! Connections: made, shown, changed, led from draft to active and off.

use gatehouse_tests::{Api, problem};
use serde_json::json;

/// IL-01, CH-02, SE-15: each connection has URLs, entity id and keys of its own, shown to be pasted into the identity
/// provider.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_01_ch_02_se_15_each_connection_shows_what_the_identity_provider_needs() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (_, one) = owner.connection("/owner/v1", "One").await;
    let (_, two) = owner.connection("/owner/v1", "Two").await;
    let base = api.gatehouse.config.base_url.as_str();
    let id = one["id"].as_str().unwrap();
    let sp = &one["service_provider"];
    assert_eq!(sp["acs_url"], format!("{base}/saml/{id}/acs"));
    assert_eq!(sp["audience"], format!("{base}/saml/{id}/metadata"));
    assert_eq!(sp["entity_id"], sp["audience"]);
    assert_eq!(sp["metadata_url"], format!("{base}/saml/{id}/metadata"));
    assert_eq!(sp["slo_url"], format!("{base}/saml/{id}/slo"));
    assert_eq!(one["state"], "draft");
    for kind in ["signing_certificates", "encryption_certificates"] {
        let (mine, other) = (
            &sp[kind][0]["sha256"],
            &two["service_provider"][kind][0]["sha256"],
        );
        assert!(mine.is_string() && mine != other, "{kind}");
    }
    assert_ne!(
        sp["signing_certificates"][0]["sha256"],
        sp["encryption_certificates"][0]["sha256"]
    );
    assert_eq!(
        owner.get("/owner/v1/connections").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

/// AQ-31: private keys lie in Secrets Manager: never in the table or an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_31_private_keys_are_in_secrets_manager_alone() {
    use gatehouse::domain::ids::ConnectionId;
    use gatehouse::secrets::SecretName;

    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (path, record) = owner.connection("/owner/v1", "Acme IdP").await;
    let id = ConnectionId::parse(record["id"].as_str().unwrap()).unwrap();
    let table = serde_json::to_string(&api.stream()).unwrap();
    let answer = owner.get(&path).await.body;
    let pairs = [
        (SecretName::SpSigning(id.clone()), "signing_certificates"),
        (SecretName::SpDecryption(id), "encryption_certificates"),
    ];
    for (name, shown) in pairs {
        let secret = api.gatehouse.secrets.get(&name).await.unwrap().value;
        let ring: serde_json::Value = serde_json::from_str(secret.expose()).unwrap();
        let private = ring["keys"][0]["private_key"].as_str().unwrap();
        let middle = &private[200..400];
        assert!(!table.contains(middle) && !answer.contains(middle), "{shown}");
        let certificate = ring["keys"][0]["certificate"].as_str().unwrap();
        assert!(
            table.contains(certificate),
            "{shown}: the certificate is public, and in the record"
        );
    }
}

/// CH-02: the operator imports a connection with its id, entity id and ACS URL from elsewhere; an owner chooses no id,
/// and an id is taken once, across tenants.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_02_an_imported_connection_keeps_its_foreign_names() {
    let api = Api::start().await;
    let (acme, other) = (
        api.tenant("Acme", json!({})).await,
        api.tenant("Other", json!({})).await,
    );
    let asked = json!({
        "protocol": "saml",
        "id": "acme-saml",
        "name": "Acme IdP",
        "saml": {
            "sp_entity_id": "urn:auth0:checkly:acme-saml",
            "foreign_acs_urls": ["https://auth.example.com/login/callback?connection=acme-saml"],
        },
    });
    let by_owner = api.owner(&acme).post("/owner/v1/connections", &asked).await;
    assert_eq!(by_owner.problem(), problem(403, "connection_id_reserved"));
    let made = api
        .operator()
        .post(&format!("{}/connections", acme.path), &asked)
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let sp = made.json()["service_provider"].clone();
    assert_eq!(sp["entity_id"], "urn:auth0:checkly:acme-saml");
    assert_eq!(
        sp["acs_urls"][1],
        "https://auth.example.com/login/callback?connection=acme-saml"
    );
    let taken = api
        .operator()
        .post(&format!("{}/connections", other.path), &asked)
        .await;
    assert_eq!(taken.problem(), problem(409, "connection_id_taken"));
    let metadata = api.caller(None).get("/saml/acme-saml/metadata").await;
    assert!(
        metadata.body.contains("entityID=\"urn:auth0:checkly:acme-saml\""),
        "{}",
        metadata.body
    );
}

/// SE-22, IL-03, SE-14, CH-11: attribute names, NameID format, binding, IdP-initiated sign-in and subject are settings
/// of the connection; `null` goes back to the documented name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_22_the_settings_of_a_connection_are_changed() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (path, record) = owner.connection("/owner/v1", "Acme IdP").await;
    assert_eq!(record["saml"]["request_binding"], "redirect");
    assert_eq!(record["idp_initiated"], "off");
    assert!(
        record["saml"]["name_id_format"]
            .as_str()
            .unwrap()
            .ends_with("emailAddress")
    );
    assert_eq!(record["findings"][0]["code"], "subject_is_email");
    let persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    let change = json!({
        "brand": "okta",
        "idp_initiated": "route",
        "subject": { "attribute": "uid" },
        "attributes": { "email": "mail", "first_name": "urn:oid:2.5.4.42" },
        "saml": { "request_binding": "post", "name_id_format": persistent, "allow_cbc": true },
    });
    let changed = owner.patch(&path, &change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let body = changed.json();
    for (name, value) in change.as_object().unwrap() {
        let shown = &body[name];
        match value.as_object() {
            Some(fields) => fields
                .iter()
                .for_each(|(field, value)| assert_eq!(&shown[field], value, "{name}")),
            None => assert_eq!(shown, value),
        }
    }
    assert_eq!(body["version"], 2);
    let back = owner
        .patch(
            &path,
            &json!({ "attributes": { "email": null }, "subject": "name_id" }),
        )
        .await
        .json();
    assert_eq!(back["attributes"]["email"], json!(null));
    assert_eq!(back["attributes"]["first_name"], "urn:oid:2.5.4.42");
    assert_eq!(back["subject"], "name_id");
}

/// Settings that cannot be are refused by field, and change nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_22_settings_that_cannot_be_are_refused() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (path, record) = owner.connection("/owner/v1", "Acme IdP").await;
    for (change, status, code) in [
        (json!({ "name": "" }), 422, "text_length"),
        (json!({ "name": "a\u{7}b" }), 422, "text_length"),
        (json!({ "name": null }), 422, "text_length"),
        (
            json!({ "saml": { "name_id_format": "urn:x" } }),
            422,
            "name_id_format_unknown",
        ),
        (
            json!({ "saml": { "foreign_acs_urls": ["http://auth.example.com/cb"] } }),
            422,
            "endpoint_scheme",
        ),
        (
            json!({ "saml": { "sp_entity_id": "two words" } }),
            422,
            "text_length",
        ),
        (json!({ "attributes": { "email": "" } }), 422, "text_length"),
        (json!({ "subject": { "attribute": "" } }), 422, "text_length"),
        (json!({ "idp_initiated": "always" }), 400, "body_malformed"),
        (json!({ "attributes": { "mail": "x" } }), 400, "body_malformed"),
        (json!({ "state": "active" }), 400, "body_malformed"),
        (json!({ "tenant": "another" }), 400, "body_malformed"),
        (
            json!({ "saml": { "sp_signing_certificates": [] } }),
            400,
            "body_malformed",
        ),
        (json!([]), 400, "body_malformed"),
    ] {
        let answer = owner.patch_at(&path, "\"1\"", &change).await;
        assert_eq!(answer.problem(), problem(status, code), "{change}");
    }
    assert_eq!(owner.get(&path).await.json(), record);
}
