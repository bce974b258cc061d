//! Bad input gets a clear error with the right status and changes nothing.

use gatehouse_tests::{Visitor, World};

/// What is posted, the status and the code that it gets.
fn cases() -> Vec<(&'static str, Vec<u8>, u16)> {
    let deep = format!("{}{}", "<a>".repeat(20_000), "</a>".repeat(20_000));
    let dtd = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>";
    let form = |xml: &str| {
        use base64::Engine;
        let value = base64::engine::general_purpose::STANDARD.encode(xml);
        let pairs = [("SAMLResponse", value.as_str())];
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
            .into_bytes()
    };
    vec![
        ("garbage base64", b"SAMLResponse=%25%25%25".to_vec(), 400),
        ("no response", b"RelayState=x".to_vec(), 400),
        ("deep XML", form(&deep), 400),
        ("DTD", form(dtd), 400),
        ("doubled field", b"SAMLResponse=a&SAMLResponse=b".to_vec(), 400),
        ("10 MB", vec![b'a'; 10 * 1024 * 1024 + 1], 413),
        ("1 MB", vec![b'a'; 1024 * 1024], 413),
    ]
}

/// Garbage, huge, deep, DTD: refused with the right status; no user, no session, no attempt consumed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_04_bad_posts_get_a_short_page_and_change_nothing() {
    let world = World::deployed().await;
    let browser = world.browser();
    let asked = world.asked(&browser).await;
    let path = format!("/saml/{}/acs", world.connection.id);
    for (what, body, status) in cases() {
        let answer = browser
            .post_raw(&path, "application/x-www-form-urlencoded", body)
            .await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        assert!(!answer.body.contains("etc/passwd"), "{what}");
    }
    let json = browser.post_raw(&path, "application/json", b"{}".to_vec()).await;
    assert_eq!(json.status, 415);
    assert!(world.users().await.is_empty());
    let issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
    assert!(
        world
            .deliver(&browser, &issue, Some(&asked.relay_state))
            .await
            .parameter("code")
            .is_some()
    );
}

/// A connection id that nobody has, or that is none, is 404.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_15_an_unknown_connection_is_not_found() {
    let world = World::deployed().await;
    let browser = world.browser();
    for id in ["nobody", "00000000-0000-4000-8000-000000000000", "a%20b"] {
        let answer = browser
            .post_cross_site(&format!("/saml/{id}/acs"), &[("SAMLResponse", "x")])
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (404, "connection_unknown"),
            "{id}"
        );
    }
}

/// GH-04: the person sees a short page with a reference; the owner's record under that reference says what was wanted
/// and what came, without the address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_04_a_failed_sign_in_is_explained_to_the_owner() {
    let world = World::deployed().await;
    let browser = world.browser();
    let asked = world.asked(&browser).await;
    let mut issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
    issue.audience = "https://someone-else.example".to_owned();
    let answer = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (400, "audience_mismatch")
    );
    let failures = world.failures().await;
    assert_eq!(failures.len(), 1, "{failures:?}");
    let failure = &failures[0];
    assert_eq!(failure["code"], "audience_mismatch");
    assert_eq!(failure["who"], "idp_admin");
    assert!(!failure["wanted"].as_str().unwrap().is_empty());
    assert!(!failure["got"].as_str().unwrap().is_empty());
    let reference = failure["reference"].as_str().unwrap();
    assert!(answer.body.contains(reference), "{}", answer.body);
    assert!(!failure.to_string().contains("ada@"), "{failure}");
}

/// Anybody can post rubbish: what one process records of a connection is bounded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_04_rubbish_does_not_flood_the_record() {
    let world = World::deployed().await;
    let browser = world.browser();
    let path = format!("/saml/{}/acs", world.connection.id);
    for _ in 0..220 {
        browser.post_cross_site(&path, &[("SAMLResponse", "????")]).await;
    }
    assert_eq!(world.failures().await.len(), 200);
}
