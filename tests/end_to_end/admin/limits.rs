//! How much one organization may ask for, and how many mails it sends.

use chrono::TimeDelta;
use gatehouse_tests::{Api, problem};
use http::header;
use serde_json::json;

/// AQ-02: at most 1,200 requests of an organization in a minute, by whatever key and through either API; another
/// organization is not held up, and the next minute begins anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aq_02_requests_of_an_organization_are_limited_by_the_minute() {
    let api = Api::start().await;
    let (acme, other) = (
        api.tenant("Acme", json!({})).await,
        api.tenant("Other", json!({})).await,
    );
    let owner = api.owner(&acme);
    // A minute ahead is filled up: however long that takes, it has not begun.
    let begins = api.gatehouse.clock.now().timestamp().div_euclid(60) * 60 + 1_800;
    let until = chrono::DateTime::from_timestamp(begins + 60, 0).unwrap();
    let handle = api.gatehouse.store.tenant(&acme.id.parse().unwrap());
    for _ in 0..1_195 {
        assert!(handle.within_budget("requests", until, 1_200).await.unwrap());
    }
    api.pass(TimeDelta::seconds(
        begins + 1 - api.gatehouse.clock.now().timestamp(),
    ));
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(owner.get("/owner/v1/tenant").await);
    }
    answers.push(api.operator().get(&acme.path).await);
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let limited = owner.get("/owner/v1/tenant").await;
    assert_eq!(limited.problem(), problem(429, "rate_limited"));
    let wait: i64 = limited.headers[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let by_operator = api.operator().get(&acme.path).await;
    assert_eq!(
        by_operator.problem(),
        problem(429, "rate_limited"),
        "one budget for both APIs"
    );
    assert_eq!(api.owner(&other).get("/owner/v1/tenant").await.status, 200);
    api.pass(TimeDelta::seconds(wait));
    assert_eq!(owner.get("/owner/v1/tenant").await.status, 200);
}

/// CH-10: an organization sends at most 500 mails by hand in a day; another one's are its own, and the next day begins
/// anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ch_10_mails_by_hand_have_a_quota() {
    let api = Api::start().await;
    let (acme, other) = (
        api.tenant("Acme", json!({})).await,
        api.tenant("Other", json!({})).await,
    );
    let mut invite = Vec::new();
    for tenant in [&acme, &other] {
        let ada = api
            .owner(tenant)
            .post("/owner/v1/members", &json!({ "email": "ada@acme.com" }))
            .await
            .json();
        invite.push(format!(
            "/owner/v1/members/{}/invite",
            ada["id"].as_str().unwrap()
        ));
    }
    let handle = api.gatehouse.store.tenant(&acme.id.parse().unwrap());
    let now = api.gatehouse.clock.now();
    let tomorrow = (now.date_naive() + chrono::Days::new(1))
        .and_time(chrono::NaiveTime::MIN)
        .and_utc();
    for _ in 0..498 {
        assert!(handle.within_budget("mails", tomorrow, 500).await.unwrap());
    }
    let owner = api.owner(&acme);
    for _ in 0..2 {
        assert_eq!(owner.act(&invite[0]).await.status, 200);
    }
    let limited = owner.act(&invite[0]).await;
    assert_eq!(limited.problem(), problem(429, "mail_quota"));
    assert!(limited.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(api.letters().len(), 2, "what was refused is not written");
    assert_eq!(api.owner(&other).act(&invite[1]).await.status, 200);
    api.pass(tomorrow - now);
    assert_eq!(owner.act(&invite[0]).await.status, 200);
}
