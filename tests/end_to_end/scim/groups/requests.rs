//! What requests about groups cost at DynamoDB.

use serde_json::{Value, json};

use super::{Setup, group_body, id, refs};

impl Setup {
    /// Requests to DynamoDB since the last call.
    fn spent(&self) -> Vec<String> {
        let traffic = self.world.local.traffic();
        let calls = traffic
            .calls()
            .into_iter()
            .map(|(call, _)| call.operation)
            .collect();
        traffic.clear();
        calls
    }
}

/// SE-25: a PATCH of one member costs at most four requests, whether the group is small or large; so do the other
/// operations on small groups.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_a_patch_of_one_member_costs_at_most_four_requests() {
    let setup = Setup::start().await;
    let users = setup.users(120).await;
    let small = id(&setup.group("Small", &users[..10]).await);
    let large = id(&setup.group("Large", &users[..100]).await);
    setup.spent();
    for group in [&small, &large] {
        for operation in [
            json!({ "op": "add", "path": "members", "value": refs(&users[110..111]) }),
            json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", users[110]) }),
            json!({ "op": "replace", "path": "displayName", "value": format!("Renamed {group}") }),
        ] {
            assert!(setup.patch(group, json!([operation])).await.status.is_success());
            assert_eq!(
                setup.spent(),
                ["Query", "BatchGetItem", "TransactWriteItems"],
                "{operation}"
            );
        }
    }
    setup.scim.post("/Groups", &group_body("Empty", json!({}))).await;
    assert_eq!(setup.spent(), ["TransactWriteItems"]);
    let made = group_body("New", json!({ "members": refs(&users[..30]) }));
    setup.scim.post("/Groups", &made).await;
    assert_eq!(setup.spent(), ["BatchGetItem", "TransactWriteItems"]);
    setup.read(&small).await;
    assert_eq!(setup.spent(), ["Query", "GetItem"]);
    setup.read(&large).await;
    assert_eq!(setup.spent(), ["Query", "GetItem", "Query", "TransactGetItems"]);
    setup.scim.delete(&format!("/Groups/{small}")).await;
    assert_eq!(setup.spent(), ["GetItem", "TransactWriteItems"]);
}

/// SE-25: a PATCH of one member consumes the same in a group of 10, of 200 and of 1,000.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_capacity_of_a_patch_of_one_member() {
    let setup = Setup::start().await;
    let users = setup.users(1_010).await;
    let mut groups = Vec::new();
    for count in [10, 200, 1_000] {
        let group = setup.group(&format!("Of {count}"), &[]).await;
        let add = json!([{ "op": "add", "path": "members", "value": refs(&users[..count]) }]);
        let added = setup.patch_until_done(&id(&group), add).await;
        assert!(added.status.is_success(), "{} {}", added.status, added.body);
        groups.push((count, id(&group)));
    }
    super::crashes::relay(&setup).await;
    let traffic = setup.world.local.traffic();
    traffic.measure_capacity();
    let mut seen = Vec::new();
    for (count, group) in groups {
        let one = &users[1_005..1_006];
        for operation in [
            json!({ "op": "add", "path": "members", "value": refs(one) }),
            json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", one[0]) }),
        ] {
            // The key is believed for 15 seconds: its look-up is not counted.
            setup.scim.warm().await;
            traffic.clear();
            let done = setup.patch(&group, Value::Array(vec![operation.clone()])).await;
            assert!(done.status.is_success(), "{}", done.body);
            let capacity = traffic.capacity();
            let name = operation["op"].as_str().unwrap().to_owned();
            seen.push((count, name, capacity.read, capacity.write));
        }
    }
    let of = |count: usize| {
        [
            (count, "add".to_owned(), 4.0, 10.0),
            (count, "remove".to_owned(), 3.0, 8.0),
        ]
    };
    assert_eq!(seen, [of(10), of(200), of(1_000)].concat());
}
