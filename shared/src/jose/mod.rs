//! JSON Object Signing over aws-lc-rs, shared by both OpenID Connect sides: algorithms (RFC 7518), public keys
//! (RFC 7517), private signing keys, compact signatures (RFC 7515).
//!
//! The key types fit the `openidconnect` crate's traits, so its verifiers and token types run on aws-lc-rs.

pub mod algorithm;
pub mod jwk;
pub mod jws;
pub mod signing;

pub use algorithm::Algorithm;
pub use jwk::Jwk;
pub use jws::Jws;
pub use signing::SigningKey;

#[cfg(test)]
mod tests;
