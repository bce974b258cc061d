//! From an EncryptedAssertion to a verified Assertion.
//!
//! The outer profile and the outer signature, which covers the encrypted form, are behind us. The plaintext is parsed
//! once, inside a wrapper that carries the namespaces in scope at the EncryptedAssertion, and nothing is grafted back.

use std::collections::HashSet;
use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::{Expectations, NameId, Verdict, subject, unsigned};
use crate::saml::decrypt::{self, Decrypted, DecryptionKey};
use crate::saml::prescan::prescan;
use crate::saml::profile;
use crate::saml::refusal::{Refusal, RefusalCode};
use crate::saml::verify::{self, Signed, TrustedKeys, Verified};
use crate::saml::xml::El;

/// Decrypts, applies the profile again, verifies the inner signature and hands the assertion to `conclude`.
pub(super) fn open<T>(
    encrypted: El<'_>,
    signed_response: Option<Verified<'_>>,
    outer_ids: &HashSet<String>,
    keys: &TrustedKeys,
    expect: &Expectations<'_>,
    conclude: impl FnOnce(&Verdict<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let carrier = signed_response.and_then(|response| response.child(encrypted.id()));
    let cbc_allowed = carrier.is_some() || expect.allow_cbc;
    let Decrypted {
        plaintext,
        authenticated,
    } = decrypt::decrypt(encrypted, expect.decryption_keys, cbc_allowed)?;
    // Somebody who may alter unauthenticated ciphertext must not learn how far the result got.
    let tell = |refusal: Refusal| {
        let oracle = !authenticated && carrier.is_none();
        if oracle || refusal.reason() == RefusalCode::XmlMalformed {
            decrypt::failed()
        } else {
            refusal
        }
    };
    let wrapped = wrap(encrypted, prescan(&plaintext).map_err(tell)?);
    let doc = profile::parse_scanned(&wrapped).map_err(tell)?;
    let inner = profile::inner(&doc, outer_ids, carrier.is_some()).map_err(tell)?;
    let signed = Signed {
        xml: &wrapped,
        doc: &doc,
        sites: &inner.sites,
    };
    let own = verify::check(&signed, keys).map_err(tell)?.into_iter().next();
    let assertion = match (own, carrier) {
        (Some(own), _) => own,
        (None, Some(carrier)) => {
            let element = El::at(&doc, inner.assertion).ok_or_else(decrypt::failed)?;
            carrier.plaintext(element)
        }
        (None, None) => return Err(tell(unsigned())),
    };
    conclude(&Verdict {
        assertion,
        assertion_signed: own.is_some(),
        encrypted: true,
    })
}

/// What an EncryptedID holds, inside a message whose signature was verified: one NameID (saml-core 2.2.4).
pub(in crate::saml) fn name_id(encrypted: El<'_>, keys: &[DecryptionKey]) -> Result<NameId, Refusal> {
    let decrypted = decrypt::decrypt(encrypted, keys, true)?;
    let wrapped = wrap(encrypted, prescan(&decrypted.plaintext)?);
    let doc = profile::parse_scanned(&wrapped)?;
    let wrapper = El::root(&doc).ok_or_else(decrypt::failed)?;
    profile::identifier(&doc)?;
    subject::name_id(wrapper)?.ok_or_else(decrypt::failed)
}

/// Puts the plaintext into an element that declares the namespaces in scope at `encrypted`.
fn wrap(encrypted: El<'_>, plaintext: &str) -> Zeroizing<String> {
    let mut wrapped = Zeroizing::new(String::with_capacity(plaintext.len() + 1024));
    wrapped.push_str("<plaintext");
    for (prefix, uri) in encrypted.namespaces_in_scope() {
        if prefix == "xml" {
            continue;
        }
        let colon = if prefix.is_empty() { "" } else { ":" };
        // Writing to a String cannot fail.
        let _ = write!(wrapped, " xmlns{colon}{prefix}=\"{}\"", escaped(uri));
    }
    wrapped.push('>');
    wrapped.push_str(plaintext);
    wrapped.push_str("</plaintext>");
    wrapped
}

/// Escapes an attribute value.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
    out
}
