//! Where Response, assertion and signatures must be.

use std::collections::HashSet;

use uppsala::Document;

use super::tree::{Found, walk};
use super::{Body, Inner, Outer, SignatureSite, signature};
use crate::saml::names::{ASSERTION, DSIG, PROTOCOL};
use crate::saml::refusal::{Refusal, RefusalCode, shown};
use crate::saml::response::status;
use crate::saml::xml::El;

/// Applies the profile to the document that arrived.
///
/// # Errors
/// The first rule that is broken.
pub fn outer<'d>(doc: &'d Document<'d>) -> Result<Outer, Refusal> {
    let found = walk(doc, &HashSet::new())?;
    let response = El::root(doc)
        .filter(|root| root.is(PROTOCOL, "Response"))
        .ok_or_else(|| {
            let name = El::root(doc).map_or("", El::local_name);
            Refusal::new(
                RefusalCode::RootNotResponse,
                format!("the root element {}", shown(name)),
            )
        })?;
    let assertion = one_assertion(&found, response)?;
    let plain = assertion.is(ASSERTION, "Assertion");
    let parents: &[El<'d>] = if plain {
        &[response, assertion]
    } else {
        &[response]
    };
    let sites = sites(&found, parents)?;
    if plain && sites.is_empty() {
        return Err(Refusal::new(RefusalCode::SignatureMissing, "neither is signed"));
    }
    check_children(response)?;
    check_id(response)?;
    if plain {
        check_id(assertion)?;
    }
    let body = if plain {
        Body::Plain(assertion.id())
    } else {
        Body::Encrypted(assertion.id())
    };
    Ok(Outer {
        response: response.id(),
        body,
        sites,
        ids: found.ids,
    })
}

/// Applies the profile to decrypted plaintext: `doc` is the wrapper around it, `outer_ids` those of the Response.
///
/// # Errors
/// The first rule that is broken; `decryption_failed` when the wrapper holds something else than one Assertion.
pub fn inner<'d>(
    doc: &'d Document<'d>,
    outer_ids: &HashSet<String>,
    response_signed: bool,
) -> Result<Inner, Refusal> {
    let found = walk(doc, outer_ids)?;
    let wrapper = El::root(doc).ok_or_else(not_one_assertion)?;
    let mut children = wrapper.children();
    let assertion = match (children.next(), children.next()) {
        (Some(only), None) if only.is(ASSERTION, "Assertion") && !wrapper.has_loose_text() => only,
        _ => return Err(not_one_assertion()),
    };
    if found.assertions.len() > 1 {
        return Err(Refusal::new(
            RefusalCode::AssertionMultiple,
            format!("{}", found.assertions.len()),
        ));
    }
    let sites = sites(&found, &[assertion])?;
    if sites.is_empty() && !response_signed {
        return Err(Refusal::new(RefusalCode::SignatureMissing, "neither is signed"));
    }
    check_id(assertion)?;
    Ok(Inner {
        assertion: assertion.id(),
        sites,
    })
}

/// Applies the profile to a protocol message other than a Response: `root`, which carries no assertion. Returns its
/// signature, if it has one.
///
/// # Errors
/// The first rule that is broken.
pub fn message<'d>(doc: &'d Document<'d>, root: El<'d>) -> Result<Vec<SignatureSite>, Refusal> {
    let found = walk(doc, &HashSet::new())?;
    if !found.assertions.is_empty() {
        return Err(Refusal::wanting(
            RefusalCode::AssertionMisplaced,
            "a message without assertions",
            "one inside",
        ));
    }
    let sites = sites(&found, &[root])?;
    check_id(root)?;
    Ok(sites)
}

/// Applies the profile to a decrypted identifier: nothing in it is an assertion or a signature.
///
/// # Errors
/// The first rule that is broken; `decryption_failed` when there is more than an identifier.
pub fn identifier<'d>(doc: &'d Document<'d>) -> Result<(), Refusal> {
    let found = walk(doc, &HashSet::new())?;
    if found.assertions.is_empty() && found.signatures.is_empty() {
        Ok(())
    } else {
        Err(Refusal::new(
            RefusalCode::DecryptionFailed,
            "no readable identifier",
        ))
    }
}

/// Decryption gave something that is not one assertion.
fn not_one_assertion() -> Refusal {
    Refusal::new(RefusalCode::DecryptionFailed, "no readable assertion")
}

/// The one assertion, directly inside the Response.
fn one_assertion<'d>(found: &Found<'d>, response: El<'d>) -> Result<El<'d>, Refusal> {
    match found.assertions.as_slice() {
        [] => {
            // A failed Status comes without an assertion: say what the IdP said.
            status::check(response)?;
            Err(Refusal::new(RefusalCode::AssertionMissing, "none"))
        }
        [only] if only.parent().map(El::id) == Some(response.id()) => Ok(*only),
        [_] => Err(Refusal::new(
            RefusalCode::AssertionMisplaced,
            "an assertion deeper inside",
        )),
        several => Err(Refusal::new(
            RefusalCode::AssertionMultiple,
            format!("{}", several.len()),
        )),
    }
}

/// The signatures, each directly inside one of `parents` and of the one shape that is verified.
fn sites(found: &Found<'_>, parents: &[El<'_>]) -> Result<Vec<SignatureSite>, Refusal> {
    let mut sites: Vec<SignatureSite> = Vec::new();
    for signature in &found.signatures {
        let signed = signature
            .parent()
            .filter(|parent| parents.iter().any(|known| known.id() == parent.id()));
        let Some(signed) = signed else {
            let around = signature.parent().map_or("", El::local_name);
            return Err(Refusal::new(
                RefusalCode::SignatureMisplaced,
                format!("one inside {}", shown(around)),
            ));
        };
        if sites.iter().any(|site| site.signed == signed.id()) {
            return Err(Refusal::new(
                RefusalCode::SignatureMultiple,
                format!("two in {}", signed.local_name()),
            ));
        }
        signature::check(*signature, signed)?;
        sites.push(SignatureSite {
            signature: signature.id(),
            signed: signed.id(),
        });
    }
    Ok(sites)
}

/// The Response holds only what saml-core 3.2.2 and 3.3.3 name, each in its own namespace.
///
/// A Signature whose namespace was damaged is an unknown element, not a signature: without this rule a message signed
/// twice would pass as one that is signed once.
fn check_children(response: El<'_>) -> Result<(), Refusal> {
    const NAMED: [(&str, &str); 6] = [
        (ASSERTION, "Issuer"),
        (DSIG, "Signature"),
        (PROTOCOL, "Extensions"),
        (PROTOCOL, "Status"),
        (ASSERTION, "Assertion"),
        (ASSERTION, "EncryptedAssertion"),
    ];
    let unknown = response
        .children()
        .find(|child| !NAMED.iter().any(|(namespace, local)| child.is(namespace, local)));
    match unknown {
        None => Ok(()),
        Some(child) => Err(Refusal::new(
            RefusalCode::ResponseElementUnknown,
            format!("an element {}", shown(child.local_name())),
        )),
    }
}

/// The ID is one that a Reference can name without being read as an XPointer.
fn check_id(element: El<'_>) -> Result<(), Refusal> {
    let usable = element.attr("ID").is_some_and(|id| {
        (1..=256).contains(&id.len())
            && id
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    });
    if usable {
        Ok(())
    } else {
        Err(Refusal::new(
            RefusalCode::IdInvalid,
            format!("none or another on {}", element.local_name()),
        ))
    }
}
