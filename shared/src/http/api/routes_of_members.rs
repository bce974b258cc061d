//! The routes of members, with their documents.

use super::openapi::Doc;
use super::table::{Table, Verb};
use super::{access_of_members, imports, leaving, members};

use Verb::{Delete, Get, Patch, Post, Put};

/// Members, and what gives them access.
pub(super) fn member_routes() -> Table {
    list_routes()
        .merge(import_routes())
        .merge(one_routes())
        .merge(access_routes())
        .merge(erasure_routes())
}

/// A person's erasure.
fn erasure_routes() -> Table {
    let one = "/members/{member}/erasure";
    let doc = Doc::new;
    Table::new()
        .on(
            Post,
            one,
            leaving::erase,
            doc(
                "erase_member",
                "Erases a person for good, audit included: access ends at once, the rest goes in parts; \
                 asked for again, it says how far it came",
            )
            .answers(202, "erasure")
            .refuses(&[409]),
        )
        .on(
            Get,
            one,
            leaving::read_erasure,
            doc(
                "read_erasure",
                "How far a person's erasure came, and what was removed",
            )
            .shows("erasure"),
        )
        .on(
            Get,
            "/erasures",
            leaving::list_erasures,
            doc("list_erasures", "Erasures of the last 400 days").lists("erasure"),
        )
}

fn list_routes() -> Table {
    let doc = Doc::new;
    Table::new()
        .on(
            Get,
            "/members",
            members::list,
            doc("list_members", "Members").lists("member"),
        )
        .on(
            Post,
            "/members",
            members::create,
            doc("create_member", "Makes a member by hand")
                .body("member_new")
                .makes("member"),
        )
        .on(
            Post,
            "/members/import",
            members::import,
            doc("import_members", "Makes members, each with its own answer")
                .body("members_import")
                .shows("import_result")
                .refuses(&[409]),
        )
}

/// Import of the members that the app has already, in parts.
fn import_routes() -> Table {
    let one = "/member-imports/{import}";
    let part = format!("{one}/parts/{{part}}");
    let doc = Doc::new;
    Table::new()
        .on(
            Get,
            "/member-imports",
            imports::list,
            doc("list_member_imports", "Imports of the last 30 days").lists("member_import_begun"),
        )
        .on(
            Post,
            "/member-imports",
            imports::begin,
            doc("begin_member_import", "Begins an import of so many parts")
                .body("member_import_new")
                .makes("member_import"),
        )
        .on(
            Get,
            one,
            imports::read,
            doc("read_member_import", "How far an import came").shows("member_import"),
        )
        .on(
            Put,
            &part,
            imports::send_part,
            doc(
                "send_member_import_part",
                "Makes the members of a part; sent again, it goes on where it stopped",
            )
            .body("members_import_list")
            .or_csv()
            .shows("member_import_part")
            .refuses(&[409]),
        )
        .on(
            Get,
            &part,
            imports::read_part,
            doc(
                "read_member_import_part",
                "How far a part came, and which lines made no member",
            )
            .shows("member_import_part"),
        )
}

/// One member: read, changed, removed.
fn one_routes() -> Table {
    let one = "/members/{member}";
    let doc = Doc::new;
    Table::new()
        .on(
            Get,
            one,
            members::read,
            doc("read_member", "A member").shows("member"),
        )
        .on(
            Patch,
            one,
            members::update,
            doc("update_member", "Changes a member (JSON Merge Patch)")
                .body("member_change")
                .shows("member")
                .changes(),
        )
        .on(
            Delete,
            one,
            members::remove,
            doc("remove_member", "Removes a member; every access ends").refuses(&[409]),
        )
}

/// What a member can get at: sessions and identities.
fn access_routes() -> Table {
    let at = |action: &str| format!("/members/{{member}}/{action}");
    let doc = Doc::new;
    let access = |id, summary| doc(id, summary).shows("member").refuses(&[409]);
    Table::new()
        .on(
            Post,
            &at("invite"),
            members::invite,
            access("invite_member", "Mails the member the way to the sign-in"),
        )
        .on(
            Post,
            &at("deactivate"),
            members::deactivate,
            access("deactivate_member", "Switches a member off; every access ends"),
        )
        .on(
            Post,
            &at("reactivate"),
            members::reactivate,
            access("reactivate_member", "Switches a member on; it takes a seat"),
        )
        .on(
            Post,
            &at("revoke-sessions"),
            members::revoke_sessions,
            access("revoke_sessions", "Ends every session of a member"),
        )
        .on(
            Get,
            &at("sessions"),
            access_of_members::list_sessions,
            doc("list_sessions", "Sessions of a member that are open").lists("member_session"),
        )
        .on(
            Delete,
            &at("sessions/{session}"),
            access_of_members::end_session,
            doc("end_member_session", "Ends one session of a member").refuses(&[409]),
        )
        .on(
            Get,
            &at("identities"),
            access_of_members::list_identities,
            doc(
                "list_identities",
                "Where a member is known: whom which connection vouches for",
            )
            .lists("identity"),
        )
}

/// What support does to members (SE-04): the operator's alone.
pub(super) fn support_routes() -> Table {
    let doc = Doc::new;
    Table::new()
        .on(
            Delete,
            "/members/{member}/identities/{identity}",
            access_of_members::unlink,
            doc(
                "unlink_identity",
                "Takes an identity of a member away: the member must link anew, and every session is over",
            )
            .refuses(&[409]),
        )
        .on(
            Post,
            "/members/{member}/merge",
            access_of_members::merge,
            doc(
                "merge_members",
                "Merges another record of the same person into the member",
            )
            .body("merge")
            .shows("member")
            .refuses(&[409]),
        )
}

/// AQ-25: whom SCIM may take over.
pub(super) fn takeover_routes() -> Table {
    let doc = Doc::new(
        "choose_members_for_scim",
        "Lets SCIM take over members made by hand, or takes that back; each has its own answer",
    );
    Table::new().on(
        Post,
        "/members/scim-takeover",
        members::choose_for_scim,
        doc.body("scim_takeover")
            .shows("scim_takeover_result")
            .refuses(&[409]),
    )
}
