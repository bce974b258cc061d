//! Discovery (OpenID Connect Discovery 1.0 section 4): the document of an authority, checked when a connection is set
//! up, so that a wrong setting is found by who makes it and not by who signs in.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::presets::{self, EntraAuthority};
use crate::domain::connection::{OidcPreset, OidcProvider, OidcSettings, RedirectUri};
use crate::domain::endpoint::{EndpointError, EndpointPolicy, EndpointUrl};
use crate::jose::Algorithm;

const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// Why a provider cannot be used as it is set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// The authority is no address.
    #[error("the authority: {0}")]
    Authority(#[from] EndpointError),
    /// The authority has a query.
    #[error("wanted an authority without a query, got one with '?'")]
    AuthorityQuery,
    /// The document is no JSON object of the known shape.
    #[error("wanted a JSON object at the authority's {WELL_KNOWN}, got something else: {reason}")]
    NotADocument {
        /// What the reader said.
        reason: String,
    },
    /// A member is absent.
    #[error("wanted {name} in the discovery document, it is absent")]
    Missing {
        /// The member.
        name: &'static str,
    },
    /// An endpoint is no address that a browser or a secret may be sent to.
    #[error("{name} of the discovery document: {error}")]
    Endpoint {
        /// The member.
        name: &'static str,
        /// What is wrong with it.
        error: EndpointError,
    },
    /// AQ-12: the document is another issuer's.
    #[error("wanted the issuer {expected}, the discovery document says {came}{hint}")]
    IssuerMismatch {
        /// What follows from the authority.
        expected: String,
        /// What the document says.
        came: String,
        /// What may mend it, in parentheses.
        hint: &'static str,
    },
    /// Entra ID for several directories, and none is pinned.
    #[error("the authority stands for every Entra ID directory: set tenant_id to the one that may sign in")]
    DirectoryNotPinned,
    /// The pinned directory is another one than the authority's.
    #[error("tenant_id is {pinned}, the authority names the directory {came}")]
    DirectoryMismatch {
        /// The setting.
        pinned: String,
        /// The authority's.
        came: String,
    },
    /// The provider does not do the authorization code flow.
    #[error(
        "wanted a provider with the authorization code flow (response type code), this one has: {offered}"
    )]
    NoCodeFlow {
        /// What it has.
        offered: String,
    },
    /// No algorithm in common.
    #[error("wanted ID tokens signed by one of {wanted}, the provider signs by: {offered}")]
    NoCommonAlgorithm {
        /// What we take.
        wanted: String,
        /// What it has.
        offered: String,
    },
    /// It does not take our way of authenticating.
    #[error("wanted a token endpoint with {wanted}, this one takes: {offered}")]
    ClientAuthentication {
        /// The setting.
        wanted: &'static str,
        /// What it takes.
        offered: String,
    },
    /// The owner wants people to be signed out there, and the provider has no place for it.
    #[error(
        "wanted end_session_endpoint in the discovery document, since upstream_logout is on; it is absent"
    )]
    NoLogout,
    /// The shared redirect URI with a provider that does not say who it is.
    #[error(
        "the provider does not say that it sends iss beside the code (RFC 9207), which keeps the shared redirect URI \
         safe: use the connection's own, or set missing_iss_acknowledged"
    )]
    IssNotSent,
}

impl DiscoveryError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Authority(_) => "authority_invalid",
            Self::AuthorityQuery => "authority_with_query",
            Self::NotADocument { .. } => "discovery_not_a_document",
            Self::Missing { .. } => "discovery_member_missing",
            Self::Endpoint { .. } => "discovery_endpoint_refused",
            Self::IssuerMismatch { .. } => "issuer_mismatch",
            Self::DirectoryNotPinned => "directory_not_pinned",
            Self::DirectoryMismatch { .. } => "directory_mismatch",
            Self::NoCodeFlow { .. } => "code_flow_not_supported",
            Self::NoCommonAlgorithm { .. } => "signing_algorithm_not_supported",
            Self::ClientAuthentication { .. } => "client_authentication_not_supported",
            Self::NoLogout => "logout_not_supported",
            Self::IssNotSent => "shared_redirect_uri_without_iss",
        }
    }

    /// The setting that is in question, as a JSON pointer.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Authority(_)
            | Self::AuthorityQuery
            | Self::NotADocument { .. }
            | Self::Missing { .. }
            | Self::Endpoint { .. }
            | Self::IssuerMismatch { .. }
            | Self::NoCodeFlow { .. } => "/oidc/authority",
            Self::DirectoryNotPinned | Self::DirectoryMismatch { .. } => "/oidc/tenant_id",
            Self::NoCommonAlgorithm { .. } => "/oidc/signing_algorithms",
            Self::ClientAuthentication { .. } => "/oidc/client_authentication",
            Self::NoLogout => "/oidc/upstream_logout",
            Self::IssNotSent => "/oidc/redirect_uri",
        }
    }
}

