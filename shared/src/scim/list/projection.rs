//! Which attributes an answer shows (RFC 7644, section 3.9; RFC 7643, section 7, `returned`).

use serde_json::{Map, Value};

use crate::scim::ScimError;
use crate::scim::path::{AttrPath, Target};
use crate::scim::schema::{Attribute, ResourceKind, Returned, Schema};

/// Most names in `attributes` or `excludedAttributes`: each is held against each attribute of each resource. All that
/// exist are fewer.
pub const MAX_NAMES: usize = 256;

/// Attributes that are asked for, or left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// `attributes`: the smallest set, plus these.
    include: Option<Vec<AttrPath>>,
    /// `excludedAttributes`: the usual set, minus these.
    exclude: Vec<AttrPath>,
}

/// How much of an attribute, or of an extension, is shown.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    /// These parts, and those always shown.
    Only(Vec<&'static str>),
    /// All but these parts.
    Without(Vec<&'static str>),
}

impl Projection {
    /// From lists of names. Names that are no attributes of anything select nothing.
    ///
    /// # Errors
    /// [`ScimError::InvalidValue`] if both are given, since they exclude each other, or if there are more than
    /// [`MAX_NAMES`].
    pub fn of(attributes: Option<&[String]>, excluded: Option<&[String]>) -> Result<Self, ScimError> {
        let include = named("attributes", attributes)?;
        let exclude = named("excludedAttributes", excluded)?;
        if include.is_some() && exclude.is_some() {
            return Err(ScimError::InvalidValue(
                "attributes and excludedAttributes exclude each other: wanted one of them".to_owned(),
            ));
        }
        Ok(Self {
            include,
            exclude: exclude.unwrap_or_default(),
        })
    }

    /// Whether everything is shown that usually is.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.include.is_none() && self.exclude.is_empty()
    }

    /// Whether any part of a core or common attribute is shown: what is not shown, such as `members` or `groups`, need
    /// not be loaded.
    #[must_use]
    pub fn shows(&self, kind: ResourceKind, attribute: &str) -> bool {
        kind.attribute(attribute)
            .is_some_and(|found| self.shown(kind, None, found) != Shown::Nothing)
    }

    /// Whether an attribute, or a part of it, was asked for by name.
    #[must_use]
    pub fn asks_for(&self, kind: ResourceKind, attribute: &str) -> bool {
        self.include.is_some() && self.shows(kind, attribute)
    }

    /// The resource with what is shown of it.
    #[must_use]
    pub fn apply(&self, kind: ResourceKind, resource: Map<String, Value>) -> Map<String, Value> {
        if self.is_default() {
            return resource;
        }
        resource
            .into_iter()
            .filter_map(|(name, value)| {
                let value = match kind.extensions().iter().find(|e| e.id == name) {
                    Some(extension) => self.extension(kind, extension, value),
                    None => match kind.attribute(&name) {
                        Some(attribute) => cut(attribute, &self.shown(kind, None, attribute), value),
                        None => None,
                    },
                };
                value.map(|value| (name, value))
            })
            .collect()
    }

    fn extension(&self, kind: ResourceKind, extension: &'static Schema, value: Value) -> Option<Value> {
        let Value::Object(object) = value else {
            return None;
        };
        let shown: Map<String, Value> = object
            .into_iter()
            .filter_map(|(name, value)| {
                let attribute = extension.attribute(&name)?;
                let shown = self.shown(kind, Some(extension), attribute);
                cut(attribute, &shown, value).map(|value| (name, value))
            })
            .collect();
        (!shown.is_empty()).then_some(Value::Object(shown))
    }

    fn shown(
        &self,
        kind: ResourceKind,
        extension: Option<&'static Schema>,
        attribute: &'static Attribute,
    ) -> Shown {
        match attribute.returned {
            Returned::Always => return Shown::Without(Vec::new()),
            Returned::Never => return Shown::Nothing,
            Returned::Default | Returned::Request => {}
        }
        match &self.include {
            Some(include) => match mentions(include, kind, extension, attribute) {
                Mention::Whole => Shown::Without(Vec::new()),
                Mention::Parts(parts) if parts.is_empty() => Shown::Nothing,
                Mention::Parts(parts) => Shown::Only(parts),
            },
            None if attribute.returned == Returned::Request => Shown::Nothing,
            None => match mentions(&self.exclude, kind, extension, attribute) {
                Mention::Whole => Shown::Nothing,
                Mention::Parts(parts) => Shown::Without(parts),
            },
        }
    }
}

