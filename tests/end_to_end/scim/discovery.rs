//! Discovery, and what surrounds every endpoint: media types, methods, unknown paths.

use gatehouse_tests::{World, scim_error};
use http::{Method, header};
use serde_json::json;

/// RFC 7644, section 4: what the server supports, its types and its schemas, each at the place that it names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_discovery_documents_stand_where_they_say() {
    let world = World::start().await;
    let scim = world.scim().await;
    let config = scim.get("/ServiceProviderConfig").await.json();
    assert_eq!(config["patch"]["supported"], true);
    assert_eq!(config["bulk"]["supported"], false);
    assert_eq!(config["pagination"]["cursor"], true);
    assert_eq!(
        config["meta"]["location"],
        format!("{}/ServiceProviderConfig", scim.url)
    );
    for list in ["/ResourceTypes", "/Schemas"] {
        let found = scim.get(list).await;
        assert_eq!(
            found.headers[header::CONTENT_TYPE],
            "application/scim+json; charset=utf-8"
        );
        let found = found.json();
        let resources = found["Resources"].as_array().unwrap();
        assert_eq!(found["totalResults"], resources.len());
        for resource in resources {
            let location = resource["meta"]["location"].as_str().unwrap();
            let path = location.strip_prefix(&scim.url).unwrap();
            assert_eq!(scim.get(path).await.json(), *resource, "{path}");
        }
    }
    for absent in [
        "/ResourceTypes/Robot",
        "/Schemas/urn:none",
        "/nothing",
        "/Users/a/b",
    ] {
        assert_eq!(
            scim.get(absent).await.scim_error(),
            scim_error(404, ""),
            "{absent}"
        );
    }
}

/// RFC 7644, section 4: discovery takes no filter (403), and no method but GET (405); /Me and /Bulk are not there
/// (501).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_25_discovery_is_for_reading_alone() {
    let world = World::start().await;
    let scim = world.scim().await;
    for path in [
        "/ServiceProviderConfig",
        "/ResourceTypes",
        "/Schemas",
        "/ResourceTypes/User",
    ] {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = scim.send(method, path, &[], b"{}".to_vec()).await;
            assert_eq!(answer.scim_error(), scim_error(405, ""), "{path}");
        }
    }
    let filtered = scim.filter("/Schemas", "id pr").await;
    assert_eq!(filtered.scim_error(), scim_error(403, ""));
    assert_eq!(scim.get("/Me").await.scim_error(), scim_error(501, ""));
    assert_eq!(
        scim.post("/Bulk", &json!({})).await.scim_error(),
        scim_error(501, "")
    );
}

/// OL-2, E-1: an empty query, a trailing `&` and Entra ID's flag are no obstacle at any URL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ol_2_empty_and_trailing_query_parts_are_tolerated() {
    let world = World::start().await;
    let scim = world.scim().await;
    for query in ["?", "?&", "?aadOptscim062020", "?aadOptscim062020&", "?x=1&&"] {
        for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes/User"] {
            assert_eq!(
                scim.get(&format!("{path}{query}")).await.status,
                200,
                "{path}{query}"
            );
        }
    }
}

/// OL-6, O-13: the answer's media type is what the client asks for; SCIM's own without a wish. A request without
/// User-Agent is an ordinary one (E-12, OL-3).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ol_6_and_o_13_media_types_are_negotiated() {
    let world = World::start().await;
    let scim = world.scim().await;
    for (accept, kind) in [
        ("application/json", "application/json; charset=utf-8"),
        ("application/scim+json", "application/scim+json; charset=utf-8"),
        ("*/*", "application/scim+json; charset=utf-8"),
        ("text/html", "application/scim+json; charset=utf-8"),
        (
            "application/json;q=0.4, application/scim+json;q=0.5",
            "application/scim+json; charset=utf-8",
        ),
    ] {
        let headers = [("accept", accept), ("accept-charset", "utf-8")];
        let found = scim.send(Method::GET, "/Schemas", &headers, Vec::new()).await;
        assert_eq!(found.status, 200);
        assert_eq!(found.headers[header::CONTENT_TYPE], kind, "{accept}");
    }
}
