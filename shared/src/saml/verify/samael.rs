//! The second engine: samael over libxml2, libxmlsec1 and OpenSSL (cargo feature `samael`).
//!
//! It parses the text again, with another parser. So that both read the same message, the bytes that it digested are
//! compared with the canonical form of our own tree; a difference is a refusal.

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::c14n::{C14nMode, canonicalize_doc};
use bergshamra::xml::nodeset::NodeSet;
use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};

use super::{Signed, TrustedKeys};
use crate::saml::names::{DIGESTS, DSIG, EXC_C14N};
use crate::saml::profile::SignatureSite;
use crate::saml::refusal::{Refusal, RefusalCode};
use crate::saml::xml::El;

/// What the profile lets through, for the engine's own list.
const ALLOWED: [AllowedSignatureAlgorithm; 6] = [
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
    AllowedSignatureAlgorithm::EcdsaSha256,
    AllowedSignatureAlgorithm::EcdsaSha384,
    AllowedSignatureAlgorithm::EcdsaSha512,
];

/// Verifies every signature; see [`super::check`].
///
/// # Errors
/// `digest_mismatch` or `signature_invalid`.
pub fn check(signed: &Signed<'_>, keys: &TrustedKeys) -> Result<(), Refusal> {
    if signed.sites.is_empty() {
        return Ok(());
    }
    let certificates = candidates(signed, keys);
    // Without certificates the engine is known to verify nothing and to succeed.
    if certificates.is_empty() {
        return Err(keys.foreign(signed));
    }
    let alone = certificates.iter().map(std::slice::from_ref);
    let together = (signed.sites.len() > 1).then_some(certificates.as_slice());
    let digested = alone.chain(together).find_map(|some| {
        Crypto::reduce_xml_to_signed_with_allowed_algorithms(
            signed.xml,
            some,
            ReduceMode::PreDigest,
            Some(&ALLOWED),
        )
        .ok()
    });
    let digested = digested.ok_or_else(|| unverified(signed, keys))?;
    // Of two signatures the engine hands back what the Response's covers.
    let outermost = signed
        .sites
        .iter()
        .find(|site| Some(site.signed) == signed.doc.document_element());
    let site = outermost.or(signed.sites.first());
    let ours = site.and_then(|site| canonical(signed, *site));
    if ours.as_deref() == Some(digested.as_bytes()) {
        Ok(())
    } else {
        Err(Refusal::new(
            RefusalCode::SignatureInvalid,
            "a message that two parsers read differently",
        ))
    }
}

/// The certificates of the kind that the signatures were made with. At a key of another kind or curve the engine gives
/// up instead of trying the next, so each is tried alone, and all of the kind together where two certificates may have
/// made two signatures. Two signatures of two kinds are more than it can do, and get none.
fn candidates(signed: &Signed<'_>, keys: &TrustedKeys) -> Vec<CertificateDer> {
    let is_rsa = |site: &SignatureSite| {
        let method = El::at(signed.doc, site.signature)?
            .child(DSIG, "SignedInfo")?
            .child(DSIG, "SignatureMethod")?;
        Some(method.attr("Algorithm")?.contains("#rsa-"))
    };
    let kinds: Vec<Option<bool>> = signed.sites.iter().map(is_rsa).collect();
    match kinds.split_first() {
        Some((Some(rsa), rest)) if rest.iter().all(|other| *other == Some(*rsa)) => keys
            .certificates(*rsa)
            .cloned()
            .map(CertificateDer::from)
            .collect(),
        _ => Vec::new(),
    }
}

/// Tells a changed message from a foreign key, which the engine does not.
fn unverified(signed: &Signed<'_>, keys: &TrustedKeys) -> Refusal {
    if signed.sites.iter().all(|site| digest_holds(signed, *site)) {
        keys.foreign(signed)
    } else {
        Refusal::new(
            RefusalCode::DigestMismatch,
            "an element that was changed after it was signed",
        )
    }
}

/// The bytes that the Reference of `site` covers: the signed element without this Signature, in exclusive
/// canonical form.
fn canonical(signed: &Signed<'_>, site: SignatureSite) -> Option<Vec<u8>> {
    let signature = El::at(signed.doc, site.signature)?;
    let mut nodes = NodeSet::tree_without_comments(site.signed, signed.doc);
    nodes.remove_id(site.signature);
    for id in signed.doc.descendants(site.signature) {
        nodes.remove_id(id);
    }
    let transform = reference(signature)?
        .child(DSIG, "Transforms")?
        .children()
        .last()?;
    let list = transform
        .child(EXC_C14N, "InclusiveNamespaces")
        .and_then(|list| list.attr("PrefixList"));
    let prefixes: Vec<&str> = list.unwrap_or_default().split_whitespace().collect();
    canonicalize_doc(signed.doc, C14nMode::Exclusive, Some(&nodes), &prefixes).ok()
}

/// Whether the digest of `site` holds.
fn digest_holds(signed: &Signed<'_>, site: SignatureSite) -> bool {
    let computed = || {
        let reference = reference(El::at(signed.doc, site.signature)?)?;
        let [sha256, sha384, sha512] = DIGESTS;
        let uri = reference.child(DSIG, "DigestMethod")?.attr("Algorithm")?;
        let known = [(sha256, &SHA256), (sha384, &SHA384), (sha512, &SHA512)];
        let algorithm = known.into_iter().find(|(name, _)| *name == uri)?.1;
        let value: String = reference
            .child(DSIG, "DigestValue")?
            .text()?
            .chars()
            .filter(|c| !c.is_ascii_whitespace())
            .collect();
        let wanted = STANDARD.decode(value).ok()?;
        Some(digest(algorithm, &canonical(signed, site)?).as_ref() == wanted.as_slice())
    };
    computed().unwrap_or(false)
}

/// The Reference.
fn reference(signature: El<'_>) -> Option<El<'_>> {
    signature.child(DSIG, "SignedInfo")?.child(DSIG, "Reference")
}
