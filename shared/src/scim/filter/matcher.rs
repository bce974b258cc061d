//! A filter bound to a schema: attributes found, types checked and values prepared once, then asked for each
//! resource.

use chrono::DateTime;
use serde_json::{Map, Value};

use super::evaluate::{Node, Source, Test};
use super::{Filter, FilterError, Literal, Op};
use crate::redacted::Personal;
use crate::scim::path::{AttrPath, Target};
use crate::scim::schema::{Attribute, DataType, ResourceKind};
use crate::scim::text::fold;

/// Whether a query is about one type of resource or several at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// An endpoint of one type: an attribute it does not have is an error.
    One,
    /// The root's `.search`: an attribute that another type has is without value here (RFC 7644, section 3.4.2.1).
    Several,
}

/// A filter that answers for resources of one type.
#[derive(Clone, Debug)]
pub struct Matcher {
    node: Node,
    roots: Vec<&'static str>,
}

impl Matcher {
    /// Binds a filter to a type of resource.
    ///
    /// # Errors
    /// [`FilterError`] for an unknown attribute, or a comparison that the attribute's type does not have.
    pub fn compile(filter: &Filter, kind: ResourceKind, scope: Scope) -> Result<Self, FilterError> {
        let mut roots = Vec::new();
        let node = Compiler {
            kind,
            scope,
            parent: None,
            roots: &mut roots,
        }
        .node(filter)?;
        Ok(Self { node, roots })
    }

    /// Binds the filter of a value path to the attribute before its brackets.
    pub(in crate::scim) fn for_values(
        filter: &Filter,
        kind: ResourceKind,
        parent: &'static Attribute,
    ) -> Result<Self, FilterError> {
        let mut roots = Vec::new();
        let parent = Some(parent);
        let node = Compiler {
            kind,
            scope: Scope::One,
            parent,
            roots: &mut roots,
        }
        .node(filter)?;
        Ok(Self { node, roots })
    }

    /// Whether a resource, in schema spelling with `schemas`, `id` and `meta`, fulfils the filter.
    #[must_use]
    pub fn matches(&self, resource: &Map<String, Value>) -> bool {
        self.node.holds(resource)
    }

    /// Whether the filter looks at a top-level attribute (or, by its URN, an extension): what it does not look at
    /// need not be loaded.
    #[must_use]
    pub fn uses(&self, attribute: &str) -> bool {
        self.roots.contains(&attribute)
    }

    /// Whether the filter looks at nothing but these top-level attributes, so that a thin list entry can answer.
    #[must_use]
    pub fn uses_only(&self, attributes: &[&str]) -> bool {
        self.roots.iter().all(|root| attributes.contains(root))
    }
}

struct Compiler<'r> {
    kind: ResourceKind,
    scope: Scope,
    parent: Option<&'static Attribute>,
    roots: &'r mut Vec<&'static str>,
}

impl Compiler<'_> {
    fn node(&mut self, filter: &Filter) -> Result<Node, FilterError> {
        Ok(match filter {
            Filter::Present(path) => match self.source(path)? {
                Some((source, _)) => Node::Test {
                    source,
                    test: Test::Present,
                },
                None => Node::Constant(false),
            },
            Filter::Compare { path, op, value } => self.compare(path, *op, value)?,
            Filter::Has { path, filter } => self.has(path, filter)?,
            Filter::Not(inner) => Node::Not(Box::new(self.node(inner)?)),
            Filter::And(terms) => Node::And(self.nodes(terms)?),
            Filter::Or(terms) => Node::Or(self.nodes(terms)?),
        })
    }

    fn nodes(&mut self, terms: &[Filter]) -> Result<Vec<Node>, FilterError> {
        terms.iter().map(|term| self.node(term)).collect()
    }

    fn compare(&mut self, path: &AttrPath, op: Op, value: &Literal) -> Result<Node, FilterError> {
        let Some((mut source, mut attribute)) = self.source(path)? else {
            let no_value = match (op, value) {
                (Op::Eq, Literal::Null) => true,
                (Op::Ne, literal) => *literal != Literal::Null,
                _ => false,
            };
            return Ok(Node::Constant(no_value));
        };
        // `emails co "x"`, `manager eq "id"`: the value is meant.
        if attribute.data_type == DataType::Complex && *value != Literal::Null {
            let inner = attribute
                .sub("value")
                .ok_or_else(|| FilterError::Complex(path.to_string()))?;
            source.sub = Some(inner.name);
            attribute = inner;
        }
        let test = test(path, attribute, op, value)?;
        Ok(Node::Test { source, test })
    }

    fn has(&mut self, path: &AttrPath, filter: &Filter) -> Result<Node, FilterError> {
        let Some((source, attribute)) = self.source(path)? else {
            return Ok(Node::Constant(false));
        };
        if attribute.sub_attributes.is_empty() {
            return Err(FilterError::NotComplex(path.to_string()));
        }
        let mut compiler = Compiler {
            kind: self.kind,
            scope: self.scope,
            parent: Some(attribute),
            roots: &mut Vec::new(),
        };
        let inner = Box::new(compiler.node(filter)?);
        Ok(Node::Has { source, inner })
    }

    /// Where the path leads, or nothing for an attribute that only another type has.
    fn source(&mut self, path: &AttrPath) -> Result<Option<(Source, &'static Attribute)>, FilterError> {
        if let Some(parent) = self.parent {
            let sub = (path.urn.is_none() && path.sub.is_none())
                .then(|| parent.sub(&path.name))
                .flatten();
            let sub = sub.ok_or_else(|| FilterError::UnknownAttribute(format!("{}.{path}", parent.name)))?;
            return Ok(Some((
                Source {
                    extension: None,
                    attribute: sub.name,
                    sub: None,
                },
                sub,
            )));
        }
        let Some((extension, attribute, sub)) = find(self.kind, path) else {
            let elsewhere = self.scope == Scope::Several
                && ResourceKind::ALL
                    .into_iter()
                    .any(|kind| find(kind, path).is_some());
            return if elsewhere {
                Ok(None)
            } else {
                Err(FilterError::UnknownAttribute(path.to_string()))
            };
        };
        let root = extension.unwrap_or(attribute.name);
        if !self.roots.contains(&root) {
            self.roots.push(root);
        }
        let source = Source {
            extension,
            attribute: attribute.name,
            sub: sub.map(|s| s.name),
        };
        Ok(Some((source, sub.unwrap_or(attribute))))
    }
}

