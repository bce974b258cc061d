//! Lambda on this machine: the built programs of the functions, started as Lambda starts them and given events through
//! the Runtime API on loopback.
//!
//! - [`runtime_api`]: what a program asks for its next event and answers to;
//! - [`program`]: one running program, with what it cost;
//! - [`api_gateway`]: HTTP requests as payload 2.0, and answers back.

pub mod api_gateway;
pub mod program;
pub mod runtime_api;
pub mod tls;

pub use self::program::{Cost, Program, ProgramError};
