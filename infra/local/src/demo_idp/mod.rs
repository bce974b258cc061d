//! A demo identity provider: what a customer's Okta or Entra ID is in life. It is not a part of Gatehouse; it lies on
//! another site (127.0.0.1, not localhost) and knows Gatehouse by what its administrator would configure.
//!
//! - [`server`]: start page, log-in page, its own session;
//! - [`oidc`]: OpenID Provider; [`saml`]: SAML identity provider, with responses by [`issue`] for what
//!   [`service_provider`] knows of Gatehouse;
//! - [`people`]: who can log in; [`keys`]: its signing key and certificate.

pub mod issue;
pub mod keys;
pub mod oidc;
pub mod people;
pub mod saml;
pub mod server;
pub mod service_provider;
mod state;

pub use self::keys::{IdpKeys, KeysError};
pub use self::people::Person;
pub use self::server::router;
pub use self::state::{DemoIdp, OidcClient, SamlConsumer};
