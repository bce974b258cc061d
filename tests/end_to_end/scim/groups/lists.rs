//! Lists and filters of groups.

use gatehouse_tests::scim_error;
use serde_json::{Value, json};

use super::{Setup, group_body, id, members_in, refs};

fn names(list: &Value) -> Vec<&str> {
    let resources = list["Resources"].as_array().unwrap();
    resources
        .iter()
        .map(|group| group["displayName"].as_str().unwrap())
        .collect()
}

/// E-9, E-11, O-2: a group is found by displayName without regard to case, by externalId with it, by id and by member;
/// what is not there is an empty list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_09_and_e_11_groups_are_found_by_filter() {
    let setup = Setup::start().await;
    let users = setup.users(3).await;
    let body = group_body(
        "Staff",
        json!({ "externalId": "E-1", "members": refs(&users[..2]) }),
    );
    let staff = id(&setup.scim.post("/Groups", &body).await.json());
    setup.group("Crew", &users[1..]).await;
    let (u0, u1) = (&users[0], &users[1]);
    for (filter, wanted) in [
        ("displayName eq \"sTaFF\"".to_owned(), &["Staff"][..]),
        ("displayName eq \"Nobody\"".to_owned(), &[]),
        ("externalId eq \"E-1\"".to_owned(), &["Staff"]),
        ("externalId eq \"e-1\"".to_owned(), &[]),
        ("externalId eq E-1".to_owned(), &["Staff"]),
        (format!("id eq \"{staff}\""), &["Staff"]),
        ("id eq \"none\"".to_owned(), &[]),
        (format!("members eq \"{u0}\""), &["Staff"]),
        (format!("members.value eq \"{u0}\""), &["Staff"]),
        (format!("members[value eq \"{u0}\"]"), &["Staff"]),
        (
            format!("members[value eq \"{u0}\" and type eq \"User\"]"),
            &["Staff"],
        ),
        (format!("id eq \"{staff}\" and members eq \"{u1}\""), &["Staff"]),
        (format!("id eq \"{staff}\" and members eq \"{}\"", users[2]), &[]),
        (
            format!("displayName eq \"Crew\" and not (members eq \"{u0}\")"),
            &["Crew"],
        ),
        ("members eq \"nobody@acme.com\"".to_owned(), &[]),
        ("displayName sw \"s\" or externalId pr".to_owned(), &["Staff"]),
        (
            "meta.resourceType eq \"Group\" and displayName co \"re\"".to_owned(),
            &["Crew"],
        ),
        ("displayName ne \"Staff\"".to_owned(), &["Crew"]),
    ] {
        let found = setup.scim.filter("/Groups", &filter).await;
        assert_eq!(found.status, 200, "{filter} {}", found.body);
        let list = found.json();
        assert_eq!(names(&list), wanted, "{filter}");
        assert_eq!(list["totalResults"], wanted.len(), "{filter}");
        assert_eq!(list["startIndex"], 1);
    }
    let both = setup
        .scim
        .filter("/Groups", &format!("members eq \"{u1}\""))
        .await
        .json();
    assert_eq!(both["totalResults"], 2);
    let bad = setup.scim.filter("/Groups", "userName eq \"x\"").await;
    assert_eq!(bad.scim_error(), scim_error(400, "invalidFilter"));
    let found = setup
        .scim
        .filter("/Groups", "displayName eq \"Staff\"")
        .await
        .json();
    assert_eq!(
        found["Resources"][0],
        setup.read(&staff).await,
        "as the group alone is shown"
    );
}

