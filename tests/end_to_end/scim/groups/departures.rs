//! Users who are deleted while they are members.

use gatehouse::app::scim::groups::work;
use gatehouse::domain::ids::UserId;
use gatehouse_local::http_client::permissions::run_as;
use gatehouse_tests::scim_error;
use serde_json::json;
use tokio::time::{Duration, Instant};

use super::{Setup, id, refs};

impl Setup {
    /// Marks a user as deleted, as the deletion of a user does in its transaction.
    async fn depart(&self, user: &str) -> UserId {
        let user: UserId = user.parse().unwrap();
        let mut transaction = self.store().begin();
        transaction.depart(&user);
        transaction.commit().await.unwrap();
        user
    }

    async fn leave(&self, user: &UserId) -> bool {
        let until = Instant::now() + Duration::from_secs(60);
        let now = self.world.gatehouse.clock.now();
        let store = self.store();
        let left = work::leave_groups(&store, user, now, until);
        run_as("outbox_relay", left).await.unwrap()
    }
}

/// CH-13: a deleted user is a member of nothing from that moment, of small groups and large ones; the memberships are
/// then cleared eight groups at a time, each group with a new version and event; and clearing twice changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_13_a_deleted_user_is_out_of_every_group() {
    let setup = Setup::start().await;
    let users = setup.users(80).await;
    let mut groups = vec![id(&setup.group("Large", &users).await)];
    for n in 0..19 {
        groups.push(id(&setup.group(&format!("Small {n}"), &users[..2]).await));
    }
    let versions = setup.read(&groups[1]).await["meta"]["version"].clone();
    let user = setup.depart(&users[0]).await;
    for group in &groups {
        assert!(!setup.members(group).await.contains(&users[0]));
    }
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "Renamed" }]);
    let patched = setup.patch(&groups[2], rename).await;
    assert_eq!(
        super::members_in(&patched.json()),
        &users[1..2],
        "not shown after a change either"
    );
    setup.world.local.traffic().clear();
    assert!(setup.leave(&user).await);
    let transactions = setup.world.local.traffic().count("TransactWriteItems");
    assert_eq!(transactions, 4, "20 groups by eight, and the end");
    assert!(setup.store().groups_to_leave(&user).await.unwrap().is_empty());
    for (n, group) in groups.iter().enumerate() {
        let record = setup
            .store()
            .group(&group.parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(record.members, if n == 0 { 79 } else { 1 });
        assert!(!setup.members(group).await.contains(&users[0]));
    }
    assert_ne!(setup.read(&groups[1]).await["meta"]["version"], versions);
    assert!(setup.leave(&user).await, "nothing is left to do");
}

/// A clearing that was cut anywhere goes on later, and ends with every group right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_13_a_clearing_that_was_cut_goes_on() {
    use gatehouse_local::http_client::{Fault, When};
    let setup = Setup::start().await;
    let users = setup.users(2).await;
    let mut groups = Vec::new();
    for n in 0..20 {
        groups.push(id(&setup.group(&format!("Group {n}"), &users).await));
    }
    let user = setup.depart(&users[0]).await;
    let now = setup.world.gatehouse.clock.now();
    let mut cuts = 0;
    loop {
        let fault = setup
            .world
            .local
            .faults()
            .inject(When::any().after(5), Fault::DropConnection);
        let until = Instant::now() + Duration::from_secs(60);
        let done = work::leave_groups(&setup.store(), &user, now, until).await;
        fault.withdraw();
        for group in &groups {
            assert_eq!(setup.members(group).await, &users[1..]);
        }
        if matches!(done, Ok(true)) {
            break;
        }
        cuts += 1;
        assert!(cuts < 50);
    }
    assert!(cuts > 0);
    for group in &groups {
        assert_eq!(
            setup
                .store()
                .group(&group.parse().unwrap())
                .await
                .unwrap()
                .unwrap()
                .members,
            1
        );
    }
}

/// A user who was deleted between the planning of a large change and its end does not become a member by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_13_a_large_change_does_not_bring_a_deleted_user_back() {
    use gatehouse_local::http_client::{Fault, When};
    let setup = Setup::start().await;
    let users = setup.users(120).await;
    let group = id(&setup.group("Staff", &[]).await);
    // The commit gets through, the parts do not.
    let parts = setup.world.local.faults().inject(
        When::operation("TransactWriteItems").after(1),
        Fault::DropConnection,
    );
    let add = json!([{ "op": "add", "path": "members", "value": refs(&users) }]);
    let pushed = setup.patch(&group, add).await;
    assert_eq!(pushed.status, 204, "committed is committed: {}", pushed.body);
    parts.withdraw();
    assert_eq!(setup.members(&group).await, users, "pending parts are laid over");
    let deleted = setup.scim.delete(&format!("/Users/{}", users[7])).await;
    assert_eq!(deleted.status, 204);
    assert!(!setup.members(&group).await.contains(&users[7]));
    super::crashes::relay(&setup).await;
    assert!(setup.store().pending_groups().await.unwrap().is_empty());
    let members = setup.members(&group).await;
    assert_eq!(members.len(), 119);
    assert!(!members.contains(&users[7]));
    let rest: Vec<String> = users.iter().filter(|user| **user != users[7]).cloned().collect();
    setup.assert_consistent(&group, &rest).await;
    let add = json!([{ "op": "add", "path": "members", "value": refs(&users[7..8]) }]);
    assert_eq!(
        setup.patch(&group, add).await.scim_error(),
        scim_error(400, "invalidValue")
    );
}

/// GW-7: a user who is deleted and comes back under the same id is in none of the former groups, whether the relay has
/// cleared the memberships by then or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gw_07_a_user_who_comes_back_is_in_no_former_group() {
    let setup = Setup::start().await;
    let grace = setup.scim.user("grace", json!({})).await;
    let ids = [id(&grace)];
    let group = id(&setup.group("Staff", &ids).await);
    let path = format!("/Users/{}", ids[0]);
    for relayed in [true, false] {
        assert_eq!(setup.scim.delete(&path).await.status, 204);
        assert!(setup.members(&group).await.is_empty());
        if relayed {
            super::crashes::relay(&setup).await;
        }
        let back = setup.scim.user("grace", json!({})).await;
        assert_eq!(id(&back), ids[0]);
        assert_eq!(back.get("groups"), None);
        assert_eq!(setup.scim.get(&path).await.json().get("groups"), None);
        assert!(setup.members(&group).await.is_empty());
        let add = json!([{ "op": "add", "path": "members", "value": refs(&ids) }]);
        assert!(setup.patch(&group, add).await.status.is_success());
        assert_eq!(setup.members(&group).await, ids);
        super::crashes::relay(&setup).await;
        assert_eq!(
            setup.members(&group).await,
            ids,
            "an old record clears nothing of the new life"
        );
    }
}
