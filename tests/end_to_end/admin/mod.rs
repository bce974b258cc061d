//! Setting up, through the APIs of operator and owner.

mod api_keys;
mod app_clients;
mod break_glass;
mod connections;
mod domain_proofs;
mod domains;
mod entitlements;
mod erasure;
mod export;
mod failures;
mod filled;
mod idempotency;
pub(super) mod idp;
mod imports;
mod leaving;
mod limits;
mod lists;
mod members;
mod metadata;
mod offboarding;
mod onboarding;
mod openapi;
mod people;
mod routes;
mod saml_presets;
mod sp_keys;
mod strict;
mod support_desk;
mod support_leaving;
mod tell_members;
mod tenants;
mod waiting;
mod whole;

pub(super) use idp::by_hand;