/// E-9: Entra ID's look-up without members costs two requests and reads no members.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_09_the_look_up_without_members_costs_two_requests() {
    let setup = Setup::start().await;
    let users = setup.users(80).await;
    setup.group("Staff", &users).await;
    let traffic = setup.world.local.traffic();
    let filter = "filter=displayName+eq+%22Staff%22";
    traffic.clear();
    let path = format!("/Groups?excludedAttributes=members&{filter}");
    let found = setup.scim.get(&path).await.json();
    assert_eq!(found["Resources"][0].get("members"), None);
    assert_eq!(traffic.calls().len(), 2, "{:?}", traffic.counts());
    let whole = setup.scim.get(&format!("/Groups?{filter}")).await.json();
    assert_eq!(members_in(&whole["Resources"][0]), users);
    // Whether one user is in a large group is asked of that user's membership alone.
    traffic.clear();
    let asked = format!("displayName eq \"Staff\" and members eq \"{}\"", users[7]);
    let asked: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    let path = format!("/Groups?attributes=displayName&filter={asked}");
    let found = setup.scim.get(&path).await.json();
    assert_eq!(names(&found), ["Staff"]);
    assert!(traffic.calls().len() <= 4, "{:?}", traffic.counts());
}

/// O-12, RFC 9865: pages by index and by cursor hold every group once, with its members, and say how many there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_12_pages_of_groups_hold_each_once() {
    let setup = Setup::start().await;
    let users = setup.users(70).await;
    let mut made = Vec::new();
    for n in 0..25 {
        let members = if n % 5 == 0 { &users[..] } else { &users[..n] };
        made.push(setup.group(&format!("Group {n}"), members).await);
    }
    made.sort_by_key(id);
    let mut seen = Vec::new();
    for start in [1, 11, 21] {
        let page = setup
            .scim
            .get(&format!("/Groups?startIndex={start}&count=10"))
            .await
            .json();
        assert_eq!(page["totalResults"], 25);
        assert_eq!(page["startIndex"], start);
        seen.extend(page["Resources"].as_array().unwrap().clone());
    }
    assert_eq!(seen, made);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = setup
            .scim
            .get(&format!("/Groups?count=10&cursor={cursor}"))
            .await
            .json();
        seen.extend(page["Resources"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen, made);
    let jump = setup.scim.get("/Groups?startIndex=8&count=1").await.json();
    assert_eq!(jump["Resources"][0], made[7]);
    let none = setup.scim.get("/Groups?count=0").await.json();
    assert_eq!(
        (&none["totalResults"], &none["Resources"]),
        (&json!(25), &json!([]))
    );
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "displayName eq \"group 7\"",
        "attributes": ["displayName"],
    });
    let found = setup.scim.post("/Groups/.search", &search).await.json();
    assert_eq!(names(&found), ["Group 7"]);
    assert_eq!(found["Resources"][0].get("members"), None);
}

/// RFC 7643, section 4.1.2: a user shows the groups it is in, read-only, and is found by them; a change of the group is
/// seen from there at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_a_user_shows_its_groups() {
    let setup = Setup::start().await;
    let users = setup.users(2).await;
    let group = id(&setup.group("Staff", &users[..1]).await);
    let path = format!("/Users/{}", users[0]);
    let shown = setup.scim.get(&path).await.json();
    assert_eq!(
        shown["groups"],
        json!([{
            "value": group,
            "$ref": format!("{}/Groups/{group}", setup.scim.url),
            "display": "Staff",
            "type": "direct",
        }])
    );
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "Crew" }]);
    setup.patch(&group, rename).await;
    assert_eq!(setup.scim.get(&path).await.json()["groups"][0]["display"], "Crew");
    let found = setup
        .scim
        .filter("/Users", &format!("groups.value eq \"{group}\""))
        .await
        .json();
    assert_eq!(found["totalResults"], 1);
    assert_eq!(found["Resources"][0]["id"], users[0]);
    let other = json!([{ "op": "replace", "path": "members", "value": refs(&users[1..]) }]);
    setup.patch(&group, other).await;
    assert_eq!(setup.scim.get(&path).await.json().get("groups"), None);
    setup.scim.delete(&format!("/Groups/{group}")).await;
    let path = format!("/Users/{}", users[1]);
    assert_eq!(setup.scim.get(&path).await.json().get("groups"), None);
}
