//! One key follows another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::*;
use crate::domain::connection::{RequestBinding, SamlPreset};

fn saml() -> SamlConnection {
    SamlConnection {
        preset: SamlPreset::default(),
        idp: None,
        sp_entity_id: None,
        foreign_acs_urls: Vec::new(),
        name_id_format: String::new(),
        request_binding: RequestBinding::default(),
        allow_cbc: false,
        sp_signing_certificates: vec!["first".to_owned()],
        sp_encryption_certificates: vec!["other".to_owned()],
        sp_signing_rotation: SpRotation::default(),
        sp_encryption_rotation: SpRotation::default(),
    }
}

fn at(days: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(days)
}

fn next(name: &str) -> NextSpKey {
    NextSpKey {
        certificate: name.to_owned(),
        secret_version: format!("version of {name}"),
        announced_at: at(0),
        takes_over_at: at(14),
    }
}

#[test]
fn gh_08_a_key_is_published_behind_the_one_in_use_and_then_before_it() {
    let mut saml = saml();
    let of = SpKeyUse::Signing;
    assert!(!saml.take_over_sp_key(of, at(1)) && !saml.retire_sp_key(of));
    assert_eq!(saml.sp_signing_certificates, ["first"]);
    saml.announce_sp_key(of, next("second"));
    assert_eq!(saml.sp_signing_certificates, ["first", "second"]);
    assert!(saml.take_over_sp_key(of, at(14)));
    assert_eq!(saml.sp_signing_certificates, ["second", "first"]);
    assert_eq!(saml.sp_signing_rotation.old.as_ref().unwrap().ends_at, at(44));
    saml.announce_sp_key(of, next("third"));
    assert_eq!(saml.sp_signing_certificates, ["second", "third", "first"]);
    saml.announce_sp_key(of, next("fourth"));
    assert_eq!(saml.sp_signing_certificates, ["second", "fourth", "first"]);
    assert!(saml.take_over_sp_key(of, at(20)));
    assert_eq!(saml.sp_signing_certificates, ["fourth", "second"]);
    assert!(saml.retire_sp_key(of));
    assert_eq!(saml.sp_signing_certificates, ["fourth"]);
    assert!(!saml.sp_signing_rotation.is_under_way());
    assert_eq!(saml.sp_encryption_certificates, ["other"], "each use for itself");
}
