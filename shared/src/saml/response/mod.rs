//! Reads a SAML response as it was posted to the assertion consumer service (saml-profiles 4.1.4.3).
//!
//! Pure: the caller hands in the time, the configured certificates and keys, and what the connection expects; it
//! compares `in_response_to` with the attempt's request and records the assertion id against replay.

mod conditions;
pub(in crate::saml) mod encrypted;
pub(in crate::saml) mod envelope;
pub(in crate::saml) mod instant;
mod statements;
pub(crate) mod status;
pub(in crate::saml) mod subject;

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, TimeDelta, Utc};

pub use super::decrypt::DecryptionKey;
use super::names::PROTOCOL;
use super::prescan::MAX_XML_BYTES;
use super::profile::{self, Body};
use super::refusal::{Refusal, RefusalCode};
use super::verify::{self, Signed, TrustedKeys, Verified};
use super::xml::El;

/// How far clocks may disagree, either way.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(3);

/// base64 as IdPs write it: with or without padding (white space is taken out before).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a connection expects of a response.
#[derive(Clone, Debug)]
pub struct Expectations<'a> {
    /// The entity id of the identity provider, compared exactly.
    pub idp_entity_id: &'a str,
    /// The identity provider's certificates (DER X.509), any of which may have signed. They are pinned.
    pub certificates: &'a [Vec<u8>],
    /// Our entity ids for this connection; each AudienceRestriction must name one of them.
    pub audiences: &'a [String],
    /// Our assertion consumer service URLs for this connection, for Destination and Recipient.
    pub acs_urls: &'a [String],
    /// Our decryption keys: current and old ones, tried in order.
    pub decryption_keys: &'a [DecryptionKey],
    /// Whether AES-CBC is accepted though the Response is not signed.
    pub allow_cbc: bool,
    /// The present instant.
    pub now: DateTime<Utc>,
}

