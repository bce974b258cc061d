//! What requests about groups cost at DynamoDB.

use serde_json::json;

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
