//! docs/operations/runbook.md has a heading for each alarm, and none for an alarm that is not.

use std::collections::BTreeSet;
use std::fs;

use gatehouse_tests::template::read;

use super::super::source::root;

/// The headings that the alarms' descriptions name.
fn named() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in ["infra/function_alarms.yaml", "infra/monitoring.yaml"] {
        let template = read(path);
        for (name, resource) in template["Resources"].as_object().unwrap() {
            if resource["Type"] != "AWS::CloudWatch::Alarm" {
                continue;
            }
            let text = resource["Properties"]["AlarmDescription"]
                .as_str()
                .unwrap_or_default();
            let heading = text.split("Runbook docs/operations/runbook.md, ").nth(1);
            let heading = heading
                .unwrap_or_else(|| panic!("{path}, {name}: the description names no runbook: {text:?}"));
            found.insert(heading.trim_end_matches('.').to_owned());
        }
    }
    found
}

#[test]
fn every_alarm_has_its_runbook() {
    let page = fs::read_to_string(root().join("docs/operations/runbook.md")).unwrap();
    let headings: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(str::to_owned)
        .collect();
    let mut wanted = named();
    // Written for functions that a schedule starts (`alarms.rs`).
    wanted.insert("function-not-run".to_owned());
    assert_eq!(wanted, headings);
    for section in page.split("\n## ").skip(1) {
        let (heading, text) = section.split_once('\n').unwrap();
        for part in ["**Means**", "**Look**", "**Do**"] {
            assert!(text.contains(part), "{heading}: no {part}");
        }
    }
}