/// The paths that lead anywhere; None if no name is given.
fn named(parameter: &str, names: Option<&[String]>) -> Result<Option<Vec<AttrPath>>, ScimError> {
    let Some(names) = names.filter(|names| !names.is_empty()) else {
        return Ok(None);
    };
    if names.len() > MAX_NAMES {
        let got = names.len();
        return Err(ScimError::InvalidValue(format!(
            "{parameter}: wanted at most {MAX_NAMES} names, got {got}"
        )));
    }
    let exists = |path: &AttrPath| {
        [ResourceKind::User, ResourceKind::Group]
            .into_iter()
            .any(|kind| path.resolve(kind).is_ok())
    };
    let paths = names.iter().filter_map(|name| AttrPath::from_word(name));
    Ok(Some(paths.filter(exists).collect()))
}

/// How a list of paths mentions an attribute.
enum Mention {
    Whole,
    Parts(Vec<&'static str>),
}

fn mentions(
    paths: &[AttrPath],
    kind: ResourceKind,
    extension: Option<&'static Schema>,
    attribute: &'static Attribute,
) -> Mention {
    let mut parts = Vec::new();
    for path in paths {
        match path.resolve(kind) {
            Ok(Target::Extension(named)) if extension.is_some_and(|e| e.id == named.id) => {
                return Mention::Whole;
            }
            // The core schema's URN alone means all of its attributes.
            Ok(Target::Resource)
                if extension.is_none() && kind.schema().attribute(attribute.name).is_some() =>
            {
                return Mention::Whole;
            }
            Ok(Target::Attribute(found))
                if found.attribute.name == attribute.name
                    && found.extension.map(|e| e.id) == extension.map(|e| e.id) =>
            {
                match found.sub {
                    Some(sub) => parts.push(sub.name),
                    None => return Mention::Whole,
                }
            }
            Ok(_) | Err(_) => {}
        }
    }
    Mention::Parts(parts)
}

/// The value with the parts that are shown, or nothing if none is left.
fn cut(attribute: &'static Attribute, shown: &Shown, value: Value) -> Option<Value> {
    let keeps = |name: &str| {
        let always = attribute
            .sub(name)
            .is_some_and(|sub| sub.returned == Returned::Always);
        match shown {
            Shown::Nothing => false,
            Shown::Only(parts) => always || parts.contains(&name),
            Shown::Without(parts) => always || !parts.contains(&name),
        }
    };
    match (shown, value) {
        (Shown::Nothing, _) => None,
        (Shown::Without(parts), value) if parts.is_empty() => Some(value),
        (_, Value::Object(object)) => kept(object, &keeps).map(Value::Object),
        (_, Value::Array(values)) => {
            let values: Vec<Value> = values
                .into_iter()
                .filter_map(|value| match value {
                    Value::Object(object) => kept(object, &keeps).map(Value::Object),
                    other => Some(other),
                })
                .collect();
            (!values.is_empty()).then_some(Value::Array(values))
        }
        (_, value) => Some(value),
    }
}

fn kept(object: Map<String, Value>, keeps: &dyn Fn(&str) -> bool) -> Option<Map<String, Value>> {
    let left: Map<String, Value> = object.into_iter().filter(|(name, _)| keeps(name)).collect();
    (!left.is_empty()).then_some(left)
}
