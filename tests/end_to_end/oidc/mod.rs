//! OpenID Connect and GitHub.

mod attacks;
mod credentials;
mod freshness;
mod github;
mod login;
mod presets;
mod recheck;
mod refusals;
mod setup;
mod sign_in;
