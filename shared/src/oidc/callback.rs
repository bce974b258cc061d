//! The authorization response (RFC 6749 section 4.1.2, RFC 9207), read before anything of it is believed.

use super::refusal::{OidcRefusal, ProviderError};
use crate::redacted::Secret;

/// Longest query, in bytes: API Gateway takes 10,240 with all headers.
const MAX_QUERY: usize = 8 * 1024;
/// The parameters that are read, each of which may come once.
const READ: [&str; 5] = ["state", "code", "error", "error_description", "iss"];

/// What the provider answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A code.
    Code(Secret),
    /// An error: what it means, and what came.
    Error(OidcRefusal),
}

/// An authorization response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// `state`.
    pub state: Secret,
    /// `iss` (RFC 9207).
    pub iss: Option<String>,
    /// A code or an error.
    pub answer: Answer,
}

impl Callback {
    /// Reads a query string; parameters that are not ours are passed over.
    ///
    /// # Errors
    /// [`OidcRefusal::CallbackMalformed`], [`OidcRefusal::ParameterRepeated`] or [`OidcRefusal::CallbackAmbiguous`].
    pub fn parse(query: &str) -> Result<Self, OidcRefusal> {
        if query.len() > MAX_QUERY {
            return Err(OidcRefusal::CallbackMalformed);
        }
        let mut found: [Option<String>; READ.len()] = Default::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let slot = READ.iter().zip(&mut found).find(|(read, _)| **read == name);
            let Some((read, slot)) = slot else { continue };
            if slot.replace(value.into_owned()).is_some() {
                return Err(OidcRefusal::ParameterRepeated(read));
            }
        }
        let [state, code, error, description, iss] = found;
        let state = state
            .filter(|state| !state.is_empty())
            .ok_or(OidcRefusal::CallbackMalformed)?;
        let answer = match (code, error) {
            (Some(code), None) if !code.is_empty() => Answer::Code(Secret::new(code)),
            (None, Some(error)) => Answer::Error(provider_error(&error, description.as_deref())),
            (Some(_) | None, _) => return Err(OidcRefusal::CallbackAmbiguous),
        };
        Ok(Self {
            state: Secret::new(state),
            iss,
            answer,
        })
    }

    /// RFC 9207 section 2.4: `iss` must be the provider's, where it came or was promised.
    ///
    /// # Errors
    /// [`OidcRefusal::CallbackIssuer`] or [`OidcRefusal::CallbackIssuerMissing`].
    pub fn check_issuer(&self, fits: impl Fn(&str) -> bool, promised: bool) -> Result<(), OidcRefusal> {
        match &self.iss {
            Some(iss) if fits(iss) => Ok(()),
            Some(_) => Err(OidcRefusal::CallbackIssuer),
            None if promised => Err(OidcRefusal::CallbackIssuerMissing),
            None => Ok(()),
        }
    }
}

/// What an error means. Its description is the provider's own text, with whatever it holds: only a vendor's code is
/// taken out of it.
pub(super) fn provider_error(error: &str, description: Option<&str>) -> OidcRefusal {
    let meaning = match error {
        "access_denied" => ProviderError::Denied,
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            ProviderError::InteractionNeeded
        }
        "temporarily_unavailable" | "server_error" => ProviderError::Unavailable,
        "invalid_scope" => ProviderError::Scope,
        "unauthorized_client"
        | "invalid_client"
        | "invalid_request"
        | "unsupported_response_type"
        | "redirect_uri_mismatch"
        | "application_suspended" => ProviderError::Misconfigured,
        _ => ProviderError::Other,
    };
    let known = (1..=60).contains(&error.len())
        && error
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    let name = if known { error } else { "an error of its own" };
    let vendor = description.and_then(vendor_code);
    OidcRefusal::Provider {
        meaning,
        error: vendor.map_or_else(|| name.to_owned(), |code| format!("{name} ({code})")),
    }
}

/// Entra ID's own code, such as `AADSTS50105`.
fn vendor_code(description: &str) -> Option<String> {
    let (_, rest) = description.split_once("AADSTS")?;
    let digits = rest
        .chars()
        .take_while(char::is_ascii_digit)
        .take(12)
        .collect::<String>();
    (!digits.is_empty()).then(|| format!("AADSTS{digits}"))
}
