//! OpenID Connect as a relying party, and GitHub's OAuth 2.0: pure rules, no I/O.
//!
//! [`presets`] holds what differs from provider to provider; [`discovery`] what is asked of a provider when a
//! connection is set up.

pub mod discovery;
pub mod presets;

#[cfg(test)]
mod tests;
