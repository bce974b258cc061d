//! Signature verification behind a seam without traits: one function, chosen by cargo feature, and a token that only
//! it can make. What is read later is read from [`Verified`] elements only.

pub mod bergshamra;
#[cfg(feature = "samael")]
pub mod samael;
mod trusted_keys;

use uppsala::{Document, NodeId};

use super::profile::SignatureSite;
use super::refusal::Refusal;
use super::xml::El;

pub use trusted_keys::TrustedKeys;

/// A parsed document and the signatures in it that fit the profile.
#[derive(Clone, Copy)]
pub struct Signed<'d> {
    /// The text that `doc` was parsed from, for an engine with a parser of its own.
    pub xml: &'d str,
    /// The parsed document.
    pub doc: &'d Document<'d>,
    /// Its signatures, all of them, in document order.
    pub sites: &'d [SignatureSite],
}

/// An element whose bytes a configured certificate has signed.
#[derive(Clone, Copy)]
pub struct Verified<'d>(El<'d>);

impl<'d> Verified<'d> {
    /// The element, to read from.
    #[must_use]
    pub fn element(self) -> El<'d> {
        self.0
    }

    /// A direct child of a verified element: the signature covers it, unless it is a Signature itself.
    #[must_use]
    pub fn child(self, node: NodeId) -> Option<Self> {
        let child = self.0.children().find(|child| child.id() == node)?;
        (!child.is(super::names::DSIG, "Signature")).then_some(Self(child))
    }

    /// What a verified EncryptedAssertion decrypts to: the signature covers the ciphertext, so it vouches for the
    /// plaintext.
    #[must_use]
    pub fn plaintext(self, assertion: El<'_>) -> Verified<'_> {
        Verified(assertion)
    }
}

/// Verifies every signature of `signed`; all must be good. The result holds the signed elements in the same order.
///
/// # Errors
/// `digest_mismatch` or `signature_invalid`.
pub fn check<'d>(signed: &Signed<'d>, keys: &TrustedKeys) -> Result<Vec<Verified<'d>>, Refusal> {
    #[cfg(not(feature = "samael"))]
    bergshamra::check(signed, keys)?;
    #[cfg(feature = "samael")]
    samael::check(signed, keys)?;
    Ok(signed
        .sites
        .iter()
        .filter_map(|site| El::at(signed.doc, site.signed).map(Verified))
        .collect())
}
