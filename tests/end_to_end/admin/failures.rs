//! Failed sign-ins, as the owner sees them.

use chrono::TimeDelta;
use gatehouse_tests::{Api, problem};
use serde_json::{Value, json};

/// An active connection, and a response that it refuses: the person's reference.
async fn refused(api: &Api, connection: &str, response: &str) -> String {
    let browser = gatehouse_tests::Browser::new(api.router.clone(), api.gatehouse.config.base_url.as_str());
    let answer = browser
        .post_cross_site(&format!("/saml/{connection}/acs"), &[("SAMLResponse", response)])
        .await;
    assert!(
        answer.status.is_client_error(),
        "{} {}",
        answer.status,
        answer.body
    );
    answer.headers["x-gatehouse-reference"]
        .to_str()
        .unwrap()
        .to_owned()
}

/// GH-04: a failed sign-in is explained to the owner of that tenant, newest first and by the reference that the person
/// reads out, with what was wanted, what came and who mends it; nothing of it is another tenant's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_04_the_owner_sees_why_a_sign_in_failed() {
    let api = Api::start().await;
    let (acme, other) = (
        api.tenant("Acme", json!({})).await,
        api.tenant("Other", json!({})).await,
    );
    let owner = api.owner(&acme);
    let (path, record) = owner.connection("/owner/v1", "Acme IdP").await;
    assert_eq!(owner.set_idp(&path, &super::idp::by_hand()).await.status, 200);
    let id = record["id"].as_str().unwrap();
    let activate = format!("{}/connections/{id}/activate", acme.path);
    let waived = json!({ "without_test": "imported" });
    assert_eq!(api.operator().post(&activate, &waived).await.status, 200);

    let mut references = Vec::new();
    for _ in 0..3 {
        references.push(refused(&api, id, "PGE+aGVsbG88L2E+").await);
        api.pass(TimeDelta::days(2));
    }
    references.reverse();
    let listed = owner.get("/owner/v1/sign-in-failures").await.json();
    let items = listed["items"].as_array().unwrap();
    let shown = items
        .iter()
        .map(|item| item["reference"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(shown, references);
    for item in items {
        assert_eq!(item["connection"], id);
        for field in ["code", "wanted", "got", "who"] {
            assert!(
                item[field].as_str().is_some_and(|text| !text.is_empty()),
                "{field} of {item}"
            );
        }
    }
    // As it is read out on the telephone.
    let spoken = references[1].to_lowercase().replace('-', "%20");
    let found = owner
        .get(&format!("/owner/v1/sign-in-failures?reference={spoken}"))
        .await
        .json();
    assert_eq!(found["items"], Value::from(vec![items[1].clone()]));
    let wrong = owner.get("/owner/v1/sign-in-failures?reference=x").await;
    assert_eq!(wrong.problem(), problem(400, "reference_invalid"));

    let theirs = api.owner(&other);
    let everything = all(&theirs, "/owner/v1/sign-in-failures?x").await;
    assert!(everything.is_empty());
    let one = all(
        &theirs,
        &format!("/owner/v1/sign-in-failures?reference={}", references[0]),
    )
    .await;
    assert!(one.is_empty());
    let all = all(&owner, "/owner/v1/sign-in-failures?limit=2").await;
    assert_eq!(all, *items, "in pages it is the same");
}

/// Every page of a list.
async fn all(caller: &gatehouse_tests::Caller, path: &str) -> Vec<Value> {
    let path = path.trim_end_matches("?x");
    let more = if path.contains('?') { '&' } else { '?' };
    let (mut items, mut cursor) = (Vec::new(), String::new());
    for _ in 0..30 {
        let page = caller.get(&format!("{path}{cursor}")).await.json();
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("{more}cursor={next}"),
            None => return items,
        }
    }
    panic!("the list does not end");
}

/// The trail says who changed what; which of the operator's people it was is shown to the operator alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_04_the_trail_says_who_changed_what() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let ada = owner
        .post("/owner/v1/members", &json!({ "email": "ada@acme.com" }))
        .await
        .json();
    let trail = owner.get("/owner/v1/audit").await.json();
    let actions = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["action"].as_str().unwrap());
    assert_eq!(
        actions.collect::<Vec<_>>(),
        ["member.created", "api_key.created", "tenant.created"]
    );
    assert_eq!(trail["items"][0]["data"]["member"], ada["id"]);
    assert_eq!(trail["items"][0]["data"]["actor"]["kind"], "owner");
    assert_eq!(trail["items"][1]["data"]["actor"], json!({ "kind": "operator" }));
    assert!(
        !trail.to_string().contains("ada@acme.com"),
        "nothing personal is part of it"
    );
    let operators = api.operator().get(&format!("{}/audit", acme.path)).await.json();
    assert_eq!(operators["items"][1]["data"]["actor"]["principal"], "local");
    for path in [
        "/owner/v1/audit?cursor=x",
        "/owner/v1/audit?limit=0",
        "/owner/v1/audit?limit=101",
        "/owner/v1/audit?a=b",
    ] {
        assert_eq!(owner.get(path).await.status, 400, "{path}");
    }
}
