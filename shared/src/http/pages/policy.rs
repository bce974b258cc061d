//! The Content-Security-Policy of pages. Nothing is loaded; the one style and the one script are allowed by hash.
//!
//! Why `form-action` is wide on pages whose form starts or finishes a sign-in: Chromium applies it to every redirect
//! that follows the submission, and those lead over the customer's identity provider, whatever it redirects to, and
//! back to the app (docs/decisions/0012).

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

/// Content of the only `<style>` element.
pub(super) const STYLE: &str = include_str!("../../../templates/style.css");
/// Content of the only `<script>` element, on the self-sending page.
const SCRIPT: &str = "document.forms[0].submit()";

static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| source_of(STYLE));
static SCRIPT_SOURCE: LazyLock<String> = LazyLock::new(|| source_of(SCRIPT));

fn source_of(content: &str) -> String {
    let hash = digest::digest(&digest::SHA256, content.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(hash))
}

/// Where a page's form may lead, redirects included.
#[derive(Debug)]
pub(super) enum FormTarget {
    /// The page has no form.
    Nowhere,
    /// To us, and by redirects over an identity provider to the app.
    Federated {
        /// Plain http on loopback is a target too: the local harness.
        loopback: bool,
    },
    /// To an identity provider and on from there; the page sends itself.
    Provider {
        /// Scheme source or, for plain http, the exact origin.
        source: String,
    },
}

impl FormTarget {
    /// The target of a self-sending form. An address without an origin gets no target at all.
    pub(super) fn provider(action: &str) -> Self {
        match Url::parse(action) {
            Ok(url) if url.scheme() == "https" => Self::Provider {
                source: "https:".to_owned(),
            },
            Ok(url) if url.scheme() == "http" => Self::Provider {
                source: url.origin().ascii_serialization(),
            },
            Ok(_) | Err(_) => Self::Nowhere,
        }
    }

    /// The script that a self-sending page has.
    pub(super) fn script(&self) -> Option<&'static str> {
        match self {
            Self::Provider { .. } => Some(SCRIPT),
            Self::Nowhere | Self::Federated { .. } => None,
        }
    }

    /// The header's value.
    pub(super) fn policy(&self) -> HeaderValue {
        let style = STYLE_SOURCE.as_str();
        let fixed = format!("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src {style}");
        let text = match self {
            Self::Nowhere => format!("{fixed}; form-action 'none'"),
            Self::Federated { loopback: false } => format!("{fixed}; form-action 'self' https:"),
            Self::Federated { loopback: true } => {
                format!("{fixed}; form-action 'self' https: http://localhost:* http://127.0.0.1:*")
            }
            Self::Provider { source } => {
                let script = SCRIPT_SOURCE.as_str();
                format!("{fixed}; script-src {script}; form-action {source}")
            }
        };
        // An origin is ASCII without control characters: the fallback is never taken, and refuses everything.
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}
