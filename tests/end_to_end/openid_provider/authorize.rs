//! The authorization request: what is refused on a page, what is told to the app, how answers travel.

use gatehouse_tests::{Answer, World};
use serde_json::json;

use super::support::{ada, basic, post, redeeming, register, silent_code, silent_error};

async fn ask(world: &World, more: &[(&str, &str)]) -> Answer {
    world.browser().get(&world.authorize_path(more)).await
}

#[track_caller]
fn is_page(answer: &Answer) {
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.headers.get("location").is_none());
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
}

/// PKCE is required, by S256 only and well-formed; the refusal goes to the app with `state` and `iss`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_pkce_is_required_and_s256_only() {
    let world = World::start().await;
    let bad = [
        ("code_challenge", ""),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
        ("code_challenge", "short"),
    ];
    for change in bad {
        let answer = ask(&world, &[change]).await;
        assert_eq!(
            answer.parameter("error").as_deref(),
            Some("invalid_request"),
            "{change:?}"
        );
        assert_eq!(answer.parameter("state").as_deref(), Some("the-state"));
        assert_eq!(
            answer.parameter("iss").as_deref(),
            Some(world.gatehouse.config.base_url.as_str())
        );
        assert!(answer.parameter("code").is_none());
    }
}

/// A redirect URI that differs in one character, or a client that nobody registered, gets a page and no redirect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_codes_go_to_registered_uris_only() {
    let world = World::start().await;
    let near = [
        "https://app.example.com/callback/",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/Callback",
        "https://app.example.com:443/callback",
        "https://app.example.com/callback#f",
        "https://app.example.com/a/../callback",
        "https://user@app.example.com/callback",
        "https://app.example.com.evil.example/callback",
        "http://app.example.com/callback",
        "javascript:alert(1)",
        "",
    ];
    for uri in near {
        is_page(&ask(&world, &[("redirect_uri", uri)]).await);
    }
    is_page(&ask(&world, &[("client_id", "0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d")]).await);
    is_page(&ask(&world, &[("client_id", "<script>")]).await);
    is_page(&ask(&world, &[("client_id", "")]).await);
}

/// A parameter that stands twice has no meaning: of client and redirect URI on a page, of the others to the app.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_parameter_stands_once() {
    let world = World::start().await;
    let path = world.authorize_path(&[]);
    let browser = world.browser();
    is_page(
        &browser
            .get(&format!("{path}&client_id={}", world.client.id))
            .await,
    );
    is_page(
        &browser
            .get(&format!("{path}&redirect_uri=https://evil.example/"))
            .await,
    );
    for name in ["code_challenge", "scope", "nonce", "prompt", "unknown"] {
        let answer = browser.get(&format!("{path}&{name}=a&{name}=b")).await;
        assert_eq!(
            answer.parameter("error").as_deref(),
            Some("invalid_request"),
            "{name}"
        );
    }
    let twice = browser.get(&format!("{path}&state=other")).await;
    assert_eq!(twice.parameter("error").as_deref(), Some("invalid_request"));
    assert!(
        twice.parameter("state").is_none(),
        "neither of two states is echoed"
    );
}

/// What is not supported is refused by its own error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_what_is_not_supported_is_refused_by_name() {
    let world = World::start().await;
    let refused = [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "code id_token"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("request", "e30.e30."), "request_not_supported"),
        (
            ("request_uri", "https://evil.example/"),
            "request_uri_not_supported",
        ),
        (("registration", "{}"), "registration_not_supported"),
        (("scope", "email"), "invalid_scope"),
        (("prompt", "none login"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (
            ("connection", "0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d"),
            "invalid_request",
        ),
        (("id_token_hint", "e30.e30.e30"), "invalid_request"),
    ];
    for (change, error) in refused {
        let answer = ask(&world, &[change]).await;
        assert_eq!(answer.status, 303, "{change:?} {}", answer.body);
        assert_eq!(answer.parameter("error").as_deref(), Some(error), "{change:?}");
    }
}

/// By `form_post` the code travels in a form to the app, with `state` and `iss`, and in no URL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_form_post_carries_code_state_and_iss() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let answer = browser
        .get(&world.authorize_path(&[("response_mode", "form_post"), ("state", "a\"><b>")]))
        .await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers.get("location").is_none());
    assert!(
        answer
            .body
            .contains("action=\"https://app.example.com/callback\""),
        "{}",
        answer.body
    );
    assert!(!answer.body.contains("\"><b>"), "the state is escaped");
    assert_eq!(answer.hidden("iss"), world.gatehouse.config.base_url.as_str());
    assert_eq!(world.redeem(&answer.hidden("code")).await.status, 200);
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action https:"), "{policy}");
}

/// A form that comes from the app's site shows no Lax cookie: it goes on as a navigation, and the session answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_request_by_cross_site_form_meets_the_session() {
    let world = World::deployed().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let path = world.authorize_path(&[("prompt", "none")]);
    let query = path.split_once('?').unwrap().1;
    let fields = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect::<Vec<_>>();
    let fields = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect::<Vec<_>>();
    let sent = browser.post_cross_site("/oauth2/authorize", &fields).await;
    assert_eq!(sent.status, 303);
    assert!(sent.headers.get("set-cookie").is_none());
    let answer = browser.get(&sent.raw_location()).await;
    assert!(answer.parameter("code").is_some(), "{}", answer.raw_location());
}

/// A client gets no scope beyond its registration, and userinfo no claim beyond the scopes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_scopes_stay_within_the_registration() {
    let world = World::start().await;
    let browser = world.browser();
    world.tokens(&browser, &ada()).await;
    let app = register(&world, json!({ "scopes": ["openid", "email"] })).await;
    let id = app.client.id.as_str();
    let code = silent_code(&world, &browser, &[("client_id", id)]).await;
    let answer = post(
        &world,
        "/oauth2/token",
        &redeeming(&code),
        Some(&basic(id, &app.secret)),
    )
    .await;
    assert_eq!(answer.json()["scope"], "openid email");
    assert!(answer.json().get("refresh_token").is_none());
    let info = world
        .userinfo(answer.json()["access_token"].as_str().unwrap())
        .await
        .json();
    assert_eq!(info["email"], "ada@acme.com");
    assert!(
        info.get("name").is_none() && info.get("given_name").is_none(),
        "{info}"
    );
}

/// A one-time route hint that is spent, foreign or made up never leads to a page under `prompt=none`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_made_up_route_hint_is_no_way_in() {
    let world = World::start().await;
    let browser = world.browser();
    for hint in [
        "gatehouse-route.",
        "gatehouse-route.AAAA",
        "gatehouse-route.../..",
        "not an address",
    ] {
        assert_eq!(
            silent_error(&world, &browser, &[("login_hint", hint)]).await,
            "login_required",
            "{hint}"
        );
    }
}
