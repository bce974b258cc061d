//! The environment that the template gives is the one that the functions read, and they start with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use gatehouse::config::Config;
use gatehouse_tests::template::{environment, functions, read};

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
    assert_eq!(set, read_by_the_code());
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
