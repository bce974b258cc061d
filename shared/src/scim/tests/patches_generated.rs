//! PATCH: properties over generated bodies.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ENTERPRISE, generate, operations};
use crate::scim::normalize::{MAX_VALUES, finish};
use crate::scim::{ResourceKind, patch, resource};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec!["a", "True", "work", "", "a@x"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let key = prop::sample::select(vec![
            "value",
            "type",
            "primary",
            "display",
            "$ref",
            "userName",
            "name",
            "emails",
            "title",
            "active",
            "members",
            "id",
            "schemas",
            "name.givenName",
            "emails[type eq \"work\"].value",
            "nope",
            ENTERPRISE,
            "manager",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let path = prop::sample::select(vec![
        "userName",
        "title",
        "active",
        "name",
        "name.givenName",
        "emails",
        "emails.value",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "emails[primary eq true].display",
        "emails[value co \"a\"]",
        "members",
        "members[value eq \"a\"]",
        "externalId",
        "meta",
        ENTERPRISE,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        "displayName",
    ]);
    let op = prop::sample::select(vec!["add", "Replace", "remove"]);
    (op, prop::option::of(path), json_value()).prop_map(|(op, path, value)| match path {
        Some(path) => json!({ "op": op, "path": path, "value": value }),
        None => json!({ "op": op, "value": value }),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever comes, it is refused by name or leaves a resource that a POST would take, unchanged by a second look.
    #[test]
    fn a_patch_leaves_a_good_resource_or_none(
        user in generate::user(),
        ops in prop::collection::vec(operation(), 1..4),
    ) {
        let user = finish(ResourceKind::User, user).unwrap();
        let before = user.clone();
        match patch::plan(ResourceKind::User, "u1", &operations(Value::from(ops))).and_then(|p| p.apply(&user)) {
            Ok(after) => {
                let meta = super::meta();
                let answer = Value::Object(resource::render(ResourceKind::User, "https://x.test/scim/v2/T", &meta, after.clone()));
                prop_assert_eq!(super::written(after.clone()), answer.to_string());
                let again = crate::scim::normalize::resource(ResourceKind::User, &answer).unwrap().attributes;
                prop_assert_eq!(&again, &after);
                if let Some(emails) = after.get("emails") {
                    let emails = emails.as_array().unwrap();
                    prop_assert!(!emails.is_empty() && emails.len() <= MAX_VALUES);
                    prop_assert!(emails.iter().filter(|e| e["primary"] == json!(true)).count() <= 1);
                }
            }
            Err(error) => {
                prop_assert_eq!(error.status(), 400);
                prop_assert!(error.scim_type().is_some());
            }
        }
        prop_assert_eq!(user, before);
    }

    #[test]
    fn a_group_patch_is_planned_or_refused(ops in prop::collection::vec(operation(), 1..4)) {
        if let Ok(plan) = patch::plan(ResourceKind::Group, "g1", &operations(Value::from(ops))) {
            let change = plan.member_change();
            prop_assert!(change.replace_all.is_none() || (change.add.is_empty() && change.remove.is_empty()));
            if let Ok(after) = plan.apply(json!({ "displayName": "x" }).as_object().unwrap()) {
                prop_assert!(!after.contains_key("members"));
            }
        }
    }

    /// The same PATCH twice is the same as once (IdPs retry), as long as it adds and sets values.
    #[test]
    fn a_repeated_patch_changes_nothing_more(user in generate::user(), ops in prop::collection::vec(operation(), 1..2)) {
        let Ok(plan) = patch::plan(ResourceKind::User, "u1", &operations(Value::from(ops))) else { return Ok(()) };
        let user = finish(ResourceKind::User, user).unwrap();
        if let Ok(once) = plan.apply(&user) {
            match plan.apply(&once) {
                Ok(twice) => prop_assert_eq!(twice, once),
                // The values it chose are gone, as it wanted, and none can be made that it would choose.
                Err(error) => prop_assert_eq!(error.scim_type(), Some("noTarget")),
            }
        }
    }

    #[test]
    fn no_body_breaks_the_reader(body in json_value(), kind in prop::sample::select(ResourceKind::ALL.to_vec())) {
        let _ = patch::plan(kind, "x", &body);
        let _ = crate::scim::normalize::resource(kind, &body);
        let _ = crate::scim::list::ListQuery::from_search(&body);
    }
}
