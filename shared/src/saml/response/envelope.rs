//! What the Response says around the assertion. Where the Response is not signed, these are plausibility checks that
//! can only refuse: nothing of it is handed on.

use super::{Expectations, status};
use crate::saml::names::ASSERTION;
use crate::saml::refusal::{Refusal, RefusalCode, shown};
use crate::saml::xml::El;

/// Version, Status, Destination and both Issuers.
pub(super) fn check(
    response: El<'_>,
    response_signed: bool,
    assertion: El<'_>,
    expect: &Expectations<'_>,
) -> Result<(), Refusal> {
    for element in [response, assertion] {
        check_version(element)?;
    }
    status::check(response)?;
    match response.attr("Destination") {
        Some(destination) if expect.acs_urls.iter().any(|url| url == destination) => {}
        Some(destination) => {
            return Err(wrong_url(
                RefusalCode::DestinationMismatch,
                expect,
                shown(destination).to_string(),
            ));
        }
        None if response_signed => return Err(Refusal::new(RefusalCode::DestinationMissing, "none")),
        None => {}
    }
    if let Some(issuer) = response.child(ASSERTION, "Issuer") {
        check_issuer(issuer, "Response", expect.idp_entity_id)?;
    }
    match assertion.child(ASSERTION, "Issuer") {
        Some(issuer) => check_issuer(issuer, "Assertion", expect.idp_entity_id),
        None => Err(Refusal::new(RefusalCode::IssuerMissing, "none")),
    }
}

/// SAML 2.0, whatever the message.
pub(in crate::saml) fn check_version(element: El<'_>) -> Result<(), Refusal> {
    let version = element.attr("Version").unwrap_or_default();
    if version == "2.0" {
        return Ok(());
    }
    let got = format!("{} on {}", shown(version), element.local_name());
    Err(Refusal::new(RefusalCode::VersionUnsupported, got))
}

/// The configured entity id, exactly.
pub(in crate::saml) fn check_issuer(issuer: El<'_>, of: &str, idp_entity_id: &str) -> Result<(), Refusal> {
    let text = issuer.text().unwrap_or_default();
    if text == idp_entity_id {
        return Ok(());
    }
    let wanted = format!("the configured entity id {} as Issuer", shown(idp_entity_id));
    Err(Refusal::wanting(
        RefusalCode::IssuerMismatch,
        wanted,
        format!("{} in the {of}", shown(&text)),
    ))
}

/// The refusal of an endpoint that is not ours.
pub(super) fn wrong_url(code: RefusalCode, expect: &Expectations<'_>, got: String) -> Refusal {
    let ours: Vec<String> = expect.acs_urls.iter().map(|url| shown(url).to_string()).collect();
    Refusal::wanting(code, format!("{}: {}", code.wanted(), ours.join(" or ")), got)
}

/// The request that is answered, from signed places only.
pub(super) fn in_response_to(
    response: El<'_>,
    response_signed: bool,
    confirmed: Option<&str>,
) -> Result<Option<String>, Refusal> {
    match (response.attr("InResponseTo"), confirmed) {
        (Some(outer), Some(inner)) if outer != inner => Err(Refusal::new(
            RefusalCode::InResponseToMismatch,
            "two different requests",
        )),
        (Some(_), None) if !response_signed => Err(Refusal::new(
            RefusalCode::InResponseToUnsigned,
            "only in the unsigned Response",
        )),
        (outer, inner) => Ok(inner.or(outer).map(str::to_owned)),
    }
}
