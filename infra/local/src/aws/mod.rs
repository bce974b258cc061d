//! The AWS services Gatehouse uses, on this machine: the SDK clients are the real ones and only their endpoint
//! differs.
//!
//! - [`dynamodb`]: the two tables, by `dynoxide` (DynamoDB on SQLite), with a port for programs of their own,
//!   [`dynamodb_direct`] for this process, and `dynamodb_rows` for batches;
//! - [`secrets_manager`], [`ses`], [`event_bridge`]: one small loopback endpoint of our own ([`endpoint`]).

pub mod dynamodb;
pub mod dynamodb_direct;
mod dynamodb_rows;
pub mod endpoint;
pub mod event_bridge;
pub mod secrets_manager;
pub(crate) mod server_thread;
pub mod ses;
pub mod tables;
mod wire;

/// The region every local ARN names.
pub const REGION: &str = "eu-central-1";
/// The account every local ARN names.
pub const ACCOUNT: &str = "000000000000";
