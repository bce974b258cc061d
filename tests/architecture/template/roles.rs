//! infra/roles.yaml: what each function may do is what it did in a whole run of the tests, no more and no less.
//!
//! `tests/roles` writes it anew: it records a whole run of the end-to-end tests, then runs this with `UPDATE_TEMPLATE=1`
//! and `GATEHOUSE_RECORD`, the record. With `GATEHOUSE_RECORD` alone the file is compared with the record, both ways.
//!
//! Without a record the file is still checked against docs/security.md: who may read which secret, who sends mail, and
//! that nothing is allowed on everything. That no function asks for more is checked by each end-to-end test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use gatehouse_tests::roles::{Grant, Grants, granted, statement};
use gatehouse_tests::template::{functions, pascal, read, schedules};

use serde_json::Value;

use super::super::none;
use super::{head, is_up_to_date};

#[expect(clippy::disallowed_methods, reason = "switches of the tests")]
fn recorded() -> Option<Grants> {
    let path = std::env::var_os("GATEHOUSE_RECORD")?;
    let text = fs::read_to_string(path).expect("GATEHOUSE_RECORD names the record of a run");
    let deployed = functions(&read("template.yaml"));
    let mut grants: Grants = if std::env::var_os("GATEHOUSE_ROLES_KEEP").is_some() {
        granted()
    } else {
        deployed
            .keys()
            .map(|name| (name.clone(), BTreeSet::new()))
            .collect()
    };
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [function, action, resource, key] = fields.as_slice() else {
            panic!("a line of the record: {line}");
        };
        if let Some(grants) = grants.get_mut(*function) {
            grants.insert([action, resource, key].map(|&field| field.to_owned()));
        }
    }
    Some(grants)
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of the tests")]
fn roles_are_what_the_functions_did() {
    match recorded() {
        Some(recorded) => {
            let (granted, mut different) = (granted(), Vec::new());
            for (function, did) in &recorded {
                let may = &granted[function];
                let more = did
                    .difference(may)
                    .map(|grant| format!("{function} did {}", grant.join(" ")));
                let less = may
                    .difference(did)
                    .map(|grant| format!("{function} never did {}", grant.join(" ")));
                different.extend(more.chain(less));
            }
            if std::env::var_os("UPDATE_TEMPLATE").is_none() {
                none(
                    "differences of infra/roles.yaml from the record (write it anew by `tests/roles`)",
                    &different,
                );
            }
            is_up_to_date("infra/roles.yaml", &file(&recorded));
        }
        None => is_up_to_date("infra/roles.yaml", &file(&granted())),
    }
}

/// IAM's limit for all inline policies of a role, white space not counted.
const MOST_POLICY_CHARACTERS: usize = 10_240;

#[test]
fn every_roles_policies_fit() {
    let roles = read("infra/roles.yaml");
    let mut too_long = Vec::new();
    for (name, resource) in roles["Resources"].as_object().unwrap() {
        if resource["Type"] != "AWS::IAM::Role" {
            continue;
        }
        let policies = resource["Properties"]["Policies"].as_array().unwrap();
        let documents = policies.iter().map(|policy| match policy["Fn::If"].get(1) {
            Some(conditional) => &conditional["PolicyDocument"],
            None => &policy["PolicyDocument"],
        });
        let long: usize = documents.map(|document| as_deployed(document).len()).sum();
        if long > MOST_POLICY_CHARACTERS {
            too_long.push(format!("{name}: {long} characters"));
        }
    }
    none("roles whose policies IAM would not take", &too_long);
}

/// A policy with names as long as they may get.
fn as_deployed(policy: &Value) -> String {
    let stack = "s".repeat(32);
    let long = [
        ("${AWS::Partition}", "aws".to_owned()),
        ("${AWS::Region}", "ap-southeast-1".to_owned()),
        ("${AWS::AccountId}", "123456789012".to_owned()),
        ("${AWS::URLSuffix}", "amazonaws.com".to_owned()),
        ("${DirectoryTable}", format!("{stack}-Directory")),
        ("${EphemeralTable}", format!("{stack}-Ephemeral")),
        ("${MailIdentity}", "d".repeat(40)),
        ("${StackName}", stack.clone()),
    ];
    let mut text = policy.to_string();
    for (name, value) in long {
        text = text.replace(name, &value);
    }
    text
}