type Found = (
    Option<&'static str>,
    &'static Attribute,
    Option<&'static Attribute>,
);

/// The attribute a path of a filter means; `email` is taken for `emails`, `password` is nowhere.
pub(super) fn find(kind: ResourceKind, path: &AttrPath) -> Option<Found> {
    let plural = (path.name.eq_ignore_ascii_case("email") && kind == ResourceKind::User).then(|| AttrPath {
        name: "emails".to_owned(),
        ..path.clone()
    });
    match plural.as_ref().unwrap_or(path).resolve(kind) {
        Ok(Target::Attribute(found)) if found.attribute.name != "password" => {
            Some((found.extension.map(|e| e.id), found.attribute, found.sub))
        }
        _ => None,
    }
}

fn test(path: &AttrPath, attribute: &Attribute, op: Op, value: &Literal) -> Result<Test, FilterError> {
    let wrong_operator = |on| FilterError::WrongOperator {
        attribute: path.to_string(),
        op: op.keyword(),
        on,
    };
    if *value == Literal::Null {
        return match op {
            Op::Eq => Ok(Test::Absent),
            Op::Ne => Ok(Test::Present),
            _ => Err(wrong_operator("null")),
        };
    }
    let wrong_type = |wanted| FilterError::WrongType {
        attribute: path.to_string(),
        wanted,
        got: if matches!(value, Literal::String(_)) {
            "another string"
        } else {
            value.kind()
        },
    };
    match attribute.data_type {
        DataType::Boolean => {
            let value = boolean(value).ok_or_else(|| wrong_type("true or false"))?;
            match op {
                Op::Eq => Ok(Test::Bool { equal: true, value }),
                Op::Ne => Ok(Test::Bool { equal: false, value }),
                _ => Err(wrong_operator("a boolean attribute")),
            }
        }
        DataType::Binary if matches!(op, Op::Gt | Op::Ge | Op::Lt | Op::Le) => {
            Err(wrong_operator("a binary attribute"))
        }
        DataType::DateTime if !matches!(op, Op::Co | Op::Sw | Op::Ew) => match value {
            Literal::String(text) => DateTime::parse_from_rfc3339(text)
                .map(|value| Test::Time { op, value })
                .map_err(|_| wrong_type("an RFC 3339 date and time in quotes")),
            _ => Err(wrong_type("an RFC 3339 date and time in quotes")),
        },
        DataType::Integer => match value {
            Literal::Number(digits) if !matches!(op, Op::Co | Op::Sw | Op::Ew) => digits
                .parse()
                .map(|value| Test::Number { op, value })
                .map_err(|_| wrong_type("a number")),
            _ => Err(wrong_type("a number")),
        },
        DataType::String | DataType::Reference | DataType::Binary | DataType::DateTime => {
            Ok(text_test(attribute.case_exact, op, value))
        }
        DataType::Complex => Err(FilterError::Complex(path.to_string())),
    }
}

/// A number or a truth value without quotes is text where text is compared.
fn text_test(exact: bool, op: Op, value: &Literal) -> Test {
    let text = match value {
        Literal::String(text) | Literal::Number(text) => text.clone(),
        Literal::Bool(value) => value.to_string(),
        Literal::Null => String::new(),
    };
    Test::Text {
        op,
        value: Personal(if exact { text } else { fold(&text) }),
        exact,
    }
}

/// A truth value, quoted or not (E-1).
fn boolean(literal: &Literal) -> Option<bool> {
    match literal {
        Literal::Bool(value) => Some(*value),
        Literal::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Literal::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
