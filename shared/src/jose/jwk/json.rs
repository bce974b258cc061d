//! Keys as they stand in JSON (RFC 7517 section 4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKeyId;
use openidconnect::core::CoreJsonWebKeyUse;
use serde::{Deserialize, Serialize};

use super::{Curve, Jwk, JwkError, Material};

/// The members as they stand in JSON; unknown ones are ignored (RFC 7517 section 4).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct RawJwk {
    #[serde(default)]
    kty: String,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    use_: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(default, skip_serializing)]
    d: Option<serde::de::IgnoredAny>,
    #[serde(default, skip_serializing)]
    k: Option<serde::de::IgnoredAny>,
}

fn member(value: Option<&String>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    value
        .and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok())
        .filter(|bytes| !bytes.is_empty())
        .ok_or(JwkError::Malformed(name))
}

impl TryFrom<RawJwk> for Jwk {
    type Error = JwkError;

    fn try_from(raw: RawJwk) -> Result<Self, JwkError> {
        if raw.d.is_some() {
            return Err(JwkError::PrivateMaterial("d"));
        }
        if raw.k.is_some() {
            return Err(JwkError::PrivateMaterial("k"));
        }
        let crv = raw.crv.as_deref().unwrap_or_default();
        let key = match (raw.kty.as_str(), Curve::from_name(crv), crv) {
            ("RSA", _, _) => Self::rsa(&member(raw.n.as_ref(), "n")?, &member(raw.e.as_ref(), "e")?)?,
            ("EC", Some(curve), _) => Self::ec(
                curve,
                &member(raw.x.as_ref(), "x")?,
                &member(raw.y.as_ref(), "y")?,
            )?,
            ("OKP", _, "Ed25519") => Self::ed25519(&member(raw.x.as_ref(), "x")?)?,
            _ => {
                return Err(JwkError::UnsupportedKey {
                    kty: raw.kty.clone(),
                    crv: crv.to_owned(),
                });
            }
        };
        let use_ = raw.use_.map(|text| match text.as_str() {
            "sig" => CoreJsonWebKeyUse::Signature,
            "enc" => CoreJsonWebKeyUse::Encryption,
            _ => CoreJsonWebKeyUse::Other(text),
        });
        Ok(Self {
            kid: raw.kid.map(JsonWebKeyId::new),
            alg: raw.alg,
            use_,
            ..key
        })
    }
}

impl From<Jwk> for RawJwk {
    fn from(key: Jwk) -> Self {
        let b64 = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        let mut raw = Self {
            kty: match key.material {
                Material::Rsa { .. } => "RSA",
                Material::Ec { .. } => "EC",
                Material::Ed25519 { .. } => "OKP",
                Material::Refused => "oct",
            }
            .to_owned(),
            use_: key.use_.as_ref().map(|use_| use_.as_ref().to_owned()),
            alg: key.alg,
            kid: key.kid.map(|kid| kid.to_string()),
            ..Self::default()
        };
        match &key.material {
            Material::Rsa { n, e } => (raw.n, raw.e) = (b64(n), b64(e)),
            Material::Ec { curve, x, y } => {
                (raw.crv, raw.x, raw.y) = (Some(curve.name().to_owned()), b64(x), b64(y));
            }
            Material::Ed25519 { x } => (raw.crv, raw.x) = (Some("Ed25519".to_owned()), b64(x)),
            Material::Refused => {}
        }
        raw
    }
}
