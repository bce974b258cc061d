//! Who a provider's answers may say that it is.

use crate::domain::connection::{OidcConnection, OidcPreset};

/// The issuer of a connection, with the one other spelling that some providers have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    name: String,
    also: Option<String>,
}

impl Issuer {
    /// The issuer of a connection, once discovery has said it. Google's may come without `https://` (GW-3).
    #[must_use]
    pub fn of(oidc: &OidcConnection) -> Option<Self> {
        let name = oidc.issuer()?;
        let google = oidc.settings.preset == OidcPreset::GoogleWorkspace;
        let bare = || name.split_once("://").map(|(_, bare)| bare.to_owned());
        let also = google.then(bare).flatten();
        Some(Self { name, also })
    }

    /// Its name; the same for every spelling.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether an answer names it.
    #[must_use]
    pub fn is(&self, named: &str) -> bool {
        named == self.name || self.also.as_deref() == Some(named)
    }
}
