//! infra/public_routes.yaml and infra/operator_routes.yaml: each path that a function serves is one route of API
//! Gateway, and no other is. Every method goes to the function, whose answers to a wrong one are its own.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_local::functions::{self, Settings};
use gatehouse_local::{Local, Options};
use gatehouse_tests::template::{pascal, read};

use super::{head, is_up_to_date};

/// The function behind the API that IAM guards.
const OPERATOR: &str = "operator_api";
/// Where a short code can be guessed: these routes take fewer requests a second. Those that exist are throttled.
const GUESSABLE: &[&str] = &[
    "/sign-in/link",
    "/sign-in/bypass",
    "/sign-in/confirm",
    "/sign-in/registration",
];

/// The paths of each function, as its router has them. API Gateway takes no route that ends in a slash, and sends a request
/// for one to the route without it.
pub(super) fn routed() -> BTreeMap<String, BTreeSet<String>> {
    let local = Local::start(&Options::in_memory()).unwrap();
    let gatehouse = functions::gatehouse(&local, &Settings::default()).unwrap();
    functions::named_routers(&gatehouse)
        .into_iter()
        .map(|(name, router)| {
            let mut paths = paths(&format!("{router:?}"));
            paths.retain(|path| path == "/" || !path.ends_with('/'));
            (name.to_owned(), paths)
        })
        .collect()
}

/// An axum router tells its paths by `Debug` only: `paths: {RouteId(0): "/sign-in", …}`.
fn paths(debug: &str) -> BTreeSet<String> {
    let begin = debug.find(" paths: {").expect("axum's Debug lists paths") + " paths: {".len();
    let list = debug[begin..].split_once("\"}").expect("the list ends").0;
    let paths: BTreeSet<String> = list
        .split("RouteId(")
        .filter_map(|entry| entry.split_once(": \"").map(|(_, path)| path))
        .map(|path| path.trim_end_matches("\", ").trim_end_matches('"').to_owned())
        .collect();
    assert!(
        !paths.is_empty()
            && paths
                .iter()
                .all(|path| path.starts_with('/') && !path.contains('"')),
        "{debug}"
    );
    paths
}

#[test]
fn paths_are_read_from_a_router() {
    let inner: axum::Router = axum::Router::new().route("/b/{c}", axum::routing::get(|| async {}));
    let router = axum::Router::new()
        .route("/a", axum::routing::get(|| async {}).post(|| async {}))
        .nest("/n", inner)
        .layer(axum::middleware::map_response(
            |answer: axum::response::Response| async { answer },
        ));
    let found = paths(&format!("{router:?}"));
    assert_eq!(found, ["/a", "/n/b/{c}"].map(str::to_owned).into());
}

#[test]
fn the_public_api_has_the_functions_routes() {
    let mut routed = routed();
    routed.remove(OPERATOR).unwrap();
    is_up_to_date("infra/public_routes.yaml", &file(&routed, false));
}

#[test]
fn the_operators_api_has_its_functions_routes() {
    let mut routed = routed();
    routed.retain(|name, _| name == OPERATOR);
    is_up_to_date("infra/operator_routes.yaml", &file(&routed, true));
}

/// Read back as CloudFormation would: the set of routes is the set of paths, and IAM guards the operator's.
#[test]
fn each_path_is_one_route() {
    let mut served: Vec<(String, &str)> = Vec::new();
    for (name, paths) in routed() {
        let guard = if name == OPERATOR { "AWS_IAM" } else { "NONE" };
        served.extend(paths.into_iter().map(|path| (route_key(&path), guard)));
    }
    served.sort();
    let files = ["infra/public_routes.yaml", "infra/operator_routes.yaml"].map(read);
    let resources = files
        .iter()
        .flat_map(|file| file["Resources"].as_object().unwrap().values());
    let mut routes: Vec<(String, &str)> = resources
        .filter(|resource| resource["Type"] == "AWS::ApiGatewayV2::Route")
        .map(|route| &route["Properties"])
        .map(|route| {
            (
                route["RouteKey"].as_str().unwrap().to_owned(),
                route["AuthorizationType"].as_str().unwrap(),
            )
        })
        .collect();
    routes.sort();
    assert_eq!(routes, served);
}

/// axum's `{*rest}` is API Gateway's `{rest+}`.
fn route_key(path: &str) -> String {
    match path.split_once("{*") {
        Some((before, rest)) => format!("ANY {before}{{{}+}}", rest.trim_end_matches('}')),
        None => format!("ANY {path}"),
    }
}

/// `/saml/{connection}/acs` → `SamlOfConnectionAcs`.
fn logical(path: &str) -> String {
    let word = |segment: &str| {
        let bare: String = segment
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let name = pascal(bare.trim_matches('_'));
        if segment.is_empty() {
            return String::new();
        }
        if segment.starts_with("{*") {
            return format!("Below{name}");
        }
        if segment.starts_with('{') {
            format!("Of{name}")
        } else {
            name
        }
    };
    let end = if path.len() > 1 && path.ends_with('/') {
        "Slash"
    } else {
        ""
    };
    path.split('/').map(word).collect::<String>() + end
}

