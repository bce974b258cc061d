//! Third-party-initiated login, and links to other regions.

use gatehouse::domain::connection::OidcPreset;
use gatehouse_tests::{Provider, World};

/// `/login/{connection}` and `/login` lead to the app, which begins a sign-in by that connection; the target counts only
/// if it is on the client's list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_08_a_third_party_starts_a_login_that_the_app_begins() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let issuer = provider.issuer();
    let query = |pairs: &[(&str, &str)]| {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
    };
    let deep = "https://app.example.com/deep";
    let paths = [
        format!(
            "/login/{}?{}",
            connection.id,
            query(&[("iss", &issuer), ("target_link_uri", deep)])
        ),
        format!("/login/{}?{}", connection.id, query(&[("target_link_uri", deep)])),
        format!("/login?{}", query(&[("iss", &issuer), ("target_link_uri", deep)])),
        format!(
            "/login?{}",
            query(&[
                ("iss", &issuer),
                ("login_hint", "ada@acme.com"),
                ("target_link_uri", deep)
            ])
        ),
    ];
    for path in paths {
        let browser = world.browser();
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.body);
        assert!(
            answer
                .raw_location()
                .starts_with("https://app.example.com/login?"),
            "{path}"
        );
        assert_eq!(
            answer.parameter("iss").as_deref(),
            Some(world.gatehouse.config.base_url.as_str())
        );
        assert_eq!(answer.parameter("target_link_uri").as_deref(), Some(deep));
        let hint = answer.parameter("login_hint").unwrap();
        let sent = world.begin(&browser, &[("login_hint", &hint)]).await;
        let back = provider.authorize(&sent.location(), &Provider::person("ada@acme.com"));
        world.tokens_of(&world.back(&browser, &back).await).await;
    }
    let posted = world
        .browser()
        .post_cross_site(&format!("/login/{}", connection.id), &[("iss", &issuer)])
        .await;
    assert_eq!(posted.status, 303, "POST as well");
    let foreign = format!(
        "/login/{}?{}",
        connection.id,
        query(&[("target_link_uri", "https://evil.example/")])
    );
    let answer = world.browser().get(&foreign).await;
    assert_eq!(answer.parameter("target_link_uri"), None);
}

/// What a third party names must be there and fit; an issuer that several organizations have names nobody, and the app
/// asks the person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_08_a_login_names_one_connection_or_none() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let at = |rest: &str| format!("/login/{}{rest}", connection.id);
    for (path, code, status) in [
        (
            at("?iss=https%3A%2F%2Fevil.example"),
            "login_issuer_mismatch",
            403,
        ),
        ("/login/nobody".to_owned(), "connection_unknown", 404),
        ("/login/%00".to_owned(), "connection_unknown", 404),
    ] {
        let answer = world.browser().get(&path).await;
        assert_eq!(
            (answer.code().as_str(), answer.status.as_u16()),
            (code, status),
            "{path}"
        );
    }
    let doubled = world.browser().get(&at("?iss=a&iss=b")).await;
    assert_eq!(doubled.status, 400);
    for path in ["/login", "/login?iss=https%3A%2F%2Funknown.example"] {
        let answer = world.browser().get(path).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.body);
        assert_eq!(answer.parameter("login_hint"), None, "{path}");
    }
    // A second connection to the same provider: the issuer alone names neither.
    world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let issuer = url::form_urlencoded::byte_serialize(provider.issuer().as_bytes()).collect::<String>();
    let answer = world.browser().get(&format!("/login?iss={issuer}")).await;
    assert_eq!(answer.parameter("login_hint"), None);
}

/// The sign-in page links to the sibling deployments of the configuration, in their order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_27_the_sign_in_page_links_to_sibling_deployments() {
    let siblings = r#"[{"name":"United States","url":"https://us.example.com/sign-in"},
        {"name":"Australia","url":"https://au.example.com/sign-in"}]"#;
    let world = World::with(&[("GATEHOUSE_SIBLINGS", siblings)]).await;
    let page = world.begin(&world.browser(), &[]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let us = page.body.find("href=\"https://us.example.com/sign-in\"").unwrap();
    let au = page.body.find("href=\"https://au.example.com/sign-in\"").unwrap();
    assert!(us < au && page.body.contains("United States") && page.body.contains("Australia"));
    let without = World::start().await;
    let page = without.begin(&without.browser(), &[]).await;
    assert!(!page.body.contains("us.example.com"));
}
