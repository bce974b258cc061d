//! What Okta, and others beside Entra ID, send.

use std::time::Instant;

use gatehouse_tests::scim::USER;
use gatehouse_tests::{World, scim_error};
use http::Method;
use serde_json::{Value, json};

/// O-1, O-8: the connection test asks for the first two; the numbers of an answer are numbers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_01_and_o_08_the_first_page_of_two() {
    let world = World::start().await;
    let scim = world.scim().await;
    let empty = scim.get("/Users?startIndex=1&count=2").await.json();
    for (name, wanted) in [("totalResults", 0), ("itemsPerPage", 0), ("startIndex", 1)] {
        assert_eq!(empty[name], wanted, "{name}: {empty}");
    }
    for name in ["a", "b", "c"] {
        scim.user(name, json!({})).await;
    }
    let page = scim.get("/Users?startIndex=1&count=2").await.json();
    for (name, wanted) in [("totalResults", 3), ("itemsPerPage", 2), ("startIndex", 1)] {
        assert_eq!(page[name], wanted, "{name}: {page}");
    }
}

/// O-2: the look-up before a POST goes without regard to case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_02_users_are_looked_up_without_regard_to_case() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim.user("Ada.Lovelace@acme.com", json!({})).await;
    let found = scim
        .filter("/Users", "userName eq \"ADA.lovelace@ACME.COM\"")
        .await
        .json();
    assert_eq!(found["Resources"][0], ada);
    // `email.value` for `emails.value`.
    let more = json!({ "emails": [{ "value": "grace@acme.com", "primary": true }] });
    let grace = scim.user("grace", more).await;
    let found = scim
        .filter("/Users", "email.value eq \"Grace@Acme.com\"")
        .await
        .json();
    assert_eq!(found["Resources"][0], grace);
}

/// `email.value eq` finds a user by any of the addresses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_03_email_value_is_understood() {
    let world = World::start().await;
    let scim = world.scim().await;
    let more = json!({ "emails": [{ "value": "a@acme.com", "primary": true }, { "value": "b@acme.com" }] });
    scim.user("ada", more).await;
    for address in ["a@acme.com", "B@acme.com"] {
        let found = scim
            .filter("/Users", &format!("email.value eq \"{address}\""))
            .await
            .json();
        assert_eq!(found["totalResults"], 1, "{address}");
    }
}

/// O-3, OL-4: a whole user is read, changed in place and put back, with all that the server owns in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_03_and_ol_04_a_read_user_is_put_back_whole() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim
        .user(
            "ada@acme.com",
            json!({ "externalId": "1", "name": { "givenName": "Ada" } }),
        )
        .await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let mut whole = scim.get(&path).await.json();
    let same = scim.put(&path, &whole).await;
    assert_eq!(
        (same.status.as_u16(), same.json()),
        (200, ada.clone()),
        "nothing changed, nothing written"
    );
    whole["name"]["familyName"] = json!("Lovelace");
    whole["groups"] = json!([{ "value": "g1", "display": "No group of ours" }]);
    whole["meta"]["created"] = json!("2001-01-01T00:00:00Z");
    let put = scim.put(&path, &whole).await.json();
    assert_eq!(
        put["name"],
        json!({ "givenName": "Ada", "familyName": "Lovelace" })
    );
    assert_eq!(put["meta"]["created"], ada["meta"]["created"]);
    assert!(put.get("groups").is_none(), "groups are read-only: {put}");
}

/// O-4: deactivated by a PATCH without path, or by PUT; a PUT that does not speak of `active` lets nobody in again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_04_deactivated_without_path_or_by_put() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim.user("ada@acme.com", json!({})).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let off = scim
        .patch(&path, json!([{ "op": "replace", "value": { "active": false } }]))
        .await;
    assert_eq!(off.json()["active"], false);
    let silent = json!({ "schemas": [USER], "userName": "ada@acme.com", "title": "Dr" });
    assert_eq!(scim.put(&path, &silent).await.json()["active"], false);
    let on = json!({ "schemas": [USER], "userName": "ada@acme.com", "active": true });
    assert_eq!(scim.put(&path, &on).await.json()["active"], true);
    let off = json!({ "schemas": [USER], "userName": "ada@acme.com", "active": false });
    assert_eq!(scim.put(&path, &off).await.json()["active"], false);
}

