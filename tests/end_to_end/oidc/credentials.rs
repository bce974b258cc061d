//! How we say who we are at a token endpoint.

use gatehouse::app::onboarding::connections::secret;
use gatehouse::domain::connection::{ClientAuthentication, Connection, OidcPreset};
use gatehouse::jose::Jwk;
use gatehouse::redacted::Secret;
use gatehouse::secrets::{SecretName, Stage};
use gatehouse_tests::provider::Endpoint;
use gatehouse_tests::{Provider, World};

async fn with(world: &World, provider: &Provider, how: ClientAuthentication) -> Connection {
    world
        .connect(provider, OidcPreset::Generic, |settings| {
            settings.client_authentication = how
        })
        .await
}

/// client_secret_basic, client_secret_post and private_key_jwt, each with a provider that takes no other; id and secret
/// are escaped as the standard wants.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_13_each_way_of_authenticating_works() {
    let world = World::start().await;
    let ada = Provider::person("ada@acme.com");
    let awkward = "p%:ss +wörd&=";
    for how in [
        ClientAuthentication::ClientSecretBasic,
        ClientAuthentication::ClientSecretPost,
    ] {
        let provider = Provider::start(&world.gatehouse.clock).await;
        provider.set(|b| {
            b.client.methods = vec![how.name()];
            b.client.secrets = vec![awkward.to_owned()];
        });
        let connection = with(&world, &provider, how).await;
        let admin = world.admin().await;
        secret::set(&admin, &connection, &Secret::new(awkward))
            .await
            .unwrap();
        let of = (&connection, &provider);
        world.tokens_by_code(&world.browser(), of, &ada).await;
        let seen = provider.seen(Endpoint::Token).remove(0);
        let basic = how == ClientAuthentication::ClientSecretBasic;
        assert_eq!(seen.headers.contains_key("authorization"), basic);
        assert_eq!(
            seen.form.contains_key("client_secret"),
            !basic,
            "in one place only"
        );
    }
}

/// private_key_jwt: the provider fetches our keys at the connection's own URL; while one key follows another, sign-ins go
/// on, whichever of the two the provider knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_13_client_keys_are_published_and_rotate_without_a_gap() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    provider.set(|b| b.client.methods = vec!["private_key_jwt"]);
    let connection = with(&world, &provider, ClientAuthentication::PrivateKeyJwt).await;
    let ada = Provider::person("ada@acme.com");
    let path = format!("/signin-oidc/{}/jwks", connection.id);
    let published = async || {
        let answer = world.browser().get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.body.contains("\"d\""), "{}", answer.body);
        let keys = answer.json()["keys"].as_array().unwrap().clone();
        assert!(
            keys.iter()
                .all(|key| key["x5c"].is_array() && key["x5t#S256"].is_string())
        );
        keys.into_iter()
            .map(|key| serde_json::from_value::<Jwk>(key).unwrap())
            .collect::<Vec<_>>()
    };
    let signs_in = async |keys: Vec<Jwk>| {
        provider.set(|b| b.client.keys = keys);
        world
            .by_code(&world.browser(), (&connection, &provider), &ada)
            .await
    };
    let first = published().await;
    assert_eq!(first.len(), 1);
    assert_eq!(signs_in(first.clone()).await.status, 303);
    let admin = world.admin().await;
    let store = world.gatehouse.store.tenant(&world.tenant.id);
    let now = store.connection(&connection.id).await.unwrap().unwrap();
    let added = secret::next_key(&admin, &now).await.unwrap();
    let both = published().await;
    assert_eq!(both.len(), 2);
    assert_eq!(signs_in(both.clone()).await.status, 303);
    assert_eq!(
        signs_in(first.clone()).await.status,
        303,
        "only the old one is known there"
    );
    assert_eq!(
        signs_in(both[1..].to_vec()).await.status,
        303,
        "only the new one: the pending version is tried"
    );
    secret::activate_next_key(&admin, &added).await.unwrap();
    assert_eq!(published().await.len(), 2);
    assert_eq!(
        signs_in(both[1..].to_vec()).await.status,
        303,
        "the new one, at once"
    );
    let refused = signs_in(Vec::new()).await;
    assert_eq!(refused.code(), "idp_client_refused");
    let none = world.browser().get("/signin-oidc/nobody/jwks").await;
    assert_eq!(none.status, 404);
}

/// A rotated secret works at once: what the provider refuses is read anew, and a pending version counts only after the
/// current one was refused; nothing is promoted by a sign-in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_13_a_rotated_secret_works_at_once() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = with(&world, &provider, ClientAuthentication::ClientSecretPost).await;
    let ada = Provider::person("ada@acme.com");
    let name = SecretName::ClientSecret(connection.id.clone());
    let secrets = &world.gatehouse.secrets;
    let sign_in = async || {
        world
            .by_code(&world.browser(), (&connection, &provider), &ada)
            .await
    };
    let used = || provider.seen(Endpoint::Token).last().unwrap().form["client_secret"].clone();
    assert_eq!(sign_in().await.status, 303);
    // Another process rotates: this one still remembers the old secret.
    world.local.changes().go_unnoticed();
    let other = gatehouse::app::Gatehouse::new(
        world.gatehouse.config.clone(),
        world.gatehouse.clock.clone(),
        world.local.sdk_config(),
    );
    let pending = other
        .secrets
        .put_pending(&name, &Secret::new("the-second"))
        .await
        .unwrap();
    assert_eq!(sign_in().await.status, 303);
    assert_eq!(
        used(),
        "the-client-secret",
        "a pending version is not used while the current one is good"
    );
    provider.set(|b| b.client.secrets = vec!["the-second".to_owned()]);
    assert_eq!(
        sign_in().await.status,
        303,
        "the provider has changed, the promotion is under way"
    );
    assert_eq!(used(), "the-second");
    let current = secrets.get_stage(&name, Stage::Current).await.unwrap().unwrap();
    assert_eq!(current.value.expose(), "the-client-secret");
    other.secrets.promote(&name, &pending.id).await.unwrap();
    let before = provider.seen(Endpoint::Token).len();
    assert_eq!(sign_in().await.status, 303);
    let asked = provider.seen(Endpoint::Token).len() - before;
    assert!(asked <= 2, "read anew once, not guessed: {asked}");
    provider.set(|b| b.client.secrets = vec!["nobody-told-us".to_owned()]);
    let refused = sign_in().await;
    assert_eq!(
        (refused.code().as_str(), refused.status.as_u16()),
        ("idp_client_refused", 400)
    );
}
