//! The examples of RFC 7396, appendix A, and strictness.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{merge_into, merge_patch};

fn patched(mut target: Value, patch: &Value) -> Value {
    merge_patch(&mut target, patch);
    target
}

#[test]
fn rfc_7396_appendix_a() {
    let cases = [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
        (
            json!({"a":{"b":"c"}}),
            json!({"a":{"b":"d","c":null}}),
            json!({"a":{"b":"d"}}),
        ),
        (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a":"b"}), json!(["c"]), json!(["c"])),
        (json!({"a":"foo"}), json!(null), json!(null)),
        (json!({"a":"foo"}), json!("bar"), json!("bar")),
        (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
        (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
        (
            json!({}),
            json!({"a":{"bb":{"ccc":null}}}),
            json!({"a":{"bb":{}}}),
        ),
    ];
    for (target, patch, wanted) in cases {
        assert_eq!(
            patched(target.clone(), &patch),
            wanted,
            "{target} patched with {patch}"
        );
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    name: String,
    #[serde(default)]
    seats: Option<u32>,
}

fn shape() -> Shape {
    Shape {
        name: "Acme".to_owned(),
        seats: Some(5),
    }
}

#[test]
fn null_unsets_and_absent_keeps() {
    let kept = merge_into(&shape(), &json!({})).unwrap();
    assert_eq!(kept, shape());
    let unset = merge_into(&shape(), &json!({ "seats": null })).unwrap();
    assert_eq!(unset.seats, None);
}

#[test]
fn a_value_is_never_quoted_in_the_refusal() {
    for patch in [
        json!({ "nmae": "x" }),
        json!({ "seats": "hunter2" }),
        json!(["hunter2"]),
        json!({ "name": null }),
    ] {
        let refused = merge_into(&shape(), &patch).unwrap_err();
        assert_eq!(refused.status().as_u16(), 400, "{patch}");
        assert_eq!(refused.code(), "body_malformed");
        assert!(!refused.to_json().contains("hunter2"), "{}", refused.to_json());
    }
}
