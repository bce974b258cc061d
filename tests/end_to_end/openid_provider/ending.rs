//! One write ends everything.

use gatehouse::app::onboarding::members;
use gatehouse::domain::ids::UserId;
use gatehouse_tests::app::tokens;
use gatehouse_tests::{Browser, Tokens, World};
use serde_json::json;

use super::support::{
    ada, asks_idp, basic, operator, post, refused, register, register_public, silent_code, silent_error,
};

async fn all_is_over(world: &World, browser: &Browser, tokens: &Tokens, code: &str) {
    assert_eq!(silent_error(world, browser, &[]).await, "login_required");
    assert!(asks_idp(&browser.get(&world.authorize_path(&[])).await));
    refused(&world.redeem(code).await, 400, "invalid_grant");
    refused(
        &world.refresh(tokens.text("refresh_token")).await,
        400,
        "invalid_grant",
    );
    refused(
        &world.userinfo(tokens.text("access_token")).await,
        401,
        "invalid_token",
    );
}

/// Deactivation ends session, code, refresh and access token at once, and giving access back revives none of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_13_deactivation_ends_everything_at_once_and_for_good() {
    let world = World::start().await;
    let browser = world.browser();
    let before = world.tokens(&browser, &ada()).await;
    let code = silent_code(&world, &browser, &[]).await;
    let user = UserId::parse(before.claims["sub"].as_str().unwrap()).unwrap();
    let operator = operator(&world).await;
    members::deactivate(&operator, &user).await.unwrap();
    all_is_over(&world, &browser, &before, &code).await;
    members::reactivate(&operator, &user).await.unwrap();
    all_is_over(&world, &browser, &before, &code).await;
    let after = world.tokens(&browser, &ada()).await;
    assert_eq!(after.claims["sub"], before.claims["sub"]);
    assert_eq!(world.userinfo(after.text("access_token")).await.status, 200);
}

/// "Sign out everywhere" ends the sessions of every browser and app; the person signs in again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_13_revoke_all_ends_every_session() {
    let world = World::start().await;
    let (browser, other) = (world.browser(), world.browser());
    let first = world.tokens(&browser, &ada()).await;
    let second = world.tokens(&other, &ada()).await;
    let code = silent_code(&world, &browser, &[]).await;
    let user = UserId::parse(first.claims["sub"].as_str().unwrap()).unwrap();
    members::revoke_sessions(&operator(&world).await, &user)
        .await
        .unwrap();
    all_is_over(&world, &browser, &first, &code).await;
    all_is_over(&world, &other, &second, &code).await;
    world.tokens(&browser, &ada()).await;
}

/// A client revokes its own tokens: the current or an earlier refresh token, or the access token, ends the family.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_revocation_ends_the_family_of_any_of_its_tokens() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let authorization = basic(world.client.id.as_str(), world.client_secret.expose());
    for which in ["current", "earlier", "access"] {
        let code = silent_code(&world, &browser, &[]).await;
        let first = tokens(&world.redeem(&code).await);
        let second = tokens(&world.refresh(first.text("refresh_token")).await);
        let token = match which {
            "current" => second.text("refresh_token"),
            "earlier" => first.text("refresh_token"),
            _ => second.text("access_token"),
        };
        let answer = post(
            &world,
            "/oauth2/revoke",
            &[("token", token)],
            Some(&authorization),
        )
        .await;
        assert_eq!(answer.status, 200, "{which}");
        refused(
            &world.userinfo(second.text("access_token")).await,
            401,
            "invalid_token",
        );
        refused(
            &world.refresh(second.text("refresh_token")).await,
            400,
            "invalid_grant",
        );
        assert_eq!(
            silent_error(&world, &browser, &[]).await,
            "",
            "the session is not the app's to end"
        );
    }
}

/// Another client, public or confidential, revokes nothing by a token that it got hold of; all is answered alike.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_foreign_client_revokes_nothing() {
    let world = World::start().await;
    let own = world.tokens(&world.browser(), &ada()).await;
    let other = register(&world, json!({})).await;
    let public = register_public(&world).await;
    let authorization = basic(other.client.id.as_str(), &other.secret);
    for token in [own.text("refresh_token"), own.text("access_token"), "unknown"] {
        let answer = post(
            &world,
            "/oauth2/revoke",
            &[("token", token)],
            Some(&authorization),
        )
        .await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""));
        let fields = [("token", token), ("client_id", public.client.id.as_str())];
        assert_eq!(post(&world, "/oauth2/revoke", &fields, None).await.status, 200);
        refused(
            &post(&world, "/oauth2/revoke", &[("token", token)], None).await,
            401,
            "invalid_client",
        );
    }
    refused(
        &post(&world, "/oauth2/revoke", &[], Some(&authorization)).await,
        400,
        "invalid_request",
    );
    assert_eq!(world.userinfo(own.text("access_token")).await.status, 200);
    assert_eq!(world.refresh(own.text("refresh_token")).await.status, 200);
}
