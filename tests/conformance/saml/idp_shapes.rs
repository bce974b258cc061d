//! What each IdP's response looks like on the wire (IDP_QUIRKS: E-30, E-37, GW-4, AD-2, AD-5, S-1 to S-3, K-4, J-4,
//! PI-2): namespaces, prefixes, where the signature stands, which attributes come. The texts are made up after vendors'
//! documentation and signed here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{SecondsFormat, TimeDelta};
use gatehouse::saml::response::VerifiedResponse;
use gatehouse_local::demo_idp::issue::encrypt::{Encryption, Transport, encrypt};
use gatehouse_local::demo_idp::issue::sign::sign_templates;
use gatehouse_local::demo_idp::issue::{EMAIL, PERSISTENT, TRANSIENT, form_value};

use super::world::{ACS, AUDIENCE, Connection, KEYS, REQUEST, now};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../fixtures/saml/idp/", $name, ".xml"))
    };
}

const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// Fills in what differs from run to run.
fn filled(template: &str, issuer: &str) -> String {
    let instant = |delta: TimeDelta| (now() + delta).to_rfc3339_opts(SecondsFormat::Millis, true);
    template
        .replace("{{now}}", &instant(TimeDelta::seconds(-1)))
        .replace("{{from}}", &instant(TimeDelta::minutes(-5)))
        .replace("{{ahead}}", &instant(TimeDelta::seconds(90)))
        .replace("{{until}}", &instant(TimeDelta::minutes(5)))
        .replace("{{session_end}}", &instant(TimeDelta::hours(8)))
        .replace("{{acs}}", ACS)
        .replace("{{audience}}", AUDIENCE)
        .replace("{{issuer}}", issuer)
        .replace("{{request}}", REQUEST)
        .replace("{{certificate}}", &STANDARD.encode(KEYS.rsa.certificate_der()))
}

/// Reads signed XML as a connection to `issuer` would.
fn read(xml: &str, issuer: &str) -> VerifiedResponse {
    let connection = Connection {
        issuer: issuer.to_owned(),
        ..Connection::default()
    };
    let read = connection
        .read(&form_value(xml))
        .unwrap_or_else(|refusal| panic!("{issuer}: {refusal}"));
    assert_eq!(read.issuer, issuer);
    assert_eq!(read.in_response_to.as_deref(), Some(REQUEST));
    assert!(read.session_index.is_some());
    read
}

/// Signs a fixture and reads it.
fn shape(template: &str, issuer: &str) -> VerifiedResponse {
    read(
        &sign_templates(&filled(template, issuer), &KEYS.rsa).unwrap(),
        issuer,
    )
}

fn name(read: &VerifiedResponse) -> (&str, &str) {
    let name_id = read.name_id.as_ref().unwrap();
    (&name_id.value, name_id.format.as_deref().unwrap())
}

#[test]
fn e_30_entra_signs_the_assertion_without_prefixes_under_a_slashed_issuer() {
    let read = shape(
        fixture!("entra"),
        "https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/",
    );
    assert_eq!(name(&read), ("Zm9vYmFyQmF6UXV4", PERSISTENT));
    assert_eq!((read.assertion_signed, read.response_signed), (true, false));
    assert_eq!(
        read.attributes["http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"].len(),
        2
    );
    assert!(
        read.attributes
            .contains_key("http://schemas.microsoft.com/identity/claims/objectidentifier")
    );
}

#[test]
fn okta_signs_both_with_an_inclusive_prefix() {
    let read = shape(fixture!("okta"), "http://www.okta.com/exk1fxhr");
    assert_eq!(name(&read), ("ada@acme.example", EMAIL));
    assert_eq!((read.assertion_signed, read.response_signed), (true, true));
    assert_eq!(read.attributes["groups"], ["Everyone", "R&D"]);
}

#[test]
fn gw_4_google_signs_the_assertion_only() {
    let read = shape(
        fixture!("google"),
        "https://accounts.google.com/o/saml2?idpid=C01abc",
    );
    assert_eq!((read.assertion_signed, read.response_signed), (true, false));
    assert_eq!(read.attributes["email"], ["ada@acme.example"]);
}