fn file(routed: &BTreeMap<String, BTreeSet<String>>, guarded: bool) -> String {
    let mut text = head(if guarded {
        "Gatehouse, the operator's API: routes, stage, access log. Each request is signed and allowed by IAM."
    } else {
        "Gatehouse, the public API: routes, stage, access log."
    });
    text.push_str(PARAMETERS);
    if !guarded {
        text.push_str(GUESSABLE_RATE);
    }
    for name in routed.keys() {
        text.push_str(&format!(
            "  {}:\n    Type: String\n    Description: The alias of {name} that takes requests.\n",
            pascal(name)
        ));
    }
    text.push_str("\nResources:\n");
    let mut keys = Vec::new();
    for (name, paths) in routed {
        text.push_str(&function(name));
        for path in paths {
            keys.push(path);
            text.push_str(&route(name, path, guarded));
        }
    }
    text.push_str(&stage(&keys));
    text
}

fn function(name: &str) -> String {
    let logical = pascal(name);
    format!(
        r"  {logical}Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !Ref {logical}
      PayloadFormatVersion: '2.0'
      TimeoutInMillis: 29000
  {logical}Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref {logical}
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{Api}}/*
"
    )
}

fn route(function: &str, path: &str, guarded: bool) -> String {
    let key = route_key(path);
    let (auth, note) = if guarded {
        ("AWS_IAM", "")
    } else {
        ("NONE", PUBLIC_NOTE)
    };
    format!(
        r"  Route{}:
    Type: AWS::ApiGatewayV2::Route
{note}    Properties:
      ApiId: !Ref Api
      RouteKey: {key}
      AuthorizationType: {auth}
      Target: !Sub integrations/${{{}Integration}}
",
        logical(path),
        pascal(function)
    )
}

const PUBLIC_NOTE: &str = "    Metadata:
      checkov:
        skip:
          - id: CKV_AWS_309
            comment: Public by nature; the function authenticates (attempt cookie, client, bearer token, signed assertion).
";

const PARAMETERS: &str = "
Parameters:
  StackName:
    Type: String
    Description: Name of the deployment.
  Api:
    Type: String
    Description: The API that the routes belong to.
  RequestRate:
    Type: Number
    Description: Requests a second that each route takes.
  RequestBurst:
    Type: Number
    Description: Requests at once that each route takes.
  LogRetentionDays:
    Type: Number
    Description: How long the access log is kept.
";

const GUESSABLE_RATE: &str = "  GuessableRate:
    Type: Number
    Description: Requests a second on each route where somebody could guess.
";

/// The access log has neither paths (a path may hold a one-time link) nor query strings nor addresses.
fn stage(paths: &[&String]) -> String {
    let mut text = "  AccessLog:
    Type: AWS::Logs::LogGroup
    Metadata:
      checkov:
        skip:
          - id: CKV_AWS_158
            comment: CloudWatch Logs encrypts at rest; the lines hold nothing personal.
    Properties:
      LogGroupName: !Sub /gatehouse/${StackName}/access/${Api}
      RetentionInDays: !Ref LogRetentionDays
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    DependsOn:
"
    .to_owned();
    for path in paths {
        text.push_str(&format!("      - Route{}\n", logical(path)));
    }
    text.push_str(
        r#"    Properties:
      ApiId: !Ref Api
      StageName: $default
      AutoDeploy: true
      AccessLogSettings:
        DestinationArn: !GetAtt AccessLog.Arn
        Format: >-
          {"request.id":"$context.requestId","request.time":"$context.requestTimeEpoch","http.route":"$context.routeKey",
          "http.method":"$context.httpMethod","http.status":"$context.status","took_ms":"$context.responseLatency",
          "function.took_ms":"$context.integrationLatency","function.status":"$context.integrationStatus",
          "function.error":"$context.integrationErrorMessage","gateway.error":"$context.error.responseType"}
      DefaultRouteSettings:
        DetailedMetricsEnabled: true
        ThrottlingRateLimit: !Ref RequestRate
        ThrottlingBurstLimit: !Ref RequestBurst
"#,
    );
    let guessable: Vec<_> = GUESSABLE
        .iter()
        .filter(|path| paths.iter().any(|served| served == *path))
        .collect();
    if !guessable.is_empty() {
        text.push_str("      RouteSettings:\n");
    }
    for path in guessable {
        text.push_str(&format!(
            "        ANY {path}:\n          DetailedMetricsEnabled: true\n          \
             ThrottlingRateLimit: !Ref GuessableRate\n          ThrottlingBurstLimit: !Ref GuessableRate\n"
        ));
    }
    text
}
