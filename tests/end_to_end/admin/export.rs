//! Everything that a tenant owns, to take along.

use std::collections::BTreeSet;

use super::filled::Filled;

/// AQ-01: an export has everything that the tenant owns, in pages of any size, and nothing else: no secret, no hash of a
/// token, nothing of another tenant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_an_export_has_everything_and_no_secret() {
    let filled = Filled::start().await;
    let people = &filled.people;
    let path = format!("{}/export", people.acme.path);
    let whole = filled.walk(&path, 100).await;
    let kinds = whole.iter().map(|thing| thing["kind"].as_str().unwrap());
    let kinds = kinds.collect::<BTreeSet<_>>();
    let wanted = [
        "api_key",
        "audit_entry",
        "break_glass",
        "connection",
        "deadline",
        "domain",
        "group",
        "member",
        "member_import",
        "team",
        "tenant",
    ];
    assert_eq!(kinds, wanted.into_iter().collect());
    let of = |kind: &str| {
        let things = whole.iter().filter(|thing| thing["kind"] == kind);
        things.map(|thing| thing["data"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("member").len(), 63);
    assert_eq!(of("connection").len(), 3);
    assert_eq!(of("domain").len(), 3);
    let ada = of("member")
        .into_iter()
        .find(|member| member["email"] == "ada@acme.com");
    let ada = ada.unwrap();
    assert_eq!(ada["teams"][0]["team_name"], "Analysts");
    assert_eq!(ada["identities"].as_array().unwrap().len(), 1);
    let pushed = of("member")
        .into_iter()
        .find(|member| member["scim"]["externalId"] == "ext-1");
    assert_eq!(pushed.unwrap()["groups"].as_array().unwrap().len(), 2);

    let small = filled.walk(&path, 7).await;
    assert_eq!(small, whole, "pages of seven are the same whole");

    let text = serde_json::to_string(&whole).unwrap();
    for secret in [
        "the secret of the connection",
        filled.setup_link.as_str(),
        filled.session.as_str(),
        people.acme.key.as_str(),
        filled.scim.token.as_str(),
    ] {
        assert!(!text.contains(secret));
        let hash = gatehouse::store::ApiKey::hash_of(secret);
        assert!(!text.contains(&hash));
    }
    assert!(!text.contains("PRIVATE KEY"));
    let owners = people.owner.get("/owner/v1/export?limit=100").await;
    assert_eq!(owners.status, 200, "{}", owners.body);
    assert_eq!(owners.json()["items"][0], whole[0]);
    let wrong = people.operator.get(&format!("{path}?cursor=bm90aGluZw")).await;
    assert_eq!(wrong.problem(), gatehouse_tests::problem(400, "cursor_invalid"));
}
