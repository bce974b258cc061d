//! The shape of signatures, the certificates, and the verdict.

use gatehouse_local::demo_idp::issue::{Issue, Sign};

use super::super::world::{KEYS, edit, genuine, part, signature, xml};
use super::{Case, Sent, changed_issue, changed_xml};

const EXC: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
const SHA256: &str = "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>";
const METHOD: &str = "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>";
const C14N: &str = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";

/// Where and how many.
fn placement() -> Vec<Case> {
    vec![
        changed_xml("signature_misplaced", |xml| {
            let copy = signature(xml).to_owned();
            edit(
                xml,
                "<samlp:Status>",
                &format!("<samlp:Extensions>{copy}</samlp:Extensions><samlp:Status>"),
            )
        }),
        changed_xml("signature_multiple", |xml| {
            let copy = signature(xml).to_owned();
            edit(xml, &copy, &copy.repeat(2))
        }),
        changed_issue("signature_missing", |issue| issue.sign = Sign::Nothing),
    ]
}

/// Its parts.
fn shape() -> Vec<Case> {
    let prefixes = (0..9).map(|i| format!("p{i}")).collect::<Vec<_>>().join(" ");
    let inclusive = format!(
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">\
         <ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{prefixes}\"/>\
         </ds:Transform>"
    );
    vec![
        changed_xml("signature_malformed", |xml| {
            edit(xml, "</ds:KeyInfo>", "</ds:KeyInfo><ds:Object/>")
        }),
        changed_xml("signature_prefixed_attribute", |xml| {
            edit(xml, "<ds:KeyInfo>", "<ds:KeyInfo xmlns:e=\"urn:e\" e:Id=\"x\">")
        }),
        changed_xml("reference_count", |xml| {
            let reference = part(xml, "<ds:Reference", "</ds:Reference>").to_owned();
            edit(xml, &reference, &reference.repeat(2))
        }),
        changed_xml("reference_target", |xml| {
            let uri = part(xml, "URI=\"#", "\">").to_owned();
            edit(xml, &uri, "URI=\"\">")
        }),
        changed_xml("transform_forbidden", |xml| {
            edit(
                xml,
                EXC,
                "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>",
            )
        }),
        changed_xml("canonicalization_forbidden", |xml| {
            edit(
                xml,
                C14N,
                &C14N.replace("2001/10/xml-exc-c14n#", "TR/2001/REC-xml-c14n-20010315"),
            )
        }),
        changed_xml("inclusive_prefixes_too_many", |xml| edit(xml, EXC, &inclusive)),
        changed_xml("digest_forbidden", |xml| {
            edit(
                xml,
                SHA256,
                &SHA256.replace("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"),
            )
        }),
        changed_xml("signature_algorithm_forbidden", |xml| {
            edit(
                xml,
                METHOD,
                &METHOD.replace("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1"),
            )
        }),
    ]
}

/// Certificates and the verdict.
fn keys() -> Vec<Case> {
    let twin = Sent::issue(&genuine());
    let weak = include_bytes!("../../../fixtures/saml/certificates/rsa1024.der").to_vec();
    let issue: Issue = genuine();
    vec![
        Case {
            code: "certificates_missing",
            changed: twin.clone().to(|connection| connection.certificates.clear()),
            twin: twin.clone(),
        },
        Case {
            code: "certificate_unusable",
            changed: twin.clone().to(|connection| connection.certificates = vec![weak]),
            twin,
        },
        changed_xml("digest_mismatch", |xml| edit(xml, ">Engineers<", ">Owners<")),
        Case {
            code: "signature_invalid",
            twin: Sent::xml(&xml(&issue)),
            changed: Sent::xml(&issue.xml(&KEYS.foreign).unwrap()),
        },
    ]
}

/// All of them.
pub fn cases() -> Vec<Case> {
    [placement(), shape(), keys()].into_iter().flatten().collect()
}
