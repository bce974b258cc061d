//! What every SCIM function answers with (RFC 7644, section 3): who is let in, bodies, entity tags, media types and
//! errors.
//!
//! A function puts its routes, all below [`BASE`], through [`protect`] and then through [`super::edge::wrap`]. A handler
//! takes the [`Caller`], a [`ScimJson`] body and [`Conditions`] as extractors and answers a [`ScimAnswer`].

mod answer;
mod body;
mod caller;
mod conditions;
mod error;
mod groups;

pub use answer::{ScimAnswer, changed, created, document, done, gone, resource};
pub use body::{LIMIT, ScimJson};
pub use caller::protect;
pub use conditions::Conditions;
pub use groups::group_view;

pub use crate::app::scim::Caller;

/// The path of a SCIM base URL, as routes name it.
pub const BASE: &str = "/scim/v2/{tenant}";

#[cfg(test)]
mod tests;
