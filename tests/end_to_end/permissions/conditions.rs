//! What only some tenants and people have, met by everybody who may meet it: a domain that takes its subdomains in, and a
//! person whose record is gone.

use chrono::TimeDelta;
use gatehouse::app::account_recheck::Budget;
use gatehouse::app::onboarding::members;
use gatehouse::domain::ids::UserId;
use gatehouse_tests::{Provider, World, scheduled, world};
use serde_json::json;

use super::sign_ins::{Door, WAYS, Way};

/// Addresses of a subdomain are believed by whoever finishes a sign-in, by the provider of the tokens and by the check of the
/// account; those of a subdomain that another tenant has proven are not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_05_whoever_believes_an_address_asks_for_the_subdomains() {
    for way in WAYS {
        let door = Door::new(way).await;
        let world = &door.world;
        world.take_subdomains().await;
        world::make_tenant(&world.gatehouse, "Lab", "lab.acme.com").await;
        let foreign = door
            .sign_in(&world.browser(), ("1", "eve@lab.acme.com"), &[])
            .await;
        assert_eq!(foreign.code(), "foreign_address", "{way:?}");
        let own = door
            .sign_in(&world.browser(), ("2", "ada@eng.acme.com"), &[])
            .await;
        let tokens = world.tokens_of(&own).await;
        assert_eq!(tokens.claims["email_verified"], true, "{way:?}");
        let info = world.userinfo(tokens.text("access_token")).await.json();
        assert_eq!(info["email_verified"], true, "{way:?}");
        if way == Way::Callback {
            world.pass(TimeDelta::hours(7));
            let done = scheduled::recheck(&world.gatehouse, Budget::default())
                .await
                .unwrap();
            assert_eq!(done.confirmed, 1, "{done:?}");
        }
    }
}

/// GH-05: whom SCIM pushes with the address of somebody made by hand is the same person in a subdomain that is the tenant's,
/// and another one in a subdomain that is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_05_scim_asks_for_the_subdomains() {
    let world = World::start().await;
    world.take_subdomains().await;
    world::make_tenant(&world.gatehouse, "Lab", "lab.acme.com").await;
    let scim = world.scim().await;
    let by_hand = async |address: &str| world.add_user(address, |user| user.scim_takeover = true).await;
    let (ada, eve) = (
        by_hand("ada@eng.acme.com").await,
        by_hand("eve@lab.acme.com").await,
    );
    let primary = |address: &str| json!({ "emails": [{ "value": address, "primary": true }] });
    let same = scim.user("ada", primary("ada@eng.acme.com")).await;
    assert_eq!(same["id"], ada.id.as_str());
    let other = scim.user("eve", primary("eve@lab.acme.com")).await;
    assert_ne!(other["id"], eve.id.as_str());
}

/// CH-10: 30 days after a removal the identity that was left is forgotten, whoever finishes the sign-in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_whoever_finishes_a_sign_in_forgets_who_is_gone() {
    for way in WAYS {
        let door = Door::new(way).await;
        let world = &door.world;
        let ada = ("1", "ada@acme.com");
        let first = door.sign_in(&world.browser(), ada, &[]).await;
        let before = world.tokens_of(&first).await.claims["sub"].clone();
        let id = UserId::parse(before.as_str().unwrap()).unwrap();
        members::remove(&world.admin().await, &id).await.unwrap();
        world.pass(TimeDelta::days(31));
        let again = door.sign_in(&world.browser(), ada, &[]).await;
        let after = world.tokens_of(&again).await.claims["sub"].clone();
        assert_ne!(after, before, "{way:?}");
    }
}

/// CH-08: the callback reads for itself where the app takes registrations: in its process nobody has read the client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_08_a_cold_callback_sends_to_the_registration() {
    let mut door = Door::new(Way::Callback).await;
    door.world
        .set_tenant(|tenant| tenant.settings.provision_on_sign_in = false)
        .await;
    door.world
        .set_client(|settings| settings["registration_uri"] = "https://app.example.com/register".into())
        .await;
    let (provider, connection) = door.provider.as_ref().unwrap();
    let browser = door.world.browser();
    let person = Provider::person("ada@acme.com");
    let sent = door
        .world
        .by_code(&browser, (connection, provider), &person)
        .await;
    assert!(
        sent.raw_location()
            .starts_with("https://app.example.com/register?code=")
    );
    assert!(super::asked(
        &door.world,
        "oidc_callback",
        "dynamodb:GetItem",
        "CL#*"
    ));
}
