//! The OpenID Provider that the operator's app talks to: tokens, keys, clients, grants.
