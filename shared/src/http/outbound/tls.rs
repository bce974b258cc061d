//! TLS for outbound connections: rustls over aws-lc-rs, the system's certificate authorities.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use tokio::sync::OnceCell;

use super::error::OutboundError;

/// The client configuration, made at its first use: reading the authorities takes too long for a cold start that
/// needs none.
#[derive(Debug, Clone, Default)]
pub(super) struct Tls {
    config: Arc<OnceCell<Arc<ClientConfig>>>,
}

impl Tls {
    /// A configuration made beforehand.
    #[cfg(test)]
    pub(super) fn with(config: ClientConfig) -> Self {
        Self {
            config: Arc::new(OnceCell::new_with(Some(Arc::new(config)))),
        }
    }

    /// The configuration.
    pub(super) async fn config(&self) -> Result<ClientConfig, OutboundError> {
        let config = self.config.get_or_try_init(|| async { native() }).await?;
        Ok(ClientConfig::clone(config))
    }
}

fn native() -> Result<Arc<ClientConfig>, OutboundError> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| OutboundError::Roots)?
        .with_native_roots()
        .map_err(|_| OutboundError::Roots)?
        .with_no_client_auth();
    Ok(Arc::new(config))
}
