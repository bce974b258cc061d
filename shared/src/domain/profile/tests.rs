#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn catalogue() -> RoleCatalogue {
    RoleCatalogue::from_setting(RoleCatalogue::STAKEHOLDER_NAME).unwrap()
}

fn attributes(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
    let mut attributes = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in pairs {
        attributes
            .entry((*name).to_owned())
            .or_default()
            .push((*value).to_owned());
    }
    attributes
}

fn read_as(
    email: &str,
    pairs: &[(&str, &str)],
    catalogue: &RoleCatalogue,
    defaults: RoleDefaults<'_>,
) -> Profile {
    let address = EmailAddress::parse(email).unwrap();
    read(
        &attributes(pairs),
        &AttributeMapping::default(),
        &address,
        catalogue,
        defaults,
    )
}

fn read_plain(pairs: &[(&str, &str)]) -> Profile {
    read_as("jane.doe@acme.com", pairs, &catalogue(), RoleDefaults::default())
}

/// Attribute, reason and what was taken, of every fallback.
fn fallbacks(profile: &Profile) -> Vec<(&str, FallbackReason, &str)> {
    let each = profile.fallbacks.iter();
    each.map(|fallback| (fallback.attribute, fallback.reason, fallback.taken.as_str()))
        .collect()
}

#[test]
fn il_20_every_attribute_is_read_by_its_exact_name() {
    let profile = read_plain(&[
        ("firstName", " Ada "),
        ("lastName", "Lovelace"),
        ("position", "Analyst"),
        ("department", "Engines"),
        ("role", "RESPONDER"),
        ("mobileRegionCode", "DE"),
        ("mobileNumber", "0221 123 123"),
        ("userProfileImage", "https://img.example.com/ada.png"),
        ("teamName", "On call"),
        ("teamRole", "STAKEHOLDER"),
    ]);
    assert_eq!(profile.first_name.as_deref(), Some("Ada"));
    assert_eq!(profile.last_name.as_deref(), Some("Lovelace"));
    assert_eq!(profile.position.as_deref(), Some("Analyst"));
    assert_eq!(profile.department.as_deref(), Some("Engines"));
    assert_eq!(profile.role, "RESPONDER");
    assert_eq!(profile.mobile.as_deref(), Some("+49221123123"));
    assert_eq!(
        profile.picture.as_deref(),
        Some("https://img.example.com/ada.png")
    );
    assert_eq!(profile.team_name.as_deref(), Some("On call"));
    assert_eq!(profile.team_role, "STAKEHOLDER");
    assert!(profile.fallbacks.is_empty());
}

#[test]
fn il_20_another_case_is_another_attribute() {
    let profile = read_plain(&[("firstname", "Ada"), ("Role", "ADMIN"), ("TEAMNAME", "On call")]);
    assert_eq!(profile.first_name.as_deref(), Some("Jane"));
    assert_eq!((profile.role.as_str(), profile.team_name), ("STAKEHOLDER", None));
    assert!(profile.fallbacks.is_empty());
}

#[test]
fn il_20_names_default_to_what_the_address_says() {
    for (email, first, last) in [
        ("jane.doe@acme.com", Some("Jane"), Some("Doe")),
        ("jane.m.van-dyke+tag@acme.com", Some("Jane"), Some("M Van-Dyke")),
        ("jane_doe2@acme.com", Some("Jane"), Some("Doe")),
        ("o'brien@acme.com", Some("O'Brien"), None),
        ("info@acme.com", Some("Info"), None),
        ("McDonald@acme.com", Some("McDonald"), None),
        ("\u{e9}mile.zola@acme.com", Some("\u{c9}mile"), Some("Zola")),
        ("4711@acme.com", None, None),
    ] {
        let profile = read_as(email, &[], &catalogue(), RoleDefaults::default());
        assert_eq!(
            (profile.first_name.as_deref(), profile.last_name.as_deref()),
            (first, last),
            "{email}"
        );
    }
}

#[test]
fn il_20_a_mapped_name_replaces_the_documented_one() {
    let mapping = AttributeMapping {
        first_name: Some("urn:oid:2.5.4.42".to_owned()),
        role: Some("appRole".to_owned()),
        ..AttributeMapping::default()
    };
    let pairs = [
        ("urn:oid:2.5.4.42", "Ada"),
        ("firstName", "Eve"),
        ("role", "ADMIN"),
        ("appRole", "NOBODY"),
    ];
    let address = EmailAddress::parse("x@acme.com").unwrap();
    let profile = read(
        &attributes(&pairs),
        &mapping,
        &address,
        &catalogue(),
        RoleDefaults::default(),
    );
    assert_eq!(
        (profile.first_name.as_deref(), profile.role.as_str()),
        (Some("Ada"), "STAKEHOLDER")
    );
    let fallback = profile.fallbacks.first().unwrap();
    assert_eq!((fallback.attribute, fallback.key.as_str()), ("role", "appRole"));
    assert_eq!(fallback.came, Shape::Name("NOBODY".to_owned()));
}

