//! Whole conversations, word for word as Microsoft's and Okta's documentation and logs have them.

use gatehouse_tests::{Answer, Scim, World, scim_error};
use http::Method;
use serde_json::{Value, json};

const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// An identity provider's HTTP client: the headers that it sends, and nothing else.
struct Client {
    scim: Scim,
    headers: Vec<(&'static str, &'static str)>,
}

impl Client {
    async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.scim.send(method, path, &self.headers, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        self.call(Method::PATCH, path, body).await
    }
}

/// Entra ID, from the connection test to the deletion 30 days later: without a User-Agent, spaces as `+`, GUIDs as external
/// ids, operations capitalised, members with `$ref: null`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_02_to_e_20_the_whole_conversation_of_entra_id() {
    let world = World::start().await;
    let entra = Client {
        scim: world.scim().await,
        headers: vec![
            ("accept", "application/scim+json"),
            ("content-type", "application/scim+json; charset=utf-8"),
        ],
    };
    // The connection test.
    let random = "filter=userName+eq+%224d32a4f4-6c1f-4c8b-9b17-5b5b6c6d2f3e%22";
    let test = entra.get(&format!("/Users?{random}")).await;
    assert_eq!(
        (test.status.as_u16(), &test.json()["totalResults"]),
        (200, &json!(0))
    );
    // A user comes into scope.
    let name = "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1";
    let asked = format!("/Users?filter=userName+eq+%22{name}%22");
    assert_eq!(entra.get(&asked).await.json()["totalResults"], 0);
    let body = json!({
        "schemas": [CORE, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": name,
        "active": true,
        "emails": [{ "primary": true, "type": "work", "value": "Test_User_fd0ea19b@testuser.com" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName" },
        "roles": [],
    });
    let made = entra.call(Method::POST, "/Users", body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let user = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{user}");
    assert_eq!(
        entra.get(&asked).await.json()["Resources"][0]["id"],
        user.as_str()
    );
    // The answer was lost: sent again it converges (E-13).
    let again = entra.call(Method::POST, "/Users", body).await;
    assert_eq!((again.status.as_u16(), &again.json()["id"]), (201, &json!(user)));
    let updated = entra
        .patch(
            &path,
            json!([
                { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updatedEmail@microsoft.com" },
                { "op": "Replace", "path": "name.familyName", "value": "updatedFamilyName" },
                { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1 425 555 0100" },
                { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": user },
                { "op": "Replace", "path": format!("{ENTERPRISE}:department"), "value": "Research" },
            ]),
        )
        .await;
    assert_eq!(updated.status, 200, "{}", updated.body);
    let updated = updated.json();
    assert_eq!(updated["emails"][0]["value"], "updatedEmail@microsoft.com");
    assert_eq!(updated["name"]["familyName"], "updatedFamilyName");
    assert_eq!(updated[ENTERPRISE]["manager"]["value"], user.as_str());
    let renamed = json!([{ "op": "Replace", "path": "userName", "value": "5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com" }]);
    assert_eq!(entra.patch(&path, renamed).await.status, 200);
    entra_groups(&entra, &user).await;
    // Out of scope: first off, 30 days later gone.
    let off = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    assert_eq!(entra.patch(&path, off).await.json()["active"], false);
    assert_eq!(entra.call(Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(entra.get(&path).await.scim_error(), scim_error(404, ""));
}

async fn entra_groups(entra: &Client, user: &str) {
    let asked = "/Groups?excludedAttributes=members&filter=displayName+eq+%22displayName%22";
    assert_eq!(entra.get(asked).await.json()["totalResults"], 0);
    let body = json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "displayName",
        "meta": { "resourceType": "Group" },
    });
    let made = entra.call(Method::POST, "/Groups", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let group = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/Groups/{group}");
    let found = entra.get(asked).await.json();
    assert_eq!(found["Resources"][0]["id"], group.as_str());
    assert!(found["Resources"][0].get("members").is_none());
    let read = entra.get(&format!("{path}?excludedAttributes=members")).await;
    assert_eq!(read.json()["displayName"], "displayName");
    let members = json!([{ "$ref": null, "value": user }]);
    for (operation, count) in [
        (
            json!({ "op": "Replace", "path": "displayName", "value": "1879db59-3bdf-4490-ad68-ab880a269474updatedDisplayName" }),
            0,
        ),
        (json!({ "op": "Add", "path": "members", "value": members }), 1),
        // Whether somebody is in is asked so.
        (json!({ "op": "Add", "path": "members", "value": members }), 1),
        (json!({ "op": "Remove", "path": "members", "value": members }), 0),
    ] {
        let done = entra.patch(&path, json!([operation])).await;
        assert!([200, 204].contains(&done.status.as_u16()), "{}", done.body);
        let inside = format!("/Groups?filter=id+eq+%22{group}%22+and+members+eq+%22{user}%22");
        assert_eq!(
            entra.get(&inside).await.json()["totalResults"],
            count,
            "{operation}"
        );
    }
    assert_eq!(entra.call(Method::DELETE, &path, Value::Null).await.status, 204);
}

/// Okta, from the spec test through the life of a user to group push.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o_01_to_o_13_the_whole_conversation_of_okta() {
    let world = World::start().await;
    let okta = Client {
        scim: world.scim().await,
        headers: vec![
            ("user-agent", "Okta SCIM Client 1.0.0"),
            ("accept", "application/scim+json"),
            ("accept-charset", "utf-8"),
            ("content-type", "application/scim+json; charset=utf-8"),
        ],
    };
    let two = okta.get("/Users?startIndex=1&count=2").await.json();
    assert_eq!((&two["totalResults"], &two["startIndex"]), (&json!(0), &json!(1)));
    assert_eq!(
        okta.get("/Users/abcdefgh-0000").await.scim_error(),
        scim_error(404, "")
    );
    let asked = "/Users?filter=userName%20eq%20%22test.user%40okta.local%22&startIndex=1&count=100";
    assert_eq!(okta.get(asked).await.json()["totalResults"], 0);
    let body = json!({
        "schemas": [CORE],
        "userName": "test.user@okta.local",
        "name": { "givenName": "Test", "familyName": "User" },
        "emails": [{ "primary": true, "value": "test.user@okta.local", "type": "work" }],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    });
    let made = okta.call(Method::POST, "/Users", body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(!made.body.contains("1mz050nq"));
    let user = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{user}");
    let second = okta
        .call(
            Method::POST,
            "/Users",
            json!({ "schemas": [CORE], "userName": "Test.User@okta.local" }),
        )
        .await;
    assert_eq!(second.scim_error(), scim_error(409, "uniqueness"));
    // A profile push of an AIW app: read, changed in place, put back.
    let mut whole = okta.get(&path).await.json();
    whole["name"]["familyName"] = json!("Changed");
    let put = okta.call(Method::PUT, &path, whole).await;
    assert_eq!(put.json()["name"]["familyName"], "Changed", "{}", put.body);
    okta_groups(&okta, &user).await;
    // Deactivated, and assigned again: a new POST with the same external id (O-10).
    let off = okta
        .patch(&path, json!([{ "op": "replace", "value": { "active": false } }]))
        .await;
    assert_eq!((off.status.as_u16(), &off.json()["active"]), (200, &json!(false)));
    assert_eq!(okta.get(asked).await.json()["Resources"][0]["active"], false);
    let back = okta.call(Method::POST, "/Users", body).await;
    assert_eq!((back.status.as_u16(), &back.json()["id"]), (201, &json!(user)));
}

async fn okta_groups(okta: &Client, user: &str) {
    let list = okta.get("/Groups?startIndex=1&count=100").await.json();
    assert_eq!(list["totalResults"], 0);
    let body = json!({ "schemas": [GROUP], "displayName": "Test SCIMv2", "members": [] });
    let made = okta.call(Method::POST, "/Groups", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let group = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/Groups/{group}");
    let renamed = okta
        .patch(
            &path,
            json!([{ "op": "replace", "value": { "id": group, "displayName": "Test SCIMv20" } }]),
        )
        .await;
    assert!(renamed.status.is_success(), "{}", renamed.body);
    let pushed = okta
        .patch(
            &path,
            json!([
                { "op": "remove", "path": "members[value eq \"23a35c27-23d3-4c03-b4c5-6443c09e7173\"]" },
                { "op": "add", "path": "members", "value": [{ "value": user, "display": "test.user@okta.local" }] },
            ]),
        )
        .await;
    assert!(pushed.status.is_success(), "{}", pushed.body);
    let read = okta.get(&path).await.json();
    assert_eq!(
        (&read["displayName"], &read["members"][0]["value"]),
        (&json!("Test SCIMv20"), &json!(user))
    );
    let shown = okta.get(&format!("/Users/{user}")).await.json();
    assert_eq!(shown["groups"][0]["display"], "Test SCIMv20");
    // The legacy push puts the whole group.
    let body = json!({ "schemas": [GROUP], "id": group, "displayName": "Test SCIMv2", "members": [] });
    let put = okta.call(Method::PUT, &path, body).await;
    assert_eq!(put.status, 200, "{}", put.body);
    assert!(
        okta.get(&format!("/Users/{user}"))
            .await
            .json()
            .get("groups")
            .is_none()
    );
    assert_eq!(okta.call(Method::DELETE, &path, Value::Null).await.status, 204);
}

/// GW-7, GW-8: Google reads the attributes from /Schemas, pushes users alone, suspends, and deletes much later; that there
/// are no groups is no error anywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gw_08_users_alone_are_enough() {
    let world = World::start().await;
    let google = Client {
        scim: world.scim().await,
        headers: vec![("content-type", "application/scim+json")],
    };
    let schemas = google.get("/Schemas").await.json();
    let offered = schemas["Resources"].as_array().unwrap().iter();
    let user = offered.clone().find(|schema| schema["id"] == CORE).unwrap();
    let names = user["attributes"].as_array().unwrap().iter();
    let names = names
        .map(|attribute| attribute["name"].as_str().unwrap())
        .collect::<Vec<_>>();
    for name in ["userName", "name", "emails", "active", "phoneNumbers", "title"] {
        assert!(names.contains(&name), "{name}");
    }
    let body = json!({ "schemas": [CORE], "userName": "g@acme.com", "active": true,
        "name": { "givenName": "G", "familyName": "W" }, "emails": [{ "value": "g@acme.com", "primary": true }] });
    let made = google.call(Method::POST, "/Users", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert!(made.get("groups").is_none());
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let mut suspended = made.clone();
    suspended["active"] = json!(false);
    assert_eq!(
        google.call(Method::PUT, &path, suspended).await.json()["active"],
        false
    );
    world.pass(chrono::TimeDelta::days(20));
    assert_eq!(google.call(Method::DELETE, &path, Value::Null).await.status, 204);
    assert_eq!(google.get("/Groups").await.json()["totalResults"], 0);
}
