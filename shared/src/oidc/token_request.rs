//! The token request (RFC 6749 sections 4.1.3 and 6), client authentication (section 2.3.1, RFC 7523 section 2.2), and
//! what is read of the answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::callback::provider_error;
use super::refusal::{OidcRefusal, ProviderError};
use crate::jose::signing::SigningKeyError;
use crate::jose::{SigningKey, jws};
use crate::redacted::Secret;

/// How long a client assertion is good: long enough for a slow request and a clock that is off.
const ASSERTION_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// What the form of an assertion is called (RFC 7523 section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is redeemed.
#[derive(Clone, Copy, Debug)]
pub enum Grant<'a> {
    /// A code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
    Code {
        /// The code.
        code: &'a Secret,
        /// The redirect URI of the authorization request.
        redirect_uri: &'a str,
        /// The PKCE verifier.
        verifier: &'a Secret,
    },
    /// A refresh token (section 6).
    Refresh(&'a Secret),
}

/// How we say who we are.
#[derive(Clone, Copy, Debug)]
pub enum Credentials<'a> {
    /// `client_secret_basic`
    Basic(&'a Secret),
    /// `client_secret_post`
    Post(&'a Secret),
    /// `private_key_jwt`: the assertion, from [`client_assertion`].
    Assertion(&'a Secret),
}

/// A request to the token endpoint. Neither part is ever logged.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// The form, encoded.
    pub form: Secret,
    /// The Authorization header, if there is one.
    pub authorization: Option<Secret>,
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenRequest([redacted])")
    }
}

impl TokenRequest {
    /// The request of a client for a grant.
    #[must_use]
    pub fn new(client_id: &str, grant: Grant<'_>, credentials: Credentials<'_>) -> Self {
        let mut form = Serializer::new(String::new());
        match grant {
            Grant::Code {
                code,
                redirect_uri,
                verifier,
            } => {
                form.append_pair("grant_type", "authorization_code")
                    .append_pair("code", code.expose())
                    .append_pair("redirect_uri", redirect_uri)
                    .append_pair("code_verifier", verifier.expose());
            }
            Grant::Refresh(token) => {
                form.append_pair("grant_type", "refresh_token")
                    .append_pair("refresh_token", token.expose());
            }
        }
        let mut authorization = None;
        match credentials {
            Credentials::Basic(secret) => {
                // Both parts are form-encoded before they are joined (RFC 6749 section 2.3.1).
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(client_id), encoded(secret.expose()));
                authorization = Some(Secret::new(format!("Basic {}", STANDARD.encode(pair))));
            }
            Credentials::Post(secret) => {
                form.append_pair("client_id", client_id)
                    .append_pair("client_secret", secret.expose());
            }
            Credentials::Assertion(assertion) => {
                form.append_pair("client_id", client_id)
                    .append_pair("client_assertion_type", ASSERTION_TYPE)
                    .append_pair("client_assertion", assertion.expose());
            }
        }
        Self {
            form: Secret::new(form.finish()),
            authorization,
        }
    }
}

/// A client assertion (RFC 7523 section 3; OpenID Connect Core 1.0 section 9). `jti` is random; `certificate` is the
/// thumbprint by which Entra ID finds the key.
///
/// # Errors
/// [`SigningKeyError::Sign`].
pub fn client_assertion(
    key: &SigningKey,
    certificate: Option<&str>,
    (client_id, token_endpoint): (&str, &str),
    (jti, now): (&str, DateTime<Utc>),
) -> Result<Secret, SigningKeyError> {
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": token_endpoint,
        "jti": jti,
        "iat": now.timestamp(),
        "nbf": now.timestamp(),
        "exp": (now + ASSERTION_LIFETIME).timestamp(),
    });
    jws::sign_with_certificate(key, "JWT", certificate, &claims.to_string()).map(Secret::new)
}

/// What a token endpoint answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// The ID token; absent at GitHub.
    pub id_token: Option<Secret>,
    /// The access token.
    pub access_token: Secret,
    /// The refresh token, where one was given.
    pub refresh_token: Option<Secret>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens([redacted])")
    }
}

#[derive(Deserialize)]
struct Answer {
    id_token: Option<Secret>,
    access_token: Option<Secret>,
    refresh_token: Option<Secret>,
    token_type: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Reads the answer of a token endpoint. GitHub answers errors with status 200, so that the body decides.
///
/// # Errors
/// [`OidcRefusal::ClientRefused`], [`OidcRefusal::TokenRefused`], [`OidcRefusal::Provider`] or
/// [`OidcRefusal::TokenMalformed`].
pub fn read(success: bool, status: u16, body: &[u8]) -> Result<Tokens, OidcRefusal> {
    let unreadable = if success {
        OidcRefusal::TokenMalformed
    } else {
        OidcRefusal::TokenRefused(format!("status {status}"))
    };
    let answer: Answer = serde_json::from_slice(body).map_err(|_| unreadable.clone())?;
    if let Some(error) = &answer.error {
        let refusal = refused(error, answer.error_description.as_deref());
        // A server that is out of order has not judged the grant, whatever stands in its answer.
        let judged = status < 500 || !ends_access(&refusal);
        return Err(if judged { refusal } else { unreadable });
    }
    if !success {
        return Err(unreadable);
    }
    let bearer = answer
        .token_type
        .as_deref()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    match answer.access_token {
        Some(access_token) if bearer && !access_token.expose().is_empty() => Ok(Tokens {
            id_token: answer.id_token,
            access_token,
            refresh_token: answer.refresh_token.filter(|token| !token.expose().is_empty()),
        }),
        Some(_) | None => Err(OidcRefusal::TokenMalformed),
    }
}

fn refused(error: &str, description: Option<&str>) -> OidcRefusal {
    let read = provider_error(error, description);
    match error {
        // GitHub's own word for it is the second.
        "invalid_client" | "incorrect_client_credentials" => OidcRefusal::ClientRefused,
        _ => match read {
            OidcRefusal::Provider {
                meaning: ProviderError::Unavailable,
                ..
            } => read,
            OidcRefusal::Provider { error, .. } => OidcRefusal::TokenRefused(error),
            other => other,
        },
    }
}

/// Whether a refused refresh token means that the person's access there is over (RFC 6749 section 5.2), and not that the
/// provider or we have a problem.
#[must_use]
pub fn ends_access(refusal: &OidcRefusal) -> bool {
    // GitHub's own word for it is the second.
    const ENDED: [&str; 2] = ["invalid_grant", "bad_refresh_token"];
    matches!(refusal, OidcRefusal::TokenRefused(error) if error.split(' ').next().is_some_and(|word| ENDED.contains(&word)))
}
