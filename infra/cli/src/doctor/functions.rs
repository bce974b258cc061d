//! Each function that HTTP requests start, asked for what nobody has: it must refuse that itself.

use super::Finding;
use crate::client::{Answer, Client, ClientError};
use crate::stack::Stack;

/// An id that nobody has.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
/// Every answer of a function has it; no answer of what stands before the functions does.
const REFERENCE: &str = "x-gatehouse-reference";
/// A SAML answer with a certificate and some groups.
const LARGE_ANSWER: usize = 60_000;

/// Functions with a path of theirs; `{}` is where the id stands.
const PATHS: [(&str, &str); 8] = [
    ("sign_in", "/sign-in"),
    ("saml_metadata", "/saml/{}/metadata"),
    ("saml_logout", "/saml/{}/slo"),
    ("oidc_callback", "/signin-oidc/{}?code=none&state=none"),
    ("owner_portal", "/owner/v1/tenant"),
    ("scim_users", "/scim/v2/{}/Users"),
    ("scim_groups", "/scim/v2/{}/Groups"),
    ("scim_root", "/scim/v2/{}/ServiceProviderConfig"),
];

pub(super) async fn examine(stack: &Stack, client: &Client) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (function, path) in PATHS {
        let url = format!("{}{}", stack.base_url, path.replace("{}", NOBODY));
        let astray = "the path does not lead to the function: look at DNS, CloudFront's behaviours and \
            infra/public_routes.yaml";
        findings.push(finding(
            stack,
            function,
            client.get_as_stranger(&url).await,
            astray,
        ));
    }
    let url = format!("{}/saml/{NOBODY}/acs", stack.base_url);
    let form = format!("SAMLResponse={}", "A".repeat(LARGE_ANSWER));
    let astray = "a firewall refuses large bodies or requests without a User-Agent: set SizeRestrictions_BODY and \
        NoUserAgent_HEADER to count, as infra/edge.yaml does";
    findings.push(finding(
        stack,
        "saml_acs",
        client.post_form(&url, &form).await,
        astray,
    ));
    findings
}

fn finding(stack: &Stack, function: &str, answer: Result<Answer, ClientError>, astray: &str) -> Finding {
    let check = format!("function {function}");
    match answer {
        Ok(answer) if answer.headers.contains_key(REFERENCE) && !answer.status.is_server_error() => {
            Finding::good(&check, format!("answers ({})", answer.status))
        }
        // API Gateway answers so for a function that fails or may not be called.
        Ok(answer) if answer.status.is_server_error() => {
            let found = format!("wanted a refusal of its own, got status {}", answer.status);
            let mend = format!("read its log group {}", stack.log_group(function));
            Finding::mend(&check, found, mend)
        }
        Ok(answer) => {
            let found = format!(
                "something else answers in its place, with status {}",
                answer.status
            );
            Finding::mend(&check, found, astray)
        }
        Err(error) => Finding::unknown(&check, error.to_string()),
    }
}
