//! Form, XML and the place of things.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::world::{assertion, edit, genuine, xml};
use super::{Case, Sent, changed_issue, changed_xml, pair};

/// Puts Extensions into the unsigned Response.
fn extended(xml: &str, content: &str) -> String {
    edit(
        xml,
        "<samlp:Status>",
        &format!("<samlp:Extensions>{content}</samlp:Extensions><samlp:Status>"),
    )
}

/// A case with different Extensions.
fn extensions(code: &'static str, good: &str, bad: &str) -> Case {
    let plain = xml(&genuine());
    pair(code, &extended(&plain, good), &extended(&plain, bad))
}

/// A case with a different attribute on the unsigned Response.
fn attributes(code: &'static str, good: &str, bad: &str) -> Case {
    let plain = xml(&genuine());
    let with = |attributes: &str| {
        edit(
            &plain,
            "<samlp:Response ",
            &format!("<samlp:Response {attributes} "),
        )
    };
    pair(code, &with(good), &with(bad))
}

/// Codes of the form value.
fn form() -> Vec<Case> {
    let twin = Sent::issue(&genuine());
    let with = |code, form: String| {
        let changed = Sent { form, ..twin.clone() };
        Case {
            code,
            twin: twin.clone(),
            changed,
        }
    };
    let bytes = [xml(&genuine()).as_bytes(), b"\xff"].concat();
    let padded = |n: usize| format!("{}{}", xml(&genuine()), " ".repeat(n));
    vec![
        with("message_missing", " \r\n".to_owned()),
        with("not_base64", format!("{}!", twin.form)),
        with("not_utf8", STANDARD.encode(bytes)),
        pair("message_too_large", &padded(1000), &padded(256 * 1024)),
    ]
}

/// Codes of XML.
fn markup() -> Vec<Case> {
    let plain = xml(&genuine());
    let nested = |n: usize| format!("{}{}", "<x>".repeat(n), "</x>".repeat(n));
    let declared = |n: usize| {
        (0..n)
            .map(|i| format!("xmlns:n{i}='urn:n'"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let scoped = |n: usize| {
        format!(
            "{}{}",
            format!("<x {}>", declared(60)).repeat(n),
            "</x>".repeat(n)
        )
    };
    vec![
        pair(
            "xml_declaration",
            &format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{plain}"),
            &format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n{plain}"),
        ),
        changed_xml("xml_dtd", |xml| {
            format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{xml}")
        }),
        changed_xml("xml_comment", |xml| {
            edit(xml, "ada@acme.example", "ada@acme.example<!---->.evil.example")
        }),
        changed_xml("xml_processing_instruction", |xml| {
            edit(xml, "<samlp:Status>", "<?x y?><samlp:Status>")
        }),
        attributes(
            "xml_tag_too_large",
            "Consent='urn:x'",
            &format!("Consent='{}'", "x".repeat(16 * 1024)),
        ),
        attributes("xml_too_many_attributes", &declared(50), &declared(64)),
        attributes(
            "xml_attribute_whitespace",
            "Consent='a&#10;b&#9;c'",
            "Consent='a\nb'",
        ),
        extensions("xml_too_many_namespaces", &scoped(2), &scoped(3)),
        extensions("xml_too_deep", &nested(60), &nested(63)),
        extensions(
            "xml_too_many_nodes",
            &"<x/>".repeat(5_000),
            &"<x/>".repeat(17_000),
        ),
        changed_xml("xml_malformed", |xml| {
            edit(xml, "</samlp:Response>", "</samlp:Response")
        }),
        extensions(
            "xml_bad_name",
            "<a:b xmlns:a='urn:a'/>",
            "<a:b:c xmlns:a='urn:a'/>",
        ),
        extensions("xml_empty_prefix", "<a xmlns:p='urn:p'/>", "<a xmlns:p=''/>"),
    ]
}

/// Codes of structure.
fn structure() -> Vec<Case> {
    let plain = xml(&genuine());
    let own = assertion(&plain).to_owned();
    let another = edit(&own, "_assertion-1", "_another");
    vec![
        changed_xml("root_not_response", |xml| {
            xml.replace("samlp:Response", "samlp:ArtifactResponse")
        }),
        changed_issue("status_not_success", |issue| {
            issue.failure = vec!["Responder".into(), "AuthnFailed".into()]
        }),
        changed_xml("assertion_missing", |xml| xml.replace(&own, "")),
        changed_xml("assertion_multiple", |xml| {
            xml.replace(&own, &format!("{own}{another}"))
        }),
        changed_xml("assertion_misplaced", |xml| {
            extended(&xml.replace(&own, ""), &own)
        }),
        changed_xml("response_element_unknown", |xml| {
            xml.replacen("</samlp:Response>", "<samlp:Advice/></samlp:Response>", 1)
        }),
        extensions("id_duplicate", "<x ID='_other'/>", "<x ID='_assertion-1'/>"),
        changed_xml("id_invalid", |xml| edit(xml, " ID=\"_", " Id=\"_")),
    ]
}

/// All of them.
pub fn cases() -> Vec<Case> {
    [form(), markup(), structure()].into_iter().flatten().collect()
}
