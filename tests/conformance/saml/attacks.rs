//! Signature wrapping (XSW 1–8, Somorovsky et al. 2012) and its relatives. None may verify; each names its check.

use gatehouse_local::demo_idp::issue::{Sign, form_value};

use super::world::{Connection, assertion, edit, encrypted, genuine, part, signature, signed, verdict, xml};

/// The genuine message's elements, and evil copies of them without a signature.
struct Wrapped {
    response: String,
    assertion: String,
    signature: String,
    evil_assertion: String,
}

fn wrapped(sign: Sign) -> Wrapped {
    let response = xml(&signed(sign));
    assert_eq!(verdict(&response), "ok");
    let own = assertion(&response).to_owned();
    let signature = signature(&response).to_owned();
    let id = part(&own, "ID=\"", "\" ").to_owned();
    let evil_assertion =
        edit(&own.replace(&signature, ""), &id, "ID=\"_evil\" ").replace("ada@acme", "eve@acme");
    Wrapped {
        response,
        assertion: own,
        signature,
        evil_assertion,
    }
}

/// Puts `inside` before the end of the signature.
fn into_signature(signature: &str, inside: &str) -> String {
    edit(
        signature,
        "</ds:Signature>",
        &format!("<ds:Object>{inside}</ds:Object></ds:Signature>"),
    )
}

#[test]
fn il_xsw_1_and_2_wrap_a_signed_response() {
    let w = wrapped(Sign::Response);
    let original = w.response.replace(&w.signature, "");
    let evil = edit(&original, "ID=\"_", "ID=\"_evil");
    let evil = evil.replace(&w.assertion, &w.evil_assertion);
    let one = edit(
        &evil,
        "<samlp:Status>",
        &format!("{}<samlp:Status>", into_signature(&w.signature, &original)),
    );
    assert_eq!(verdict(&one), "assertion_multiple");
    let two = edit(
        &evil,
        "<samlp:Status>",
        &format!("{original}{}<samlp:Status>", w.signature),
    );
    assert_eq!(verdict(&two), "assertion_multiple");
}

#[test]
fn il_xsw_3_to_8_wrap_a_signed_assertion() {
    let w = wrapped(Sign::Assertion);
    let unsigned = w.assertion.replace(&w.signature, "");
    let put = |new: String| w.response.replace(&w.assertion, &new);
    let three = put(format!("{}{}", w.evil_assertion, w.assertion));
    let four = put(edit(
        &w.evil_assertion,
        "</saml:Assertion>",
        &format!("{}</saml:Assertion>", w.assertion),
    ));
    let evil_signed = edit(
        &w.evil_assertion,
        "</saml:Issuer>",
        &format!("</saml:Issuer>{}", w.signature),
    );
    let five = put(format!("{evil_signed}{unsigned}"));
    let around = edit(
        &w.evil_assertion,
        "</saml:Issuer>",
        &format!("</saml:Issuer>{}", into_signature(&w.signature, &unsigned)),
    );
    let six = put(around.clone());
    let seven = put(format!(
        "<samlp:Extensions>{}</samlp:Extensions>{}",
        w.evil_assertion, w.assertion
    ));
    let eight =
        put(edit(&around, "<ds:Object>", "<ds:Object><x>").replace("</ds:Object>", "</x></ds:Object>"));
    for (name, attack) in [(3, three), (4, four), (5, five), (6, six), (7, seven), (8, eight)] {
        assert_eq!(verdict(&attack), "assertion_multiple", "XSW {name}");
    }
}

#[test]
fn wrapping_that_keeps_one_assertion_fails_by_place_or_reference() {
    let w = wrapped(Sign::Assertion);
    // The signature of the genuine assertion around an evil one.
    let evil_signed = edit(
        &w.evil_assertion,
        "</saml:Issuer>",
        &format!("</saml:Issuer>{}", w.signature),
    );
    assert_eq!(
        verdict(&w.response.replace(&w.assertion, &evil_signed)),
        "reference_target"
    );
    // The same with the genuine ID.
    let id = part(&w.assertion, "ID=\"", "\" ").to_owned();
    let same_id = edit(&evil_signed, "ID=\"_evil\" ", &id);
    assert_eq!(
        verdict(&w.response.replace(&w.assertion, &same_id)),
        "digest_mismatch"
    );
    // A genuine assertion in another namespace's clothes, hidden from the count.
    let hidden = w.assertion.replace(
        "urn:oasis:names:tc:SAML:2.0:assertion",
        "urn:oasis:names:tc:SAML:1.0:assertion",
    );
    let both = w
        .response
        .replace(&w.assertion, &format!("{}{hidden}", w.evil_assertion));
    assert_eq!(verdict(&both), "signature_misplaced");
    // A signed Response cut down to its unsigned part.
    let response = wrapped(Sign::Response);
    assert_eq!(
        verdict(&response.response.replace(&response.signature, "")),
        "signature_missing"
    );
}

