//! Enveloped signatures from our own template (saml-core 5.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::dsig::sign::{sign_document_node, sign_owned};
use bergshamra::{DsigContext, Key, KeyData, KeyUsage, KeysManager};
use kryptering::{EcCurve, KeyAlgorithm};

use super::IssueError;
use super::keys::{IdpKey, KeyKind};

/// Signature algorithms with the digest that goes with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSA with SHA-256.
    #[default]
    RsaSha256,
    /// RSA with SHA-384.
    RsaSha384,
    /// RSA with SHA-512.
    RsaSha512,
    /// ECDSA with SHA-256, for P-256.
    EcdsaSha256,
    /// ECDSA with SHA-384, for P-384.
    EcdsaSha384,
}

impl SignatureAlgorithm {
    /// The identifier of the signature method.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
        }
    }

    /// The identifier of the digest.
    #[must_use]
    pub fn digest(self) -> &'static str {
        match self {
            Self::RsaSha256 | Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::RsaSha384 | Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
        }
    }
}

/// The Signature to be filled in, over the element with `id`.
#[must_use]
pub fn template(id: &str, algorithm: SignatureAlgorithm, certificate_der: &[u8]) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         <ds:SignatureMethod Algorithm=\"{method}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{digest}\"/><ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo>\
         <ds:SignatureValue></ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
         <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
        method = algorithm.method(),
        digest = algorithm.digest(),
        certificate = STANDARD.encode(certificate_der),
    )
}

/// Signs the document element of `xml`, whose ID is `id`; the Signature follows its Issuer.
///
/// # Errors
/// [`IssueError::Sign`].
pub fn sign(
    xml: String,
    id: &str,
    algorithm: SignatureAlgorithm,
    key: &IdpKey,
) -> Result<String, IssueError> {
    sign_with(xml, &template(id, algorithm, key.certificate_der()), key)
}

/// Like [`sign`], with a Signature template of the caller's.
///
/// # Errors
/// [`IssueError::Sign`].
pub fn sign_with(mut xml: String, template: &str, key: &IdpKey) -> Result<String, IssueError> {
    const ISSUER_END: &str = "</saml:Issuer>";
    let Some(at) = xml.find(ISSUER_END) else {
        return Err(IssueError::Sign(
            "no Issuer to put the Signature after".to_owned(),
        ));
    };
    xml.insert_str(at + ISSUER_END.len(), template);
    sign_template(xml, key)
}

/// Fills in the first Signature of `xml`.
///
/// # Errors
/// [`IssueError::Sign`].
pub fn sign_template(xml: String, key: &IdpKey) -> Result<String, IssueError> {
    sign_owned(&context(key)?, xml).map_err(failed)
}

/// Fills in every Signature of `xml`, the innermost first, so that an outer one covers the inner ones.
///
/// # Errors
/// [`IssueError::Sign`].
pub fn sign_templates(xml: &str, key: &IdpKey) -> Result<String, IssueError> {
    let context = context(key)?;
    let mut doc = uppsala::parse(xml).map_err(|error| IssueError::Sign(error.to_string()))?;
    let signatures = doc.get_elements_by_tag_name_ns("http://www.w3.org/2000/09/xmldsig#", "Signature");
    for signature in signatures.into_iter().rev() {
        sign_document_node(&context, &mut doc, signature).map_err(failed)?;
    }
    Ok(doc.to_xml())
}

/// The key, for the engine.
fn context(key: &IdpKey) -> Result<DsigContext, IssueError> {
    let algorithm = match key.kind() {
        KeyKind::Rsa => KeyAlgorithm::Rsa,
        KeyKind::P256 => KeyAlgorithm::Ec(EcCurve::P256),
        KeyKind::P384 => KeyAlgorithm::Ec(EcCurve::P384),
    };
    let data = KeyData::from_pkcs8_der(algorithm, key.pkcs8_der()).map_err(failed)?;
    let mut manager = KeysManager::new();
    manager.add_key(Key::new(data, KeyUsage::Sign));
    Ok(DsigContext::new(manager))
}

/// The engine's error as ours.
fn failed(error: bergshamra::Error) -> IssueError {
    IssueError::Sign(error.to_string())
}
