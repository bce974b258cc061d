//! An app that missed events asks for them again.

use chrono::TimeDelta;
use gatehouse::app::onboarding::connections::state::{self, Step};
use gatehouse_tests::scim::GROUP;
use gatehouse_tests::{Answer, Visitor, World, event_schemas};
use serde_json::{Value, json};

async fn ask(world: &World, query: &str) -> Answer {
    let organization = &world.tenant.id;
    world
        .app_get(&format!("/sign-in/events?organization={organization}{query}"))
        .await
}

fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["events"].as_array().unwrap().clone()
}

/// Four people come; one of them comes with another address later.
async fn changes(world: &World) {
    for address in [
        "ada@acme.com",
        "grace@acme.com",
        "edsger@acme.com",
        "barbara@acme.com",
    ] {
        world.tokens(&world.browser(), &Visitor::new(address)).await;
    }
    world.relay().await;
}

/// The cursor goes through everything that was on the bus, in pages, with the same ids and contents.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_the_app_replays_a_tenants_events_by_cursor() {
    let world = World::deployed().await;
    changes(&world).await;
    assert!(
        events(&ask(&world, "").await).is_empty(),
        "what is half a minute old has settled, and no less"
    );
    world.pass(TimeDelta::seconds(40));
    let (mut cursor, mut found) = (String::new(), Vec::new());
    loop {
        let answer = ask(&world, &format!("&limit=2{cursor}")).await;
        let page = events(&answer);
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        found.extend(page);
        let next = answer.json()["next_cursor"].as_str().unwrap().replace('#', "%23");
        cursor = format!("&cursor={next}");
    }
    let mut on_the_bus: Vec<Value> = world
        .local
        .events()
        .events()
        .into_iter()
        .map(|event| event["detail"].clone())
        .filter(|event| event["tenant"] == world.tenant.id.as_str())
        .collect();
    let by_id = |event: &Value| event["id"].as_str().unwrap().to_owned();
    on_the_bus.sort_by_key(by_id);
    found.sort_by_key(by_id);
    assert!(found.len() >= 4);
    assert_eq!(found, on_the_bus);
    world
        .tokens(&world.browser(), &Visitor::new("late@acme.com"))
        .await;
    world.relay().await;
    world.pass(TimeDelta::seconds(40));
    let late = events(&ask(&world, &cursor).await);
    let newcomer = late.iter().any(|event| event["type"] == "user.created");
    assert!(newcomer, "the cursor goes on where it stood");
    let seen = |event: &Value| found.iter().any(|before| before["id"] == event["id"]);
    assert!(!late.iter().any(seen), "and brings nothing again");
}

/// GH-03: what happens to groups and to the organization itself is in the feed beside what happens to people.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_the_feed_has_groups_and_the_organization() {
    let world = World::deployed().await;
    let scim = world.scim().await;
    let body = json!({ "schemas": [GROUP], "displayName": "Guides" });
    assert_eq!(scim.post("/Groups", &body).await.status, 201);
    world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    let admin = world.admin().await;
    state::take(&admin, &world.connection.id, &Step::Suspend)
        .await
        .unwrap();
    world.relay().await;
    world.pass(TimeDelta::seconds(40));
    let found = events(&ask(&world, "").await);
    for kind in ["group.created", "user.created", "connection.state_changed"] {
        assert!(
            found.iter().any(|event| event["type"] == kind),
            "{kind}: {found:?}"
        );
    }
}

/// A gap in one person's sequence is filled by that person's events alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_the_app_replays_a_subject_by_sequence() {
    let world = World::deployed().await;
    changes(&world).await;
    let created = world.on_the_bus("user.created").remove(1);
    let subject = created["subject"].as_str().unwrap();
    let all = events(&ask(&world, &format!("&subject={subject}")).await);
    assert!(all.contains(&created));
    assert!(
        all.iter().all(|event| event["subject"] == created["subject"]),
        "{all:?}"
    );
    let sequence = created["sequence"].as_u64().unwrap();
    let newer = events(&ask(&world, &format!("&subject={subject}&after={sequence}")).await);
    assert!(
        newer
            .iter()
            .all(|event| event["sequence"].as_u64().unwrap() > sequence)
    );
    assert!(!newer.contains(&created));
}

/// Without a client's secret nothing is told; what cannot stand together is refused; another tenant's subject is nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_replay_is_for_clients_and_of_one_tenant() {
    let world = World::deployed().await;
    changes(&world).await;
    let stranger = world.browser().get("/sign-in/events?organization=x").await;
    assert_eq!(
        (stranger.status.as_u16(), stranger.problem().1),
        (401, "invalid_client".to_owned())
    );
    for query in [
        "&after=3",
        "&cursor=1",
        "&limit=0",
        "&limit=101",
        "&subject=a&cursor=b",
        "&since=1",
    ] {
        let answer = ask(&world, query).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().1),
            (400, "replay_query".to_owned()),
            "{query}"
        );
    }
    let subject = world.on_the_bus("user.created").remove(0)["subject"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = format!("/sign-in/events?organization=another-tenant&subject={subject}");
    assert!(events(&world.app_get(&other).await).is_empty());
}

/// Every published schema is one, and what is on the bus fits its schema, envelope and all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_events_on_the_bus_fit_their_published_schemas() {
    let world = World::deployed().await;
    changes(&world).await;
    for kind in [
        "user.created",
        "user.updated",
        "user.deactivated",
        "user.deleted",
        "group.created",
        "group.members_changed",
        "team.created",
        "membership.created",
        "session.revoked",
        "connection.state_changed",
        "secret.expiring",
        "sign_in.failed",
        "sync.held",
    ] {
        assert!(event_schemas::published().contains(&kind), "{kind}");
    }
    for event in world.local.events().events() {
        let wrong = event_schemas::wrong_with(&event["detail"]);
        assert!(wrong.is_none(), "{}", wrong.unwrap());
    }
    let mut broken = world.on_the_bus("user.created").remove(0);
    broken["data"]["user"]["active"] = Value::from("yes");
    assert!(event_schemas::wrong_with(&broken).is_some());
    broken["data"]["user"]["active"] = Value::from(true);
    broken["data"]["user"]["surprise"] = Value::from(1);
    assert!(
        event_schemas::wrong_with(&broken)
            .unwrap()
            .contains("/data/user/surprise")
    );
}
