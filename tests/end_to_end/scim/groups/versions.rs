//! Entity tags (RFC 7644, section 3.14).

use gatehouse_tests::{Answer, scim_error};
use http::Method;
use serde_json::{Value, json};

use super::{Setup, group_body, id, refs};

async fn send(setup: &Setup, method: Method, path: &str, tag: (&str, &str), body: &Value) -> Answer {
    let kind = ("content-type", "application/scim+json");
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    setup.scim.send(method, path, &[kind, tag], body).await
}

/// SE-25: every change of name or members makes a new version; If-Match with an older one is answered 412 and changes
/// nothing, whatever the method.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_a_stale_if_match_changes_nothing() {
    let setup = Setup::start().await;
    let users = setup.users(1).await;
    let made = setup.scim.post("/Groups", &group_body("Staff", json!({}))).await;
    let group = made.json();
    let first = made.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(first, group["meta"]["version"].as_str().unwrap());
    assert_eq!(
        made.headers["location"],
        group["meta"]["location"].as_str().unwrap()
    );
    let path = format!("/Groups/{}", id(&group));
    let patch = json!({
        "schemas": [gatehouse_tests::scim::PATCH],
        "Operations": [{ "op": "add", "path": "members", "value": refs(&users) }],
    });
    let fits = send(&setup, Method::PATCH, &path, ("if-match", &first), &patch).await;
    assert_eq!(fits.status, 200, "{}", fits.body);
    let second = fits.headers["etag"].to_str().unwrap().to_owned();
    assert_ne!(second, first);
    let put = group_body("Other", json!({}));
    for (method, body) in [
        (Method::PATCH, &patch),
        (Method::PUT, &put),
        (Method::DELETE, &Value::Null),
    ] {
        for stale in [first.as_str(), "W/\"99\"", "\"x\""] {
            let refused = send(&setup, method.clone(), &path, ("if-match", stale), body).await;
            assert_eq!(refused.scim_error(), scim_error(412, ""), "{method} {stale}");
        }
    }
    let now = setup.scim.get(&path).await;
    assert_eq!(now.headers["etag"].to_str().unwrap(), second);
    assert_eq!(now.json()["displayName"], "Staff");
    let known = send(
        &setup,
        Method::GET,
        &path,
        ("if-none-match", &second),
        &Value::Null,
    )
    .await;
    assert_eq!((known.status.as_u16(), known.body.as_str()), (304, ""));
    let news = send(
        &setup,
        Method::GET,
        &path,
        ("if-none-match", &first),
        &Value::Null,
    )
    .await;
    assert_eq!(news.status, 200);
    let any = send(&setup, Method::PUT, &path, ("if-match", "*"), &put).await;
    assert_eq!(any.status, 200, "{}", any.body);
    let tags = format!("{first}, {}", any.headers["etag"].to_str().unwrap());
    let gone = send(&setup, Method::DELETE, &path, ("if-match", &tags), &Value::Null).await;
    assert_eq!(gone.status, 204);
}

/// SE-25: of fifty changes at once that all name the version they read, one is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn se_25_of_fifty_changes_of_one_version_one_is_made() {
    let setup = Setup::start().await;
    let group = id(&setup.group("Staff", &[]).await);
    let path = format!("/Groups/{group}");
    let tag = setup.scim.get(&path).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let bodies: Vec<Value> = (0..50)
        .map(|n| group_body(&format!("Name {n}"), json!({})))
        .collect();
    let changes = bodies
        .iter()
        .map(|body| send(&setup, Method::PUT, &path, ("if-match", &tag), body));
    let answers = futures_util::future::join_all(changes).await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(made, 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.scim_error(), scim_error(412, ""));
    }
}
