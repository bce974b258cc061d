//! A person signs in by SAML.

mod attempts;
mod bad_input;
mod discovery;
mod first_light;
mod freshness;
mod idp_initiated;
mod linking;
mod provisioning;
mod races;
mod round_trips;
