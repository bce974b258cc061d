//! Metadata: what IdPs really publish, what attackers would, and our own.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod hostile;
mod round_trip;
mod shapes;

use std::sync::LazyLock;

use chrono::TimeDelta;

use super::idp::{self, ByHand, IdpMetadata, ReadMetadata, ReadOptions};
use super::sp::SpMetadata;
use super::*;
use crate::saml::certificate::Certificate;
use crate::saml::name_id_format::NameIdFormat;
use crate::saml::signing::tests::verifies;
use crate::saml::test_keys::{first, now, second, signer};

/// Three certificates: two RSA, one P-256.
fn certificates() -> &'static [Certificate; 3] {
    static ALL: LazyLock<[Certificate; 3]> = LazyLock::new(|| {
        let third = Certificate::from_der(&issued("third", None).0).unwrap();
        [first().certificate.clone(), second().certificate.clone(), third]
    });
    &ALL
}

/// A P-256 certificate, self-signed or issued by another.
fn issued(
    name: &str,
    issuer: Option<&rcgen::Issuer<'static, rcgen::KeyPair>>,
) -> (Vec<u8>, rcgen::Issuer<'static, rcgen::KeyPair>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let certificate = match issuer {
        None => params.self_signed(&key),
        Some(issuer) => params.signed_by(&key, issuer),
    };
    (
        certificate.unwrap().der().to_vec(),
        rcgen::Issuer::new(params, key),
    )
}

/// A fixture with certificates in their places.
fn filled(template: &str) -> String {
    let mut out = template.to_owned();
    for (number, certificate) in certificates().iter().enumerate() {
        let base64 = certificate.base64();
        let wrapped: Vec<&str> = base64
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        out = out.replace(
            &format!("@WRAPPED{}@", number + 1),
            &wrapped.join("\n            "),
        );
        out = out.replace(&format!("@CERT{}@", number + 1), &base64);
    }
    out
}

fn read(xml: &str) -> ReadMetadata {
    idp::parse(xml.as_bytes(), ReadOptions::default()).unwrap()
}

fn refused(xml: impl AsRef<[u8]>) -> &'static str {
    idp::parse(xml.as_ref(), ReadOptions::default())
        .unwrap_err()
        .code()
}

fn sp(signing: &[Certificate]) -> SpMetadata<'_> {
    SpMetadata {
        entity_id: "https://gate.example/saml/acme-1/metadata",
        assertion_consumer_urls: &["https://gate.example/saml/acme-1/acs"],
        logout_urls: &[
            (Binding::HttpRedirect, "https://gate.example/saml/acme-1/slo"),
            (Binding::HttpPost, "https://gate.example/saml/acme-1/slo"),
        ],
        name_id_formats: &[NameIdFormat::EmailAddress],
        authn_requests_signed: true,
        want_assertions_signed: true,
        signing_certificates: signing,
        encryption_certificates: &[],
        valid_until: None,
        cache_duration: None,
    }
}

/// Our metadata, signed by the first key.
pub(in crate::saml) fn signed_sp_metadata() -> String {
    sp(&certificates()[..2]).to_signed_xml("_m1", &signer()).unwrap()
}

