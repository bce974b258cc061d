//! Deviations that do no harm (X-2, X-4, E-37, R-1) are accepted, and the edges of the tolerances hold.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::saml::response::{CLOCK_SKEW, unverified_hints};
use gatehouse_local::demo_idp::issue::encrypt::{Encryption, encrypt_bytes};
use gatehouse_local::demo_idp::issue::sign::{self, SignatureAlgorithm};
use gatehouse_local::demo_idp::issue::{Issue, Sign, TRANSIENT, assertion_xml, form_value, response_xml};

use super::world::{Connection, ISSUER, KEYS, REQUEST, edit, encrypted, genuine, now, signed, verdict, xml};

#[test]
fn x_2_base64_may_be_wrapped_and_unpadded() {
    let form = STANDARD.encode(format!("{} ", xml(&genuine())));
    let wrapped: String = form
        .as_bytes()
        .chunks(76)
        .map(|line| format!(" {}\r\n", std::str::from_utf8(line).unwrap()))
        .collect();
    assert!(Connection::default().read(&wrapped).is_ok());
    assert!(Connection::default().read(form.trim_end_matches('=')).is_ok());
}

#[test]
fn x_4_byte_order_mark_line_breaks_and_carriage_returns() {
    let plain = xml(&genuine());
    assert_eq!(verdict(&format!("\u{feff}{plain}\r\n")), "ok");
    // The line break in the SignatureValue that Windows senders write as a character reference.
    let value = super::world::part(&plain, "<ds:SignatureValue>", "</ds:SignatureValue>").to_owned();
    let broken = format!("{}&#xD;\n{}", &value[..60], &value[60..]);
    assert_eq!(verdict(&edit(&plain, &value, &broken)), "ok");
    // CRLF inside what is signed is a line feed on both sides (XML 1.0, 2.11).
    let issue = genuine();
    let spaced = issue
        .xml_with(
            &KEYS.rsa,
            |assertion| assertion.replace("><saml:", ">\n<saml:"),
            |response| response,
        )
        .unwrap();
    assert_eq!(verdict(&spaced), "ok");
    assert_eq!(verdict(&spaced.replace('\n', "\r\n")), "ok");
}

#[test]
fn whitespace_between_the_parts_of_a_signature_is_no_text() {
    let plain = xml(&genuine());
    assert_eq!(verdict(&edit(&plain, "<ds:KeyInfo>", "\n\t <ds:KeyInfo>")), "ok");
    assert_eq!(
        verdict(&edit(&plain, "<ds:KeyInfo>", "x<ds:KeyInfo>")),
        "signature_malformed"
    );
}

#[test]
fn ad_5_the_skew_is_three_minutes_and_not_a_millisecond_more() {
    let before = |delta| {
        let issue = Issue {
            not_before: now() + delta,
            ..genuine()
        };
        verdict(&xml(&issue))
    };
    assert_eq!(before(CLOCK_SKEW), "ok");
    assert_eq!(
        before(CLOCK_SKEW + TimeDelta::milliseconds(1)),
        "assertion_not_yet_valid"
    );
    let after = |delta| {
        let issue = Issue {
            not_on_or_after: now() - delta,
            not_before: now() - TimeDelta::hours(1),
            ..genuine()
        };
        verdict(&xml(&issue))
    };
    assert_eq!(after(CLOCK_SKEW - TimeDelta::milliseconds(1)), "ok");
    assert_eq!(after(CLOCK_SKEW), "confirmation_expired");
}