#[test]
fn il_21_malformed_role_falls_back() {
    let role = read_plain(&[("role", "ROOT")]);
    assert_eq!(role.role, "STAKEHOLDER");
    assert_eq!(
        fallbacks(&role),
        [("role", FallbackReason::UnknownRole, "STAKEHOLDER")]
    );
    let both = read_plain(&[("role", "admin"), ("teamRole", "GUEST"), ("teamName", "T")]);
    assert_eq!(
        (both.role.as_str(), both.team_role.as_str()),
        ("STAKEHOLDER", "RESPONDER")
    );
    assert_eq!(both.fallbacks.len(), 2);
}

#[test]
fn il_21_a_role_with_several_values_is_no_role() {
    let profile = read_plain(&[("role", "GUEST"), ("role", "ADMIN")]);
    assert_eq!(profile.role, "STAKEHOLDER");
    assert_eq!(
        fallbacks(&profile),
        [("role", FallbackReason::SeveralValues, "STAKEHOLDER")]
    );
}

#[test]
fn il_21_a_malformed_value_takes_its_own_default_alone() {
    let long = "x".repeat(129);
    let profile = read_plain(&[
        ("firstName", "Ada\u{0}"),
        ("lastName", "Lovelace"),
        ("position", &long),
        ("department", "Sales\u{202e}evil"),
        ("userProfileImage", "http://img.example.com/ada.png"),
        ("teamName", "a\nb"),
        ("role", "USER"),
    ]);
    assert_eq!(profile.first_name.as_deref(), Some("Jane"));
    assert_eq!(profile.last_name.as_deref(), Some("Lovelace"));
    assert_eq!(
        (profile.position.as_ref(), profile.department.as_ref()),
        (None, None)
    );
    assert_eq!(
        (profile.picture.as_ref(), profile.team_name.as_ref()),
        (None, None)
    );
    assert_eq!(profile.role, "USER");
    assert_eq!(
        fallbacks(&profile),
        [
            (
                "firstName",
                FallbackReason::Characters,
                "parsed from the e-mail address"
            ),
            ("position", FallbackReason::TooLong, "nothing"),
            ("department", FallbackReason::Characters, "nothing"),
            ("userProfileImage", FallbackReason::Malformed, "nothing"),
            ("teamName", FallbackReason::Characters, "nothing"),
        ]
    );
}

#[test]
fn il_21_of_a_forbidden_pair_the_team_role_falls_back_first() {
    let profile = read_plain(&[("role", "ADMIN"), ("teamRole", "USER"), ("teamName", "T")]);
    assert_eq!(
        (profile.role.as_str(), profile.team_role.as_str()),
        ("ADMIN", "RESPONDER")
    );
    assert_eq!(
        fallbacks(&profile),
        [("teamRole", FallbackReason::ForbiddenPair, "RESPONDER")]
    );
    let came = profile.fallbacks.first().map(|fallback| fallback.came.clone());
    assert_eq!(came, Some(Shape::Name("USER".to_owned())));
}

const STRICT: &str = r#"{"roles":["USER","ADMIN"],"teamRoles":["MEMBER","LEAD","CHIEF"],"defaultRole":"USER",
    "defaultTeamRole":"MEMBER","forbidden":[{"role":"ADMIN","teamRole":"MEMBER"},{"role":"ADMIN","teamRole":"LEAD"},
    {"role":"USER","teamRole":"CHIEF"}]}"#;

#[test]
fn il_21_then_the_role_falls_back() {
    let catalogue = RoleCatalogue::from_setting(STRICT).unwrap();
    let pairs = [("role", "ADMIN"), ("teamRole", "LEAD"), ("teamName", "T")];
    let profile = read_as("x@acme.com", &pairs, &catalogue, RoleDefaults::default());
    assert_eq!(
        (profile.role.as_str(), profile.team_role.as_str()),
        ("USER", "MEMBER")
    );
    let expected = [
        ("teamRole", FallbackReason::ForbiddenPair, "MEMBER"),
        ("role", FallbackReason::ForbiddenPair, "USER"),
    ];
    assert_eq!(fallbacks(&profile), expected);
}

#[test]
fn il_21_tenant_defaults_that_clash_give_way_to_the_catalogues() {
    let catalogue = RoleCatalogue::from_setting(STRICT).unwrap();
    let defaults = RoleDefaults {
        role: Some("ADMIN"),
        team_role: Some("LEAD"),
    };
    let profile = read_as("x@acme.com", &[("teamName", "T")], &catalogue, defaults);
    assert_eq!(
        (profile.role.as_str(), profile.team_role.as_str()),
        ("USER", "MEMBER")
    );
}

