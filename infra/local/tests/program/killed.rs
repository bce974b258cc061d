//! `kill -9` of the program in the middle of provisioning: what was acknowledged by SCIM is there afterwards, and a large
//! change of a group is whole or absent, and completed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::running::free_ports;
use super::scim::{GROUP, patch, start};

/// Each user that was answered 201, and each PATCH that was answered 200, is there when the program is started again;
/// a create without an answer, sent again, ends with one user.
#[test]
fn every_acknowledged_write_by_scim_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_ports();
    let mut acknowledged: Vec<(String, String)> = Vec::new();
    for round in 0..3 {
        let running = start(folder.path(), port);
        let ending = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicUsize::new(0));
        let clients = (0..4).map(|client| {
            let (scim, ending, answered) = (running.scim.clone(), ending.clone(), answered.clone());
            std::thread::spawn(move || {
                let (mut done, mut unanswered) = (Vec::new(), None);
                for number in 0.. {
                    let name = format!("r{round}-c{client}-{number}");
                    let Some(id) = scim.user(&name) else {
                        assert!(ending.load(Ordering::SeqCst), "no answer before the end");
                        unanswered = Some(name);
                        break;
                    };
                    done.push((id.clone(), name.clone()));
                    let title = json!([{ "op": "add", "path": "title", "value": name }]);
                    let patch = patch(&title);
                    match scim.send("PATCH", &format!("/Users/{id}"), Some(&patch)) {
                        Some((status, body)) => assert_eq!(status, 200, "{body}"),
                        None => {
                            done.pop();
                            break;
                        }
                    }
                    answered.fetch_add(1, Ordering::SeqCst);
                }
                (done, unanswered)
            })
        });
        let clients = clients.collect::<Vec<_>>();
        // While the next ones are under way.
        while answered.load(Ordering::SeqCst) < 9 + 4 * round {
            std::thread::sleep(Duration::from_millis(1));
        }
        ending.store(true, Ordering::SeqCst);
        running.kill();
        let mut again = Vec::new();
        for client in clients {
            let (done, unanswered) = client.join().unwrap();
            acknowledged.extend(done);
            again.extend(unanswered);
        }
        let running = start(folder.path(), port);
        for (id, name) in &acknowledged {
            let user = running.scim.get(&format!("/Users/{id}"));
            assert_eq!((&user["userName"], &user["title"]), (&json!(name), &json!(name)));
        }
        for name in again {
            let id = running.scim.user(&name).unwrap();
            let found = running
                .scim
                .get(&format!("/Users?filter=userName%20eq%20%22{name}%22"));
            assert_eq!(
                (&found["totalResults"], &found["Resources"][0]["id"]),
                (&json!(1), &json!(id))
            );
        }
        running.kill();
    }
    assert!(
        acknowledged.len() > 10,
        "only {} were acknowledged",
        acknowledged.len()
    );
}

/// A change of a group's 300 members, killed at any moment, is there as a whole or not at all; acknowledged, it is there;
/// and from the users' side it is completed without another request.
#[test]
fn a_large_group_change_survives_kill_9_whole() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_ports();
    let running = start(folder.path(), port);
    let users = running.scim.users("member", 300);
    let body = json!({ "schemas": [GROUP], "displayName": "Everybody" });
    let (status, group) = running.scim.send("POST", "/Groups", Some(&body)).unwrap();
    assert_eq!(status, 201, "{group}");
    let group = group["id"].as_str().unwrap().to_owned();
    running.kill();
    let nobody = BTreeSet::new();
    let (mut cut, mut whole) = (0, 0);
    // After so many milliseconds, or as soon as another client sees the change: then it is committed, and not applied yet.
    for wait in [Some(30), None, Some(200), None, Some(600)] {
        let running = start(folder.path(), port);
        let before = running.scim.members(&group);
        let wanted = if before.is_empty() { &users } else { &nobody };
        let values: Value = wanted.iter().map(|id| json!({ "value": id })).collect();
        let replace = json!([{ "op": "replace", "path": "members", "value": values }]);
        let patch = patch(&replace);
        let (scim, path) = (running.scim.clone(), format!("/Groups/{group}"));
        let client = std::thread::spawn(move || scim.send("PATCH", &path, Some(&patch)));
        match wait {
            Some(milliseconds) => std::thread::sleep(Duration::from_millis(milliseconds)),
            None => while running.scim.members(&group) != *wanted {},
        }
        running.kill();
        let answer = client.join().unwrap();
        let running = start(folder.path(), port);
        let after = running.scim.members(&group);
        match answer {
            Some((status, body)) => {
                assert!((200..300).contains(&status), "{body}");
                assert_eq!(&after, wanted, "acknowledged before the end");
                whole += 1;
            }
            None => {
                let possible = after == *wanted || (wait.is_some() && after == before);
                assert!(possible, "{} of {}", after.len(), users.len());
                cut += 1;
            }
        }
        let inside = |user: &String| {
            let shown = running.scim.get(&format!("/Users/{user}"));
            shown["groups"]
                .as_array()
                .is_some_and(|groups| !groups.is_empty())
        };
        let begun = Instant::now();
        for user in users.iter().step_by(23).chain(users.last()) {
            while inside(user) != after.contains(user) {
                assert!(begun.elapsed() < Duration::from_secs(30), "not completed");
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        running.kill();
    }
    assert!(cut > 0, "no change was cut; {whole} were whole");
}
