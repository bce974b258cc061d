//! What Microsoft Entra ID sends.

use gatehouse_tests::scim::{ENTERPRISE, PATCH, USER};
use gatehouse_tests::{Scim, World, scim_error};
use http::Method;
use serde_json::{Value, json};

async fn ada() -> (World, Scim, String) {
    let world = World::start().await;
    let scim = world.scim().await;
    let more = json!({
        "externalId": "ada",
        "name": { "givenName": "Ada", "familyName": "Lovelace" },
        "emails": [{ "value": "ada@acme.com", "type": "work", "primary": true }],
    });
    let user = scim.user("ada@acme.com", more).await;
    let path = format!("/Users/{}", user["id"].as_str().unwrap());
    (world, scim, path)
}

async fn patched(scim: &Scim, path: &str, operations: Value) -> Value {
    let answer = scim.patch(path, operations).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.json(),
        scim.get(path).await.json(),
        "what is answered is what is kept"
    );
    answer.json()
}

/// E-1: `active` and `primary` as the strings "True" and "False", with and without the feature flag on the URL; a
/// quoted boolean in a value path.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_01_truth_values_as_strings() {
    let (_world, scim, path) = ada().await;
    for (sent, wanted) in [("False", false), ("True", true), ("false", false)] {
        let flagged = format!("{path}?aadOptscim062020");
        let operations = json!([{ "op": "Replace", "path": "active", "value": sent }]);
        let answer = scim.patch(&flagged, operations).await;
        assert_eq!(answer.json()["active"], wanted);
    }
    let roles =
        json!([{ "op": "Add", "path": "roles", "value": [{ "value": "reader", "primary": "True" }] }]);
    let user = patched(&scim, &path, roles).await;
    assert_eq!(user["roles"][0]["primary"], true);
    let writer = json!([{ "op": "Replace", "path": "roles[primary eq \"True\"].value", "value": "writer" }]);
    assert_eq!(patched(&scim, &path, writer).await["roles"][0]["value"], "writer");
    let made = scim.user("grace@acme.com", json!({ "active": "False" })).await;
    assert_eq!(made["active"], false);
}

/// E-2, E-3, E-4: capitalised operations; a selected value that is not there is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_02_e_03_and_e_04_selected_values_are_made_and_replaced() {
    let (_world, scim, path) = ada().await;
    let user = patched(
        &scim,
        &path,
        json!([
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "lovelace@acme.com" },
            { "op": "Add", "path": "emails[type eq \"home\"].value", "value": "ada@home.org" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+49221123123" },
            { "op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "+49221123124" },
            { "op": "Add", "path": "addresses[type eq \"work\"].postalCode", "value": "50667" },
        ]),
    )
    .await;
    assert_eq!(
        user["emails"][0],
        json!({ "value": "lovelace@acme.com", "type": "work", "primary": true })
    );
    assert_eq!(
        user["emails"][1],
        json!({ "value": "ada@home.org", "type": "home" })
    );
    assert_eq!(user["phoneNumbers"].as_array().unwrap().len(), 2);
    assert_eq!(
        user["addresses"],
        json!([{ "type": "work", "postalCode": "50667" }])
    );
    let found = scim
        .filter("/Users", "emails.value eq \"ADA@home.org\"")
        .await
        .json();
    assert_eq!(found["totalResults"], 1, "the second address is found");
    let removed = json!([{ "op": "Remove", "path": "emails[type eq \"home\"]" }]);
    assert_eq!(
        patched(&scim, &path, removed).await["emails"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let found = scim.filter("/Users", "emails eq \"ada@home.org\"").await.json();
    assert_eq!(found["totalResults"], 0, "and no more once it is gone");
}

/// E-5: a Replace without path, with dotted and URN keys.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_05_pathless_replace_with_flat_keys() {
    let (_world, scim, path) = ada().await;
    let value = json!({
        "name.givenName": "Augusta",
        "displayName": "Augusta Ada",
        format!("{ENTERPRISE}:department"): "Engines",
        "emails[type eq \"work\"].value": "augusta@acme.com",
    });
    let user = patched(&scim, &path, json!([{ "op": "Replace", "value": value }])).await;
    assert_eq!(
        user["name"],
        json!({ "givenName": "Augusta", "familyName": "Lovelace" })
    );
    assert_eq!(user[ENTERPRISE]["department"], "Engines");
    assert_eq!(user["emails"][0]["value"], "augusta@acme.com");
}

/// E-6: a manager as a bare id, an object, a list of one; an empty one clears it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_06_a_manager_in_every_form() {
    let (_world, scim, path) = ada().await;
    let manager = format!("{ENTERPRISE}:manager");
    for value in [
        json!("m1"),
        json!({ "value": "m1" }),
        json!([{ "value": "m1" }]),
        json!([{ "$ref": null, "value": "m1" }]),
    ] {
        let user = patched(
            &scim,
            &path,
            json!([{ "op": "Add", "path": manager, "value": value }]),
        )
        .await;
        assert_eq!(user[ENTERPRISE]["manager"]["value"], "m1", "{value}");
        let cleared = patched(
            &scim,
            &path,
            json!([{ "op": "Replace", "path": manager, "value": "" }]),
        )
        .await;
        assert!(cleared.get(ENTERPRISE).is_none(), "{cleared}");
    }
}

