//! docs/features.md.

use super::ByRow;
use super::rows::{Row, Section, State};
use super::tests_in_source::FeatureTest;

/// The whole page.
pub(super) fn render(sections: &[Section], tests: &ByRow) -> String {
    let rows = || sections.iter().flat_map(|section| &section.row);
    let done = rows().filter(|row| row.state == State::Done).count();
    let mut page = format!(
        "# Features\n\n\
         <!-- Made by `UPDATE_DOCS=1 cargo test -p gatehouse-tests features` from tests/features/rows.toml and the \
         tests; do not edit. -->\n\n\
         {done} of {} rows are done. A row is done when a test named after its id proves it through the HTTP surface; \
         the test's own sentence says what it asserts. An open row is not built, or not proven yet.\n",
        rows().count()
    );
    for section in sections {
        page.push_str(&format!("\n## {}\n\n", section.title));
        page.push_str("| id | state | behaviour | proven by |\n|---|---|---|---|\n");
        for row in &section.row {
            let of_row = tests.get(&row.id).map_or(&[][..], Vec::as_slice);
            page.push_str(&line(row, of_row));
        }
    }
    page
}

fn line(row: &Row, tests: &[FeatureTest]) -> String {
    let state = match row.state {
        State::Done => "done",
        State::Open => "open",
    };
    let tests: Vec<String> = tests.iter().map(cell).collect();
    format!(
        "| {} | {state} | {} | {} |\n",
        row.id,
        row.behaviour,
        tests.join("<br>")
    )
}

/// The test's name, linked to its file, and its sentence. No line number: it would change with every edit.
fn cell(test: &FeatureTest) -> String {
    let sentence = test.asserts.replace('|', "\\|");
    let ignored = if test.ignored { " (ignored)" } else { "" };
    let colon = if sentence.is_empty() { "" } else { ": " };
    format!("[`{}`](../{}){ignored}{colon}{sentence}", test.name, test.path)
}
