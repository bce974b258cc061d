//! Cursors (RFC 9865, section 2): where the next page begins, in a form that only this server can have made.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::CURSOR_TIMEOUT_SECONDS;
use crate::scim::ScimError;
use crate::scim::filter::Filter;
use crate::scim::schema::ResourceKind;

/// Longest cursor that is looked at, in bytes.
const MAX_CURSOR: usize = 2048;
/// Bytes of the authentication tag.
const TAG: usize = 16;

/// What authenticates cursors. It is derived from the bearer token of the request, so that no further secret has to be
/// kept; a cursor is good for the token it was given to.
#[derive(Clone)]
pub struct CursorKey(hmac::Key);

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey([redacted])")
    }
}

impl CursorKey {
    /// Derives the key from secret bytes, such as the bearer token.
    #[must_use]
    pub fn derive(secret: &[u8]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Self(hmac::Key::new(
            hmac::HMAC_SHA256,
            hmac::sign(&root, b"gatehouse scim cursor v1").as_ref(),
        ))
    }
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The key (id) of the last resource that was given; the page begins behind it.
    pub after: String,
    /// How many resources were given before.
    pub given: u64,
    /// The total that the first page named.
    pub total: u64,
}

/// What is written. `q` binds the cursor to its query; `t` is when it was made, in seconds.
#[derive(Serialize, Deserialize)]
struct Payload {
    a: String,
    g: u64,
    n: u64,
    q: String,
    t: i64,
}

impl Cursor {
    /// Writes the cursor for a query. `scope` is what the cursor is good for beside the query: the tenant.
    #[must_use]
    pub fn encode(
        &self,
        key: &CursorKey,
        scope: &str,
        kinds: &[ResourceKind],
        filter: Option<&Filter>,
        count: u32,
        now: DateTime<Utc>,
    ) -> String {
        let payload = Payload {
            a: self.after.clone(),
            g: self.given,
            n: self.total,
            q: fingerprint(scope, kinds, filter, count),
            t: now.timestamp(),
        };
        let mut bytes = serde_json::to_vec(&payload).unwrap_or_default();
        let tag = hmac::sign(&key.0, &bytes);
        bytes.extend(tag.as_ref().iter().take(TAG));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor back, for the same query.
    ///
    /// # Errors
    /// [`ScimError::InvalidCursor`] if it was not made here or not for this query (another filter, count, type,
    /// tenant or token); [`ScimError::ExpiredCursor`] if it is older than [`CURSOR_TIMEOUT_SECONDS`].
    pub fn decode(
        text: &str,
        key: &CursorKey,
        scope: &str,
        kinds: &[ResourceKind],
        filter: Option<&Filter>,
        count: u32,
        now: DateTime<Utc>,
    ) -> Result<Self, ScimError> {
        let payload = verified(text, key).ok_or_else(|| {
            ScimError::InvalidCursor(
                "cursor: wanted a nextCursor of this server for this token, or an empty one for the first page"
                    .to_owned(),
            )
        })?;
        if payload.q != fingerprint(scope, kinds, filter, count) {
            return Err(ScimError::InvalidCursor(
                "cursor: it belongs to another query; endpoint, filter and count must stay the same"
                    .to_owned(),
            ));
        }
        let age = now.timestamp().saturating_sub(payload.t);
        if age > i64::from(CURSOR_TIMEOUT_SECONDS) {
            return Err(ScimError::ExpiredCursor(format!(
                "cursor: wanted one of at most {CURSOR_TIMEOUT_SECONDS} seconds, got one of {age}"
            )));
        }
        Ok(Self {
            after: payload.a,
            given: payload.g,
            total: payload.n,
        })
    }
}

fn verified(text: &str, key: &CursorKey) -> Option<Payload> {
    if text.len() > MAX_CURSOR {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (payload, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
    let wanted = hmac::sign(&key.0, payload);
    let wanted = wanted.as_ref().get(..TAG)?;
    aws_lc_rs::constant_time::verify_slices_are_equal(wanted, tag).ok()?;
    serde_json::from_slice(payload).ok()
}

/// The query in short: two queries that differ give different texts.
fn fingerprint(scope: &str, kinds: &[ResourceKind], filter: Option<&Filter>, count: u32) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let filter = filter.map(ToString::to_string);
    let whole = serde_json::json!([scope, names, filter, count]).to_string();
    let digest = digest::digest(&digest::SHA256, whole.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref().get(..16).unwrap_or_default())
}
