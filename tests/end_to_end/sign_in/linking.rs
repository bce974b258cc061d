//! Who is linked to whom, and by what proof.

use gatehouse::domain::connection::SubjectSource;
use gatehouse::domain::team::Source;
use gatehouse::domain::tenant::ForeignAddresses;
use gatehouse_local::demo_idp::issue::{IssuedNameId, PERSISTENT, TRANSIENT};
use gatehouse_tests::{Browser, Visitor, World};

/// The code of the last mail, as its reader finds it.
async fn mailed_code(world: &World) -> String {
    world.relay().await;
    let mail = world.mails().pop().unwrap();
    let text = mail.text.unwrap();
    let code = text.lines().map(str::trim);
    let mut code = code.filter(|line| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit()));
    code.next().unwrap().to_owned()
}

async fn type_code(browser: &Browser, token: &str, code: &str) -> gatehouse_tests::Answer {
    browser
        .post("/sign-in/link", &[("result", token), ("code", code)])
        .await
}

/// CH-05: an existing user is mapped by e-mail within the proven domains, whatever its case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_05_an_existing_user_is_mapped_by_email() {
    let world = World::deployed().await;
    let ada = world.add_user("ada@acme.com", |_| {}).await;
    let claims = world
        .tokens(&world.browser(), &Visitor::new("ADA@acme.com"))
        .await
        .claims;
    assert_eq!(claims["sub"], ada.id.as_str());
    assert_eq!(world.users().await.len(), 1);
    let events = world.users().await[0].version;
    assert_eq!(events, ada.version + 1, "linking is a change of its own");
}

/// GH-05: a foreign address never links, also where it is the address of an existing user.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_05_a_foreign_address_never_links_by_itself() {
    let mut world = World::deployed().await;
    let victim = world.add_user("boss@elsewhere.com", |_| {}).await;
    let visitor = Visitor::new("boss@elsewhere.com");
    assert_eq!(
        world.sign_in(&world.browser(), &visitor).await.code(),
        "foreign_address"
    );
    for policy in [ForeignAddresses::Known, ForeignAddresses::Admit] {
        world
            .set_tenant(|tenant| tenant.settings.foreign_addresses = policy)
            .await;
        let asked = world.sign_in(&world.browser(), &visitor).await;
        assert_eq!(asked.status, 200, "{}", asked.code());
        assert!(asked.body.contains("b…@elsewhere.com"), "{}", asked.body);
    }
    let handle = world.gatehouse.store.tenant(&world.tenant.id);
    assert!(handle.identities(&victim.id).await.unwrap().is_empty());
}

/// A second subject with the same address does not take the user over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_05_another_subject_with_the_same_address_is_refused() {
    let mut world = World::deployed().await;
    world
        .set_connection(|connection| connection.subject = SubjectSource::Attribute("uid".to_owned()))
        .await;
    world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com").with("uid", "1"))
        .await;
    let other = world
        .sign_in(&world.browser(), &Visitor::new("ada@acme.com").with("uid", "2"))
        .await;
    assert_eq!(
        (other.status.as_u16(), other.code().as_str()),
        (403, "another_subject_linked")
    );
}

/// With a stable subject a changed e-mail updates the user.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_05_with_a_stable_subject_a_changed_email_updates_the_user() {
    let mut world = World::deployed().await;
    world
        .set_connection(|connection| connection.subject = SubjectSource::Attribute("uid".to_owned()))
        .await;
    let first = world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com").with("uid", "1"))
        .await;
    let second = world
        .tokens(
            &world.browser(),
            &Visitor::new("lovelace@acme.com").with("uid", "1"),
        )
        .await;
    assert_eq!(first.claims["sub"], second.claims["sub"]);
    assert_eq!(second.claims["email"], "lovelace@acme.com");
    let newcomer = world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com").with("uid", "2"))
        .await;
    assert_ne!(
        newcomer.claims["sub"], first.claims["sub"],
        "the old address is nobody's now"
    );
}

/// Two active users with one address: nobody is guessed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_05_an_ambiguous_address_is_refused() {
    let world = World::deployed().await;
    world.add_user("ada@acme.com", |_| {}).await;
    world
        .add_user("ada@acme.com", |user| user.user_name = "ada-2".to_owned())
        .await;
    assert_eq!(
        world
            .sign_in(&world.browser(), &Visitor::new("ada@acme.com"))
            .await
            .code(),
        "address_ambiguous"
    );
}

