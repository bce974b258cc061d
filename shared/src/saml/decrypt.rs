//! EncryptedAssertion (saml-core 2.3.4, XML-Enc 1.0 and 1.1), by bergshamra's key transport and cipher.
//!
//! Its own `decrypt()` rewrites the plaintext into the document; here the plaintext is handed back as it is. Whatever
//! fails after the algorithms are known gives one refusal: which step failed is what an oracle needs.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use bergshamra::crypto::cipher::{self, CipherAlgorithm};
use zeroize::Zeroizing;

use super::names::{AES128_CBC, AES128_GCM, AES256_CBC, AES256_GCM, DSIG, XENC};
use super::oaep::{KeyTransport, OpenedKey};
use super::refusal::{Refusal, RefusalCode, shown};
use super::xml::El;

/// Most EncryptedKeys of one assertion: each costs a private-key operation per configured key.
const MAX_ENCRYPTED_KEYS: usize = 4;

/// base64 as senders write it: wrapped, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A private RSA key of ours as PKCS#8 DER. It never shows itself and is wiped on drop.
#[derive(Clone)]
pub struct DecryptionKey(Zeroizing<Vec<u8>>);

impl DecryptionKey {
    /// Wraps PKCS#8 DER (RFC 5208).
    #[must_use]
    pub fn from_pkcs8_der(der: Vec<u8>) -> Self {
        Self(Zeroizing::new(der))
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DecryptionKey([redacted])")
    }
}

/// The plaintext of an EncryptedAssertion.
pub struct Decrypted {
    /// XML text, wiped on drop.
    pub plaintext: Zeroizing<String>,
    /// Whether the cipher itself vouches that nobody altered the ciphertext (GCM does, CBC does not).
    pub authenticated: bool,
}

/// What an EncryptedAssertion holds, its algorithms checked.
struct Envelope {
    authenticated: bool,
    cipher: Box<dyn CipherAlgorithm>,
    ciphertext: Vec<u8>,
    keys: Vec<(KeyTransport, Vec<u8>)>,
}

/// Decrypts `encrypted` into XML text. `cbc_allowed`: the Response around it was verified, or the connection's switch.
///
/// # Errors
/// What is wrong with the form and the algorithms; else only `decryption_failed`.
pub fn decrypt(encrypted: El<'_>, keys: &[DecryptionKey], cbc_allowed: bool) -> Result<Decrypted, Refusal> {
    if keys.is_empty() {
        return Err(Refusal::new(RefusalCode::DecryptionKeyMissing, "none"));
    }
    let envelope = read(encrypted, cbc_allowed)?;
    for key in keys {
        let Some(key) = OpenedKey::new(key) else {
            continue;
        };
        if let Some(plaintext) = envelope.open(&key) {
            return Ok(Decrypted {
                plaintext,
                authenticated: envelope.authenticated,
            });
        }
    }
    Err(failed())
}

/// The one refusal of everything that fails after the algorithms are known.
#[must_use]
pub fn failed() -> Refusal {
    Refusal::new(RefusalCode::DecryptionFailed, "no readable assertion")
}

impl Envelope {
    /// Tries each EncryptedKey with `key`.
    fn open(&self, key: &OpenedKey<'_>) -> Option<Zeroizing<String>> {
        self.keys.iter().find_map(|(transport, wrapped)| {
            let content_key = transport.open(key, wrapped)?;
            if content_key.len() != self.cipher.key_size() {
                return None;
            }
            let plaintext = self.cipher.decrypt(&content_key, &self.ciphertext).ok()?;
            String::from_utf8(plaintext).ok().map(Zeroizing::new)
        })
    }
}

