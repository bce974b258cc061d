//! Groups: members and their PATCH, planned without the members.

use serde_json::{Value, json};

use super::{group_body, operations, read_group};
use crate::scim::normalize::{self, Member, MemberType};
use crate::scim::patch::{self, MemberChange, MemberOp, PatchPlan};
use crate::scim::{ResourceKind, ScimError};

fn plan(ops: Value) -> Result<PatchPlan, ScimError> {
    patch::plan(ResourceKind::Group, "g1", &operations(ops))
}

fn change(ops: Value) -> MemberChange {
    let plan = plan(ops).unwrap();
    assert!(!plan.touches_attributes());
    plan.member_change()
}

fn member(id: &str) -> Member {
    Member {
        id: id.to_owned(),
        kind: None,
    }
}

fn change_of(add: &[&str], remove: &[&str]) -> MemberChange {
    MemberChange {
        replace_all: None,
        add: add.iter().map(|id| member(id)).collect(),
        remove: remove.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn all(ids: &[&str]) -> MemberChange {
    MemberChange {
        replace_all: Some(ids.iter().map(|id| member(id)).collect()),
        ..MemberChange::default()
    }
}

#[test]
fn e_07_group_remove_by_value_array() {
    assert_eq!(
        change(json!([{ "op": "Remove", "path": "members", "value": [{ "value": "a" }, { "value": "b" }] }])),
        change_of(&[], &["a", "b"])
    );
    assert_eq!(
        change(json!([{ "op": "Remove", "path": "members", "value": { "value": "a" } }])),
        change_of(&[], &["a"])
    );
    // An empty list names nobody: it must never empty the group.
    assert_eq!(
        change(json!([{ "op": "Remove", "path": "members", "value": [] }])),
        change_of(&[], &[])
    );
}

#[test]
fn e_07_group_remove_by_filter() {
    assert_eq!(
        change(json!([{ "op": "remove", "path": "members[value eq \"a\"]" }])),
        change_of(&[], &["a"])
    );
    assert_eq!(
        change(json!([{ "op": "remove", "path": "members[value eq \"a\" or value eq \"b\"]" }])),
        change_of(&[], &["a", "b"])
    );
    assert_eq!(change(json!([{ "op": "remove", "path": "members" }])), all(&[]));
}

#[test]
fn e_08_group_made_without_members() {
    assert_eq!(
        read_group(json!({ "members": [] })).unwrap().members,
        Some(vec![])
    );
    assert_eq!(read_group(json!({})).unwrap().members, None);
}

#[test]
fn e_10_group_with_a_microsoft_schema() {
    let body = group_body(json!({ "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:Group",
        "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
    ] }));
    let group = normalize::resource(ResourceKind::Group, &body).unwrap();
    assert_eq!(Value::Object(group.attributes), json!({ "displayName": "Staff" }));
    let only = group_body(json!({ "schemas": [
        "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
    ] }));
    assert!(normalize::resource(ResourceKind::Group, &only).is_ok());
}

#[test]
fn e_17_external_id_of_a_group_is_replaced() {
    let plan = plan(json!([{ "op": "Replace", "path": "externalId", "value": "e-2" }])).unwrap();
    let group = read_group(json!({ "externalId": "e-1" })).unwrap().attributes;
    assert_eq!(plan.apply(&group).unwrap()["externalId"], json!("e-2"));
    assert!(plan.member_change().is_empty());
}

#[test]
fn o_05_mixed_operations_in_one_patch() {
    assert_eq!(
        change(json!([
            { "op": "remove", "path": "members[value eq \"a\"]" },
            { "op": "add", "path": "members", "value": [{ "value": "b", "display": "B" }] },
            { "op": "remove", "path": "members[value eq \"b\"]" },
            { "op": "add", "path": "members", "value": [{ "value": "a", "display": "A" }, { "value": "c" }] },
        ])),
        change_of(&["a", "c"], &["b"])
    );
}

#[test]
fn o_05_put_with_members() {
    let members = read_group(json!({ "members": [{ "value": "a", "display": "A" }, { "value": "a" }, "b"] }));
    assert_eq!(members.unwrap().members, Some(vec![member("a"), member("b")]));
}

#[test]
fn o_06_rename_without_path() {
    let plan = plan(json!([{ "op": "replace", "value": { "id": "g1", "displayName": "New" } }])).unwrap();
    let group = read_group(json!({})).unwrap().attributes;
    assert_eq!(
        Value::Object(plan.apply(&group).unwrap()),
        json!({ "displayName": "New" })
    );
    let other =
        super::operations(json!([{ "op": "replace", "value": { "id": "g2", "displayName": "New" } }]));
    let refused = patch::plan(ResourceKind::Group, "g1", &other).unwrap_err();
    assert_eq!(refused.scim_type(), Some("mutability"));
}

#[test]
fn o_07_member_without_type_and_with_display() {
    assert_eq!(
        change(json!([{ "op": "add", "path": "members", "value": [{ "value": "a", "display": "a@x" }] }])),
        change_of(&["a"], &[])
    );
}

#[test]
fn j_02_rename_without_path() {
    let plan = plan(json!([{ "op": "replace", "value": { "displayName": "New" } }])).unwrap();
    assert!(plan.touches_attributes() && plan.member_change().is_empty());
}

#[test]
fn j_03_add_members_in_lower_case_and_without_path() {
    assert_eq!(
        change(json!([{ "op": "add", "value": { "members": [{ "value": "a" }] } }])),
        change_of(&["a"], &[])
    );
    assert_eq!(
        change(json!([{ "op": "Add", "path": "Members", "value": "a" }])),
        change_of(&["a"], &[])
    );
}

#[test]
fn entra_null_ref_inside_a_member() {
    let ops = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": "a" }] }]);
    assert_eq!(change(ops), change_of(&["a"], &[]));
}

#[test]
fn replace_forgets_what_was_before_it() {
    assert_eq!(
        change(json!([
            { "op": "add", "path": "members", "value": [{ "value": "x" }] },
            { "op": "replace", "path": "members", "value": [{ "value": "a" }, { "value": "b" }] },
            { "op": "remove", "path": "members[value eq \"a\"]" },
            { "op": "add", "path": "members", "value": [{ "value": "c", "type": "user" }] },
        ])),
        MemberChange {
            replace_all: Some(vec![
                member("b"),
                Member {
                    id: "c".to_owned(),
                    kind: Some(MemberType::User)
                }
            ]),
            ..MemberChange::default()
        }
    );
    // The RFC's example: remove all, then add.
    assert_eq!(
        change(json!([
            { "op": "remove", "path": "members" },
            { "op": "add", "path": "members", "value": [{ "value": "a" }] },
        ])),
        all(&["a"])
    );
}

#[test]
fn a_member_keeps_its_identity() {
    for (op, scim_type) in [
        (
            json!({ "op": "replace", "path": "members[value eq \"a\"].value", "value": "b" }),
            "mutability",
        ),
        (
            json!({ "op": "replace", "path": "members[value eq \"a\"]", "value": { "value": "b" } }),
            "mutability",
        ),
        (
            json!({ "op": "replace", "path": "members[value eq \"a\"].display", "value": "A" }),
            "mutability",
        ),
        (
            json!({ "op": "replace", "path": "members[value eq \"a\"].displayName", "value": "A" }),
            "invalidPath",
        ),
        (
            json!({ "op": "add", "path": "members.value", "value": "b" }),
            "invalidPath",
        ),
        (
            json!({ "op": "remove", "path": "members[display eq \"a\"]" }),
            "invalidPath",
        ),
        (
            json!({ "op": "remove", "path": "members[value ne \"a\"]" }),
            "invalidPath",
        ),
        (
            json!({ "op": "remove", "path": "members[value eq \"a\" and type eq \"User\"]" }),
            "invalidPath",
        ),
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": "" }] }),
            "invalidValue",
        ),
        (
            json!({ "op": "add", "path": "members", "value": [{ "display": "A" }] }),
            "invalidValue",
        ),
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": "a", "type": "Device" }] }),
            "invalidValue",
        ),
        (
            json!({ "op": "add", "path": "members", "value": 5 }),
            "invalidValue",
        ),
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": "a".repeat(257) }] }),
            "invalidValue",
        ),
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": "a", "role": "x" }] }),
            "invalidSyntax",
        ),
        (json!({ "op": "remove", "path": "displayName" }), "mutability"),
        (
            json!({ "op": "replace", "path": "active", "value": false }),
            "invalidPath",
        ),
    ] {
        assert_eq!(
            plan(json!([op])).unwrap_err().scim_type(),
            Some(scim_type),
            "{op}"
        );
    }
    assert_eq!(
        change(json!([{ "op": "add", "path": "members[value eq \"a\"]", "value": { "value": "a" } }])),
        change_of(&["a"], &[])
    );
}

