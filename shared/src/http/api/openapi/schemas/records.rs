//! What is answered.

use serde_json::{Value, json};

use super::{
    any_object, instant, list, named, number, one_of, perhaps, perhaps_instant, perhaps_text, record, switch,
    text,
};

pub(super) fn all() -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("finding", finding()),
        ("tenant", tenant()),
        ("entitlements", entitlements()),
        ("settings", settings()),
        ("api_key", api_key(json!({}))),
        ("api_key_made", api_key(json!({ "token": text() }))),
        ("member", member()),
        ("erasure", erasure()),
        ("offboarding", offboarding()),
        ("hold", hold()),
        ("dry_run", dry_run()),
        ("exported", exported()),
        ("member_session", member_session()),
        ("identity", identity()),
        ("import_result", import_result()),
        (
            "member_import_begun",
            record(json!({ "id": text(), "parts": number(), "started_at": instant() })),
        ),
        ("member_import", member_import()),
        ("member_import_part", member_import_part()),
        ("scim_takeover_result", scim_takeover_result()),
        ("domain", domain()),
        (
            "audit_entry",
            record(json!({ "id": text(), "at": instant(), "action": text(), "data": any_object() })),
        ),
        ("sign_in_failure", sign_in_failure()),
        (
            "break_glass",
            record(json!({ "email": text(), "added_at": instant(), "used_at": perhaps_instant() })),
        ),
        (
            "setup_link",
            record(json!({ "id": text(), "setup_link": text(), "url": text(), "expires_at": instant() })),
        ),
        ("session", session()),
        ("app_client", app_client()),
        (
            "client_secret_made",
            record(json!({ "id": text(), "secret": text(), "expires_at": perhaps_instant() })),
        ),
    ];
    all.extend(connections());
    all
}

fn finding() -> Value {
    record(json!({
        "code": text(),
        "severity": one_of(&["warning", "error"]),
        "detail": text(),
    }))
}

/// So many of each kind.
fn counts() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } })
}

fn erasure() -> Value {
    record(json!({
        "member": text(),
        "state": one_of(&["under_way", "done"]),
        "removed": counts(),
        "pseudonymized": counts(),
        "requested_at": instant(),
        "finished_at": perhaps_instant(),
        "remembered_until": instant(),
    }))
}

fn offboarding() -> Value {
    record(json!({
        "tenant": text(),
        "name": text(),
        "state": one_of(&["under_way", "done"]),
        "removed": counts(),
        "requested_by": any_object(),
        "requested_at": instant(),
        "finished_at": perhaps_instant(),
        "swept_at": perhaps_instant(),
    }))
}

fn hold() -> Value {
    record(json!({
        "id": text(),
        "state": one_of(&["open", "released", "dismissed"]),
        "opened_at": instant(),
        "key": perhaps_text(),
        "users": perhaps(&number()),
        "limit": perhaps(&number()),
        "removed": perhaps(&number()),
        "held": number(),
        "members": list(text()),
        "decided_at": perhaps_instant(),
        "decided_by": perhaps(&one_of(&["owner", "operator"])),
        "passes_until": perhaps_instant(),
    }))
}

fn dry_run() -> Value {
    let newcomer = record(json!({
        "email": text(),
        "email_verified": switch(),
        "first_name": perhaps_text(),
        "last_name": perhaps_text(),
        "position": perhaps_text(),
        "department": perhaps_text(),
        "mobile": perhaps_text(),
        "picture": perhaps_text(),
        "role": text(),
        "team_name": perhaps_text(),
        "team_role": text(),
        "fallbacks": list(any_object()),
    }));
    let newcomers = record(json!({
        "test": text(),
        "before": perhaps(&newcomer),
        "after": perhaps(&newcomer),
    }));
    let unrecognized = record(json!({ "looked_at": number(), "linked": number(), "complete": switch() }));
    record(json!({
        "connection": text(),
        "version": number(),
        "state": one_of(&["draft", "validating", "in_review", "active", "suspended"]),
        "changes": list(record(json!({ "field": text(), "from": {}, "to": {} }))),
        "newcomer": perhaps(&newcomers),
        "unrecognized": perhaps(&unrecognized),
        "findings": list(named("finding")),
    }))
}

