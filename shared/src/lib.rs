//! The common crate of Gatehouse: enterprise sign-in and directory sync in the operator's own AWS account.
//!
//! Arrows point one way: `functions → http → app → {saml, oidc, openid_provider, scim} → domain`, and
//! `app → store / secrets / mail / events`. `domain` and the protocol modules do no I/O and know no AWS type.

pub mod app;
pub mod aws;
pub mod clock;
pub mod config;
pub mod domain;
pub mod events;
pub mod http;
pub mod jose;
pub mod mail;
pub mod oidc;
pub mod openid_provider;
pub mod outbound;
pub mod random;
pub mod redacted;
pub mod saml;
pub mod scim;
pub mod secrets;
pub mod store;
pub mod telemetry;
