//! The code of AskToLink: mailed to the address on record, and nowhere else to be found.

use gatehouse_local::aws::tables::{DIRECTORY, EPHEMERAL};
use gatehouse_local::http_client::{Fault, Service, When};
use gatehouse_tests::{Visitor, World};

async fn asked(world: &mut World) {
    world
        .set_tenant(|tenant| tenant.settings.confirm_linking = true)
        .await;
    world.add_user("ada@acme.com", |_| {}).await;
    let answer = world
        .sign_in(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn code_of(world: &World) -> String {
    let text = world.mails()[0].text.clone().unwrap();
    let mut words = text.split_whitespace();
    words
        .find(|word| word.len() == 8 && word.parse::<u32>().is_ok())
        .unwrap()
        .to_owned()
}

/// The code reaches the address on record as text and HTML, and lies neither in the stream nor on the bus nor, after the
/// mail, in a table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_04_the_link_code_is_mailed_and_kept_nowhere() {
    let mut world = World::deployed().await;
    asked(&mut world).await;
    assert!(world.mails().is_empty(), "nothing is sent inside the request");
    world.relay().await;
    let mails = world.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].to.as_str(), mails[0].deliveries), ("ada@acme.com", 1));
    assert_eq!(mails[0].subject, "Your code for Acme");
    let code = code_of(&world);
    assert!(mails[0].html.as_ref().unwrap().contains(&code));
    let stream = world.local.dynamodb().stream_records(None, 1_000).unwrap();
    assert!(!serde_json::to_string(&stream).unwrap().contains(&code));
    let bus = world.local.events().events();
    assert!(!serde_json::to_string(&bus).unwrap().contains(&code));
    for table in [DIRECTORY, EPHEMERAL] {
        let items = world.local.dynamodb().items(table).unwrap();
        assert!(!items.is_empty());
        assert!(!serde_json::to_string(&items).unwrap().contains(&code), "{table}");
    }
}

/// The stream may bring a mail's record twice (a second mapping, a shard read again): one mail is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_a_mail_that_the_stream_brings_twice_is_sent_once() {
    let mut world = World::deployed().await;
    asked(&mut world).await;
    world.relay().await;
    world.relay_from_the_start().await;
    assert_eq!(world.mails().len(), 1);
    assert_eq!(world.mails()[0].deliveries, 1);
}

/// SES throttles: the record comes again until SES takes the mail, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_a_throttled_mail_comes_again() {
    let mut world = World::deployed().await;
    asked(&mut world).await;
    let order = When::operation("SendEmail").of(Service::Ses).times(40);
    let throttle = world.local.faults().inject(order, Fault::Throttle);
    world.relay().await;
    assert!(throttle.struck() >= 16, "the first invocation failed");
    assert_eq!(world.mails().len(), 1);
    assert_eq!(world.mails()[0].deliveries, 1);
}

/// A code that is past its time is not mailed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_a_mail_past_its_time_is_dropped() {
    let mut world = World::deployed().await;
    asked(&mut world).await;
    world.pass(chrono::TimeDelta::minutes(11));
    world.relay().await;
    assert!(world.mails().is_empty());
}
