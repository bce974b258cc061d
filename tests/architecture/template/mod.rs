//! template.yaml and infra/*.yaml against the code: folders, routes, tables, environment, roles, alarms.
//!
//! Four files are written from the code: `UPDATE_TEMPLATE=1 cargo test -p gatehouse-tests template::`. The roles need
//! the record of a whole run as well (see `roles.rs`).

mod alarms;
mod environment;
mod resources;
mod roles;
mod routes;
mod runbook;
mod tables;

use std::fs;

use super::source::root;

/// What stands at the head of a file that is written from the code.
fn head(description: &str) -> String {
    format!(
        "# Written from the code by `UPDATE_TEMPLATE=1 cargo test -p gatehouse-tests template::`; do not edit.\n\
         AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: >-\n  {description}\n"
    )
}

/// The file is what the code says; with `UPDATE_TEMPLATE=1` it is made so.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a switch of the tests")]
fn is_up_to_date(path: &str, wanted: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_TEMPLATE").is_some() {
        fs::write(&file, wanted).unwrap();
        return;
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    let different = found
        .lines()
        .zip(wanted.lines())
        .find(|(found, wanted)| found != wanted);
    assert!(
        found == wanted,
        "{path} is not what the code says (first difference, found and wanted: {different:?}); \
         run UPDATE_TEMPLATE=1 cargo test -p gatehouse-tests template::"
    );
}
