//! OpenID Connect as a relying party, and GitHub's OAuth 2.0: pure rules, no I/O.
//!
//! [`presets`] holds what differs from provider to provider; [`discovery`] what is asked of a provider when a
//! connection is set up. A sign-in goes through [`authorization_request`], [`callback`], [`token_request`], [`keys`],
//! [`id_token`] and [`claims`], in this order; [`github`] stands in for the last three. Every refusal is an
//! [`refusal::OidcRefusal`] with a code of its own.

pub mod authorization_request;
pub mod callback;
pub mod claims;
pub mod discovery;
pub mod github;
pub mod id_token;
pub mod instructions;
pub mod issuer;
pub mod keys;
pub mod logout_request;
pub mod presets;
pub mod refusal;
pub mod token_request;

#[cfg(test)]
mod tests;