/// E-11: the connection test asks for a random name, and wants 200 with nothing in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_11_a_filter_that_finds_nothing_is_no_error() {
    let (_world, scim, _) = ada().await;
    let found = scim
        .filter("/Users", "userName eq \"6f3e7d7c-6b6f-4a4e-9c5a-0d1c5f0a1b2c\"")
        .await;
    assert_eq!(found.status, 200);
    let found = found.json();
    assert_eq!(
        (&found["totalResults"], &found["itemsPerPage"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(found["Resources"], json!([]));
}

/// E-12, OL-3: requests without a User-Agent are ordinary ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_12_and_ol_03_no_user_agent_is_needed() {
    let (_world, scim, path) = ada().await;
    for agent in [vec![], vec![("user-agent", "")]] {
        assert_eq!(
            scim.send(Method::GET, &path, &agent, Vec::new()).await.status,
            200
        );
    }
}

/// E-15: a value without quotes; E-16: a selected value compared as if it were one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_15_and_e_16_filters_of_the_documentation() {
    let (_world, scim, _) = ada().await;
    scim.user("grace@acme.com", json!({ "externalId": "701984" }))
        .await;
    for filter in [
        "externalId eq ada",
        "userName eq ada@acme.com",
        "externalId eq 701984",
        "emails[type eq \"work\"] eq \"ada@acme.com\"",
        "emails[type eq \"work\"].value eq \"ADA@acme.com\"",
        "emails[type eq \"work\" and value co \"@acme\"]",
    ] {
        assert_eq!(
            scim.filter("/Users", filter).await.json()["totalResults"],
            1,
            "{filter}"
        );
    }
    // As written in a query string: `+` for spaces.
    let plus = scim.get("/Users?filter=externalId+eq+%22ada%22&").await.json();
    assert_eq!(plus["totalResults"], 1);
}

/// E-20: of several operations all are done or none, also of those before the one that is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_20_a_patch_is_atomic() {
    let (_world, scim, path) = ada().await;
    let before = scim.get(&path).await.json();
    let refused = scim
        .patch(
            &path,
            json!([
                { "op": "Replace", "path": "displayName", "value": "Changed" },
                { "op": "Add", "path": "title", "value": "Changed" },
                { "op": "Replace", "path": "flavour", "value": "vanilla" },
            ]),
        )
        .await;
    assert_eq!(refused.scim_error(), scim_error(400, "invalidPath"));
    assert!(refused.body.contains("Operations[2]"), "{}", refused.body);
    assert_eq!(scim.get(&path).await.json(), before);
}

