//! OpenID Connect and GitHub.

mod credentials;
mod freshness;
mod github;
mod login;
mod presets;
mod refusals;
mod setup;
mod sign_in;
