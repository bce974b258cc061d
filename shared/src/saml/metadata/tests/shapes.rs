//! The shapes of metadata that IdPs publish.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;

const OKTA: &str = include_str!("../fixtures/okta.xml");
const ENTRA: &str = include_str!("../fixtures/entra-id.xml");
const KEYCLOAK: &str = include_str!("../fixtures/keycloak.xml");
const SHIBBOLETH: &str = include_str!("../fixtures/shibboleth.xml");
const ADFS: &str = include_str!("../fixtures/adfs.xml");
const GOOGLE: &str = include_str!("../fixtures/google-workspace.xml");
const PING: &str = include_str!("../fixtures/ping-one.xml");

fn url(text: &str) -> Option<EndpointUrl> {
    Some(EndpointUrl::parse(text, EndpointPolicy::Https).unwrap())
}

#[test]
fn se_21_okta() {
    let ReadMetadata { metadata, findings } = read(&filled(OKTA));
    let sso = url("https://acme.okta.example/app/acme_gatehouse_1/exk1a2b3c4/sso/saml");
    assert_eq!(metadata.entity_id, "http://www.okta.com/exk1a2b3c4");
    assert_eq!((&metadata.sso_redirect_url, &metadata.sso_post_url), (&sso, &sso));
    assert_eq!((metadata.slo_redirect, metadata.slo_post), (None, None));
    assert_eq!(metadata.certificates, certificates()[..1]);
    assert!(!metadata.want_authn_requests_signed);
    assert_eq!(
        metadata.name_id_formats,
        [NameIdFormat::Unspecified, NameIdFormat::EmailAddress]
    );
    assert_eq!(findings, []);
}

/// the PEM file as it is, where base64 of DER belongs.
#[test]
fn x_3_certificates_in_pem_armour() {
    let plain = read(&filled(OKTA)).metadata;
    let pem = certificates()[0].pem();
    let armoured = OKTA.replace("@CERT1@", &pem).replace("@WRAPPED1@", &pem);
    assert_eq!(read(&filled(&armoured)).metadata, plain);
    let key = armoured.replace(" CERTIFICATE-----", " PRIVATE KEY-----");
    assert_eq!(refused(filled(&key)), "metadata_certificate");
}

/// E-39: three certificates; those of the other roles and of the signature are not taken.
#[test]
fn gh_08_entra_id_publishes_three_certificates() {
    let ReadMetadata { metadata, findings } = read(&filled(ENTRA));
    assert_eq!(
        metadata.entity_id,
        "https://sts.windows.net/5d0c7f1e-0000-4000-8000-00000000000a/"
    );
    assert_eq!(metadata.certificates, *certificates());
    assert_eq!(
        metadata.slo_redirect.unwrap().location,
        url("https://login.microsoftonline.example/5d0c7f1e/saml2").unwrap()
    );
    assert_eq!(findings, []);
}

/// K-1, K-3: every signing key, not the first alone; the encryption key is none; signed requests are wanted.
#[test]
fn gh_08_keycloak_publishes_several_keys() {
    let ReadMetadata { metadata, findings } = read(&filled(KEYCLOAK));
    assert_eq!(metadata.certificates, certificates()[..2]);
    assert!(metadata.want_authn_requests_signed);
    let redirect = metadata.slo_redirect.unwrap();
    assert_eq!(
        redirect.for_responses().as_str(),
        "https://keycloak.example/realms/acme/protocol/saml/answer"
    );
    assert_eq!(
        redirect.location.as_str(),
        "https://keycloak.example/realms/acme/protocol/saml"
    );
    let post = metadata.slo_post.unwrap();
    assert_eq!(post.for_responses(), &post.location);
    assert_eq!(
        metadata.name_id_formats,
        [NameIdFormat::Persistent, NameIdFormat::Transient]
    );
    assert_eq!(findings, []);
}

/// a raw `&` in errorURL; comments, instructions, extensions and CDATA do not disturb.
#[test]
fn se_21_shibboleth_with_bare_ampersands() {
    let ReadMetadata { metadata, findings } = read(&filled(SHIBBOLETH));
    assert_eq!(
        metadata.entity_id,
        "https://idp.university.example/idp/shibboleth"
    );
    assert_eq!(metadata.certificates, certificates()[..2]);
    assert_eq!(
        metadata.sso_post_url,
        url("https://idp.university.example/idp/profile/SAML2/POST/SSO")
    );
    assert_eq!(
        metadata.sso_redirect_url,
        url("https://idp.university.example/idp/profile/SAML2/Redirect/SSO")
    );
    assert_eq!(
        metadata.error_url,
        url("https://idp.university.example/error?code=ERRORURL_CODE&ts=ERRORURL_TS&rp=ERRORURL_RP")
    );
    assert_eq!(
        metadata.valid_until.unwrap().to_rfc3339(),
        "2027-01-01T00:00:00+00:00"
    );
    assert_eq!(findings, [MetadataFinding::BareAmpersand { count: 2 }]);
}

