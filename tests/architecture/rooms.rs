//! Arrows point one way: `functions → http → app → {saml, oidc, openid_provider, scim} → domain`, and `app →
//! {store, secrets, mail, events}`. A room may use what its row lists, and itself.

use super::none;
use super::source::{self, SourceFile};

/// No I/O, no clock, no randomness, no AWS: `now` and random bytes are parameters.
const PURE: &[&str] = &[
    "redacted",
    "domain",
    "jose",
    "saml",
    "oidc",
    "openid_provider",
    "scim",
];

/// Each room of the common crate, and the rooms that it may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("redacted", &[]),
    ("random", &[]),
    ("clock", &[]),
    ("telemetry", &[]),
    ("domain", &["redacted", "random"]),
    ("jose", &["redacted", "random"]),
    ("saml", &["domain", "jose", "redacted", "random"]),
    ("oidc", &["domain", "jose", "redacted", "random"]),
    ("openid_provider", &["domain", "jose", "redacted", "random"]),
    ("scim", &["domain", "redacted", "random"]),
    ("config", &["domain", "redacted"]),
    ("store", &["domain", "clock", "random", "redacted"]),
    ("secrets", &["domain", "config", "clock", "random", "redacted"]),
    ("mail", &["domain", "config", "clock", "random", "redacted"]),
    ("events", &["domain", "config", "clock", "random", "redacted"]),
    ("aws", &["store", "secrets", "mail", "events", "config", "clock"]),
    // The guarded client for requests to the outside; it knows nothing of what is fetched.
    ("outbound", &["config", "random", "redacted", "clock"]),
    (
        "app",
        &[
            "saml",
            "oidc",
            "openid_provider",
            "scim",
            "jose",
            "domain",
            "store",
            "secrets",
            "mail",
            "events",
            "aws",
            "telemetry",
            "config",
            "clock",
            "random",
            "redacted",
            "outbound",
        ],
    ),
    // Of the store it names the records that it shows, and never a handle: a handler asks a use case.
    (
        "http",
        &[
            "app",
            "openid_provider",
            "saml",
            "oidc",
            "scim",
            "domain",
            "store",
            "config",
            "telemetry",
            "clock",
            "random",
            "redacted",
        ],
    ),
];

/// What a function may name of the common crate.
const FUNCTION: &[&str] = &[
    "http",
    "app",
    "openid_provider",
    "saml",
    "oidc",
    "scim",
    "domain",
    "config",
    "redacted",
    "telemetry",
];

/// An arrow that is allowed against the rule, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "shared/src/domain/ids.rs",
    "random::uuid",
    "a new id is made where its form is defined",
)];

/// A field that is read against the rule, each with its reason.
const FIELDS: &[(&str, &str, &str)] = &[
    (
        "shared/src/http/api/caller.rs",
        "store",
        "the bearer key says which tenant a use case is asked for",
    ),
    (
        "shared/src/http/sign_in/refusal.rs",
        "store",
        "a refusal names the organization, from the cached connection",
    ),
];

fn common() -> impl Iterator<Item = &'static SourceFile> {
    source::production().filter(|file| file.package == "shared")
}

#[test]
fn arrows_point_one_way() {
    let mut wrong = Vec::new();
    for file in common() {
        let own = file.room();
        if own.is_empty() {
            continue;
        }
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == own) else {
            wrong.push(format!("{}: room `{own}` has no row in ROOMS", file.path));
            continue;
        };
        for named in &file.facts.named {
            let room = named.segment(0);
            let whole = named.segments.join("::");
            let excepted = EXCEPTIONS
                .iter()
                .any(|(path, to, _)| *path == file.path && *to == whole);
            if room != own && !room.is_empty() && !allowed.contains(&room) && !excepted {
                wrong.push(format!("{}:{}: {own} → {room}", file.path, named.line));
            }
        }
    }
    none("arrows against docs/architecture.md", &wrong);
}

/// DESIGN: "a function depends on another function" never; and it reaches the store only through a use case.
#[test]
fn functions_ask_use_cases() {
    let mut wrong = Vec::new();
    for file in source::production() {
        if !file.package.starts_with("functions/") {
            continue;
        }
        for named in &file.facts.named {
            if !FUNCTION.contains(&named.segment(0)) {
                wrong.push(format!(
                    "{}:{}: function → {}",
                    file.path,
                    named.line,
                    named.segments.join("::")
                ));
            }
        }
    }
    none("functions that reach past http and app", &wrong);
}

