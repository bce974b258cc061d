//! Members hear that single sign-on has become active.

use gatehouse_tests::{Api, scheduled};
use serde_json::json;

/// SE-02: when single sign-on becomes active, each active member who was there before is sent one mail with a link; who
/// comes later, is switched off, or was told already is not. What one request does not get to, the upkeep does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_02_members_are_told_when_single_sign_on_becomes_active() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let mut wanted = Vec::new();
    for chunk in 0..3 {
        let people = (0..80)
            .map(|nth| format!("p{chunk}-{nth:02}@acme.com"))
            .collect::<Vec<_>>();
        let members = people
            .iter()
            .map(|email| json!({ "email": email }))
            .collect::<Vec<_>>();
        let done = owner
            .post("/owner/v1/members/import", &json!({ "members": members }))
            .await;
        assert_eq!(done.status, 200, "{}", done.body);
        wanted.extend(people);
    }
    let off = owner
        .post("/owner/v1/members", &json!({ "email": "off@acme.com" }))
        .await
        .json();
    let off = format!("/owner/v1/members/{}/deactivate", off["id"].as_str().unwrap());
    assert_eq!(owner.act(&off).await.status, 200);

    let (path, record) = owner.connection("/owner/v1", "Acme IdP").await;
    assert_eq!(owner.set_idp(&path, &super::idp::by_hand()).await.status, 200);
    let id = record["id"].as_str().unwrap();
    let activate = format!("{}/connections/{id}/activate", acme.path);
    let waived = json!({ "without_test": "imported" });
    assert_eq!(api.operator().post(&activate, &waived).await.status, 200);
    let late = owner
        .post("/owner/v1/members", &json!({ "email": "late@acme.com" }))
        .await;
    assert_eq!(late.status, 201);
    scheduled::upkeep(&api.gatehouse).await.unwrap();
    scheduled::upkeep(&api.gatehouse).await.unwrap();

    // Switched off and on again: nobody is told twice.
    assert_eq!(owner.act(&format!("{path}/suspend")).await.status, 200);
    assert_eq!(owner.act(&format!("{path}/resume")).await.status, 200);
    scheduled::upkeep(&api.gatehouse).await.unwrap();

    let mails = api.letters();
    let letters = mails
        .iter()
        .filter(|mail| mail["letter"]["name"] == "link_account")
        .collect::<Vec<_>>();
    let mut told = letters
        .iter()
        .map(|mail| mail["to"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    told.sort();
    wanted.sort();
    assert_eq!(told, wanted);
    let link = letters[0]["letter"]["link"][1].as_str().unwrap();
    assert_eq!(link, api.gatehouse.config.base_url.at(&format!("/login/{id}")));
}
