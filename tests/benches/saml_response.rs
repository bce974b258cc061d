//! How long the response reader takes: genuine messages, and bad input made to be slow.
//!
//! `cargo bench -p gatehouse-tests --bench saml_response` (add `--profile dev` for a debug build).
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a measurement"
)]

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use gatehouse::saml::response::{DecryptionKey, Expectations, read_response};
use gatehouse_local::demo_idp::issue::encrypt::Encryption;
use gatehouse_local::demo_idp::issue::keys::{IdpKey, KeyKind};
use gatehouse_local::demo_idp::issue::{Attribute, Issue, Sign, form_value};

const ISSUER: &str = "https://idp.example/saml";
const ACS: &str = "https://sso.example/saml/c1/acs";
const AUDIENCE: &str = "https://sso.example/saml/c1/metadata";

fn main() {
    let (idp, ours) = (
        IdpKey::generate(KeyKind::Rsa, "idp").unwrap(),
        IdpKey::generate(KeyKind::Rsa, "sp").unwrap(),
    );
    let certificates = [idp.certificate_der().to_vec()];
    let keys = [DecryptionKey::from_pkcs8_der(ours.pkcs8_der().to_vec())];
    let (audiences, acs_urls) = ([AUDIENCE.to_owned()], [ACS.to_owned()]);
    let expect = Expectations {
        idp_entity_id: ISSUER,
        certificates: &certificates,
        audiences: &audiences,
        acs_urls: &acs_urls,
        decryption_keys: &keys,
        allow_cbc: false,
        now: Utc::now(),
    };
    let mut inputs: Vec<(&str, String)> = Vec::new();
    let mut issue = Issue::new(ISSUER, ACS, AUDIENCE, Utc::now()).unwrap();
    issue.attributes = (0..6)
        .map(|i| Attribute::new(format!("a{i}"), ["value"]))
        .collect();
    inputs.push(("genuine, assertion signed", issue.form_value(&idp).unwrap()));
    issue.encryption = Some(Encryption::new(ours.certificate_der().to_vec()));
    inputs.push(("genuine, encrypted", issue.form_value(&idp).unwrap()));
    issue.encryption = None;
    issue.sign = Sign::Both;
    issue.attributes = vec![Attribute::new("groups", (0..2_000).map(|i| format!("group-{i}")))];
    inputs.push((
        "genuine, 2,000 groups, both signed",
        issue.form_value(&idp).unwrap(),
    ));
    inputs.extend(bad(&issue.xml(&idp).unwrap()));
    for (name, form) in &inputs {
        let (verdict, fastest) = measure(form, &expect);
        println!("{:>9.3} ms  {name}: {verdict}", fastest.as_secs_f64() * 1000.0);
    }
}

/// Bad input.
fn bad(genuine: &str) -> Vec<(&'static str, String)> {
    let inside = |content: String| {
        let at = genuine.find("<samlp:Status>").unwrap();
        form_value(&format!(
            "{}<samlp:Extensions>{content}</samlp:Extensions>{}",
            &genuine[..at],
            &genuine[at..]
        ))
    };
    let small = |content: String| {
        form_value(&format!(
            "<samlp:Response xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol' xmlns:z='urn:z'>{content}</samlp:Response>"
        ))
    };
    let many = |n: usize| (0..n).map(|i| format!(" a{i}=''")).collect::<String>();
    let scope = |levels: usize| {
        (0..levels)
            .map(|level| {
                format!(
                    "<x{}>",
                    (0..60)
                        .map(|i| format!(" xmlns:p{level}q{i}='u'"))
                        .collect::<String>()
                )
            })
            .collect::<String>()
    };
    vec![
        ("garbage base64", "!".repeat(200_000)),
        ("garbage bytes", STANDARD.encode(vec![0xfe; 190_000])),
        ("10 MB", STANDARD.encode(vec![b'a'; 7_500_000])),
        ("20,000 deep", form_value(&"<a>".repeat(20_000))),
        (
            "20,000 deep, closed",
            form_value(&format!("{}{}", "<a>".repeat(20_000), "</a>".repeat(20_000))),
        ),
        (
            "20,000 attributes in a tag",
            form_value(&format!("<a{}/>", many(20_000))),
        ),
        (
            "64 attributes in each of 300 tags",
            small(format!("<x{}/>", many(63)).repeat(300)),
        ),
        ("16,000 nodes", small("<x/>".repeat(16_000))),
        ("16,000 nodes in a signed response", inside("<x/>".repeat(8_000))),
        (
            "120 namespaces in scope",
            small(format!(
                "{}{}{}",
                scope(2),
                "<z:x z:a=''/>".repeat(14_000),
                "</x>".repeat(2)
            )),
        ),
        (
            "8 inclusive prefixes over 8,000 nodes",
            prefixed(&small_response(genuine, &"<x/>".repeat(8_000))),
        ),
        ("unclosed CDATA", small("<![CDATA[".repeat(20_000))),
        ("entities", small("&#60;".repeat(40_000))),
        ("a DTD", form_value("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")),
    ]
}

/// A genuine response with Extensions.
fn small_response(genuine: &str, content: &str) -> String {
    let at = genuine.find("<samlp:Status>").unwrap();
    format!(
        "{}<samlp:Extensions>{content}</samlp:Extensions>{}",
        &genuine[..at],
        &genuine[at..]
    )
}

/// The same with the longest InclusiveNamespaces lists.
fn prefixed(xml: &str) -> String {
    const EXC: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let prefixes: String = (0..8).map(|i| format!("p{i} ")).collect();
    let declared: String = (0..8).map(|i| format!(" xmlns:p{i}='u'")).collect();
    let list = format!("<ec:InclusiveNamespaces xmlns:ec='{EXC}' PrefixList='{prefixes}'/>");
    let transform = format!("<ds:Transform Algorithm=\"{EXC}\"");
    let xml = xml.replace(
        &format!("{transform}/>"),
        &format!("{transform}>{list}</ds:Transform>"),
    );
    form_value(&xml.replacen("<samlp:Response", &format!("<samlp:Response{declared}"), 1))
}

/// The verdict and the fastest of some runs.
fn measure(form: &str, expect: &Expectations<'_>) -> (String, Duration) {
    let mut fastest = Duration::MAX;
    let mut verdict = String::new();
    for _ in 0..20 {
        let start = Instant::now();
        let read = read_response(form, expect);
        fastest = fastest.min(start.elapsed());
        verdict = read.map_or_else(|refusal| refusal.code().to_owned(), |_| "ok".to_owned());
    }
    (verdict, fastest)
}
