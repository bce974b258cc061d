//! The OpenID Provider that the operator's app talks to: tokens, keys, clients, grants.
//!
//! Pure protocol: requests in, decisions out. The caller brings `now`, randomness, and what the store holds.
//! Sources: OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0; RFC 6749, 7009, 7523, 7636, 8252, 9068,
//! 9207 and the advice of RFC 9700.

pub mod access_token;
pub mod authorize;
pub mod authorize_error;
pub mod claims;
pub mod client_assertion;
pub mod client_auth;
pub mod client_settings;
pub mod clients;
pub mod digest;
pub mod discovery;
pub mod end_session;
pub mod error;
pub mod freshness;
pub mod grants;
pub mod hint;
pub mod id_token;
pub mod keys;
pub mod opaque;
pub mod params;
pub mod pkce;
pub mod redirect;
pub mod refresh;
pub mod response;
pub mod scope;
pub mod token_request;

#[cfg(test)]
mod tests;
