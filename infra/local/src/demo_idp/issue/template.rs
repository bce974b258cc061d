//! The unsigned messages.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Attribute, Issue};

/// The Assertion, unsigned, with the namespaces that it uses.
#[must_use]
pub fn assertion_xml(issue: &Issue) -> String {
    format!(
        "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{issued}\"><saml:Issuer>{issuer}</saml:Issuer>\
         {subject}<saml:Conditions NotBefore=\"{from}\" NotOnOrAfter=\"{until}\"><saml:AudienceRestriction>\
         <saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
         {authn}{attributes}</saml:Assertion>",
        id = escape(&issue.assertion_id),
        issued = instant(issue.issued_at),
        issuer = escape(&issue.issuer),
        subject = subject(issue),
        from = instant(issue.not_before),
        until = instant(issue.not_on_or_after),
        audience = escape(&issue.audience),
        authn = authn_statement(issue),
        attributes = attribute_statement(&issue.attributes),
    )
}

/// The Response around `body`, unsigned.
#[must_use]
pub fn response_xml(issue: &Issue, body: &str) -> String {
    format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{issued}\" Destination=\"{acs}\"{in_response_to}>\
         <saml:Issuer>{issuer}</saml:Issuer>{status}{body}</samlp:Response>",
        id = escape(&issue.response_id),
        issued = instant(issue.issued_at),
        acs = escape(&issue.acs_url),
        in_response_to = optional("InResponseTo", issue.in_response_to.as_deref()),
        issuer = escape(&issue.issuer),
        status = status(&issue.failure),
    )
}

/// Status: Success, or the nested codes of a failure.
fn status(failure: &[String]) -> String {
    let names: Vec<&str> = if failure.is_empty() {
        vec!["Success"]
    } else {
        failure.iter().map(String::as_str).collect()
    };
    let codes = names.iter().rev().fold(String::new(), |inner, name| {
        let value = escape(name);
        format!("<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{value}\">{inner}</samlp:StatusCode>")
    });
    format!("<samlp:Status>{codes}</samlp:Status>")
}

/// Subject with a bearer confirmation.
fn subject(issue: &Issue) -> String {
    let name_id = issue.name_id.as_ref().map_or(String::new(), |name| {
        format!(
            "<saml:NameID{}{}{}>{}</saml:NameID>",
            optional("Format", name.format.as_deref()),
            optional("NameQualifier", name.name_qualifier.as_deref()),
            optional("SPNameQualifier", name.sp_name_qualifier.as_deref()),
            escape(&name.value),
        )
    });
    format!(
        "<saml:Subject>{name_id}<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml:SubjectConfirmationData{in_response_to} NotOnOrAfter=\"{until}\" Recipient=\"{acs}\"/>\
         </saml:SubjectConfirmation></saml:Subject>",
        in_response_to = optional("InResponseTo", issue.in_response_to.as_deref()),
        until = instant(issue.not_on_or_after),
        acs = escape(&issue.acs_url),
    )
}

/// How and when the person authenticated.
fn authn_statement(issue: &Issue) -> String {
    format!(
        "<saml:AuthnStatement AuthnInstant=\"{at}\"{session}{until}><saml:AuthnContext>\
         <saml:AuthnContextClassRef>{context}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
        at = instant(issue.authn_instant),
        session = optional("SessionIndex", issue.session_index.as_deref()),
        until = optional(
            "SessionNotOnOrAfter",
            issue.session_not_on_or_after.map(instant).as_deref()
        ),
        context = escape(&issue.authn_context),
    )
}

/// The attributes; no statement for none.
fn attribute_statement(attributes: &[Attribute]) -> String {
    if attributes.is_empty() {
        return String::new();
    }
    let mut out = String::from("<saml:AttributeStatement>");
    for attribute in attributes {
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<saml:Attribute Name=\"{}\"{}{}>",
            escape(&attribute.name),
            optional("NameFormat", attribute.name_format.as_deref()),
            optional("FriendlyName", attribute.friendly_name.as_deref()),
        );
        for value in &attribute.values {
            let value = escape(value);
            let _ = write!(
                out,
                "<saml:AttributeValue xsi:type=\"xs:string\">{value}</saml:AttributeValue>"
            );
        }
        out.push_str("</saml:Attribute>");
    }
    out.push_str("</saml:AttributeStatement>");
    out
}

/// An attribute with a blank before it, or nothing.
fn optional(name: &str, value: Option<&str>) -> String {
    value.map_or(String::new(), |value| format!(" {name}=\"{}\"", escape(value)))
}

/// An xs:dateTime in UTC.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Escapes text and attribute values; line breaks and tabs as references, which survive normalization.
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
    out
}
