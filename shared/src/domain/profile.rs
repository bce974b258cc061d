//! The profile of a person provisioned at sign-in.
