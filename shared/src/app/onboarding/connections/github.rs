//! What an owner sets of a GitHub connection (SE-10).

use super::super::{error::OnboardingError, rules};
use super::oidc::MOST_CLIENT_ID;
use crate::domain::connection::GitHubSettings;
use crate::domain::endpoint::{EndpointPolicy, EndpointUrl};

/// Longest login of a GitHub organization.
const MOST_LOGIN: usize = 39;

/// Checks every field, and tidies texts.
pub(super) fn checked(
    settings: GitHubSettings,
    policy: EndpointPolicy,
) -> Result<GitHubSettings, OnboardingError> {
    let field = "/github/server";
    let server = match settings.server.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => {
            let url = EndpointUrl::parse(text.trim_end_matches('/'), policy)
                .map_err(|error| OnboardingError::Endpoint { field, error })?;
            if url.as_str().contains('?') {
                let wanted = "the base address of a GitHub Enterprise server, without a query";
                return Err(OnboardingError::Setting { field, wanted });
            }
            Some(String::from(url))
        }
    };
    if let Some(organization) = &settings.organization {
        rules::text("/github/organization/login", &organization.login, (1, MOST_LOGIN))?;
    }
    Ok(GitHubSettings {
        server,
        client_id: rules::optional_text("/github/client_id", settings.client_id.as_deref(), MOST_CLIENT_ID)?,
        organization: settings.organization,
        recheck: settings.recheck,
    })
}
