//! What must not be taken for metadata, and must not cost much either.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::*;

/// A good document around some content.
fn with(attributes: &str, role: &str, inside: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"{MD}\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" {attributes}>\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"{PROTOCOL}\" {role}>{inside}</md:IDPSSODescriptor>\
         </md:EntityDescriptor>"
    )
}

fn key() -> String {
    filled(
        "<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>@CERT1@</ds:X509Certificate></ds:X509Data>\
         </ds:KeyInfo></md:KeyDescriptor>",
    )
}

fn sso(location: &str) -> String {
    format!("<md:SingleSignOnService Binding=\"{HTTP_REDIRECT}\" Location=\"{location}\"/>")
}

fn good() -> String {
    with(
        "entityID=\"https://i.example\"",
        "",
        &(key() + &sso("https://i.example/sso")),
    )
}

/// Seventeen keys, all different.
fn many_keys() -> String {
    let base64 = certificates()[0].base64();
    let another = |n: usize| {
        let certificate = Certificate::from_der(&issued(&format!("k{n}"), None).0).unwrap();
        key().replace(&base64, &certificate.base64())
    };
    (0..17).map(another).collect()
}

/// Documents that are not the metadata of one identity provider, each with its code.
#[expect(clippy::too_many_lines, reason = "a table")]
fn faults() -> Vec<(String, &'static str)> {
    let id = "entityID=\"https://i.example\"";
    let https = sso("https://i.example/sso");
    let soap = "<md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"https://i/\"/>";
    vec![
        (String::new(), "metadata_empty"),
        (" \r\n\u{feff}".to_owned(), "metadata_empty"),
        ("hello".to_owned(), "metadata_malformed"),
        (
            "<html><body>Sign in</body></html>".to_owned(),
            "metadata_not_metadata",
        ),
        (
            "<EntityDescriptor entityID=\"a\"/>".to_owned(),
            "metadata_not_metadata",
        ),
        (
            format!("<md:EntitiesDescriptor xmlns:md=\"{MD}\"/>"),
            "metadata_no_idp",
        ),
        (
            format!("<md:EntityDescriptor xmlns:md=\"{MD}\" entityID=\"a\"/>"),
            "metadata_no_idp",
        ),
        (
            good().replace(PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol"),
            "metadata_no_idp",
        ),
        (sp(&certificates()[..1]).to_xml(), "metadata_of_service_provider"),
        (with("", "", &(key() + &https)), "metadata_entity_id"),
        (
            with("entityID=\" \"", "", &(key() + &https)),
            "metadata_entity_id",
        ),
        (
            with("entityID=\"a b\"", "", &(key() + &https)),
            "metadata_entity_id",
        ),
        (
            with(
                &format!("entityID=\"{}\"", "x".repeat(1025)),
                "",
                &(key() + &https),
            ),
            "metadata_entity_id",
        ),
        (
            with("md:entityID=\"https://i.example\"", "", &(key() + &https)),
            "metadata_entity_id",
        ),
        (with(id, "", &key()), "metadata_no_sign_in_endpoint"),
        (with(id, "", &(key() + soap)), "metadata_no_sign_in_endpoint"),
        (with(id, "", &https), "metadata_no_certificate"),
        (
            with(
                id,
                "",
                &(key().replace("<md:KeyDescriptor>", "<md:KeyDescriptor use=\"encryption\">") + &https),
            ),
            "metadata_no_certificate",
        ),
        (
            with(id, "", &(key().replace("MII", "!!!") + &https)),
            "metadata_certificate",
        ),
        (
            with(id, "WantAuthnRequestsSigned=\"yes\"", &(key() + &https)),
            "metadata_value",
        ),
        (
            with("entityID=\"a\" validUntil=\"tomorrow\"", "", &(key() + &https)),
            "metadata_value",
        ),
        (good().replace("</md:EntityDescriptor>", ""), "metadata_malformed"),
        (good() + "<x/>", "metadata_malformed"),
        ("<?xml version=\"1.0\"".to_owned(), "metadata_malformed"),
        ("<md:EntityDescriptor a=\"".to_owned(), "metadata_malformed"),
        ("<!-- ".to_owned(), "metadata_malformed"),
        (
            with(id, "", &(many_keys() + &https)),
            "metadata_too_many_certificates",
        ),
    ]
}

#[test]
fn se_21_each_fault_has_its_code() {
    assert_eq!(read(&good()).metadata.entity_id, "https://i.example");
    for (xml, code) in faults() {
        assert_eq!(
            refused(&xml),
            code,
            "{}",
            xml.chars().take(300).collect::<String>()
        );
    }
    assert_eq!(refused([0x3c, 0xff, 0x3e]), "metadata_encoding");
    assert_eq!(refused([0xff, 0xfe, 0x3c]), "metadata_encoding");
    assert_eq!(refused([0xff, 0xfe, 0x00, 0xd8]), "metadata_encoding");
}

/// SE-21: an address is where browsers are sent with our messages: only https, nothing that a URL parser would repair.
#[test]
fn se_21_addresses_must_be_https() {
    let code = |location: &str, endpoints| {
        let xml = with("entityID=\"a\"", "", &(key() + &sso(location)));
        match idp::parse(
            xml.as_bytes(),
            ReadOptions {
                entity_id: None,
                endpoints,
            },
        )
        .map_err(|error| error.to_string())
        {
            Ok(_) => "ok".to_owned(),
            Err(message) => message,
        }
    };
    for good in [
        "https://i.example",
        "HTTPS://i.example:8443/a?b=c&amp;d",
        "https://xn--bcher-kva.example/",
        " https://i.example/ ",
    ] {
        assert_eq!(code(good, EndpointPolicy::Https), "ok", "{good}");
    }
    for bad in [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#10;script:alert(1)",
        "data:text/html,x",
        "http://i.example/",
        "http://127.0.0.1/",
        "ftp://i.example",
        "//i.example",
        "/sso",
        "https:i.example",
        "https:///i.example",
        "https:\\\\i.example",
        "https://i.example\\@evil.example/",
        "https://user:pw@i.example/",
        "https://user@i.example/",
        "https://i.example/#f",
        "https://i .example/",
        "https://i.example/&#9;x",
        "https://i.example/&quot;x",
        "https://bücher.example/",
        "https://",
        "https://[::1",
        &format!("https://i.example/{}", "x".repeat(2048)),
    ] {
        let message = code(bad, EndpointPolicy::Https);
        assert!(
            message.starts_with("SingleSignOnService Location: wanted "),
            "{bad}: {message}"
        );
    }
    let local = EndpointPolicy::HttpsOrLoopback;
    for good in [
        "http://127.0.0.1:8401/sso",
        "http://localhost:8401/sso",
        "http://[::1]:1/",
        "https://i.example",
    ] {
        assert_eq!(code(good, local), "ok", "{good}");
    }
    for bad in [
        "http://i.example/",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "javascript:x",
    ] {
        assert_ne!(code(bad, local), "ok", "{bad}");
    }
}

#[test]
fn a_document_type_is_refused_before_the_parser() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    assert_eq!(refused(format!("{bomb}{}", good())), "metadata_dtd");
    assert_eq!(
        refused(format!("<?xml version=\"1.0\"?>\n{bomb}{}", good())),
        "metadata_dtd"
    );
    let outside = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">";
    assert_eq!(refused(format!("<!-- c -->{outside}{}", good())), "metadata_dtd");
    // An entity that nobody declared is text, mended to what it says.
    let entity = good().replace("https://i.example/sso", "https://i.example/sso?a=1&xxe;");
    assert_eq!(
        read(&entity).metadata.sso_redirect_url.unwrap().as_str(),
        "https://i.example/sso?a=1&xxe;"
    );
}

