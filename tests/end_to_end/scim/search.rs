//! The search at the root, over users and groups.

use gatehouse_tests::scim::GROUP;
use gatehouse_tests::{Scim, World, scim_error};
use serde_json::{Value, json};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

async fn search(scim: &Scim, more: Value) -> Value {
    let mut body = json!({ "schemas": [SEARCH] });
    gatehouse::http::api::merge_patch(&mut body, &more);
    let found = scim.post("/.search", &body).await;
    assert_eq!(found.status, 200, "{}", found.body);
    found.json()
}

fn names(page: &Value) -> Vec<String> {
    let resources = page["Resources"].as_array().unwrap();
    let name = |resource: &Value| {
        let name = resource.get("userName").unwrap_or(&resource["displayName"]);
        name.as_str().unwrap().to_owned()
    };
    resources.iter().map(name).collect()
}

/// RFC 7644, section 3.4.3: all users, then all groups, by index from any place and by cursor; filters ask both, and an
/// attribute of one type is without value in the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_search_at_the_root_finds_users_and_groups() {
    let world = World::start().await;
    let scim = world.scim().await;
    for n in 0..4 {
        scim.user(&format!("user{n}"), json!({ "displayName": format!("Name {n}") }))
            .await;
        let group = json!({ "schemas": [GROUP], "displayName": format!("Name {n}") });
        assert_eq!(scim.post("/Groups", &group).await.status, 201);
    }
    let all = search(&scim, json!({})).await;
    assert_eq!(all["totalResults"], 8);
    let kinds: Vec<&str> = all["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["meta"]["resourceType"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["User", "User", "User", "User", "Group", "Group", "Group", "Group"]
    );
    for start in [1, 4, 7, 2, 5, 8] {
        let page = search(&scim, json!({ "startIndex": start, "count": 3 })).await;
        let wanted: Vec<String> = names(&all).into_iter().skip(start - 1).take(3).collect();
        assert_eq!(
            (names(&page), &page["totalResults"]),
            (wanted, &json!(8)),
            "{start}"
        );
    }
    // RFC 7644, section 3.4.2.1: the same by GET of the base URL itself.
    for at in ["", "/"] {
        assert_eq!(scim.get(at).await.json(), all);
        let page = scim
            .get(&format!("{at}?startIndex=4&count=2&attributes=id"))
            .await
            .json();
        assert_eq!(page["totalResults"], 8, "{page}");
        assert_eq!(page["Resources"][1]["id"], all["Resources"][4]["id"]);
        let groups = "meta.resourceType%20eq%20%22Group%22";
        assert_eq!(
            scim.get(&format!("{at}?filter={groups}")).await.json()["totalResults"],
            4
        );
        assert_eq!(scim.post(at, &json!({})).await.status, 404);
    }
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = search(&scim, json!({ "cursor": cursor, "count": 3 })).await;
        seen.extend(names(&page));
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        next.clone_into(&mut cursor);
    }
    assert_eq!(seen, names(&all));
    for (filter, wanted) in [
        ("displayName eq \"name 2\"", 2),
        ("userName sw \"user\"", 4),
        ("displayName pr and not (userName pr)", 4),
        ("members pr", 0),
        ("userName eq \"user1\" or displayName eq \"Name 3\"", 3),
    ] {
        assert_eq!(
            search(&scim, json!({ "filter": filter })).await["totalResults"],
            wanted,
            "{filter}"
        );
    }
    let body = json!({ "schemas": [SEARCH], "filter": "flavour pr" });
    assert_eq!(
        scim.post("/.search", &body).await.scim_error(),
        scim_error(400, "invalidFilter")
    );
    assert_eq!(scim.get("/.search").await.scim_error(), scim_error(405, ""));
}
