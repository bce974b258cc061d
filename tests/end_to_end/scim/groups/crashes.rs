//! Work that is cut: whatever the moment, nothing acknowledged is lost and no half of a change is seen.

use gatehouse::app::scim::groups::work;
use gatehouse::store::read_outbox;
use gatehouse_local::http_client::permissions::run_as;
use gatehouse_local::http_client::{Fault, When};
use gatehouse_tests::Answer;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::{Setup, id, refs};

/// Does what the relay does with the outbox from the stream's beginning.
pub async fn relay(setup: &Setup) {
    for document in outbox(setup) {
        let record = read_outbox(&document).unwrap();
        let until = Instant::now() + Duration::from_secs(120);
        let now = setup.world.gatehouse.clock.now();
        let store = setup.store();
        let done = run_as("outbox_relay", work::finish_work(&store, &record, now, until)).await;
        assert!(done.unwrap());
    }
}

/// The documents of the tenant's outbox, in the stream's order.
fn outbox(setup: &Setup) -> Vec<String> {
    let mut documents = Vec::new();
    let mut last: Option<String> = None;
    loop {
        let more = setup
            .world
            .local
            .dynamodb()
            .stream_records(last.as_deref(), 1_000)
            .unwrap();
        let Some(end) = more.last() else {
            return documents;
        };
        last = Some(end["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned());
        for record in &more {
            let of = |path: &str| record.pointer(path).and_then(Value::as_str);
            let of_tenant = of("/dynamodb/Keys/pk/S")
                .unwrap()
                .contains(setup.world.tenant.id.as_str());
            let is_event = of("/dynamodb/Keys/sk/S").unwrap().starts_with("O#");
            if of_tenant && is_event && record["eventName"] == "INSERT" {
                documents.push(of("/dynamodb/NewImage/doc/S").unwrap().to_owned());
            }
        }
    }
}

/// Sends a PATCH; after so many requests to DynamoDB nothing gets through any more.
async fn cut(setup: &Setup, group: &str, operations: &Value, after: u32) -> Answer {
    let fault = setup
        .world
        .local
        .faults()
        .inject(When::any().after(after), Fault::DropConnection);
    let answer = setup.patch(group, operations.clone()).await;
    fault.withdraw();
    answer
}

/// SE-25: a large change cut between every two of its requests is there as a whole or not at all, from both sides; an
/// acknowledged one is there; and after the relay's work nothing is left to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_a_large_change_cut_anywhere_is_whole_or_absent() {
    let setup = Setup::start().await;
    let users = setup.users(90).await;
    let (old, new) = (&users[..70], &users[40..]);
    let mut outcomes = [0, 0, 0];
    for after in 0.. {
        let group = id(&setup.group(&format!("Cut after {after}"), old).await);
        let replace = json!([{ "op": "replace", "path": "members", "value": refs(new) }]);
        let answer = cut(&setup, &group, &replace, after).await;
        let members = setup.members(&group).await;
        let pending = !setup.store().pending_groups().await.unwrap().is_empty();
        if answer.status.is_success() {
            assert_eq!(members, new, "acknowledged, cut after {after}");
        } else {
            assert!([429, 503].contains(&answer.status.as_u16()), "{}", answer.status);
            assert_eq!(members, old, "refused, cut after {after}");
        }
        for user in [&users[0], &users[50], &users[89]] {
            let inside = setup.groups_of(user).await.contains(&group);
            assert_eq!(
                inside,
                members.contains(user),
                "from the user's side, cut after {after}"
            );
            let shown = setup.shown_groups(user).await;
            assert!(
                shown.iter().all(|groups| groups.contains(&group) == inside),
                "as it is answered, cut after {after}"
            );
        }
        let state = match (answer.status.is_success(), pending) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 2,
        };
        outcomes[state] += 1;
        if state == 1 && after % 2 == 0 {
            // The next writer finishes it.
            let one = json!([{ "op": "remove", "path": "members", "value": refs(&new[..1]) }]);
            assert!(setup.patch(&group, one).await.status.is_success());
            assert_eq!(setup.members(&group).await, &new[1..]);
        } else {
            relay(&setup).await;
            assert_eq!(setup.members(&group).await, members);
        }
        assert!(setup.store().pending_groups().await.unwrap().is_empty());
        if state == 2 {
            break;
        }
    }
    assert!(
        outcomes.iter().all(|count| *count > 0),
        "before, between and after the commit: {outcomes:?}"
    );
}

