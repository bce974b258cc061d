//! A provider's JWK set (RFC 7517 section 5): what we can use of it.

use serde::Deserialize;
use serde_json::Value;

use super::refusal::OidcRefusal;
use crate::jose::Jwk;

/// Most keys of a set. Providers publish two to ten; thousands would only make us work.
pub const MOST_KEYS: usize = 100;

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// The keys of a set. One that we cannot use, of whatever kind, is passed over.
///
/// # Errors
/// [`OidcRefusal::KeysMalformed`] or [`OidcRefusal::TooManyKeys`].
pub fn read(document: &[u8]) -> Result<Vec<Jwk>, OidcRefusal> {
    let set: Set = serde_json::from_slice(document).map_err(|_| OidcRefusal::KeysMalformed)?;
    let found = set.keys.len();
    if found > MOST_KEYS {
        return Err(OidcRefusal::TooManyKeys {
            most: MOST_KEYS,
            found,
        });
    }
    Ok(set
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value(key).ok())
        .collect())
}
