//! SAML's room of the shared crate, by its files, and what it stands on: no AWS type is among them, so that a fuzz build
//! takes minutes less.

#[path = "../../../shared/src/domain/mod.rs"]
pub mod domain;
#[path = "../../../shared/src/random.rs"]
pub mod random;
#[path = "../../../shared/src/redacted.rs"]
pub mod redacted;
#[path = "../../../shared/src/saml/mod.rs"]
pub mod saml;

/// The key of the certificate that is trusted here is gone: nothing can be signed by it.
pub const CERTIFICATE: &[u8] = include_bytes!("../../../tests/fixtures/saml/certificates/rsa2048.der");
