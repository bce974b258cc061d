//! The discovery documents.

use serde_json::{Value, json};

use crate::scim::schema::{self, ResourceKind};

const BASE: &str = "https://x.test/scim/v2/T";

#[test]
fn every_schema_is_listed_and_found_by_its_urn() {
    let list = schema::schemas(BASE);
    let names: Vec<&str> = list["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "User",
            "EnterpriseUser",
            "Group",
            "ServiceProviderConfig",
            "ResourceType",
            "Schema"
        ]
    );
    assert_eq!(
        (&list["totalResults"], &list["startIndex"]),
        (&json!(6), &json!(1))
    );
    for entry in list["Resources"].as_array().unwrap() {
        assert_eq!(
            schema::schema(BASE, entry["id"].as_str().unwrap()).as_ref(),
            Some(entry)
        );
    }
    assert_eq!(schema::schema(BASE, "urn:nope"), None);
}

#[test]
fn every_attribute_has_its_characteristics() {
    fn check(attribute: &Value, path: &str) {
        for key in [
            "name",
            "type",
            "multiValued",
            "description",
            "required",
            "mutability",
            "returned",
            "uniqueness",
        ] {
            assert!(attribute.get(key).is_some(), "{path}: {key}");
        }
        let kind = attribute["type"].as_str().unwrap();
        assert_eq!(
            attribute.get("subAttributes").is_some(),
            kind == "complex",
            "{path}"
        );
        assert_eq!(
            attribute.get("referenceTypes").is_some(),
            kind == "reference",
            "{path}"
        );
        assert_eq!(
            attribute.get("caseExact").is_some(),
            ["string", "reference", "binary"].contains(&kind),
            "{path}"
        );
        for sub in attribute
            .get("subAttributes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            check(sub, &format!("{path}.{}", sub["name"]));
        }
    }
    for schema in schema::schemas(BASE)["Resources"].as_array().unwrap() {
        for attribute in schema["attributes"].as_array().unwrap() {
            check(attribute, &format!("{} {}", schema["name"], attribute["name"]));
        }
    }
}

#[test]
fn aq_34_no_schema_offers_a_password() {
    assert!(!schema::schemas(BASE).to_string().contains(r#""name":"password""#));
}

#[test]
fn gw_07_the_attribute_list_holds_the_core_schema() {
    let user = schema::schema(BASE, "urn:ietf:params:scim:schemas:core:2.0:user").unwrap();
    let names: Vec<&str> = user["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["name"].as_str().unwrap())
        .collect();
    for name in [
        "userName",
        "name",
        "displayName",
        "active",
        "emails",
        "phoneNumbers",
        "addresses",
        "groups",
        "roles",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn resource_types_name_endpoint_schema_and_extensions() {
    assert_eq!(
        schema::resource_type(BASE, "User").unwrap(),
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": "User",
            "name": "User",
            "description": "User Account",
            "endpoint": "/Users",
            "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
            "schemaExtensions": [
                { "schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "required": false },
            ],
            "meta": { "resourceType": "ResourceType", "location": "https://x.test/scim/v2/T/ResourceTypes/User" },
        })
    );
    assert_eq!(schema::resource_types(BASE)["totalResults"], json!(2));
    assert_eq!(schema::resource_type(BASE, "Device"), None);
}

#[test]
fn the_configuration_says_what_is_true() {
    let config = schema::service_provider_config(BASE);
    for (feature, supported) in [
        ("patch", true),
        ("bulk", false),
        ("filter", true),
        ("changePassword", false),
        ("sort", false),
        ("etag", true),
    ] {
        assert_eq!(config[feature]["supported"], json!(supported), "{feature}");
    }
    assert_eq!(
        config["pagination"],
        json!({
            "cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": 100, "maxPageSize": 100,
            "cursorTimeout": 3600,
        })
    );
}

#[test]
fn the_documents_obey_their_own_schemas() {
    let schemas = schema::schemas(BASE);
    let attributes = |name: &str| {
        let all = schemas["Resources"].as_array().unwrap();
        all.iter().find(|s| s["name"] == name).unwrap()["attributes"]
            .as_array()
            .unwrap()
            .clone()
    };
    let check = |document: &Value, name: &str| {
        let known: Vec<String> = attributes(name)
            .iter()
            .map(|a| a["name"].as_str().unwrap().to_owned())
            .collect();
        for key in document.as_object().unwrap().keys() {
            assert!(
                ["schemas", "id", "meta"].contains(&key.as_str()) || known.contains(key),
                "{name}: {key}"
            );
        }
        for attribute in attributes(name).iter().filter(|a| a["required"] == json!(true)) {
            assert!(
                document.get(attribute["name"].as_str().unwrap()).is_some(),
                "{name}: {}",
                attribute["name"]
            );
        }
    };
    check(&schema::service_provider_config(BASE), "ServiceProviderConfig");
    for kind in ResourceKind::ALL {
        check(&schema::resource_type(BASE, kind.name()).unwrap(), "ResourceType");
        check(&schema::schema(BASE, kind.schema().id).unwrap(), "Schema");
    }
}