/// Every flood is refused in less than a second of an unoptimized build, before anything recursive sees it.
#[test]
fn floods_are_refused_quickly() {
    let deep = "<a>".repeat(20_000);
    let closed_deep = format!("{}{}", "<a>".repeat(20_000), "</a>".repeat(20_000));
    let mut attributes = String::from("<a");
    for n in 0..60_000 {
        write!(attributes, " a{n}=\"\"").unwrap();
    }
    attributes.push_str("/>");
    let wide = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS + 1));
    let ampersands = good().replace("https://i.example/sso", &"&".repeat(10_000));
    let cases = [
        (deep, "metadata_too_deep"),
        (closed_deep, "metadata_too_deep"),
        (attributes, "metadata_tag_too_large"),
        (
            format!("<a b=\"{}\"/>", "x".repeat(MAX_TAG_BYTES)),
            "metadata_tag_too_large",
        ),
        (
            format!("<a {}/>", "x".repeat(MAX_METADATA_BYTES - 10)),
            "metadata_tag_too_large",
        ),
        (wide, "metadata_too_many_elements"),
        (ampersands, "metadata_malformed"),
        ("<".repeat(1_000_000), "metadata_tag_too_large"),
        ("<!--".repeat(500_000), "metadata_malformed"),
        ("&".repeat(MAX_METADATA_BYTES), "metadata_malformed"),
        ("x".repeat(MAX_METADATA_BYTES + 1), "metadata_too_large"),
    ];
    for (xml, code) in cases {
        let start = Instant::now();
        assert_eq!(
            refused(&xml),
            code,
            "{}",
            xml.chars().take(100).collect::<String>()
        );
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "{code} took {:?}",
            start.elapsed()
        );
    }
}