#[test]
fn ad_2_ad_5_adfs_sends_windows_claims_and_a_not_before_ahead_of_our_clock() {
    let read = shape(fixture!("adfs"), "http://adfs.acme.example/adfs/services/trust");
    assert_eq!(name(&read), ("ACME\\ada", UNSPECIFIED));
    assert_eq!(
        read.attributes["http://schemas.xmlsoap.org/claims/Group"],
        ["Domain Users", "Engineers"]
    );
}

#[test]
fn s_1_s_2_s_3_shibboleth_signs_the_response_around_an_unsigned_encrypted_assertion() {
    let issuer = "https://idp.university.example/idp/shibboleth";
    let assertion = filled(fixture!("shibboleth-assertion"), issuer);
    for transport in [Transport::OaepMgf1pNamed, Transport::OaepSha256] {
        let how = Encryption {
            transport,
            ..Encryption::new(KEYS.ours.certificate_der().to_vec())
        };
        let encrypted = encrypt(&assertion, &how).unwrap();
        let response = filled(fixture!("shibboleth"), issuer).replace("{{encrypted}}", &encrypted);
        let read = read(&sign_templates(&response, &KEYS.rsa).unwrap(), issuer);
        assert_eq!(
            (read.assertion_signed, read.response_signed, read.encrypted),
            (false, true, true)
        );
        let name_id = read.name_id.as_ref().unwrap();
        assert_eq!(name_id.format.as_deref(), Some(TRANSIENT));
        assert_eq!(name_id.name_qualifier.as_deref(), Some(issuer));
        assert_eq!(name_id.sp_name_qualifier.as_deref(), Some(AUDIENCE));
        assert_eq!(
            read.attributes["urn:oid:1.3.6.1.4.1.5923.1.1.1.6"],
            ["ada@acme.example"]
        );
        assert_eq!(read.attributes["urn:oid:1.3.6.1.4.1.5923.1.1.1.10"], ["84e411ea"]);
    }
}

#[test]
fn k_4_keycloak_repeats_role_as_attributes_of_one_name() {
    let read = shape(fixture!("keycloak"), "https://sso.acme.example/realms/acme");
    assert_eq!(read.attributes["Role"], ["manage-account", "admin"]);
    assert_eq!((read.assertion_signed, read.response_signed), (false, true));
    assert_eq!(read.session_not_on_or_after, Some(now() + TimeDelta::hours(8)));
}

#[test]
fn pi_2_ping_signs_response_and_assertion() {
    let read = shape(fixture!("ping"), "https://auth.pingone.example/acme");
    assert_eq!((read.assertion_signed, read.response_signed), (true, true));
    assert_eq!(read.name_id.unwrap().name_qualifier.as_deref(), Some("acme"));
}

#[test]
fn j_4_jumpcloud_pads_values_with_line_breaks_and_signs_either() {
    let read = shape(fixture!("jumpcloud"), "https://sso.jumpcloud.example/saml2/acme");
    assert_eq!(name(&read), ("ada@acme.example", UNSPECIFIED));
    assert_eq!(read.attributes["firstname"], ["Ada"]);
    assert_eq!(
        read.authn_context.as_deref(),
        Some("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
    );
}

#[test]
fn onelogin_sends_empty_values_and_character_references() {
    let read = shape(fixture!("onelogin"), "https://app.onelogin.com/saml/metadata/0f1");
    assert_eq!(read.attributes["User.LastName"], ["Lövelace"]);
    assert_eq!(read.attributes["memberOf"], [""]);
}

#[test]
fn auth0_puts_the_signature_last() {
    let read = shape(fixture!("auth0"), "urn:acme.eu.auth0.com");
    assert_eq!(name(&read), ("auth0|5f0c", UNSPECIFIED));
    assert_eq!(
        read.attributes["http://schemas.auth0.com/email_verified"],
        ["true"]
    );
}
