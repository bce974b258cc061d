//! Compact JSON Web Signatures (RFC 7515 section 7.1), signed and verified with configured keys only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::signing::SigningKeyError;
use super::{Algorithm, Jwk, SigningKey};

/// The longest token that is looked at, in octets.
pub const MAX_TOKEN_LEN: usize = 16 * 1024;

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`MAX_TOKEN_LEN`].
    #[error("a token may have at most {MAX_TOKEN_LEN} octets, got {0}")]
    TooLong(usize),
    /// Not three base64url parts with a JSON header.
    #[error("the token must be a compact JWS: three base64url parts, the first a JSON object")]
    Malformed,
    /// `alg` is `none`.
    #[error("the token must be signed, its alg is none")]
    Unsigned,
    /// An algorithm outside the allow-list.
    #[error("the token's alg is not allowed here: {0}")]
    AlgorithmNotAllowed(String),
    /// `crit` names extensions, and we know none (RFC 7515 section 4.1.11).
    #[error("the token's header must not have the member crit")]
    Critical,
    /// The header brings a key of its own (`jwk`, `jku`, `x5u`).
    #[error("the token must be signed by a registered key, its header brings its own")]
    EmbeddedKey,
    /// No configured key has the token's `kid` and serves its `alg`.
    #[error("no configured key has the token's kid and serves its alg")]
    UnknownKey,
    /// No candidate key verifies the signature.
    #[error("the token's signature does not match")]
    BadSignature,
}

impl JwsError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "jws_too_long",
            Self::Malformed => "jws_malformed",
            Self::Unsigned => "jws_unsigned",
            Self::AlgorithmNotAllowed(_) => "jws_algorithm_not_allowed",
            Self::Critical => "jws_critical",
            Self::EmbeddedKey => "jws_embedded_key",
            Self::UnknownKey => "jws_unknown_key",
            Self::BadSignature => "jws_bad_signature",
        }
    }
}

#[derive(Serialize)]
struct HeaderOut<'a> {
    alg: Algorithm,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    certificate: Option<&'a str>,
}

/// A repeated member fails the derive, so no two readers can see two different headers.
#[derive(Deserialize)]
struct HeaderIn {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
    jwk: Option<IgnoredAny>,
    jku: Option<IgnoredAny>,
    x5u: Option<IgnoredAny>,
}

/// Signs `payload` (JSON text) by `key`, with the header members `alg`, `kid` and `typ`.
///
/// # Errors
/// [`SigningKeyError::Sign`].
pub fn sign(key: &SigningKey, typ: &str, payload: &str) -> Result<String, SigningKeyError> {
    sign_with_certificate(key, typ, None, payload)
}

/// As [`sign`], also naming the key's certificate by its SHA-256 thumbprint (RFC 7515 section 4.1.8).
///
/// # Errors
/// [`SigningKeyError::Sign`].
pub fn sign_with_certificate(
    key: &SigningKey,
    typ: &str,
    certificate: Option<&str>,
    payload: &str,
) -> Result<String, SigningKeyError> {
    let header = HeaderOut {
        alg: key.algorithm(),
        typ,
        kid: key.public().kid(),
        certificate,
    };
    let header = serde_json::to_string(&header).map_err(|_| SigningKeyError::Sign)?;
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = key.sign_bytes(input.as_bytes())?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// A parsed, not yet verified token. `Debug` is not derived: tokens never reach a log line.
pub struct Jws {
    alg: Algorithm,
    kid: Option<String>,
    typ: Option<String>,
    signing_input: String,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Jws {
    /// Takes a compact token apart.
    ///
    /// # Errors
    /// [`JwsError`], every variant but the two about keys.
    pub fn parse(token: &str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(JwsError::TooLong(token.len()));
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed);
        let header: HeaderIn = serde_json::from_slice(&decode(header)?).map_err(|_| JwsError::Malformed)?;
        if header.alg.eq_ignore_ascii_case("none") {
            return Err(JwsError::Unsigned);
        }
        if header.crit.is_some() {
            return Err(JwsError::Critical);
        }
        if header.jwk.is_some() || header.jku.is_some() || header.x5u.is_some() {
            return Err(JwsError::EmbeddedKey);
        }
        let alg = Algorithm::from_name(&header.alg).ok_or(JwsError::AlgorithmNotAllowed(header.alg))?;
        Ok(Self {
            alg,
            kid: header.kid,
            typ: header.typ,
            signing_input: signing_input.to_owned(),
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The header's `alg`. It chooses nothing by itself: [`Jws::verify`] holds it against keys and allow-list.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.alg
    }

    /// The header's `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether the header's `typ` is `wanted`, by the media-type rules of RFC 7515 section 4.1.9.
    #[must_use]
    pub fn is_type(&self, wanted: &str) -> bool {
        self.typ.as_deref().is_some_and(|typ| {
            let short = match typ.split_at_checked("application/".len()) {
                Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
                Some(_) | None => typ,
            };
            short.eq_ignore_ascii_case(wanted)
        })
    }

    /// The payload of a token that nobody has verified: only to find out whose keys to ask for.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies the signature by one of `keys` and an algorithm in `allowed`; only then is the payload handed out.
    ///
    /// # Errors
    /// [`JwsError::AlgorithmNotAllowed`], [`JwsError::UnknownKey`] or [`JwsError::BadSignature`].
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k Jwk>,
        allowed: &[Algorithm],
    ) -> Result<&[u8], JwsError> {
        if !allowed.contains(&self.alg) {
            return Err(JwsError::AlgorithmNotAllowed(self.alg.name().to_owned()));
        }
        let mut outcome = Err(JwsError::UnknownKey);
        for key in keys {
            let named = self.kid.is_none() || self.kid.as_deref() == key.kid();
            if !named || !key.serves(self.alg) {
                continue;
            }
            if key
                .verify(self.alg, self.signing_input.as_bytes(), &self.signature)
                .is_ok()
            {
                return Ok(&self.payload);
            }
            outcome = Err(JwsError::BadSignature);
        }
        outcome
    }
}