/// A person whom SCIM deactivated or deleted is never made anew by signing in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_13_a_deactivated_person_is_not_made_anew() {
    let world = World::deployed().await;
    world
        .add_user("gone@acme.com", |user| {
            (user.active, user.source) = (false, Source::Scim)
        })
        .await;
    let answer = world
        .sign_in(&world.browser(), &Visitor::new("gone@acme.com"))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (403, "user_inactive")
    );
    assert_eq!(world.users().await.len(), 1);
    world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    let ada = world.users().await.into_iter().find(|user| user.active).unwrap();
    world
        .change_user(&ada.id, |user| {
            (user.active, user.epoch) = (false, user.epoch + 1)
        })
        .await;
    let answer = world
        .sign_in(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    assert_eq!(answer.code(), "user_inactive");
}

/// A transient NameID without a unique-id attribute names nobody; a persistent one does, with its qualifiers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_03_name_id_formats_per_connection() {
    let world = World::deployed().await;
    let browser = world.browser();
    let asked = world.asked(&browser).await;
    let visitor = Visitor::new("x").with("email", "ada@acme.com");
    let mut issue = world.idp.response(&world, &visitor, Some(&asked.id));
    issue.name_id = Some(IssuedNameId::new("t-1", TRANSIENT));
    assert_eq!(
        world
            .deliver(&browser, &issue, Some(&asked.relay_state))
            .await
            .code(),
        "subject_transient"
    );
    issue.name_id = Some(IssuedNameId::new("p-1", PERSISTENT));
    assert!(
        world
            .deliver(&browser, &issue, Some(&asked.relay_state))
            .await
            .parameter("code")
            .is_some()
    );
}

/// AskToLink: a manual user types the mailed code into the starting browser, and is linked; the code works once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_04_a_manual_user_links_by_the_mailed_code() {
    let mut world = World::deployed().await;
    world
        .set_tenant(|tenant| tenant.settings.confirm_linking = true)
        .await;
    let ada = world.add_user("ada@acme.com", |_| {}).await;
    let browser = world.browser();
    let page = world.sign_in(&browser, &Visitor::new("ada@acme.com")).await;
    assert_eq!(page.status, 200, "{}", page.code());
    assert!(page.body.contains("a…@acme.com"), "{}", page.body);
    let token = page.hidden("result");
    let code = mailed_code(&world).await;
    assert_eq!(
        type_code(&world.browser(), &token, &code).await.code(),
        "browser_mismatch"
    );
    let done = type_code(&browser, &token, &code).await;
    let tokens = world.redeem(&done.parameter("code").unwrap()).await;
    assert_eq!(
        gatehouse_tests::app::tokens(&tokens).claims["sub"],
        ada.id.as_str()
    );
    assert_eq!(type_code(&browser, &token, &code).await.code(), "attempt_unknown");
    world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
}

/// Five wrong codes end it, also when they are typed at once; nothing is linked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_04_five_wrong_codes_end_it() {
    let mut world = World::deployed().await;
    world
        .set_tenant(|tenant| tenant.settings.confirm_linking = true)
        .await;
    let ada = world.add_user("ada@acme.com", |_| {}).await;
    let browser = world.browser();
    let token = world
        .sign_in(&browser, &Visitor::new("ada@acme.com"))
        .await
        .hidden("result");
    for left in [4, 3, 2, 1] {
        let page = type_code(&browser, &token, "wrong").await;
        assert_eq!(page.status, 422);
        assert!(
            page.body.contains(&format!("Tries left: {left}")),
            "{}",
            page.body
        );
    }
    assert_eq!(
        type_code(&browser, &token, "wrong").await.code(),
        "link_tries_used_up"
    );
    let right = mailed_code(&world).await;
    assert_eq!(
        type_code(&browser, &token, &right).await.code(),
        "link_tries_used_up"
    );
    assert!(
        world
            .gatehouse
            .store
            .tenant(&world.tenant.id)
            .identities(&ada.id)
            .await
            .unwrap()
            .is_empty()
    );
}
