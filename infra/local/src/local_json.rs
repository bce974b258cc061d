//! `<data-dir>/local.json`: what a script needs to use the running instance.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// Its name in the data folder.
pub const FILE: &str = "local.json";

/// The file's content. It holds secrets of the local instance, so the file has mode 0600, and so this has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct LocalJson {
    /// Gatehouse, such as `http://localhost:8400`.
    pub base_url: String,
    /// The demo identity provider.
    pub demo_idp_url: String,
    /// The demo app.
    pub demo_app_url: String,
    /// The seeded tenant.
    pub tenant: SeededTenant,
    /// Its connections.
    pub connections: Vec<SeededConnection>,
    /// The demo app's registration.
    pub app_client: SeededAppClient,
    /// SCIM base URL of the tenant.
    pub scim_base_url: String,
    /// Bearer token for it.
    pub scim_key: String,
    /// Bearer token of the operator API.
    pub operator_key: String,
    /// Bearer token of the tenant's owner API.
    pub owner_key: String,
    /// Moves the clock, runs scheduled functions, lists mails and events.
    pub control_url: String,
    /// This process.
    pub pid: u32,
}

/// The tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeededTenant {
    /// Tenant id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Proven domains.
    pub domains: Vec<String>,
}

/// A connection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SeededConnection {
    /// Connection id.
    pub id: String,
    /// `saml`, `oidc` or `github`.
    pub kind: String,
    /// Display name.
    pub name: String,
}

/// The app's client.
#[derive(Clone, Serialize, Deserialize)]
pub struct SeededAppClient {
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`.
    pub client_secret: String,
    /// The registered redirect URI.
    pub redirect_uri: String,
}

impl LocalJson {
    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        crate::data_dir::write_private(path, &serde_json::to_vec_pretty(self)?)
    }

    /// Ports of Gatehouse, the demo identity provider and the demo app.
    #[must_use]
    pub fn ports(&self) -> Option<[u16; 3]> {
        let port = |url: &str| url::Url::parse(url).ok()?.port();
        Some([
            port(&self.base_url)?,
            port(&self.demo_idp_url)?,
            port(&self.demo_app_url)?,
        ])
    }

    /// Reads it, if an earlier run left one that can be read.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }
}
