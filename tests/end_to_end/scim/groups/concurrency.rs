//! Many changes of one group at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use gatehouse::app::Gatehouse;
use serde_json::json;

use super::{Setup, id, refs};

/// SE-25: fifty PATCHes of one group at once, each adding or removing another member, lose nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn se_25_fifty_patches_at_once_lose_nothing() {
    let setup = Setup::start().await;
    let users = setup.users(50).await;
    let (staying, coming) = users.split_at(25);
    let group = id(&setup.group("Staff", staying).await);
    let patches = users.iter().map(|user| {
        let operation = if staying.contains(user) {
            json!({ "op": "remove", "path": format!("members[value eq \"{user}\"]") })
        } else {
            json!({ "op": "add", "path": "members", "value": refs(std::slice::from_ref(user)) })
        };
        setup.patch(&group, json!([operation]))
    });
    for answer in join_all(patches).await {
        assert!(answer.status.is_success(), "{} {}", answer.status, answer.body);
    }
    assert_eq!(setup.members(&group).await, coming);
    setup.assert_consistent(&group, &users).await;
    assert_eq!(
        setup.read(&group).await["meta"]["version"],
        "W/\"51\"",
        "a version for each change"
    );
}

/// SE-25: renames, members, large changes and reads of one group at once: what was acknowledged is there, and no read
/// shows a large change in halves.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn se_25_large_and_small_changes_at_once_lose_nothing() {
    let setup = Setup::start().await;
    let users = setup.users(140).await;
    let (small, large) = users.split_at(20);
    let group = id(&setup.group("Staff", &[]).await);
    let writers = async {
        let push = json!([{ "op": "add", "path": "members", "value": refs(large) }]);
        let (one_by_one, group) = (&setup, &group);
        let singles = small.chunks(5).map(|chunk| async move {
            for user in chunk {
                let one = std::slice::from_ref(user);
                let add = json!([{ "op": "add", "path": "members", "value": refs(one) }]);
                let answer = one_by_one.patch(group, add).await;
                assert!(answer.status.is_success(), "{}", answer.body);
            }
        });
        let pushed = setup.patch(group, push);
        let rename = json!([{ "op": "replace", "path": "displayName", "value": "Crew" }]);
        let (pushed, _, renamed) = futures_util::join!(pushed, join_all(singles), setup.patch(group, rename));
        assert!(pushed.status.is_success(), "{}", pushed.body);
        assert!(renamed.status.is_success(), "{}", renamed.body);
    };
    let readers = join_all((0..2).map(|_| async {
        for _ in 0..10 {
            let found: BTreeSet<String> = setup.members(&group).await.into_iter().collect();
            let seen = large.iter().filter(|user| found.contains(*user)).count();
            assert!(
                seen == 0 || seen == large.len(),
                "{seen} of {} is a half",
                large.len()
            );
        }
    }));
    futures_util::join!(writers, readers);
    let found = setup.read(&group).await;
    assert_eq!(found["displayName"], "Crew");
    assert_eq!(super::members_in(&found), users);
    setup.assert_consistent(&group, &users).await;
}

/// SE-25: four processes change one group at once; whoever is told to come again does, and nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn se_25_four_processes_change_one_group_and_lose_nothing() {
    let setup = Setup::start().await;
    let users = setup.users(20).await;
    let group = id(&setup.group("Staff", &[]).await);
    let world = &setup.world;
    let processes = users.chunks(5).map(|chunk| {
        let config = world.gatehouse.config.clone();
        let other = Gatehouse::new(config, world.local.clock().clone(), world.local.sdk_config());
        let routers = gatehouse_local::functions::routers(&other);
        let scim = setup.scim.through(gatehouse_local::gateway::router(routers));
        let path = format!("/Groups/{group}");
        async move {
            for user in chunk {
                let one = refs(std::slice::from_ref(user));
                let add = json!([{ "op": "add", "path": "members", "value": one }]);
                let mut answer = scim.patch(&path, add.clone()).await;
                while answer.status == 429 {
                    assert_eq!(answer.headers["retry-after"], "1");
                    answer = scim.patch(&path, add.clone()).await;
                }
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
        }
    });
    join_all(processes).await;
    assert_eq!(setup.members(&group).await, users);
    setup.assert_consistent(&group, &users).await;
    assert_eq!(
        setup.read(&group).await["meta"]["version"],
        "W/\"21\"",
        "a version for each change"
    );
}
