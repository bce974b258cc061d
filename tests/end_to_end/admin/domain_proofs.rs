//! Domains proven by a TXT record: looked for when asked, and again on a schedule.

use chrono::TimeDelta;
use gatehouse::app::connection_upkeep::Upkeep;
use gatehouse_local::dns::Zone;
use gatehouse_tests::admin::{Caller, MadeTenant};
use gatehouse_tests::{Answer, Api, problem};
use serde_json::{Value, json};

/// Submits a domain; gives its record.
async fn submit(owner: &Caller, domain: &str) -> Value {
    let answer = owner
        .post("/owner/v1/domains", &json!({ "domain": domain }))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

/// Sets the TXT record that a claim asks for, beside others.
fn set(api: &Api, claim: &Value) {
    let texts = ["v=spf1 -all", claim["proof"]["value"].as_str().unwrap()];
    let records = Zone::Records(texts.map(str::to_owned).to_vec());
    api.local
        .dns()
        .set(claim["proof"]["name"].as_str().unwrap(), records);
}

async fn check(owner: &Caller, domain: &str) -> Answer {
    owner.act(&format!("/owner/v1/domains/{domain}/check")).await
}

async fn state(owner: &Caller, domain: &str) -> Value {
    let listed = owner.get("/owner/v1/domains").await.json();
    let items = listed["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["domain"] == domain)
        .map_or(Value::Null, |item| item["state"].clone())
}

async fn upkeep(api: &Api) -> Upkeep {
    gatehouse_tests::scheduled::upkeep(&api.gatehouse).await.unwrap()
}

async fn owner(api: &Api, name: &str) -> (MadeTenant, Caller) {
    let tenant = api.tenant(name, json!({})).await;
    let caller = api.owner(&tenant);
    let member = json!({ "email": format!("owner@{}.example", name.to_lowercase()), "role": "ADMIN" });
    assert_eq!(caller.post("/owner/v1/members", &member).await.status, 201);
    (tenant, caller)
}

/// AQ-17: several domains, each proven by a TXT record of the tenant's own at `_gatehouse.<domain>`; without it, with
/// another's, or with a name server that fails, nothing is proven.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_17_a_domain_is_proven_by_its_txt_record() {
    let api = Api::start().await;
    let (_, acme) = owner(&api, "Acme").await;
    let (_, other) = owner(&api, "Other").await;
    let claim = submit(&acme, "acme.com").await;
    assert_eq!(claim["proof"]["name"], "_gatehouse.acme.com");
    assert_eq!(check(&acme, "acme.com").await.json()["state"], "pending");

    // Another tenant's record for the same domain proves nothing of ours.
    let theirs = submit(&other, "acme.com").await;
    assert_ne!(theirs["proof"]["value"], claim["proof"]["value"]);
    set(&api, &theirs);
    assert_eq!(check(&acme, "acme.com").await.json()["state"], "pending");

    api.local.dns().set("_gatehouse.acme.com", Zone::Fails);
    let failed = check(&acme, "acme.com").await;
    assert_eq!(failed.problem(), problem(503, "dns_failed"));
    assert!(failed.headers.contains_key("retry-after"));

    set(&api, &claim);
    let proven = check(&acme, "acme.com").await.json();
    assert_eq!(
        (&proven["state"], &proven["attested"]),
        (&json!("proven"), &json!(false))
    );
    let second = submit(&acme, "bücher.example").await;
    assert_eq!(second["proof"]["name"], "_gatehouse.xn--bcher-kva.example");
    set(&api, &second);
    assert_eq!(check(&acme, "bücher.example").await.status, 200);
    assert_eq!(state(&acme, "xn--bcher-kva.example").await, "proven");
    let taken = {
        set(&api, &theirs);
        check(&other, "acme.com").await
    };
    assert_eq!(taken.problem(), problem(409, "domain_taken"));
}

/// AQ-17: public suffixes and providers of mail to the public are nobody's to claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_17_what_is_nobodys_is_not_claimed() {
    let api = Api::start().await;
    let (_, acme) = owner(&api, "Acme").await;
    for domain in [
        "co.uk",
        "com",
        "github.io",
        "gmail.com",
        "GMAIL.com.",
        "outlook.com",
        "localhost",
        "127.0.0.1",
    ] {
        let refused = acme.post("/owner/v1/domains", &json!({ "domain": domain })).await;
        assert_eq!(refused.status, 422, "{domain}: {}", refused.body);
    }
}

