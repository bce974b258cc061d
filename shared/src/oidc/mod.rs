//! The OpenID Connect relying party: discovery, presets, callback rules, client authentication.
