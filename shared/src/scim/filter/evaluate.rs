//! Bound filters over resources.

use chrono::{DateTime, FixedOffset};
use serde_json::{Map, Value};

use super::Op;
use crate::redacted::Personal;
use crate::scim::text::fold;

/// A filter, bound.
#[derive(Clone, Debug)]
pub enum Node {
    Constant(bool),
    Test { source: Source, test: Test },
    Has { source: Source, inner: Box<Node> },
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
}

/// Where the values are.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub extension: Option<&'static str>,
    pub attribute: &'static str,
    pub sub: Option<&'static str>,
}

/// What is asked of a value.
#[derive(Clone, Debug)]
pub enum Test {
    Present,
    Absent,
    Text {
        op: Op,
        value: Personal<String>,
        exact: bool,
    },
    Bool {
        equal: bool,
        value: bool,
    },
    Time {
        op: Op,
        value: DateTime<FixedOffset>,
    },
    Number {
        op: Op,
        value: f64,
    },
}

impl Node {
    /// Whether the object fulfils it.
    pub fn holds(&self, root: &Map<String, Value>) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Test { source, test } => test.holds(*source, root),
            Self::Has { source, inner } => source.any(root, &mut |value| {
                value.as_object().is_some_and(|object| inner.holds(object))
            }),
            Self::Not(inner) => !inner.holds(root),
            Self::And(terms) => terms.iter().all(|term| term.holds(root)),
            Self::Or(terms) => terms.iter().any(|term| term.holds(root)),
        }
    }
}

impl Source {
    /// Whether any single value fulfils the test.
    fn any(self, root: &Map<String, Value>, test: &mut dyn FnMut(&Value) -> bool) -> bool {
        let holder = match self.extension {
            Some(urn) => root.get(urn).and_then(Value::as_object),
            None => Some(root),
        };
        let Some(value) = holder.and_then(|h| h.get(self.attribute)) else {
            return false;
        };
        let mut leaf = |value: &Value| match self.sub {
            Some(sub) => value.get(sub).is_some_and(&mut *test),
            None => test(value),
        };
        match value {
            Value::Array(values) => values.iter().any(leaf),
            single => leaf(single),
        }
    }
}

impl Test {
    fn holds(&self, source: Source, root: &Map<String, Value>) -> bool {
        let present = |root| source.any(root, &mut has_value);
        match self {
            Self::Present => present(root),
            Self::Absent => !present(root),
            // Without a value, an attribute differs from every value.
            Self::Text { op: Op::Ne, .. }
            | Self::Time { op: Op::Ne, .. }
            | Self::Number { op: Op::Ne, .. }
            | Self::Bool { equal: false, .. } => {
                !present(root) || source.any(root, &mut |value| has_value(value) && self.fits(value))
            }
            Self::Text { .. } | Self::Time { .. } | Self::Number { .. } | Self::Bool { .. } => {
                source.any(root, &mut |value| self.fits(value))
            }
        }
    }

    fn fits(&self, value: &Value) -> bool {
        match self {
            Self::Text {
                op,
                value: wanted,
                exact,
            } => value
                .as_str()
                .is_some_and(|text| text_fits(*op, text, &wanted.0, *exact)),
            Self::Bool { equal, value: wanted } => value.as_bool().is_some_and(|v| (v == *wanted) == *equal),
            Self::Time { op, value: wanted } => value
                .as_str()
                .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
                .is_some_and(|time| ordered(*op, &time, wanted)),
            Self::Number { op, value: wanted } => value.as_f64().is_some_and(|v| ordered(*op, &v, wanted)),
            Self::Present | Self::Absent => false,
        }
    }
}

fn text_fits(op: Op, text: &str, wanted: &str, exact: bool) -> bool {
    let folded;
    let text = if exact {
        text
    } else {
        folded = fold(text);
        folded.as_str()
    };
    match op {
        Op::Co => text.contains(wanted),
        Op::Sw => text.starts_with(wanted),
        Op::Ew => text.ends_with(wanted),
        Op::Eq | Op::Ne | Op::Gt | Op::Ge | Op::Lt | Op::Le => ordered(op, text, wanted),
    }
}

fn ordered<T: PartialOrd + ?Sized>(op: Op, value: &T, wanted: &T) -> bool {
    match op {
        Op::Eq => value == wanted,
        Op::Ne => value != wanted,
        Op::Gt => value > wanted,
        Op::Ge => value >= wanted,
        Op::Lt => value < wanted,
        Op::Le => value <= wanted,
        Op::Co | Op::Sw | Op::Ew => false,
    }
}

/// Present, as `pr` means it: neither null nor an empty string, list or object.
fn has_value(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(has_value),
        Value::Object(map) => map.values().any(has_value),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
