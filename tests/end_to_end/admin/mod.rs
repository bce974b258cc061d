//! Setting up, through the APIs of operator and owner.

mod api_keys;
mod app_clients;
mod break_glass;
mod connections;
mod domain_proofs;
mod domains;
mod entitlements;
mod failures;
mod idempotency;
pub(super) mod idp;
mod imports;
mod leaving;
mod limits;
mod members;
mod metadata;
mod onboarding;
mod openapi;
mod people;
mod routes;
mod saml_presets;
mod strict;
mod support_desk;
mod tell_members;
mod tenants;
mod whole;

pub(super) use idp::by_hand;
