//! The identity provider's side: metadata pasted or fetched, or by hand.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::saml::certificate::Certificate;
use gatehouse::saml::keys::{KeyMaterial, RsaSize};
use gatehouse::saml::metadata::idp::IdpMetadata;
use gatehouse::saml::metadata::{EndpointPolicy, EndpointUrl};
use gatehouse_tests::{Api, Idp, problem};
use serde_json::{Value, json};

/// Metadata of an identity provider, as it publishes it.
pub(in crate::end_to_end) fn metadata(idp: &Idp) -> String {
    metadata_until(idp, None)
}

/// Metadata that ends.
fn metadata_until(idp: &Idp, valid_until: Option<DateTime<Utc>>) -> String {
    let url = |text: &str| EndpointUrl::parse(text, EndpointPolicy::Https).unwrap();
    let metadata = IdpMetadata {
        entity_id: idp.entity_id.clone(),
        sso_redirect_url: Some(url("https://idp.acme.com/sso")),
        sso_post_url: Some(url("https://idp.acme.com/sso-post")),
        slo_redirect: None,
        slo_post: None,
        certificates: vec![Certificate::from_der(idp.key.certificate_der()).unwrap()],
        want_authn_requests_signed: false,
        name_id_formats: Vec::new(),
        valid_until,
        cache_seconds: None,
        error_url: None,
    };
    metadata.to_xml()
}

/// An identity provider typed in.
pub(in crate::end_to_end) fn by_hand() -> Value {
    let idp = Idp::new("https://idp.acme.com/metadata");
    let certificate = Certificate::from_der(idp.key.certificate_der()).unwrap();
    json!({
        "source": "by_hand",
        "issuer": idp.entity_id,
        "sign_in_url": "https://idp.acme.com/sso",
        "sign_out_url": "https://idp.acme.com/slo",
        "certificates": certificate.pem(),
    })
}

/// IL-02, CH-01: issuer, sign-in URL, sign-out URL and certificate by hand, with and without PEM armour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_02_the_identity_provider_is_given_by_hand() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (path, _) = owner.connection("/owner/v1", "Acme IdP").await;
    let mut input = by_hand();
    let done = owner.set_idp(&path, &input).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let idp = done.json()["idp"].clone();
    assert_eq!(idp["entity_id"], "https://idp.acme.com/metadata");
    assert_eq!(idp["sso_redirect_url"], "https://idp.acme.com/sso");
    assert_eq!(idp["slo_url"], "https://idp.acme.com/slo");
    assert_eq!(idp["certificates"][0]["pem"], input["certificates"]);
    assert_eq!(idp["certificates"][0]["key"], "P-256");

    let pem = input["certificates"].as_str().unwrap().to_owned();
    let bare = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect::<String>();
    input["certificates"] = json!(bare);
    assert_eq!(
        owner.set_idp(&path, &input).await.json()["idp"],
        idp,
        "armour makes no difference"
    );
    let other =
        Certificate::from_der(Idp::new("https://idp.acme.com/metadata").key.certificate_der()).unwrap();
    for list in [
        json!([pem]),
        json!([bare]),
        json!([bare, other.base64()]),
        json!([other.pem(), bare]),
    ] {
        let mut listed = input.clone();
        listed["certificates"] = list.clone();
        let done = owner.set_idp(&path, &listed).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let kept = done.json()["idp"]["certificates"].as_array().map(Vec::len);
        assert_eq!(kept, list.as_array().map(Vec::len), "{}", done.body);
    }
    input["sign_in_binding"] = json!("post");
    assert_eq!(
        owner.set_idp(&path, &input).await.json()["idp"]["sso_post_url"],
        "https://idp.acme.com/sso"
    );

    for (field, value, code) in [
        ("sign_in_url", "http://idp.acme.com/sso", "metadata_endpoint"),
        ("sign_in_url", "javascript:alert(1)", "metadata_endpoint"),
        ("certificates", "AAAA", "metadata_certificate"),
        ("certificates", "", "metadata_certificate"),
        ("issuer", "", "metadata_entity_id"),
    ] {
        let mut wrong = input.clone();
        wrong[field] = json!(value);
        assert_eq!(
            owner.set_idp(&path, &wrong).await.problem(),
            problem(422, code),
            "{field} {value}"
        );
    }
}

/// GH-08: several certificates of the identity provider are kept, each with what should be known of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_08_several_certificates_are_kept_with_their_findings() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (path, _) = owner.connection("/owner/v1", "Acme IdP").await;
    let now = api.gatehouse.clock.now();
    let old = KeyMaterial::generate("old", RsaSize::Bits2048, now, TimeDelta::days(10))
        .unwrap()
        .certificate;
    let mut input = by_hand();
    let both = format!("{}{}", input["certificates"].as_str().unwrap(), old.pem());
    input["certificates"] = json!(both);
    let kept = owner.set_idp(&path, &input).await.json()["idp"]["certificates"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 2);
    assert_eq!(
        (&kept[0]["findings"], &kept[1]["sha256"]),
        (&json!([]), &json!(old.sha256_fingerprint()))
    );
    assert_eq!(kept[1]["findings"][0]["code"], "certificate_expiring_soon");
    api.pass(TimeDelta::days(6 * 365));
    let later = owner.get(&path).await.json();
    assert_eq!(
        later["idp"]["certificates"][1]["findings"][0]["code"],
        "certificate_expired"
    );
    assert_eq!(
        later["service_provider"]["signing_certificates"][0]["findings"][0]["code"],
        "certificate_expired"
    );
}