#[test]
fn il_21_without_a_team_there_is_no_pair() {
    let catalogue = RoleCatalogue::from_setting(STRICT).unwrap();
    let profile = read_as(
        "x@acme.com",
        &[("role", "ADMIN")],
        &catalogue,
        RoleDefaults::default(),
    );
    assert_eq!(profile.role, "ADMIN");
    assert!(profile.fallbacks.is_empty());
}

#[test]
fn il_05_the_tenants_defaults_come_before_the_catalogues() {
    let catalogue = catalogue();
    let defaults = RoleDefaults {
        role: Some("USER"),
        team_role: Some("STAKEHOLDER"),
    };
    let profile = read_as(
        "x@acme.com",
        &[("role", "ROOT"), ("teamName", "T")],
        &catalogue,
        defaults,
    );
    assert_eq!(
        (profile.role.as_str(), profile.team_role.as_str()),
        ("USER", "STAKEHOLDER")
    );
    // A default that the catalogue no longer has is as none.
    let stale = RoleDefaults {
        role: Some("GONE"),
        team_role: None,
    };
    assert_eq!(read_as("x@acme.com", &[], &catalogue, stale).role, "STAKEHOLDER");
}

#[test]
fn il_28_a_number_counts_only_with_its_region() {
    let none = read_plain(&[("mobileNumber", "0221 123 123")]);
    assert_eq!(none.mobile, None);
    assert_eq!(
        fallbacks(&none),
        [("mobileNumber", FallbackReason::NoRegion, "nothing")]
    );
    for region in ["Germany", "XX", "49"] {
        let wrong = read_plain(&[("mobileNumber", "0221 123 123"), ("mobileRegionCode", region)]);
        assert_eq!(wrong.mobile, None, "{region}");
        assert_eq!(
            fallbacks(&wrong),
            [("mobileNumber", FallbackReason::Malformed, "nothing")],
            "{region}"
        );
    }
    let alone = read_plain(&[("mobileRegionCode", "DE")]);
    assert!(alone.mobile.is_none() && alone.fallbacks.is_empty());
}

#[test]
fn il_20_an_image_is_an_absolute_https_address() {
    for (url, kept) in [
        ("https://img.example.com/a.png?s=500", true),
        ("/a.png", false),
        ("//img.example.com/a.png", false),
        ("javascript:alert(1)", false),
        ("data:image/png;base64,AAAA", false),
        ("https://user:pw@img.example.com/a.png", false),
        ("https://", false),
    ] {
        let profile = read_plain(&[("userProfileImage", url)]);
        assert_eq!(profile.picture.is_some(), kept, "{url}");
        assert_eq!(profile.fallbacks.is_empty(), kept, "{url}");
    }
}

#[test]
fn blank_values_are_as_absent_and_the_first_of_several_texts_counts() {
    let profile = read_plain(&[
        ("firstName", "  "),
        ("role", ""),
        ("department", ""),
        ("department", "Sales"),
    ]);
    assert_eq!(profile.first_name.as_deref(), Some("Jane"));
    assert_eq!(profile.department.as_deref(), Some("Sales"));
    assert!(profile.fallbacks.is_empty());
}

#[test]
fn il_21_fallbacks_hold_no_personal_data() {
    let profile = read_plain(&[
        ("firstName", "Secretia\u{7}"),
        ("role", "secretia@acme.com"),
        ("teamRole", "Secretia"),
        ("mobileNumber", "0221 5550199"),
        ("userProfileImage", "http://secretia.example.com"),
    ]);
    let told = format!(
        "{} {profile:?}",
        serde_json::to_string(&profile.fallbacks).unwrap()
    )
    .to_lowercase();
    assert_eq!(profile.fallbacks.len(), 5);
    assert!(!told.contains("secretia") && !told.contains("5550199"), "{told}");
}

proptest! {
    #[test]
    fn il_21_no_value_blocks_a_sign_in_nor_makes_a_forbidden_pair(
        role in "ADMIN|USER|GUEST|\\PC{0,20}",
        team_role in "ADMIN|USER|RESPONDER|\\PC{0,20}",
        text in "(?s).{0,300}",
    ) {
        let catalogue = catalogue();
        let pairs = [
            ("role", role.as_str()), ("teamRole", &team_role), ("teamName", &text), ("firstName", &text),
            ("position", &text), ("mobileNumber", &text), ("mobileRegionCode", &text), ("userProfileImage", &text),
        ];
        let profile = read_as("x@acme.com", &pairs, &catalogue, RoleDefaults::default());
        let role = catalogue.role(&profile.role).unwrap();
        prop_assert!(catalogue.allows(role, catalogue.team_role(&profile.team_role).unwrap()));
        for value in [&profile.first_name, &profile.position, &profile.team_name].into_iter().flatten() {
            prop_assert!(!value.chars().any(char::is_control) && value.chars().count() <= MAX_TEXT);
        }
    }
}
