//! Authorization responses: where an answer goes, and how (RFC 6749 section 4.1.2, RFC 9207, OAuth 2.0 Form Post).

use serde::{Deserialize, Serialize};

use super::error::{OAuthError, OAuthErrorCode};
use super::opaque::Code;

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the redirect's query.
    Query,
    /// In a form that the browser posts.
    FormPost,
}

/// Where an answer may go: a redirect URI that was held against the registry, and the app's `state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseTarget {
    /// The redirect URI, as presented and registered.
    pub redirect_uri: String,
    /// How the answer travels.
    pub mode: ResponseMode,
    /// The app's state, echoed as it came.
    pub state: Option<String>,
}

/// An answer to be sent through the browser. No `Debug`: it holds a code.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    /// Where it goes.
    pub redirect_uri: String,
    /// How it travels.
    pub mode: ResponseMode,
    /// Its parameters, in order.
    pub parameters: Vec<(&'static str, String)>,
}

impl ResponseTarget {
    /// The successful answer.
    #[must_use]
    pub fn success(&self, code: &Code, issuer: &str) -> AuthorizationResponse {
        self.response(vec![("code", code.expose().to_owned())], issuer)
    }

    /// The answer that refuses.
    #[must_use]
    pub fn error(&self, error: OAuthErrorCode, description: &str, issuer: &str) -> AuthorizationResponse {
        let answer = OAuthError::new(error, description);
        let parameters = vec![
            ("error", answer.error.as_str().to_owned()),
            ("error_description", answer.error_description),
        ];
        self.response(parameters, issuer)
    }

    fn response(&self, mut parameters: Vec<(&'static str, String)>, issuer: &str) -> AuthorizationResponse {
        if let Some(state) = &self.state {
            parameters.push(("state", state.clone()));
        }
        parameters.push(("iss", issuer.to_owned()));
        AuthorizationResponse {
            redirect_uri: self.redirect_uri.clone(),
            mode: self.mode,
            parameters,
        }
    }
}

impl AuthorizationResponse {
    /// The `Location` of the redirect: the registered URI byte for byte, plus the parameters in its query.
    #[must_use]
    pub fn location(&self) -> String {
        append_query(&self.redirect_uri, &self.parameters)
    }
}

/// Adds parameters to a URL's query without re-spelling the URL.
#[must_use]
pub fn append_query(url: &str, parameters: &[(&'static str, String)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    if query.is_empty() {
        return url.to_owned();
    }
    let separator = match url.split_once('?') {
        None => "?",
        Some((_, existing)) if existing.is_empty() || existing.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{url}{separator}{query}")
}
