//! The functions, as one deployment on the embedded services.

use std::sync::Arc;

use axum::Router;
use gatehouse::app::Gatehouse;
use gatehouse::config::{Config, ConfigError};

use crate::Local;
use crate::aws::tables::{DIRECTORY, EPHEMERAL};

/// What a deployment is told beside its addresses.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// SHA-256 of the key that opens the operator API, in hexadecimal.
    pub operator_key_sha256: Option<String>,
    /// More environment variables, over the ones made here.
    pub variables: Vec<(String, String)>,
}

/// The use cases' world on the embedded services, configured as a function is: by environment variables.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong.
pub fn gatehouse(local: &Local, settings: &Settings) -> Result<Arc<Gatehouse>, ConfigError> {
    let mut variables = vec![
        ("GATEHOUSE_BASE_URL".to_owned(), local.base_url().to_owned()),
        ("GATEHOUSE_DIRECTORY_TABLE".to_owned(), DIRECTORY.to_owned()),
        ("GATEHOUSE_EPHEMERAL_TABLE".to_owned(), EPHEMERAL.to_owned()),
        (
            "GATEHOUSE_SECRETS_PREFIX".to_owned(),
            "gatehouse/local".to_owned(),
        ),
        (
            "GATEHOUSE_MAIL_SENDER".to_owned(),
            "Gatehouse <no-reply@gatehouse.example>".to_owned(),
        ),
        ("GATEHOUSE_EVENT_BUS".to_owned(), "gatehouse".to_owned()),
        (
            "GATEHOUSE_LOCAL_ALLOW_LOOPBACK_HTTP".to_owned(),
            "true".to_owned(),
        ),
    ];
    let key = settings.operator_key_sha256.clone();
    variables.extend(key.map(|key| ("GATEHOUSE_LOCAL_OPERATOR_KEY_SHA256".to_owned(), key)));
    variables.extend(settings.variables.iter().cloned());
    let config = Config::from_env(variables)?;
    Ok(Gatehouse::new(config, local.clock().clone(), local.sdk_config()))
}

/// The routers of all functions, to stand behind the gateway.
#[must_use]
pub fn routers(gatehouse: &Arc<Gatehouse>) -> Vec<Router> {
    vec![
        sign_in::router(gatehouse.clone()),
        saml_acs::router(gatehouse.clone()),
        saml_metadata::router(gatehouse.clone()),
        openid_provider::router(gatehouse.clone()),
        operator_api::router(gatehouse.clone()),
        owner_portal::router(gatehouse.clone()),
        scim_root::router(gatehouse.clone()),
    ]
}
