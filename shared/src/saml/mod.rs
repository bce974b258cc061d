//! SAML 2.0: our strict profile and the messages around it (saml-core-2.0-os, saml-bindings-2.0-os,
//! saml-profiles-2.0-os).

pub mod authn_request;
pub mod certificate;
pub mod keys;
pub mod metadata;
pub mod name_id_format;
pub mod redirect_binding;
pub mod relay_state;
pub mod signing;

#[cfg(test)]
mod test_keys;