/// An operation that would do nothing is refused, and never answered as if it had been done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_20_an_operation_that_cannot_be_done_is_an_error() {
    let (_world, scim, path) = ada().await;
    let before = scim.get(&path).await.json();
    for (operation, scim_type) in [
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "remove", "path": "userName" }), "mutability"),
        (
            json!({ "op": "replace", "path": "id", "value": "x" }),
            "mutability",
        ),
        (
            json!({ "op": "replace", "path": "groups", "value": [] }),
            "mutability",
        ),
        (
            json!({ "op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z" }),
            "mutability",
        ),
        (
            json!({ "op": "replace", "path": "active", "value": "maybe" }),
            "invalidValue",
        ),
        (
            json!({ "op": "replace", "path": "name.flavour", "value": "x" }),
            "invalidPath",
        ),
        (
            json!({ "op": "replace", "value": { "flavour": "x" } }),
            "invalidPath",
        ),
        (
            json!({ "op": "move", "path": "title", "value": "x" }),
            "invalidSyntax",
        ),
        (json!({ "op": "add", "path": "title" }), "invalidValue"),
        (
            json!({ "op": "replace", "path": "emails[type eq", "value": "x" }),
            "invalidPath",
        ),
    ] {
        let answer = scim.patch(&path, json!([operation])).await;
        let (status, found) = answer.scim_error();
        assert_eq!(status, 400, "{operation}: {}", answer.body);
        let either = [scim_type, "invalidSyntax", "invalidPath"];
        assert!(either.contains(&found.as_str()), "{operation}: {}", answer.body);
    }
    let empty = json!({ "schemas": [PATCH], "Operations": [] })
        .to_string()
        .into_bytes();
    let answer = scim.send(Method::PATCH, &path, &[], empty).await;
    assert_eq!(answer.scim_error(), scim_error(400, "invalidSyntax"));
    assert_eq!(scim.get(&path).await.json(), before);
}

/// The externalId need not be unique: Entra ID's default source may repeat.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_an_external_id_may_repeat() {
    let (_world, scim, _) = ada().await;
    scim.user("other@acme.com", json!({ "externalId": "ada" })).await;
    let found = scim.filter("/Users", "externalId eq \"ada\"").await.json();
    assert_eq!(found["totalResults"], 2);
    assert_eq!(
        scim.filter("/Users", "externalId eq \"ADA\"").await.json()["totalResults"],
        0,
        "case counts"
    );
    let body = json!({ "schemas": [USER], "userName": "third@acme.com", "externalId": "ada" });
    assert_eq!(scim.post("/Users", &body).await.status, 201);
}

/// Removing `active` unassigns it; it lets nobody in who was switched off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_18_removing_active_lets_nobody_in() {
    let (_world, scim, path) = ada().await;
    let remove = json!([{ "op": "remove", "path": "active" }]);
    let user = patched(&scim, &path, remove.clone()).await;
    assert!(user.get("active").is_none(), "{user}");
    patched(
        &scim,
        &path,
        json!([{ "op": "replace", "path": "active", "value": false }]),
    )
    .await;
    let user = patched(&scim, &path, remove).await;
    assert!(user.get("active").is_none(), "{user}");
    assert_eq!(
        scim.filter("/Users", "active eq true").await.json()["totalResults"],
        0
    );
    let put = json!({ "schemas": [USER], "userName": "ada@acme.com" });
    assert_eq!(
        scim.put(&path, &put).await.json()["active"],
        false,
        "still switched off"
    );
    // An extension that repeats its URN is an extension.
    let value = json!({ "schemas": [ENTERPRISE], "department": "Engines" });
    let user = patched(
        &scim,
        &path,
        json!([{ "op": "add", "path": ENTERPRISE, "value": value }]),
    )
    .await;
    assert_eq!(user[ENTERPRISE], json!({ "department": "Engines" }));
}
