//! Filters: properties over generated ones.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::generate;
use crate::scim::ResourceKind;
use crate::scim::filter::{Filter, Literal, Matcher, Op, Scope, lookups};
use crate::scim::path::{AttrPath, PatchPath};

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(filter in generate::filter()) {
        let text = filter.to_string();
        prop_assume!(text.len() <= 4096);
        prop_assert_eq!(Filter::parse(&text).map_err(|e| format!("{text}: {e}")).unwrap(), filter);
    }

    #[test]
    fn a_patch_path_printed_is_read_as_the_same(
        attribute in generate::path(),
        filter in generate::meaningful_filter(),
        sub in prop::option::of("[a-z]{1,5}"),
    ) {
        let selection = match filter { Filter::Has { filter, .. } => Some(*filter), _ => None };
        let sub = sub.filter(|_| selection.is_some());
        let path = PatchPath { attribute, filter: selection, sub };
        prop_assert_eq!(PatchPath::parse(&path.to_string()).unwrap(), path);
    }

    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        let _ = Filter::parse(&text);
        let _ = PatchPath::parse(&text);
    }

    #[test]
    fn no_tokens_break_the_reader(words in prop::collection::vec(prop::sample::select(vec![
        "(", ")", "[", "]", "not", "and", "or", "pr", "eq", "userName", "emails", ".value", "\"x\"", "1", "true", "\"",
    ]), 0..24)) {
        let text = words.join(" ");
        if let Ok(filter) = Filter::parse(&text)
            && let Ok(again) = Filter::parse(&filter.to_string())
        {
            prop_assert_eq!(again, filter);
        }
    }

    #[test]
    fn the_matcher_answers_as_the_naive_model(
        filter in generate::meaningful_filter(),
        user in generate::user(),
    ) {
        let matcher = Matcher::compile(&filter, ResourceKind::User, Scope::One).unwrap();
        prop_assert_eq!(matcher.matches(&user), naive(&filter, &Value::Object(user), None), "{}", filter);
    }

    #[test]
    fn a_lookup_never_loses_a_match(filter in generate::meaningful_filter(), user in generate::user()) {
        let matcher = Matcher::compile(&filter, ResourceKind::User, Scope::One).unwrap();
        if matcher.matches(&user) {
            for lookup in lookups(&filter, ResourceKind::User) {
                use crate::scim::filter::Lookup;
                let found = match lookup {
                    Lookup::ExternalId(id) => user.get("externalId") == Some(&Value::from(id)),
                    Lookup::Email(value) => user["emails"].as_array().unwrap().iter()
                        .any(|e| e["value"].as_str().unwrap().eq_ignore_ascii_case(value)),
                    other => panic!("{other:?}"),
                };
                prop_assert!(found, "{}", filter);
            }
        }
    }
}

/// The filter's meaning again, straight from the RFC's table, over plain JSON; ASCII only.
fn naive(filter: &Filter, root: &Value, inside: Option<&str>) -> bool {
    match filter {
        Filter::Not(inner) => !naive(inner, root, inside),
        Filter::And(terms) => terms.iter().all(|t| naive(t, root, inside)),
        Filter::Or(terms) => terms.iter().any(|t| naive(t, root, inside)),
        Filter::Present(path) => values(root, path, false).iter().any(present),
        Filter::Has { path, filter } => {
            let elements = root
                .get(&path.name)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            elements
                .iter()
                .any(|element| naive(filter, element, Some(&path.name)))
        }
        Filter::Compare {
            path,
            op,
            value: Literal::Null,
        } => {
            let any = values(root, path, false).iter().any(present);
            any == (*op == Op::Ne)
        }
        Filter::Compare { path, op, value } => {
            let values = values(root, path, inside.is_none());
            if values.is_empty() {
                return *op == Op::Ne;
            }
            let exact = path.name == "externalId";
            values.iter().any(|have| compare(*op, have, value, exact))
        }
    }
}

fn present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(s) => !s.is_empty(),
        Value::Array(a) => !a.is_empty(),
        Value::Object(o) => !o.is_empty(),
        _ => true,
    }
}

fn values(root: &Value, path: &AttrPath, value_of: bool) -> Vec<Value> {
    let empty = Map::new();
    let root = root.as_object().unwrap_or(&empty);
    let top = match root.get(&path.name) {
        None => return Vec::new(),
        Some(Value::Array(elements)) => elements.clone(),
        Some(single) => vec![single.clone()],
    };
    top.into_iter()
        .filter_map(|element| match (&path.sub, &element) {
            (Some(sub), _) => element.get(sub).cloned(),
            (None, Value::Object(object)) if value_of => object.get("value").cloned(),
            (None, _) => Some(element),
        })
        .collect()
}

fn compare(op: Op, have: &Value, wanted: &Literal, exact: bool) -> bool {
    let (have, wanted) = match (have, wanted) {
        (Value::Bool(have), Literal::Bool(wanted)) => return (have == wanted) == (op == Op::Eq),
        (Value::String(have), Literal::String(wanted)) => (have.clone(), wanted.clone()),
        other => panic!("{other:?}"),
    };
    let (have, wanted) = if exact {
        (have, wanted)
    } else {
        (have.to_ascii_lowercase(), wanted.to_ascii_lowercase())
    };
    match op {
        Op::Eq => have == wanted,
        Op::Ne => have != wanted,
        Op::Co => have.contains(&wanted),
        Op::Sw => have.starts_with(&wanted),
        Op::Ew => have.ends_with(&wanted),
        Op::Gt => have > wanted,
        Op::Ge => have >= wanted,
        Op::Lt => have < wanted,
        Op::Le => have <= wanted,
    }
}