/// SE-25: the parts of a committed change are applied once, by however many relays and writers at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn se_25_pending_parts_are_applied_once_by_several_at_a_time() {
    let setup = Setup::start().await;
    let users = setup.users(150).await;
    let group = id(&setup.group("Staff", &users[..20]).await);
    let replace = json!([{ "op": "replace", "path": "members", "value": refs(&users[10..140]) }]);
    // The commit gets through, the parts do not.
    let parts = setup.world.local.faults().inject(
        When::operation("TransactWriteItems").after(1),
        Fault::DropConnection,
    );
    let answer = setup.patch(&group, replace).await;
    parts.withdraw();
    assert!(answer.status.is_success(), "{}", answer.body);
    assert_eq!(setup.store().pending_groups().await.unwrap().len(), 1);
    let add = json!([{ "op": "add", "path": "members", "value": refs(&users[145..]) }]);
    let remove = json!([{ "op": "remove", "path": "members", "value": refs(&users[10..15]) }]);
    let (_, _, _, added, removed) = futures_util::join!(
        relay(&setup),
        relay(&setup),
        relay(&setup),
        setup.patch_until_done(&group, add),
        setup.patch_until_done(&group, remove),
    );
    assert!(added.status.is_success() && removed.status.is_success());
    let mut wanted = users[15..140].to_vec();
    wanted.extend_from_slice(&users[145..]);
    assert_eq!(setup.members(&group).await, wanted);
    setup.assert_consistent(&group, &users).await;
    let changed: usize = outbox(&setup)
        .iter()
        .map(|document| serde_json::from_str::<Value>(document).unwrap())
        .flat_map(|record| record["events"].as_array().unwrap().clone())
        .filter(|event| event["type"] == "group.members_changed")
        .map(|event| event["data"]["added"].as_array().unwrap().len())
        .sum();
    assert_eq!(changed, 20 + 120 + 5, "each arrival is told once");
}

/// SE-25: answers that get lost, conflicts and throttling are tried again and change nothing twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_lost_answers_and_conflicts_change_nothing_twice() {
    let setup = Setup::start().await;
    let users = setup.users(40).await;
    let faults = setup.world.local.faults();
    for fault in [
        Fault::LoseAnswer,
        Fault::TransactionConflict,
        Fault::Throttle,
        Fault::ServerError,
    ] {
        let name = format!("{fault:?}");
        let write = When::operation("TransactWriteItems").times(1);
        let struck = faults.inject(write.clone(), fault.clone());
        let group = id(&setup.group(&name, &users[..2]).await);
        assert_eq!(struck.struck(), 1);
        let struck = faults.inject(write.clone(), fault.clone());
        let add = json!([{ "op": "add", "path": "members", "value": refs(&users) }]);
        assert!(setup.patch(&group, add).await.status.is_success(), "{name}");
        assert_eq!(struck.struck(), 1);
        setup.assert_consistent(&group, &users).await;
        let struck = faults.inject(write, fault);
        assert_eq!(
            setup.scim.delete(&format!("/Groups/{group}")).await.status,
            204,
            "{name}"
        );
        assert_eq!(struck.struck(), 1);
    }
}

/// SE-25: a group that others keep busy for five seconds is answered 429 with Retry-After; the client may come again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_a_busy_group_is_answered_429_with_retry_after() {
    let setup = Setup::start().await;
    let users = setup.users(1).await;
    let group = id(&setup.group("Staff", &[]).await);
    let busy = setup
        .world
        .local
        .faults()
        .inject(When::operation("TransactWriteItems"), Fault::TransactionConflict);
    let add = json!([{ "op": "add", "path": "members", "value": refs(&users) }]);
    let refused = setup.patch(&group, add.clone()).await;
    busy.withdraw();
    assert_eq!(refused.scim_error().0, 429);
    assert_eq!(refused.headers["retry-after"], "1");
    assert!(setup.members(&group).await.is_empty());
    assert!(setup.patch(&group, add).await.status.is_success());
}