/// By hand: a record cannot allow what a function must never do.
#[test]
fn no_role_allows_what_the_design_forbids() {
    let readers: &[(&str, &[&str])] = &[
        ("secret/connection/*/sp-signing", &["sign_in", "saml_logout"]),
        ("secret/connection/*/sp-decryption", &["saml_acs", "saml_logout"]),
        ("secret/tenant/*/data-key", &["oidc_callback", "account_recheck"]),
        (
            "secret/connection/*/client-secret",
            &["oidc_callback", "account_recheck", "connection_upkeep"],
        ),
        (
            "secret/op/signing-keys",
            &["openid_provider", "outbox_relay", "connection_upkeep"],
        ),
    ];
    let mut wrong = Vec::new();
    for (function, grants) in granted() {
        for [action, resource, key] in &grants {
            let grant = format!("{function}: {action} on {resource} {key}");
            let reads_secret = action == "secretsmanager:GetSecretValue";
            let allowed = readers.iter().find(|(secret, _)| secret == resource);
            if reads_secret && !allowed.is_some_and(|(_, functions)| functions.contains(&function.as_str())) {
                wrong.push(grant.clone());
            }
            let walk = resource == "table/Ephemeral" && key == "W#*";
            if function.starts_with("scim_")
                && (resource.starts_with("secret/") || (resource == "table/Ephemeral" && !walk))
            {
                wrong.push(grant.clone());
            }
            if resource == "identity"
                && !["outbox_relay", "secret_expiry_reminder"].contains(&function.as_str())
            {
                wrong.push(grant.clone());
            }
            let whole = action.contains('*') || resource.contains("unknown") || action == "dynamodb:Scan";
            if whole || (action.starts_with("dynamodb:") && (key.is_empty() || key.starts_with('*'))) {
                wrong.push(grant);
            }
        }
    }
    none("grants that the design forbids", &wrong);
}

