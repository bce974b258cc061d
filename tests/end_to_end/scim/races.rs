//! Several clients at once.

use futures_util::future::join_all;
use gatehouse_tests::World;
use gatehouse_tests::scim::USER;
use serde_json::json;

/// Of 20 POSTs of one name at once, one makes the user; those of the same body are its retries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_09_one_name_at_once_is_one_user() {
    let world = World::start().await;
    let scim = world.scim().await;
    let posts = (0..20).map(|n| {
        let scim = scim.clone();
        async move {
            let body = json!({ "schemas": [USER], "userName": "ada@acme.com", "title": (n % 4).to_string() });
            scim.post("/Users", &body).await
        }
    });
    let answers = join_all(posts).await;
    let mut ids: Vec<String> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.json()["id"].as_str().unwrap().to_owned())
        .collect();
    let made = ids.len();
    ids.dedup();
    assert_eq!(
        (made, ids.len()),
        (5, 1),
        "its own POST and four of the same body"
    );
    assert!(
        answers
            .iter()
            .all(|answer| [201, 409].contains(&answer.status.as_u16()))
    );
    assert_eq!(scim.get("/Users").await.json()["totalResults"], 1);
}

/// Concurrent PATCHes of one user lose nothing, and each raises the version.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_concurrent_patches_lose_nothing() {
    let world = World::start().await;
    let scim = world.scim().await;
    let ada = scim.user("ada@acme.com", json!({})).await;
    let path = format!("/Users/{}", ada["id"].as_str().unwrap());
    let patches = (0..12).map(|n| {
        let (scim, path) = (scim.clone(), path.clone());
        async move {
            let value = json!([{ "value": format!("role{n}") }]);
            loop {
                let add = json!([{ "op": "add", "path": "roles", "value": value }]);
                let answer = scim.patch(&path, add).await;
                // Told to come again, a client does.
                if answer.status != 429 {
                    return answer;
                }
            }
        }
    });
    for answer in join_all(patches).await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let user = scim.get(&path).await.json();
    assert_eq!(user["roles"].as_array().unwrap().len(), 12);
    assert_eq!(user["meta"]["version"], "W/\"13\"");
}

/// Two people at one seat at once: one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_06_one_seat_at_once_is_one_user() {
    let mut world = World::start().await;
    world.set_tenant(|tenant| tenant.seats = Some(1)).await;
    let scim = world.scim().await;
    let posts = (0..6).map(|n| {
        let scim = scim.clone();
        async move {
            let body = json!({ "schemas": [USER], "userName": format!("user{n}") });
            scim.post("/Users", &body).await.status.as_u16()
        }
    });
    let mut found = join_all(posts).await;
    found.sort_unstable();
    assert_eq!(found, [201, 403, 403, 403, 403, 403]);
    assert_eq!(scim.get("/Users").await.json()["totalResults"], 1);
}

/// A user who is renamed and deleted at once is one or the other, and the name is free in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_a_deletion_and_a_change_at_once_leave_no_half() {
    let world = World::start().await;
    let scim = world.scim().await;
    for round in 0..5 {
        let name = format!("user{round}");
        let user = scim.user(&name, json!({})).await;
        let path = format!("/Users/{}", user["id"].as_str().unwrap());
        let renamed = json!([{ "op": "replace", "path": "userName", "value": format!("{name}x") }]);
        let (patched, deleted) = tokio::join!(scim.patch(&path, renamed), scim.delete(&path));
        assert!([200, 404].contains(&patched.status.as_u16()), "{}", patched.body);
        assert_eq!(deleted.status, 204, "{}", deleted.body);
        assert_eq!(scim.get(&path).await.status, 404);
    }
    assert_eq!(scim.get("/Users").await.json()["totalResults"], 0);
}
