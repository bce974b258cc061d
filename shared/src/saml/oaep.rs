//! RSA-OAEP, the key transport of encrypted assertions (XML-Enc 1.1, section 5.5.2; RFC 8017, section 7.1).
//!
//! Where digest and mask have the same hash, aws-lc opens the key, through bergshamra. It knows no other case; senders do
//! (Shibboleth, xmlsec: SHA-256 as digest, SHA-1 as mask), so those are opened by `rsa`, whose private operation is
//! constant in time and blinded since 0.10 (docs/decisions/0014).

use bergshamra::SoftwareKey;
use bergshamra::crypto::keytransport::{KeyTransportAlgorithm, OaepParams, from_uri_with_params};
use kryptering::KeyAlgorithm;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Oaep, PrivateKey};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::decrypt::{DecryptionKey, algorithm, decode};
use super::names::{DSIG, MGF1_SHA1, MGF1_SHA256, RSA_OAEP, RSA_OAEP_MGF1P, SHA1, SHA256, XENC, XENC11};
use super::refusal::{Refusal, RefusalCode, shown};
use super::xml::El;

/// How an EncryptedKey may have been made: one way, or two where senders disagree about what an absent mask means.
pub(super) struct KeyTransport(Vec<Way>);

enum Way {
    /// Digest and mask of one hash.
    Even(Box<dyn KeyTransportAlgorithm>),
    /// Digest and mask of different hashes.
    Mixed { digest: Hash, label: Vec<u8> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    fn of_digest(uri: &str) -> Option<Self> {
        match uri {
            SHA1 => Some(Self::Sha1),
            SHA256 => Some(Self::Sha256),
            _ => None,
        }
    }

    fn of_mask(uri: &str) -> Option<Self> {
        match uri {
            MGF1_SHA1 => Some(Self::Sha1),
            MGF1_SHA256 => Some(Self::Sha256),
            _ => None,
        }
    }
}

/// A private key, ready for both libraries.
pub(super) struct OpenedKey<'k> {
    even: SoftwareKey,
    key: &'k DecryptionKey,
}

impl<'k> OpenedKey<'k> {
    /// `None` when it is no RSA key.
    pub(super) fn new(key: &'k DecryptionKey) -> Option<Self> {
        let even = SoftwareKey::from_pkcs8_der(KeyAlgorithm::Rsa, key.der()).ok()?;
        Some(Self { even, key })
    }
}

impl KeyTransport {
    /// Reads the EncryptionMethod of an EncryptedKey.
    ///
    /// # Errors
    /// `key_transport_forbidden` for anything but RSA-OAEP with SHA-1 or SHA-256.
    pub(super) fn of(encrypted_key: El<'_>) -> Result<Self, Refusal> {
        let uri = algorithm(encrypted_key)?;
        if !matches!(uri, RSA_OAEP | RSA_OAEP_MGF1P) {
            return Err(forbidden(uri));
        }
        let method = encrypted_key.child(XENC, "EncryptionMethod");
        let named = |namespace, name| {
            let element = method.and_then(|method| method.child(namespace, name));
            element.map(|element| element.attr("Algorithm").unwrap_or_default())
        };
        let digest = Hash::of_digest(named(DSIG, "DigestMethod").unwrap_or(SHA1));
        let digest =
            digest.ok_or_else(|| Refusal::new(RefusalCode::KeyTransportForbidden, "another digest"))?;
        let masks = masks(uri, digest, named(XENC11, "MGF"))?;
        let label = method
            .and_then(|method| method.child(XENC, "OAEPparams"))
            .map(decode)
            .transpose()?;
        let ways = masks
            .into_iter()
            .map(|mask| Way::of(digest, mask, label.as_deref()));
        ways.collect::<Result<_, _>>().map(Self)
    }

    /// The content key; `None` when `key` does not open it, for whatever reason.
    pub(super) fn open(&self, key: &OpenedKey<'_>, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.iter().find_map(|way| way.open(key, wrapped))
    }
}

/// The masks to try. Without an MGF element it is SHA-1 by the specification, and always so under the 1.0 identifier;
/// senders on OpenSSL's defaults (npm xml-encryption) take the digest's hash.
fn masks(uri: &str, digest: Hash, named: Option<&str>) -> Result<Vec<Hash>, Refusal> {
    let Some(named) = named else {
        return Ok(match digest {
            Hash::Sha1 => vec![Hash::Sha1],
            Hash::Sha256 => vec![Hash::Sha1, Hash::Sha256],
        });
    };
    match (uri, Hash::of_mask(named)) {
        (RSA_OAEP, Some(mask)) | (_, Some(mask @ Hash::Sha1)) => Ok(vec![mask]),
        (_, Some(Hash::Sha256)) => Err(Refusal::wanting(
            RefusalCode::KeyTransportForbidden,
            "rsa-oaep of XML-Enc 1.1, or MGF1 with SHA-1",
            "rsa-oaep-mgf1p with another mask",
        )),
        (_, None) => Err(Refusal::new(RefusalCode::KeyTransportForbidden, "another mask")),
    }
}

impl Way {
    fn of(digest: Hash, mask: Hash, label: Option<&[u8]>) -> Result<Self, Refusal> {
        if digest != mask {
            let label = label.unwrap_or_default().to_vec();
            return Ok(Self::Mixed { digest, label });
        }
        let (digest, mask) = match digest {
            Hash::Sha1 => (SHA1, MGF1_SHA1),
            Hash::Sha256 => (SHA256, MGF1_SHA256),
        };
        let params = OaepParams {
            digest_uri: Some(digest.to_owned()),
            mgf_uri: Some(mask.to_owned()),
            oaep_params: label.map(<[u8]>::to_vec),
        };
        from_uri_with_params(RSA_OAEP, params)
            .map(Self::Even)
            .map_err(|_| forbidden(RSA_OAEP))
    }

    fn open(&self, key: &OpenedKey<'_>, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let opened = match self {
            Self::Even(transport) => transport.decrypt(&key.even, wrapped).ok(),
            Self::Mixed { digest, label } => {
                let key = PrivateKey::from_pkcs8_der(key.key.der()).ok()?;
                let label = label.as_slice();
                match digest {
                    Hash::Sha1 => {
                        let padding = Oaep::<Sha1, Sha256>::new_with_mgf_hash_and_label(label);
                        key.decrypt(padding, wrapped).ok()
                    }
                    Hash::Sha256 => {
                        let padding = Oaep::<Sha256, Sha1>::new_with_mgf_hash_and_label(label);
                        key.decrypt(padding, wrapped).ok()
                    }
                }
            }
        };
        opened.map(Zeroizing::new)
    }
}

fn forbidden(got: &str) -> Refusal {
    Refusal::new(RefusalCode::KeyTransportForbidden, shown(got).to_string())
}