#[test]
fn an_instant_without_a_time_zone_is_utc() {
    let written = |how: &dyn Fn(&str) -> String| {
        let issue = genuine();
        verdict(
            &issue
                .xml_with(&KEYS.rsa, |assertion| how(&assertion), |r| r)
                .unwrap(),
        )
    };
    // Six instants of the assertion end in ".000Z".
    assert_eq!(written(&|xml| xml.replace(".000Z\"", "\"")), "ok");
    assert_eq!(written(&|xml| xml.replace(".000Z\"", ".1234567\"")), "ok");
    assert_eq!(written(&|xml| xml.replace(".000Z\"", "+00:00\"")), "ok");
    // It is no way around an end: 13:04 to the east of UTC is 11:04 or earlier here.
    let ended = |xml: &str| xml.replace("T12:04:58.000Z", "T11:56:59");
    assert_eq!(written(&ended), "confirmation_expired");
    assert_eq!(
        written(&|xml| xml.replace(".000Z\"", "Z[UTC]\"")),
        "timestamp_malformed"
    );
}

#[test]
fn exclusive_canonicalization_with_comments_is_the_same_where_no_comment_passes() {
    // saml-core 5.4.3: with or without comments.
    const ONE: &str = "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"";
    const OTHER: &str = "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\"";
    let template = sign::template(
        "_assertion-1",
        SignatureAlgorithm::RsaSha256,
        KEYS.rsa.certificate_der(),
    );
    assert_eq!(template.matches(ONE).count(), 2);
    let response = |template: &str| {
        let assertion = assertion_xml(&genuine());
        let assertion = sign::sign_with(assertion, template, &KEYS.rsa).unwrap();
        response_xml(&genuine(), &assertion)
    };
    for template in [template.replace(ONE, OTHER), template.replacen(ONE, OTHER, 1)] {
        let text = response(&template);
        assert_eq!(verdict(&text), "ok");
        assert_eq!(verdict(&edit(&text, "ada@", "bob@")), "digest_mismatch");
        assert_eq!(verdict(&edit(&text, "ada@", "a<!---->da@")), "xml_comment");
    }
    // Nothing but these two.
    let text = response(&template);
    assert_eq!(
        verdict(&edit(&text, ONE, &ONE.replace("c14n#", "c14n#Else"))),
        "canonicalization_forbidden"
    );
}

#[test]
fn s_4_an_encrypted_name_is_opened() {
    let sealed = |name: &str| {
        let name = name.replace(
            "<saml:NameID",
            "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
        );
        let how = Encryption::new(KEYS.ours.certificate_der().to_vec());
        let sealed = encrypt_bytes(name.as_bytes(), &how).unwrap();
        sealed.replace("EncryptedAssertion", "EncryptedID")
    };
    let read = |issue: Issue, change: &dyn Fn(&str, &str) -> String| {
        let text = issue.xml_with(
            &KEYS.rsa,
            |xml| {
                let name = super::world::part(&xml, "<saml:NameID", "</saml:NameID>").to_owned();
                edit(&xml, &name, &change(&name, &sealed(&name)))
            },
            |response| response,
        );
        Connection::default().read(&form_value(&text.unwrap()))
    };
    for issue in [genuine(), encrypted(Sign::Assertion), encrypted(Sign::Response)] {
        let plain = Connection::default()
            .read(&issue.form_value(&KEYS.rsa).unwrap())
            .unwrap();
        let opened = read(issue, &|_, sealed| sealed.to_owned()).unwrap();
        assert_eq!(opened.name_id, plain.name_id);
    }
    let refused = |change: &dyn Fn(&str, &str) -> String| read(genuine(), change).unwrap_err().code();
    assert_eq!(
        refused(&|name, sealed| format!("{sealed}{name}")),
        "name_id_invalid"
    );
    assert_eq!(refused(&|_, sealed| sealed.repeat(2)), "name_id_invalid");
    assert_eq!(
        refused(&|_, one| edit(one, "aes128-gcm", "aes256-gcm")),
        "decryption_failed"
    );
    assert_eq!(
        refused(&|_, _| sealed("<saml:Issuer xmlns:saml=\"urn:x\"/>")),
        "decryption_failed"
    );
    // One inside another is no way around.
    assert_eq!(refused(&|_, one| sealed(one)), "encrypted_identifier");
    // Without keys the caller is told to fetch them.
    let without = Connection {
        decryption_keys: Vec::new(),
        ..Connection::default()
    };
    let issue = genuine();
    let hide = |xml: String| {
        let name = super::world::part(&xml, "<saml:NameID", "</saml:NameID>").to_owned();
        edit(&xml, &name, &sealed(&name))
    };
    let text = issue.xml_with(&KEYS.rsa, hide, |response| response).unwrap();
    assert_eq!(
        without.read(&form_value(&text)).unwrap_err().code(),
        "decryption_key_missing"
    );
}

