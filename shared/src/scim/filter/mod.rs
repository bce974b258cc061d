//! Filters (RFC 7644, section 3.4.2.2): the whole grammar, read, printed and evaluated by our own code.
//!
//! [`Filter::parse`] reads, [`Matcher::compile`] binds a filter to a schema once and then answers for each resource,
//! [`lookups`] says which index can narrow the search. What real clients write beside the grammar is read too:
//! quoted booleans (E-1), values without quotes (E-15), a comparison of a selected value (E-16), `email` for `emails`
//!

mod evaluate;
mod lexer;
mod lookup;
mod matcher;
mod parser;
mod print;

use std::fmt;

use super::ScimError;
use super::path::AttrPath;

pub use lookup::{Lookup, lookups, members_asked_for};
pub use matcher::{Matcher, Scope};
pub(super) use parser::Parser;

/// Longest filter or path, in bytes.
pub const MAX_BYTES: usize = 4096;
/// Deepest nesting of parentheses, brackets and `not`.
pub const MAX_DEPTH: usize = 16;

/// A filter, as written. `Display` writes it back, values included; `Debug` leaves values out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `path op value`
    Compare {
        /// What is compared.
        path: AttrPath,
        /// How.
        op: Op,
        /// With what.
        value: Literal,
    },
    /// `path pr`
    Present(AttrPath),
    /// `path[filter]`: one value of the attribute fulfils the whole filter.
    Has {
        /// The attribute.
        path: AttrPath,
        /// On its sub-attributes.
        filter: Box<Filter>,
    },
    /// `not (filter)`
    Not(Box<Filter>),
    /// All of two or more.
    And(Vec<Filter>),
    /// Any of two or more.
    Or(Vec<Filter>),
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
}

impl Op {
    const ALL: [Self; 9] = [
        Self::Eq,
        Self::Ne,
        Self::Co,
        Self::Sw,
        Self::Ew,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
    ];

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|op| op.keyword().eq_ignore_ascii_case(word))
    }

    /// The operator's keyword.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }
}

/// What an attribute is compared with; `Debug` does not show text, which may be personal data.
#[derive(Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null`: no value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A JSON number, as written.
    Number(String),
    /// A string.
    String(String),
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(value) => write!(f, "Bool({value})"),
            Self::Number(_) => f.write_str("Number([personal])"),
            Self::String(_) => f.write_str("String([personal])"),
        }
    }
}

impl Literal {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
        }
    }
}

/// Why a filter or a path cannot be used. Values are never quoted: they may be personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Something else was wanted at that place.
    #[error("at character {at}: wanted {wanted}, got {got}")]
    Unexpected {
        /// Place, in characters from 1.
        at: usize,
        /// What was wanted.
        wanted: &'static str,
        /// What came.
        got: String,
    },
    /// A quoted string is not a JSON string.
    #[error("at character {at}: wanted a JSON string in double quotes, got {got}")]
    BadString {
        /// Place, in characters from 1.
        at: usize,
        /// What is wrong with it.
        got: &'static str,
    },
    /// Longer than [`MAX_BYTES`].
    #[error("wanted at most 4096 bytes, got {0}")]
    TooLong(usize),
    /// Deeper than [`MAX_DEPTH`].
    #[error("at character {at}: wanted at most 16 levels of nesting, got more")]
    TooDeep {
        /// Place, in characters from 1.
        at: usize,
    },
    /// No schema has the attribute.
    #[error("unknown attribute {0}")]
    UnknownAttribute(String),
    /// The attribute is complex, and none of its parts was named.
    #[error("{0} is a complex attribute: name one of its sub-attributes")]
    Complex(String),
    /// The attribute has no parts to select by.
    #[error("{0} has no sub-attributes, so it cannot be followed by a filter in brackets")]
    NotComplex(String),
    /// The value does not go with the attribute.
    #[error("{attribute}: wanted {wanted}, got {got}")]
    WrongType {
        /// The attribute.
        attribute: String,
        /// What it can be compared with.
        wanted: &'static str,
        /// What came.
        got: &'static str,
    },
    /// The operator does not go with the attribute or the value.
    #[error("{attribute}: operator {op} is not defined for {on}")]
    WrongOperator {
        /// The attribute.
        attribute: String,
        /// The operator.
        op: &'static str,
        /// For what.
        on: &'static str,
    },
}

impl FilterError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unexpected { .. } => "filter_unexpected",
            Self::BadString { .. } => "filter_bad_string",
            Self::TooLong(_) => "filter_too_long",
            Self::TooDeep { .. } => "filter_too_deep",
            Self::UnknownAttribute(_) => "filter_unknown_attribute",
            Self::Complex(_) => "filter_complex_attribute",
            Self::NotComplex(_) => "filter_not_complex",
            Self::WrongType { .. } => "filter_wrong_type",
            Self::WrongOperator { .. } => "filter_wrong_operator",
        }
    }
}

impl From<FilterError> for ScimError {
    fn from(error: FilterError) -> Self {
        Self::InvalidFilter(format!("filter: {error}"))
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`FilterError`] naming the place, what was wanted and what came.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser::new(text)?;
        let filter = parser.filter()?;
        parser.end("\"and\", \"or\" or the end of the filter")?;
        Ok(filter)
    }
}
