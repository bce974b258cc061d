//! SCIM 2.0 (RFC 7643, RFC 7644): schema, filter, path, patch, list, error.
