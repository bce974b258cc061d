//! What goes to the IdP.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::saml::redirect_binding::RedirectMessage;
use crate::saml::signing::tests::verifies;
use crate::saml::test_keys::{first, now, second, signer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

const ACS: &str = "https://gate.example/saml/acme-1/acs";
const ISSUER: &str = "https://gate.example/saml/acme-1/metadata";
const IDP: &str = "https://idp.example/sso?idpid=C01&x=y";

fn id() -> RequestId {
    RequestId::from_random([0xab; 20])
}

fn request(id: &RequestId) -> AuthnRequest<'_> {
    AuthnRequest {
        id,
        issue_instant: now(),
        destination: IDP,
        assertion_consumer_service_url: ACS,
        issuer: ISSUER,
        name_id_format: Some(NameIdFormat::default()),
        allow_create: true,
        force_authn: false,
        requested_authn_context: None,
    }
}

fn decoded(form: &PostForm) -> String {
    String::from_utf8(STANDARD.decode(&form.fields[0].1).unwrap()).unwrap()
}

/// The XML of a signed request by HTTP-POST.
pub(in crate::saml) fn signed_post_xml() -> String {
    decoded(&request(&id()).post_form(None, Some(&signer())).unwrap())
}

/// IL-01, IL-03, SE-14: the whole message, with the e-mail format by default.
#[test]
fn il_03_the_request_asks_for_an_email_name_id_by_default() {
    let form = request(&id()).post_form(None, None).unwrap();
    assert_eq!(form.action, IDP);
    assert_eq!(
        decoded(&form),
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_abababababababababababababababababababab\" \
         Version=\"2.0\" IssueInstant=\"2026-03-01T12:00:00Z\" \
         Destination=\"https://idp.example/sso?idpid=C01&amp;x=y\" \
         AssertionConsumerServiceURL=\"https://gate.example/saml/acme-1/acs\" \
         ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\">\
         <saml:Issuer>https://gate.example/saml/acme-1/metadata</saml:Issuer>\
         <samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\" AllowCreate=\"true\"/>\
         </samlp:AuthnRequest>"
    );
}

#[test]
fn il_03_other_formats_and_options_are_asked_for() {
    let context = RequestedAuthnContext {
        comparison: Comparison::Minimum,
        class_refs: vec!["urn:a".to_owned(), "urn:b?c&d".to_owned()],
    };
    let id = id();
    let mut wanted = request(&id);
    wanted.force_authn = true;
    wanted.requested_authn_context = Some(&context);
    for format in NameIdFormat::ALL {
        wanted.name_id_format = Some(format);
        let xml = decoded(&wanted.post_form(None, None).unwrap());
        assert!(
            xml.contains(&format!(
                "<samlp:NameIDPolicy Format=\"{format}\" AllowCreate=\"true\"/>"
            )),
            "{xml}"
        );
        assert!(xml.contains(" ForceAuthn=\"true\">"), "{xml}");
        assert!(
            xml.ends_with(
                "<samlp:RequestedAuthnContext Comparison=\"minimum\">\
                 <saml:AuthnContextClassRef>urn:a</saml:AuthnContextClassRef>\
                 <saml:AuthnContextClassRef>urn:b?c&amp;d</saml:AuthnContextClassRef>\
                 </samlp:RequestedAuthnContext></samlp:AuthnRequest>"
            ),
            "{xml}"
        );
    }
    wanted.name_id_format = None;
    wanted.allow_create = false;
    let none = RequestedAuthnContext {
        comparison: Comparison::Exact,
        class_refs: Vec::new(),
    };
    wanted.requested_authn_context = Some(&none);
    let xml = decoded(&wanted.post_form(None, None).unwrap());
    assert!(xml.ends_with("</saml:Issuer></samlp:AuthnRequest>"), "{xml}");
}

#[test]
fn se_14_by_post_the_xml_is_signed_after_issuer() {
    let state: RelayState = "state_1-A".parse().unwrap();
    let form = request(&id()).post_form(Some(&state), Some(&signer())).unwrap();
    assert_eq!(form.fields[0].0, "SAMLRequest");
    assert_eq!(form.fields[1], ("RelayState", "state_1-A".to_owned()));
    let xml = decoded(&form);
    assert!(xml.contains("</saml:Issuer><ds:Signature "), "{xml}");
    assert!(xml.contains("</ds:Signature><samlp:NameIDPolicy "), "{xml}");
    assert!(verifies(&xml, &first().certificate));
    assert!(!verifies(
        &xml.replace("acme-1/acs", "evil/acs"),
        &first().certificate
    ));
}

