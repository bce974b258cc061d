//! The rules of an ID token (OpenID Connect Core 1.0 section 3.1.3.7), each with a code of its own.
//!
//! Signatures are verified by [`crate::jose`] over aws-lc-rs. Claims are read as they come: a claim that we do not need
//! may have any shape (docs/decisions/0040). The `openidconnect` crate's verifier is the second opinion in the tests.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::issuer::Issuer;
use super::refusal::OidcRefusal;
use crate::jose::jws::JwsError;
use crate::jose::{Algorithm, Jwk, Jws};

/// How far the provider's clock may be off.
pub const SKEW: TimeDelta = TimeDelta::minutes(3);
/// Longest `sub` (OpenID Connect Core 1.0 section 2).
const MOST_SUBJECT: usize = 255;

/// What an ID token is held against.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// Who must have issued it.
    pub issuer: &'a Issuer,
    /// Our `client_id` there.
    pub client_id: &'a str,
    /// Algorithms that are allowed.
    pub algorithms: &'a [Algorithm],
    /// The `nonce` of this sign-in; `None` for a token that came by refreshing, which has none to bind.
    pub nonce: Option<&'a str>,
    /// The access token beside it.
    pub access_token: Option<&'a str>,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Claims of a token that passed every rule.
pub type Claims = Map<String, Value>;

/// Checks an ID token by the provider's keys.
///
/// # Errors
/// [`OidcRefusal`]; [`OidcRefusal::IdTokenUnknownKey`] when newer keys might know it.
pub fn verify(token: &str, keys: &[Jwk], expected: &Expectations<'_>) -> Result<Claims, OidcRefusal> {
    let jws = Jws::parse(token).map_err(of_jws)?;
    let payload = jws.verify(keys, expected.algorithms).map_err(of_jws)?;
    let claims: Claims = serde_json::from_slice(payload).map_err(|_| OidcRefusal::IdTokenMalformed)?;
    check_issuer(&claims, expected)?;
    check_audience(&claims, expected.client_id)?;
    check_times(&claims, expected.now)?;
    check_nonce(&claims, expected.nonce)?;
    check_access_hash(&claims, jws.algorithm(), expected.access_token)?;
    subject(&claims)?;
    Ok(claims)
}

fn of_jws(error: JwsError) -> OidcRefusal {
    match error {
        JwsError::TooLong(_) | JwsError::Malformed => OidcRefusal::IdTokenMalformed,
        JwsError::Unsigned => OidcRefusal::IdTokenUnsigned,
        JwsError::AlgorithmNotAllowed(name) => OidcRefusal::IdTokenAlgorithm(shown(&name)),
        JwsError::Critical => OidcRefusal::IdTokenCritical,
        JwsError::EmbeddedKey => OidcRefusal::IdTokenEmbeddedKey,
        JwsError::UnknownKey => OidcRefusal::IdTokenUnknownKey,
        JwsError::BadSignature => OidcRefusal::IdTokenSignature,
    }
}

fn shown(name: &str) -> String {
    let name = name.chars().filter(char::is_ascii_alphanumeric);
    name.take(20).collect()
}

/// A claim that is a text.
#[must_use]
pub fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// A claim that is an instant: seconds since 1970, also with a fraction or as a text of digits.
#[must_use]
pub fn instant(claims: &Claims, name: &str) -> Option<DateTime<Utc>> {
    let seconds = match claims.get(name)? {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?))?,
        Value::String(text) => text.parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    DateTime::from_timestamp(seconds, 0)
}

/// The whole seconds of a number that some providers write with a fraction.
fn whole(seconds: f64) -> Option<i64> {
    format!("{:.0}", seconds.floor()).parse().ok()
}

fn check_issuer(claims: &Claims, expected: &Expectations<'_>) -> Result<(), OidcRefusal> {
    let iss = text(claims, "iss").ok_or(OidcRefusal::IdTokenIssuer)?;
    if expected.issuer.is(iss) {
        Ok(())
    } else {
        Err(OidcRefusal::IdTokenIssuer)
    }
}

