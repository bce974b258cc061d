//! Whole flows through the functions' routers, on the embedded services.

mod admin;
mod lambda;
mod logs;
mod oidc;
mod openid_provider;
mod operating;
mod permissions;
mod relay;
mod scim;
mod sign_in;
