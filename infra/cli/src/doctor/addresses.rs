//! The base URL: whether it leads here, and only it does.

use chrono::{DateTime, Utc};
use gatehouse::clock::Clock;
use http::StatusCode;
use serde_json::Value;

use super::Finding;
use crate::client::{Answer, Client, ClientError};
use crate::stack::Stack;

/// Assertions are good within three minutes; much less should part the clocks.
const MOST_SECONDS_APART: i64 = 30;
const DISCOVERY: &str = "/.well-known/openid-configuration";

pub(super) async fn examine(stack: &Stack, client: &Client) -> Vec<Finding> {
    let discovery = client.get(&format!("{}{DISCOVERY}", stack.base_url)).await;
    let mut findings = match &discovery {
        Ok(answer) => vec![
            issuer(stack, answer),
            clock(answer),
            headers(answer),
            keys(stack, client, answer).await,
        ],
        Err(error) => vec![unreachable(error)],
    };
    findings.push(one_way_in(stack, client).await);
    findings
}

fn unreachable(error: &ClientError) -> Finding {
    let mend = "point DomainName at the output CustomDomainTarget (or at CloudFront), and look whether the \
        certificate is for that name";
    Finding::mend("address", error.to_string(), mend)
}

fn issuer(stack: &Stack, answer: &Answer) -> Finding {
    const CHECK: &str = "issuer";
    let document = answer.json();
    let issuer = document.get("issuer").and_then(Value::as_str);
    let issuer = issuer.unwrap_or_default();
    let found = format!(
        "wanted {}, got {issuer:?} with status {}",
        stack.base_url, answer.status
    );
    if answer.status == StatusCode::OK && issuer == stack.base_url {
        return Finding::good(CHECK, issuer);
    }
    if answer.status.is_server_error() {
        let mend = format!(
            "make the signing keys (`gatehouse bootstrap`); if they are there, read the log group {}",
            stack.log_group("openid_provider")
        );
        return Finding::mend(CHECK, found, mend);
    }
    if issuer.is_empty() {
        let mend = format!(
            "nothing here answers as an OpenID Provider: look where DNS leads, then at the log group {}",
            stack.log_group("openid_provider")
        );
        return Finding::mend(CHECK, found, mend);
    }
    let mend = "the name leads to another stack: point it at this stack's CustomDomainTarget";
    Finding::mend(CHECK, found, mend)
}

fn clock(answer: &Answer) -> Finding {
    const CHECK: &str = "clock";
    let Ok(theirs) = DateTime::parse_from_rfc2822(answer.header("date")) else {
        return Finding::unknown(CHECK, "the answer has no Date");
    };
    let apart = Clock::system().now() - theirs.with_timezone(&Utc);
    let apart = apart.num_seconds().abs();
    let found = format!("{apart} s apart from this machine's");
    if apart <= MOST_SECONDS_APART {
        return Finding::good(CHECK, found);
    }
    let mend =
        "AWS keeps its clocks: set this machine's (and that of an identity provider that shows the same)";
    Finding::mend(CHECK, found, mend)
}

fn headers(answer: &Answer) -> Finding {
    const CHECK: &str = "security headers";
    let wanted = [
        ("strict-transport-security", "max-age="),
        ("x-content-type-options", "nosniff"),
    ];
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|(name, start)| !answer.header(name).starts_with(start))
        .map(|(name, _)| *name)
        .collect();
    if missing.is_empty() {
        return Finding::good(CHECK, "arrive");
    }
    let mend =
        "something between removes them: look at the proxy, or at CloudFront's response headers policy";
    Finding::mend(CHECK, format!("missing: {}", missing.join(", ")), mend)
}

async fn keys(stack: &Stack, client: &Client, discovery: &Answer) -> Finding {
    const CHECK: &str = "signing keys";
    let document = discovery.json();
    let named = document.get("jwks_uri").and_then(Value::as_str);
    // Without keys there is no document either.
    let url = named.map_or_else(|| format!("{}/oauth2/jwks", stack.base_url), str::to_owned);
    let answer = match client.get(&url).await {
        Ok(answer) => answer,
        Err(error) => return Finding::unknown(CHECK, error.to_string()),
    };
    let keys = answer.json();
    let count = keys.get("keys").and_then(Value::as_array).map_or(0, Vec::len);
    if count > 0 {
        return Finding::good(CHECK, format!("{count} in the key set"));
    }
    let found = format!("wanted a key set at {url}, got status {}", answer.status);
    let mend =
        "run `gatehouse bootstrap`, or wait for the first run of connection_upkeep: they make the keys";
    Finding::mend(CHECK, found, mend)
}

async fn one_way_in(stack: &Stack, client: &Client) -> Finding {
    const CHECK: &str = "one way in";
    if stack.execute_api_url == stack.base_url {
        let mend =
            "for a trial only: the base URL cannot be changed later; deploy another stack with DomainName";
        return Finding::mend(CHECK, "the base URL is API Gateway's own address", mend);
    }
    match client.get(&format!("{}{DISCOVERY}", stack.execute_api_url)).await {
        Ok(answer) if answer.status == StatusCode::OK => {
            let mend =
                "deploy template.yaml again: it sets DisableExecuteApiEndpoint where DomainName is given";
            Finding::mend(CHECK, "API Gateway's own address answers too", mend)
        }
        Ok(answer) => Finding::good(
            CHECK,
            format!("API Gateway's own address is closed ({})", answer.status),
        ),
        Err(_) => Finding::good(CHECK, "API Gateway's own address is closed"),
    }
}
