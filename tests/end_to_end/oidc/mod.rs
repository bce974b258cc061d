//! OpenID Connect and GitHub.

mod setup;
