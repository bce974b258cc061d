//! Lists: pages by index and by cursor, walks, filters, projections, `.search`.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use gatehouse_tests::{Scim, World, scim_error};
use serde_json::{Value, json};

async fn people(scim: &Scim, count: usize) -> Vec<Value> {
    let mut made = Vec::new();
    for n in 0..count {
        let more = json!({
            "active": n % 2 == 0,
            "title": format!("Title {}", n % 3),
            "emails": [{ "value": format!("user{n}@acme.com"), "type": "work" }],
        });
        made.push(scim.user(&format!("user{n:03}"), more).await);
    }
    made.sort_by_key(|user| user["id"].as_str().unwrap().to_owned());
    made
}

fn ids(page: &Value) -> Vec<String> {
    let resources = page["Resources"].as_array().unwrap();
    resources
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect()
}

/// RFC 7644, section 3.4.2.4: any startIndex is right, whether a page before it was asked for or not; the order is that
/// of ids.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_any_place_in_the_list_can_be_asked_for() {
    let world = World::start().await;
    let scim = world.scim().await;
    let made = people(&scim, 30).await;
    let all: Vec<String> = made
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    for start in [30, 1, 17, 2, 29, 11] {
        for count in [1, 4, 100] {
            let page = scim
                .get(&format!("/Users?startIndex={start}&count={count}"))
                .await
                .json();
            let end = (start - 1 + count).min(30);
            assert_eq!(ids(&page), all[start - 1..end], "{start}+{count}");
            assert_eq!(
                (&page["totalResults"], &page["startIndex"]),
                (&json!(30), &json!(start))
            );
        }
    }
    for (query, total, length) in [
        ("startIndex=31", 30, 0),
        ("startIndex=4000000000", 30, 0),
        ("startIndex=-3&count=2", 30, 2),
        ("count=0", 30, 0),
        ("count=-1", 30, 0),
        ("startIndex=5&count=0", 30, 0),
        ("count=100000", 30, 30),
        ("", 30, 30),
    ] {
        let page = scim.get(&format!("/Users?{query}")).await.json();
        assert_eq!(
            (&page["totalResults"], ids(&page).len()),
            (&json!(total), length),
            "{query}"
        );
    }
}

/// A walk by index loses nobody, while people before and behind it are deleted; and shows nobody twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_12_a_walk_loses_nobody_while_others_are_deleted() {
    let world = World::start().await;
    let scim = world.scim().await;
    let made = people(&scim, 40).await;
    let all: Vec<String> = made
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    let (mut start, mut seen, mut deleted) = (1, Vec::new(), BTreeSet::new());
    loop {
        let page = scim
            .get(&format!("/Users?startIndex={start}&count=6"))
            .await
            .json();
        let page_ids = ids(&page);
        if page_ids.is_empty() {
            break;
        }
        start += page_ids.len();
        let follows = page["totalResults"].as_u64().unwrap() >= u64::try_from(start).unwrap();
        seen.extend(page_ids);
        if !follows {
            break;
        }
        // One that was seen, and one that was not yet.
        let victims = [
            all.iter().find(|id| !deleted.contains(*id)),
            all.iter().rev().find(|id| !deleted.contains(*id)),
        ];
        for victim in victims.into_iter().flatten().cloned().collect::<Vec<_>>() {
            assert_eq!(scim.delete(&format!("/Users/{victim}")).await.status, 204);
            deleted.insert(victim);
        }
    }
    let once: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "nobody twice");
    let lost: Vec<&String> = all
        .iter()
        .filter(|id| !deleted.contains(*id) && !once.contains(id))
        .collect();
    assert!(lost.is_empty(), "lost {lost:?}");
}

