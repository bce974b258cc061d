//! Encrypted assertions (saml-core 2.3.4, XML-Enc 1.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::SoftwareKey;
use bergshamra::crypto::cipher;
use bergshamra::crypto::keytransport::{OaepParams, from_uri_with_params};
use getrandom::SysRng;
use kryptering::KeyAlgorithm;
use rsa::oaep::EncryptingKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::RandomizedEncryptor;
use sha1::Sha1;
use sha2::Sha256;
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
    /// `rsa-oaep-mgf1p` with SHA-256 as digest: the mask is SHA-1, as the identifier says (Shibboleth, xmlsec).
    OaepMgf1pSha256,
    /// The same, but masked with SHA-256 too, as senders on OpenSSL's defaults do (npm xml-encryption).
    OaepMgf1pSha256Both,
    /// `rsa-oaep` with SHA-256 as digest, and SHA-1 as the mask that it names.
    OaepSha256MaskSha1,
    /// `rsa-oaep` with SHA-1 as digest, SHA-256 as mask, and a label.
    OaepSha1MaskSha256Labelled,
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

const RSA_OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const RSA_OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const MGF1_SHA1: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
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
    let (uri, method) = method(how.transport);
    let wrapped = STANDARD.encode(wrap(how, content_key)?);
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

/// Identifier and children of the EncryptionMethod.
fn method(transport: Transport) -> (&'static str, String) {
    let digest = |uri: &str| format!("<ds:DigestMethod Algorithm=\"{uri}\"/>");
    let mask = |uri: &str| {
        format!("<xenc11:MGF xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"{uri}\"/>")
    };
    let label = format!("<xenc:OAEPparams>{}</xenc:OAEPparams>", STANDARD.encode(LABEL));
    match transport {
        Transport::OaepMgf1p => (RSA_OAEP_MGF1P, String::new()),
        Transport::OaepMgf1pNamed => (RSA_OAEP_MGF1P, digest(SHA1)),
        Transport::OaepMgf1pSha256 | Transport::OaepMgf1pSha256Both => (RSA_OAEP_MGF1P, digest(SHA256)),
        Transport::OaepSha256 => (RSA_OAEP, digest(SHA256) + &mask(MGF1_SHA256)),
        Transport::OaepSha256Labelled => (RSA_OAEP, label + &digest(SHA256) + &mask(MGF1_SHA256)),
        Transport::OaepSha256MaskSha1 => (RSA_OAEP, digest(SHA256) + &mask(MGF1_SHA1)),
        Transport::OaepSha1MaskSha256Labelled => (RSA_OAEP, label + &digest(SHA1) + &mask(MGF1_SHA256)),
    }
}

/// Wraps the content key for the recipient.
fn wrap(how: &Encryption, content_key: &[u8]) -> Result<Vec<u8>, IssueError> {
    match how.transport {
        Transport::OaepMgf1p | Transport::OaepMgf1pNamed => even(how, SHA1, MGF1_SHA1, None, content_key),
        Transport::OaepSha256 | Transport::OaepMgf1pSha256Both => {
            even(how, SHA256, MGF1_SHA256, None, content_key)
        }
        Transport::OaepSha256Labelled => even(how, SHA256, MGF1_SHA256, Some(LABEL), content_key),
        Transport::OaepMgf1pSha256 | Transport::OaepSha256MaskSha1 => {
            mixed(EncryptingKey::<Sha256, Sha1>::new(public_key(how)?), content_key)
        }
        Transport::OaepSha1MaskSha256Labelled => {
            let key = EncryptingKey::<Sha1, Sha256>::new_with_label(public_key(how)?, LABEL);
            mixed(key, content_key)
        }
    }
}

/// One hash for both, by aws-lc.
fn even(
    how: &Encryption,
    digest: &str,
    mask: &str,
    label: Option<&[u8]>,
    content_key: &[u8],
) -> Result<Vec<u8>, IssueError> {
    let params = OaepParams {
        digest_uri: Some(digest.to_owned()),
        mgf_uri: Some(mask.to_owned()),
        oaep_params: label.map(<[u8]>::to_vec),
    };
    let transport = from_uri_with_params(RSA_OAEP, params).map_err(failed)?;
    let key = SoftwareKey::from_spki_der(KeyAlgorithm::Rsa, &spki(how)?)
        .map_err(|_| IssueError::Encrypt("no RSA key in the certificate".to_owned()))?;
    transport.encrypt(&key, content_key).map_err(failed)
}

/// Two hashes, by `rsa`.
fn mixed(key: impl RandomizedEncryptor, content_key: &[u8]) -> Result<Vec<u8>, IssueError> {
    let wrapped = key.encrypt_with_rng(&mut SysRng, content_key);
    wrapped.map_err(|error| IssueError::Encrypt(error.to_string()))
}

fn public_key(how: &Encryption) -> Result<rsa::PublicKey, IssueError> {
    rsa::PublicKey::from_public_key_der(&spki(how)?)
        .map_err(|_| IssueError::Encrypt("no RSA key in the certificate".to_owned()))
}

/// The recipient's SubjectPublicKeyInfo.
fn spki(how: &Encryption) -> Result<Vec<u8>, IssueError> {
    let (_, certificate) = X509Certificate::from_der(&how.certificate_der)
        .map_err(|_| IssueError::Encrypt("no X.509 certificate".to_owned()))?;
    Ok(certificate.public_key().raw.to_vec())
}

/// The library's error as ours.
fn failed(error: bergshamra::Error) -> IssueError {
    IssueError::Encrypt(error.to_string())
}
