//! How clients prove themselves.

use gatehouse_tests::app::tokens;
use gatehouse_tests::{Answer, World};
use serde_json::json;

use super::support::{ada, basic, post, redeeming, refused, register_public, silent_code};

/// A confidential client redeems by Basic and by POST; without or with a wrong secret it is `invalid_client`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_confidential_client_proves_itself_by_basic_or_post() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let (id, secret) = (world.client.id.as_str(), world.client_secret.expose());
    let code = silent_code(&world, &browser, &[]).await;
    let with = |more: &[(&'static str, &str)]| {
        let mut fields = redeeming(&code)
            .into_iter()
            .map(|(n, v)| (n, v.to_owned()))
            .collect::<Vec<_>>();
        fields.extend(more.iter().map(|(n, v)| (*n, (*v).to_owned())));
        fields
    };
    let tries = [
        (with(&[]), None),
        (with(&[("client_id", id)]), None),
        (with(&[("client_id", id), ("client_secret", "wrong")]), None),
        (with(&[]), Some(basic(id, "wrong"))),
        (with(&[]), Some(basic(id, ""))),
        (with(&[]), Some(format!("Bearer {secret}"))),
    ];
    for (fields, authorization) in tries {
        let answer = ask(&world, &fields, authorization.as_deref()).await;
        refused(&answer, 401, "invalid_client");
        assert_eq!(answer.headers["www-authenticate"], "Basic realm=\"gatehouse\"");
    }
    let both = with(&[("client_id", id), ("client_secret", secret)]);
    refused(
        &ask(&world, &both, Some(&basic(id, secret))).await,
        400,
        "invalid_request",
    );
    assert_eq!(ask(&world, &both, None).await.status, 200);
    let code = silent_code(&world, &browser, &[]).await;
    assert_eq!(
        post(
            &world,
            "/oauth2/token",
            &redeeming(&code),
            Some(&basic(id, secret))
        )
        .await
        .status,
        200
    );
}

async fn ask(world: &World, fields: &[(&str, String)], authorization: Option<&str>) -> Answer {
    let fields = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect::<Vec<_>>();
    post(world, "/oauth2/token", &fields, authorization).await
}

/// An unknown client and a wrong secret are answered alike, byte for byte.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_unknown_and_wrong_clients_are_answered_alike() {
    let world = World::start().await;
    let fields = redeeming("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let wrong = post(
        &world,
        "/oauth2/token",
        &fields,
        Some(&basic(world.client.id.as_str(), "wrong")),
    )
    .await;
    let unknown = "0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d";
    let nobody = post(&world, "/oauth2/token", &fields, Some(&basic(unknown, "wrong"))).await;
    refused(&wrong, 401, "invalid_client");
    assert_eq!((wrong.status, wrong.body), (nobody.status, nobody.body));
}

/// A public client needs PKCE and no secret, and its refresh tokens rotate; a secret from it is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_public_client_uses_pkce_and_rotates() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let app = register_public(&world).await;
    let id = app.client.id.as_str();
    let code = silent_code(&world, &browser, &[("client_id", id)]).await;
    let own = ("client_id", id);
    let without = redeeming(&code)
        .into_iter()
        .filter(|(name, _)| *name != "code_verifier");
    let without = without.chain([own]).collect::<Vec<_>>();
    refused(
        &post(&world, "/oauth2/token", &without, None).await,
        400,
        "invalid_grant",
    );
    let secret = [redeeming(&code), vec![own, ("client_secret", "any")]].concat();
    refused(
        &post(&world, "/oauth2/token", &secret, None).await,
        401,
        "invalid_client",
    );
    let answer = post(
        &world,
        "/oauth2/token",
        &[redeeming(&code), vec![own]].concat(),
        None,
    )
    .await;
    let first = tokens(&answer).text("refresh_token").to_owned();
    let next = refresh(&world, id, &first).await;
    let second = next.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    refused(&refresh(&world, id, &first).await, 400, "invalid_grant");
    refused(&refresh(&world, id, &second).await, 400, "invalid_grant");
}

async fn refresh(world: &World, id: &str, token: &str) -> Answer {
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", id),
    ];
    post(world, "/oauth2/token", &fields, None).await
}

/// A public native app's loopback redirect takes any port; a confidential client's URI never does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_only_native_apps_have_open_ports() {
    let world = World::start().await;
    let native = json!({ "kind": "public", "redirect_uris": ["http://127.0.0.1/callback"] });
    let app = super::support::register(&world, native).await;
    let id = app.client.id.as_str();
    let browser = world.browser();
    for (uri, admitted) in [
        ("http://127.0.0.1:49152/callback", true),
        ("http://127.0.0.1:49152/other", false),
        ("http://127.0.0.1:49152@evil.example/callback", false),
        ("http://localhost:49152/callback", false),
    ] {
        let answer = browser
            .get(&world.authorize_path(&[("client_id", id), ("redirect_uri", uri)]))
            .await;
        assert_eq!(answer.status == 303, admitted, "{uri}");
    }
}