/// RFC 9865: pages by cursor; a cursor is good for its query, its key and an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_pages_by_cursor() {
    let world = World::start().await;
    let scim = world.scim().await;
    let made = people(&scim, 25).await;
    let all: Vec<String> = made
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    let (mut query, mut seen) = ("cursor&count=10".to_owned(), Vec::new());
    let mut first = String::new();
    loop {
        let page = scim.get(&format!("/Users?{query}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let page = page.json();
        assert_eq!(page["totalResults"], 25);
        assert!(page.get("startIndex").is_none());
        seen.extend(ids(&page));
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        if first.is_empty() {
            next.clone_into(&mut first);
        }
        query = format!("cursor={next}&count=10");
    }
    assert_eq!(seen, all);
    let other = world.scim().await;
    let filtered = format!("/Users?count=10&cursor={first}&filter=active%20eq%20true");
    for refused in [
        scim.get(&format!("/Users?cursor={first}&count=9")).await,
        scim.get(&filtered).await,
        scim.get(&format!("/Users?cursor={first}x&count=10")).await,
        scim.get("/Users?cursor=nonsense&count=10").await,
        other.get(&format!("/Users?cursor={first}&count=10")).await,
    ] {
        assert_eq!(refused.scim_error(), scim_error(400, "invalidCursor"));
    }
    let both = scim.get("/Users?cursor&startIndex=3").await;
    assert_eq!(both.scim_error(), scim_error(400, "invalidValue"));
    let many = scim.get("/Users?cursor&count=101").await;
    assert_eq!(many.scim_error(), scim_error(400, "invalidCount"));
    world.pass(TimeDelta::seconds(3601));
    let old = scim.get(&format!("/Users?cursor={first}&count=10")).await;
    assert_eq!(old.scim_error(), scim_error(400, "expiredCursor"));
}

/// RFC 7644, section 3.4.2.2: filters that no index answers are evaluated over everybody, page by page, and by cursor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_filters_are_evaluated_to_the_end() {
    let world = World::start().await;
    let scim = world.scim().await;
    let made = people(&scim, 24).await;
    for (filter, fits) in [
        (
            "active eq true",
            (|user: &Value| user["active"] == true) as fn(&Value) -> bool,
        ),
        ("not (active eq true)", |user| user["active"] == false),
        ("userName sw \"user00\"", |user| {
            user["userName"].as_str().unwrap().starts_with("user00")
        }),
        ("title eq \"title 1\" and active eq false", |user| {
            user["title"] == "Title 1" && user["active"] == false
        }),
        ("emails[type eq \"work\" and value ew \"3@acme.com\"]", |user| {
            user["emails"][0]["value"]
                .as_str()
                .unwrap()
                .ends_with("3@acme.com")
        }),
        ("nickName pr", |_| false),
        ("meta.created pr", |_| true),
    ] {
        let wanted: Vec<String> = made
            .iter()
            .filter(|user| fits(user))
            .map(|user| user["id"].as_str().unwrap().to_owned())
            .collect();
        let all = scim.filter("/Users", filter).await.json();
        assert_eq!(
            (ids(&all), &all["totalResults"]),
            (wanted.clone(), &json!(wanted.len())),
            "{filter}"
        );
        let query = filter.replace(' ', "%20").replace('"', "%22");
        for start in [1, 3, 6, 4] {
            let page = scim
                .get(&format!("/Users?filter={query}&startIndex={start}&count=3"))
                .await
                .json();
            let rest: Vec<String> = wanted.iter().skip(start - 1).take(3).cloned().collect();
            assert_eq!(
                (ids(&page), &page["totalResults"]),
                (rest, &json!(wanted.len())),
                "{filter} {start}"
            );
        }
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let page = scim
                .get(&format!("/Users?filter={query}&cursor={cursor}&count=4"))
                .await
                .json();
            seen.extend(ids(&page));
            let Some(next) = page["nextCursor"].as_str() else {
                break;
            };
            next.clone_into(&mut cursor);
        }
        assert_eq!(seen, wanted, "{filter} by cursor");
    }
}

/// The time of the last change can be asked for, and combined.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_what_changed_since_is_found() {
    let world = World::start().await;
    let scim = world.scim().await;
    let made = people(&scim, 5).await;
    world.pass(TimeDelta::hours(1));
    let since = scim.user("late", json!({})).await["meta"]["lastModified"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/Users/{}", made[2]["id"].as_str().unwrap());
    scim.patch(
        &path,
        json!([{ "op": "add", "path": "nickName", "value": "Late" }]),
    )
    .await;
    for (filter, count) in [
        (format!("meta.lastModified ge \"{since}\""), 2),
        (
            format!("meta.lastModified ge \"{since}\" and userName eq \"late\""),
            1,
        ),
        (format!("meta.lastModified gt \"{since}\" and nickName pr"), 0),
        (format!("meta.lastModified lt \"{since}\""), 4),
    ] {
        let found = scim.filter("/Users", &filter).await.json();
        if count == 0 {
            assert!(found["totalResults"].as_u64().unwrap() <= 1, "{filter}");
        } else {
            assert_eq!(found["totalResults"], count, "{filter}");
        }
    }
}