#[test]
fn many_members_are_planned_in_linear_time() {
    let ids: Vec<Value> = (0..100_000)
        .map(|n| json!({ "value": format!("u{n}") }))
        .collect();
    let ops = operations(json!([
        { "op": "add", "path": "members", "value": ids },
        { "op": "remove", "path": "members", "value": ids },
    ]));
    let started = std::time::Instant::now();
    let net = patch::plan(ResourceKind::Group, "g1", &ops)
        .unwrap()
        .member_change();
    assert_eq!((net.add.len(), net.remove.len()), (0, 100_000));
    assert!(
        started.elapsed().as_secs() < 20,
        "quadratic would take minutes: {:?}",
        started.elapsed()
    );
}

#[test]
fn the_net_change_equals_the_operations_one_by_one() {
    use proptest::prelude::*;
    let ids = || prop::collection::vec("[a-f]", 0..4);
    let op = prop_oneof![
        ids().prop_map(|ids| MemberOp::Add(ids.iter().map(|id| member(id)).collect())),
        ids().prop_map(MemberOp::Remove),
        ids().prop_map(|ids| MemberOp::Replace(ids.iter().map(|id| member(id)).collect())),
    ];
    proptest!(|(ops in prop::collection::vec(op, 0..8), start in prop::collection::btree_set("[a-f]", 0..6))| {
        let mut wanted = start.clone();
        for op in &ops {
            match op {
                MemberOp::Add(members) => wanted.extend(members.iter().map(|m| m.id.clone())),
                MemberOp::Remove(ids) => wanted.retain(|id| !ids.contains(id)),
                MemberOp::Replace(members) => wanted = members.iter().map(|m| m.id.clone()).collect(),
            }
        }
        let net = MemberChange::of(&ops);
        let mut got = match &net.replace_all {
            Some(members) => {
                prop_assert!(net.add.is_empty() && net.remove.is_empty());
                members.iter().map(|m| m.id.clone()).collect()
            }
            None => start,
        };
        got.retain(|id| !net.remove.contains(id));
        got.extend(net.add.iter().map(|m| m.id.clone()));
        prop_assert_eq!(got, wanted);
        prop_assert!(net.add.iter().all(|m| !net.remove.contains(&m.id)));
    });
}
