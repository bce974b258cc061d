//! The routes of one tenant's resources, with their documents.

use std::sync::Arc;

use super::openapi::Doc;
use super::table::{Table, Verb};
use super::{
    api_keys, audit, break_glass, connections, domains, dry_runs, leaving, routes_of_members, saml_presets,
    sessions, sync_holds, tenants, tests_of_connections as tests,
};
use crate::app::Gatehouse;

use Verb::{Delete, Get, Patch, Post, Put};

/// Routes of one tenant's resources that operator and owner have in common.
#[must_use]
pub fn tenant_routes() -> Table {
    connection_routes()
        .merge(domain_routes())
        .merge(routes_of_members::member_routes())
        .merge(routes_of_members::takeover_routes())
        .merge(hold_routes())
        .merge(other_routes())
}

fn connection_routes() -> Table {
    let one = "/connections/{connection}";
    let at = |action: &str| format!("{one}/{action}");
    let doc = Doc::new;
    Table::new()
        .on(
            Get,
            "/saml-presets",
            saml_presets::list,
            doc(
                "list_saml_presets",
                "Identity providers whose ways are known, with what a new connection begins with",
            )
            .lists("saml_preset"),
        )
        .on(
            Get,
            "/connections",
            connections::list,
            doc("list_connections", "Connections of the organization").lists("connection"),
        )
        .on(
            Post,
            "/connections",
            connections::create,
            doc(
                "create_connection",
                "Makes a connection in state draft, with keys of its own",
            )
            .body("connection_new")
            .makes("connection"),
        )
        .on(
            Get,
            one,
            connections::read,
            doc("read_connection", "A connection").shows("connection"),
        )
        .on(
            Patch,
            one,
            connections::update,
            doc("update_connection", "Changes a connection (JSON Merge Patch)")
                .body("connection_change")
                .shows("connection")
                .changes(),
        )
        .on(
            Post,
            &at("dry-run"),
            dry_runs::work_out,
            doc(
                "dry_run_connection",
                "What a change would do to newcomers and members, with nothing changed",
            )
            .body("dry_run_new")
            .shows("dry_run")
            .refuses(&[422, 503]),
        )
        .on(
            Put,
            &at("idp"),
            connections::set_idp,
            doc(
                "set_identity_provider",
                "Sets the identity provider; an active connection goes back to draft",
            )
            .body("connection_idp")
            .shows("connection")
            .changes(),
        )
        .merge(credential_routes(&at))
        .merge(sp_key_routes(&at))
        .merge(step_routes())
}

/// How we authenticate at an OpenID Provider or GitHub.
fn credential_routes(at: &impl Fn(&str) -> String) -> Table {
    let doc = Doc::new;
    Table::new()
        .on(
            Put,
            &at("client-secret"),
            connections::set_secret,
            doc(
                "set_client_secret",
                "Sets the client secret at an OpenID Provider or GitHub",
            )
            .body("client_secret_new")
            .shows("connection")
            .changes(),
        )
        .on(
            Post,
            &at("client-keys"),
            connections::add_client_key,
            doc(
                "add_client_key",
                "Makes the key that will follow (private_key_jwt)",
            )
            .makes("connection")
            .changes(),
        )
        .on(
            Post,
            &at("client-keys/activate"),
            connections::activate_client_key,
            doc(
                "activate_client_key",
                "Takes the key that was made to follow into use",
            )
            .shows("connection")
            .changes()
            .refuses(&[422]),
        )
}

/// Our own keys at a SAML identity provider (GH-08).
fn sp_key_routes(at: &impl Fn(&str) -> String) -> Table {
    let doc = Doc::new;
    Table::new()
        .on(
            Post,
            &at("sp-keys"),
            connections::announce_sp_key,
            doc(
                "announce_sp_key",
                "Makes the key that will follow: published beside the one in use, used from its time on",
            )
            .body("sp_key_new")
            .makes("connection")
            .changes(),
        )
        .on(
            Post,
            &at("sp-keys/activate"),
            connections::activate_sp_key,
            doc(
                "activate_sp_key",
                "Takes the key that was announced into use now; the one before stays published for 30 days",
            )
            .body("sp_key_use")
            .shows("connection")
            .changes(),
        )
        .on(
            Post,
            &at("sp-keys/retire"),
            connections::retire_sp_key,
            doc("retire_sp_key", "Ends the key before, ahead of its time")
                .body("sp_key_use")
                .shows("connection")
                .changes(),
        )
}

