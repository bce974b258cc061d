//! Setting up, through the APIs of operator and owner.

mod api_keys;
mod app_clients;
mod connections;
mod domains;
mod failures;
mod idp;
mod members;
mod metadata;
mod onboarding;
mod openapi;
mod routes;
mod strict;
mod tenants;
mod whole;
