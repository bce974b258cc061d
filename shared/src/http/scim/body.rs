//! Request bodies: of JSON, of a bounded size and depth, each name once.

use std::fmt;

use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::http::body::{self, BodyError};
use crate::scim::ScimError;
use crate::scim::media::check_content_type;

/// Limit of a body, in bytes: more than 30,000 members of a group in one request.
pub const LIMIT: usize = 4 * 1024 * 1024;

/// A JSON body of at most [`LIMIT`].
#[derive(Clone)]
pub struct ScimJson(pub Value);

/// It may hold personal data.
impl fmt::Debug for ScimJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScimJson([personal])")
    }
}

impl<S: Sync> FromRequest<S> for ScimJson {
    type Rejection = ScimError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ScimError> {
        let (parts, body) = request.into_parts();
        let kinds = parts.headers.get_all(header::CONTENT_TYPE).iter();
        for kind in kinds {
            // What is no text is no media type of ours.
            check_content_type(Some(kind.to_str().unwrap_or("?")))?;
        }
        let bytes = body::read(&parts.headers, body, LIMIT)
            .await
            .map_err(|error| refused(&error))?;
        parse(&bytes).map(Self)
    }
}

fn refused(error: &BodyError) -> ScimError {
    match error {
        BodyError::TooLarge { limit } => {
            ScimError::TooLarge(format!("the body: wanted at most {limit} bytes"))
        }
        BodyError::ContentType { .. }
        | BodyError::Unreadable
        | BodyError::Encoding
        | BodyError::TooMany
        | BodyError::Duplicate { .. }
        | BodyError::Missing { .. }
        | BodyError::Json { .. } => ScimError::InvalidSyntax(format!("the body: {error}")),
    }
}

/// Reads JSON (RFC 8259), strictly: two readers must not see different values under one name.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, ScimError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ScimError::InvalidSyntax(
            "the body: wanted a JSON object, got nothing".to_owned(),
        ));
    }
    let strict: Result<Strict, _> = serde_json::from_slice(bytes);
    strict.map(|strict| strict.0).map_err(|error| {
        let text = error.to_string();
        // What serde says of a wrong value quotes it; these two say nothing of it.
        let reason = if text.starts_with("recursion limit exceeded") {
            "nested deeper than 127 levels"
        } else if text.starts_with(TWICE) {
            TWICE
        } else {
            "not JSON"
        };
        ScimError::InvalidSyntax(format!(
            "the body: {reason}, at line {} column {}",
            error.line(),
            error.column()
        ))
    })
}

const TWICE: &str = "a name is given more than once in one object";

/// JSON in which no object has a name twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(value)) = values.next_element()? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let Strict(value) = entries.next_value()?;
            if map.insert(name, value).is_some() {
                return Err(serde::de::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(map))
    }
}
