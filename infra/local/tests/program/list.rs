//! Lists as the program answers them: it reads a page's documents from its file.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::running::free_ports;
use super::scim::{USER, patch, start_unrecorded};

/// Of each page the people are those that a GET of each shows: as they were made, changed, and without those who are gone.
#[test]
fn a_page_shows_each_person_as_a_get_does() {
    let folder = tempfile::tempdir().unwrap();
    let running = start_unrecorded(folder.path(), free_ports());
    let scim = &running.scim;
    let made: Vec<String> = (0..130)
        .map(|number| {
            let user = json!({
                "schemas": [USER], "userName": format!("u{number}\"ß@acme.example"), "externalId": number.to_string(),
                "name": { "givenName": "Zoë \\ \u{1f980}", "familyName": format!("N{number}") },
                "phoneNumbers": [{ "value": "+49 30 1234567", "type": "work" }], "active": number % 3 > 0,
            });
            let (status, user) = scim.send("POST", "/Users", Some(&user)).unwrap();
            assert_eq!(status, 201, "{user}");
            user["id"].as_str().unwrap().to_owned()
        })
        .collect();
    let compare = |expected: usize| {
        let pages = [1, 101].map(|start| scim.get(&format!("/Users?startIndex={start}&count=100")));
        let shown = pages
            .iter()
            .flat_map(|page| page["Resources"].as_array().unwrap());
        // A second page may begin where the one of an earlier list did, and show somebody twice: nobody is lost.
        let shown: BTreeMap<&str, &Value> = shown
            .map(|person| (person["id"].as_str().unwrap(), person))
            .collect();
        assert_eq!(pages[0]["totalResults"], json!(shown.len()));
        for (id, person) in &shown {
            assert_eq!(*person, &scim.get(&format!("/Users/{id}")));
        }
        let ours = made.iter().filter(|id| shown.contains_key(id.as_str()));
        assert_eq!(ours.count(), expected);
    };
    compare(130);
    for id in made.iter().step_by(7) {
        let title = json!([{ "op": "add", "path": "title", "value": "changed" }]);
        let patch = patch(&title);
        let (status, body) = scim.send("PATCH", &format!("/Users/{id}"), Some(&patch)).unwrap();
        assert_eq!(status, 200, "{body}");
    }
    let (status, _) = scim.send("DELETE", &format!("/Users/{}", made[5]), None).unwrap();
    assert_eq!(status, 204);
    compare(129);
}