/// AD-3: both certificates of a roll-over; the service provider role in the same entity is no matter.
#[test]
fn gh_08_adfs_in_a_roll_over() {
    let ReadMetadata { metadata, findings } = read(&filled(ADFS));
    assert_eq!(metadata.entity_id, "http://adfs.acme.example/adfs/services/trust");
    assert_eq!(metadata.certificates, certificates()[..2]);
    assert_eq!(
        metadata.sso_redirect_url,
        url("https://adfs.acme.example/adfs/ls/")
    );
    assert!(metadata.slo_post.is_some() && metadata.slo_redirect.is_some());
    assert_eq!(findings, []);
}

#[test]
fn se_21_google_workspace() {
    let metadata = read(&filled(GOOGLE)).metadata;
    assert_eq!(
        metadata.entity_id,
        "https://accounts.google.example/o/saml2?idpid=C0abc1234"
    );
    assert!(!metadata.is_expired(now()));
    assert!(metadata.is_expired(metadata.valid_until.unwrap()));
    assert!(!metadata.is_expired(metadata.valid_until.unwrap() - TimeDelta::seconds(1)));
}

/// PI-3, and a group of one: `use` is absent (both uses), two certificates lie side by side, the group's dates count.
#[test]
fn se_21_ping_one_in_a_group() {
    let ReadMetadata { metadata, findings } = read(&filled(PING));
    assert_eq!(metadata.entity_id, "https://auth.pingone.example/0000-env");
    assert_eq!(metadata.certificates, certificates()[..2]);
    assert_eq!(
        metadata.valid_until.unwrap().to_rfc3339(),
        "2026-06-01T00:00:00+00:00"
    );
    assert_eq!(metadata.cache_seconds, Some(12 * 3600));
    assert_eq!(metadata.name_id_formats, [NameIdFormat::Persistent]);
    assert_eq!(
        metadata.sign_in_endpoint(Binding::HttpRedirect).unwrap().0,
        Binding::HttpPost
    );
    assert_eq!(findings, []);
}

/// byte order marks, line ends, encodings and white space do not change what is read.
#[test]
fn se_21_encodings_and_line_ends() {
    for template in [OKTA, KEYCLOAK, SHIBBOLETH, GOOGLE] {
        let xml = filled(template);
        let expected = read(&xml).metadata;
        let utf16: Vec<u16> = xml.encode_utf16().collect();
        let little = [
            vec![0xff, 0xfe],
            utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        ]
        .concat();
        let big = [
            vec![0xfe, 0xff],
            utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        ]
        .concat();
        let ways: [Vec<u8>; 7] = [
            format!("\u{feff}{xml}").into_bytes(),
            xml.replace('\n', "\r\n").into_bytes(),
            format!("\r\n \t{xml}\r\n").into_bytes(),
            xml.replace("            ", "&#xD;\n").into_bytes(),
            xml.replace("encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\"")
                .into_bytes(),
            little,
            big,
        ];
        for way in ways {
            assert_eq!(
                idp::parse(&way, ReadOptions::default()).unwrap().metadata,
                expected
            );
        }
    }
}