fn exported() -> Value {
    let kinds = [
        "tenant",
        "domain",
        "connection",
        "break_glass",
        "api_key",
        "deadline",
        "member_import",
        "team",
        "group",
        "member",
        "audit_entry",
    ];
    record(json!({ "kind": one_of(&kinds), "data": any_object() }))
}

fn entitlements() -> Value {
    record(json!({ "sso": switch(), "scim": switch(), "jit": switch() }))
}

fn settings() -> Value {
    record(json!({
        "provision_on_sign_in": switch(),
        "default_role": perhaps_text(),
        "default_team_role": perhaps_text(),
        "allow_password": switch(),
        "foreign_addresses": one_of(&["refuse", "known", "admit"]),
        "confirm_linking": switch(),
        "check_provision_attribute": perhaps_text(),
        "access_seconds": number(),
        "admin_contact": perhaps_text(),
        "contacts": list(text()),
        "time_zone": text(),
        "provision_beside_scim": switch(),
        "scim_enabled": switch(),
        "scim_takeover_domains": list(text()),
    }))
}

fn tenant() -> Value {
    record(json!({
        "id": text(),
        "name": text(),
        "entitlements": named("entitlements"),
        "seats": { "type": ["integer", "null"] },
        "settings": any_object(),
        "root_user": perhaps_text(),
        "scim_enabled": switch(),
        "version": number(),
        "created_at": instant(),
    }))
}

fn api_key(more: Value) -> Value {
    let mut fields = json!({
        "id": text(),
        "kind": one_of(&["owner", "scim"]),
        "name": text(),
        "created_at": instant(),
        "expires_at": perhaps_instant(),
    });
    if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), more) {
        fields.extend(more);
    }
    record(fields)
}

fn member() -> Value {
    json!({
        "type": "object",
        "required": ["id", "user_name", "role", "active", "source", "version"],
        "properties": {
            "id": text(),
            "user_name": text(),
            "email": perhaps_text(),
            "given_name": perhaps_text(),
            "family_name": perhaps_text(),
            "position": perhaps_text(),
            "department": perhaps_text(),
            "mobile": perhaps_text(),
            "picture": perhaps_text(),
            "role": text(),
            "active": switch(),
            "source": one_of(&["manual", "sign_in", "scim"]),
            "scim_takeover": switch(),
            "version": number(),
            "created_at": instant(),
            "modified_at": instant(),
        },
    })
}

fn member_session() -> Value {
    record(json!({
        "id": text(),
        "connection": text(),
        "signed_in_at": instant(),
        "confirmed_at": instant(),
        "access_until": instant(),
        "expires_at": instant(),
    }))
}

fn identity() -> Value {
    record(json!({
        "id": text(),
        "connection": text(),
        "email": perhaps_text(),
        "linked_at": instant(),
        "last_sign_in": instant(),
        "disabled_at": perhaps_instant(),
    }))
}

fn member_import() -> Value {
    record(json!({
        "id": text(),
        "started_at": instant(),
        "state": one_of(&["under_way", "done"]),
        "parts": number(),
        "parts_done": number(),
        "lines": number(),
        "lines_done": number(),
        "made": number(),
        "refused": number(),
    }))
}

fn member_import_part() -> Value {
    let refused = record(json!({
        "line": number(), "code": text(), "field": perhaps_text(), "detail": text(),
    }));
    record(json!({
        "part": number(),
        "state": one_of(&["under_way", "done"]),
        "lines": number(),
        "lines_done": number(),
        "made": number(),
        "refused": list(refused),
    }))
}

fn import_result() -> Value {
    let line = json!({
        "type": "object",
        "required": ["index", "status"],
        "properties": {
            "index": number(),
            "status": one_of(&["created", "refused"]),
            "id": text(),
            "code": text(),
            "detail": text(),
        },
    });
    record(json!({ "results": list(line) }))
}

