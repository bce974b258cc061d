//! Access tokens at userinfo, and which addresses count as verified.

use chrono::TimeDelta;
use gatehouse::domain::domain_name::DomainName;
use gatehouse::domain::tenant::{DomainClaim, DomainState, ForeignAddresses};
use gatehouse_tests::world::DOMAIN;
use gatehouse_tests::{Visitor, World};

use super::support::{ada, bare, post, refused};

/// Userinfo takes the access token from header or form, never from the query, never two, and no other kind of token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_userinfo_takes_one_access_token_and_nothing_else() {
    let world = World::start().await;
    let tokens = world.tokens(&world.browser(), &ada()).await;
    let access = tokens.text("access_token");
    let info = world.userinfo(access).await;
    assert_eq!(info.headers["cache-control"], "no-store");
    assert_eq!(info.json()["sub"], tokens.claims["sub"]);
    assert_eq!(info.json()["email_verified"], true);
    let fields = [("access_token", access)];
    assert_eq!(post(&world, "/oauth2/userinfo", &fields, None).await.status, 200);
    let bearer = format!("Bearer {access}");
    refused(
        &post(&world, "/oauth2/userinfo", &fields, Some(&bearer)).await,
        400,
        "invalid_request",
    );
    let query = format!("/oauth2/userinfo?access_token={access}");
    refused(&bare(&world, "GET", &query, None).await, 401, "invalid_token");
    let without = bare(&world, "GET", "/oauth2/userinfo", None).await;
    refused(&without, 401, "invalid_token");
    // RFC 6750 section 3.1: who sent no token is told how, and no error.
    assert_eq!(without.headers["www-authenticate"], "Bearer");
    let (head, signature) = access.rsplit_once('.').unwrap();
    let flipped: String = signature.chars().rev().collect();
    let wrong = [
        tokens.text("id_token").to_owned(),
        tokens.text("refresh_token").to_owned(),
        format!("{head}."),
        format!("{head}.{flipped}"),
        "a.b.c".to_owned(),
    ];
    for token in wrong {
        let answer = world.userinfo(&token).await;
        refused(&answer, 401, "invalid_token");
        assert!(
            answer.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Bearer error=\"invalid_token\"")
        );
    }
}

/// An access token lives five minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_an_access_token_lives_five_minutes() {
    let world = World::start().await;
    let tokens = world.tokens(&world.browser(), &ada()).await;
    assert_eq!(tokens.answer["expires_in"], 300);
    world.pass(TimeDelta::seconds(290));
    assert_eq!(world.userinfo(tokens.text("access_token")).await.status, 200);
    world.pass(TimeDelta::seconds(11));
    refused(
        &world.userinfo(tokens.text("access_token")).await,
        401,
        "invalid_token",
    );
}

/// `email_verified` is true within the proven domain only: not for look-alikes, subdomains or foreign addresses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_05_email_is_verified_within_proven_domains_only() {
    let mut world = World::start().await;
    world
        .set_tenant(|tenant| tenant.settings.foreign_addresses = ForeignAddresses::Admit)
        .await;
    let cases = [
        ("ada@acme.com", true),
        ("eve@elsewhere.org", false),
        ("eve@sub.acme.com", false),
        ("eve@acme.com.evil.org", false),
        ("eve@notacme.com", false),
    ];
    for (address, verified) in cases {
        let tokens = world.tokens(&world.browser(), &Visitor::new(address)).await;
        assert_eq!(tokens.claims["email"], address);
        assert_eq!(tokens.claims["email_verified"], verified, "{address}");
        let info = world.userinfo(tokens.text("access_token")).await.json();
        assert_eq!(info["email_verified"], verified, "{address}");
    }
}

/// A domain whose proof has lapsed verifies no address any more, also of who has signed in before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_05_a_lapsed_domain_verifies_no_address() {
    let world = World::start().await;
    let tokens = world.tokens(&world.browser(), &ada()).await;
    assert_eq!(tokens.claims["email_verified"], true);
    let mut tx = world.gatehouse.store.tenant(&world.tenant.id).begin();
    tx.put_domain(&DomainClaim {
        domain: DomainName::parse(DOMAIN).unwrap(),
        tenant: world.tenant.id.clone(),
        state: DomainState::Lapsed,
        include_subdomains: false,
        proof: "proof".to_owned(),
        proven_at: None,
        proof_state: gatehouse::domain::tenant::ProofState::default(),
    });
    tx.commit().await.unwrap();
    world.pass(TimeDelta::seconds(61));
    assert_eq!(
        world.userinfo(tokens.text("access_token")).await.json()["email_verified"],
        false
    );
}