/// SE-21: metadata XML is pasted and read; what is no metadata is refused by name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_21_metadata_is_pasted() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (path, _) = owner.connection("/owner/v1", "Acme IdP").await;
    let idp = Idp::new("https://idp.acme.com/metadata");
    let pasted = |xml: &str| json!({ "source": "metadata_xml", "xml": xml });
    let done = owner.set_idp(&path, &pasted(&metadata(&idp))).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(
        done.json()["idp"]["sso_post_url"],
        "https://idp.acme.com/sso-post"
    );
    let before = owner.get(&path).await.json();
    let dtd = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>";
    for (xml, code) in [
        ("", "metadata_empty"),
        (dtd, "metadata_dtd"),
        ("<a/>", "metadata_not_metadata"),
    ] {
        assert_eq!(
            owner.set_idp(&path, &pasted(xml)).await.problem(),
            problem(422, code),
            "{xml}"
        );
    }
    let past = metadata_until(&idp, Some(api.gatehouse.clock.now()));
    assert_eq!(
        owner.set_idp(&path, &pasted(&past)).await.problem(),
        problem(422, "metadata_expired")
    );
    // Our own metadata, pasted back.
    let own = owner.get(&path).await.json()["service_provider"]["metadata_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let own = api
        .caller(None)
        .get(own.strip_prefix(api.gatehouse.config.base_url.as_str()).unwrap())
        .await;
    let swapped = owner.set_idp(&path, &pasted(&own.body)).await;
    assert_eq!(swapped.problem(), problem(422, "metadata_of_service_provider"));
    assert_eq!(owner.get(&path).await.json(), before);
}

async fn serve(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    format!("http://{address}")
}

/// IL-02: metadata is fetched from its URL through the guarded client, which goes nowhere inside.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_02_metadata_is_fetched_from_its_url() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (path, _) = owner.connection("/owner/v1", "Acme IdP").await;
    let xml = metadata(&Idp::new("https://idp.acme.com/metadata"));
    let routes = Router::new()
        .route("/metadata", get(|| async move { xml }))
        .route("/page", get(|| async { "hello" }));
    let site = serve(routes).await;
    let fetched = |url: &str| json!({ "source": "metadata_url", "url": url });
    let done = owner.set_idp(&path, &fetched(&format!("{site}/metadata"))).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(done.json()["idp"]["metadata_url"], format!("{site}/metadata"));
    assert_eq!(done.json()["idp"]["entity_id"], "https://idp.acme.com/metadata");

    let before = owner.get(&path).await.json();
    for (url, code) in [
        (format!("{site}/nothing"), "outbound_status"),
        (
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "outbound_scheme_refused",
        ),
        (
            "https://169.254.169.254/latest/meta-data/".to_owned(),
            "outbound_address_refused",
        ),
        ("https://10.0.0.1/metadata".to_owned(), "outbound_address_refused"),
        ("file:///etc/passwd".to_owned(), "outbound_url_invalid"),
    ] {
        let answer = owner.set_idp(&path, &fetched(&url)).await;
        assert_eq!(answer.problem(), problem(422, code), "{url}");
    }
    let page = owner.set_idp(&path, &fetched(&format!("{site}/page"))).await;
    assert_eq!(page.status, 422, "{}", page.body);
    assert_eq!(owner.get(&path).await.json(), before);
}

/// GH-08: metadata is fetched again by itself, and new keys of the same entity are taken; what has ended is not gone back
/// to, nor is another entity's followed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_08_metadata_follows_what_is_valid_now() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (path, _) = owner.connection("/owner/v1", "Acme IdP").await;
    let entity = "https://idp.acme.com/metadata";
    let (old, new) = (Idp::new(entity), Idp::new(entity));
    let published = Arc::new(Mutex::new(metadata(&old)));
    let served = Arc::clone(&published);
    let site =
        serve(Router::new().route("/metadata", get(|| async move { served.lock().unwrap().clone() }))).await;
    let url = json!({ "source": "metadata_url", "url": format!("{site}/metadata") });
    assert_eq!(owner.set_idp(&path, &url).await.status, 200);
    let first = owner.get(&path).await.json()["idp"].clone();
    let now = api.gatehouse.clock.now();
    let other = Idp::new("https://other.example/metadata");
    let next = metadata_until(&new, Some(now + TimeDelta::days(9)));
    for (document, changed) in [
        (metadata_until(&new, Some(now - TimeDelta::seconds(1))), 0),
        (metadata(&other), 0),
        (next, 1),
    ] {
        *published.lock().unwrap() = document;
        let done = gatehouse_tests::scheduled::upkeep(&api.gatehouse).await.unwrap();
        assert_eq!(done.metadata_changed, changed);
        let kept = owner.get(&path).await.json()["idp"].clone();
        assert_eq!(kept == first, changed == 0, "{kept}");
    }
}
