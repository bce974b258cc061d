//! SCIM 2.0, the protocol alone (RFC 7643, RFC 7644, RFC 9865): schemas, filters, paths, PATCH, lists and errors.
//!
//! Nothing here reads a clock, a store or the network: `now` and keys are parameters. A resource is a JSON object
//! in schema spelling ([`normalize::resource`] makes it from what a client sent, [`resource::render`] turns it into
//! an answer). A group's members never lie in that object: they are [`normalize::Member`]s and, in a PATCH,
//! [`patch::MemberOp`]s, so that a group of any size is changed without being loaded.
//!
//! How far from the RFCs identity providers stray is part of the job; each deviation that is allowed has a test
//! with its id.

pub mod error;
pub mod etag;
pub mod filter;
pub mod list;
pub mod media;
pub mod normalize;
pub mod patch;
pub mod path;
pub mod resource;
pub mod schema;
pub mod text;

#[cfg(test)]
mod tests;

pub use error::ScimError;
pub use filter::Filter;
pub use schema::ResourceKind;
