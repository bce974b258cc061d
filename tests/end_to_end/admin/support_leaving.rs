//! What owners do about a member's leaving, done by support: the operator's API has a role of its own.

use gatehouse_tests::problem;
use serde_json::json;

use super::people::People;

/// CH-10: support ends one session of a member, removes the member, which ends the others, and adds it again under the
/// same id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_support_removes_a_member_and_takes_it_back() {
    let people = People::start().await;
    let ada = people.add("ada@acme.com", "USER").await;
    let (laptop, phone) = (people.world.browser(), people.world.browser());
    let on_laptop = people.sign_in(&laptop, "ada@acme.com").await;
    let on_phone = people.sign_in(&phone, "ada@acme.com").await;
    let path = people.support(&ada);
    let ended = on_laptop.claims["sid"].as_str().unwrap();
    let end = people.operator.delete(&format!("{path}/sessions/{ended}")).await;
    assert_eq!(end.status, 204, "{}", end.body);
    assert!(!people.is_in(&laptop, &on_laptop).await);
    assert!(people.is_in(&phone, &on_phone).await);

    let removed = people.operator.delete(&path).await;
    assert_eq!(removed.status, 204, "{}", removed.body);
    assert!(!people.is_in(&phone, &on_phone).await);
    assert_eq!(people.refused("ada@acme.com").await, "user_deleted");
    let asked = json!({ "email": "ada@acme.com", "role": "GUEST" });
    let back = people
        .operator
        .post(&format!("{}/members", people.acme.path), &asked)
        .await;
    assert_eq!(back.status, 201, "{}", back.body);
    assert_eq!(back.json()["id"], ada["id"]);
}

/// CH-10: support erases an owner while there is another one, and whom SCIM pushes; not the last owner.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_support_erases_an_owner_and_whom_scim_pushes() {
    let people = People::start().await;
    let first = people.add("first@acme.com", "ADMIN").await;
    let last = people.add("last@acme.com", "ADMIN").await;
    let scim = people.world.scim().await;
    let pushed = scim
        .user("pushed@acme.com", json!({ "externalId": "of-the-idp" }))
        .await;
    for member in [&first, &pushed] {
        let path = format!("{}/erasure", people.support(member));
        let asked = people.operator.act(&path).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        people.world.relay().await;
        assert_eq!(people.operator.get(&path).await.json()["state"], "done");
    }
    let refused = people
        .operator
        .act(&format!("{}/erasure", people.support(&last)))
        .await;
    assert_eq!(refused.problem(), problem(409, "member_is_last_owner"));
}