#[test]
fn se_14_by_redirect_the_query_is_signed() {
    let state: RelayState = "state_1-A".parse().unwrap();
    let url = request(&id())
        .redirect_url(Some(&state), Some(&signer()))
        .unwrap();
    let query = url.strip_prefix("https://idp.example/sso?").unwrap();
    assert!(query.starts_with("idpid=C01&x=y&SAMLRequest="), "{url}");
    let message = RedirectMessage::parse(query).unwrap();
    assert_eq!(message.relay_state(), Some("state_1-A"));
    let xml = message
        .verify(std::slice::from_ref(&first().certificate))
        .unwrap();
    assert_eq!(xml, decoded(&request(&id()).post_form(None, None).unwrap()));
    assert!(
        !xml.contains("Signature"),
        "the XML itself is not signed in this binding"
    );
    assert_eq!(
        message
            .verify(std::slice::from_ref(&second().certificate))
            .unwrap_err()
            .code(),
        "redirect_bad_signature"
    );
    assert!(url.len() < 2048, "{}", url.len());
}

#[test]
fn without_a_signer_there_is_no_trace_of_a_signature() {
    let url = request(&id()).redirect_url(None, None).unwrap();
    assert!(!url.contains("SigAlg") && !url.contains("Signature") && !url.contains("RelayState"));
    assert!(
        !RedirectMessage::parse(url.split_once('?').unwrap().1)
            .unwrap()
            .has_signature()
    );
}

/// What a connection holds cannot break out of its attribute, and what would not arrive unchanged is refused.
#[test]
fn values_stay_in_their_place() {
    let id = id();
    let mut hostile = request(&id);
    hostile.issuer = "x</saml:Issuer><saml:Issuer>y";
    hostile.assertion_consumer_service_url = "https://a\"ID=\"_b";
    let xml = decoded(&hostile.post_form(None, None).unwrap());
    assert!(
        xml.contains("<saml:Issuer>x&lt;/saml:Issuer&gt;&lt;saml:Issuer&gt;y</saml:Issuer>"),
        "{xml}"
    );
    assert!(xml.contains("\"https://a&quot;ID=&quot;_b\""), "{xml}");
    let long = "x".repeat(2049);
    for bad in ["", "a b", "a\nb", "a\tb", "a\u{0}b", "a\u{fffe}b", &long] {
        for field in 0..3 {
            let mut wrong = request(&id);
            match field {
                0 => wrong.issuer = bad,
                1 => wrong.destination = bad,
                _ => wrong.assertion_consumer_service_url = bad,
            }
            assert_eq!(
                wrong.post_form(None, None).unwrap_err().code(),
                "authn_request_value",
                "{bad:?}"
            );
            assert_eq!(
                wrong.redirect_url(None, None).unwrap_err().code(),
                "authn_request_value",
                "{bad:?}"
            );
        }
    }
}

#[test]
fn a_request_id_is_read_back_and_nothing_else_is() {
    assert_eq!(RequestId::parse(id().as_str()).unwrap(), id());
    let json = serde_json::to_string(&id()).unwrap();
    assert_eq!(serde_json::from_str::<RequestId>(&json).unwrap(), id());
    for bad in [
        "",
        "_",
        "abab",
        "_ABABABABABABABABABABABABABABABABABABABAB",
        "_zz",
        &format!("_{}", "a".repeat(65)),
    ] {
        assert_eq!(
            RequestId::parse(bad).unwrap_err().code(),
            "authn_request_id",
            "{bad}"
        );
    }
}

/// AD-4: ADFS refuses more than 80 bytes.
#[test]
fn relay_state_is_short_and_plain() {
    let longest = "a".repeat(80);
    for good in ["a", "AZaz09_-", &longest] {
        assert_eq!(good.parse::<RelayState>().unwrap().as_str(), good);
    }
    for bad in [
        "",
        "a b",
        "a=b",
        "ä",
        "a/b",
        "https://evil.example",
        &"a".repeat(81),
    ] {
        assert_eq!(
            bad.parse::<RelayState>().unwrap_err().code(),
            "relay_state_invalid",
            "{bad}"
        );
    }
}

#[test]
fn a_name_id_format_is_read_by_its_uri() {
    for format in NameIdFormat::ALL {
        assert_eq!(format.uri().parse::<NameIdFormat>().unwrap(), format);
        let json = serde_json::to_string(&format).unwrap();
        assert_eq!(serde_json::from_str::<NameIdFormat>(&json).unwrap(), format);
    }
    let odd = "urn:oasis:names:tc:SAML:2.0:nameid-format:emailAddress";
    assert_eq!(odd.parse::<NameIdFormat>().unwrap(), NameIdFormat::EmailAddress);
    assert_eq!(
        "emailAddress".parse::<NameIdFormat>().unwrap_err().code(),
        "name_id_format_unknown"
    );
}

proptest! {
    #[test]
    fn every_request_arrives_as_it_was_sent(random in any::<[u8; 20]>(), state in "[A-Za-z0-9_-]{1,80}") {
        let id = RequestId::from_random(random);
        let state: RelayState = state.parse().unwrap();
        let url = request(&id).redirect_url(Some(&state), Some(&signer())).unwrap();
        let message = RedirectMessage::parse(url.split_once('?').unwrap().1).unwrap();
        let xml = message.verify(std::slice::from_ref(&first().certificate)).unwrap();
        let attribute = format!(" ID=\"{}\" ", id.as_str());
        prop_assert!(xml.contains(&attribute));
        prop_assert_eq!(message.relay_state(), Some(state.as_str()));
    }
}
