//! The OpenID Provider as apps and attackers meet it.

mod access;
mod authorize;
mod browser_apps;
mod clients;
mod codes;
mod discover;
mod documents;
mod ending;
mod freshness;
mod hints;
mod logout;
mod private_key_jwt;
mod refresh;
mod round_trips;
mod support;
mod tenants;
