//! The discovery document (OpenID Connect Discovery 1.0 section 3, RFC 8414, RFC 9207).

use serde::Serialize;

use super::claims;
use super::client_auth::Method;
use super::scope::Scope;
use crate::jose::Algorithm;

/// The provider's URLs. All follow from the issuer, which apps store for years.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The issuer: the deployment's base URL without a trailing slash.
    pub issuer: String,
    /// `/oauth2/authorize`.
    pub authorize: String,
    /// `/oauth2/token`.
    pub token: String,
    /// `/oauth2/userinfo`.
    pub userinfo: String,
    /// `/oauth2/revoke`.
    pub revoke: String,
    /// `/oauth2/end_session`.
    pub end_session: String,
    /// `/oauth2/jwks`.
    pub jwks: String,
}

impl Endpoints {
    /// The endpoints under a base URL; a trailing slash is taken off.
    #[must_use]
    pub fn new(base_url: &str) -> Self {
        let issuer = base_url.trim_end_matches('/').to_owned();
        let at = |path: &str| format!("{issuer}/oauth2/{path}");
        Self {
            authorize: at("authorize"),
            token: at("token"),
            userinfo: at("userinfo"),
            revoke: at("revoke"),
            end_session: at("end_session"),
            jwks: at("jwks"),
            issuer,
        }
    }
}

/// The document; field names are the registered ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Discovery<'a> {
    issuer: &'a str,
    authorization_endpoint: &'a str,
    token_endpoint: &'a str,
    userinfo_endpoint: &'a str,
    jwks_uri: &'a str,
    revocation_endpoint: &'a str,
    end_session_endpoint: &'a str,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 2],
    grant_types_supported: [&'static str; 2],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 1],
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    prompt_values_supported: [&'static str; 3],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    authorization_response_iss_parameter_supported: bool,
}

impl<'a> Discovery<'a> {
    /// The document of these endpoints, for a ring that signs by `id_token_algs`.
    #[must_use]
    pub fn new(endpoints: &'a Endpoints, id_token_algs: &[Algorithm]) -> Self {
        let methods: Vec<&'static str> = Method::ALL.iter().map(|method| method.name()).collect();
        let assertion_algs: Vec<&'static str> = Algorithm::ALL.iter().map(|alg| alg.name()).collect();
        Self {
            issuer: &endpoints.issuer,
            authorization_endpoint: &endpoints.authorize,
            token_endpoint: &endpoints.token,
            userinfo_endpoint: &endpoints.userinfo,
            jwks_uri: &endpoints.jwks,
            revocation_endpoint: &endpoints.revoke,
            end_session_endpoint: &endpoints.end_session,
            scopes_supported: Scope::ALL.iter().map(|scope| scope.as_str()).collect(),
            response_types_supported: ["code"],
            response_modes_supported: ["query", "form_post"],
            grant_types_supported: ["authorization_code", "refresh_token"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: id_token_algs.iter().map(|alg| alg.name()).collect(),
            token_endpoint_auth_methods_supported: methods.clone(),
            token_endpoint_auth_signing_alg_values_supported: assertion_algs.clone(),
            revocation_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_signing_alg_values_supported: assertion_algs,
            code_challenge_methods_supported: ["S256"],
            claim_types_supported: ["normal"],
            claims_supported: claims::SUPPORTED.to_vec(),
            prompt_values_supported: ["none", "login", "select_account"],
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            authorization_response_iss_parameter_supported: true,
        }
    }
}
