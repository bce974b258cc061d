//! Reads a LogoutRequest as it came by HTTP-Redirect or HTTP-POST (saml-core 3.7.1).

use chrono::{DateTime, TimeDelta, Utc};

use super::LogoutError;
use crate::saml::certificate::Certificate;
use crate::saml::names::{ASSERTION, PROTOCOL};
use crate::saml::profile;
use crate::saml::redirect_binding::{RedirectMessage, RedirectParameter};
use crate::saml::refusal::{Refusal, RefusalCode, shown};
use crate::saml::response::{DecryptionKey, NameId, decode, encrypted, envelope, instant, subject};
use crate::saml::verify::{self, Signed, TrustedKeys};
use crate::saml::xml::El;

/// How long a request without NotOnOrAfter is good, the skew aside.
const DEFAULT_LIFE: TimeDelta = TimeDelta::minutes(5);
/// How long any request is good at most, so that the record against replay ends too.
const LONGEST_LIFE: TimeDelta = TimeDelta::hours(1);
/// Most SessionIndex elements.
const MOST_INDEXES: usize = 100;

/// How a LogoutRequest came.
#[derive(Clone, Copy, Debug)]
pub enum Arrival<'a> {
    /// In the query of a GET; the signature stands beside it (saml-bindings 3.4).
    Redirect(&'a RedirectMessage),
    /// The form field `SAMLRequest` of a POST; the signature stands inside (saml-bindings 3.5).
    Post(&'a str),
}

/// What a connection expects of a LogoutRequest.
#[derive(Clone, Debug)]
pub struct LogoutExpectations<'a> {
    /// The entity id of the identity provider, compared exactly.
    pub idp_entity_id: &'a str,
    /// The identity provider's certificates (DER X.509), any of which may have signed.
    pub certificates: &'a [Vec<u8>],
    /// Our single logout URL at this connection.
    pub destination: &'a str,
    /// Our decryption keys, for an EncryptedID.
    pub decryption_keys: &'a [DecryptionKey],
    /// The present instant.
    pub now: DateTime<Utc>,
}

/// What a verified LogoutRequest asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Its ID, for the record against replay and for InResponseTo.
    pub id: String,
    /// Whose sessions end.
    pub name_id: NameId,
    /// Which of them; none means all (saml-core 3.7.3.1).
    pub session_indexes: Vec<String>,
    /// From this instant on it is refused in any case, skew included: the replay record's life.
    pub not_on_or_after: DateTime<Utc>,
}

/// Verifies and reads a LogoutRequest. It must be signed, by either binding.
///
/// # Errors
/// [`LogoutError`]: the first check that fails.
pub fn read_logout_request(
    arrival: Arrival<'_>,
    expect: &LogoutExpectations<'_>,
) -> Result<LogoutRequest, LogoutError> {
    match arrival {
        Arrival::Redirect(message) => by_redirect(message, expect),
        Arrival::Post(form_value) => by_post(form_value, expect),
    }
}

fn by_redirect(
    message: &RedirectMessage,
    expect: &LogoutExpectations<'_>,
) -> Result<LogoutRequest, LogoutError> {
    if message.parameter() != RedirectParameter::Request {
        return Err(LogoutError::NotLogoutRequest {
            got: message.parameter().name().to_owned(),
        });
    }
    let certificates = expect.certificates.iter();
    let certificates = certificates
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect::<Vec<_>>();
    let xml = message.verify(&certificates)?;
    let (_, doc) = profile::parse(xml)?;
    let root = root(El::root(&doc))?;
    profile::message(&doc, root)?;
    conclude(root, expect)
}

fn by_post(form_value: &str, expect: &LogoutExpectations<'_>) -> Result<LogoutRequest, LogoutError> {
    let xml = decode(form_value)?;
    let (text, doc) = profile::parse(&xml)?;
    let sites = profile::message(&doc, root(El::root(&doc))?)?;
    let keys = TrustedKeys::from_certificates(expect.certificates)?;
    let signed = Signed {
        xml: text,
        doc: &doc,
        sites: &sites,
    };
    let verified = verify::check(&signed, &keys)?.into_iter().next();
    conclude(verified.ok_or(LogoutError::Unsigned)?.element(), expect)
}

