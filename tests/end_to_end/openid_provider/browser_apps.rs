//! Apps that run in a browser, on an origin of their own.

use gatehouse_tests::World;

use super::support::{ada, bare};

/// Token, userinfo and revocation endpoints answer browser apps on any origin, without credentials of the browser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_browser_apps_reach_the_endpoints_that_read_no_cookie() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = world.tokens(&browser, &ada()).await;
    for path in ["/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke"] {
        let preflight = bare(&world, "OPTIONS", path, None).await;
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.headers["access-control-allow-origin"], "*");
        let allowed = preflight.headers["access-control-allow-headers"]
            .to_str()
            .unwrap();
        assert!(allowed.contains("Authorization"), "{allowed}");
    }
    let answers = [
        world.userinfo(tokens.text("access_token")).await,
        world.userinfo("wrong").await,
    ];
    for answer in answers {
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        assert!(answer.headers.get("access-control-allow-credentials").is_none());
    }
    let pages = [
        world.authorize_path(&[("prompt", "none")]),
        "/oauth2/end_session".to_owned(),
    ];
    for path in pages {
        let answer = browser.get(&path).await;
        assert!(
            answer.headers.get("access-control-allow-origin").is_none(),
            "{path} reads cookies"
        );
    }
}
