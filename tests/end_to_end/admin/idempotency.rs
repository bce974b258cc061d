//! What makes something makes it once under one key; what comes too often is refused.

use chrono::TimeDelta;
use gatehouse_tests::{Answer, Api, problem};
use http::{Request, header};
use serde_json::{Value, json};

const KEY: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

async fn post(api: &Api, token: &str, (path, key): (&str, &str), body: &Value) -> Answer {
    let browser = gatehouse_tests::Browser::new(api.router.clone(), api.gatehouse.config.base_url.as_str());
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", key)
        .body(axum::body::Body::from(body.to_string()))
        .unwrap();
    browser.send_request(request).await
}

/// AQ-30: the same create under one Idempotency-Key, also many at once, makes one key and gives its token again; another
/// body under it, another caller's and one that is none do not; what is kept of the answer opens nothing by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aq_30_a_create_under_one_key_makes_one_thing() {
    let api = Api::start().await;
    let (acme, other) = (
        api.tenant("Acme", json!({})).await,
        api.tenant("Other", json!({})).await,
    );
    let (path, asked) = ("/owner/v1/api-keys", json!({ "kind": "owner", "name": "robot" }));
    let made = post(&api, &acme.key, (path, KEY), &asked).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let again = post(&api, &acme.key, (path, KEY), &asked).await;
    assert_eq!((again.status.as_u16(), &again.body), (201, &made.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let another = post(
        &api,
        &acme.key,
        (path, KEY),
        &json!({ "kind": "owner", "name": "other" }),
    )
    .await;
    assert_eq!(another.problem(), problem(422, "idempotency_key_reused"));
    for wrong in ["short", "with spaces in the key"] {
        let refused = post(&api, &acme.key, (path, wrong), &asked).await;
        assert_eq!(
            refused.problem(),
            problem(422, "idempotency_key_invalid"),
            "{wrong}"
        );
    }
    let theirs = post(&api, &other.key, (path, KEY), &asked).await;
    assert_ne!(
        theirs.json()["id"],
        made.json()["id"],
        "another tenant's key is another key"
    );

    let key = "at-once-at-once-at-once";
    let tries = (0..6).map(|_| post(&api, &acme.key, (path, key), &asked));
    let answers = futures_util::future::join_all(tries).await;
    for answer in &answers {
        assert!([201, 409].contains(&answer.status.as_u16()), "{}", answer.body);
    }
    let listed = api.owner(&acme).get(path).await.json();
    assert_eq!(
        listed["items"].as_array().unwrap().len(),
        3,
        "the tests' own, and one for each key"
    );

    // What was refused was not made: the key is free for the corrected request.
    let empty = post(
        &api,
        &acme.key,
        (path, "a-key-of-its-own-1234"),
        &json!({ "kind": "owner", "name": "" }),
    )
    .await;
    assert_eq!(empty.problem(), problem(422, "text_length"));
    let mended = post(&api, &acme.key, (path, "a-key-of-its-own-1234"), &asked).await;
    assert_eq!(mended.status, 201, "{}", mended.body);

    api.pass(TimeDelta::hours(25));
    let day_later = post(&api, &acme.key, (path, KEY), &asked).await;
    assert_ne!(
        day_later.json()["id"],
        made.json()["id"],
        "a key is remembered for a day"
    );
}

/// CH-10: a member is invited by mail, so often a day; nobody is mailed who is switched off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_a_member_is_invited_by_mail() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let ada = owner
        .post("/owner/v1/members", &json!({ "email": "ada@acme.com" }))
        .await
        .json();
    let path = format!("/owner/v1/members/{}", ada["id"].as_str().unwrap());
    assert_eq!(owner.act(&format!("{path}/invite")).await.status, 200);
    let mails = api.letters();
    let letters = mails.iter().map(|mail| {
        (
            mail["to"].as_str().unwrap(),
            mail["letter"]["name"].as_str().unwrap(),
        )
    });
    assert_eq!(letters.collect::<Vec<_>>(), [("ada@acme.com", "invited")]);
    assert_eq!(owner.act(&format!("{path}/deactivate")).await.status, 200);
    let off = owner.act(&format!("{path}/invite")).await;
    assert_eq!(off.problem(), problem(409, "nobody_to_invite"));
}