/// Statements are written for what a record holds; reading them back gives the same.
#[test]
fn what_is_written_is_read_back() {
    let grant = |action: &str, resource: &str, key: &str| [action, resource, key].map(str::to_owned);
    let grants: BTreeSet<Grant> = [
        grant("dynamodb:GetItem", "table/Directory", "C#*"),
        grant("dynamodb:GetItem", "table/Directory", "TS"),
        grant("dynamodb:Query", "table/Directory/index/LastModified", "LU#*"),
        grant("dynamodb:PutItem", "table/Ephemeral", "A#*"),
        grant(
            "secretsmanager:CreateSecret",
            "secret/connection/*/sp-signing",
            "",
        ),
        grant("secretsmanager:GetSecretValue", "secret/op/signing-keys", ""),
        grant("events:PutEvents", "bus", ""),
        grant("ses:SendEmail", "identity", ""),
        grant("ses:SendRawEmail", "identity", ""),
    ]
    .into();
    let text = format!("Statement:\n{}", statements(&grants));
    let parsed = gatehouse_tests::template::parse(&text).unwrap();
    let back: BTreeSet<Grant> = parsed["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(statement)
        .collect();
    assert_eq!(back, grants);
}

fn file(grants: &Grants) -> String {
    let mut text = head(
        "Gatehouse, the roles and log groups of the functions. Each role allows what the function did in a run of all tests.",
    );
    text.push_str(PARAMETERS);
    for (name, grants) in grants {
        text.push_str(&role(name, grants));
    }
    text.push_str(SCHEDULER_ROLE);
    for name in schedules(&read("template.yaml")).keys() {
        let _ = writeln!(
            text,
            "                  - !Sub arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:${{StackName}}-{name}:live"
        );
    }
    text.push_str(AFTER_SCHEDULES);
    text.push_str("\nOutputs:\n  SchedulerRole:\n    Value: !GetAtt SchedulerRole.Arn\n");
    for name in grants
        .keys()
        .map(|name| pascal(name))
        .chain(["BaseUrlGuard".to_owned()])
    {
        let _ = write!(
            text,
            "  {name}Role:\n    Value: !GetAtt {name}Role.Arn\n  {name}LogGroup:\n    Value: !Ref {name}LogGroup\n"
        );
    }
    text
}

fn role(name: &str, grants: &BTreeSet<Grant>) -> String {
    let logical = pascal(name);
    let mut text = log_group(&logical, name) + &format!("  {logical}Role:\n") + ASSUMED_BY_LAMBDA;
    text.push_str("      Policies:\n");
    text.push_str(&logs_policy(&logical));
    if name == "outbox_relay" {
        text.push_str(STREAM_POLICY);
    }
    if !grants.is_empty() {
        text.push_str("        - PolicyName: data\n          PolicyDocument:\n            Version: '2012-10-17'\n            Statement:\n");
        for line in statements(grants).lines() {
            let _ = writeln!(text, "              {line}");
        }
    }
    text.push_str(KEY_POLICY);
    text
}

/// What Secrets Manager adds to a secret's name in its ARN. Of a secret that does not exist IAM knows the name alone: who
/// may not ask for that is told AccessDenied, and not that there is none.
const SUFFIX: &str = "-??????";

/// Of SES every identity and configuration set of the account, from our address alone: SES asks for the identity's own
/// configuration set as well, and in the sandbox for the identity of who gets the mail.
const MAIL_STATEMENT: &str = r#"- Effect: Allow
  Action:
    - ses:SendEmail
    - ses:SendRawEmail
  Resource:
    - !Sub "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"
    - !Sub "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/*"
  Condition:
    StringLike:
      ses:FromAddress:
        - !Ref MailIdentity
        - !Sub "*@${MailIdentity}"
        - !Sub "*@*.${MailIdentity}"
"#;

/// One statement for each resource and set of keys, with the actions that have just these.
fn statements(grants: &BTreeSet<Grant>) -> String {
    let mut keys: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for [action, resource, key] in grants {
        keys.entry((resource, action)).or_default().insert(key);
    }
    let mut actions: BTreeMap<(String, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for ((resource, action), keys) in keys {
        // A secret that is being made may have no random suffix yet.
        let end = match action {
            "secretsmanager:CreateSecret" => "*",
            _ if resource.starts_with("secret/") => SUFFIX,
            _ => "",
        };
        let whole = format!("{resource}{end}");
        actions.entry((whole, keys)).or_default().insert(action);
    }
    let mut text = String::new();
    for ((resource, keys), actions) in actions {
        if resource == "identity" {
            text.push_str(MAIL_STATEMENT);
            continue;
        }
        text.push_str("- Effect: Allow\n  Action:\n");
        for action in actions {
            let _ = writeln!(text, "    - {action}");
        }
        match resource.strip_suffix(SUFFIX) {
            Some(bare) => {
                let (bare, whole) = (arn(bare), arn(&resource));
                let _ = write!(text, "  Resource:\n    - {bare}\n    - {whole}\n");
            }
            None => {
                let _ = writeln!(text, "  Resource: {}", arn(&resource));
            }
        }
        if keys.iter().any(|key| !key.is_empty()) {
            text.push_str("  Condition:\n    ForAllValues:StringLike:\n      dynamodb:LeadingKeys:\n");
            for key in keys {
                let _ = writeln!(text, "        - '{key}'");
            }
            text.push_str("    'Null':\n      dynamodb:LeadingKeys: 'false'\n");
        }
    }
    text
}

fn arn(resource: &str) -> String {
    let place = "arn:${AWS::Partition}";
    let here = "${AWS::Region}:${AWS::AccountId}";
    match resource.split_once('/') {
        Some(("table", table)) => {
            let (table, index) = table
                .split_once('/')
                .map_or((table, String::new()), |(table, index)| {
                    (table, format!("/{index}"))
                });
            format!("!Sub \"{place}:dynamodb:{here}:table/${{{table}Table}}{index}\"")
        }
        Some(("secret", secret)) => {
            format!("!Sub \"{place}:secretsmanager:{here}:secret:gatehouse/${{StackName}}/{secret}\"")
        }
        None if resource == "bus" => "!Ref EventBusArn".to_owned(),
        _ => panic!("no ARN for {resource}"),
    }
}

fn log_group(logical: &str, name: &str) -> String {
    format!(
        r"  {logical}LogGroup:
    Type: AWS::Logs::LogGroup
    Metadata:
      checkov:
        skip:
          - id: CKV_AWS_158
            comment: CloudWatch Logs encrypts at rest; the lines hold nothing personal and no secret (a test looks).
    Properties:
      LogGroupName: !Sub /aws/lambda/${{StackName}}-{name}
      RetentionInDays: !Ref LogRetentionDays
"
    )
}

fn logs_policy(logical: &str) -> String {
    format!(
        r"        - PolicyName: telemetry
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action:
                  - logs:CreateLogStream
                  - logs:PutLogEvents
                Resource: !GetAtt {logical}LogGroup.Arn
              # X-Ray knows no resources.
              - Effect: Allow
                Action:
                  - xray:PutTelemetryRecords
                  - xray:PutTraceSegments
                Resource: '*'
"
    )
}

const ASSUMED_BY_LAMBDA: &str = "    Type: AWS::IAM::Role
    Metadata:
      checkov:
        skip:
          - id: CKV_AWS_111
            comment: xray:PutTraceSegments takes no resource; every other statement names its own.
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
";

const STREAM_POLICY: &str = "        - PolicyName: stream
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action:
                  - dynamodb:DescribeStream
                  - dynamodb:GetRecords
                  - dynamodb:GetShardIterator
                Resource: !Ref DirectoryStreamArn
              # ListStreams knows no resources.
              - Effect: Allow
                Action: dynamodb:ListStreams
                Resource: '*'
              - Effect: Allow
                Action: sqs:SendMessage
                Resource: !Ref RelayDeadLettersArn
";

const KEY_POLICY: &str = "        - !If
          - HasKey
          - PolicyName: tables-key
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - Effect: Allow
                  Action:
                    - kms:Decrypt
                    - kms:DescribeKey
                    - kms:Encrypt
                    - kms:GenerateDataKey
                    - kms:ReEncryptFrom
                    - kms:ReEncryptTo
                  Resource: !Ref KmsKeyArn
                  Condition:
                    StringEquals:
                      kms:ViaService: !Sub dynamodb.${AWS::Region}.${AWS::URLSuffix}
          - !Ref AWS::NoValue
";

const PARAMETERS: &str = "
Metadata:
  cfn-lint:
    config:
      # Which parameters are needed follows from what the functions did.
      ignore_checks: [W2001]

Parameters:
  StackName:
    Type: String
    Description: Name of the deployment.
  DirectoryTable:
    Type: String
    Description: Name of the table Directory.
  DirectoryStreamArn:
    Type: String
    Description: Its stream.
  EphemeralTable:
    Type: String
    Description: Name of the table Ephemeral.
  EventBusArn:
    Type: String
    Description: Where directory events go.
  RelayDeadLettersArn:
    Type: String
    Description: Where batches go that the relay gave up on.
  ScheduleDeadLettersArn:
    Type: String
    Description: Where starts go that failed.
  KmsKeyArn:
    Type: String
    Description: Customer managed key of the tables, or empty.
  MailIdentity:
    Type: String
    Description: The SES identity that mail is sent from.
  LogRetentionDays:
    Type: Number
    Description: How long logs are kept.

Conditions:
  HasKey: !Not [!Equals [!Ref KmsKeyArn, '']]

Resources:
";

const SCHEDULER_ROLE: &str = "  SchedulerRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal:
              Service: scheduler.amazonaws.com
            Action: sts:AssumeRole
            Condition:
              StringEquals:
                aws:SourceAccount: !Ref AWS::AccountId
      Policies:
        - PolicyName: start
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action: lambda:InvokeFunction
                Resource:
";

const AFTER_SCHEDULES: &str = "              - Effect: Allow
                Action: sqs:SendMessage
                Resource: !Ref ScheduleDeadLettersArn
  BaseUrlGuardLogGroup:
    Type: AWS::Logs::LogGroup
    Metadata:
      checkov:
        skip:
          - id: CKV_AWS_158
            comment: CloudWatch Logs encrypts at rest; the lines name the base URL and nothing else.
    Properties:
      LogGroupName: !Sub /aws/lambda/${StackName}-base-url-guard
      RetentionInDays: !Ref LogRetentionDays
  BaseUrlGuardRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal:
              Service: lambda.amazonaws.com
            Action: sts:AssumeRole
      Policies:
        - PolicyName: telemetry
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action:
                  - logs:CreateLogStream
                  - logs:PutLogEvents
                Resource: !GetAtt BaseUrlGuardLogGroup.Arn
";
