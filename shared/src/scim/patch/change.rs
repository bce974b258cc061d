//! Operations taken apart into changes of one attribute each.

use serde_json::Value;

use super::PatchOp;
use super::request::Operation;
use crate::redacted::Personal;
use crate::scim::ScimError;
use crate::scim::filter::{Filter, Matcher};
use crate::scim::path::{AttrPath, PatchPath, Resolved, Target};
use crate::scim::schema::{Attribute, Mutability, ResourceKind, Schema, UrnMeaning};
use crate::scim::text::quote;

/// One change of one attribute.
#[derive(Clone, Debug)]
pub struct Change {
    /// The operation it comes from, from 0.
    pub(super) operation: usize,
    pub(super) op: PatchOp,
    pub(super) target: ChangeTarget,
    pub(super) value: Personal<Value>,
}

impl Change {
    /// Whether a list of values is gone through for it.
    pub(super) fn is_plural(&self) -> bool {
        match &self.target {
            ChangeTarget::Extension(_) => false,
            ChangeTarget::Attribute { attribute, .. } => attribute.multi_valued,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum ChangeTarget {
    /// All of an extension: only ever removed.
    Extension(&'static Schema),
    /// An attribute.
    Attribute {
        extension: Option<&'static Schema>,
        attribute: &'static Attribute,
        sub: Option<&'static Attribute>,
        select: Option<Box<Select>>,
    },
}

/// Which values of a multi-valued attribute.
#[derive(Clone, Debug)]
pub(super) struct Select {
    pub filter: Filter,
    pub matcher: Matcher,
}

/// The changes of one operation.
pub(super) fn changes(
    kind: ResourceKind,
    id: &str,
    index: usize,
    operation: &Operation<'_>,
) -> Result<Vec<Change>, ScimError> {
    let mut planner = Planner {
        kind,
        id,
        index,
        op: operation.op,
        changes: Vec::new(),
        handled: false,
    };
    match operation.path {
        Some(path) => planner.path(path, operation.value, false)?,
        None => planner.object(operation.value)?,
    }
    if planner.changes.is_empty() && !planner.handled {
        return Err(ScimError::Mutability(
            "value holds nothing that a client may change (id, schemas, meta and groups belong to the server)"
                .to_owned(),
        ));
    }
    Ok(planner.changes)
}

struct Planner<'p> {
    kind: ResourceKind,
    id: &'p str,
    index: usize,
    op: PatchOp,
    changes: Vec<Change>,
    /// Something was taken that makes no change: a password, the right id, an extension without data.
    handled: bool,
}

impl Planner<'_> {
    /// The resource itself: an object of attributes, whose names may be paths (E-5).
    fn object(&mut self, value: &Value) -> Result<(), ScimError> {
        let Value::Object(given) = value else {
            return Err(ScimError::InvalidValue(
                "value: wanted an object of attributes".to_owned(),
            ));
        };
        for (key, value) in given {
            self.key(key, value)?;
        }
        Ok(())
    }

    fn key(&mut self, key: &str, value: &Value) -> Result<(), ScimError> {
        match self.kind.urn(key) {
            Some(UrnMeaning::Extension(extension)) => return self.extension(extension, value),
            Some(UrnMeaning::Core) => return self.object(value),
            None => {}
        }
        if let Some(attribute) = self.kind.attribute(key)
            && attribute.mutability == Mutability::ReadOnly
        {
            if attribute.name == "id" && value.as_str() != Some(self.id) {
                return Err(ScimError::Mutability(
                    "id: wanted the id of this resource, got another".to_owned(),
                ));
            }
            self.handled |= attribute.name == "id";
            return Ok(());
        }
        self.path(key, value, true)
    }

    /// `in_object`: the path is the name in an object, where `null` unassigns.
    fn path(&mut self, text: &str, value: &Value, in_object: bool) -> Result<(), ScimError> {
        // A URN may hold dots in its last part (`…:2.0`), which no path can.
        if let Some(UrnMeaning::Extension(extension)) = self.kind.urn(text) {
            return self.extension(extension, value);
        }
        let label = if in_object { "name" } else { "path" };
        let path = PatchPath::parse(text)
            .map_err(|error| ScimError::InvalidPath(format!("{label} \"{}\": {error}", shown(text))))?;
        match path.attribute.resolve(self.kind)? {
            Target::Resource if path.filter.is_none() && self.op != PatchOp::Remove => self.object(value),
            Target::Extension(extension) if path.filter.is_none() => self.extension(extension, value),
            Target::Resource | Target::Extension(_) => Err(ScimError::InvalidPath(
                "a schema's URN alone cannot be the path here".to_owned(),
            )),
            Target::Attribute(resolved) => self.attribute(&path, resolved, value),
        }
    }

    fn extension(&mut self, extension: &'static Schema, value: &Value) -> Result<(), ScimError> {
        if self.op == PatchOp::Remove || value.is_null() {
            self.push(ChangeTarget::Extension(extension), &Value::Null);
            return Ok(());
        }
        let Value::Object(given) = value else {
            return Err(ScimError::InvalidValue(format!(
                "{}: wanted an object",
                extension.id
            )));
        };
        self.handled = true;
        // Some clients write an extension's URN into the extension itself.
        let given = given
            .iter()
            .filter(|(key, _)| !key.eq_ignore_ascii_case("schemas"));
        for (key, value) in given {
            let path = AttrPath::from_word(key).map(|path| AttrPath {
                urn: Some(path.urn.unwrap_or_else(|| extension.id.to_owned())),
                ..path
            });
            let Some(path) = path else {
                return Err(ScimError::InvalidPath(format!(
                    "unknown attribute {}",
                    quote(key)
                )));
            };
            match path.resolve(self.kind)? {
                Target::Attribute(resolved) => {
                    let path = PatchPath {
                        attribute: path,
                        filter: None,
                        sub: None,
                    };
                    self.attribute(&path, resolved, value)?;
                }
                Target::Resource | Target::Extension(_) => {
                    return Err(ScimError::InvalidPath(format!(
                        "unknown attribute {}",
                        quote(key)
                    )));
                }
            }
        }
        Ok(())
    }

    fn attribute(&mut self, path: &PatchPath, resolved: Resolved, value: &Value) -> Result<(), ScimError> {
        let Resolved {
            extension,
            attribute,
            sub,
        } = resolved;
        let select = match &path.filter {
            None => None,
            Some(_) if !attribute.multi_valued || sub.is_some() => {
                return Err(ScimError::InvalidPath(format!(
                    "{} has one value: no filter can choose among them",
                    path.attribute
                )));
            }
            Some(filter) => {
                let matcher = Matcher::for_values(filter, self.kind, attribute)
                    .map_err(|error| ScimError::InvalidPath(format!("filter in the path: {error}")))?;
                Some(Box::new(Select {
                    filter: filter.clone(),
                    matcher,
                }))
            }
        };
        let sub = match &path.sub {
            None => sub,
            Some(name) => Some(attribute.sub(name).ok_or_else(|| {
                ScimError::InvalidPath(format!(
                    "unknown sub-attribute {} of {}",
                    quote(name),
                    attribute.name
                ))
            })?),
        };
        for part in [Some(attribute), sub].into_iter().flatten() {
            if part.mutability == Mutability::ReadOnly {
                return Err(ScimError::Mutability(format!(
                    "{} belongs to the server",
                    path.attribute
                )));
            }
        }
        if attribute.mutability == Mutability::WriteOnly {
            self.handled = true;
            return Ok(());
        }
        let required = attribute.required && sub.is_none();
        if required && (self.op == PatchOp::Remove || value.is_null()) {
            return Err(ScimError::Mutability(format!(
                "{} is required: it cannot be removed",
                attribute.name
            )));
        }
        self.push(
            ChangeTarget::Attribute {
                extension,
                attribute,
                sub,
                select,
            },
            value,
        );
        Ok(())
    }

    fn push(&mut self, target: ChangeTarget, value: &Value) {
        self.changes.push(Change {
            operation: self.index,
            op: self.op,
            target,
            value: Personal(value.clone()),
        });
    }
}

/// A path up to its filter: what stands in the filter may be personal data.
fn shown(path: &str) -> String {
    match path.split_once(['[', '"', ' ']) {
        Some((head, _)) => format!("{}…", quote(head)),
        None => quote(path),
    }
}
