//! What infra/roles.yaml allows the functions, and whether they asked for more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use gatehouse_local::Local;
use gatehouse_local::http_client::permissions::{Asked, is_recording};
use serde_json::Value;

use crate::template::{functions, pascal, read};

/// Action, resource, partition key.
pub type Grant = [String; 3];
/// Of each function.
pub type Grants = BTreeMap<String, BTreeSet<Grant>>;

static GRANTED: LazyLock<Grants> = LazyLock::new(granted);

/// Holds what the functions of a deployment asked of AWS against their roles, when it is dropped: what a test has seen
/// working works under IAM.
#[derive(Debug)]
pub struct RoleCheck(Asked);

impl RoleCheck {
    /// For this deployment.
    #[must_use]
    pub fn of(local: &Local) -> Self {
        Self(local.asked().clone())
    }
}

impl Drop for RoleCheck {
    fn drop(&mut self) {
        if std::thread::panicking() || is_recording() {
            return;
        }
        let mut beyond = Vec::new();
        for (function, asked) in self.0.all() {
            let grant = [asked.action, asked.resource, asked.key];
            if !GRANTED
                .get(function)
                .is_some_and(|granted| granted.contains(&grant))
            {
                beyond.push(format!("{function}: {}", grant.join(" ")));
            }
        }
        assert!(
            beyond.is_empty(),
            "infra/roles.yaml does not allow what was done here; if it should, write it anew by \
             `tests/roles` (or `tests/roles FILTER`, which records the tests of that name and adds to the file):\n  {}",
            beyond.join("\n  ")
        );
    }
}

/// What infra/roles.yaml grants, read back.
#[must_use]
pub fn granted() -> Grants {
    let roles = read("infra/roles.yaml");
    let deployed = functions(&read("template.yaml"));
    let of = |name: &String| {
        let policies = &roles["Resources"][format!("{}Role", pascal(name))]["Properties"]["Policies"];
        let policies = policies.as_array().into_iter().flatten();
        let data = policies.filter(|policy| policy["PolicyName"] == "data");
        let statements = data.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
        statements.flat_map(statement).collect()
    };
    deployed.keys().map(|name| (name.clone(), of(name))).collect()
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

/// What a statement of a policy grants.
///
/// # Panics
/// When it is none that the roles have.
#[must_use]
pub fn statement(statement: &Value) -> Vec<Grant> {
    let resource = &statement["Resource"];
    // A secret by its name, and by its ARN.
    let resources = resource
        .as_array()
        .map_or(std::slice::from_ref(resource), Vec::as_slice);
    let named = |resource: &Value| {
        let arn = resource["Fn::Sub"].as_str().or_else(|| resource["Ref"].as_str());
        name_of(arn.unwrap_or_else(|| panic!("a resource: {statement}")))
    };
    let resources: BTreeSet<String> = resources.iter().map(named).collect();
    let [resource] = resources
        .into_iter()
        .collect::<Vec<_>>()
        .try_into()
        .unwrap_or_else(|all| {
            panic!("one resource: {all:?}");
        });
    let keys = texts(&statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
    let keys = if keys.is_empty() {
        vec![String::new()]
    } else {
        keys
    };
    let actions = texts(&statement["Action"]);
    actions
        .iter()
        .flat_map(|action| {
            keys.iter()
                .map(|key| [action.clone(), resource.clone(), key.clone()])
        })
        .collect()
}

/// The resource of a record, out of the ARN of a statement.
fn name_of(arn: &str) -> String {
    if let Some((_, secret)) = arn.split_once(":secret:gatehouse/${StackName}/") {
        let bare = ["-??????", "*"].iter().find_map(|end| secret.strip_suffix(end));
        return format!("secret/{}", bare.unwrap_or(secret));
    }
    if let Some((_, table)) = arn.split_once(":table/${") {
        return format!("table/{}", table.replace("Table}", ""));
    }
    match arn {
        "EventBusArn" => "bus".to_owned(),
        _ if arn.ends_with(":identity/*") || arn.ends_with(":configuration-set/*") => "identity".to_owned(),
        _ => panic!("a resource that no record has: {arn}"),
    }
}
