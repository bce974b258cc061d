//! The OpenID Provider's use cases: what the operator's app asks for, on the directory.

pub mod authenticate_client;
pub mod authorize;
pub mod keys;
