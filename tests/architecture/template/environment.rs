//! The environment that the template gives is the one that the functions read, and they start with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use gatehouse::config::Config;
use gatehouse_tests::template::{environment, functions, read};
use serde_json::Value;

use super::super::source::root;

/// Every variable of a deployment that the configuration reads; what is for one machine only is not deployed.
fn read_by_the_code() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("shared/src/config/mod.rs")).unwrap();
    let quoted = text.split('"').filter(|word| word.starts_with("GATEHOUSE_"));
    quoted
        .filter(|name| !name.starts_with("GATEHOUSE_LOCAL_"))
        .map(str::to_owned)
        .collect()
}

fn known() -> BTreeMap<String, String> {
    [
        ("AWS::StackName", "gatehouse-test"),
        ("BaseUrl.BaseUrl", "https://login.example.com"),
        ("Configuration.Digest", "0123456789abcdef"),
        ("Data.Outputs.DirectoryTable", "gatehouse-test-Directory"),
        ("Data.Outputs.EphemeralTable", "gatehouse-test-Ephemeral"),
        ("Data.Outputs.EventBusName", "gatehouse-test"),
        ("MailSender", "Example <sign-in@example.com>"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[test]
fn the_template_sets_what_the_code_reads_and_nothing_else() {
    let template = read("template.yaml");
    let set: BTreeSet<String> = functions(&template)
        .into_keys()
        .flat_map(|function| environment(&template, &function, &known()).into_keys())
        .collect();
    let (for_versions, set): (BTreeSet<_>, BTreeSet<_>) =
        set.into_iter().partition(|name| name == "CONFIGURATION_DIGEST");
    assert_eq!(for_versions.len(), 1);
    assert_eq!(set, read_by_the_code());
}

/// SAM publishes a version, which `live` points to, when code changes and not when a value does: each value that a function
/// is configured by is part of the digest that stands in the version.
#[test]
fn a_changed_parameter_reaches_the_functions_that_serve() {
    let template = read("template.yaml");
    let digested: BTreeSet<String> = values(&template["Resources"]["Configuration"]["Properties"]).collect();
    let mut globals = template["Globals"]["Function"].clone();
    let configured = functions(&template).into_iter().flat_map(|(name, resource)| {
        let properties = &resource["Properties"];
        let description = &properties["VersionDescription"]["Fn::Sub"];
        assert_eq!(description, "configuration ${Configuration.Digest}", "{name}");
        values(&properties["Environment"]).collect::<Vec<_>>()
    });
    let mut configured: BTreeSet<String> = configured.collect();
    globals["Environment"]["Variables"]
        .as_object_mut()
        .unwrap()
        .remove("CONFIGURATION_DIGEST");
    configured.extend(values(&globals));
    configured.remove("AWS::StackName");
    let missing: Vec<_> = configured.difference(&digested).collect();
    assert!(configured.len() > 10 && missing.is_empty(), "{missing:?}");
}

/// What a part of the template refers to.
fn values(part: &Value) -> Box<dyn Iterator<Item = String> + '_> {
    match part {
        Value::Object(fields) => {
            Box::new(
                fields
                    .iter()
                    .flat_map(|(name, field)| match (name.as_str(), field) {
                        ("Ref", Value::String(referred)) => {
                            Box::new(std::iter::once(referred.clone())) as Box<dyn Iterator<Item = _>>
                        }
                        ("Fn::GetAtt", Value::Array(path)) => {
                            let path: Vec<&str> = path.iter().filter_map(Value::as_str).collect();
                            Box::new(std::iter::once(path.join(".")))
                        }
                        ("Fn::Sub", Value::String(text)) => {
                            let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
                            Box::new(names.map(|(name, _)| name.to_owned()))
                        }
                        _ => values(field),
                    }),
            )
        }
        Value::Array(items) => Box::new(items.iter().flat_map(values)),
        _ => Box::new(std::iter::empty()),
    }
}

#[test]
fn every_function_starts_with_the_environment_of_the_template() {
    let template = read("template.yaml");
    for function in functions(&template).into_keys() {
        let config = Config::from_env(environment(&template, &function, &known()));
        let config = config.unwrap_or_else(|error| panic!("{function}: {error}"));
        assert_eq!(config.base_url.as_str(), "https://login.example.com");
        assert_eq!(config.secrets_prefix, "gatehouse/gatehouse-test");
        assert!(config.operator_key_sha256.is_none() && !config.allow_loopback_http);
    }
}

/// docs/configuration.md has every variable.
#[test]
fn every_variable_is_documented() {
    let page = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    for name in read_by_the_code() {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
