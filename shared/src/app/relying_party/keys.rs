//! Keys of identity providers: remembered for an hour, read anew when a token names one that is not known, but not more
//! often than every half minute for each provider.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::http::HeaderValue;
use chrono::{DateTime, TimeDelta, Utc};

use super::unreachable;
use crate::app::Gatehouse;
use crate::jose::Jwk;
use crate::oidc::keys;
use crate::oidc::refusal::OidcRefusal;

/// How long keys are believed.
const BELIEVED: TimeDelta = TimeDelta::hours(1);
/// How long an unknown key waits after the last look.
const PAUSE: TimeDelta = TimeDelta::seconds(30);
/// How many providers one process remembers.
const SIZE: usize = 500;

/// Keys, when they were read, and when they were last asked for. A failure to read them anew does not make them younger:
/// what the provider took back is not believed for longer than [`BELIEVED`].
#[derive(Clone, Debug)]
struct Held {
    at: DateTime<Utc>,
    asked: DateTime<Utc>,
    keys: Arc<Vec<Jwk>>,
}

/// The memory of one process. A poisoned lock remembers nothing.
#[derive(Debug, Default)]
pub struct ProviderKeys(Mutex<HashMap<String, Held>>);

impl ProviderKeys {
    fn held(&self, uri: &str, now: DateTime<Utc>) -> Option<Held> {
        let all = self.0.lock().ok()?;
        let held = all.get(uri)?;
        let age = now - held.at;
        (TimeDelta::zero() <= age && age < BELIEVED).then(|| held.clone())
    }

    fn keep(&self, uri: &str, held: Held) {
        if let Ok(mut all) = self.0.lock() {
            if all.len() >= SIZE {
                all.clear();
            }
            all.insert(uri.to_owned(), held);
        }
    }
}

/// The keys at `uri`.
///
/// # Errors
/// [`OidcRefusal`]: unreachable, malformed, or too many.
pub async fn known(gatehouse: &Gatehouse, uri: &str) -> Result<Arc<Vec<Jwk>>, OidcRefusal> {
    match gatehouse.memory.provider_keys.held(uri, gatehouse.clock.now()) {
        Some(held) => Ok(held.keys),
        None => fetch(gatehouse, uri).await,
    }
}

/// The keys at `uri`, read after a token named one that is not among the known; `None` when they were read a moment
/// ago.
///
/// # Errors
/// As [`known`].
pub async fn newer(gatehouse: &Gatehouse, uri: &str) -> Result<Option<Arc<Vec<Jwk>>>, OidcRefusal> {
    let now = gatehouse.clock.now();
    match gatehouse.memory.provider_keys.held(uri, now) {
        Some(held) if now - held.asked < PAUSE => Ok(None),
        Some(held) => {
            // Counted before it is known whether they can be read: the pause holds for failures too.
            gatehouse
                .memory
                .provider_keys
                .keep(uri, Held { asked: now, ..held });
            fetch(gatehouse, uri).await.map(Some)
        }
        None => fetch(gatehouse, uri).await.map(Some),
    }
}

async fn fetch(gatehouse: &Gatehouse, uri: &str) -> Result<Arc<Vec<Jwk>>, OidcRefusal> {
    let json = HeaderValue::from_static("application/json");
    let answer = gatehouse
        .outbound
        .get_accepting(uri, json)
        .await
        .map_err(|error| unreachable("JWK set", &error))?;
    let body = answer.success().map_err(|error| unreachable("JWK set", &error))?;
    let keys = Arc::new(keys::read(body)?);
    let at = gatehouse.clock.now();
    gatehouse.memory.provider_keys.keep(
        uri,
        Held {
            at,
            asked: at,
            keys: keys.clone(),
        },
    );
    Ok(keys)
}
