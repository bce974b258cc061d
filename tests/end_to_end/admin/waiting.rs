//! Accounts that wait to be checked at their provider (SE-06) go with their person, and with their tenant.

use chrono::TimeDelta;
use gatehouse::app::account_recheck::{Budget, Rechecked};
use gatehouse::domain::connection::OidcPreset;
use gatehouse_tests::dump::{dump, holding};
use gatehouse_tests::scheduled::recheck;
use gatehouse_tests::{Provider, problem};
use serde_json::json;

use super::people::People;

/// People whose provider lets us look again, and the ids of some who signed in.
async fn start<const N: usize>(emails: [&str; N]) -> (People, Provider, Vec<String>) {
    let people = People::start().await;
    let provider = Provider::start(&people.world.gatehouse.clock).await;
    let offline = people
        .world
        .connect(&provider, OidcPreset::Generic, |s| s.offline_access = true)
        .await;
    let mut ids = Vec::new();
    for email in emails {
        let (browser, person) = (people.world.browser(), Provider::person(email));
        let tokens = people
            .world
            .tokens_by_code(&browser, (&offline, &provider), &person)
            .await;
        ids.push(tokens.claims["sub"].as_str().unwrap().to_owned());
    }
    (people, provider, ids)
}

impl People {
    fn waiting(&self) -> usize {
        holding(&dump(&self.world.local), &["\"RC#20"]).len()
    }

    async fn look_again(&self) -> Rechecked {
        self.world.pass(TimeDelta::hours(7));
        recheck(&self.world.gatehouse, Budget::default()).await.unwrap()
    }
}

/// CH-10: of two accounts that wait, that of the erased person waits no more, and nobody asks the provider about it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_an_erased_persons_account_is_not_looked_at_again() {
    let (people, _provider, ids) = start(["eve@acme.com", "bob@acme.com"]).await;
    assert_eq!(people.waiting(), 2);
    let path = format!("/owner/v1/members/{}/erasure", ids[0]);
    let asked = people.owner.act(&path).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    people.world.relay().await;
    assert_eq!(people.owner.get(&path).await.json()["state"], "done");
    assert_eq!(people.waiting(), 1);
    assert_eq!(people.look_again().await.confirmed, 1);
}

/// AQ-01: with its tenant goes every account that waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_01_an_offboarded_tenants_accounts_are_not_looked_at_again() {
    let (people, _provider, _) = start(["eve@acme.com"]).await;
    assert_eq!(people.waiting(), 1);
    let wanted = json!({ "tenant": people.acme.id, "name": "Acme" });
    let asked = people.operator.post("/operator/v1/offboardings", &wanted).await;
    assert_eq!(asked.status, 201, "{}", asked.body);
    people.world.relay().await;
    assert_eq!(people.waiting(), 0);
    assert_eq!(people.look_again().await, Rechecked::default());
    let gone = people.operator.get(&people.acme.path).await;
    assert_eq!(gone.problem(), problem(404, "tenant_not_found"));
}