/// O-11: a look-up and a POST are answered within 600 ms, also in a debug build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_11_answers_come_in_time() {
    let world = World::start().await;
    let scim = world.scim().await;
    let mut best = u128::MAX;
    // The machine may be busy with other tests: the best of some counts.
    for n in 0..8 {
        let begun = Instant::now();
        scim.filter("/Users", &format!("userName eq \"{n}\"")).await;
        scim.user(&n.to_string(), json!({})).await;
        best = best.min(begun.elapsed().as_millis());
    }
    assert!(best < 600, "{best} ms");
}

/// O-12: an import walks through all pages by `totalResults`, and sees each user once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_12_an_import_sees_everybody_once() {
    let world = World::start().await;
    let scim = world.scim().await;
    for n in 0..23 {
        scim.user(&format!("user{n}"), json!({})).await;
    }
    let (mut start, mut seen) = (1, Vec::new());
    loop {
        let page = scim
            .get(&format!("/Users?startIndex={start}&count=5"))
            .await
            .json();
        let resources = page["Resources"].as_array().unwrap();
        assert_eq!(page["itemsPerPage"], resources.len());
        assert_eq!(page["totalResults"], 23);
        seen.extend(
            resources
                .iter()
                .map(|user| user["userName"].as_str().unwrap().to_owned()),
        );
        start += resources.len();
        if start > 23 {
            break;
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 23);
}

/// O-13, OL-6: `application/scim+json; charset=utf-8` and `application/json` are taken; what is no JSON is 415.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_13_and_ol_06_content_types_of_bodies() {
    let world = World::start().await;
    let scim = world.scim().await;
    for (n, kind) in [
        "application/scim+json; charset=utf-8",
        "application/json",
        "application/json;charset=UTF-8",
        "APPLICATION/SCIM+JSON",
    ]
    .iter()
    .enumerate()
    {
        let body = json!({ "schemas": [USER], "userName": format!("user{n}") })
            .to_string()
            .into_bytes();
        let headers = [("content-type", *kind), ("accept-charset", "utf-8")];
        let made = scim.send(Method::POST, "/Users", &headers, body).await;
        assert_eq!(made.status, 201, "{kind}: {}", made.body);
    }
    for kind in [
        "text/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
    ] {
        let made = scim
            .send(Method::POST, "/Users", &[("content-type", kind)], b"{}".to_vec())
            .await;
        assert_eq!(made.scim_error(), scim_error(415, ""), "{kind}");
    }
}

/// OL-1: the short URNs of earlier drafts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ol_01_short_schema_urns() {
    let world = World::start().await;
    let scim = world.scim().await;
    for (n, schemas) in [
        json!(["urn:scim:schemas:core:2.0"]),
        json!(["urn:scim:schemas:core:1.0"]),
        json!([
            "urn:scim:schemas:core:2.0:User",
            "urn:scim:schemas:extension:enterprise:2.0"
        ]),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({ "schemas": schemas, "userName": format!("user{n}") });
        let made = scim.post("/Users", &body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.json()["schemas"], json!([USER]));
    }
}

/// PI-1: `X-HTTP-Method-Override` overrides nothing, at any method.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pi_01_the_method_is_the_method() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim.user("ada@acme.com", json!({})).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        for wanted in ["DELETE", "PATCH", "PUT"] {
            let headers = [(name, wanted), ("content-type", "application/json")];
            let post = scim.send(Method::POST, &path, &headers, b"{}".to_vec()).await;
            assert_eq!(post.scim_error(), scim_error(405, ""));
            let read = scim.send(Method::GET, &path, &headers, Vec::new()).await;
            assert_eq!(read.json(), ada);
        }
    }
}

/// J-5: the connection test makes a user, switches it off and deletes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn j_05_a_test_user_comes_and_goes() {
    let world = World::start().await;
    let scim = world.scim().await;
    for _ in 0..2 {
        let made = scim
            .user(
                "jc.test.user",
                json!({ "emails": [{ "value": "t@acme.com", "type": "work" }] }),
            )
            .await;
        let path = format!("/Users/{}", made["id"].as_str().unwrap());
        let mut off: Value = made.clone();
        off["active"] = json!(false);
        assert_eq!(scim.put(&path, &off).await.json()["active"], false);
        assert_eq!(scim.delete(&path).await.status, 204);
        assert_eq!(
            scim.filter("/Users", "userName eq \"jc.test.user\"").await.json()["totalResults"],
            0
        );
    }
}
