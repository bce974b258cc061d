//! SAML 2.0: our strict profile and the messages around it (saml-core-2.0-os, saml-bindings-2.0-os,
//! saml-profiles-2.0-os).

pub mod authn_request;
pub mod certificate;
pub mod decrypt;
pub mod keys;
pub mod logout;
pub mod metadata;
pub mod name_id_format;
pub mod names;
mod oaep;
pub mod outgoing;
pub mod prescan;
pub mod presets;
pub mod profile;
pub mod redirect_binding;
pub mod refusal;
pub mod relay_state;
pub mod response;
pub mod signing;
pub mod verify;
pub mod xml;

#[cfg(test)]
mod test_keys;
