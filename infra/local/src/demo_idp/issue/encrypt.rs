//! Encrypted assertions (saml-core 2.3.4, XML-Enc 1.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::SoftwareKey;
use bergshamra::crypto::cipher;
use bergshamra::crypto::keytransport::{OaepParams, from_uri_with_params};
use kryptering::KeyAlgorithm;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::IssueError;

/// Content ciphers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cipher {
    /// AES-128-GCM, Shibboleth's default.
    #[default]
    Aes128Gcm,
    /// AES-256-GCM.
    Aes256Gcm,
    /// AES-128-CBC.
    Aes128Cbc,
    /// AES-256-CBC, Entra's default.
    Aes256Cbc,
}

impl Cipher {
    /// The identifier.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            Self::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        }
    }
}

/// Key transports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// `rsa-oaep-mgf1p` without parameters: SHA-1 all through.
    #[default]
    OaepMgf1p,
    /// `rsa-oaep-mgf1p` that names its SHA-1.
    OaepMgf1pNamed,
    /// `rsa-oaep` with SHA-256 as digest and mask.
    OaepSha256,
    /// `rsa-oaep` with SHA-256 and a label.
    OaepSha256Labelled,
}

/// Where the EncryptedKey stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyPlace {
    /// In the KeyInfo of EncryptedData.
    #[default]
    Inline,
    /// Beside EncryptedData, as saml-core 2.3.4 shows it.
    Beside,
}

/// How and for whom an assertion is encrypted.
#[derive(Clone, Debug)]
pub struct Encryption {
    /// The recipient's certificate, DER, with an RSA key.
    pub certificate_der: Vec<u8>,
    /// The content cipher.
    pub cipher: Cipher,
    /// The key transport.
    pub transport: Transport,
    /// Where the key stands.
    pub place: KeyPlace,
}

impl Encryption {
    /// Encryption for a certificate, AES-128-GCM and RSA-OAEP.
    #[must_use]
    pub fn new(certificate_der: Vec<u8>) -> Self {
        Self {
            certificate_der,
            cipher: Cipher::default(),
            transport: Transport::default(),
            place: KeyPlace::default(),
        }
    }
}

const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";
const LABEL: &[u8] = b"gatehouse demo";

/// Encrypts the assertion `xml` into an EncryptedAssertion.
///
/// # Errors
/// [`IssueError::Encrypt`], [`IssueError::Random`].
pub fn encrypt(xml: &str, how: &Encryption) -> Result<String, IssueError> {
    encrypt_bytes(xml.as_bytes(), how)
}

/// Like [`encrypt`], for any plaintext.
///
/// # Errors
/// [`IssueError::Encrypt`], [`IssueError::Random`].
pub fn encrypt_bytes(plaintext: &[u8], how: &Encryption) -> Result<String, IssueError> {
    let cipher = cipher::from_uri(how.cipher.uri()).map_err(failed)?;
    let secret = gatehouse::random::bytes::<32>()?;
    let content_key = secret.get(..cipher.key_size()).unwrap_or(&secret);
    let content = STANDARD.encode(cipher.encrypt(content_key, plaintext).map_err(failed)?);
    let (uri, params, method) = transport(how.transport);
    let transport = from_uri_with_params(uri, params).map_err(failed)?;
    let key = recipient(&how.certificate_der)?;
    let wrapped = STANDARD.encode(transport.encrypt(&key, content_key).map_err(failed)?);
    let encrypted_key = format!(
        "<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"{uri}\">{method}</xenc:EncryptionMethod>\
         <xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
    );
    let (inline, beside) = match how.place {
        KeyPlace::Inline => (encrypted_key, String::new()),
        KeyPlace::Beside => ("<ds:RetrievalMethod URI=\"#ek\"/>".to_owned(), encrypted_key),
    };
    Ok(format!(
        "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <xenc:EncryptedData Type=\"http://www.w3.org/2001/04/xmlenc#Element\">\
         <xenc:EncryptionMethod Algorithm=\"{cipher}\"/><ds:KeyInfo>{inline}</ds:KeyInfo>\
         <xenc:CipherData><xenc:CipherValue>{content}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>\
         {beside}</saml:EncryptedAssertion>",
        cipher = how.cipher.uri(),
    ))
}

/// Identifier, parameters and the children of EncryptionMethod.
fn transport(transport: Transport) -> (&'static str, OaepParams, String) {
    let sha256 = |label: Option<&[u8]>| {
        let params = OaepParams {
            digest_uri: Some(SHA256.to_owned()),
            mgf_uri: Some(MGF1_SHA256.to_owned()),
            oaep_params: label.map(<[u8]>::to_vec),
        };
        let label = label.map_or(String::new(), |label| {
            format!("<xenc:OAEPparams>{}</xenc:OAEPparams>", STANDARD.encode(label))
        });
        let method = format!(
            "{label}<ds:DigestMethod Algorithm=\"{SHA256}\"/>\
             <xenc11:MGF xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"{MGF1_SHA256}\"/>"
        );
        ("http://www.w3.org/2009/xmlenc11#rsa-oaep", params, method)
    };
    let mgf1p = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    match transport {
        Transport::OaepMgf1p => (mgf1p, OaepParams::default(), String::new()),
        Transport::OaepMgf1pNamed => (
            mgf1p,
            OaepParams::default(),
            "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/>".to_owned(),
        ),
        Transport::OaepSha256 => sha256(None),
        Transport::OaepSha256Labelled => sha256(Some(LABEL)),
    }
}

/// The recipient's public key.
fn recipient(certificate_der: &[u8]) -> Result<SoftwareKey, IssueError> {
    let (_, certificate) = X509Certificate::from_der(certificate_der)
        .map_err(|_| IssueError::Encrypt("no X.509 certificate".to_owned()))?;
    SoftwareKey::from_spki_der(KeyAlgorithm::Rsa, certificate.public_key().raw)
        .map_err(|_| IssueError::Encrypt("no RSA key in the certificate".to_owned()))
}

/// The library's error as ours.
fn failed(error: bergshamra::Error) -> IssueError {
    IssueError::Encrypt(error.to_string())
}
