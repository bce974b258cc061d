//! The authentication request (OpenID Connect Core 1.0 section 3.1.2.1): authorization code flow with PKCE, state and
//! nonce, always.

use url::Url;

use super::refusal::OidcRefusal;
use crate::domain::connection::{OidcPreset, OidcProvider, OidcSettings};
use crate::domain::email::EmailAddress;
use crate::domain::endpoint::{EndpointError, EndpointPolicy, EndpointUrl};

/// What is asked of the provider.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// Our `client_id` there.
    pub client_id: &'a str,
    /// Where the answer goes.
    pub redirect_uri: &'a str,
    /// Binds the answer to the browser's sign-in.
    pub state: &'a str,
    /// Binds the ID token to it.
    pub nonce: &'a str,
    /// PKCE (RFC 7636), S256.
    pub code_challenge: &'a str,
    /// Whom the person said to be.
    pub login_hint: Option<&'a EmailAddress>,
    /// The person must be asked again.
    pub fresh: bool,
    /// Seconds since the person was asked, at most.
    pub max_age: Option<u32>,
    /// The person chooses the account again.
    pub choose_account: bool,
    /// Where browsers may be sent to.
    pub policy: EndpointPolicy,
}

/// `openid profile email` and what the owner adds (AQ-22), without repetition.
#[must_use]
pub fn scopes(settings: &OidcSettings) -> Vec<&str> {
    let mut all = vec!["openid", "profile", "email"];
    let offline = settings.offline_access && settings.preset != OidcPreset::GoogleWorkspace;
    let more = settings.additional_scopes.iter().map(String::as_str);
    for scope in more.chain(offline.then_some("offline_access")) {
        if !all.contains(&scope) {
            all.push(scope);
        }
    }
    all
}

impl AuthorizationRequest<'_> {
    /// The URL that the browser is sent to. A query of the endpoint's own stays (RFC 6749 section 3.1).
    ///
    /// # Errors
    /// [`OidcRefusal::AuthorizationEndpoint`] when the stored endpoint is none that a browser may be sent to.
    pub fn url(&self, provider: &OidcProvider, settings: &OidcSettings) -> Result<String, OidcRefusal> {
        let mut url = parse(&provider.authorization_endpoint, self.policy)?;
        let prompt = self.prompt(settings);
        let max_age = self
            .max_age
            .or(self.fresh.then_some(0))
            .map(|age| age.to_string());
        let scope = scopes(settings).join(" ");
        let google = settings.preset == OidcPreset::GoogleWorkspace;
        let parameters = [
            ("response_type", Some("code")),
            ("client_id", Some(self.client_id)),
            ("redirect_uri", Some(self.redirect_uri)),
            ("scope", Some(scope.as_str())),
            ("state", Some(self.state)),
            ("nonce", Some(self.nonce)),
            ("code_challenge", Some(self.code_challenge)),
            ("code_challenge_method", Some("S256")),
            ("login_hint", self.login_hint.map(EmailAddress::as_str)),
            ("prompt", (!prompt.is_empty()).then_some(prompt.as_str())),
            // With max_age the provider must say when the person was asked (section 2, `auth_time`).
            ("max_age", max_age.as_deref()),
            // Only the account chooser narrows by it; what counts is the claim in the ID token.
            ("hd", settings.hosted_domain.as_deref().filter(|_| google)),
            (
                "access_type",
                (google && settings.offline_access).then_some("offline"),
            ),
        ];
        let mut query = url.query_pairs_mut();
        for (name, value) in parameters {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        drop(query);
        Ok(url.into())
    }

    fn prompt(&self, settings: &OidcSettings) -> String {
        // Providers that keep to section 11 give offline access only with consent; Google only so gives it again.
        let consent = settings.offline_access
            && matches!(settings.preset, OidcPreset::Generic | OidcPreset::GoogleWorkspace);
        let words = [
            ("login", self.fresh),
            ("select_account", self.choose_account && !self.fresh),
            ("consent", consent),
        ];
        let asked = words
            .into_iter()
            .filter_map(|(word, asked)| asked.then_some(word));
        asked.collect::<Vec<_>>().join(" ")
    }
}

/// The address that a browser is sent to. It was checked when it was stored; a browser runs what stands in a `javascript:`
/// address, so it is checked again.
pub(super) fn parse(endpoint: &str, policy: EndpointPolicy) -> Result<Url, OidcRefusal> {
    let checked = EndpointUrl::parse(endpoint, policy).map_err(OidcRefusal::AuthorizationEndpoint)?;
    Url::parse(checked.as_str()).map_err(|_| OidcRefusal::AuthorizationEndpoint(EndpointError::NotAbsolute))
}
