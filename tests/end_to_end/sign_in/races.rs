//! Real concurrency on one deployment.

use futures_util::future::join_all;
use gatehouse_tests::{Visitor, World};

/// The same assertion posted 50 times at once makes exactly one session; the others are refused and change nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gh_01_one_assertion_posted_fifty_times_makes_one_session() {
    let world = World::deployed().await;
    let browser = world.browser();
    let asked = world.asked(&browser).await;
    let issue = world
        .idp
        .response(&world, &Visitor::new("ada@acme.com"), Some(&asked.id));
    let value = issue.form_value(&world.idp.key).unwrap();
    let path = format!("/saml/{}/acs", world.connection.id);
    let fields = [
        ("SAMLResponse", value.as_str()),
        ("RelayState", asked.relay_state.as_str()),
    ];
    let posts = (0..50).map(|_| {
        let browser = browser.copy();
        let (path, fields) = (&path, &fields);
        async move { browser.post_cross_site(path, fields).await }
    });
    let answers = join_all(posts).await;
    let signed_in = answers.iter().filter(|answer| answer.status == 303).count();
    let codes = answers
        .iter()
        .map(|answer| format!("{} {}", answer.status, answer.code()))
        .collect::<Vec<_>>();
    assert_eq!(signed_in, 1, "{codes:?}");
    for answer in answers.iter().filter(|answer| answer.status != 303) {
        assert_eq!(answer.status, 400);
        assert!(
            ["attempt_unknown", "assertion_replayed"].contains(&answer.code().as_str()),
            "{}",
            answer.code()
        );
    }
    let users = world.users().await;
    assert_eq!(users.len(), 1);
    let sessions = world
        .gatehouse
        .store
        .tenant(&world.tenant.id)
        .sessions(&users[0].id)
        .await
        .unwrap();
    assert_eq!(sessions.len(), 1);
}

/// Two first sign-ins of one new person at once make one user, and both are signed in as that user.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn il_34_two_first_sign_ins_of_one_person_make_one_user() {
    let world = World::deployed().await;
    let visitor = Visitor::new("ada@acme.com").with("teamName", "Night shift");
    let (first, second) = (world.browser(), world.browser());
    let (a, b) = futures_util::join!(world.tokens(&first, &visitor), world.tokens(&second, &visitor));
    assert_eq!(a.claims["sub"], b.claims["sub"]);
    assert_eq!(world.users().await.len(), 1);
    assert_eq!(
        world
            .gatehouse
            .store
            .tenant(&world.tenant.id)
            .teams()
            .await
            .unwrap()
            .len(),
        1
    );
    let counted = world
        .gatehouse
        .store
        .tenant(&world.tenant.id)
        .count_seats()
        .await
        .unwrap();
    assert_eq!(counted.active, 1);
}

/// Many different people at once: every one gets a user, and the counters agree.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn il_04_many_first_sign_ins_at_once_all_come_through() {
    let world = World::deployed().await;
    let sign_ins = (0..12).map(|n| {
        let world = &world;
        async move {
            world
                .tokens(&world.browser(), &Visitor::new(&format!("p{n}@acme.com")))
                .await
        }
    });
    assert_eq!(join_all(sign_ins).await.len(), 12);
    assert_eq!(world.users().await.len(), 12);
    let counted = world
        .gatehouse
        .store
        .tenant(&world.tenant.id)
        .count_seats()
        .await
        .unwrap();
    assert_eq!(counted.active, 12);
}

/// IL-06 under concurrency: with two seats and six people at once, two users are made.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn il_06_seats_hold_when_many_come_at_once() {
    let mut world = World::deployed().await;
    world.set_tenant(|tenant| tenant.seats = Some(2)).await;
    let sign_ins = (0..6).map(|n| {
        let world = &world;
        async move {
            world
                .sign_in(&world.browser(), &Visitor::new(&format!("p{n}@acme.com")))
                .await
        }
    });
    let answers = join_all(sign_ins).await;
    let made = answers.iter().filter(|answer| answer.status == 303).count();
    let users = world.users().await.len();
    assert_eq!(users, made, "never a half-made user");
    assert_eq!(
        made,
        2,
        "{:?}",
        answers.iter().map(|a| a.code()).collect::<Vec<_>>()
    );
    assert!(
        answers
            .iter()
            .filter(|a| a.status != 303)
            .all(|a| a.code() == "seats_used_up")
    );
}
