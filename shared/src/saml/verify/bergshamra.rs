//! The default engine: bergshamra on the document that is already parsed, over aws-lc.

use bergshamra::dsig::verify::verify_all_document;
use bergshamra::{DsigContext, VerifyResult};

use super::{Signed, TrustedKeys};
use crate::saml::profile::SignatureSite;
use crate::saml::refusal::{Refusal, RefusalCode};

/// Verifies every signature; see [`super::check`].
///
/// # Errors
/// `digest_mismatch` or `signature_invalid`.
pub fn check(signed: &Signed<'_>, keys: &TrustedKeys) -> Result<(), Refusal> {
    if signed.sites.is_empty() {
        return Ok(());
    }
    // `new` takes only the manager's keys, checks the place of the target, and wants every digest computed.
    let context = DsigContext::new(keys.manager());
    let results = verify_all_document(&context, signed.doc)
        .map_err(|error| unverified(&error.to_string(), signed, keys))?;
    if results.len() != signed.sites.len() {
        return Err(Refusal::new(
            RefusalCode::SignatureInvalid,
            "another number of signatures",
        ));
    }
    for (site, result) in signed.sites.iter().zip(&results) {
        check_one(*site, result, signed, keys)?;
    }
    Ok(())
}

/// The engine's verdict on one signature, held against what the profile saw.
fn check_one(
    site: SignatureSite,
    result: &VerifyResult,
    signed: &Signed<'_>,
    keys: &TrustedKeys,
) -> Result<(), Refusal> {
    let (signature, references) = match result {
        VerifyResult::Valid {
            signature_node,
            references,
            ..
        } => (*signature_node, references),
        VerifyResult::Invalid { reason } => return Err(unverified(reason, signed, keys)),
    };
    let same = signature == site.signature
        && matches!(references.as_slice(), [only] if only.digest_verified && only.resolved_node == Some(site.signed));
    if same && result.all_reference_digests_verified() {
        Ok(())
    } else {
        Err(Refusal::new(
            RefusalCode::SignatureInvalid,
            "a signature over something else",
        ))
    }
}

/// Tells a changed message from a foreign key; the engine's own words are not passed on.
fn unverified(reason: &str, signed: &Signed<'_>, keys: &TrustedKeys) -> Refusal {
    if reason.starts_with("Reference digest failed") {
        return Refusal::new(
            RefusalCode::DigestMismatch,
            "an element that was changed after it was signed",
        );
    }
    keys.foreign(signed)
}
