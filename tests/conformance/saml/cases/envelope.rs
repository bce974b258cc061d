//! What the Response says around the assertion, and the Subject.

use gatehouse_local::demo_idp::issue::Sign;

use super::super::world::{KEYS, REQUEST, edit, part, signed, xml};
use super::{Case, changed_assertion, changed_issue, changed_xml, pair};

/// A case whose change is made to a Response before it is signed.
fn changed_response(code: &'static str, change: impl FnOnce(String) -> String) -> Case {
    let issue = signed(Sign::Response);
    pair(
        code,
        &xml(&issue),
        &issue.xml_with(&KEYS.rsa, |assertion| assertion, change).unwrap(),
    )
}

/// The Response.
fn response() -> Vec<Case> {
    vec![
        changed_xml("version_unsupported", |xml| {
            edit(xml, "Version=\"2.0\"", "Version=\"1.1\"")
        }),
        changed_xml("destination_mismatch", |xml| {
            edit(
                xml,
                "Destination=\"https://sso.example/",
                "Destination=\"https://evil.example/",
            )
        }),
        changed_response("destination_missing", |xml| {
            let destination = part(&xml, " Destination=\"", "acs\"").to_owned();
            edit(&xml, &destination, "")
        }),
        changed_issue("issuer_mismatch", |issue| {
            issue.issuer = "https://other.example/saml".into()
        }),
        // The Signature template follows the Issuer, so the whole Response is signed instead of the assertion.
        {
            let issue = signed(Sign::Response);
            let changed = issue
                .xml_with(
                    &KEYS.rsa,
                    |assertion| {
                        edit(
                            &assertion,
                            "<saml:Issuer>https://idp.example/saml</saml:Issuer>",
                            "",
                        )
                    },
                    |response| response,
                )
                .unwrap();
            pair("issuer_missing", &xml(&issue), &changed)
        },
        changed_xml("in_response_to_mismatch", |xml| edit(xml, REQUEST, "_request-2")),
        changed_assertion("in_response_to_unsigned", |xml| {
            edit(&xml, &format!(" InResponseTo=\"{REQUEST}\""), "")
        }),
    ]
}

/// The Subject.
fn subject() -> Vec<Case> {
    vec![
        changed_assertion("bearer_confirmation_missing", |xml| {
            edit(&xml, "cm:bearer", "cm:sender-vouches")
        }),
        changed_assertion("recipient_mismatch", |xml| {
            edit(&xml, "Recipient=\"https://sso.", "Recipient=\"https://evil.")
        }),
        changed_assertion("confirmation_unlimited", |xml| {
            let data = part(&xml, "<saml:SubjectConfirmationData", "/>").to_owned();
            let until = part(&data, "NotOnOrAfter=\"", "\" ").to_owned();
            edit(&xml, &data, &edit(&data, &until, ""))
        }),
        changed_assertion("confirmation_expired", |xml| {
            let data = part(&xml, "<saml:SubjectConfirmationData", "/>").to_owned();
            edit(
                &xml,
                &data,
                &edit(&data, "2026-03-01T12:04:58", "2026-03-01T11:57:00"),
            )
        }),
        changed_assertion("confirmation_not_yet_valid", |xml| {
            edit(
                &xml,
                "<saml:SubjectConfirmationData",
                "<saml:SubjectConfirmationData NotBefore=\"2026-03-01T12:03:01Z\"",
            )
        }),
        changed_assertion("encrypted_identifier", |xml| {
            edit(
                &xml,
                "<saml:Attribute ",
                "<saml:EncryptedAttribute/><saml:Attribute ",
            )
        }),
        changed_assertion("name_id_invalid", |xml| {
            edit(&xml, ">ada@acme.example</saml:NameID>", "><b/></saml:NameID>")
        }),
    ]
}

/// All of them.
pub fn cases() -> Vec<Case> {
    [response(), subject()].into_iter().flatten().collect()
}