/// An authority as an owner types it: an absolute address, with or without the well-known path after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority(String);

impl Authority {
    /// Reads an authority.
    ///
    /// # Errors
    /// [`DiscoveryError::Authority`] or [`DiscoveryError::AuthorityQuery`].
    pub fn parse(text: &str, policy: EndpointPolicy) -> Result<Self, DiscoveryError> {
        let text = text.trim();
        let url = EndpointUrl::parse(text.strip_suffix(WELL_KNOWN).unwrap_or(text), policy)?;
        if url.as_str().contains('?') {
            return Err(DiscoveryError::AuthorityQuery);
        }
        Ok(Self(url.into()))
    }

    /// The authority as text, a trailing slash included where one was given (A0-1).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its discovery document lies.
    #[must_use]
    pub fn discovery_url(&self) -> String {
        format!("{}{WELL_KNOWN}", self.0.strip_suffix('/').unwrap_or(&self.0))
    }
}

/// What is read of the document (OpenID Connect Discovery 1.0 section 3, RFC 8414, RFC 9207).
#[derive(Debug, Deserialize)]
struct Document {
    issuer: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    jwks_uri: Option<String>,
    response_types_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The algorithms that a connection takes: those that its owner named, else every one that we know.
#[must_use]
pub fn allowed_algorithms(settings: &OidcSettings) -> Vec<Algorithm> {
    if settings.signing_algorithms.is_empty() {
        return Algorithm::ALL.to_vec();
    }
    let named = settings.signing_algorithms.iter();
    named.filter_map(|name| Algorithm::from_name(name)).collect()
}

/// Checks the document of `settings.authority` and takes what is needed out of it. For Entra ID the directory that the
/// authority names is pinned in `settings`.
///
/// # Errors
/// [`DiscoveryError`]: what was wanted and what came.
pub fn read(
    document: &[u8],
    authority: &Authority,
    settings: &mut OidcSettings,
    policy: EndpointPolicy,
    now: DateTime<Utc>,
) -> Result<OidcProvider, DiscoveryError> {
    let document: Document =
        serde_json::from_slice(document).map_err(|error| DiscoveryError::NotADocument {
            reason: error.to_string().chars().take(200).collect(),
        })?;
    let issuer = document
        .issuer
        .clone()
        .ok_or(DiscoveryError::Missing { name: "issuer" })?;
    check_issuer(&issuer, authority, settings)?;
    check_abilities(&document, settings)?;
    if settings.redirect_uri == RedirectUri::Shared
        && !document.authorization_response_iss_parameter_supported
        && !settings.missing_iss_acknowledged
    {
        return Err(DiscoveryError::IssNotSent);
    }
    let endpoint =
        |name, text: Option<String>| text.map(|text| checked_endpoint(name, &text, policy)).transpose();
    let required = |name, text| endpoint(name, text)?.ok_or(DiscoveryError::Missing { name });
    let end_session_endpoint = endpoint("end_session_endpoint", document.end_session_endpoint)?;
    if settings.upstream_logout && end_session_endpoint.is_none() {
        return Err(DiscoveryError::NoLogout);
    }
    Ok(OidcProvider {
        issuer,
        authorization_endpoint: required("authorization_endpoint", document.authorization_endpoint)?,
        token_endpoint: required("token_endpoint", document.token_endpoint)?,
        jwks_uri: required("jwks_uri", document.jwks_uri)?,
        userinfo_endpoint: endpoint("userinfo_endpoint", document.userinfo_endpoint)?,
        sends_iss: document.authorization_response_iss_parameter_supported,
        end_session_endpoint,
        discovered_at: now,
    })
}

fn checked_endpoint(
    name: &'static str,
    text: &str,
    policy: EndpointPolicy,
) -> Result<String, DiscoveryError> {
    EndpointUrl::parse(text, policy)
        .map(String::from)
        .map_err(|error| DiscoveryError::Endpoint { name, error })
}

/// The issuer must equal the authority, one trailing slash tolerated; Entra's follows from it (E-30, E-31).
fn check_issuer(
    came: &str,
    authority: &Authority,
    settings: &mut OidcSettings,
) -> Result<(), DiscoveryError> {
    let entra = (settings.preset == OidcPreset::EntraId)
        .then(|| EntraAuthority::parse(authority.as_str()))
        .flatten();
    let Some(entra) = entra else {
        return if same_issuer(authority.as_str(), came) {
            Ok(())
        } else {
            Err(mismatch(authority.as_str().to_owned(), came, settings.preset))
        };
    };
    let expected = entra.issuer();
    // The v1.0 issuer is itself an authority with a document of its own.
    if !same_issuer(&expected, came) && !same_issuer(authority.as_str(), came) {
        return Err(mismatch(expected, came, settings.preset));
    }
    pin_directory(&entra, settings)
}

fn pin_directory(entra: &EntraAuthority<'_>, settings: &mut OidcSettings) -> Result<(), DiscoveryError> {
    if entra.is_multi_tenant() {
        return settings
            .tenant_id
            .as_ref()
            .map(|_| ())
            .ok_or(DiscoveryError::DirectoryNotPinned);
    }
    match &settings.tenant_id {
        Some(pinned) if !pinned.eq_ignore_ascii_case(entra.directory) => {
            Err(DiscoveryError::DirectoryMismatch {
                pinned: pinned.clone(),
                came: entra.directory.to_owned(),
            })
        }
        Some(_) => Ok(()),
        None => {
            settings.tenant_id = Some(entra.directory.to_owned());
            Ok(())
        }
    }
}

fn same_issuer(wanted: &str, came: &str) -> bool {
    let bare = |text: &str| text.strip_suffix('/').map(str::to_owned);
    came == wanted || bare(wanted).as_deref() == Some(came) || bare(came).as_deref() == Some(wanted)
}

fn mismatch(expected: String, came: &str, preset: OidcPreset) -> DiscoveryError {
    const OF_ENTRA: [&str; 3] = [
        "login.microsoftonline.",
        "sts.windows.net",
        crate::domain::connection::ENTRA_TEMPLATE,
    ];
    let entra = OF_ENTRA.iter().any(|mark| came.contains(mark));
    let hint = match (entra, preset == OidcPreset::EntraId) {
        (true, false) => " (choose the preset entra_id)",
        (true, true) => {
            " (write the directory's id into the authority, with /v2.0 after it for v2.0 endpoints)"
        }
        (false, _) => presets::issuer_hint(preset),
    };
    DiscoveryError::IssuerMismatch {
        expected,
        came: came.chars().take(200).collect(),
        hint,
    }
}

/// Code flow, an algorithm and a way to authenticate in common. What the document leaves out has its standard default.
fn check_abilities(document: &Document, settings: &OidcSettings) -> Result<(), DiscoveryError> {
    let list = |names: &[String]| names.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
    if let Some(types) = &document.response_types_supported
        && !types.iter().any(|kind| kind == "code")
    {
        return Err(DiscoveryError::NoCodeFlow { offered: list(types) });
    }
    let ours = allowed_algorithms(settings);
    if let Some(offered) = &document.id_token_signing_alg_values_supported
        && !ours
            .iter()
            .any(|alg| offered.iter().any(|name| name == alg.name()))
    {
        return Err(DiscoveryError::NoCommonAlgorithm {
            wanted: ours.iter().map(|alg| alg.name()).collect::<Vec<_>>().join(", "),
            offered: list(offered),
        });
    }
    let default = ["client_secret_basic".to_owned()];
    let methods = document
        .token_endpoint_auth_methods_supported
        .as_deref()
        .unwrap_or(&default);
    let wanted = settings.client_authentication.name();
    if methods.iter().any(|method| method == wanted) {
        Ok(())
    } else {
        Err(DiscoveryError::ClientAuthentication {
            wanted,
            offered: list(methods),
        })
    }
}
