//! What an import is sent, read line by line: a line that is no member is named and left out, the others are kept.

use csv::{ByteRecord, ReaderBuilder, Trim};
use serde_json::{Map, Value};

use super::super::create::NewMember;
use crate::app::onboarding::OnboardingError;

/// The columns that a table may have.
pub const COLUMNS: [&str; 6] = [
    "email",
    "given_name",
    "family_name",
    "position",
    "department",
    "role",
];
/// Most lines of one part.
pub const MOST_LINES: usize = 500;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1: of a table the line in the file, of a list the place in the list.
    pub number: u64,
    /// Whom it names.
    pub member: Result<NewMember, LineError>,
}

/// Why a line is no member. No message repeats what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// A table's line has more or fewer fields than its header.
    #[error("wanted {wanted} fields, as the header has, got {got}")]
    Fields {
        /// Columns of the header.
        wanted: usize,
        /// Fields of the line.
        got: usize,
    },
    /// Not UTF-8.
    #[error("wanted UTF-8")]
    Encoding,
    /// An item of a list that has another shape.
    #[error("wanted an object with email and, as texts, given_name, family_name, position, department, role")]
    Malformed,
}

impl LineError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Fields { .. } => "line_fields",
            Self::Encoding => "line_encoding",
            Self::Malformed => "line_malformed",
        }
    }
}

/// Reads a table (RFC 4180) whose first line names the columns. Semicolons part fields as well as commas, where the header
/// has them; a byte order mark is passed over, and so are empty lines.
///
/// # Errors
/// [`OnboardingError::ImportHeader`], or [`OnboardingError::TooMany`] above [`MOST_LINES`].
pub fn table(bytes: &[u8]) -> Result<Vec<Line>, OnboardingError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let header_end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(bytes.len());
    let header = bytes.get(..header_end).unwrap_or_default();
    let delimiter = if header.contains(&b';') { b';' } else { b',' };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .trim(Trim::All)
        .from_reader(bytes);
    let mut records = reader.byte_records();
    let header = records.next().and_then(Result::ok);
    let columns = columns(header.as_ref())?;
    let mut lines = Vec::new();
    let mut place = Place { at: 0, line: 1 };
    for record in records {
        // Reading from memory cannot fail, and records of other lengths are allowed.
        let record = record.map_err(|_| OnboardingError::ImportHeader)?;
        if lines.len() == MOST_LINES {
            return Err(too_many());
        }
        let start = record.position().map_or(0, csv::Position::byte);
        let number = place.line_of(bytes, usize::try_from(start).unwrap_or(usize::MAX));
        lines.push(Line {
            number,
            member: member(&columns, &record),
        });
    }
    Ok(lines)
}

/// Counts lines up to a place. The reader's own count is one behind where lines end with CR and LF: it sees the LF with the
/// next record.
struct Place {
    at: usize,
    line: u64,
}

impl Place {
    /// The line of the first byte at or behind `start` that is no end of a line; `start` never goes back.
    fn line_of(&mut self, bytes: &[u8], start: usize) -> u64 {
        while let Some(byte) = bytes.get(self.at) {
            let ends = matches!(byte, b'\r' | b'\n');
            if self.at >= start && !ends {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}

fn columns(header: Option<&ByteRecord>) -> Result<Vec<&'static str>, OnboardingError> {
    let mut found = Vec::new();
    for field in header.into_iter().flatten() {
        let name = COLUMNS
            .into_iter()
            .find(|name| field.eq_ignore_ascii_case(name.as_bytes()));
        let name = name.filter(|name| !found.contains(name));
        found.push(name.ok_or(OnboardingError::ImportHeader)?);
    }
    if found.contains(&"email") {
        Ok(found)
    } else {
        Err(OnboardingError::ImportHeader)
    }
}

fn member(columns: &[&'static str], record: &ByteRecord) -> Result<NewMember, LineError> {
    if record.len() != columns.len() {
        return Err(LineError::Fields {
            wanted: columns.len(),
            got: record.len(),
        });
    }
    let mut fields = Map::new();
    for (name, value) in columns.iter().zip(record) {
        let value = std::str::from_utf8(value).map_err(|_| LineError::Encoding)?;
        // An empty field of a table is an absent one; the address says itself that it is none.
        if !value.is_empty() || *name == "email" {
            fields.insert((*name).to_owned(), Value::from(value));
        }
    }
    serde_json::from_value(Value::Object(fields)).map_err(|_| LineError::Malformed)
}

/// Reads a list, item by item.
///
/// # Errors
/// [`OnboardingError::TooMany`] above [`MOST_LINES`].
pub fn list(items: Vec<Value>) -> Result<Vec<Line>, OnboardingError> {
    if items.len() > MOST_LINES {
        return Err(too_many());
    }
    let lines = items.into_iter().zip(1..).map(|(item, number)| Line {
        number,
        member: serde_json::from_value(item).map_err(|_| LineError::Malformed),
    });
    Ok(lines.collect())
}

fn too_many() -> OnboardingError {
    OnboardingError::TooMany {
        what: "lines in one part of an import",
        most: MOST_LINES,
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