/// From `random`, pure rooms name types only (an error that a caller hands in); never a source of randomness.
#[test]
fn pure_rooms_take_randomness_as_a_parameter() {
    let mut wrong = Vec::new();
    for file in common() {
        if !PURE.contains(&file.room()) {
            continue;
        }
        for named in &file.facts.named {
            let (room, item) = (named.segment(0), named.segment(1));
            let is_type = item.starts_with(char::is_uppercase);
            let excepted = EXCEPTIONS.iter().any(|(path, ..)| *path == file.path);
            if (room == "random" && !is_type && !excepted) || room == "clock" {
                wrong.push(format!("{}:{}: {room}::{item}", file.path, named.line));
            }
        }
    }
    none("pure rooms that read a clock or draw randomness", &wrong);
}

/// Who answers requests never touches what a use case works with: no handle by name, no `gatehouse.store`.
#[test]
fn answers_come_from_use_cases() {
    const HANDLES: &[&str] = &["Store", "TenantStore", "FrontDoor", "TenantTransaction"];
    const PARTS: &[&str] = &["store", "secrets", "mail", "events", "outbound"];
    let mut wrong = Vec::new();
    for file in source::deployed() {
        if file.room() != "http" && !file.package.starts_with("functions/") {
            continue;
        }
        for named in &file.facts.named {
            if named.segment(0) == "store" && HANDLES.contains(&named.segment(1)) {
                wrong.push(format!("{}:{}: {}", file.path, named.line, named.segment(1)));
            }
        }
        for (name, line) in &file.facts.fields {
            let excepted = FIELDS
                .iter()
                .any(|(path, field, _)| *path == file.path && field == name);
            if PARTS.contains(&name.as_str()) && !excepted {
                wrong.push(format!("{}:{line}: .{name}", file.path));
            }
        }
    }
    none("handlers that reach past the use cases", &wrong);
}

/// No file, socket, thread, runtime or process in a pure room.
#[test]
fn pure_rooms_do_no_io() {
    const CRATES: &[&str] = &[
        "tokio",
        "hyper",
        "hyper_util",
        "hyper_rustls",
        "axum",
        "lambda_http",
        "reqwest",
        "rustls",
        "askama",
    ];
    const STD: &[&str] = &["fs", "io", "process", "thread", "env"];
    let mut wrong = Vec::new();
    for file in common() {
        if !PURE.contains(&file.room()) {
            continue;
        }
        let identifiers = &file.facts.identifiers;
        for (index, (name, line)) in identifiers.iter().enumerate() {
            let after_std = index > 0 && identifiers[index - 1].0 == "std";
            let socket = [
                "TcpStream",
                "TcpListener",
                "UdpSocket",
                "ToSocketAddrs",
                "SystemTime",
                "Instant",
            ];
            if CRATES.contains(&name.as_str())
                || (after_std && STD.contains(&name.as_str()) && !reads_memory(identifiers, index))
                || socket.contains(&name.as_str())
            {
                wrong.push(format!("{}:{line}: {name}", file.path));
            }
        }
    }
    none("I/O in a pure room", &wrong);
}

/// `std::io::Read` and its like over bytes in memory (inflating) do no I/O.
fn reads_memory(identifiers: &[(String, usize)], index: usize) -> bool {
    identifiers[index].0 == "io"
        && identifiers.get(index + 1).is_some_and(|(name, _)| {
            ["Read", "Write", "Cursor", "ErrorKind", "Error"].contains(&name.as_str())
        })
}

/// An exception that nobody needs is taken off the list.
#[test]
fn no_exception_is_stale() {
    let stale: Vec<String> = EXCEPTIONS
        .iter()
        .filter(|(path, to, _)| {
            let room = to.split("::").next();
            let uses = |file: &SourceFile| {
                file.facts
                    .named
                    .iter()
                    .any(|named| Some(named.segment(0)) == room)
            };
            !common().any(|file| file.path == *path && uses(file))
        })
        .map(|(path, to, _)| format!("{path} → {to}"))
        .collect();
    none("exceptions that nobody needs", &stale);
}
