//! Our signatures: RSA-SHA256 over octets (HTTP-Redirect) and enveloped in XML (saml-core-2.0-os, section 5.4).
//!
//! The template is our own and stands where the schemas want it (after `Issuer`, first in `EntityDescriptor`); its
//! transforms are enveloped-signature and exclusive canonicalization, nothing else.

#[cfg(test)]
pub(in crate::saml) mod tests;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use bergshamra::keys::loader;
use bergshamra::{DsigContext, Key, KeyData, KeyUsage, KeysManager};
use uppsala::XmlWriter;

use super::certificate::Certificate;
use super::keys::{KeyMaterial, SpKey};

/// XML Signature namespace.
pub(in crate::saml) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// RSA PKCS#1 v1.5 with SHA-256 (RFC 4051, section 2.3.2).
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const EXCLUSIVE_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The XML library does not take the key.
    #[error("wanted a key the XML signature library takes, got a refusal")]
    Import,
    /// An ID that a Reference cannot name safely.
    #[error(
        "wanted an ID of letters, digits, '_', '-' and '.' that starts with a letter or '_', got another"
    )]
    Id,
    /// The cryptographic library failed.
    #[error("wanted an RSA-SHA256 signature, got a failure of the cryptographic library")]
    Octets,
    /// The XML library failed.
    #[error("wanted a signed document, got: {0}")]
    Xml(String),
}

impl SigningError {
    /// Stable code of this failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Import => "signing_key_import",
            Self::Id => "signing_id",
            Self::Octets => "signing_octets",
            Self::Xml(_) => "signing_xml",
        }
    }
}

/// An element that waits for its signature: `head`, the signature, `tail`.
///
/// `head` ends where the signature belongs. It holds no signature of its own; `tail` may (a signed Assertion in a
/// Response).
#[derive(Clone, Debug)]
pub struct Unsigned {
    /// The value of the element's `ID` attribute.
    pub id: String,
    /// Well-formed XML from the start tag to where the signature belongs.
    pub head: String,
    /// The rest.
    pub tail: String,
}

impl Unsigned {
    /// The document without a signature.
    #[must_use]
    pub fn into_xml(self) -> String {
        self.head + &self.tail
    }
}

/// A private key that signs, with its certificate.
pub struct Signer(KeyMaterial);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("certificate", &self.0.certificate)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// A key of a ring.
    #[must_use]
    pub fn new(key: &SpKey) -> Self {
        Self::from_material(key.material())
    }

    /// A key outside a ring.
    #[must_use]
    pub fn from_material(material: &KeyMaterial) -> Self {
        Self(material.clone())
    }

    /// The key as the XML library has it, which reads and checks it once more: only where XML is signed.
    fn xml(&self) -> Result<Key, SigningError> {
        // The library's name for "RSA" is not public; a public key knows it.
        let public =
            loader::load_spki_der(self.0.certificate.spki_der()).map_err(|_| SigningError::Import)?;
        let data = KeyData::from_pkcs8_der(public.data.algorithm(), self.0.private_key.pkcs8_der())
            .map_err(|_| SigningError::Import)?;
        Ok(Key::new(data, KeyUsage::Sign))
    }

    /// The certificate of the key.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.0.certificate
    }

    /// RSA-SHA256 (PKCS#1 v1.5) over `octets`.
    ///
    /// # Errors
    /// [`SigningError::Octets`] when the cryptographic library fails.
    pub fn sign_octets(&self, octets: &[u8]) -> Result<Vec<u8>, SigningError> {
        let pair = self.0.private_key.pair();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), octets, &mut signature)
            .map_err(|_| SigningError::Octets)?;
        Ok(signature)
    }

    /// Puts an enveloped signature into `unsigned`.
    ///
    /// # Errors
    /// [`SigningError`] when the ID is no safe name or the XML library fails.
    pub fn sign_enveloped(&self, unsigned: &Unsigned) -> Result<String, SigningError> {
        let template = template(&unsigned.id, self.certificate())?;
        let mut xml =
            String::with_capacity(unsigned.head.len() + template.len() + unsigned.tail.len() + 1024);
        xml.push_str(&unsigned.head);
        xml.push_str(&template);
        xml.push_str(&unsigned.tail);
        let mut keys = KeysManager::new();
        keys.add_key(self.xml()?);
        bergshamra::dsig::sign::sign_owned(&DsigContext::new(keys), xml)
            .map_err(|error| SigningError::Xml(error.to_string()))
    }
}

/// A signature without its values.
fn template(id: &str, certificate: &Certificate) -> Result<String, SigningError> {
    let starts_well = id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts_well
        || !id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    {
        return Err(SigningError::Id);
    }
    let mut w = XmlWriter::with_capacity(4096);
    w.start_element("ds:Signature", &[("xmlns:ds", DS)]);
    w.start_element("ds:SignedInfo", &[]);
    w.empty_element("ds:CanonicalizationMethod", &[("Algorithm", EXCLUSIVE_C14N)]);
    w.empty_element("ds:SignatureMethod", &[("Algorithm", RSA_SHA256)]);
    w.start_element("ds:Reference", &[("URI", &format!("#{id}"))]);
    w.start_element("ds:Transforms", &[]);
    w.empty_element("ds:Transform", &[("Algorithm", ENVELOPED)]);
    w.empty_element("ds:Transform", &[("Algorithm", EXCLUSIVE_C14N)]);
    w.end_element("ds:Transforms");
    w.empty_element("ds:DigestMethod", &[("Algorithm", SHA256)]);
    w.empty_element("ds:DigestValue", &[]);
    w.end_element("ds:Reference");
    w.end_element("ds:SignedInfo");
    w.empty_element("ds:SignatureValue", &[]);
    write_key_info(&mut w, certificate);
    w.end_element("ds:Signature");
    Ok(w.into_string())
}

/// `ds:KeyInfo` with one certificate. The `ds` prefix must be bound.
pub(in crate::saml) fn write_key_info(w: &mut XmlWriter, certificate: &Certificate) {
    w.start_element("ds:KeyInfo", &[]);
    w.start_element("ds:X509Data", &[]);
    w.start_element("ds:X509Certificate", &[]);
    w.text(&certificate.base64());
    w.end_element("ds:X509Certificate");
    w.end_element("ds:X509Data");
    w.end_element("ds:KeyInfo");
}
