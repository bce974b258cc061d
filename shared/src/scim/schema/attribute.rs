//! One attribute of a schema (RFC 7643, section 7) and how it is written down in the table.

use serde_json::{Map, Value};

/// Data type of an attribute (RFC 7643, section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// An instant, RFC 3339.
    DateTime,
    /// Base64 (RFC 4648).
    Binary,
    /// A URI.
    Reference,
    /// Sub-attributes.
    Complex,
}

impl DataType {
    /// The `type` keyword.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// Who may change an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// The server alone.
    ReadOnly,
    /// The client, at any time.
    ReadWrite,
    /// The client, once.
    Immutable,
    /// The client, and nobody reads it.
    WriteOnly,
}

impl Mutability {
    /// The `mutability` keyword.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// When an attribute is part of an answer (RFC 7643, section 7, `returned`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// In every answer, whatever was asked for.
    Always,
    /// In no answer.
    Never,
    /// Unless left out by the request.
    Default,
    /// Only if asked for.
    Request,
}

impl Returned {
    /// The `returned` keyword.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Default => "default",
            Self::Request => "request",
        }
    }
}

/// Definition of an attribute or sub-attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its name, in the spelling of the schema.
    pub name: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Its data type.
    pub data_type: DataType,
    /// Whether it holds several values.
    pub multi_valued: bool,
    /// Whether it must have a value.
    pub required: bool,
    /// Whether comparison heeds case.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is returned.
    pub returned: Returned,
    /// Whether the server keeps it unique.
    pub unique: bool,
    /// Usual values; others are allowed (RFC 7643, section 2.4).
    pub canonical: &'static [&'static str],
    /// What a reference may point to.
    pub references: &'static [&'static str],
    /// The parts of a complex attribute.
    pub sub_attributes: &'static [Attribute],
    /// Most bytes of one text value.
    pub max_bytes: usize,
}

/// Most bytes of an ordinary text value.
const MAX_TEXT: usize = 8 * 1024;
/// Most bytes of a text value that becomes part of a table key.
const MAX_KEY: usize = 512;
/// Most bytes of a binary value (Base64).
const MAX_BINARY: usize = 32 * 1024;

impl Attribute {
    const fn new(name: &'static str, data_type: DataType, description: &'static str) -> Self {
        Self {
            name,
            description,
            data_type,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            unique: false,
            canonical: &[],
            references: &[],
            sub_attributes: &[],
            max_bytes: MAX_TEXT,
        }
    }

    /// A text attribute, compared without regard to case.
    pub(super) const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, DataType::String, description)
    }

    /// A text attribute that becomes part of a key: short.
    pub(super) const fn key(name: &'static str, description: &'static str) -> Self {
        Self {
            max_bytes: MAX_KEY,
            ..Self::new(name, DataType::String, description)
        }
    }

    /// A truth value.
    pub(super) const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, DataType::Boolean, description)
    }

    /// A whole number.
    pub(super) const fn integer(name: &'static str, description: &'static str) -> Self {
        Self::new(name, DataType::Integer, description)
    }

    /// An instant.
    pub(super) const fn date_time(name: &'static str, description: &'static str) -> Self {
        Self::new(name, DataType::DateTime, description)
    }

    /// Base64 data.
    pub(super) const fn binary(name: &'static str, description: &'static str) -> Self {
        Self {
            case_exact: true,
            max_bytes: MAX_BINARY,
            ..Self::new(name, DataType::Binary, description)
        }
    }

    /// A reference to one of `references`.
    pub(super) const fn reference(
        name: &'static str,
        references: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self {
            case_exact: true,
            references,
            ..Self::new(name, DataType::Reference, description)
        }
    }

    /// A single complex value.
    pub(super) const fn complex(
        name: &'static str,
        sub_attributes: &'static [Attribute],
        description: &'static str,
    ) -> Self {
        Self {
            sub_attributes,
            ..Self::new(name, DataType::Complex, description)
        }
    }

    /// Several complex values.
    pub(super) const fn plural(
        name: &'static str,
        sub_attributes: &'static [Attribute],
        description: &'static str,
    ) -> Self {
        Self {
            multi_valued: true,
            ..Self::complex(name, sub_attributes, description)
        }
    }

    /// Holds several values.
    pub(super) const fn many(self) -> Self {
        Self {
            multi_valued: true,
            ..self
        }
    }

    /// Must have a value.
    pub(super) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Heeds case.
    pub(super) const fn exact(self) -> Self {
        Self {
            case_exact: true,
            ..self
        }
    }

    /// Is unique within the tenant.
    pub(super) const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    /// Is changed by the server alone.
    pub(super) const fn read_only(self) -> Self {
        Self {
            mutability: Mutability::ReadOnly,
            ..self
        }
    }

    /// Is set once.
    pub(super) const fn immutable(self) -> Self {
        Self {
            mutability: Mutability::Immutable,
            ..self
        }
    }

    /// Is taken and never given.
    pub(super) const fn write_only(self) -> Self {
        Self {
            mutability: Mutability::WriteOnly,
            returned: Returned::Never,
            ..self
        }
    }

    /// Is part of every answer.
    pub(super) const fn always(self) -> Self {
        Self {
            returned: Returned::Always,
            ..self
        }
    }

    /// Has usual values.
    pub(super) const fn canonical(self, canonical: &'static [&'static str]) -> Self {
        Self { canonical, ..self }
    }

    /// The sub-attribute of that name, whatever its case.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        self.sub_attributes
            .iter()
            .find(|a| a.name.eq_ignore_ascii_case(name))
    }

    /// The definition as `/Schemas` shows it (RFC 7643, section 7).
    #[must_use]
    pub fn document(&self) -> Value {
        let mut doc = Map::new();
        doc.insert("name".to_owned(), self.name.into());
        doc.insert("type".to_owned(), self.data_type.keyword().into());
        doc.insert("multiValued".to_owned(), self.multi_valued.into());
        doc.insert("description".to_owned(), self.description.into());
        doc.insert("required".to_owned(), self.required.into());
        let textual = matches!(
            self.data_type,
            DataType::String | DataType::Reference | DataType::Binary
        );
        if textual {
            doc.insert("caseExact".to_owned(), self.case_exact.into());
        }
        if !self.canonical.is_empty() {
            doc.insert("canonicalValues".to_owned(), self.canonical.into());
        }
        doc.insert("mutability".to_owned(), self.mutability.keyword().into());
        doc.insert("returned".to_owned(), self.returned.keyword().into());
        doc.insert(
            "uniqueness".to_owned(),
            if self.unique { "server" } else { "none" }.into(),
        );
        if !self.references.is_empty() {
            doc.insert("referenceTypes".to_owned(), self.references.into());
        }
        if !self.sub_attributes.is_empty() {
            let subs: Vec<Value> = self.sub_attributes.iter().map(Attribute::document).collect();
            doc.insert("subAttributes".to_owned(), subs.into());
        }
        Value::Object(doc)
    }
}
