//! What the protocols promise, checked against messages.

mod saml;