#[test]
fn se_21_one_of_several_is_chosen_by_entity_id() {
    let one = filled(OKTA);
    let (_, okta) = one.split_once("?>").unwrap();
    let group = format!(
        "<md:EntitiesDescriptor xmlns:md=\"{MD}\"><md:EntitiesDescriptor>{okta}</md:EntitiesDescriptor>{}{}</md:EntitiesDescriptor>",
        filled(KEYCLOAK),
        sp(&certificates()[..1]).to_xml(),
    );
    let error = idp::parse(group.as_bytes(), ReadOptions::default()).unwrap_err();
    assert_eq!(
        error,
        MetadataError::SeveralIdps {
            count: 2,
            entity_ids: vec![
                "http://www.okta.com/exk1a2b3c4".to_owned(),
                "https://keycloak.example/realms/acme".to_owned()
            ],
        }
    );
    let choose = |entity_id| {
        idp::parse(
            group.as_bytes(),
            ReadOptions {
                entity_id: Some(entity_id),
                ..ReadOptions::default()
            },
        )
    };
    for entity_id in [
        "http://www.okta.com/exk1a2b3c4",
        "https://keycloak.example/realms/acme",
    ] {
        assert_eq!(choose(entity_id).unwrap().metadata.entity_id, entity_id);
    }
    assert_eq!(
        choose("https://nobody.example").unwrap_err().code(),
        "metadata_entity_not_found"
    );
    // A service provider is none to sign in at, even when it is named.
    assert_eq!(
        choose("https://gate.example/saml/acme-1/metadata")
            .unwrap_err()
            .code(),
        "metadata_entity_not_found"
    );
    let twice = format!("<md:EntitiesDescriptor xmlns:md=\"{MD}\">{okta}{okta}</md:EntitiesDescriptor>");
    let options = ReadOptions {
        entity_id: Some("http://www.okta.com/exk1a2b3c4"),
        ..ReadOptions::default()
    };
    assert_eq!(
        idp::parse(twice.as_bytes(), options).unwrap_err().code(),
        "metadata_duplicate_entity"
    );
    // With one identity provider among service providers there is nothing to choose.
    let mixed = format!(
        "<md:EntitiesDescriptor xmlns:md=\"{MD}\">{}{okta}</md:EntitiesDescriptor>",
        sp(&certificates()[..1]).to_xml()
    );
    assert_eq!(read(&mixed).metadata.entity_id, "http://www.okta.com/exk1a2b3c4");
}

/// One old certificate does not keep the good ones out; a CA beside its leaf does not get in.
#[test]
fn gh_08_certificates_that_are_left_out_are_told() {
    let weak = include_str!("../../certificate/fixtures/rsa-1024.pem");
    let weak: String = weak.lines().filter(|line| !line.starts_with("--")).collect();
    let mixed = filled(&KEYCLOAK.replacen("@CERT1@", &weak, 1));
    let ReadMetadata { metadata, findings } = read(&mixed);
    assert_eq!(metadata.certificates, certificates()[1..2]);
    assert_eq!(
        findings.iter().map(MetadataFinding::code).collect::<Vec<_>>(),
        ["metadata_certificate_skipped"]
    );
    let only_weak = OKTA.replace("@WRAPPED1@", &weak);
    assert_eq!(
        idp::parse(only_weak.as_bytes(), ReadOptions::default())
            .unwrap_err()
            .to_string(),
        "wanted a usable signing certificate, got: wanted an RSA key of at least 2048 bits, got 1024"
    );

    let (ca, issuer) = issued("Public CA", None);
    let (leaf, _) = issued("signer", Some(&issuer));
    let [ca, leaf] = [ca, leaf].map(|der| Certificate::from_der(&der).unwrap());
    let chain = PING
        .replace("@CERT1@", &leaf.base64())
        .replace("@CERT2@", &ca.base64());
    let ReadMetadata { metadata, findings } = read(&chain);
    assert_eq!(metadata.certificates, [leaf]);
    assert_eq!(
        findings,
        [MetadataFinding::IssuerCertificateSkipped {
            subject: "CN=Public CA".to_owned()
        }]
    );
}

/// A logout address that may not be used costs the logout, not the connection.
#[test]
fn addresses_that_are_not_needed_are_left_out() {
    let xml = filled(KEYCLOAK);
    let plain = xml.replace(
        "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://keycloak.example/realms/acme/protocol/saml\"/>\n    <md:SingleLogoutService",
        "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"http://keycloak.example/slo\"/>\n    <md:SingleLogoutService",
    );
    assert_ne!(plain, xml);
    let ReadMetadata { metadata, findings } = read(&plain);
    assert!(metadata.slo_post.is_none() && metadata.slo_redirect.is_some());
    assert_eq!(
        findings.iter().map(MetadataFinding::code).collect::<Vec<_>>(),
        ["metadata_endpoint_skipped"]
    );
    let bad_answer = xml.replace(
        "https://keycloak.example/realms/acme/protocol/saml/answer",
        "javascript:alert(1)",
    );
    assert!(read(&bad_answer).metadata.slo_redirect.is_none());
    let error_url = filled(SHIBBOLETH).replace("errorURL=\"https:", "errorURL=\"data:");
    assert_eq!(read(&error_url).metadata.error_url, None);
    let cache = filled(PING).replace("cacheDuration=\"PT12H\"", "cacheDuration=\"12h\"");
    let ReadMetadata { metadata, findings } = read(&cache);
    assert_eq!(metadata.cache_seconds, Some(86_400));
    assert_eq!(findings, [MetadataFinding::CacheDurationSkipped]);
}
