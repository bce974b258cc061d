//! Status (saml-core 3.2.2).

use crate::saml::names::{PROTOCOL, STATUS_PREFIX, STATUS_SUCCESS};
use crate::saml::refusal::{Refusal, RefusalCode};
use crate::saml::xml::El;

/// The status codes of saml-core 3.2.2.2: only these are ever shown.
const KNOWN: [&str; 23] = [
    "Success",
    "Requester",
    "Responder",
    "VersionMismatch",
    "AuthnFailed",
    "InvalidAttrNameOrValue",
    "InvalidNameIDPolicy",
    "NoAuthnContext",
    "NoAvailableIDP",
    "NoPassive",
    "NoSupportedIDP",
    "PartialLogout",
    "ProxyCountExceeded",
    "RequestDenied",
    "RequestUnsupported",
    "RequestVersionDeprecated",
    "RequestVersionTooHigh",
    "RequestVersionTooLow",
    "ResourceNotRecognized",
    "TooManyResponses",
    "UnknownAttrProfile",
    "UnknownPrincipal",
    "UnsupportedBinding",
];

/// Wants Success. The refusal names the codes; the IdP's message may hold personal data and is left out.
pub(crate) fn check(response: El<'_>) -> Result<(), Refusal> {
    let status = response.child(PROTOCOL, "Status");
    let top = status.and_then(|status| status.child(PROTOCOL, "StatusCode"));
    if top.and_then(|code| code.attr("Value")) == Some(STATUS_SUCCESS) {
        return Ok(());
    }
    let Some(top) = top else {
        return Err(Refusal::new(RefusalCode::StatusNotSuccess, "no status"));
    };
    let mut got = token(top.attr("Value")).to_owned();
    if let Some(sub) = top.child(PROTOCOL, "StatusCode") {
        got = format!("{got}/{}", token(sub.attr("Value")));
    }
    Err(Refusal::new(RefusalCode::StatusNotSuccess, got))
}

/// The last part of a known status code, else "other".
fn token(value: Option<&str>) -> &'static str {
    let name = value.and_then(|value| value.strip_prefix(STATUS_PREFIX));
    name.and_then(|name| KNOWN.into_iter().find(|known| *known == name))
        .unwrap_or("other")
}