/// IL-01, CH-02, SE-15, GH-08: ACS, entity id, logout, and every key in its order.
#[test]
fn ch_02_our_metadata_says_where_and_by_which_keys() {
    let [current, next, decrypting] = certificates();
    let signing = [current.clone(), next.clone()];
    let encryption = [decrypting.clone()];
    let mut metadata = sp(&signing);
    metadata.encryption_certificates = &encryption;
    metadata.assertion_consumer_urls = &[
        "https://gate.example/saml/acme-1/acs",
        "https://gate.example/login/callback?connection=ID&x=1",
    ];
    metadata.valid_until = Some(now());
    metadata.cache_duration = Some(TimeDelta::hours(6));
    let xml = metadata.to_xml();
    let document = uppsala::parse(&xml).unwrap();
    let attributes = |name: &str, attribute: &str| -> Vec<String> {
        document
            .get_elements_by_tag_name_ns(MD, name)
            .into_iter()
            .map(|node| document.get_attribute(node, attribute).unwrap_or("-").to_owned())
            .collect()
    };
    assert_eq!(
        attributes("EntityDescriptor", "entityID"),
        ["https://gate.example/saml/acme-1/metadata"]
    );
    assert_eq!(
        attributes("EntityDescriptor", "validUntil"),
        ["2026-03-01T12:00:00Z"]
    );
    assert_eq!(attributes("EntityDescriptor", "cacheDuration"), ["PT21600S"]);
    assert_eq!(attributes("SPSSODescriptor", "AuthnRequestsSigned"), ["true"]);
    assert_eq!(attributes("SPSSODescriptor", "WantAssertionsSigned"), ["true"]);
    assert_eq!(
        attributes("KeyDescriptor", "use"),
        ["signing", "signing", "encryption"]
    );
    assert_eq!(attributes("EncryptionMethod", "Algorithm").len(), 3);
    assert_eq!(
        attributes("SingleLogoutService", "Binding"),
        [HTTP_REDIRECT, HTTP_POST]
    );
    assert_eq!(
        attributes("AssertionConsumerService", "Location"),
        [
            "https://gate.example/saml/acme-1/acs",
            "https://gate.example/login/callback?connection=ID&x=1"
        ]
    );
    assert_eq!(attributes("AssertionConsumerService", "index"), ["0", "1"]);
    assert_eq!(attributes("AssertionConsumerService", "isDefault"), ["true", "-"]);
    let published: Vec<String> = document
        .get_elements_by_tag_name_ns("http://www.w3.org/2000/09/xmldsig#", "X509Certificate")
        .into_iter()
        .map(|node| document.text_content_deep(node))
        .collect();
    assert_eq!(published, certificates().each_ref().map(Certificate::base64));
    // The schema's order of children.
    let order: Vec<usize> = [
        "<md:KeyDescriptor",
        "<md:SingleLogoutService",
        "<md:NameIDFormat",
        "<md:AssertionConsumerService",
    ]
    .iter()
    .map(|start| xml.find(start).unwrap())
    .collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn gh_08_signed_metadata_begins_with_its_signature_and_verifies() {
    let xml = signed_sp_metadata();
    let start = xml.find('>').unwrap() + 1;
    assert!(xml.get(start..).unwrap().starts_with("<ds:Signature "), "{xml}");
    assert!(verifies(&xml, &first().certificate));
    assert!(!verifies(
        &xml.replace("acme-1/acs", "evil/acs"),
        &first().certificate
    ));
    assert!(!verifies(&xml, &second().certificate));
}

/// IL-02: issuer, addresses and certificate typed in.
#[test]
fn il_02_the_idp_can_be_given_by_hand() {
    let pem = certificates()[0].pem();
    let facts = ByHand {
        issuer: " https://idp.example/entity ",
        sign_in_url: "https://idp.example/sso?tenant=1",
        sign_in_binding: Binding::HttpRedirect,
        sign_out_url: Some("https://idp.example/slo"),
        certificates: &pem,
        endpoints: EndpointPolicy::Https,
    };
    let metadata = idp::by_hand(facts).unwrap();
    assert_eq!(metadata.entity_id, "https://idp.example/entity");
    assert_eq!(
        metadata.sso_redirect_url.as_ref().unwrap().as_str(),
        "https://idp.example/sso?tenant=1"
    );
    assert_eq!(metadata.sso_post_url, None);
    assert_eq!(
        metadata.slo_redirect.as_ref().unwrap().for_responses().as_str(),
        "https://idp.example/slo"
    );
    assert_eq!(metadata.certificates, certificates()[..1]);
    let by_post = idp::by_hand(ByHand {
        sign_in_binding: Binding::HttpPost,
        sign_out_url: Some(" "),
        ..facts
    })
    .unwrap();
    assert_eq!(
        by_post.sign_in_endpoint(Binding::HttpRedirect).unwrap().0,
        Binding::HttpPost
    );
    assert_eq!(by_post.slo_redirect, None);

    let code = |facts| idp::by_hand(facts).unwrap_err();
    assert_eq!(code(ByHand { issuer: "", ..facts }).code(), "metadata_entity_id");
    assert_eq!(
        code(ByHand {
            issuer: "a b",
            ..facts
        })
        .code(),
        "metadata_entity_id"
    );
    assert_eq!(
        code(ByHand {
            certificates: "",
            ..facts
        })
        .code(),
        "metadata_certificate"
    );
    assert_eq!(
        code(ByHand {
            sign_in_url: "http://idp.example/sso",
            ..facts
        })
        .to_string(),
        "the sign-in URL: wanted an address with https, got http"
    );
    assert_eq!(
        code(ByHand {
            sign_out_url: Some("javascript:alert(1)"),
            ..facts
        })
        .to_string(),
        "the sign-out URL: wanted an address with https, got javascript"
    );
}

#[test]
fn the_wanted_binding_is_chosen_when_there_is_one() {
    let both = read(&filled(include_str!("fixtures/okta.xml"))).metadata;
    assert_eq!(
        both.sign_in_endpoint(Binding::HttpPost).unwrap().0,
        Binding::HttpPost
    );
    assert_eq!(
        both.sign_in_endpoint(Binding::HttpRedirect).unwrap().0,
        Binding::HttpRedirect
    );
}
