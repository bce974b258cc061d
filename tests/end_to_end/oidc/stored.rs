//! What is stored is looked at again where a browser is sent to it; forms that cannot be read are answered as what they are;
//! a provider that stalls at its discovery holds no owner up.

use std::time::{Duration, Instant};

use gatehouse::domain::connection::{OidcPreset, Protocol};
use gatehouse_tests::provider::{Endpoint, Reply};
use gatehouse_tests::{Api, Provider, World, problem};
use serde_json::json;

/// Addresses that a browser must not be sent to: they run a script, show somebody's page, or are not https.
const BAD: [&str; 8] = [
    "javascript:alert(document.cookie)//",
    "JavaScript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "http://idp.example.com/authorize",
    "https://user@idp.example.com/authorize",
    "//evil.example/authorize",
];

/// No such address becomes a connection's, neither by its discovery document nor as a GitHub server; and one that lies in
/// the table all the same sends nobody anywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_nobody_is_sent_to_a_script() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let provider = Provider::start(&api.gatehouse.clock).await;
    for address in BAD {
        provider.set(|b| b.discovery_patch = json!({ "authorization_endpoint": address }));
        let oidc = json!({ "authority": provider.issuer(), "client_id": "gatehouse-client" });
        let asked = json!({ "protocol": "oidc", "name": "OP", "oidc": oidc });
        let refused = owner.post("/owner/v1/connections", &asked).await;
        assert_eq!(
            refused.problem(),
            problem(422, "discovery_endpoint_refused"),
            "{address}"
        );
        let asked = json!({ "protocol": "github", "name": "GitHub", "github": { "server": address } });
        let refused = owner.post("/owner/v1/connections", &asked).await;
        assert_eq!(refused.status, 422, "{address}: {}", refused.body);
    }
    let listed = owner.get("/owner/v1/connections").await.json();
    assert_eq!(listed["items"], json!([]));

    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let handle = world.gatehouse.store.tenant(&world.tenant.id);
    for address in BAD {
        let mut stored = handle.connection(&connection.id).await.unwrap().unwrap();
        stored.version += 1;
        let Protocol::Oidc(oidc) = &mut stored.protocol else {
            panic!("{stored:?}")
        };
        oidc.provider.as_mut().unwrap().authorization_endpoint = address.to_owned();
        let mut tx = handle.begin();
        tx.update_connection(&stored);
        tx.commit().await.unwrap();
        let browser = world.browser();
        let answer = world
            .begin(&browser, &[("connection", connection.id.as_str())])
            .await;
        assert_eq!(answer.code(), "authorization_endpoint_refused", "{address}");
        assert_eq!(answer.status, 400, "{address}");
        assert!(!answer.headers.contains_key("location"), "{address}");
        assert!(!answer.body.contains("alert("), "{}", answer.body);
    }
}

/// A discovery document that never comes, or comes drop by drop, is refused after five seconds, and nothing is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_09_a_stall_at_discovery_ends_in_time() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    for reply in [Reply::Stall, Reply::Drip] {
        let provider = Provider::start(&api.gatehouse.clock).await;
        provider.set(|b| drop(b.replies.insert(Endpoint::Discovery, reply)));
        let oidc = json!({ "authority": provider.issuer(), "client_id": "gatehouse-client" });
        let asked = json!({ "protocol": "oidc", "name": "OP", "oidc": oidc });
        let begun = Instant::now();
        let refused = owner.post("/owner/v1/connections", &asked).await;
        assert_eq!(refused.problem(), problem(422, "outbound_timeout"));
        let took = begun.elapsed();
        assert!((4..12).contains(&took.as_secs()), "{took:?}");
        assert!(took > Duration::from_secs(4));
    }
    let listed = owner.get("/owner/v1/connections").await.json();
    assert_eq!(listed["items"], json!([]));
}

/// A form for `/login` that is too long, of another type or ambiguous is answered by the status that says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_08_a_login_form_that_cannot_be_read_is_answered_as_what_it_is() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let form = "application/x-www-form-urlencoded";
    for path in ["/login".to_owned(), format!("/login/{}", connection.id)] {
        for (kind, body, status) in [
            (form, format!("iss={}", "x".repeat(20_000)), 413),
            ("application/json", "{}".to_owned(), 415),
            (form, "iss=a&iss=b".to_owned(), 400),
            (form, "iss=%ff".to_owned(), 400),
        ] {
            let answer = world.browser().post_raw(&path, kind, body.into_bytes()).await;
            assert_eq!(answer.status, status, "{path} {kind}");
        }
    }
}
