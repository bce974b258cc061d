//! The tables of infra/data.yaml are those that every test runs on.

use gatehouse_local::aws::tables;
use gatehouse_tests::template::read;
use serde_json::Value;

fn same(cloud: &Value, local: &Value) {
    for field in ["BillingMode", "KeySchema", "AttributeDefinitions"] {
        assert_eq!(cloud[field], local[field], "{field}");
    }
    let indexes = |table: &Value| table.get("GlobalSecondaryIndexes").cloned();
    assert_eq!(indexes(cloud), indexes(local));
    let stream = |table: &Value| table["StreamSpecification"]["StreamViewType"].clone();
    assert_eq!(stream(cloud), stream(local));
    assert_eq!(
        cloud["TimeToLiveSpecification"]["AttributeName"],
        tables::TTL_ATTRIBUTE
    );
    assert_eq!(cloud["TimeToLiveSpecification"]["Enabled"], true);
}

#[test]
fn the_tables_of_the_template_are_those_of_the_tests() {
    let data = read("infra/data.yaml");
    same(
        &data["Resources"]["Directory"]["Properties"],
        &tables::directory(),
    );
    same(
        &data["Resources"]["Ephemeral"]["Properties"],
        &tables::ephemeral(),
    );
}

/// What must survive does; what must not be revived is not backed up and leaves by no stream.
#[test]
fn directory_is_backed_up_and_ephemeral_is_not() {
    let data = read("infra/data.yaml");
    let directory = &data["Resources"]["Directory"];
    let recovery = &directory["Properties"]["PointInTimeRecoverySpecification"];
    assert_eq!(recovery["PointInTimeRecoveryEnabled"], true);
    assert_eq!(
        (&directory["DeletionPolicy"], &directory["UpdateReplacePolicy"]),
        (&"RetainExceptOnCreate".into(), &"Retain".into())
    );
    let ephemeral = &data["Resources"]["Ephemeral"]["Properties"];
    assert_eq!(ephemeral.get("PointInTimeRecoverySpecification"), None);
    assert_eq!(ephemeral.get("StreamSpecification"), None);
}