/// The way of a connection, and its test sign-ins.
fn step_routes() -> Table {
    let at = |action: &str| format!("/connections/{{connection}}/{action}");
    let doc = Doc::new;
    Table::new()
        .on(
            Post,
            &at("validate"),
            connections::validate,
            step("validate_connection", "Validates without handing in"),
        )
        .on(
            Post,
            &at("submit"),
            connections::submit,
            step("submit_connection", "Validates, and hands in for review"),
        )
        .on(
            Post,
            &at("withdraw"),
            connections::withdraw,
            step("withdraw_connection", "Takes back to draft"),
        )
        .on(
            Post,
            &at("suspend"),
            connections::suspend,
            step("suspend_connection", "Switches off, and ends its access"),
        )
        .on(
            Post,
            &at("resume"),
            connections::resume,
            step("resume_connection", "Switches on what was suspended"),
        )
        .on(
            Post,
            &at("tests"),
            tests::start,
            doc(
                "start_test_sign_in",
                "Starts a test sign-in, and gives its address",
            )
            .makes("test_sign_in")
            .refuses(&[409]),
        )
        .on(
            Get,
            &at("tests/{test}"),
            tests::read,
            doc("read_test_sign_in", "What came of a test sign-in").shows("test_sign_in"),
        )
}

/// A step of a connection.
fn step(id: &'static str, summary: &'static str) -> Doc {
    Doc::new(id, summary).shows("connection").refuses(&[409])
}

fn domain_routes() -> Table {
    let doc = Doc::new;
    Table::new()
        .on(
            Get,
            "/domains",
            domains::list,
            doc(
                "list_domains",
                "Domains of the organization, each with the record that proves it",
            )
            .lists("domain"),
        )
        .on(
            Post,
            "/domains/{domain}/check",
            domains::check,
            doc("check_domain", "Looks for the record that proves it, now")
                .shows("domain")
                .refuses(&[409]),
        )
        .on(
            Delete,
            "/domains/{domain}",
            domains::remove,
            doc("remove_domain", "Gives a domain up").refuses(&[409]),
        )
}

/// Directory syncs that are held (GH-06).
fn hold_routes() -> Table {
    let one = "/holds/{hold}";
    let doc = Doc::new;
    Table::new()
        .on(
            Get,
            "/holds",
            sync_holds::list,
            doc("list_holds", "Directory syncs that were held, newest first").lists("hold"),
        )
        .on(
            Post,
            "/holds",
            sync_holds::announce,
            doc(
                "announce_removal",
                "Announces a removal of many users: everything passes for 48 hours",
            )
            .makes("hold")
            .refuses(&[409]),
        )
        .on(
            Get,
            one,
            sync_holds::read,
            doc("read_hold", "A directory sync that was held").shows("hold"),
        )
        .on(
            Post,
            &format!("{one}/release"),
            sync_holds::release,
            doc(
                "release_hold",
                "Lets what is held pass when it is sent again, and whatever comes for 48 hours",
            )
            .shows("hold")
            .refuses(&[409]),
        )
        .on(
            Post,
            &format!("{one}/dismiss"),
            sync_holds::dismiss,
            doc(
                "dismiss_hold",
                "Ends a hold that was a mistake: what is sent again counts as new",
            )
            .shows("hold")
            .refuses(&[409]),
        )
}

/// What opens to whoever holds a link or a code: no key is needed.
#[must_use]
pub fn public_routes() -> Table<Arc<Gatehouse>> {
    let doc = Doc::new(
        "begin_session",
        "A set-up link or the code of a sign-in, once, for a token",
    );
    Table::new().on(
        Post,
        "/session",
        sessions::begin,
        doc.body("session_new").answers(201, "session").refuses(&[404]),
    )
}

