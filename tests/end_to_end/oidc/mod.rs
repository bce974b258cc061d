//! OpenID Connect and GitHub.

mod attacks;
mod confusions;
mod credentials;
mod freshness;
mod github;
mod login;
mod logout;
mod presets;
mod providers;
mod recheck;
mod recheck_github;
mod refusals;
mod setup;
mod sign_in;
mod stored;
