//! Single logout (saml-core-2.0-os, section 3.7; saml-profiles-2.0-os, section 4.4): what an identity provider asks for
//! when a person signs out there, and our answer to it.
//!
//! Pure: the caller hands in the time and what the connection expects, ends the sessions, and records the request's id
//! against replay.

mod error;
mod request;
mod response;

pub use error::LogoutError;
pub use request::{Arrival, LogoutExpectations, LogoutRequest, read_logout_request};
pub use response::LogoutResponse;
