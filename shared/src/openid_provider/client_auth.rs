//! Client authentication at the token, revocation and discovery endpoints (RFC 6749 section 2.3, OpenID Connect Core
//! section 9): exactly one method a request, and one answer for every failure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::client_assertion::{self, AssertionError, AssertionUse};
use super::clients::{AppClient, secret_matches};
use super::error::{OAuthError, OAuthErrorCode};
use super::params::{self, Parameters};
use crate::domain::ids::ClientId;
use crate::jose::Jws;
use crate::jose::jws::JwsError;
use crate::redacted::Secret;

/// The one `client_assertion_type` (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why a client is not authenticated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientAuthError {
    /// A parameter stands twice.
    #[error("each parameter may stand once, repeated: {0}")]
    Repeated(String),
    /// More than one method in one request.
    #[error("exactly one client authentication method may be used in a request")]
    SeveralMethods,
    /// `client_id` differs between the places where it stands.
    #[error("client_id must be the same wherever it stands in a request")]
    ClientIdMismatch,
    /// No client id anywhere.
    #[error("client authentication is missing")]
    Missing,
    /// The Authorization header is no well-formed Basic.
    #[error("the Authorization header must be Basic with a form-encoded client_id and secret")]
    MalformedBasic,
    /// Another assertion type.
    #[error("client_assertion_type must be {ASSERTION_TYPE}")]
    AssertionType,
    /// No such client.
    #[error("no such client")]
    UnknownClient,
    /// No live secret is the presented one.
    #[error("wrong secret")]
    WrongSecret,
    /// The client authenticates in another way.
    #[error("the client is not registered for this authentication method")]
    MethodNotRegistered,
    /// The assertion.
    #[error(transparent)]
    Assertion(#[from] AssertionError),
}

impl ClientAuthError {
    /// Stable code of this refusal, for the log.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Repeated(_) => "client_auth_repeated_parameter",
            Self::SeveralMethods => "client_auth_several_methods",
            Self::ClientIdMismatch => "client_auth_client_id_mismatch",
            Self::Missing => "client_auth_missing",
            Self::MalformedBasic => "client_auth_malformed_basic",
            Self::AssertionType => "client_auth_assertion_type",
            Self::UnknownClient => "client_auth_unknown_client",
            Self::WrongSecret => "client_auth_wrong_secret",
            Self::MethodNotRegistered => "client_auth_method_not_registered",
            Self::Assertion(error) => error.code(),
        }
    }

    /// The answer. What depends on the registry is answered alike, so that nobody learns which clients exist.
    #[must_use]
    pub fn answer(&self) -> OAuthError {
        match self {
            Self::Repeated(_) | Self::SeveralMethods | Self::ClientIdMismatch => {
                OAuthError::new(OAuthErrorCode::InvalidRequest, &self.to_string())
            }
            Self::Missing | Self::MalformedBasic | Self::AssertionType => {
                OAuthError::new(OAuthErrorCode::InvalidClient, &self.to_string())
            }
            Self::UnknownClient | Self::WrongSecret | Self::MethodNotRegistered | Self::Assertion(_) => {
                OAuthError::new(OAuthErrorCode::InvalidClient, "client authentication failed")
            }
        }
    }
}

/// How a client proved itself; the names of the discovery document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `client_secret_basic`.
    SecretBasic,
    /// `client_secret_post`.
    SecretPost,
    /// `private_key_jwt`.
    PrivateKeyJwt,
    /// `none`.
    None,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [
        Self::SecretBasic,
        Self::SecretPost,
        Self::PrivateKeyJwt,
        Self::None,
    ];

    /// The name in the discovery document.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SecretBasic => "client_secret_basic",
            Self::SecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }
}

enum Proof {
    Secret(Secret),
    Assertion(Jws),
    Nothing,
}

/// What a request presents, before the client is looked up.
pub struct Presented {
    client_id: ClientId,
    method: Method,
    proof: Proof,
}

/// A client that proved itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The client.
    pub client_id: ClientId,
    /// How.
    pub method: Method,
    /// An assertion to consume: the caller refuses when it was used before.
    pub assertion: Option<AssertionUse>,
}

