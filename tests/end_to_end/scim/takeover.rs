//! Whom SCIM may take over: people made by hand, by the owner's choice alone.

use gatehouse_tests::admin::MadeTenant;
use gatehouse_tests::scim::USER;
use gatehouse_tests::{Api, problem, scim_error};
use serde_json::{Value, json};

const CHOOSE: &str = "/owner/v1/members/scim-takeover";

/// Makes members by hand; gives their ids.
async fn members(api: &Api, tenant: &MadeTenant, names: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        let made = api
            .owner(tenant)
            .post("/owner/v1/members", &json!({ "email": name }))
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        ids.push(made.json()["id"].as_str().unwrap().to_owned());
    }
    ids
}

async fn source(api: &Api, tenant: &MadeTenant, id: &str) -> Value {
    api.owner(tenant)
        .get(&format!("/owner/v1/members/{id}"))
        .await
        .json()["source"]
        .clone()
}

/// AQ-25: one person, or a list of them, is SCIM's once the owner says so: by a change, by the same userName, or by the
/// primary address; under the same id. Before that, and after it was taken back, the answer is 409 that says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_25_the_owner_hands_one_or_a_list_over() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let (owner, scim) = (api.owner(&acme), api.scim(&acme).await);
    api.operator()
        .post(
            &format!("{}/domains", acme.path),
            &json!({ "domain": "acme.com" }),
        )
        .await;
    let ids = members(
        &api,
        &acme,
        &["a@acme.com", "b@acme.com", "c@acme.com", "d@acme.com"],
    )
    .await;
    let title = json!([{ "op": "add", "path": "title", "value": "Dr" }]);
    let path = |at: usize| format!("/Users/{}", ids[at]);
    let by_hand = async |at: usize| {
        let refused = scim.patch(&path(at), title.clone()).await;
        assert_eq!(refused.scim_error(), scim_error(409, "uniqueness"));
        assert!(refused.body.contains("owner must hand"), "{}", refused.body);
    };
    by_hand(0).await;
    let chosen = owner.post(CHOOSE, &json!({ "members": [ids[0]] })).await.json();
    assert_eq!(
        chosen["results"],
        json!([{ "index": 0, "status": "done", "id": ids[0], "source": "manual", "scim_takeover": true }])
    );
    assert_eq!(scim.patch(&path(0), title.clone()).await.json()["title"], "Dr");
    by_hand(1).await;
    let list = json!({ "members": [ids[1], ids[2], ids[3], "nobody"] });
    let lines = owner.post(CHOOSE, &list).await.json();
    assert_eq!(lines["results"][3]["code"], "member_not_found", "{lines}");
    let same_name = scim.user("B@acme.com", json!({ "externalId": "1" })).await;
    assert_eq!(same_name["id"], ids[1].as_str());
    let same_address = scim
        .user(
            "c",
            json!({ "emails": [{ "value": "c@acme.com", "primary": true }] }),
        )
        .await;
    assert_eq!(same_address["id"], ids[2].as_str());
    let back = json!({ "members": [ids[3]], "allowed": false });
    assert_eq!(owner.post(CHOOSE, &back).await.status, 200);
    by_hand(3).await;
    for (at, wanted) in ["scim", "scim", "scim", "manual"].iter().enumerate() {
        assert_eq!(source(&api, &acme, &ids[at]).await, *wanted, "{at}");
    }
    let chosen = owner.post(CHOOSE, &json!({ "members": [ids[0]] })).await.json();
    assert_eq!(
        chosen["results"][0]["source"], "scim",
        "nothing is left to choose"
    );
    let trail = owner.get("/owner/v1/audit").await.json();
    let entries = trail["items"].as_array().unwrap().iter();
    let choices = entries.filter(|entry| entry["action"] == "member.scim_takeover");
    assert_eq!(choices.count(), 5);
}

/// AQ-25: of a domain the owner says it once, for everybody in it, now and later; a domain that the organization has not
/// proven is refused, and people elsewhere stay as they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_25_the_owner_hands_a_domain_over() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let (owner, scim) = (api.owner(&acme), api.scim(&acme).await);
    let domains = format!("{}/domains", acme.path);
    api.operator()
        .post(&domains, &json!({ "domain": "acme.com" }))
        .await;
    owner
        .post("/owner/v1/domains", &json!({ "domain": "pending.com" }))
        .await;
    let choose = async |list: Value| {
        let etag = owner.get("/owner/v1/tenant").await.etag();
        let change = json!({ "scim_takeover_domains": list });
        owner.patch_at("/owner/v1/tenant/settings", &etag, &change).await
    };
    for foreign in ["elsewhere.com", "pending.com"] {
        assert_eq!(
            choose(json!([foreign])).await.problem(),
            problem(422, "domain_not_proven")
        );
    }
    assert_eq!(choose(json!(["acme.com"])).await.status, 200);
    let ids = members(&api, &acme, &["a@acme.com", "b@elsewhere.com", "c@sub.acme.com"]).await;
    for (id, status) in ids.iter().zip([200, 409, 409]) {
        let off = json!([{ "op": "replace", "path": "active", "value": false }]);
        let answer = scim.patch(&format!("/Users/{id}"), off).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    assert_eq!(source(&api, &acme, &ids[0]).await, "scim");
    // A domain that is given up gives nobody any more.
    let more = members(&api, &acme, &["d@acme.com"]).await;
    assert_eq!(owner.delete("/owner/v1/domains/acme.com").await.status, 204);
    let body = json!({ "schemas": [USER], "userName": "d@acme.com" });
    let refused = scim.put(&format!("/Users/{}", more[0]), &body).await;
    assert_eq!(refused.scim_error(), scim_error(409, "uniqueness"));
}

/// AQ-25, AQ-03: the creator of the organization is handed over by nobody, nor is another tenant's member; a hundred are
/// chosen at most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_25_the_creator_and_other_tenants_are_out_of_reach() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let other = api.tenant("Other", json!({})).await;
    let root = members(&api, &acme, &["root@acme.com"]).await.remove(0);
    let theirs = members(&api, &other, &["x@acme.com"]).await.remove(0);
    api.operator()
        .patch(&acme.path, &json!({ "root_user": root }))
        .await;
    let lines = api
        .owner(&acme)
        .post(CHOOSE, &json!({ "members": [root, theirs] }))
        .await
        .json();
    let codes = ["member_is_root_user", "member_not_found"];
    for (at, code) in codes.iter().enumerate() {
        assert_eq!(lines["results"][at]["code"], *code, "{lines}");
    }
    let many = json!({ "members": vec!["x"; 101] });
    let refused = api.owner(&acme).post(CHOOSE, &many).await;
    assert_eq!(refused.problem(), problem(409, "limit_reached"));
}