/// RFC 7644, section 3.9: attributes that are asked for, or left out, of one resource, of lists and of changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_attributes_are_shown_as_asked_for() {
    let world = World::start().await;
    let scim = world.scim().await;
    let made = people(&scim, 2).await;
    let path = format!("/Users/{}", made[0]["id"].as_str().unwrap());
    let keys = |user: &Value| user.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for (query, wanted) in [
        ("attributes=userName", vec!["schemas", "id", "userName"]),
        (
            "attributes=emails.value,USERNAME",
            vec!["schemas", "id", "userName", "emails"],
        ),
        ("attributes=nothing", vec!["schemas", "id"]),
        (
            "excludedAttributes=emails,meta,title,active",
            vec!["schemas", "id", "userName"],
        ),
        (
            "excludedAttributes=id,userName,emails,meta,title,active",
            vec!["schemas", "id"],
        ),
    ] {
        let one = scim.get(&format!("{path}?{query}")).await.json();
        let list = scim.get(&format!("/Users?{query}")).await.json();
        let same = scim
            .send(
                http::Method::PATCH,
                &format!("{path}?{query}"),
                &[],
                json!({
                    "schemas": [gatehouse_tests::scim::PATCH],
                    "Operations": [{ "op": "replace", "path": "active", "value": made[0]["active"] }],
                })
                .to_string()
                .into_bytes(),
            )
            .await
            .json();
        for found in [&one, &list["Resources"][0], &same] {
            let sorted = |mut keys: Vec<String>| {
                keys.sort();
                keys
            };
            let wanted = wanted.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(sorted(keys(found)), sorted(wanted), "{query}");
        }
    }
    let both = scim
        .get(&format!("{path}?attributes=id&excludedAttributes=id"))
        .await;
    assert_eq!(both.scim_error(), scim_error(400, "invalidValue"));
}

/// RFC 7644, section 3.4.3: a search by POST is the same search.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_search_by_post_is_the_same_search() {
    let world = World::start().await;
    let scim = world.scim().await;
    people(&scim, 9).await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "active eq true", "attributes": ["userName"], "startIndex": 2, "count": 3,
    });
    let by_post = scim.post("/Users/.search", &body).await;
    assert_eq!(by_post.status, 200, "{}", by_post.body);
    let by_get = scim
        .get("/Users?filter=active%20eq%20true&attributes=userName&startIndex=2&count=3")
        .await;
    assert_eq!(by_post.json(), by_get.json());
    let without = json!({ "filter": "active eq true" });
    assert_eq!(
        scim.post("/Users/.search", &without).await.scim_error(),
        scim_error(400, "invalidSyntax")
    );
}

/// What cannot be answered is refused by name: a broken filter, an unknown attribute, an order that lists do not have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_what_a_list_cannot_do_is_refused() {
    let world = World::start().await;
    let scim = world.scim().await;
    let deep = format!("{}active eq true{}", "not (".repeat(30), ")".repeat(30));
    let long = format!("userName eq \"{}\"", "a".repeat(5_000));
    for filter in [
        "userName",
        "userName eq",
        "flavour eq \"x\"",
        "userName eq \"a",
        "active gt true",
        "(active eq true",
        &deep,
        &long,
    ] {
        let answer = scim.filter("/Users", filter).await;
        assert_eq!(
            answer.scim_error(),
            scim_error(400, "invalidFilter"),
            "{}",
            answer.body
        );
    }
    for query in [
        "sortBy=userName",
        "sortBy=id&sortOrder=descending",
        "count=many",
        "startIndex=x",
        "count=1&count=2",
    ] {
        let answer = scim.get(&format!("/Users?{query}")).await;
        assert_eq!(answer.scim_error(), scim_error(400, "invalidValue"), "{query}");
    }
    assert_eq!(scim.get("/Users?sortBy=id&sortOrder=ascending").await.status, 200);
}