fn root(root: Option<El<'_>>) -> Result<El<'_>, LogoutError> {
    let name = root.map_or("", El::local_name);
    root.filter(|root| root.is(PROTOCOL, "LogoutRequest"))
        .ok_or_else(|| LogoutError::NotLogoutRequest {
            got: format!("the root element {}", shown(name)),
        })
}

/// The checks on a verified request.
fn conclude(request: El<'_>, expect: &LogoutExpectations<'_>) -> Result<LogoutRequest, LogoutError> {
    envelope::check_version(request)?;
    let issuer = request.child(ASSERTION, "Issuer");
    let issuer = issuer.ok_or_else(|| Refusal::new(RefusalCode::IssuerMissing, "none"))?;
    envelope::check_issuer(issuer, "LogoutRequest", expect.idp_entity_id)?;
    check_destination(request, expect)?;
    let not_on_or_after = lifetime(request, expect.now)?;
    Ok(LogoutRequest {
        id: request.attr("ID").unwrap_or_default().to_owned(),
        name_id: name_id(request, expect)?,
        session_indexes: session_indexes(request)?,
        not_on_or_after,
    })
}

/// A signed message names its destination (saml-bindings 3.4.5.2, 3.5.5.2).
fn check_destination(request: El<'_>, expect: &LogoutExpectations<'_>) -> Result<(), Refusal> {
    let wanted = || format!("Destination {}", shown(expect.destination));
    match request.attr("Destination") {
        Some(destination) if destination == expect.destination => Ok(()),
        Some(other) => Err(Refusal::wanting(
            RefusalCode::DestinationMismatch,
            wanted(),
            shown(other).to_string(),
        )),
        None => Err(Refusal::wanting(
            RefusalCode::DestinationMissing,
            wanted(),
            "none",
        )),
    }
}

/// From when on the request is refused, the skew included.
fn lifetime(request: El<'_>, now: DateTime<Utc>) -> Result<DateTime<Utc>, LogoutError> {
    let issued = instant::attr(request, "IssueInstant")?.ok_or(LogoutError::IssueInstantMissing)?;
    if instant::is_ahead(issued, now) {
        return Err(LogoutError::NotYetIssued {
            got: instant::told("IssueInstant", issued, now),
        });
    }
    let after = |life| issued.checked_add_signed(life).unwrap_or(issued);
    let until = instant::attr(request, "NotOnOrAfter")?
        .map_or(after(DEFAULT_LIFE), |until| until.min(after(LONGEST_LIFE)));
    if instant::has_passed(until, now) {
        return Err(LogoutError::Expired {
            got: instant::told("its end", until, now),
        });
    }
    Ok(instant::plus_skew(until))
}

/// The one NameID, in plain or encrypted (saml-core 2.2.4).
fn name_id(request: El<'_>, expect: &LogoutExpectations<'_>) -> Result<NameId, LogoutError> {
    let Some(hidden) = request.child(ASSERTION, "EncryptedID") else {
        let name = subject::name_id(request)?;
        return name.ok_or(LogoutError::NameIdMissing { got: "neither" });
    };
    let beside = ["NameID", "BaseID"].map(|name| request.child(ASSERTION, name).is_some());
    if beside.contains(&true) || request.children_named(ASSERTION, "EncryptedID").count() > 1 {
        return Err(LogoutError::NameIdMissing { got: "several" });
    }
    Ok(encrypted::name_id(hidden, expect.decryption_keys)?)
}

fn session_indexes(request: El<'_>) -> Result<Vec<String>, LogoutError> {
    let texts = request.children_named(PROTOCOL, "SessionIndex").map(|element| {
        element
            .text()
            .filter(|text| !text.is_empty())
            .map(|text| text.into_owned())
    });
    let indexes = texts.take(MOST_INDEXES + 1).collect::<Option<Vec<_>>>();
    indexes
        .filter(|indexes| indexes.len() <= MOST_INDEXES)
        .ok_or(LogoutError::SessionIndexes { max: MOST_INDEXES })
}