/// AQ-17: of many tenants that prove one domain at the same time, one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aq_17_of_claims_at_once_one_wins() {
    let api = Api::start().await;
    let mut callers = Vec::new();
    let mut values = Vec::new();
    for nth in 0..6 {
        let tenant = api.tenant(&format!("T{nth}"), json!({})).await;
        let caller = api.owner(&tenant);
        let claim = submit(&caller, "acme.com").await;
        values.push(claim["proof"]["value"].as_str().unwrap().to_owned());
        callers.push(caller);
    }
    api.local.dns().set("_gatehouse.acme.com", Zone::Records(values));
    let checks = callers
        .iter()
        .cloned()
        .map(|caller| tokio::spawn(async move { check(&caller, "acme.com").await.status.as_u16() }));
    let mut statuses = Vec::new();
    for status in futures_util::future::join_all(checks).await {
        statuses.push(status.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
    let mut held = 0;
    for caller in &callers {
        held += usize::from(state(caller, "acme.com").await == "proven");
    }
    assert_eq!(held, 1);
}

/// AQ-17: a proof that goes missing warns the owners after 3 days and lapses after 30; what a name server cannot tell
/// counts for nothing, and the record leads back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_17_a_missing_proof_is_warned_and_lapses() {
    let api = Api::start().await;
    let (_, acme) = owner(&api, "Acme").await;
    let claim = submit(&acme, "acme.com").await;
    set(&api, &claim);
    assert_eq!(
        upkeep(&api).await.domains_changed,
        1,
        "upkeep proves what is pending"
    );
    assert_eq!(state(&acme, "acme.com").await, "proven");
    assert_eq!(upkeep(&api).await.domains_checked, 0, "it looks once a day");

    api.local.dns().set("_gatehouse.acme.com", Zone::Fails);
    api.pass(TimeDelta::days(40));
    let failed = upkeep(&api).await;
    assert_eq!((failed.domains_checked, failed.failed), (0, 1));
    assert_eq!(
        state(&acme, "acme.com").await,
        "proven",
        "a failing name server proves no absence"
    );

    api.local
        .dns()
        .set("_gatehouse.acme.com", Zone::Records(Vec::new()));
    let mut seen = Vec::new();
    for _ in 0..35 {
        upkeep(&api).await;
        let now = state(&acme, "acme.com").await;
        if seen.last().is_none_or(|(last, _)| *last != now) {
            seen.push((now, api.gatehouse.clock.now()));
        }
        api.pass(TimeDelta::days(1));
    }
    let states = seen
        .iter()
        .map(|(state, _)| state.as_str().unwrap())
        .collect::<Vec<_>>();
    assert_eq!(states, ["proven", "warned", "lapsed"]);
    assert_eq!((seen[1].1 - seen[0].1).num_days(), 3);
    assert_eq!((seen[2].1 - seen[0].1).num_days(), 30);
    let mails = api.letters();
    let templates = mails
        .iter()
        .map(|mail| mail["letter"]["name"].as_str().unwrap())
        .collect::<Vec<_>>();
    assert_eq!(
        templates,
        ["domain_warned", "domain_lapsed"],
        "each owner hears of each once"
    );

    set(&api, &claim);
    assert_eq!(check(&acme, "acme.com").await.json()["state"], "proven");
}

