//! Reads the CloudFormation templates: their short tags (`!Ref`, `!Sub`, `!GetAtt` …) in the long form, as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("tests lies in the repository")
        .to_path_buf()
}

/// Reads a template by its path in the repository.
#[must_use]
pub fn read(path: &str) -> Value {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads a template's text.
///
/// # Errors
/// What the YAML parser says.
pub fn parse(text: &str) -> Result<Value, serde_yaml_ng::Error> {
    serde_yaml_ng::from_str(text).map(plain)
}

fn plain(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => value.into(),
        Yaml::Number(value) => serde_json::to_value(value).expect("a number of JSON"),
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(plain).collect(),
        Yaml::Mapping(entries) => entries
            .into_iter()
            .map(|(key, value)| {
                (
                    key.as_str().expect("a key that is a text").to_owned(),
                    plain(value),
                )
            })
            .collect::<Map<_, _>>()
            .into(),
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string().trim_start_matches('!').to_owned();
            let value = plain(tagged.value);
            match name.as_str() {
                "Ref" | "Condition" => json!({ name: value }),
                "GetAtt" => {
                    let text = value.as_str().expect("!GetAtt takes a text");
                    let (resource, attribute) = text.split_once('.').expect("resource.attribute");
                    json!({ "Fn::GetAtt": [resource, attribute] })
                }
                _ => json!({ format!("Fn::{name}"): value }),
            }
        }
    }
}

/// The functions of template.yaml that are built from a folder, by the folder's name, with their resource.
#[must_use]
pub fn functions(template: &Value) -> BTreeMap<String, Value> {
    let resources = template["Resources"].as_object().expect("resources");
    let serverless = resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    serverless
        .map(|resource| {
            let folder = resource["Properties"]["CodeUri"].as_str().expect("CodeUri");
            let name = folder.strip_prefix("functions/").expect("CodeUri: functions/…");
            (name.to_owned(), resource.clone())
        })
        .collect()
}

/// The functions that a schedule starts, each with the schedule's expression, such as `rate(1 hour)`.
#[must_use]
pub fn schedules(template: &Value) -> BTreeMap<String, String> {
    let all = functions(template).into_iter();
    let scheduled = all.filter_map(|(name, resource)| {
        let schedule = &resource["Properties"]["Events"]["Schedule"]["Properties"];
        Some((name, schedule["ScheduleExpression"].as_str()?.to_owned()))
    });
    scheduled.collect()
}

/// `saml_acs` → `SamlAcs`.
#[must_use]
pub fn pascal(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(capital).collect()
}

/// The environment that the template gives a function, in a stack of this name; `known` are parameters and outputs of
/// the stack by their names (`ProductName`, `BaseUrl.BaseUrl`, `Data.Outputs.DirectoryTable`).
///
/// # Panics
/// When the template uses what this does not know.
#[must_use]
pub fn environment(
    template: &Value,
    function: &str,
    known: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let own = &functions(template)[function]["Properties"]["Environment"]["Variables"];
    let all = &template["Globals"]["Function"]["Environment"]["Variables"];
    let both = [all, own].into_iter().filter_map(Value::as_object).flatten();
    both.map(|(name, value)| (name.clone(), resolve(template, value, known)))
        .collect()
}

fn resolve(template: &Value, value: &Value, known: &BTreeMap<String, String>) -> String {
    let look_up = |name: &str| {
        let default = || match &template["Parameters"][name]["Default"] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let found = known.get(name).cloned().or_else(default);
        found.unwrap_or_else(|| panic!("nothing is known of {name}"))
    };
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    if let Some(name) = value["Ref"].as_str() {
        return look_up(name);
    }
    if let Some(parts) = value["Fn::GetAtt"].as_array() {
        let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
        return look_up(&parts.join("."));
    }
    let text = value["Fn::Sub"].as_str();
    let mut rest = text.unwrap_or_else(|| panic!("cannot resolve {value}"));
    let mut resolved = String::new();
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').expect("${…}");
        resolved.push_str(before);
        resolved.push_str(&look_up(name));
        rest = after;
    }
    resolved + rest
}
