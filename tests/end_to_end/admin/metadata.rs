//! SP metadata.

use gatehouse_tests::{Api, problem};
use http::{Request, header};
use serde_json::json;

/// CH-02, SE-15: each connection publishes metadata of its own, in any state: entity id, ACS by POST, logout, keys; it
/// can be cached and asked for again by ETag.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_02_se_15_each_connection_has_metadata_of_its_own() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (path, record) = owner.connection("/owner/v1", "Acme IdP").await;
    let sp = &record["service_provider"];
    let url = sp["metadata_url"].as_str().unwrap();
    let place = url.strip_prefix(api.gatehouse.config.base_url.as_str()).unwrap();
    let anybody = api.caller(None);
    let answer = anybody.get(place).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/samlmetadata+xml");
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    let xml = &answer.body;
    for wanted in [
        format!("entityID=\"{}\"", sp["entity_id"].as_str().unwrap()),
        format!("Location=\"{}\"", sp["acs_url"].as_str().unwrap()),
        format!("Location=\"{}\"", sp["slo_url"].as_str().unwrap()),
        "AuthnRequestsSigned=\"true\"".to_owned(),
        "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST".to_owned(),
        "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned(),
    ] {
        assert!(xml.contains(&wanted), "{wanted} in {xml}");
    }
    for (name, usage) in [
        ("signing_certificates", "signing"),
        ("encryption_certificates", "encryption"),
    ] {
        let pem = sp[name][0]["pem"].as_str().unwrap();
        let base64 = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect::<String>();
        let flat = xml.split_whitespace().collect::<String>();
        let after = flat.split(&format!("use=\"{usage}\"")).nth(1).unwrap();
        assert!(
            after
                .split("</md:KeyDescriptor>")
                .next()
                .unwrap()
                .contains(&base64),
            "{usage}"
        );
    }
    let known = |etag: String| {
        let request = Request::get(place).header(header::IF_NONE_MATCH, etag);
        request.body(axum::body::Body::empty()).unwrap()
    };
    let browser = gatehouse_tests::Browser::new(api.router.clone(), api.gatehouse.config.base_url.as_str());
    for etag in [
        answer.etag(),
        format!("W/{}", answer.etag()),
        format!("\"other\", {}", answer.etag()),
    ] {
        let again = browser.send_request(known(etag)).await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
    }
    let persistent =
        json!({ "saml": { "name_id_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" } });
    assert_eq!(owner.patch(&path, &persistent).await.status, 200);
    let changed = browser.send_request(known(answer.etag())).await;
    assert_eq!(changed.status, 200);
    assert!(changed.body.contains("nameid-format:persistent"));
}

/// Nothing is said of connections that are not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_02_no_connection_no_metadata() {
    let api = Api::start().await;
    let anybody = api.caller(None);
    for id in [
        "00000000-0000-4000-8000-000000000000",
        "no.id",
        "%00",
        "..%2f..%2fetc",
    ] {
        let answer = anybody.get(&format!("/saml/{id}/metadata")).await;
        assert_eq!(answer.problem(), problem(404, "connection_not_found"), "{id}");
    }
}

/// Metadata is made from the connection's record: no secret is read for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_02_metadata_reads_no_secret() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let (_, record) = owner.connection("/owner/v1", "Acme IdP").await;
    api.local.traffic().clear();
    let answer = api
        .caller(None)
        .get(&format!("/saml/{}/metadata", record["id"].as_str().unwrap()))
        .await;
    assert_eq!(answer.status, 200);
    let calls = api
        .local
        .traffic()
        .counts()
        .into_iter()
        .map(|((_, operation), count)| (operation, count));
    assert_eq!(calls.collect::<Vec<_>>(), [("GetItem".to_owned(), 1)]);
}
