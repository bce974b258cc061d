//! GitHub: OAuth 2.0, the primary verified address, and membership of the organization that the owner picks.

use gatehouse::app::onboarding::Administration;
use gatehouse::app::onboarding::connections::state::{self, Step};
use gatehouse::app::onboarding::connections::{self, ConnectionEdit, secret};
use gatehouse::app::test_sign_in;
use gatehouse::domain::connection::{Connection, GitHubOrganization, Protocol};
use gatehouse::redacted::Secret;
use gatehouse_tests::{GitHub, World};
use serde_json::json;

pub(super) async fn draft(world: &World, github: &GitHub) -> (Administration, Connection) {
    let admin = world.admin().await;
    let mut edit = ConnectionEdit::github();
    edit.name = "Acme GitHub".to_owned();
    let settings = edit.github.as_mut().unwrap();
    settings.server = Some(github.url.clone());
    settings.client_id = Some("Iv1.8a61f9b3a7aba766".to_owned());
    let made = connections::create(&admin, None, edit).await.unwrap();
    let made = secret::set(&admin, &made, &Secret::new("the-client-secret"))
        .await
        .unwrap();
    (admin, made)
}

pub(super) async fn pick(admin: &Administration, id: u64) -> Connection {
    let connection = connections::list(admin).await.unwrap();
    let connection = connection
        .into_iter()
        .find(|c| c.protocol.name() == "github")
        .unwrap();
    let mut edit = ConnectionEdit::of(&connection);
    let login = "acme".to_owned();
    edit.github.as_mut().unwrap().organization = Some(GitHubOrganization { id, login });
    connections::update(admin, &connection, edit).await.unwrap()
}

/// The owner's test sign-in brings the organizations to pick from; without one that is picked nobody signs in; with one,
/// its active members do, by the account's number and the primary verified address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_10_the_owner_picks_the_organization_and_its_members_sign_in() {
    let world = World::start().await;
    let github = GitHub::start().await;
    let (admin, made) = draft(&world, &github).await;
    let early = state::take(&admin, &made.id, &Step::Submit).await.unwrap_err();
    assert_eq!(early.code(), "connection_incomplete");
    let (test, ticket) = test_sign_in::start(&admin, &made.id).await.unwrap();
    let browser = world.browser();
    let sent = browser
        .get(&format!("/sign-in/test?ticket={}", ticket.expose()))
        .await;
    assert_eq!(sent.status, 303, "{} {}", sent.code(), sent.body);
    let tried = world.back(&browser, &github.authorize(&sent.location())).await;
    assert_eq!(tried.status, 200, "{} {}", tried.code(), tried.body);
    assert!(
        world.users().await.is_empty(),
        "a test makes nobody ({})",
        test.id
    );
    let read = connections::read(&admin, &made.id).await.unwrap();
    let Protocol::GitHub(learned) = &read.protocol else {
        panic!("{read:?}")
    };
    assert_eq!(
        learned.offered,
        [GitHubOrganization {
            id: 42,
            login: "acme".to_owned()
        }]
    );

    let picked = pick(&admin, 42).await;
    assert!(picked.onboarding.test.is_some(), "the first pick only narrows");
    let step = Step::Activate { without_test: None };
    let connection = state::take(&admin, &picked.id, &step).await.unwrap();
    let sign_in = async || {
        let browser = world.browser();
        let sent = world.sent(&browser, &connection, &[]).await;
        world.back(&browser, &github.authorize(&sent)).await
    };
    let tokens = world.tokens_of(&sign_in().await).await;
    assert_eq!(tokens.claims["email"], "ada@acme.com");
    assert_eq!(tokens.claims["family_name"], "Lovelace");
    // Another address, the same account.
    github.account.lock().unwrap().emails =
        json!([{ "email": "ada.king@acme.com", "primary": true, "verified": true }]);
    let again = world.tokens_of(&sign_in().await).await;
    assert_eq!(again.claims["sub"], tokens.claims["sub"]);
    assert_eq!(world.users().await.len(), 1);
}

/// A membership that is revoked, pending, or of an organization that took over the login refuses, as does an address that
/// is not verified; GitHub's errors with status 200 are errors.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_10_a_revoked_membership_refuses() {
    let world = World::start().await;
    let github = GitHub::start().await;
    let (admin, _) = draft(&world, &github).await;
    let picked = pick(&admin, 42).await;
    let without_test = Some("an end-to-end test".to_owned());
    let connection = state::take(&admin, &picked.id, &Step::Activate { without_test })
        .await
        .unwrap();
    let honest = github.account.lock().unwrap().clone();
    let sign_in = async || {
        let browser = world.browser();
        let sent = world.sent(&browser, &connection, &[]).await;
        world.back(&browser, &github.authorize(&sent)).await
    };
    assert_eq!(sign_in().await.status, 303);
    let member = |known: &[(u64, &'static str)]| {
        let known = known.iter().map(|known| ("acme".to_owned(), *known));
        github.account.lock().unwrap().memberships = known.collect();
    };
    for known in [&[][..], &[(42, "pending")], &[(43, "active")]] {
        member(known);
        let refused = sign_in().await;
        assert_eq!(refused.code(), "github_not_a_member", "{known:?}");
        assert_eq!(refused.status, 403);
    }
    member(&[(42, "active")]);
    for emails in [
        json!([]),
        json!([{ "email": "ada@acme.com", "primary": true, "verified": false }]),
        json!([{ "email": "ada@acme.com", "primary": false, "verified": true }]),
    ] {
        github.account.lock().unwrap().emails = emails.clone();
        assert_eq!(sign_in().await.code(), "github_email_unverified", "{emails}");
    }
    *github.account.lock().unwrap() = honest;
    let browser = world.browser();
    let back = github.authorize(&world.sent(&browser, &connection, &[]).await);
    assert_eq!(world.back(&browser, &back).await.status, 303);
    assert_eq!(world.back(&browser, &back).await.code(), "idp_code_refused");
    github.account.lock().unwrap().secret = "another".to_owned();
    assert_eq!(sign_in().await.code(), "idp_client_refused");
    let fresh = world.browser();
    let sent = world.sent(&fresh, &connection, &[("prompt", "login")]).await;
    github.account.lock().unwrap().secret = "the-client-secret".to_owned();
    let refused = world.back(&fresh, &github.authorize(&sent)).await;
    assert_eq!(
        refused.code(),
        "sign_in_not_fresh",
        "GitHub cannot say when the person was asked"
    );
    assert_eq!(world.users().await.len(), 1);
}