#[test]
fn times_at_the_end_of_the_calendar_do_not_overflow() {
    let issue = genuine();
    let far = |xml: &str| xml.replace("2026-03-01T12:04:58.000Z", "9999-12-31T23:59:59Z");
    let text = issue
        .xml_with(&KEYS.rsa, |assertion| far(&assertion), |response| response)
        .unwrap();
    assert_eq!(verdict(&text), "ok");
    let late = DateTime::from_timestamp(253_402_300_799, 0).unwrap();
    let at = |now| {
        Connection {
            now,
            ..Connection::default()
        }
        .read(&form_value(&text))
    };
    assert!(at(late).is_ok());
    assert_eq!(at(late + CLOCK_SKEW).unwrap_err().code(), "confirmation_expired");
    assert!(at(DateTime::<Utc>::MAX_UTC).is_err());
}

#[test]
fn e_37_a_transient_name_or_none_at_all_is_read_as_such() {
    let mut issue = genuine();
    if let Some(name) = &mut issue.name_id {
        name.format = Some(TRANSIENT.to_owned());
    }
    let read = Connection::default()
        .read(&issue.form_value(&KEYS.rsa).unwrap())
        .unwrap();
    assert_eq!(read.name_id.unwrap().format.as_deref(), Some(TRANSIENT));
    issue.name_id = None;
    let read = Connection::default()
        .read(&issue.form_value(&KEYS.rsa).unwrap())
        .unwrap();
    assert_eq!(read.name_id, None);
}

#[test]
fn r_1_an_unsolicited_response_names_no_request_and_a_foreign_one_is_handed_to_the_caller() {
    let mut issue = genuine();
    issue.in_response_to = None;
    let read = |issue: &Issue| {
        Connection::default()
            .read(&issue.form_value(&KEYS.rsa).unwrap())
            .unwrap()
    };
    assert_eq!(read(&issue).in_response_to, None);
    issue.in_response_to = Some("whatever".to_owned());
    assert_eq!(read(&issue).in_response_to.as_deref(), Some("whatever"));
}

#[test]
fn the_request_is_taken_from_signed_places_only() {
    // An unsolicited, signed assertion in a Response into which somebody wrote the victim's request.
    let mut issue = genuine();
    issue.in_response_to = None;
    let planted = edit(
        &xml(&issue),
        "<samlp:Response ",
        "<samlp:Response InResponseTo=\"_victim\" ",
    );
    assert_eq!(verdict(&planted), "in_response_to_unsigned");
    // In a signed Response it counts.
    let issue = Issue {
        in_response_to: None,
        ..signed(Sign::Response)
    };
    let planted = issue
        .xml_with(
            &KEYS.rsa,
            |a| a,
            |r| edit(&r, "<samlp:Response ", "<samlp:Response InResponseTo=\"_own\" "),
        )
        .unwrap();
    let read = Connection::default().read(&form_value(&planted)).unwrap();
    assert_eq!(read.in_response_to.as_deref(), Some("_own"));
}

