//! The configured certificates as verification keys. They are pinned: neither issuer nor validity matters, only the
//! key's kind and size.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::{Key, KeyData, KeyUsage, KeysManager};
use kryptering::{EcCurve, KeyAlgorithm};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::Signed;
use crate::saml::names::DSIG;
use crate::saml::refusal::{Refusal, RefusalCode};
use crate::saml::xml::El;

/// Sizes of RSA moduli, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The usable keys among the configured certificates.
pub struct TrustedKeys {
    keys: Vec<Key>,
    certificates: Vec<Vec<u8>>,
}

impl TrustedKeys {
    /// Reads DER certificates. One that cannot be used is passed over as long as another can.
    ///
    /// # Errors
    /// `certificates_missing` for an empty list, `certificate_unusable` when none is usable.
    pub fn from_certificates(certificates: &[Vec<u8>]) -> Result<Self, Refusal> {
        if certificates.is_empty() {
            return Err(Refusal::new(RefusalCode::CertificatesMissing, "none"));
        }
        let mut trusted = Self {
            keys: Vec::new(),
            certificates: Vec::new(),
        };
        let mut unusable = String::new();
        for der in certificates {
            match key(der) {
                Ok(key) => {
                    trusted.keys.push(key);
                    trusted.certificates.push(der.clone());
                }
                Err(why) => unusable = why,
            }
        }
        if trusted.keys.is_empty() {
            return Err(Refusal::new(RefusalCode::CertificateUnusable, unusable));
        }
        Ok(trusted)
    }

    /// The usable certificates with an RSA key, or those with an EC key, as DER.
    pub fn certificates(&self, rsa: bool) -> impl Iterator<Item = &Vec<u8>> {
        let keys = self.keys.iter().zip(&self.certificates);
        keys.filter(move |(key, _)| (key.data.algorithm() == KeyAlgorithm::Rsa) == rsa)
            .map(|(_, der)| der)
    }

    /// The keys for the default engine.
    pub(super) fn manager(&self) -> KeysManager {
        let mut manager = KeysManager::new();
        manager.add_keys(self.keys.iter().cloned());
        manager
    }

    /// The refusal for a signature that none of these keys made. It names fingerprints, so that the owner can tell a
    /// rolled-over certificate from a wrong one; the certificate in the message is named, never used.
    pub(super) fn foreign(&self, signed: &Signed<'_>) -> Refusal {
        let wanted: Vec<String> = self.certificates.iter().map(|der| fingerprint(der)).collect();
        let named: Vec<String> = signed
            .sites
            .iter()
            .filter_map(|site| El::at(signed.doc, site.signature))
            .filter_map(named)
            .collect();
        let got = match named.as_slice() {
            [] => "a signature by another key, or altered signature data".to_owned(),
            some => format!("a signature that names the certificate {}", some.join(" and ")),
        };
        let wanted = format!(
            "a signature by a configured certificate (SHA-256 {})",
            wanted.join(", ")
        );
        Refusal::wanting(RefusalCode::SignatureInvalid, wanted, got)
    }
}

/// The key of a certificate, or what is wrong with it.
fn key(der: &[u8]) -> Result<Key, String> {
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|_| "no X.509 certificate".to_owned())?;
    if !rest.is_empty() {
        return Err("bytes after the certificate".to_owned());
    }
    let spki = certificate.public_key();
    let algorithm = match spki.parsed() {
        Ok(PublicKey::RSA(rsa)) if RSA_BITS.contains(&rsa.key_size()) => KeyAlgorithm::Rsa,
        Ok(PublicKey::RSA(rsa)) => return Err(format!("RSA of {} bits", rsa.key_size())),
        Ok(PublicKey::EC(_)) => KeyAlgorithm::Ec(curve(spki)?),
        _ => return Err("another kind of key".to_owned()),
    };
    let data =
        KeyData::from_spki_der(algorithm, spki.raw).map_err(|_| "a key that does not load".to_owned())?;
    Ok(Key::new(data, KeyUsage::Verify))
}

/// The curve of an EC key (RFC 5480, section 2.1.1.1).
fn curve(spki: &x509_parser::x509::SubjectPublicKeyInfo<'_>) -> Result<EcCurve, String> {
    let named = spki
        .algorithm
        .parameters
        .as_ref()
        .and_then(|parameters| parameters.as_oid().ok());
    match named.map(|oid| oid.to_id_string()).as_deref() {
        Some("1.2.840.10045.3.1.7") => Ok(EcCurve::P256),
        Some("1.3.132.0.34") => Ok(EcCurve::P384),
        _ => Err("another elliptic curve".to_owned()),
    }
}

/// The fingerprint of the certificate that a Signature names in its KeyInfo.
fn named(signature: El<'_>) -> Option<String> {
    let data = signature.child(DSIG, "KeyInfo")?.child(DSIG, "X509Data")?;
    let text = data.child(DSIG, "X509Certificate")?.text()?;
    let clean: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(clean).ok().map(|der| fingerprint(&der))
}

/// SHA-256 in hexadecimal.
fn fingerprint(der: &[u8]) -> String {
    digest(&SHA256, der)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
