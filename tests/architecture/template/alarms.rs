//! infra/function_alarms.yaml: the same alarms for each function.

use std::collections::BTreeMap;

use gatehouse_tests::template::{functions, pascal, read, schedules};
use serde_json::Value;

use super::super::source::{self, root};
use super::{head, is_up_to_date};

#[test]
fn every_function_has_its_alarms() {
    let template = read("template.yaml");
    let names: Vec<String> = functions(&template).into_keys().collect();
    let met: Vec<String> = functions(&template)
        .into_iter()
        .filter(|(_, resource)| resource["Properties"]["Events"].is_null())
        .map(|(name, _)| name)
        .collect();
    is_up_to_date(
        "infra/function_alarms.yaml",
        &file(&names, &met, &schedules(&template)),
    );
}

/// What the monitoring watches is there: functions of the template, metrics of the code.
#[test]
fn what_is_watched_exists() {
    let monitoring = std::fs::read_to_string(root().join("infra/monitoring.yaml")).unwrap();
    let functions: Vec<String> = functions(&read("template.yaml")).into_keys().collect();
    for after in monitoring.split("${StackName}-").skip(1) {
        let name: String = after
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '_' || *c == '-')
            .collect();
        assert!(!name.contains('_') || functions.contains(&name), "{name}");
    }
    let code: String = source::deployed().map(|file| file.text.clone()).collect();
    let template = read("infra/monitoring.yaml");
    let mut metrics = Vec::new();
    own_metrics(&template["Resources"], &mut metrics);
    assert!(metrics.len() >= 3, "{metrics:?}");
    for metric in metrics {
        assert!(
            code.contains(&format!("(\"{metric}\", ")),
            "nothing counts {metric}"
        );
    }
}

fn own_metrics(value: &Value, found: &mut Vec<String>) {
    if let Value::Object(fields) = value {
        if fields
            .get("Namespace")
            .is_some_and(|namespace| namespace == "Gatehouse")
        {
            found.push(fields["MetricName"].as_str().unwrap().to_owned());
        }
        fields.values().for_each(|field| own_metrics(field, found));
    } else if let Value::Array(items) = value {
        items.iter().for_each(|item| own_metrics(item, found));
    }
}

#[test]
fn silence_is_noticed_after_some_missed_starts() {
    assert_eq!(silence("rate(15 minutes)"), (3_600, 3));
    assert_eq!(silence("rate(1 hour)"), (3_600, 3));
    assert_eq!(silence("rate(1 day)"), (86_400, 2));
}

/// How often to look, in seconds, and how many looks without a start are too many.
fn silence(expression: &str) -> (u32, u32) {
    match expression {
        "rate(15 minutes)" | "rate(1 hour)" => (3_600, 3),
        "rate(1 day)" => (86_400, 2),
        other => panic!("say after which silence {other} is an alarm"),
    }
}

fn file(names: &[String], met: &[String], scheduled: &BTreeMap<String, String>) -> String {
    let mut text =
        head("Gatehouse, alarms of each function. A new version whose errors alarm goes off is rolled back.");
    text.push_str(PARAMETERS);
    for name in names {
        // Lambda starts a scheduled function again minutes after it failed: never three times in one.
        let errors = if scheduled.contains_key(name) { 1 } else { 3 };
        text.push_str(&alarm(name, "Errors", "fails", errors));
        text.push_str(&alarm(name, "Throttles", "was refused a start by Lambda", 1));
        if met.contains(name) {
            text.push_str(&failed_answers(name));
        }
        if let Some(expression) = scheduled.get(name) {
            text.push_str(&not_run(name, silence(expression)));
        }
    }
    text.push_str("\nOutputs:\n");
    for name in names {
        let logical = pascal(name);
        text.push_str(&format!("  {logical}Errors:\n    Value: !Ref {logical}Errors\n"));
        if met.contains(name) {
            text.push_str(&format!(
                "  {logical}FailedAnswers:\n    Value: !Ref {logical}FailedAnswers\n"
            ));
        }
    }
    text
}

fn alarm(name: &str, metric: &str, says: &str, threshold: u32) -> String {
    let logical = pascal(name);
    let lower = metric.to_lowercase();
    format!(
        r"  {logical}{metric}:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub ${{StackName}}-{name}-{lower}
      AlarmDescription: {name} {says}. Runbook docs/operations/runbook.md, function-{lower}.
      Namespace: AWS/Lambda
      MetricName: {metric}
      Dimensions:
        - Name: FunctionName
          Value: !Sub ${{StackName}}-{name}
        - Name: Resource
          Value: !Sub ${{StackName}}-{name}:live
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 5
      DatapointsToAlarm: 1
      Threshold: {threshold}
      ComparisonOperator: GreaterThanOrEqualToThreshold
      TreatMissingData: notBreaching
      AlarmActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]
      OKActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]
"
    )
}

/// Answers of 500 and 503, which Lambda does not count as errors.
fn failed_answers(name: &str) -> String {
    let logical = pascal(name);
    format!(
        r"  {logical}FailedAnswers:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub ${{StackName}}-{name}-failed-answers
      AlarmDescription: {name} answered five times in a minute that it failed. Runbook docs/operations/runbook.md, function-failed-answers.
      Namespace: Gatehouse
      MetricName: FailedAnswers
      Dimensions:
        - Name: deployment
          Value: !Ref StackName
        - Name: function
          Value: {name}
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 5
      DatapointsToAlarm: 1
      Threshold: 5
      ComparisonOperator: GreaterThanOrEqualToThreshold
      TreatMissingData: notBreaching
      AlarmActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]
      OKActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]
"
    )
}

/// Silence is the alarm.
fn not_run(name: &str, (period, periods): (u32, u32)) -> String {
    let logical = pascal(name);
    let hours = period * periods / 3_600;
    format!(
        r"  {logical}NotRun:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub ${{StackName}}-{name}-not-run
      AlarmDescription: {name} was not started for {hours} hours. Runbook docs/operations/runbook.md, function-not-run.
      Namespace: AWS/Lambda
      MetricName: Invocations
      Dimensions:
        - Name: FunctionName
          Value: !Sub ${{StackName}}-{name}
      Statistic: Sum
      Period: {period}
      EvaluationPeriods: {periods}
      DatapointsToAlarm: {periods}
      Threshold: 1
      ComparisonOperator: LessThanThreshold
      TreatMissingData: breaching
      AlarmActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]
      OKActions: !If [HasTopic, [!Ref AlarmTopicArn], !Ref AWS::NoValue]
"
    )
}

const PARAMETERS: &str = "
Parameters:
  StackName:
    Type: String
    Description: Name of the deployment.
  AlarmTopicArn:
    Type: String
    Description: Who is told, or empty.

Conditions:
  HasTopic: !Not [!Equals [!Ref AlarmTopicArn, '']]

Resources:
";
