//! A whole Gatehouse on this machine: functions, seed, demo identity provider, demo app, control URL.

use gatehouse::app::outbox_relay::RelayError;
use gatehouse::app::reminder::ReminderError;
use gatehouse::config::ConfigError;
use gatehouse::random::RandomError;

use crate::data_dir::DataDir;
use crate::demo_idp::{DemoIdp, IdpKeys, KeysError, SamlConsumer};
use crate::functions::{self, Settings};
use crate::local_json::LocalJson;
use crate::seed::{self, SeedError};
use crate::{Local, demo_app, demo_idp};

/// It cannot be served; `Display` is one line for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// See [`SeedError`].
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// See [`KeysError`].
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// See [`RelayError`].
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// See [`ReminderError`].
    #[error(transparent)]
    Reminder(#[from] ReminderError),
    /// The configuration that is made here is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The system's randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A file in the data folder cannot be written.
    #[error("cannot write to the data folder: {0}")]
    File(#[from] std::io::Error),
}

/// Serves everything on `local`; a first start is seeded. `local.json` is written last: who reads it finds everything
/// ready. Must run inside a tokio runtime.
///
/// # Errors
/// [`InstanceError`].
pub async fn serve(local: &Local) -> Result<LocalJson, InstanceError> {
    let folder = local.data_dir();
    let earlier = folder.and_then(|folder| LocalJson::read(&folder.local_json()));
    let keys = IdpKeys::open(folder.map(DataDir::demo_idp).as_deref())?;
    let idp = DemoIdp::new(local.demo_idp_url(), keys, local.clock());
    let operator_key = match &earlier {
        Some(earlier) => earlier.operator_key.clone(),
        None => format!("gho_{}", gatehouse::random::token()?),
    };
    let settings = Settings {
        operator_key_sha256: Some(seed::sha256_hex(&operator_key)),
        ..Settings::default()
    };
    let gatehouse = functions::gatehouse(local, &settings)?;
    local.serve_demo_idp(demo_idp::router(idp.clone()));
    let first = earlier.is_none();
    let mut seeded = match earlier {
        Some(earlier) => {
            seed::same_addresses(&earlier, local)?;
            earlier
        }
        None => {
            folder.map_or(Ok(()), DataDir::begin_first_start)?;
            seed::seed(local, &gatehouse, &idp, operator_key).await?
        }
    };
    register_consumers(&idp, &seeded);
    idp.register(seed::demo_client(&seeded));
    local.serve_functions(functions::routers(&gatehouse));
    local.serve_demo_app(demo_app::router(seed::registration(&seeded), local.clock()));
    let source = functions::event_source(local, &gatehouse)?;
    let reminder = functions::reminder(&gatehouse)?;
    let scheduled = functions::scheduled(&source, &reminder, &gatehouse);
    local.serve_control(scheduled.clone());
    local.keep_running(source.run());
    local.keep_running(functions::on_schedule(scheduled, local.clock().clone()));
    local.control_url().clone_into(&mut seeded.control_url);
    seeded.pid = std::process::id();
    if let Some(folder) = folder {
        seeded.write(&folder.local_json())?;
        if first {
            folder.end_first_start()?;
        }
    }
    Ok(seeded)
}

/// Gives the demo identity provider a launch button for each SAML connection.
fn register_consumers(idp: &DemoIdp, seeded: &LocalJson) {
    for connection in seeded
        .connections
        .iter()
        .filter(|connection| connection.kind == "saml")
    {
        let at = |end: &str| format!("{}/saml/{}/{end}", seeded.base_url, connection.id);
        let (acs_url, audience) = (at("acs"), at("metadata"));
        idp.register_consumer(SamlConsumer {
            name: connection.name.clone(),
            acs_url,
            audience,
        });
    }
}

#[cfg(test)]
#[path = "instance_tests.rs"]
mod tests;
