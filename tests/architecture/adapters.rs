//! AWS types are named in the adapters only.

use super::none;
use super::source;

/// Rooms of the common crate that speak to AWS.
const ADAPTERS: &[&str] = &["store", "secrets", "mail", "events", "aws"];

/// `Gatehouse::connect` hands the SDK's HTTP client on to `aws`.
const EXCEPTIONS: &[(&str, &str)] = &[("shared/src/app/mod.rs", "aws_smithy_runtime_api")];

/// The cryptographic library bears the name, and is no AWS type.
fn is_aws(name: &str) -> bool {
    (name.starts_with("aws_") && !name.starts_with("aws_lc"))
        || name == "serde_dynamo"
        || name.starts_with("aws_sdk")
}

#[test]
fn aws_types_stay_in_the_adapters() {
    let mut wrong = Vec::new();
    for file in source::deployed() {
        if ADAPTERS.contains(&file.room()) {
            continue;
        }
        for (name, line) in &file.facts.identifiers {
            let excepted = EXCEPTIONS
                .iter()
                .any(|(path, of)| *path == file.path && of == name);
            if is_aws(name) && !excepted {
                wrong.push(format!("{}:{line}: {name}", file.path));
            }
        }
    }
    none(
        "AWS types outside store, secrets, mail, events and aws.rs",
        &wrong,
    );
}

/// The other way round: the check sees the SDK where it is at home.
#[test]
fn the_adapters_are_seen_to_use_the_sdk() {
    for room in ["store", "secrets"] {
        let of_room = source::deployed().filter(|file| file.room() == room);
        let seen = of_room
            .flat_map(|file| &file.facts.identifiers)
            .any(|(name, _)| is_aws(name));
        assert!(seen, "no AWS type seen in {room}: the check is blind");
    }
}
