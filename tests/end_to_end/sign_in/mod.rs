//! A person signs in by SAML.

mod attempts;
mod bad_input;
mod first_light;
mod idp_initiated;
mod linking;
mod provisioning;
mod races;
mod remembered;
mod round_trips;
mod single_logout;
