//! The logout request (OpenID Connect RP-Initiated Logout 1.0 section 2).

use url::Url;

use super::refusal::OidcRefusal;
use crate::domain::endpoint::EndpointPolicy;

/// Longest ID token that travels as a hint, in bytes: with the rest of the address it must pass through servers that
/// take 8 KiB. Without it the provider asks the person.
pub const MOST_HINT: usize = 4 * 1024;

/// What is asked of the provider.
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequest<'a> {
    /// Our `client_id` there.
    pub client_id: &'a str,
    /// The ID token of the session that is over.
    pub id_token_hint: Option<&'a str>,
    /// Where the browser comes back to; registered there.
    pub post_logout_redirect_uri: &'a str,
    /// Binds the way back to this logout.
    pub state: &'a str,
}

impl LogoutRequest<'_> {
    /// The URL that the browser is sent to. A query of the endpoint's own stays.
    ///
    /// # Errors
    /// [`OidcRefusal::AuthorizationEndpoint`] when the stored endpoint is none that a browser may be sent to.
    pub fn url(&self, end_session_endpoint: &str, policy: EndpointPolicy) -> Result<String, OidcRefusal> {
        let mut url: Url = super::authorization_request::parse(end_session_endpoint, policy)?;
        {
            let mut query = url.query_pairs_mut();
            if let Some(hint) = self.id_token_hint.filter(|hint| hint.len() <= MOST_HINT) {
                query.append_pair("id_token_hint", hint);
            }
            query
                .append_pair("client_id", self.client_id)
                .append_pair("post_logout_redirect_uri", self.post_logout_redirect_uri)
                .append_pair("state", self.state);
        }
        Ok(url.into())
    }
}