/// The dearest document within the limits: as many prefixes in scope as may be, looked up by as many elements as may be.
#[test]
fn the_dearest_document_within_the_limits_is_bounded() {
    let mut xml = format!("<md:EntityDescriptor xmlns:md=\"{MD}\" xmlns:z=\"urn:z\">");
    for level in 0..MAX_DEPTH - 2 {
        xml.push_str("<x");
        for n in 0..MAX_ATTRIBUTES {
            write!(xml, " xmlns:p{level}n{n}=\"u\"").unwrap();
        }
        xml.push('>');
    }
    xml.push_str(&"<z:a/>".repeat(MAX_ELEMENTS - MAX_DEPTH));
    xml.push_str(&"</x>".repeat(MAX_DEPTH - 2));
    xml.push_str("</md:EntityDescriptor>");
    let start = Instant::now();
    assert_eq!(refused(&xml), "metadata_no_idp");
    assert!(
        start.elapsed() < Duration::from_secs(8),
        "took {:?}",
        start.elapsed()
    );
}

/// A comment cannot make a value other than it looks: text is what stands there without the comment.
#[test]
fn comments_do_not_split_a_certificate() {
    let xml = good().replacen("MII", "M<!-- x -->II", 1);
    assert_eq!(read(&xml).metadata.certificates, certificates()[..1]);
    let format =
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:name<!-- x -->id-format:persistent</md:NameIDFormat>";
    let xml = good().replace(
        "<md:SingleSignOnService",
        &format!("{format}<md:SingleSignOnService"),
    );
    assert_eq!(read(&xml).metadata.name_id_formats, [NameIdFormat::Persistent]);
}

/// Only children in their places count: nothing hidden in extensions or another namespace is read.
#[test]
fn what_stands_elsewhere_is_not_read() {
    let hidden = format!(
        "<md:Extensions>{}<md:EntityDescriptor entityID=\"https://evil.example\"/></md:Extensions>{}",
        sso("https://evil.example/sso"),
        sso("https://evil.example/post").replace("md:", "ds:"),
    );
    let evil_key = filled(&key()).replace(&certificates()[0].base64(), &certificates()[1].base64());
    let xml = with(
        "entityID=\"https://i.example\"",
        "",
        &(hidden + &key() + &sso("https://i.example/sso")),
    );
    let xml = xml.replace("</md:Extensions>", &format!("{evil_key}</md:Extensions>"));
    let metadata = read(&xml).metadata;
    assert_eq!(
        metadata.sso_redirect_url.unwrap().as_str(),
        "https://i.example/sso"
    );
    assert_eq!(metadata.certificates, certificates()[..1]);
}