#[test]
fn references_that_reach_elsewhere_are_refused_before_anything_is_fetched() {
    let plain = xml(&genuine());
    let uri = part(&plain, "URI=\"#", "\">").to_owned();
    for other in [
        "",
        "#xpointer(/)",
        "#xpointer(id('x'))",
        "/etc/passwd",
        "http://127.0.0.1:9/",
        "cid:x",
        "Cargo.toml",
        "#",
    ] {
        assert_eq!(
            verdict(&edit(&plain, &uri, &format!("URI=\"{other}\">"))),
            "reference_target",
            "{other}"
        );
    }
    assert_eq!(verdict(&edit(&plain, &uri, ">")), "reference_target");
}

#[test]
fn an_id_that_reads_as_an_xpointer_is_refused() {
    let mut issue = genuine();
    issue.assertion_id = "xpointer(/)".to_owned();
    // Nobody signs this by accident; the template is filled in by hand, unsigned.
    issue.sign = Sign::Nothing;
    let template = gatehouse_local::demo_idp::issue::sign::template("xpointer(/)", issue.algorithm, b"");
    let template = template.replace("<ds:DigestValue></", "<ds:DigestValue>AA==</");
    let template = template.replace("<ds:SignatureValue></", "<ds:SignatureValue>AA==</");
    let unsigned = xml(&issue);
    let at = unsigned.rfind("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
    let attack = format!("{}{template}{}", &unsigned[..at], &unsigned[at..]);
    assert_eq!(verdict(&attack), "id_invalid");
}

#[test]
fn namespaced_look_alikes_of_attributes_are_not_read() {
    let plain = xml(&genuine());
    // An ID in another namespace before the real one: the engine alone would look it up by local name.
    let id = part(assertion(&plain), "ID=\"", "\" ").to_owned();
    let foreign = edit(&plain, &id, &format!("xmlns:e=\"urn:e\" e:ID=\"_e\" {id}"));
    assert_ne!(verdict(&foreign), "ok");
    let destination = edit(
        &plain,
        "Destination=",
        "xmlns:e=\"urn:e\" e:Destination=\"https://evil.example\" Destination=",
    );
    assert_eq!(verdict(&destination), "ok");
    let version = edit(&plain, "Version=\"2.0\"", "xmlns:e=\"urn:e\" e:Version=\"2.0\"");
    assert_eq!(verdict(&version), "version_unsupported");
}

#[test]
fn the_key_in_the_message_is_never_trusted() {
    let forged = genuine().xml(&super::world::KEYS.foreign).unwrap();
    let refusal = Connection::default().read(&form_value(&forged)).unwrap_err();
    assert_eq!(refusal.code(), "signature_invalid");
    assert!(refusal.got().contains("names the certificate"));
    let bare = edit(&forged, part(&forged, "<ds:KeyInfo>", "</ds:KeyInfo>"), "");
    assert_eq!(verdict(&bare), "signature_invalid");
}

#[test]
fn a_hmac_keyed_with_the_public_key_is_refused_by_algorithm() {
    let hmac = edit(&xml(&genuine()), "#rsa-sha256", "#hmac-sha256");
    assert_eq!(verdict(&hmac), "signature_algorithm_forbidden");
}

#[test]
fn entity_bombs_and_external_entities_stop_at_the_scan() {
    let plain = xml(&genuine());
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>";
    assert_eq!(verdict(&format!("{bomb}{plain}")), "xml_dtd");
    assert_eq!(verdict(&edit(&plain, ">Engineers<", ">&xxe;<")), "xml_malformed");
}

#[test]
fn text_of_a_nested_element_is_not_read_as_part_of_a_name() {
    let issue = genuine();
    let split = issue
        .xml_with(
            &super::world::KEYS.rsa,
            |assertion| {
                edit(
                    &assertion,
                    ">ada@acme.example</saml:NameID>",
                    ">ada@acme<x/>.example</saml:NameID>",
                )
            },
            |response| response,
        )
        .unwrap();
    assert_eq!(verdict(&split), "name_id_invalid");
}

/// A message signed twice may not pass as one that is signed once because its outer Signature was damaged into an
/// unknown element.
#[test]
fn a_damaged_outer_signature_is_no_unknown_element() {
    for issue in [signed(Sign::Both), encrypted(Sign::Both)] {
        let text = xml(&issue);
        let start = text.find("<ds:Signature").unwrap();
        let end = start + text[start..].find('>').unwrap();
        assert_eq!(verdict(&text), "ok");
        for at in start..=end {
            let mut damaged = text.clone();
            damaged.remove(at);
            assert_ne!(verdict(&damaged), "ok", "without the byte at {}", at - start);
        }
        let renamed = edit(
            &text,
            "<ds:Signature xmlns:ds=\"http",
            "<ds:Signature xmlns:ds=\"urn:http",
        );
        assert_eq!(verdict(&renamed), "response_element_unknown");
    }
}