fn scim_takeover_result() -> Value {
    let line = json!({
        "type": "object",
        "required": ["index", "status"],
        "properties": {
            "index": number(),
            "status": one_of(&["done", "refused"]),
            "id": text(),
            "source": one_of(&["manual", "sign_in", "scim"]),
            "scim_takeover": switch(),
            "code": text(),
            "detail": text(),
        },
    });
    record(json!({ "results": list(line) }))
}

fn domain() -> Value {
    json!({
        "type": "object",
        "required": ["domain", "state", "include_subdomains", "proof"],
        "properties": {
            "domain": text(),
            "state": one_of(&["pending", "proven", "warned", "lapsed"]),
            "include_subdomains": switch(),
            "proven_at": perhaps_instant(),
            "proof": record(json!({ "type": text(), "name": text(), "value": text() })),
            "attested": switch(),
            "checked_at": perhaps_instant(),
            "missing_since": perhaps_instant(),
            "takes_over_at": perhaps_instant(),
            "next_step": perhaps_text(),
        },
    })
}

fn session() -> Value {
    record(json!({
        "id": text(),
        "tenant": text(),
        "token": text(),
        "signed_in_at": perhaps_instant(),
        "expires_at": instant(),
    }))
}

fn sign_in_failure() -> Value {
    record(json!({
        "at": instant(),
        "reference": perhaps_text(),
        "connection": perhaps_text(),
        "code": perhaps_text(),
        "wanted": perhaps_text(),
        "got": perhaps_text(),
        "who": perhaps_text(),
    }))
}

fn connections() -> Vec<(&'static str, Value)> {
    let connection = json!({
        "type": "object",
        "required": ["id", "protocol", "state", "name", "findings", "version", "created_at"],
        "properties": {
            "id": text(),
            "protocol": one_of(&["saml", "oidc", "github"]),
            "state": one_of(&["draft", "validating", "in_review", "active", "suspended"]),
            "name": text(),
            "brand": text(),
            "service_provider": any_object(),
            "relying_party": any_object(),
            "instructions": { "type": "array", "items": text(), "description": "What to do at the identity provider." },
            "missing": perhaps_text(),
            "findings": list(any_object()),
            "validation": perhaps(&record(json!({ "at": instant(), "findings": list(named("finding")) }))),
            "tested_at": perhaps_instant(),
            "rejection": perhaps(&record(json!({ "at": instant(), "reason": text() }))),
            "next_step": perhaps_text(),
            "version": number(),
            "created_at": instant(),
        },
    });
    let failure =
        json!({ "code": text(), "wanted": text(), "got": text(), "who": text(), "reference": text() });
    let test = json!({
        "type": "object",
        "required": ["id", "connection", "state", "started_at", "expires_at", "warnings"],
        "properties": {
            "id": text(),
            "connection": text(),
            "state": one_of(&["waiting", "passed", "failed"]),
            "url": { "type": "string", "description": "Shown once: open it in a browser." },
            "started_at": instant(),
            "expires_at": instant(),
            "answered_at": perhaps_instant(),
            "came": perhaps(&any_object()),
            "warnings": list(named("finding")),
            "failure": perhaps(&record(failure)),
        },
    });
    let preset = record(json!({
        "preset": text(),
        "title": text(),
        "signs": one_of(&["assertion", "response", "both", "either"]),
        "name_id_format": text(),
        "subject": {},
        "attributes": any_object(),
        "idp_initiated": one_of(&["off", "route", "confirm"]),
    }));
    vec![
        ("connection", connection),
        ("saml_preset", preset),
        ("test_sign_in", test),
    ]
}

fn app_client() -> Value {
    record(json!({
        "client_id": text(),
        "name": text(),
        "kind": one_of(&["confidential", "public"]),
        "redirect_uris": list(text()),
        "post_logout_redirect_uris": list(text()),
        "initiate_login_uri": perhaps_text(),
        "registration_uri": perhaps_text(),
        "target_link_uris": list(text()),
        "scopes": list(text()),
        "id_token_signed_response_alg": text(),
        "jwks": any_object(),
        "default": switch(),
        "secrets": list(record(json!({
            "id": text(), "created_at": instant(), "expires_at": perhaps_instant(),
        }))),
        "version": number(),
        "created_at": instant(),
    }))
}