#[test]
fn every_audience_restriction_must_hold_and_any_audience_in_one_is_enough() {
    let restriction = |audiences: &[&str]| {
        let inner: String = audiences
            .iter()
            .map(|a| format!("<saml:Audience>{a}</saml:Audience>"))
            .collect();
        format!("<saml:AudienceRestriction>{inner}</saml:AudienceRestriction>")
    };
    let ours = super::world::AUDIENCE;
    let with = |text: String| {
        let change = |assertion: String| {
            let old = super::world::part(
                &assertion,
                "<saml:AudienceRestriction>",
                "</saml:AudienceRestriction>",
            );
            edit(&assertion, old, &text)
        };
        verdict(
            &genuine()
                .xml_with(&KEYS.rsa, change, |response| response)
                .unwrap(),
        )
    };
    assert_eq!(with(restriction(&["https://other.example", ours])), "ok");
    assert_eq!(with(restriction(&[ours]) + &restriction(&[ours])), "ok");
    assert_eq!(
        with(restriction(&[ours]) + &restriction(&["https://other.example"])),
        "audience_mismatch"
    );
    assert_eq!(with(restriction(&[])), "audience_mismatch");
    assert_eq!(with(restriction(&[&ours.to_uppercase()])), "audience_mismatch");
    assert_eq!(with(restriction(&[&format!("{ours}/x")])), "audience_mismatch");
}

#[test]
fn one_good_bearer_confirmation_among_several_is_enough() {
    let other = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:holder-of-key\"/>\
                 <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
                 <saml:SubjectConfirmationData Recipient=\"https://other.example\"/></saml:SubjectConfirmation>";
    let change = |assertion: String| {
        edit(
            &assertion,
            "<saml:SubjectConfirmation ",
            &format!("{other}<saml:SubjectConfirmation "),
        )
    };
    let text = genuine()
        .xml_with(&KEYS.rsa, change, |response| response)
        .unwrap();
    assert_eq!(verdict(&text), "ok");
}

#[test]
fn gh_04_a_failed_status_shows_known_codes_only() {
    let refusal = |failure: &[&str]| {
        let issue = Issue {
            failure: failure.iter().map(|s| (*s).to_owned()).collect(),
            ..genuine()
        };
        Connection::default()
            .read(&issue.form_value(&KEYS.rsa).unwrap())
            .unwrap_err()
    };
    assert_eq!(
        refusal(&["Responder", "AuthnFailed"]).got(),
        "Responder/AuthnFailed"
    );
    assert_eq!(
        refusal(&["Requester", "ada@acme.example"]).got(),
        "Requester/other"
    );
    assert_eq!(refusal(&["Requester"]).code(), "status_not_success");
    // A failure with an assertion is still a failure.
    let failed = edit(&xml(&genuine()), "status:Success", "status:Responder");
    assert_eq!(verdict(&failed), "status_not_success");
}

#[test]
fn hints_name_issuer_and_request_without_verifying() {
    let forged = genuine().form_value(&KEYS.foreign).unwrap();
    let hints = unverified_hints(&forged).unwrap();
    assert_eq!(
        (hints.issuer.as_deref(), hints.in_response_to.as_deref()),
        (Some(ISSUER), Some(REQUEST))
    );
    assert_eq!(unverified_hints("!"), None);
    assert_eq!(unverified_hints(&form_value("<a/>")), None);
}

#[test]
fn cdata_is_text_like_any_other() {
    let change = |assertion: String| {
        edit(
            &assertion,
            ">ada@acme.example</saml:NameID>",
            "><![CDATA[ada@]]>acme<![CDATA[.example]]></saml:NameID>",
        )
    };
    let text = genuine()
        .xml_with(&KEYS.rsa, change, |response| response)
        .unwrap();
    let read = Connection::default().read(&form_value(&text)).unwrap();
    assert_eq!(read.name_id.unwrap().value, "ada@acme.example");
    // Inside a signature the engines read the first text only.
    let plain = xml(&genuine());
    let split = edit(&plain, "<ds:DigestValue>", "<ds:DigestValue><![CDATA[]]>");
    assert_eq!(verdict(&split), "signature_malformed");
}
