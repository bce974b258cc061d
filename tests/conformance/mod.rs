//! What the protocols promise, checked against messages.

mod oidc;
mod saml;
