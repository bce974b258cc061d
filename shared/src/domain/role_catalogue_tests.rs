#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::json;

use super::*;

fn names<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn small() -> serde_json::Value {
    json!({
        "roles": ["USER", "ADMIN"],
        "teamRoles": ["MEMBER", "LEAD"],
        "defaultRole": "USER",
        "defaultTeamRole": "MEMBER",
        "forbidden": [{"role": "ADMIN", "teamRole": "MEMBER"}],
    })
}

/// The small catalogue with one member replaced.
fn code_with(member: &str, value: serde_json::Value) -> &'static str {
    let mut changed = small();
    changed.as_object_mut().unwrap().insert(member.to_owned(), value);
    RoleCatalogue::from_setting(&changed.to_string())
        .unwrap_err()
        .code()
}

#[test]
fn il_05_two_catalogues_ship_with_their_defaults() {
    let member = RoleCatalogue::from_setting("member-administrator-owner").unwrap();
    assert_eq!(names(member.roles()), ["MEMBER", "ADMINISTRATOR", "OWNER"]);
    assert_eq!(names(member.team_roles()), ["MEMBER", "ADMINISTRATOR"]);
    assert_eq!(
        (
            member.default_role().as_str(),
            member.default_team_role().as_str()
        ),
        ("MEMBER", "MEMBER")
    );

    let stakeholder = RoleCatalogue::from_setting("stakeholder-to-admin").unwrap();
    assert_eq!(
        names(stakeholder.roles()),
        ["STAKEHOLDER", "GUEST", "RESPONDER", "USER", "ADMIN"]
    );
    assert_eq!(
        names(stakeholder.team_roles()),
        ["STAKEHOLDER", "RESPONDER", "USER", "ADMIN"]
    );
    let defaults = (
        stakeholder.default_role().as_str(),
        stakeholder.default_team_role().as_str(),
    );
    assert_eq!(defaults, ("STAKEHOLDER", "RESPONDER"));
    let (admin, user) = (
        stakeholder.role("ADMIN").unwrap(),
        stakeholder.team_role("USER").unwrap(),
    );
    assert!(!stakeholder.allows(admin, user));
    assert!(stakeholder.allows(admin, stakeholder.team_role("ADMIN").unwrap()));
    assert!(stakeholder.rank(admin) > stakeholder.rank(stakeholder.role("GUEST").unwrap()));
}

#[test]
fn il_05_an_operator_spells_out_its_own_catalogue() {
    let catalogue = RoleCatalogue::from_setting(&small().to_string()).unwrap();
    let (admin, member) = (
        catalogue.role("ADMIN").unwrap(),
        catalogue.team_role("MEMBER").unwrap(),
    );
    assert!(!catalogue.allows(admin, member));
    assert!(catalogue.allows(admin, catalogue.team_role("LEAD").unwrap()));
    assert_eq!(catalogue.role("admin"), None);
    assert_eq!(catalogue.team_role("ADMIN"), None);
}

#[test]
fn il_05_a_wrong_catalogue_is_refused_at_start_by_name() {
    let long = "X".repeat(65);
    let many: Vec<String> = (0..33).map(|n| format!("R{n}")).collect();
    for (member, value, code) in [
        ("roles", json!([]), "role_catalogue_count"),
        ("roles", json!(many), "role_catalogue_count"),
        (
            "teamRoles",
            json!(["MEMBER", "MEMBER"]),
            "role_catalogue_duplicate",
        ),
        ("roles", json!(["USER", "ADMIN", ""]), "role_catalogue_name"),
        ("roles", json!(["USER", "ADMIN", "A B"]), "role_catalogue_name"),
        ("roles", json!(["USER", "ADMIN", long]), "role_catalogue_name"),
        ("defaultRole", json!("GUEST"), "role_catalogue_unknown_name"),
        ("defaultTeamRole", json!("USER"), "role_catalogue_unknown_name"),
        (
            "forbidden",
            json!([{"role": "MEMBER", "teamRole": "MEMBER"}]),
            "role_catalogue_unknown_name",
        ),
        (
            "forbidden",
            json!([{"role": "ADMIN", "teamRole": "ADMIN"}]),
            "role_catalogue_unknown_name",
        ),
        (
            "forbidden",
            json!([{"role": "ADMIN"}]),
            "role_catalogue_malformed",
        ),
        (
            "forbidden",
            json!([{"role": "USER", "teamRole": "MEMBER"}]),
            "role_catalogue_default_pair_forbidden",
        ),
        ("more", json!(1), "role_catalogue_malformed"),
        ("roles", json!("USER"), "role_catalogue_malformed"),
    ] {
        assert_eq!(code_with(member, value.clone()), code, "{member}: {value}");
    }
    assert_eq!(
        RoleCatalogue::from_setting("members").unwrap_err().code(),
        "role_catalogue_malformed"
    );
}

#[test]
fn il_05_the_refusal_says_what_to_correct() {
    let mut clash = small();
    clash["defaultRole"] = json!("ADMIN");
    let error = RoleCatalogue::from_setting(&clash.to_string()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the default pair ADMIN with MEMBER is forbidden"
    );
    let error = RoleCatalogue::from_setting("members").unwrap_err().to_string();
    assert!(
        error.contains("member-administrator-owner, stakeholder-to-admin"),
        "{error}"
    );
}
