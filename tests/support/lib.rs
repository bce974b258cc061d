//! What the end-to-end tests stand on: a deployment on the embedded services, browsers with cookies that obey
//! SameSite, an identity provider of our own, and the flows between them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod admin;
pub mod app;
pub mod browser;
pub mod dump;
pub mod event_schemas;
pub mod github;
pub mod idp;
pub mod lambda;
pub mod logout;
pub mod noon;
pub mod oidc;
pub mod provider;
pub mod recorder;
pub mod roles;
pub mod scheduled;
pub mod scim;
pub mod sigv4;
pub mod template;
pub mod world;

pub use admin::{Api, Caller, problem};
pub use app::Tokens;
pub use browser::{Answer, Browser};
pub use github::GitHub;
pub use idp::{Idp, Visitor};
pub use logout::Logout;
pub use noon::local_at_noon;
pub use provider::Provider;
pub use scim::{Scim, scim_error};
pub use world::World;
