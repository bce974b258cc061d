//! What is sent.

use serde_json::{Value, json};

use super::{any_object, input, list, named, one_of, perhaps_instant, perhaps_text, short, switch, text};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("tenant_new", tenant(&["name"])),
        ("tenant_change", tenant(&[])),
        ("settings_change", settings()),
        (
            "domain_new",
            input(
                &["domain"],
                json!({ "domain": text(), "include_subdomains": switch() }),
            ),
        ),
        (
            "api_key_new",
            input(
                &["kind", "name"],
                json!({
                    "kind": one_of(&["owner", "scim"]),
                    "name": short(1, 80),
                    "expires_at": perhaps_instant(),
                }),
            ),
        ),
        ("break_glass_new", input(&["email"], json!({ "email": text() }))),
        (
            "setup_link_new",
            input(&[], json!({ "expires_at": perhaps_instant() })),
        ),
        ("session_new", session_new()),
        ("member_new", member_new()),
        ("member_change", member_change()),
        (
            "sp_key_new",
            input(
                &["use"],
                json!({ "use": one_of(&["signing", "encryption"]), "takes_over_at": perhaps_instant() }),
            ),
        ),
        (
            "sp_key_use",
            input(&["use"], json!({ "use": one_of(&["signing", "encryption"]) })),
        ),
        (
            "offboarding_new",
            input(&["tenant", "name"], json!({ "tenant": text(), "name": text() })),
        ),
        ("merge", input(&["from"], json!({ "from": text() }))),
        (
            "members_import",
            input(&["members"], json!({ "members": list(member_new()) })),
        ),
        (
            "member_import_new",
            input(
                &["parts"],
                json!({ "parts": { "type": "integer", "minimum": 1, "maximum": 1000 } }),
            ),
        ),
        (
            "members_import_list",
            input(&["members"], json!({ "members": list(member_new()) })),
        ),
        (
            "scim_takeover",
            input(
                &["members"],
                json!({ "members": list(text()), "allowed": switch() }),
            ),
        ),
        ("app_client_settings", app_client()),
        (
            "app_client_secret_new",
            input(&[], json!({ "expires_at": perhaps_instant() })),
        ),
    ];
    all.extend(connections());
    all
}

fn tenant(required: &[&str]) -> Value {
    let switches = json!({ "sso": switch(), "scim": switch(), "jit": switch() });
    input(
        required,
        json!({
            "name": short(1, 80),
            "entitlements": input(&[], switches),
            "seats": { "type": ["integer", "null"], "minimum": 0, "maximum": 4_294_967_295_u64 },
            "settings": settings(),
            "root_user": perhaps_text(),
        }),
    )
}

fn settings() -> Value {
    input(
        &[],
        json!({
            "provision_on_sign_in": switch(),
            "default_role": perhaps_text(),
            "default_team_role": perhaps_text(),
            "allow_password": switch(),
            "foreign_addresses": one_of(&["refuse", "known", "admit"]),
            "confirm_linking": switch(),
            "check_provision_attribute": perhaps_text(),
            "access_seconds": { "type": "integer", "minimum": 300, "maximum": 7_776_000 },
            "admin_contact": perhaps_text(),
        "contacts": list(text()),
        "time_zone": text(),
            "provision_beside_scim": switch(),
            "scim_enabled": switch(),
            "scim_takeover_domains": list(text()),
        }),
    )
}

fn session_new() -> Value {
    json!({ "oneOf": [
        input(&["setup_link"], json!({ "setup_link": text() })),
        input(&["code", "code_verifier"], json!({ "code": text(), "code_verifier": text() })),
    ]})
}

fn member_new() -> Value {
    input(
        &["email"],
        json!({
            "email": text(),
            "given_name": perhaps_text(),
            "family_name": perhaps_text(),
            "position": perhaps_text(),
            "department": perhaps_text(),
            "role": perhaps_text(),
        }),
    )
}

fn member_change() -> Value {
    input(
        &[],
        json!({
            "email": perhaps_text(),
            "given_name": perhaps_text(),
            "family_name": perhaps_text(),
            "position": perhaps_text(),
            "department": perhaps_text(),
            "role": text(),
        }),
    )
}

fn connections() -> Vec<(&'static str, Value)> {
    let source = |word: &str, required: &[&str], properties: Value| {
        let mut properties = properties;
        if let Some(fields) = properties.as_object_mut() {
            fields.insert("source".to_owned(), json!({ "const": word }));
        }
        let mut all = vec!["source"];
        all.extend_from_slice(required);
        input(&all, properties)
    };
    let by_hand = json!({
        "issuer": text(),
        "sign_in_url": text(),
        "sign_in_binding": one_of(&["redirect", "post"]),
        "sign_out_url": perhaps_text(),
        "certificates": { "type": ["string", "array"], "items": text() },
    });
    let idp = json!({ "oneOf": [
        source("metadata_xml", &["xml"], json!({ "xml": text(), "entity_id": perhaps_text() })),
        source("metadata_url", &["url"], json!({ "url": text(), "entity_id": perhaps_text() })),
        source("by_hand", &["issuer", "sign_in_url", "certificates"], by_hand),
    ]});
    // What may be written depends on the protocol: docs/api.md.
    let new = json!({
        "type": "object",
        "required": ["protocol", "name"],
        "properties": { "protocol": text(), "name": short(1, 80), "brand": short(0, 40) },
    });
    vec![
        ("connection_new", new),
        ("connection_change", any_object()),
        (
            "dry_run_new",
            input(
                &["change"],
                json!({ "change": named("connection_change"), "test": text() }),
            ),
        ),
        ("connection_idp", idp),
        (
            "client_secret_new",
            input(
                &["client_secret"],
                json!({ "client_secret": short(1, 4096), "expires_at": perhaps_text() }),
            ),
        ),
        (
            "rejection",
            input(&["reason"], json!({ "reason": short(1, 500) })),
        ),
        (
            "activation",
            input(&[], json!({ "without_test": perhaps_text() })),
        ),
    ]
}

fn app_client() -> Value {
    input(
        &["name", "kind", "redirect_uris"],
        json!({
            "name": short(1, 100),
            "kind": one_of(&["confidential", "public"]),
            "redirect_uris": list(text()),
            "post_logout_redirect_uris": list(text()),
            "initiate_login_uri": perhaps_text(),
            "registration_uri": perhaps_text(),
            "target_link_uris": list(text()),
            "scopes": list(text()),
            "id_token_signed_response_alg": perhaps_text(),
            "jwks": {},
            "default": switch(),
        }),
    )
}
