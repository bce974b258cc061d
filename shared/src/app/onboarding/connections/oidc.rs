//! What an owner sets of an OpenID Connect connection, held against the provider's discovery document (AQ-09, AQ-12,
//! AQ-13, AQ-22).

use axum::http::HeaderValue;

use super::super::{Administration, error::OnboardingError, rules};
use super::secret;
use crate::domain::connection::{
    ClientAuthentication, Connection, EmailProof, OidcConnection, OidcSettings, Protocol,
};
use crate::domain::domain_name::DomainName;
use crate::domain::endpoint::EndpointPolicy;
use crate::domain::onboarding::Finding;
use crate::jose::Algorithm;
use crate::oidc::discovery::{self, Authority};
use crate::oidc::presets;

/// Most characters of a client id.
pub(super) const MOST_CLIENT_ID: usize = 256;
/// Most additional scopes, and most characters of one.
const MOST_SCOPES: usize = 20;
const MOST_SCOPE: usize = 256;

/// Checks every field, and tidies texts. The discovery document is not asked here.
pub(super) fn checked(
    settings: OidcSettings,
    policy: EndpointPolicy,
) -> Result<OidcSettings, OnboardingError> {
    let authority = match settings.authority.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(Authority::parse(text, policy)?.as_str().to_owned()),
    };
    let setting = |field, wanted| OnboardingError::Setting { field, wanted };
    if settings.additional_scopes.len() > MOST_SCOPES
        || !settings.additional_scopes.iter().all(|s| is_scope(s))
    {
        let wanted = "at most 20 scopes, each a word of printable ASCII without quotes and '\\'";
        return Err(setting("/oidc/additional_scopes", wanted));
    }
    let known = |name: &String| Algorithm::from_name(name).is_some();
    if !settings.signing_algorithms.iter().all(known) {
        let wanted = "names among RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 and EdDSA";
        return Err(setting("/oidc/signing_algorithms", wanted));
    }
    let tenant_id = settings.tenant_id.filter(|id| !id.trim().is_empty());
    let tenant_id = tenant_id.map(|id| id.trim().to_ascii_lowercase());
    if tenant_id
        .as_deref()
        .is_some_and(|id| !presets::is_directory_id(id))
    {
        return Err(setting(
            "/oidc/tenant_id",
            "the id of an Entra ID directory, a UUID",
        ));
    }
    let hosted_domain = settings.hosted_domain.filter(|domain| !domain.trim().is_empty());
    let hosted_domain = hosted_domain
        .map(|domain| DomainName::parse(domain.trim()))
        .transpose()
        .map_err(|_| setting("/oidc/hosted_domain", "a Workspace domain, such as acme.com"))?;
    Ok(OidcSettings {
        authority,
        client_id: rules::optional_text("/oidc/client_id", settings.client_id.as_deref(), MOST_CLIENT_ID)?,
        tenant_id,
        hosted_domain: hosted_domain.map(|domain| domain.to_string()),
        ..settings
    })
}

/// A scope token (RFC 6749 section 3.3).
fn is_scope(scope: &str) -> bool {
    (1..=MOST_SCOPE).contains(&scope.len())
        && scope
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'))
}

/// Lets what follows from the settings follow: discovery where it bears on what was changed, and a key of ours where the
/// provider knows us by one. Does nothing to connections of other protocols.
pub(super) async fn follow(
    admin: &Administration,
    before: Option<&Connection>,
    after: &mut Connection,
) -> Result<(), OnboardingError> {
    let id = after.id.clone();
    let Protocol::Oidc(oidc) = &mut after.protocol else {
        return Ok(());
    };
    let before = before.and_then(|connection| match &connection.protocol {
        Protocol::Oidc(oidc) => Some(oidc),
        Protocol::Saml(_) | Protocol::GitHub(_) => None,
    });
    if !before.is_some_and(|before| bears_alike(before, oidc)) {
        discover(admin, oidc).await?;
    }
    let by_key = oidc.settings.client_authentication == ClientAuthentication::PrivateKeyJwt;
    let was_by_key = !oidc.client_keys.is_empty();
    if by_key && !was_by_key {
        oidc.secret_set_at = None;
        oidc.secret_expires_at = None;
        oidc.client_keys = vec![secret::first_key(admin, &id).await?];
    } else if !by_key && was_by_key {
        // What lies in the secret now is a key: no secret until one is given.
        oidc.client_keys = Vec::new();
        oidc.secret_set_at = None;
        oidc.secret_expires_at = None;
    }
    Ok(())
}

/// Whether discovery would answer alike: everything that [`discovery::read`] looks at is the same.
fn bears_alike(before: &OidcConnection, after: &OidcConnection) -> bool {
    let (a, b) = (&before.settings, &after.settings);
    before.provider.is_some() == a.authority.is_some()
        && a.authority == b.authority
        && a.preset == b.preset
        && a.tenant_id == b.tenant_id
        && a.client_authentication == b.client_authentication
        && a.signing_algorithms == b.signing_algorithms
        && a.redirect_uri == b.redirect_uri
        && a.missing_iss_acknowledged == b.missing_iss_acknowledged
        && a.upstream_logout == b.upstream_logout
}

/// What is found now: the provider must still be the one that was set up, and must still be there.
pub(super) async fn findings(admin: &Administration, oidc: &OidcConnection) -> Vec<Finding> {
    let mut now = oidc.clone();
    let mut found = Vec::new();
    match discover(admin, &mut now).await {
        Err(error) => found.push(Finding::error(error.code(), error.to_string())),
        Ok(()) => {
            let endpoints = |oidc: &OidcConnection| {
                let provider = oidc.provider.as_ref()?;
                Some((provider.token_endpoint.clone(), provider.jwks_uri.clone()))
            };
            if endpoints(&now) != endpoints(oidc) {
                let detail =
                    "the provider's endpoints are others than when the connection was set up: save it anew";
                found.push(Finding::error("provider_endpoints_changed", detail));
            }
        }
    }
    if oidc.settings.email_proof == EmailProof::OwnerVouches {
        let detail = "addresses are believed although the provider does not verify them: whoever can write an address \
                      into its directory can take over that member's account";
        found.push(Finding::warning("email_not_verified", detail));
    }
    found
}

/// Fetches and checks the discovery document of the authority; without one nothing is known of the provider.
async fn discover(admin: &Administration, oidc: &mut OidcConnection) -> Result<(), OnboardingError> {
    let Some(text) = oidc.settings.authority.clone() else {
        oidc.provider = None;
        return Ok(());
    };
    let policy = admin.endpoint_policy();
    let authority = Authority::parse(&text, policy)?;
    let json = HeaderValue::from_static("application/json");
    let fetched = admin
        .gatehouse
        .outbound
        .get_accepting(&authority.discovery_url(), json)
        .await
        .map_err(OnboardingError::Authority)?;
    let document = fetched.success().map_err(OnboardingError::Authority)?;
    let provider = discovery::read(document, &authority, &mut oidc.settings, policy, admin.now())?;
    oidc.provider = Some(provider);
    Ok(())
}
