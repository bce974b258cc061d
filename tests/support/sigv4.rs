//! Signature Version 4 as API Gateway checks it, from AWS's description of it: no code of the SDK.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use http::request::Parts;

/// Whether the request is signed by this secret for this scope, such as `20261127/eu-central-1/execute-api`; the date of
/// the scope is taken from the request.
#[must_use]
pub fn is_signed(parts: &Parts, body: &[u8], secret: &str, (region, service): (&str, &str)) -> bool {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(authorization), Some(at)) = (header("authorization"), header("x-amz-date")) else {
        return false;
    };
    let Some(fields) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return false;
    };
    let fields: BTreeMap<&str, &str> = fields
        .split(", ")
        .filter_map(|field| field.split_once('='))
        .collect();
    let (Some(credential), Some(names), Some(signature)) = (
        fields.get("Credential"),
        fields.get("SignedHeaders"),
        fields.get("Signature"),
    ) else {
        return false;
    };
    let day = at.split('T').next().unwrap_or_default();
    let scope = format!("{day}/{region}/{service}/aws4_request");
    if credential.split_once('/').map(|(_, scope)| scope) != Some(scope.as_str())
        || !names.split(';').any(|name| name == "host")
    {
        return false;
    }
    let headers: String = names
        .split(';')
        .map(|name| format!("{name}:{}\n", header(name).unwrap_or_default().trim()))
        .collect();
    let canonical = format!(
        "{}\n{}\n{}\n{headers}\n{names}\n{}",
        parts.method,
        encoded(parts.uri.path(), true),
        query(parts.uri.query().unwrap_or_default()),
        sha256(body),
    );
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{at}\n{scope}\n{}",
        sha256(canonical.as_bytes())
    );
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day, region, service, "aws4_request"] {
        key = hmac(&key, part);
    }
    hex(&hmac(&key, &to_sign)) == *signature
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sorted by name, then by value, each encoded.
fn query(raw: &str) -> String {
    let pairs = url::form_urlencoded::parse(raw.as_bytes());
    let mut pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{}={}", encoded(&name, false), encoded(&value, false)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn encoded(text: &str, keeps_slash: bool) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            b'/' if keeps_slash => "/".to_owned(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
