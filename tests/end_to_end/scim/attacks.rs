//! Attacks on the endpoints of users.

use std::time::{Duration, Instant};

use gatehouse_tests::scim::{PATCH, USER};
use gatehouse_tests::{Api, World, scim_error};
use http::Method;
use serde_json::{Value, json};

/// Another tenant's users cannot be read, found, changed or named, by id, external id, name or address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_30_another_tenants_users_are_out_of_reach() {
    let api = Api::start().await;
    let (acme, other) = (
        api.tenant("Acme", json!({})).await,
        api.tenant("Other", json!({})).await,
    );
    let (ours, theirs) = (api.scim(&acme).await, api.scim(&other).await);
    let more = json!({ "externalId": "shared", "emails": [{ "value": "ada@acme.com" }] });
    let ada = ours.user("ada@acme.com", more.clone()).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let body = json!({ "schemas": [USER], "userName": "ada@acme.com" });
    for refused in [
        theirs.get(&path).await,
        theirs.put(&path, &body).await,
        theirs
            .patch(
                &path,
                json!([{ "op": "replace", "path": "active", "value": false }]),
            )
            .await,
        theirs.delete(&path).await,
    ] {
        assert_eq!(refused.scim_error(), scim_error(404, ""));
    }
    for filter in [
        "externalId eq \"shared\"",
        "userName eq \"ada@acme.com\"",
        "emails eq \"ada@acme.com\"",
        "id pr",
    ] {
        assert_eq!(
            theirs.filter("/Users", filter).await.json()["totalResults"],
            0,
            "{filter}"
        );
    }
    let own = theirs.user("ada@acme.com", more).await;
    assert_ne!(own["id"], ada["id"], "names are unique within a tenant only");
    // Their key at our base URL, and our path climbed to from theirs.
    assert_eq!(
        theirs.at(&ours.base).get(&path).await.scim_error(),
        scim_error(401, "")
    );
    for climbing in [
        "/Users/../../x/Users",
        "/Users/%2e%2e",
        "/Users/a%2Fb",
        "/Users/x%00",
        "/Users/%3F",
    ] {
        let status = theirs.get(climbing).await.status.as_u16();
        assert!([400, 401, 404].contains(&status), "{climbing}: {status}");
    }
    assert_eq!(ours.get(&path).await.json(), ada);
}

