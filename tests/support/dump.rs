//! The tables as they are, to see what somebody left in them.

use std::collections::BTreeMap;

use gatehouse_local::Local;
use serde_json::Value;

/// Every item of both tables, each as text, in order.
#[must_use]
pub fn dump(local: &Local) -> Vec<String> {
    let mut all = Vec::new();
    for table in ["Directory", "Ephemeral"] {
        let items = local.dynamodb().items(table).unwrap();
        all.extend(items.iter().map(text));
    }
    all.sort_unstable();
    all
}

/// An item as text, its attributes in order.
fn text(item: &Value) -> String {
    let attributes = item.as_object().unwrap().iter().collect::<BTreeMap<_, _>>();
    serde_json::to_string(&attributes).unwrap()
}

/// The items that hold any of these texts, whatever the case.
#[must_use]
pub fn holding<'a>(dump: &'a [String], texts: &[&str]) -> Vec<&'a String> {
    let texts = texts.iter().map(|text| text.to_lowercase()).collect::<Vec<_>>();
    let holds = |item: &&String| {
        let item = item.to_lowercase();
        texts.iter().any(|text| item.contains(text.as_str()))
    };
    dump.iter().filter(holds).collect()
}

/// The items that hold none of these texts.
#[must_use]
pub fn without<'a>(dump: &'a [String], texts: &[&str]) -> Vec<&'a String> {
    let holding = holding(dump, texts);
    dump.iter().filter(|item| !holding.contains(item)).collect()
}