/// AQ-17: another tenant's proof takes a lapsed domain after seven days' notice, if it is still there then, or at once
/// by the operator's word; a holder who proves it anew keeps it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_17_a_lapsed_domain_is_taken_over_after_notice() {
    let api = Api::start().await;
    let (_, acme) = owner(&api, "Acme").await;
    let (other_tenant, other) = owner(&api, "Other").await;
    let claim = submit(&acme, "acme.com").await;
    set(&api, &claim);
    assert_eq!(check(&acme, "acme.com").await.json()["state"], "proven");
    let theirs = submit(&other, "acme.com").await;
    set(&api, &theirs);
    assert_eq!(
        check(&other, "acme.com").await.problem(),
        problem(409, "domain_taken")
    );
    for _ in 0..31 {
        api.pass(TimeDelta::days(1));
        upkeep(&api).await;
    }
    assert_eq!(state(&acme, "acme.com").await, "lapsed");

    let waiting = check(&other, "acme.com").await.json();
    assert_eq!(waiting["state"], "pending");
    assert!(waiting["takes_over_at"].is_string(), "{waiting}");
    assert_eq!(api.events("domain.takeover_announced").len(), 1);
    let told = api.letters();
    assert_eq!(told.last().unwrap()["letter"]["name"], "domain_takeover");

    // The holder proves it anew within the notice: it stays.
    set(&api, &claim);
    assert_eq!(check(&acme, "acme.com").await.json()["state"], "proven");
    set(&api, &theirs);
    api.pass(TimeDelta::days(8));
    assert_eq!(
        check(&other, "acme.com").await.problem(),
        problem(409, "domain_taken")
    );

    // It lapses once more; the notice passes, and the domain changes hands.
    for _ in 0..32 {
        api.pass(TimeDelta::days(1));
        upkeep(&api).await;
    }
    for _ in 0..9 {
        api.pass(TimeDelta::days(1));
        upkeep(&api).await;
    }
    assert_eq!(state(&other, "acme.com").await, "proven");
    assert_eq!(state(&acme, "acme.com").await, "pending");

    // By the operator's word it is taken back at once, but only what has lapsed.
    let back = api
        .operator()
        .act(&format!("{}/domains/acme.com/approve", other_tenant.path))
        .await;
    assert_eq!(back.json()["state"], "proven");
}

/// AQ-17: subdomains count only where chosen, and never those that another tenant has proven.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_17_subdomains_that_another_has_proven_are_the_others() {
    use gatehouse::domain::email::EmailAddress;
    use gatehouse::domain::ids::TenantId;

    let api = Api::start().await;
    let (acme_tenant, acme) = owner(&api, "Acme").await;
    let (_, other) = owner(&api, "Other").await;
    let asked = json!({ "domain": "acme.com", "include_subdomains": true });
    let claim = acme.post("/owner/v1/domains", &asked).await.json();
    set(&api, &claim);
    assert_eq!(check(&acme, "acme.com").await.json()["state"], "proven");
    let store = api
        .gatehouse
        .store
        .tenant(&TenantId::parse(&acme_tenant.id).unwrap());
    let believes = async |address: &str| {
        let claims = store.domains().await.unwrap();
        let believed = store.believed(&claims).await.unwrap();
        believed.believes(&EmailAddress::parse(address).unwrap())
    };
    assert!(believes("ada@lab.acme.com").await);
    let lab = submit(&other, "lab.acme.com").await;
    set(&api, &lab);
    assert_eq!(check(&other, "lab.acme.com").await.json()["state"], "proven");
    assert!(believes("ada@acme.com").await && believes("ada@shop.acme.com").await);
    for address in ["ada@lab.acme.com", "ada@deep.lab.acme.com"] {
        assert!(!believes(address).await, "{address}");
    }
    assert_eq!(other.delete("/owner/v1/domains/lab.acme.com").await.status, 204);
    assert!(believes("ada@lab.acme.com").await);
}
