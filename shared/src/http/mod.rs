//! What every function answers with: problem+json, pages, cookies.
//!
//! A router is finished by [`edge::wrap`], which gives each request its reference, its span and the headers that
//! every answer carries. A handler that refuses returns a [`problem::Problem`] (APIs) or a page of [`pages::Pages`].

pub mod api;
pub mod body;
pub mod cookies;
pub mod edge;
pub mod lambda;
pub mod pages;
pub mod problem;
pub mod reference;
pub mod scim;
pub mod sign_in;
mod strict_json;
