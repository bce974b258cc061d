//! Subject: NameID and the bearer confirmation (saml-core 2.4, saml-profiles 4.1.4.2).

use chrono::{DateTime, Utc};

use super::{DecryptionKey, Expectations, NameId, encrypted, envelope, instant};
use crate::saml::names::{ASSERTION, BEARER};
use crate::saml::refusal::{Refusal, RefusalCode, shown};
use crate::saml::xml::El;

/// What the Subject says.
pub(super) struct Subject {
    pub name_id: Option<NameId>,
    pub in_response_to: Option<String>,
    pub not_on_or_after: DateTime<Utc>,
}

/// Reads the Subject; one bearer confirmation must hold, the first that does counts.
pub(super) fn read(assertion: El<'_>, expect: &Expectations<'_>) -> Result<Subject, Refusal> {
    let none = || Refusal::new(RefusalCode::BearerConfirmationMissing, "none");
    let subject = assertion.child(ASSERTION, "Subject").ok_or_else(none)?;
    let mut why = None;
    for confirmation in subject.children_named(ASSERTION, "SubjectConfirmation") {
        if confirmation.attr("Method") != Some(BEARER) {
            continue;
        }
        match confirm(confirmation, expect) {
            Ok((in_response_to, not_on_or_after)) => {
                return Ok(Subject {
                    name_id: who(subject, expect.decryption_keys)?,
                    in_response_to,
                    not_on_or_after,
                });
            }
            Err(refusal) => why = why.or(Some(refusal)),
        }
    }
    Err(why.unwrap_or_else(none))
}

/// Recipient and times of one bearer confirmation; returns its InResponseTo and NotOnOrAfter.
fn confirm(
    confirmation: El<'_>,
    expect: &Expectations<'_>,
) -> Result<(Option<String>, DateTime<Utc>), Refusal> {
    let data = confirmation
        .child(ASSERTION, "SubjectConfirmationData")
        .ok_or_else(|| {
            Refusal::new(
                RefusalCode::BearerConfirmationMissing,
                "no SubjectConfirmationData",
            )
        })?;
    let recipient = data.attr("Recipient");
    if !recipient.is_some_and(|recipient| expect.acs_urls.iter().any(|url| url == recipient)) {
        let got = recipient.map_or("none".to_owned(), |recipient| shown(recipient).to_string());
        return Err(envelope::wrong_url(RefusalCode::RecipientMismatch, expect, got));
    }
    let until = instant::attr(data, "NotOnOrAfter")?
        .ok_or_else(|| Refusal::new(RefusalCode::ConfirmationUnlimited, "none"))?;
    if instant::has_passed(until, expect.now) {
        let got = instant::told("NotOnOrAfter", until, expect.now);
        return Err(Refusal::new(RefusalCode::ConfirmationExpired, got));
    }
    // The profile forbids NotBefore here; IdPs that send it mean it.
    if let Some(from) = instant::attr(data, "NotBefore")?.filter(|from| instant::is_ahead(*from, expect.now))
    {
        let got = instant::told("NotBefore", from, expect.now);
        return Err(Refusal::new(RefusalCode::ConfirmationNotYetValid, got));
    }
    Ok((data.attr("InResponseTo").map(str::to_owned), until))
}

/// The NameID of a verified assertion's Subject, in plain or encrypted (saml-core 2.2.4).
fn who(subject: El<'_>, keys: &[DecryptionKey]) -> Result<Option<NameId>, Refusal> {
    let mut hidden = subject.children_named(ASSERTION, "EncryptedID");
    let Some(first) = hidden.next() else {
        return name_id(subject);
    };
    if hidden.next().is_some() || subject.child(ASSERTION, "NameID").is_some() {
        return Err(Refusal::new(RefusalCode::NameIdInvalid, "two of them"));
    }
    encrypted::name_id(first, keys).map(Some)
}

/// The NameID, if `subject` has one: a Subject, or another element that names somebody.
pub(in crate::saml) fn name_id(subject: El<'_>) -> Result<Option<NameId>, Refusal> {
    if subject.child(ASSERTION, "EncryptedID").is_some() {
        return Err(Refusal::new(RefusalCode::EncryptedIdentifier, "an EncryptedID"));
    }
    let mut names = subject.children_named(ASSERTION, "NameID");
    let Some(name) = names.next() else { return Ok(None) };
    if names.next().is_some() {
        return Err(Refusal::new(RefusalCode::NameIdInvalid, "two of them"));
    }
    let value = name
        .text()
        .ok_or_else(|| Refusal::new(RefusalCode::NameIdInvalid, "no text, or elements inside"))?;
    let attr = |attribute: &str| {
        name.attr(attribute)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    };
    Ok(Some(NameId {
        value: value.into_owned(),
        format: attr("Format"),
        name_qualifier: attr("NameQualifier"),
        sp_name_qualifier: attr("SPNameQualifier"),
    }))
}