/// The subject's name as the IdP wrote it (saml-core 2.2.2). `Debug` does not show the value.
#[derive(Clone, PartialEq, Eq)]
pub struct NameId {
    /// The identifier, trimmed.
    pub value: String,
    /// `Format`; absent means unspecified.
    pub format: Option<String>,
    /// `NameQualifier`.
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier`.
    pub sp_name_qualifier: Option<String>,
}

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameId")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// What a response says, all of it signed. `Debug` shows no personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedResponse {
    /// The identity provider's entity id.
    pub issuer: String,
    /// The Assertion's ID, for the record against replay.
    pub assertion_id: String,
    /// The request that this answers; none in an unsolicited response. The caller compares it with its attempt.
    pub in_response_to: Option<String>,
    /// The subject's NameID, if there is one.
    pub name_id: Option<NameId>,
    /// Attribute values by attribute Name; the values of Attributes with the same Name are joined, in order.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// `SessionIndex`, for logout.
    pub session_index: Option<String>,
    /// The earliest `SessionNotOnOrAfter`.
    pub session_not_on_or_after: Option<DateTime<Utc>>,
    /// When the person authenticated at the IdP; at most [`CLOCK_SKEW`] ahead of `now`.
    pub authn_instant: DateTime<Utc>,
    /// `AuthnContextClassRef`.
    pub authn_context: Option<String>,
    /// From this instant on the assertion is refused in any case, skew included: the replay record's life.
    pub not_on_or_after: DateTime<Utc>,
    /// Whether the Response was signed.
    pub response_signed: bool,
    /// Whether the Assertion carried a signature of its own.
    pub assertion_signed: bool,
    /// Whether the Assertion came encrypted.
    pub encrypted: bool,
}

impl fmt::Debug for VerifiedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedResponse")
            .field("issuer", &self.issuer)
            .field("assertion_id", &self.assertion_id)
            .field("in_response_to", &self.in_response_to)
            .field("name_id", &self.name_id)
            .field("attributes", &self.attributes.keys())
            .field("response_signed", &self.response_signed)
            .field("assertion_signed", &self.assertion_signed)
            .field("encrypted", &self.encrypted)
            .finish_non_exhaustive()
    }
}

/// What an unverified response says about itself: good for finding the attempt that a failure belongs to, and for
/// nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedHints {
    /// The Response's Issuer.
    pub issuer: Option<String>,
    /// The Response's InResponseTo.
    pub in_response_to: Option<String>,
}

/// A verified assertion with what was around it.
struct Verdict<'d> {
    assertion: Verified<'d>,
    assertion_signed: bool,
    encrypted: bool,
}

/// Reads the form field `SAMLResponse`.
///
/// # Errors
/// The refusal of the first check that fails; the order is that of [`RefusalCode::ALL`] within each stage.
pub fn read_response(
    form_value_base64: &str,
    expect: &Expectations<'_>,
) -> Result<VerifiedResponse, Refusal> {
    let xml = decode(form_value_base64)?;
    let (text, doc) = profile::parse(&xml)?;
    let outer = profile::outer(&doc)?;
    let keys = TrustedKeys::from_certificates(expect.certificates)?;
    let verified = verify::check(
        &Signed {
            xml: text,
            doc: &doc,
            sites: &outer.sites,
        },
        &keys,
    )?;
    let response = El::at(&doc, outer.response).ok_or_else(unsigned)?;
    let signed = |id| {
        verified
            .iter()
            .copied()
            .find(|element| element.element().id() == id)
    };
    let signed_response = signed(outer.response);
    match outer.body {
        Body::Plain(id) => {
            let own = signed(id);
            let covered = signed_response.and_then(|response| response.child(id));
            let assertion = own.or(covered).ok_or_else(unsigned)?;
            let verdict = Verdict {
                assertion,
                assertion_signed: own.is_some(),
                encrypted: false,
            };
            conclude(response, signed_response, &verdict, expect)
        }
        Body::Encrypted(id) => {
            let encrypted = El::at(&doc, id).ok_or_else(unsigned)?;
            encrypted::open(encrypted, signed_response, &outer.ids, &keys, expect, |verdict| {
                conclude(response, signed_response, verdict, expect)
            })
        }
    }
}

/// Reads who sent a response and which request it answers, without believing it. None when it cannot be read.
#[must_use]
pub fn unverified_hints(form_value_base64: &str) -> Option<UnverifiedHints> {
    let xml = decode(form_value_base64).ok()?;
    let (_, doc) = profile::parse(&xml).ok()?;
    let response = El::root(&doc).filter(|root| root.is(PROTOCOL, "Response"))?;
    let issuer = response
        .child(super::names::ASSERTION, "Issuer")
        .and_then(El::text)
        .map(|text| text.into_owned());
    Some(UnverifiedHints {
        issuer,
        in_response_to: response.attr("InResponseTo").map(str::to_owned),
    })
}

/// Neither Response nor Assertion is signed.
fn unsigned() -> Refusal {
    Refusal::new(RefusalCode::SignatureMissing, "neither is signed")
}

/// base64 to text. Line breaks and blanks are taken out; sizes are checked before anything is copied.
pub(in crate::saml) fn decode(form_value: &str) -> Result<String, Refusal> {
    // Line breaks every 64 characters add 1/32, CRLF 1/32 more.
    if form_value.len() > MAX_XML_BYTES / 3 * 4 * 9 / 8 {
        return Err(Refusal::new(
            RefusalCode::MessageTooLarge,
            format!("{} characters of base64", form_value.len()),
        ));
    }
    let clean: String = form_value.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if clean.is_empty() {
        return Err(Refusal::new(RefusalCode::MessageMissing, "an empty form field"));
    }
    let bytes = BASE64
        .decode(clean)
        .map_err(|_| Refusal::new(RefusalCode::NotBase64, "other characters"))?;
    String::from_utf8(bytes).map_err(|_| Refusal::new(RefusalCode::NotUtf8, "other bytes"))
}

/// The checks of saml-profiles 4.1.4.3 on a verified assertion.
fn conclude(
    response: El<'_>,
    signed_response: Option<Verified<'_>>,
    verdict: &Verdict<'_>,
    expect: &Expectations<'_>,
) -> Result<VerifiedResponse, Refusal> {
    let assertion = verdict.assertion.element();
    envelope::check(response, signed_response.is_some(), assertion, expect)?;
    let subject = subject::read(assertion, expect)?;
    let valid_until = conditions::check(assertion, expect)?;
    let in_response_to = envelope::in_response_to(
        response,
        signed_response.is_some(),
        subject.in_response_to.as_deref(),
    )?;
    let authn = statements::authn(assertion, expect.now)?;
    let earliest = valid_until.map_or(subject.not_on_or_after, |until| {
        until.min(subject.not_on_or_after)
    });
    Ok(VerifiedResponse {
        issuer: expect.idp_entity_id.to_owned(),
        assertion_id: assertion.attr("ID").unwrap_or_default().to_owned(),
        in_response_to,
        name_id: subject.name_id,
        attributes: statements::attributes(assertion)?,
        session_index: authn.session_index,
        session_not_on_or_after: authn.session_not_on_or_after,
        authn_instant: authn.instant,
        authn_context: authn.context,
        not_on_or_after: instant::plus_skew(earliest),
        response_signed: signed_response.is_some(),
        assertion_signed: verdict.assertion_signed,
        encrypted: verdict.encrypted,
    })
}
