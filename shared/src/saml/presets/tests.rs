#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use super::{Ours, Signs, defaults, fits, instructions};
use crate::domain::connection::{SamlPreset, SubjectSource};
use crate::saml::name_id_format::NameIdFormat;

#[test]
fn se_11_entity_ids_are_known_by_their_form() {
    let own = [
        (SamlPreset::Adfs, "http://fs.acme.com/adfs/services/trust"),
        (SamlPreset::Auth0, "urn:acme.eu.auth0.com"),
        (
            SamlPreset::EntraId,
            "https://sts.windows.net/8f1f4b5e-0000-4000-8000-000000000000/",
        ),
        (
            SamlPreset::GoogleWorkspace,
            "https://accounts.google.com/o/saml2?idpid=C01abc",
        ),
        (SamlPreset::Okta, "http://www.okta.com/exk1abc"),
        (
            SamlPreset::OneLogin,
            "https://app.onelogin.com/saml/metadata/0b5c0a53",
        ),
    ];
    for (preset, id) in own {
        assert!(fits(preset, id), "{id}");
        for (other, theirs) in own {
            assert!(other == preset || !fits(preset, theirs), "{preset:?} {theirs}");
        }
    }
    assert!(fits(SamlPreset::Generic, "urn:anything"));
}

#[test]
fn se_11_a_subject_lasts_and_formats_are_such_as_the_provider_gives() {
    for preset in SamlPreset::ALL {
        let defaults = defaults(preset);
        assert_ne!(defaults.name_id_format, NameIdFormat::Transient, "{preset:?}");
        // S-3: its NameID is of one session.
        let by_name_id = defaults.subject == SubjectSource::NameId;
        assert!(!by_name_id || preset != SamlPreset::Shibboleth);
    }
    assert_eq!(defaults(SamlPreset::Shibboleth).signs, Signs::Response);
}

#[test]
fn se_11_every_preset_says_where_our_values_go() {
    let ours = Ours {
        acs_url: "https://auth.example/saml/c/acs",
        entity_id: "urn:auth:c",
        metadata_url: "https://auth.example/saml/c/metadata",
    };
    for preset in SamlPreset::ALL {
        let steps = instructions(preset, &ours);
        let all = steps.join("\n");
        assert!(steps.len() >= 3, "{preset:?}");
        assert!(
            all.contains(ours.acs_url) || all.contains(ours.metadata_url),
            "{preset:?}"
        );
        assert!(
            all.contains(ours.entity_id) || all.contains(ours.metadata_url),
            "{preset:?}"
        );
        assert!(!all.contains('{'), "{preset:?}: nothing is left to be filled in");
    }
}
