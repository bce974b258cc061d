//! The one shape of a Signature that is verified (saml-core 5.4, XML-DSig 4).

use crate::saml::names::{DIGESTS, DSIG, ENVELOPED, EXC_C14N, EXC_C14N_WITH_COMMENTS, SIGNATURE_METHODS};
use crate::saml::refusal::{Refusal, RefusalCode, shown};
use crate::saml::xml::El;

/// Most prefixes in one InclusiveNamespaces list.
const MAX_PREFIXES: usize = 8;

/// Checks `signature`, a direct child of `signed`.
pub(super) fn check(signature: El<'_>, signed: El<'_>) -> Result<(), Refusal> {
    check_prefixes(signature)?;
    let [signed_info, value, rest @ ..] = &parts(signature)?[..] else {
        return Err(malformed("too few children of Signature"));
    };
    let key_info_only = match rest {
        [] => true,
        [key_info] => key_info.is(DSIG, "KeyInfo"),
        _ => false,
    };
    if !signed_info.is(DSIG, "SignedInfo") || !value.is(DSIG, "SignatureValue") || !key_info_only {
        return Err(malformed("other children of Signature, or in another order"));
    }
    if value.single_text().is_none() {
        return Err(malformed("a SignatureValue that is no plain text"));
    }
    check_signed_info(*signed_info, signed)
}

/// No prefixed attribute anywhere inside.
fn check_prefixes(signature: El<'_>) -> Result<(), Refusal> {
    for element in signature.subtree() {
        if let Some(attribute) = element
            .raw()
            .attributes
            .iter()
            .find(|attribute| attribute.name.prefix.is_some())
        {
            let name = attribute.name.prefixed_name();
            return Err(Refusal::new(
                RefusalCode::SignaturePrefixedAttribute,
                shown(&name).to_string(),
            ));
        }
    }
    Ok(())
}

/// SignedInfo: canonicalization, method, exactly one Reference.
fn check_signed_info(signed_info: El<'_>, signed: El<'_>) -> Result<(), Refusal> {
    let [c14n, method, references @ ..] = &parts(signed_info)?[..] else {
        return Err(malformed("too few children of SignedInfo"));
    };
    let in_order = c14n.is(DSIG, "CanonicalizationMethod")
        && method.is(DSIG, "SignatureMethod")
        && references.iter().all(|reference| reference.is(DSIG, "Reference"));
    if !in_order {
        return Err(malformed("other children of SignedInfo, or in another order"));
    }
    let algorithm = c14n.attr("Algorithm").unwrap_or_default();
    if !is_exclusive(algorithm) {
        return Err(Refusal::new(
            RefusalCode::CanonicalizationForbidden,
            shown(algorithm).to_string(),
        ));
    }
    check_inclusive(*c14n, RefusalCode::CanonicalizationForbidden)?;
    let algorithm = method.attr("Algorithm").unwrap_or_default();
    if !SIGNATURE_METHODS.contains(&algorithm) {
        return Err(Refusal::new(
            RefusalCode::SignatureAlgorithmForbidden,
            shown(algorithm).to_string(),
        ));
    }
    if method.children().next().is_some() || method.has_loose_text() {
        return Err(malformed("a SignatureMethod with parameters"));
    }
    match references {
        [only] => check_reference(*only, signed),
        several => Err(Refusal::new(
            RefusalCode::ReferenceCount,
            format!("{}", several.len()),
        )),
    }
}

/// The Reference: the parent's ID, two transforms, a SHA-2 digest.
fn check_reference(reference: El<'_>, signed: El<'_>) -> Result<(), Refusal> {
    let target = reference.attr("URI").and_then(|uri| uri.strip_prefix('#'));
    if target.is_none() || target != signed.attr("ID") {
        let got = reference.attr("URI").map_or("no URI".to_owned(), |uri| {
            if uri.starts_with('#') {
                "the ID of another element".to_owned()
            } else {
                shown(uri).to_string()
            }
        });
        return Err(Refusal::new(RefusalCode::ReferenceTarget, got));
    }
    let children = parts(reference)?;
    let [transforms, method, value] = &children[..] else {
        return Err(match &children[..] {
            [method, _] if method.is(DSIG, "DigestMethod") => {
                Refusal::new(RefusalCode::TransformForbidden, "no transforms")
            }
            _ => malformed("other children of Reference"),
        });
    };
    if !transforms.is(DSIG, "Transforms")
        || !method.is(DSIG, "DigestMethod")
        || !value.is(DSIG, "DigestValue")
    {
        return Err(malformed("other children of Reference, or in another order"));
    }
    check_transforms(*transforms)?;
    let algorithm = method.attr("Algorithm").unwrap_or_default();
    if !DIGESTS.contains(&algorithm) {
        return Err(Refusal::new(
            RefusalCode::DigestForbidden,
            shown(algorithm).to_string(),
        ));
    }
    if method.children().next().is_some() || value.single_text().is_none() {
        return Err(malformed(
            "a DigestMethod with parameters or a DigestValue that is no plain text",
        ));
    }
    Ok(())
}

/// Exactly enveloped-signature, then exclusive canonicalization.
fn check_transforms(transforms: El<'_>) -> Result<(), Refusal> {
    let list = parts(transforms)?;
    let forbidden = |got: String| Refusal::new(RefusalCode::TransformForbidden, got);
    for (at, transform) in list.iter().enumerate() {
        let algorithm = transform.attr("Algorithm").unwrap_or_default();
        let wanted = match at {
            0 => algorithm == ENVELOPED,
            1 => is_exclusive(algorithm),
            _ => false,
        };
        if !transform.is(DSIG, "Transform") || !wanted {
            return Err(forbidden(shown(algorithm).to_string()));
        }
        if at == 0 && (transform.children().next().is_some() || transform.has_loose_text()) {
            return Err(forbidden("parameters on enveloped-signature".to_owned()));
        }
        if at == 1 {
            check_inclusive(*transform, RefusalCode::TransformForbidden)?;
        }
    }
    if list.len() == 2 {
        Ok(())
    } else {
        Err(forbidden(format!("{} transforms", list.len())))
    }
}

/// With comments or without is one here, since no comment gets this far.
fn is_exclusive(algorithm: &str) -> bool {
    [EXC_C14N, EXC_C14N_WITH_COMMENTS].contains(&algorithm)
}

/// Exclusive canonicalization takes one InclusiveNamespaces and nothing else.
fn check_inclusive(method: El<'_>, otherwise: RefusalCode) -> Result<(), Refusal> {
    match &parts(method)?[..] {
        [] => Ok(()),
        [list] if list.is(EXC_C14N, "InclusiveNamespaces") && list.children().next().is_none() => {
            let prefixes = list
                .attr("PrefixList")
                .unwrap_or_default()
                .split_whitespace()
                .count();
            if prefixes > MAX_PREFIXES {
                return Err(Refusal::new(
                    RefusalCode::InclusivePrefixesTooMany,
                    format!("{prefixes}"),
                ));
            }
            Ok(())
        }
        _ => Err(Refusal::new(
            otherwise,
            "other parameters of the canonicalization",
        )),
    }
}

/// The child elements of an element without text between them.
fn parts(element: El<'_>) -> Result<Vec<El<'_>>, Refusal> {
    if element.has_loose_text() {
        return Err(malformed("text between the elements of Signature"));
    }
    Ok(element.children().collect())
}

/// The Signature has another shape.
fn malformed(got: &str) -> Refusal {
    Refusal::new(RefusalCode::SignatureMalformed, got)
}
