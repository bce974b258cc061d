//! Each folder under functions/ is one function of the template, and the other way round.

use std::collections::BTreeSet;

use gatehouse_tests::template::{functions, pascal, read, schedules};
use serde_json::Value;

use super::super::{none, source};

fn template() -> Value {
    read("template.yaml")
}

#[test]
fn every_folder_is_a_function_and_every_function_a_folder() {
    let folders: BTreeSet<String> = source::functions().into_iter().collect();
    let deployed: BTreeSet<String> = functions(&template()).into_keys().collect();
    assert_eq!(folders, deployed);
}

/// Folder, logical id, deployed name, role, log group and alarms are named alike.
#[test]
fn a_function_has_one_name_everywhere() {
    let template = template();
    let mut wrong = Vec::new();
    for (name, resource) in functions(&template) {
        let logical = pascal(&name);
        let properties = &resource["Properties"];
        let of_roles =
            |end: &str| serde_json::json!({ "Fn::GetAtt": ["Roles", format!("Outputs.{logical}{end}")] });
        if template["Resources"][format!("{logical}Function")] != resource {
            wrong.push(format!("{name}: the logical id is not {logical}Function"));
        }
        let deployed = format!("${{AWS::StackName}}-{name}");
        if properties["FunctionName"]["Fn::Sub"] != deployed {
            wrong.push(format!("{name}: FunctionName"));
        }
        if properties["Role"] != of_roles("Role")
            || properties["LoggingConfig"]["LogGroup"] != of_roles("LogGroup")
        {
            wrong.push(format!("{name}: role or log group of another function"));
        }
        // A new version that crashes is rolled back, and one that answers people that it failed.
        let kinds: &[&str] = match properties["Events"].is_null() {
            true => &["Errors", "FailedAnswers"],
            false => &["Errors"],
        };
        let alarm = |kind: &&str| serde_json::json!({ "Fn::GetAtt": ["FunctionAlarms", format!("Outputs.{logical}{kind}")] });
        let own: Vec<Value> = kinds.iter().map(alarm).collect();
        if properties["DeploymentPreference"]["Alarms"] != Value::Array(own) {
            wrong.push(format!(
                "{name}: a new version is not rolled back by its own alarms"
            ));
        }
        if resource["Metadata"]["BuildMethod"] != "rust-cargolambda" {
            wrong.push(format!("{name}: BuildMethod"));
        }
    }
    none("functions of the template that are not named alike", &wrong);
}

/// What is handed to a nested stack is what that stack asks for.
#[test]
fn nested_stacks_get_the_parameters_they_ask_for() {
    let template = template();
    let mut wrong = Vec::new();
    for (name, resource) in template["Resources"].as_object().unwrap() {
        if resource["Type"] != "AWS::CloudFormation::Stack" {
            continue;
        }
        let path = resource["Properties"]["TemplateURL"].as_str().unwrap();
        let nested = read(path);
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<BTreeSet<_>>()
        };
        let (given, asked) = (
            keys(&resource["Properties"]["Parameters"]),
            keys(&nested["Parameters"]),
        );
        for odd in given.symmetric_difference(&asked) {
            wrong.push(format!("{name} ({path}): {odd}"));
        }
        let outputs = outputs_used(&template, name);
        let made = nested["Outputs"].as_object().cloned().unwrap_or_default();
        for output in outputs.iter().filter(|output| !made.contains_key(*output)) {
            wrong.push(format!("{path} has no output {output}"));
        }
    }
    none("nested stacks and what they are given", &wrong);
}

/// The outputs of a nested stack that the template reads.
fn outputs_used(value: &Value, stack: &str) -> BTreeSet<String> {
    match value {
        Value::Object(fields) => {
            let own = fields
                .get("Fn::GetAtt")
                .and_then(Value::as_array)
                .and_then(|parts| {
                    let of_stack = parts.first()?.as_str()? == stack;
                    let output = parts.get(1)?.as_str()?.strip_prefix("Outputs.")?;
                    of_stack.then(|| output.to_owned())
                });
            let inner = fields.values().flat_map(|field| outputs_used(field, stack));
            own.into_iter().chain(inner).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| outputs_used(item, stack)).collect(),
        _ => BTreeSet::new(),
    }
}

/// Every parameter says what it is for.
#[test]
fn every_parameter_is_described() {
    let template = template();
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let grouped: BTreeSet<&str> = groups
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["Parameters"].as_array().unwrap())
        .filter_map(Value::as_str)
        .collect();
    let parameters = template["Parameters"].as_object().unwrap();
    let described = parameters.iter().filter(|(_, parameter)| {
        parameter["Description"]
            .as_str()
            .is_some_and(|text| text.len() > 20)
    });
    let described: BTreeSet<&str> = described.map(|(name, _)| name.as_str()).collect();
    let all: BTreeSet<&str> = parameters.keys().map(String::as_str).collect();
    assert_eq!(described, all);
    assert_eq!(grouped, all, "shown in the console in groups");
}

#[test]
fn the_doctor_looks_at_every_schedule() {
    let template = template();
    let all = schedules(&template);
    let all: BTreeSet<&str> = all.keys().map(String::as_str).collect();
    assert_eq!(BTreeSet::from(gatehouse_cli::doctor::SCHEDULED), all);
}

/// The functions that a schedule or a stream starts are those that serve no route.
#[test]
fn what_serves_no_route_is_started_by_a_schedule_or_the_stream() {
    let routed: BTreeSet<String> = super::routes::routed().into_keys().collect();
    for (name, resource) in functions(&template()) {
        let events = resource["Properties"]["Events"].as_object();
        assert_eq!(events.is_some(), !routed.contains(&name), "{name}");
        for event in events.into_iter().flat_map(|events| events.values()) {
            let kind = event["Type"].as_str().unwrap();
            let properties = &event["Properties"];
            match kind {
                "ScheduleV2" => {
                    let called = format!("${{AWS::StackName}}-{name}");
                    assert_eq!(properties["Name"]["Fn::Sub"], called, "what the doctor looks for");
                    assert!(
                        properties["RetryPolicy"]["MaximumRetryAttempts"]
                            .as_u64()
                            .unwrap()
                            > 0
                    );
                    assert!(
                        properties["DeadLetterConfig"]["Arn"].is_object(),
                        "{name} has no dead-letter queue"
                    );
                }
                "DynamoDB" => {
                    assert_eq!(properties["ParallelizationFactor"], 1, "order within a partition");
                    let pattern = &properties["FilterCriteria"]["Filters"][0]["Pattern"];
                    assert_eq!(
                        pattern,
                        outbox_relay::FILTER,
                        "what the tests' mapping lets through"
                    );
                    assert_eq!(properties["FunctionResponseTypes"][0], "ReportBatchItemFailures");
                    assert!(properties["DestinationConfig"]["OnFailure"].is_object());
                }
                other => panic!("{name}: {other}"),
            }
        }
    }
}
