//! `state` of an authorization request: it names the connection, the attempt and its request, and only the cookie of the
//! browser that began can have made it. So everything about the request is known before the table is asked, and nothing
//! is sent to a provider for an answer that is not this browser's (docs/decisions/0041).

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::Browser;
use crate::domain::ids::ConnectionId;
use crate::redacted::Secret;

/// Longest `state` that is one of ours, in bytes.
const MOST: usize = 300;

/// What a `state` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignInState {
    /// The connection that was asked.
    pub connection: ConnectionId,
    /// Token of the attempt.
    pub token: Secret,
    /// The attempt's request.
    pub request: String,
}

/// What stands in the URL beside what it names.
#[derive(Clone, Debug)]
pub(super) struct ReadState {
    /// What it names; not believed yet.
    pub state: SignInState,
    proof: Secret,
}

impl SignInState {
    /// The text for the URL.
    pub fn to_text(&self, browser: &Browser) -> String {
        let proof = self.keyed(browser, "state");
        format!(
            "{}.{}.{}.{proof}",
            self.connection,
            self.token.expose(),
            self.request
        )
    }

    /// The nonce of the request.
    pub fn nonce(&self, browser: &Browser) -> String {
        self.keyed(browser, "nonce")
    }

    /// The PKCE verifier of the request (RFC 7636 section 4.1: 43 characters).
    pub fn verifier(&self, browser: &Browser) -> Secret {
        Secret::new(self.keyed(browser, "verifier"))
    }

    fn keyed(&self, browser: &Browser, purpose: &str) -> String {
        browser.keyed(&[
            purpose,
            self.connection.as_str(),
            self.token.expose(),
            &self.request,
        ])
    }
}

impl ReadState {
    /// Takes a text apart; `None` when it is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MOST {
            return None;
        }
        let mut parts = text.split('.');
        let (Some(connection), Some(token), Some(request), Some(proof), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return None;
        };
        Some(Self {
            state: SignInState {
                connection: ConnectionId::parse(connection).ok()?,
                token: Secret::new(token),
                request: request.to_owned(),
            },
            proof: Secret::new(proof),
        })
    }

    /// What it names, if the cookie that this browser shows made it.
    pub fn proven(self, browser: &Browser) -> Option<SignInState> {
        let wanted = self.state.keyed(browser, "state");
        let same = verify_slices_are_equal(wanted.as_bytes(), self.proof.expose().as_bytes()).is_ok();
        (browser.has_cookie() && same).then_some(self.state)
    }
}
