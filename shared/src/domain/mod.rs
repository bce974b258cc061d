//! Plain types and rules of the domain: no I/O, no AWS type, no clock.

pub mod connection;
pub mod deadline;
pub mod domain_name;
pub mod email;
pub mod endpoint;
pub mod erasure;
pub mod event;
pub mod fixer;
pub mod group;
pub mod ids;
pub mod letter;
pub mod offboarding;
pub mod onboarding;
pub mod phone;
pub mod profile;
pub mod recheck;
pub mod role_catalogue;
pub mod scim_record;
pub mod session;
pub mod sync_guard;
pub mod team;
pub mod tenant;
pub mod upstream;
pub mod user;
