//! A group of 10,000.

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use gatehouse_local::http_client::{Fault, When};
use serde_json::json;

use super::{Setup, id, refs};

impl Setup {
    /// So many users of whom nothing is there but that they are: what membership looks at. In order.
    async fn thin_users(&self, count: u32) -> Vec<String> {
        let client = aws_sdk_dynamodb::Client::new(self.world.local.sdk_config());
        let ids: Vec<String> = (0..count)
            .map(|n| format!("{n:08x}-0000-4000-8000-000000000000"))
            .collect();
        for batch in ids.chunks(25) {
            let requests = batch.iter().map(|user| {
                let text = |value: String| AttributeValue::S(value);
                let put = PutRequest::builder()
                    .item("pk", text(format!("U#{}#{user}", self.world.tenant.id)))
                    .item("sk", text("#".to_owned()));
                WriteRequest::builder().put_request(put.build().unwrap()).build()
            });
            let written = client
                .batch_write_item()
                .request_items("Directory", requests.collect())
                .send()
                .await
                .unwrap();
            assert!(
                written
                    .unprocessed_items()
                    .is_none_or(std::collections::HashMap::is_empty)
            );
        }
        ids
    }
}

/// SE-25: 10,000 members come in one PATCH that is cut on its way: they are all there or none; then one member more
/// costs four requests at most, and the group is emptied again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_ten_thousand_members_in_one_change() {
    let setup = Setup::start().await;
    let users = setup.thin_users(10_001).await;
    let group = id(&setup.group("Everybody", &[]).await);
    let add = json!([{ "op": "add", "path": "members", "value": refs(&users[..10_000]) }]);
    let faults = setup.world.local.faults();
    // Cut while it is planned, and while it is staged.
    for (operation, after) in [("BatchGetItem", 50), ("BatchWriteItem", 7)] {
        let fault = faults.inject(When::operation(operation).after(after), Fault::DropConnection);
        assert_eq!(setup.patch(&group, add.clone()).await.status, 503, "{operation}");
        fault.withdraw();
        assert!(setup.members(&group).await.is_empty());
    }
    // Cut after the commit: then at so many of the parts.
    let fault = faults.inject(
        When::operation("TransactWriteItems").after(1),
        Fault::DropConnection,
    );
    let added = setup.patch(&group, add).await;
    assert_eq!(added.status, 204, "{}", added.body);
    fault.withdraw();
    assert_eq!(setup.members(&group).await, users[..10_000]);
    for parts in [1, 60] {
        let fault = faults.inject(
            When::operation("TransactWriteItems").after(parts),
            Fault::DropConnection,
        );
        let rename = json!([{ "op": "replace", "path": "displayName", "value": "All" }]);
        let refused = setup.patch(&group, rename).await;
        fault.withdraw();
        assert!(
            !refused.status.is_success(),
            "what stands in the way was not finished"
        );
        assert_eq!(
            setup.members(&group).await,
            users[..10_000],
            "after {parts} more parts"
        );
        assert_eq!(setup.groups_of(&users[9_999]).await, std::slice::from_ref(&group));
    }
    super::crashes::relay(&setup).await;
    assert!(setup.store().pending_groups().await.unwrap().is_empty());
    assert_eq!(setup.members(&group).await, users[..10_000]);
    let traffic = setup.world.local.traffic();
    for operation in [
        json!({ "op": "add", "path": "members", "value": refs(&users[10_000..]) }),
        json!({ "op": "remove", "path": "members", "value": refs(&users[10_000..]) }),
    ] {
        traffic.clear();
        let changed = setup.patch(&group, json!([operation])).await;
        assert_eq!(changed.status, 204, "{}", changed.body);
        assert!(traffic.calls().len() <= 4, "{:?}", traffic.counts());
    }
    let empty = json!([{ "op": "remove", "path": "members" }]);
    assert!(setup.patch(&group, empty).await.status.is_success());
    assert!(setup.members(&group).await.is_empty());
    super::crashes::relay(&setup).await;
    assert!(setup.groups_of(&users[0]).await.is_empty());
}