fn break_glass_routes() -> Table {
    let doc = Doc::new;
    Table::new()
        .on(
            Get,
            "/break-glass",
            break_glass::list,
            doc("list_break_glass", "Addresses that may pass single sign-on").lists("break_glass"),
        )
        .on(
            Post,
            "/break-glass",
            break_glass::add,
            doc("add_break_glass", "Adds an address; every owner hears of it")
                .body("break_glass_new")
                .makes("break_glass"),
        )
        .on(
            Delete,
            "/break-glass/{address}",
            break_glass::remove,
            doc(
                "remove_break_glass",
                "Removes an address; every owner hears of it",
            )
            .refuses(&[409]),
        )
}

fn other_routes() -> Table {
    let doc = Doc::new;
    break_glass_routes()
        .on(
            Get,
            "/api-keys",
            api_keys::list,
            doc("list_api_keys", "API keys, without tokens").lists("api_key"),
        )
        .on(
            Post,
            "/api-keys",
            api_keys::create,
            doc("create_api_key", "Makes an API key; its token is shown this once")
                .body("api_key_new")
                .makes("api_key_made"),
        )
        .on(
            Delete,
            "/api-keys/{key}",
            api_keys::revoke,
            doc("revoke_api_key", "Revokes an API key at once"),
        )
        .on(
            Get,
            "/sign-in-failures",
            audit::failures,
            doc("list_sign_in_failures", "Failed sign-ins, newest first")
                .query("reference", "The reference that the person reads out.")
                .lists("sign_in_failure"),
        )
        .on(
            Get,
            "/audit",
            audit::trail,
            doc("list_audit", "The audit trail, newest first").lists("audit_entry"),
        )
        .on(
            Get,
            "/export",
            leaving::export,
            doc(
                "export_tenant",
                "Everything that the organization owns, without secrets, page by page",
            )
            .lists("exported"),
        )
}

/// What the owner has beside them.
#[must_use]
pub fn owner_routes() -> Table {
    let doc = Doc::new;
    Table::new()
        .on(
            Post,
            "/domains",
            domains::submit,
            doc("submit_domain", "Submits a domain; its proof is to be set")
                .body("domain_new")
                .makes("domain"),
        )
        .on(
            Delete,
            "/session",
            sessions::end,
            doc("end_session", "Ends the session of the token"),
        )
        .on(
            Get,
            "/tenant",
            tenants::read,
            doc("read_tenant", "The organization").shows("tenant"),
        )
        .on(
            Patch,
            "/tenant/settings",
            tenants::update_settings,
            doc("update_settings", "Changes the settings (JSON Merge Patch)")
                .body("settings_change")
                .shows("tenant")
                .changes(),
        )
}

/// What the operator has beside them, on one tenant.
#[must_use]
pub fn operator_routes() -> Table {
    let doc = Doc::new;
    let at = |action: &str| format!("/connections/{{connection}}/{action}");
    routes_of_members::support_routes()
        .on(
            Get,
            "/",
            tenants::read,
            doc("read_tenant", "A tenant").shows("tenant"),
        )
        .on(
            Patch,
            "/",
            tenants::update,
            doc("update_tenant", "Changes a tenant (JSON Merge Patch)")
                .body("tenant_change")
                .shows("tenant")
                .changes(),
        )
        .on(
            Post,
            "/domains",
            domains::attest,
            doc("attest_domain", "Vouches for a domain")
                .body("domain_new")
                .makes("domain"),
        )
        .on(
            Post,
            "/setup-links",
            sessions::make_link,
            doc(
                "create_setup_link",
                "Makes a one-time set-up link, shown this once",
            )
            .may_have_body("setup_link_new")
            .makes("setup_link"),
        )
        .on(
            Post,
            "/domains/{domain}/approve",
            domains::approve,
            doc("approve_domain", "Approves what the owner submitted")
                .shows("domain")
                .refuses(&[409]),
        )
        .on(
            Post,
            &at("approve"),
            connections::approve,
            step("approve_connection", "Switches on what is in review"),
        )
        .on(
            Post,
            &at("reject"),
            connections::reject,
            step("reject_connection", "Sends back to draft, with a reason").body("rejection"),
        )
        .on(
            Post,
            &at("activate"),
            connections::activate,
            step(
                "activate_connection",
                "Switches on from any state, for imported connections",
            )
            .may_have_body("activation"),
        )
}
