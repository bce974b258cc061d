//! Domains: submitted, proven, given up.

use gatehouse::domain::email::EmailAddress;
use gatehouse_tests::{Api, problem};
use serde_json::json;

async fn routes_to(api: &Api, address: &str) -> Option<String> {
    let address = EmailAddress::parse(address).unwrap();
    let found = gatehouse::app::discover::discover(&api.gatehouse, &address)
        .await
        .unwrap();
    found.organization.map(|tenant| tenant.to_string())
}

/// AQ-17: an owner submits domains, is shown the TXT record to set, and nothing is believed before it is proven.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_17_a_submitted_domain_waits_for_its_proof() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let asked = json!({ "domain": "Acme.COM.", "include_subdomains": true });
    let made = owner.post("/owner/v1/domains", &asked).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let claim = made.json();
    assert_eq!(claim["domain"], "acme.com");
    assert_eq!(claim["state"], "pending");
    assert_eq!(claim["proof"]["name"], "_gatehouse.acme.com");
    let value = claim["proof"]["value"].as_str().unwrap();
    assert!(
        value.starts_with("gatehouse-domain-proof=") && value.len() > 60,
        "{value}"
    );
    assert_eq!(
        owner.post("/owner/v1/domains", &asked).await.json(),
        claim,
        "asking again gives the same proof"
    );
    assert_eq!(routes_to(&api, "ada@acme.com").await, None);

    let approve = format!("{}/domains/acme.com/approve", acme.path);
    let proven = api.operator().act(&approve).await;
    assert_eq!(proven.json()["state"], "proven", "{}", proven.body);
    assert_eq!(routes_to(&api, "ada@acme.com").await.as_ref(), Some(&acme.id));
    assert_eq!(routes_to(&api, "ada@eu.acme.com").await.as_ref(), Some(&acme.id));
    let states = api.events("domain.state_changed");
    let states = states
        .iter()
        .map(|event| event["data"]["state"].as_str().unwrap())
        .collect::<Vec<_>>();
    assert_eq!(states, ["pending", "proven"]);
    let again = json!({ "domain": "acme.com" });
    assert_eq!(
        owner.post("/owner/v1/domains", &again).await.problem(),
        problem(409, "domain_proven_already")
    );
}

/// AQ-17: two tenants may wait for the same domain; the first proof takes it, and the other cannot be proven over it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_17_a_claim_that_is_not_proven_keeps_nobody_out() {
    let api = Api::start().await;
    let (squatter, acme) = (
        api.tenant("Squatter", json!({})).await,
        api.tenant("Acme", json!({})).await,
    );
    let asked = json!({ "domain": "acme.com", "include_subdomains": true });
    let claims = [&squatter, &acme].map(|tenant| (api.owner(tenant), tenant.path.clone()));
    let mut proofs = Vec::new();
    for (owner, _) in &claims {
        proofs.push(owner.post("/owner/v1/domains", &asked).await.json()["proof"]["value"].clone());
    }
    assert_ne!(proofs[0], proofs[1], "proofs are a tenant's own");
    let approved = api
        .operator()
        .act(&format!("{}/domains/acme.com/approve", acme.path))
        .await;
    assert_eq!(approved.status, 200, "{}", approved.body);
    let late = api
        .operator()
        .act(&format!("{}/domains/acme.com/approve", squatter.path))
        .await;
    assert_eq!(late.problem(), problem(409, "domain_taken"));
    let attested = api
        .operator()
        .post(&format!("{}/domains", squatter.path), &asked)
        .await;
    assert_eq!(attested.problem(), problem(409, "domain_taken"));
    // A claim on a part of it neither routes nor hides the whole.
    let part = json!({ "domain": "eu.acme.com" });
    assert_eq!(
        api.owner(&squatter).post("/owner/v1/domains", &part).await.status,
        201
    );
    assert_eq!(routes_to(&api, "ada@eu.acme.com").await.as_ref(), Some(&acme.id));
}

/// AQ-17, GH-05: of many tenants proven for one domain at once, one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_17_of_concurrent_proofs_one_wins() {
    let api = Api::start().await;
    let mut paths = Vec::new();
    for name in ["A", "B", "C", "D", "E"] {
        paths.push(format!("{}/domains", api.tenant(name, json!({})).await.path));
    }
    let (operator, asked) = (api.operator(), json!({ "domain": "acme.com" }));
    let answers = futures_util::future::join_all(paths.iter().map(|path| operator.post(path, &asked))).await;
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    let lost = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((won, lost), (1, 4), "{answers:?}");
}

/// A domain that is given up is believed no more, and another tenant may prove it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_17_a_domain_can_be_given_up() {
    let api = Api::start().await;
    let (acme, other) = (
        api.tenant("Acme", json!({})).await,
        api.tenant("Other", json!({})).await,
    );
    let asked = json!({ "domain": "acme.com" });
    let operator = api.operator();
    assert_eq!(
        operator
            .post(&format!("{}/domains", acme.path), &asked)
            .await
            .status,
        201
    );
    let owner = api.owner(&acme);
    assert_eq!(
        owner
            .post("/owner/v1/domains", &json!({ "domain": "acme.org" }))
            .await
            .status,
        201
    );
    for domain in ["acme.com", "acme.org"] {
        assert_eq!(
            owner.delete(&format!("/owner/v1/domains/{domain}")).await.status,
            204
        );
        let gone = owner.delete(&format!("/owner/v1/domains/{domain}")).await;
        assert_eq!(gone.problem(), problem(404, "domain_not_found"));
    }
    assert_eq!(owner.get("/owner/v1/domains").await.json()["items"], json!([]));
    assert_eq!(routes_to(&api, "ada@acme.com").await, None);
    assert_eq!(
        operator
            .post(&format!("{}/domains", other.path), &asked)
            .await
            .status,
        201
    );
}

/// GH-05: what belongs to nobody alone is nobody's to claim, not even by the operator's word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_05_public_suffixes_and_free_mail_are_refused() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let cases = [
        ("co.uk", "domain_public_suffix"),
        ("github.io", "domain_public_suffix"),
        ("GMail.com", "domain_free_mail"),
        ("localhost", "domain_malformed"),
        ("acme .com", "domain_malformed"),
        ("192.168.0.1", "domain_malformed"),
        ("", "domain_malformed"),
    ];
    for (domain, code) in cases {
        let asked = json!({ "domain": domain });
        let by_owner = api.owner(&acme).post("/owner/v1/domains", &asked).await;
        assert_eq!(by_owner.problem(), problem(422, code), "{domain}");
        let by_operator = api
            .operator()
            .post(&format!("{}/domains", acme.path), &asked)
            .await;
        assert_eq!(by_operator.problem(), problem(422, code), "{domain}");
    }
}
