//! Generators of filters and resources.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::scim::filter::{Filter, Literal, Op};
use crate::scim::path::AttrPath;

pub fn op() -> impl Strategy<Value = Op> {
    prop::sample::select(vec![
        Op::Eq,
        Op::Ne,
        Op::Co,
        Op::Sw,
        Op::Ew,
        Op::Gt,
        Op::Ge,
        Op::Lt,
        Op::Le,
    ])
}

/// Text with what hurts a lexer: quotes, backslashes, brackets, controls, letters of other scripts.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "work", "a@b.c", "true", "null", "", "A\"b", "x\\", "é] (\n", "Ω σς", "and"
        ])
        .prop_map(str::to_owned),
        "[ -~é]{0,12}",
        any::<String>().prop_map(|s| s.chars().take(10).collect()),
    ]
}

pub fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(|n| Literal::Number(n.to_string())),
        // Eighths: every reader writes them back as they were.
        (-8_000_000..8_000_000i32).prop_map(|n| Literal::Number(format!("{:?}", f64::from(n) / 8.0))),
        text().prop_map(Literal::String),
    ]
}

pub fn path() -> impl Strategy<Value = AttrPath> {
    let name = "[a-zA-Z][a-zA-Z0-9_-]{0,8}".prop_filter("keywords", |name| {
        !["not", "and", "or", "pr", "true", "false", "null"].contains(&name.to_ascii_lowercase().as_str())
    });
    let urn = prop::option::of(prop::sample::select(vec![
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    ]));
    (urn, name.clone(), prop::option::of(name)).prop_map(|(urn, name, sub)| AttrPath {
        urn: urn.map(str::to_owned),
        name,
        sub,
    })
}

fn leaf() -> impl Strategy<Value = Filter> {
    prop_oneof![
        (path(), op(), literal()).prop_map(|(path, op, value)| Filter::Compare { path, op, value }),
        path().prop_map(Filter::Present),
    ]
}

fn logic(leaf: BoxedStrategy<Filter>) -> BoxedStrategy<Filter> {
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|f| Filter::Not(Box::new(f))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            prop::collection::vec(inner, 2..4).prop_map(Filter::Or),
        ]
    })
    .boxed()
}

/// Any filter that can be written.
pub fn filter() -> BoxedStrategy<Filter> {
    let selection = (path(), logic(leaf().boxed())).prop_map(|(path, filter)| Filter::Has {
        path,
        filter: Box::new(filter),
    });
    logic(prop_oneof![4 => leaf(), 1 => selection].boxed())
}

/// Filters about attributes that [`user`] may have, with comparisons that are defined.
pub fn meaningful_filter() -> BoxedStrategy<Filter> {
    let textual = (
        prop::sample::select(vec![
            "title",
            "externalId",
            "name.givenName",
            "emails.value",
            "emails.type",
            "emails",
        ]),
        op(),
        word(),
    )
        .prop_map(|(path, op, text)| Filter::Compare {
            path: AttrPath::from_word(path).unwrap(),
            op,
            value: Literal::String(text),
        });
    let truth = (any::<bool>(), any::<bool>()).prop_map(|(ne, value)| Filter::Compare {
        path: AttrPath::new("active"),
        op: if ne { Op::Ne } else { Op::Eq },
        value: Literal::Bool(value),
    });
    let nothing = (
        prop::sample::select(vec!["title", "emails", "name", "active"]),
        any::<bool>(),
    )
        .prop_map(|(path, ne)| Filter::Compare {
            path: AttrPath::new(path),
            op: if ne { Op::Ne } else { Op::Eq },
            value: Literal::Null,
        });
    let present = prop::sample::select(vec!["title", "emails", "name", "emails.type"])
        .prop_map(|path| Filter::Present(AttrPath::from_word(path).unwrap()));
    let inner = (prop::sample::select(vec!["value", "type"]), op(), word()).prop_map(|(path, op, text)| {
        Filter::Compare {
            path: AttrPath::new(path),
            op,
            value: Literal::String(text),
        }
    });
    let selection = logic(inner.boxed()).prop_map(|filter| Filter::Has {
        path: AttrPath::new("emails"),
        filter: Box::new(filter),
    });
    logic(prop_oneof![textual, truth, nothing, present, selection].boxed())
}

/// Few and short words, so that comparisons do hit.
pub fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "A", "b", "ab", "aB", "ba", "c"]).prop_map(str::to_owned)
}

/// A user's attributes, in schema spelling.
pub fn user() -> impl Strategy<Value = Map<String, Value>> {
    let email = (word(), prop::option::of(word())).prop_map(|(value, kind)| match kind {
        Some(kind) => json!({ "value": value, "type": kind }),
        None => json!({ "value": value }),
    });
    (
        prop::option::of(word()),
        prop::option::of(word()),
        prop::option::of(word()),
        prop::option::of(any::<bool>()),
        prop::collection::vec(email, 0..3),
    )
        .prop_map(|(title, external, given, active, emails)| {
            let mut user = Map::new();
            user.insert("userName".to_owned(), "x".into());
            if let Some(title) = title {
                user.insert("title".to_owned(), title.into());
            }
            if let Some(external) = external {
                user.insert("externalId".to_owned(), external.into());
            }
            if let Some(given) = given {
                user.insert("name".to_owned(), json!({ "givenName": given }));
            }
            if let Some(active) = active {
                user.insert("active".to_owned(), active.into());
            }
            let mut emails: Vec<Value> = emails;
            emails.dedup();
            if !emails.is_empty() {
                user.insert("emails".to_owned(), emails.into());
            }
            user
        })
}
