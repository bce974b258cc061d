//! What a cloud team does from its own machine, with its own AWS credentials: [`bootstrap`] makes the first keys, app
//! client and tenant of a deployed stack; [`doctor`] checks a stack end to end and says what to mend.
//!
//! Both know the stack by its outputs ([`stack`]) and call the operator's API as anybody would ([`client`]).

pub mod bootstrap;
pub mod client;
pub mod doctor;
pub mod signer;
pub mod stack;
