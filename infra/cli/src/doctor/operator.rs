//! The operator's API: closed to everybody, open to whoever asks here.

use http::StatusCode;
use serde_json::Value;

use super::Finding;
use crate::client::Client;
use crate::stack::Stack;

pub(super) async fn examine(stack: &Stack, client: &Client) -> Vec<Finding> {
    let mut findings = vec![closed(stack, client).await];
    findings.extend(open(stack, client).await);
    findings
}

async fn closed(stack: &Stack, client: &Client) -> Finding {
    const CHECK: &str = "operator API is closed";
    let answer = client
        .get(&format!("{}/operator/v1/tenants", stack.operator_url))
        .await;
    match answer {
        Ok(answer) if [401, 403].contains(&answer.status.as_u16()) => {
            Finding::good(CHECK, format!("without a signature: {}", answer.status))
        }
        Ok(answer) if answer.status.is_success() => {
            let mend = "everybody may do everything: give its routes AuthorizationType AWS_IAM (deploy \
                infra/operator_routes.yaml again), then read the audit trail";
            Finding::mend(CHECK, format!("without a signature: {}", answer.status), mend)
        }
        Ok(answer) => Finding::unknown(CHECK, format!("without a signature: {}", answer.status)),
        Err(error) => Finding::unknown(CHECK, error.to_string()),
    }
}

async fn open(stack: &Stack, client: &Client) -> Vec<Finding> {
    const CHECK: &str = "operator API is open to you";
    let url = format!("{}/operator/v1/clients", stack.operator_url);
    let answer = match client.operator_get(&url).await {
        Ok(answer) => answer,
        Err(error) => return vec![Finding::unknown(CHECK, error.to_string())],
    };
    let found = format!("signed: {}", answer.status);
    if answer.status.is_server_error() {
        let mend = format!("read its log group {}", stack.log_group("operator_api"));
        return vec![Finding::mend(CHECK, found, mend)];
    }
    if answer.status != StatusCode::OK {
        let mend = "attach the policy of the output OperatorPolicyArn to your user or role";
        return vec![Finding::mend(CHECK, found, mend)];
    }
    let list = answer.json();
    let clients = list.get("items").and_then(Value::as_array).map_or(0, Vec::len);
    let known = if clients > 0 {
        Finding::good("app client", format!("{clients} registered"))
    } else {
        let mend = "run `gatehouse bootstrap --redirect-uri …`: without one no app can send people here";
        Finding::mend("app client", "none is registered", mend)
    };
    vec![Finding::good(CHECK, found), known]
}
