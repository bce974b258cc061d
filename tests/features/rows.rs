//! rows.toml.

use serde::Deserialize;

/// A table of rows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// Its heading.
    pub(super) title: String,
    /// Its rows.
    pub(super) row: Vec<Row>,
}

/// One behaviour.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// Such as `IL-21`.
    pub(super) id: String,
    /// Whether it is proven.
    pub(super) state: State,
    /// What Gatehouse must do.
    pub(super) behaviour: String,
}

/// Whether a behaviour is proven.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Not built, or not proven.
    Open,
    /// A test proves it.
    Done,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    section: Vec<Section>,
}

/// The table of behaviours.
pub(super) fn read_rows() -> Vec<Section> {
    let rows: Rows = basic_toml::from_str(include_str!("rows.toml")).unwrap();
    rows.section
}

#[test]
fn ids_are_unique_and_well_formed() {
    let mut known = std::collections::BTreeSet::new();
    for row in read_rows().iter().flat_map(|section| &section.row) {
        let (kind, number) = row.id.split_once('-').unwrap();
        assert!(["IL", "CH", "SE", "AQ", "GH"].contains(&kind), "{}", row.id);
        assert!(
            number.len() == 2 && number.bytes().all(|digit| digit.is_ascii_digit()),
            "{}",
            row.id
        );
        assert!(
            !row.behaviour.is_empty() && !row.behaviour.contains('|'),
            "{}",
            row.id
        );
        assert!(known.insert(row.id.clone()), "{} stands twice", row.id);
    }
    assert!(known.len() >= 83, "only {} rows", known.len());
}