/// Bodies that are too large, too deep, ambiguous or no JSON at all are refused by name, quickly, and change nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_hostile_bodies_are_refused() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim.user("ada@acme.com", json!({})).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let large = json!({ "schemas": [USER], "userName": "x", "title": "y".repeat(5_000_000) }).to_string();
    let big = json!({ "schemas": [USER], "userName": "x", "title": "y".repeat(200_000) }).to_string();
    let deep = format!("{{\"schemas\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let twice = format!("{{\"schemas\":[\"{USER}\"],\"userName\":\"a\",\"userName\":\"b\"}}");
    let cased = format!("{{\"schemas\":[\"{USER}\"],\"userName\":\"a\",\"USERNAME\":\"b\"}}");
    let cases: [(&str, String, u16, &str); 14] = [
        ("large", large, 413, ""),
        ("big", big, 400, "invalidValue"),
        ("deep", deep, 400, "invalidSyntax"),
        ("twice", twice, 400, "invalidSyntax"),
        ("cased", cased, 400, "invalidSyntax"),
        ("empty", String::new(), 400, "invalidSyntax"),
        ("none", "null".to_owned(), 400, "invalidSyntax"),
        ("list", "[]".to_owned(), 400, "invalidSyntax"),
        ("broken", "{\"userName\":".to_owned(), 400, "invalidSyntax"),
        (
            "unnamed",
            json!({ "schemas": [USER] }).to_string(),
            400,
            "invalidValue",
        ),
        (
            "blank",
            json!({ "schemas": [USER], "userName": " " }).to_string(),
            400,
            "invalidValue",
        ),
        (
            "unknown",
            json!({ "schemas": [USER], "userName": "x", "flavour": "y" }).to_string(),
            400,
            "invalidSyntax",
        ),
        (
            "type",
            json!({ "schemas": [USER], "userName": 7 }).to_string(),
            400,
            "invalidValue",
        ),
        (
            "schemaless",
            json!({ "userName": "x" }).to_string(),
            400,
            "invalidSyntax",
        ),
    ];
    for (name, body, status, scim_type) in cases {
        for (method, at) in [(Method::POST, "/Users"), (Method::PUT, path.as_str())] {
            let begun = Instant::now();
            let headers = [("content-type", "application/scim+json")];
            let answer = scim.send(method, at, &headers, body.clone().into_bytes()).await;
            assert_eq!(
                answer.scim_error(),
                scim_error(status, scim_type),
                "{name}: {}",
                answer.body
            );
            assert!(
                begun.elapsed() < Duration::from_secs(2),
                "{name}: {:?}",
                begun.elapsed()
            );
        }
    }
    assert_eq!(scim.get(&path).await.json(), ada);
    assert_eq!(scim.get("/Users").await.json()["totalResults"], 1);
}

/// A PATCH of ten thousand operations is answered; one of more, or with filters that multiply, is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_huge_patches_are_bounded() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim.user("ada@acme.com", json!({})).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let operations = |count: usize| -> Value {
        (0..count)
            .map(|n| json!({ "op": "replace", "path": "title", "value": n.to_string() }))
            .collect()
    };
    let begun = Instant::now();
    let done = scim.patch(&path, operations(10_000)).await;
    assert_eq!(done.json()["title"], "9999");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let refused = scim.patch(&path, operations(10_001)).await;
    assert_eq!(refused.scim_error(), scim_error(400, "invalidValue"));
    let values: Vec<Value> = (0..300).map(|n| json!({ "value": format!("{n}") })).collect();
    let many = scim
        .patch(&path, json!([{ "op": "add", "path": "roles", "value": values }]))
        .await;
    assert_eq!(many.scim_error(), scim_error(400, "invalidValue"));
    // Each of these goes through the values that are there; a thousand are done, more are refused before any is.
    let adds = |count: usize| -> Value {
        (0..count)
            .map(|n| json!({ "op": "add", "path": "roles", "value": [{ "value": format!("{}", n % 200) }] }))
            .collect()
    };
    let begun = Instant::now();
    let done = scim.patch(&path, adds(1_000)).await;
    assert_eq!(done.json()["roles"].as_array().map(Vec::len), Some(200));
    let refused = scim.patch(&path, adds(1_001)).await;
    assert_eq!(refused.scim_error(), scim_error(400, "invalidValue"));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let addresses: Vec<Value> = (0..50)
        .map(|n| json!({ "value": format!("{n}@acme.com") }))
        .collect();
    let many = scim
        .patch(
            &path,
            json!([{ "op": "add", "path": "emails", "value": addresses }]),
        )
        .await;
    assert_eq!(many.scim_error(), scim_error(400, "invalidValue"));
}

/// Filters made to cost are answered in time or refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_filter_bombs_are_bounded() {
    let world = World::start().await;
    let scim = world.scim().await;
    for n in 0..20 {
        scim.user(&format!("user{n}"), json!({ "title": "a".repeat(2_000) }))
            .await;
    }
    let wide = vec!["title co \"aaaaaaaab\""; 150].join(" or ");
    let nested = format!("{}title pr{}", "(".repeat(15), ")".repeat(15));
    for filter in [wide.as_str(), nested.as_str()] {
        let begun = Instant::now();
        let answer = scim.filter("/Users", filter).await;
        assert!([200, 400].contains(&answer.status.as_u16()), "{}", answer.body);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

/// What is stored of an unusual name is found again: long, with signs that keys use, in other scripts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_unusual_names_are_names() {
    let world = World::start().await;
    let scim = world.scim().await;
    let long = "x".repeat(500);
    for name in [
        long.as_str(),
        "a#b#c",
        "~",
        ".",
        "ΑΣ",
        "İstanbul",
        "名前",
        "a\u{0301}",
        "o'neil\\\\\"q",
    ] {
        let made = scim.user(name, json!({ "externalId": name })).await;
        for attribute in ["userName", "externalId"] {
            let filter = format!("{attribute} eq {}", json!(name));
            let found = scim.filter("/Users", &filter).await;
            assert_eq!(found.json()["Resources"], json!([made]), "{filter}");
        }
        let again = json!({ "schemas": [USER], "userName": name, "title": "another" });
        assert_eq!(
            scim.post("/Users", &again).await.scim_error(),
            scim_error(409, "uniqueness")
        );
        let body = json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "userName", "value": format!("{name}2") }] });
        let path = format!("/Users/{}", made["id"].as_str().unwrap());
        let renamed = scim
            .send(Method::PATCH, &path, &[], body.to_string().into_bytes())
            .await;
        assert_eq!(renamed.status, 200, "{}", renamed.body);
        scim.user(name, json!({})).await;
    }
}