/// Rules 3 to 5: we are an audience; beside others, or where it is said, we are the authorized party.
fn check_audience(claims: &Claims, client_id: &str) -> Result<(), OidcRefusal> {
    let (ours, count) = match claims.get("aud") {
        Some(Value::String(audience)) => (audience == client_id, 1),
        Some(Value::Array(all)) => {
            let texts = all.iter().map(Value::as_str);
            if texts.clone().any(|audience| audience.is_none()) {
                return Err(OidcRefusal::IdTokenAudience);
            }
            (
                texts.clone().any(|audience| audience == Some(client_id)),
                all.len(),
            )
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => (false, 0),
    };
    if !ours {
        return Err(OidcRefusal::IdTokenAudience);
    }
    match claims.get("azp") {
        Some(Value::String(party)) if party == client_id => Ok(()),
        None | Some(Value::Null) if count == 1 => Ok(()),
        Some(_) | None => Err(OidcRefusal::IdTokenAuthorizedParty),
    }
}

fn check_times(claims: &Claims, now: DateTime<Utc>) -> Result<(), OidcRefusal> {
    let expires = instant(claims, "exp").ok_or(OidcRefusal::IdTokenExpired)?;
    if expires + SKEW <= now {
        return Err(OidcRefusal::IdTokenExpired);
    }
    let issued = instant(claims, "iat").ok_or(OidcRefusal::IdTokenFuture)?;
    let not_before = instant(claims, "nbf");
    if claims.contains_key("nbf") && not_before.is_none() {
        return Err(OidcRefusal::IdTokenFuture);
    }
    if issued > now + SKEW || not_before.is_some_and(|from| from > now + SKEW) {
        return Err(OidcRefusal::IdTokenFuture);
    }
    Ok(())
}

/// The nonce of this sign-in. A refreshed token need not repeat the first one's (section 12.2), and then binds nothing.
fn check_nonce(claims: &Claims, expected: Option<&str>) -> Result<(), OidcRefusal> {
    let Some(expected) = expected else { return Ok(()) };
    let came = text(claims, "nonce").ok_or(OidcRefusal::IdTokenNonce)?;
    verify_slices_are_equal(came.as_bytes(), expected.as_bytes()).map_err(|_| OidcRefusal::IdTokenNonce)
}

/// `at_hash` may be absent in the code flow; where it stands, it must fit (section 3.1.3.6).
fn check_access_hash(claims: &Claims, alg: Algorithm, access_token: Option<&str>) -> Result<(), OidcRefusal> {
    let came = match (claims.get("at_hash"), access_token) {
        (None | Some(Value::Null), _) => return Ok(()),
        (Some(Value::String(came)), Some(access_token)) => (came, access_token),
        (Some(_), _) => return Err(OidcRefusal::IdTokenAccessHash),
    };
    let (came, access_token) = came;
    let hash = digest::digest(alg.digest(), access_token.as_bytes());
    let half = hash.as_ref().split_at_checked(hash.as_ref().len() / 2);
    let fits = half.is_some_and(|(left, _)| {
        let wanted = URL_SAFE_NO_PAD.encode(left);
        verify_slices_are_equal(came.as_bytes(), wanted.as_bytes()).is_ok()
    });
    fits.then_some(()).ok_or(OidcRefusal::IdTokenAccessHash)
}

/// `sub`: a text of 1 to 255 characters.
///
/// # Errors
/// [`OidcRefusal::IdTokenSubject`].
pub fn subject(claims: &Claims) -> Result<&str, OidcRefusal> {
    text(claims, "sub")
        .filter(|sub| !sub.trim().is_empty() && sub.chars().count() <= MOST_SUBJECT)
        .ok_or(OidcRefusal::IdTokenSubject)
}