/// Reads EncryptedData and the EncryptedKeys, which stand inside its KeyInfo or beside it.
fn read(encrypted: El<'_>, cbc_allowed: bool) -> Result<Envelope, Refusal> {
    let children: Vec<El<'_>> = encrypted.children().collect();
    let known = |child: &El<'_>| child.is(XENC, "EncryptedData") || child.is(XENC, "EncryptedKey");
    if !children.iter().all(known) || encrypted.has_loose_text() {
        return Err(malformed("something else inside EncryptedAssertion"));
    }
    let mut data = children.iter().filter(|child| child.is(XENC, "EncryptedData"));
    let (Some(data), None) = (data.next(), data.next()) else {
        return Err(malformed("not exactly one EncryptedData"));
    };
    let cipher = content_cipher(*data, cbc_allowed)?;
    let inline = data
        .child(DSIG, "KeyInfo")
        .into_iter()
        .flat_map(|info| info.children_named(XENC, "EncryptedKey"));
    let beside = children
        .iter()
        .copied()
        .filter(|child| child.is(XENC, "EncryptedKey"));
    let encrypted_keys: Vec<El<'_>> = inline.chain(beside).collect();
    if !(1..=MAX_ENCRYPTED_KEYS).contains(&encrypted_keys.len()) {
        return Err(malformed(&format!("{} EncryptedKeys", encrypted_keys.len())));
    }
    let mut keys = Vec::new();
    let mut forbidden = None;
    for encrypted_key in encrypted_keys {
        match KeyTransport::of(encrypted_key) {
            Ok(transport) => keys.push((transport, cipher_value(encrypted_key)?)),
            Err(refusal) => forbidden = Some(refusal),
        }
    }
    match forbidden {
        Some(refusal) if keys.is_empty() => Err(refusal),
        _ => Ok(Envelope {
            authenticated: matches!(algorithm(*data)?, AES128_GCM | AES256_GCM),
            cipher,
            ciphertext: cipher_value(*data)?,
            keys,
        }),
    }
}

/// The cipher of EncryptedData.
fn content_cipher(data: El<'_>, cbc_allowed: bool) -> Result<Box<dyn CipherAlgorithm>, Refusal> {
    let uri = algorithm(data)?;
    match uri {
        AES128_GCM | AES256_GCM => {}
        AES128_CBC | AES256_CBC if cbc_allowed => {}
        AES128_CBC | AES256_CBC => {
            return Err(Refusal::new(
                RefusalCode::EncryptionCbcForbidden,
                "AES-CBC in an unsigned Response",
            ));
        }
        other => {
            return Err(Refusal::new(
                RefusalCode::EncryptionAlgorithmForbidden,
                shown(other).to_string(),
            ));
        }
    }
    cipher::from_uri(uri)
        .map_err(|_| Refusal::new(RefusalCode::EncryptionAlgorithmForbidden, shown(uri).to_string()))
}

/// `EncryptionMethod/@Algorithm`.
pub(super) fn algorithm(encrypted: El<'_>) -> Result<&str, Refusal> {
    let method = encrypted
        .child(XENC, "EncryptionMethod")
        .and_then(|method| method.attr("Algorithm"));
    method.ok_or_else(|| malformed("no EncryptionMethod"))
}

/// `CipherData/CipherValue`; a CipherReference would have to be fetched and is none.
fn cipher_value(encrypted: El<'_>) -> Result<Vec<u8>, Refusal> {
    let value = encrypted
        .child(XENC, "CipherData")
        .and_then(|data| data.child(XENC, "CipherValue"));
    decode(value.ok_or_else(|| malformed("no CipherValue"))?)
}

/// The base64 text of an element.
pub(super) fn decode(element: El<'_>) -> Result<Vec<u8>, Refusal> {
    let text = element
        .raw_text()
        .ok_or_else(|| malformed("a value that is no text"))?;
    let clean: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64
        .decode(clean)
        .map_err(|_| malformed("a value that is no base64"))
}

/// The form is another.
fn malformed(got: &str) -> Refusal {
    Refusal::new(RefusalCode::EncryptionMalformed, got)
}