impl Presented {
    /// Reads the credentials out of the Authorization header and the form.
    ///
    /// # Errors
    /// [`ClientAuthError`], the variants that need no registry.
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<Self, ClientAuthError> {
        if let Some(name) = form.repeated() {
            return Err(ClientAuthError::Repeated(name.to_owned()));
        }
        let secret = form.get("client_secret");
        let assertion = form
            .get("client_assertion")
            .or_else(|| form.get("client_assertion_type"));
        let methods = [authorization.is_some(), secret.is_some(), assertion.is_some()];
        if methods.into_iter().filter(|used| *used).count() > 1 {
            return Err(ClientAuthError::SeveralMethods);
        }
        let named = form
            .get("client_id")
            .map(|id| ClientId::parse(id).map_err(|_| ClientAuthError::UnknownClient))
            .transpose()?;
        let (own, method, proof) = if let Some(header) = authorization {
            let (id, secret) = basic(header)?;
            (Some(id), Method::SecretBasic, Proof::Secret(secret))
        } else if let Some(secret) = secret {
            (None, Method::SecretPost, Proof::Secret(Secret::new(secret)))
        } else if assertion.is_some() {
            let jws = assertion_of(form)?;
            let id = client_assertion::claimed_client(&jws).ok_or(AssertionError::Claims)?;
            (Some(id), Method::PrivateKeyJwt, Proof::Assertion(jws))
        } else {
            (None, Method::None, Proof::Nothing)
        };
        if own.is_some() && named.is_some() && own != named {
            return Err(ClientAuthError::ClientIdMismatch);
        }
        let client_id = own.or(named).ok_or(ClientAuthError::Missing)?;
        Ok(Self {
            client_id,
            method,
            proof,
        })
    }

    /// Whose registry entry to look up.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Holds the credentials against the registry entry, if there is one. `audiences` are the issuer, the token
    /// endpoint and the endpoint that was called.
    ///
    /// # Errors
    /// [`ClientAuthError`]; the answers to an unknown client and to a wrong secret are the same.
    pub fn authenticate(
        &self,
        client: Option<&AppClient>,
        audiences: &[&str],
        now: DateTime<Utc>,
    ) -> Result<Authenticated, ClientAuthError> {
        let client = client.filter(|client| client.id == self.client_id);
        let assertion = match &self.proof {
            Proof::Secret(secret) => {
                let matches = secret_matches(client.map_or(&[], |client| &client.secrets), secret, now);
                let client = client.ok_or(ClientAuthError::UnknownClient)?;
                if client.secrets.is_empty() {
                    return Err(ClientAuthError::MethodNotRegistered);
                }
                if !matches || client.is_public() {
                    return Err(ClientAuthError::WrongSecret);
                }
                None
            }
            Proof::Assertion(jws) => {
                let client = client.ok_or(ClientAuthError::UnknownClient)?;
                Some(client_assertion::verify(jws, client, audiences, now)?)
            }
            Proof::Nothing => {
                let client = client.ok_or(ClientAuthError::UnknownClient)?;
                if !client.is_public() {
                    return Err(ClientAuthError::MethodNotRegistered);
                }
                None
            }
        };
        Ok(Authenticated {
            client_id: self.client_id.clone(),
            method: self.method,
            assertion,
        })
    }
}

/// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined by a colon.
fn basic(header: &str) -> Result<(ClientId, Secret), ClientAuthError> {
    let (scheme, encoded) = header.split_once(' ').ok_or(ClientAuthError::MalformedBasic)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(ClientAuthError::MalformedBasic);
    }
    let octets = STANDARD
        .decode(encoded.trim())
        .map_err(|_| ClientAuthError::MalformedBasic)?;
    let text = String::from_utf8(octets).map_err(|_| ClientAuthError::MalformedBasic)?;
    let (id, secret) = text.split_once(':').ok_or(ClientAuthError::MalformedBasic)?;
    let id = params::decode(id).map_err(|_| ClientAuthError::MalformedBasic)?;
    let secret = params::decode(secret).map_err(|_| ClientAuthError::MalformedBasic)?;
    let id = ClientId::parse(&id).map_err(|_| ClientAuthError::UnknownClient)?;
    Ok((id, Secret::new(secret)))
}

fn assertion_of(form: &Parameters) -> Result<Jws, ClientAuthError> {
    if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err(ClientAuthError::AssertionType);
    }
    let text = form.get("client_assertion").unwrap_or_default();
    Jws::parse(text).map_err(|error: JwsError| AssertionError::Signature(error).into())
}
