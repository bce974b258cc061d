//! docs/features.md is made from rows.toml and from the tests in the source tree, and cannot lag behind either.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "tests"
)]

mod page;
mod rows;
mod tests_in_source;

use std::collections::BTreeMap;
use std::fs;

use crate::architecture::{none, source};
use rows::{State, read_rows};
use tests_in_source::{FeatureTest, feature_tests};

/// The page, from the root of the repository.
const PAGE: &str = "docs/features.md";

/// The tests of each row.
type ByRow = BTreeMap<String, Vec<FeatureTest>>;

fn by_row() -> ByRow {
    let mut tests = ByRow::new();
    for test in feature_tests() {
        for id in &test.ids {
            tests.entry(id.clone()).or_default().push(test.clone());
        }
    }
    tests
}

/// A row is done when a test through the HTTP surface proves it and says what it asserts.
#[test]
fn rows_marked_done_have_a_test() {
    let tests = by_row();
    let mut wrong = Vec::new();
    for row in read_rows().iter().flat_map(|section| &section.row) {
        let of_row = tests.get(&row.id).map_or(&[][..], Vec::as_slice);
        if row.state == State::Done && !of_row.iter().any(FeatureTest::proves) {
            let prefix = row.id.to_lowercase().replace('-', "_");
            wrong.push(format!(
                "{}: no test `{prefix}_…` with a documentation comment under tests/end_to_end/",
                row.id
            ));
        }
    }
    none("rows marked done without a test that proves them", &wrong);
}

/// A test that names a row that does not exist proves nothing.
#[test]
fn tests_name_rows_that_exist() {
    let known: Vec<String> = read_rows()
        .into_iter()
        .flat_map(|section| section.row)
        .map(|row| row.id)
        .collect();
    let wrong: Vec<String> = feature_tests()
        .into_iter()
        .filter(|test| test.ids.iter().any(|id| !known.contains(id)))
        .map(|test| format!("{}:{}: {}", test.path, test.line, test.name))
        .collect();
    none("tests named after no row", &wrong);
}

/// `UPDATE_DOCS=1` writes the page instead of comparing it.
#[test]
fn the_page_is_up_to_date() {
    let (sections, tests) = (read_rows(), by_row());
    let wanted = page::render(&sections, &tests);
    let path = source::root().join(PAGE);
    #[expect(
        clippy::disallowed_methods,
        reason = "asked for on the command line of a test"
    )]
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    if update {
        fs::write(&path, &wanted).unwrap();
        for row in sections.iter().flat_map(|section| &section.row) {
            let proven = tests
                .get(&row.id)
                .is_some_and(|tests| tests.iter().any(FeatureTest::proves));
            if row.state == State::Open && proven {
                println!("{} is open and has a test that proves it", row.id);
            }
        }
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let differs = wanted
        .lines()
        .zip(found.lines())
        .find(|(wanted, found)| wanted != found);
    assert!(
        wanted == found,
        "{PAGE} is out of date; run `UPDATE_DOCS=1 cargo test -p gatehouse-tests features`; first difference: \
         {differs:?}"
    );
}
