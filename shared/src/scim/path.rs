//! Attribute paths (RFC 7644, section 3.10) and the paths of PATCH (section 3.5.2).

use std::fmt;

use super::ScimError;
use super::filter::{Filter, FilterError, Parser};
use super::schema::{Attribute, ResourceKind, Schema, UrnMeaning};

/// `[urn:]name[.sub]`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrPath {
    /// The schema's URN.
    pub urn: Option<String>,
    /// The attribute.
    pub name: String,
    /// The sub-attribute.
    pub sub: Option<String>,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// The resource itself: the core schema's URN alone.
    Resource,
    /// An extension as a whole: its URN alone.
    Extension(&'static Schema),
    /// An attribute or sub-attribute.
    Attribute(Resolved),
}

/// An attribute that a path leads to.
#[derive(Clone, Copy, Debug)]
pub struct Resolved {
    /// The extension it belongs to, if any.
    pub extension: Option<&'static Schema>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The sub-attribute, if one is named.
    pub sub: Option<&'static Attribute>,
}

impl AttrPath {
    /// A path of one name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            urn: None,
            name: name.to_owned(),
            sub: None,
        }
    }

    /// Reads a path from one word. `None` if it is not one.
    ///
    /// A URN holds dots and colons itself, so what follows its last colon is the name: a URN alone reads as if its
    /// last part were the name, which [`AttrPath::resolve`] puts right.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let (urn, rest) = match word.rsplit_once(':') {
            Some((urn, rest)) => (Some(urn), rest),
            None => (None, word),
        };
        if urn.is_some_and(|urn| !urn.to_ascii_lowercase().starts_with("urn:") || urn.len() < 5) {
            return None;
        }
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        let named = |name: &str| {
            let name = name.strip_prefix('$').unwrap_or(name);
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        if !named(name) || sub.is_some_and(|sub| !named(sub)) {
            return None;
        }
        Some(Self {
            urn: urn.map(str::to_owned),
            name: name.to_owned(),
            sub: sub.map(str::to_owned),
        })
    }

    /// Finds what the path leads to, whatever its case.
    ///
    /// # Errors
    /// [`ScimError::InvalidPath`] if no schema of that type has it; where an extension has an attribute of that name,
    /// the message says how to write it.
    pub fn resolve(&self, kind: ResourceKind) -> Result<Target, ScimError> {
        if self.urn.is_some() && self.sub.is_none() {
            let whole = self.to_string();
            match kind.urn(&whole) {
                Some(UrnMeaning::Core) => return Ok(Target::Resource),
                Some(UrnMeaning::Extension(schema)) => return Ok(Target::Extension(schema)),
                None => {}
            }
        }
        let (extension, attribute) = match &self.urn {
            None => (None, kind.attribute(&self.name)),
            Some(urn) => match kind.urn(urn) {
                Some(UrnMeaning::Core) => (None, kind.attribute(&self.name)),
                Some(UrnMeaning::Extension(schema)) => (Some(schema), schema.attribute(&self.name)),
                None => (None, None),
            },
        };
        let Some(attribute) = attribute else {
            return Err(ScimError::InvalidPath(self.unknown(kind)));
        };
        let sub = match &self.sub {
            None => None,
            Some(name) => match attribute.sub(name) {
                Some(sub) => Some(sub),
                None => return Err(ScimError::InvalidPath(self.unknown(kind))),
            },
        };
        Ok(Target::Attribute(Resolved {
            extension,
            attribute,
            sub,
        }))
    }

    fn unknown(&self, kind: ResourceKind) -> String {
        let path = super::text::quote(&self.to_string());
        let hint = kind.extensions().iter().find_map(|extension| {
            let attribute = extension.attribute(&self.name)?;
            self.urn
                .is_none()
                .then(|| format!(": did you mean {}:{}?", extension.id, attribute.name))
        });
        format!(
            "unknown attribute {path} of {}{}",
            kind.name(),
            hint.unwrap_or_default()
        )
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

/// The path of a PATCH operation: `attrPath`, or `attrPath[filter]` with or without `.sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchPath {
    /// The attribute, and its sub-attribute if no filter stands between them.
    pub attribute: AttrPath,
    /// Which of its values.
    pub filter: Option<Filter>,
    /// The sub-attribute behind the filter.
    pub sub: Option<String>,
}

impl PatchPath {
    /// Reads a path.
    ///
    /// # Errors
    /// [`FilterError`] naming the place, what was wanted and what came.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser::new(text)?;
        let Some(word) = parser.word() else {
            return Err(parser.unexpected("an attribute"));
        };
        let attribute = parser.attribute_path(word)?;
        if !parser.at_bracket() {
            parser.end("\"[\" or the end of the path")?;
            return Ok(Self {
                attribute,
                filter: None,
                sub: None,
            });
        }
        let filter = parser.bracketed()?;
        let sub = match parser.word().and_then(|word| word.strip_prefix('.')) {
            Some(name) => {
                let sub = parser.attribute_path(name)?;
                if sub.urn.is_some() || sub.sub.is_some() {
                    return Err(parser.unexpected("one sub-attribute behind \"]\""));
                }
                Some(sub.name)
            }
            None => None,
        };
        parser.end("\".\" and a sub-attribute, or the end of the path")?;
        Ok(Self {
            attribute,
            filter: Some(filter),
            sub,
        })
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attribute)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}
