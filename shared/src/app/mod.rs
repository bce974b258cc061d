//! Use cases: what Gatehouse does, one folder or file per use case.
//!
//! A use case takes [`Gatehouse`] and what came in; it answers with what happened, or an error of its own enum. It
//! knows neither HTTP nor pages.

pub mod account_recheck;
pub mod attempt;
pub mod browser;
pub mod bypass;
pub mod client_key;
pub mod connection_upkeep;
pub mod deadlines;
pub mod discover;
pub mod events;
pub mod failures;
pub mod finish_sign_in;
pub mod idempotency;
pub mod initiate_login;
pub mod issue_code;
pub mod linking;
pub mod onboarding;
mod opened;
pub mod openid_provider;
pub mod outbox_relay;
pub mod relying_party;
pub mod reminder;
pub mod replay;
pub mod scim;
mod sealed;
mod sign_in_state;
pub mod single_logout;
pub mod sp_metadata;
pub mod start_sign_in;
pub mod test_sign_in;
pub mod turns;
pub mod upstream;
pub mod upstream_logout;

use std::sync::Arc;

use crate::aws::{self, SdkConfig};
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::domain::connection::sp_keys::SpKeyUse;
use crate::domain::connection::{Connection, SamlConnection};
use crate::domain::endpoint::EndpointPolicy;
use crate::domain::ids::ConnectionId;
use crate::events::EventBus;
use crate::mail::Mailer;
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::keys::ProviderKeys;
use crate::outbound::{Outbound, TxtRecords};
use crate::random;
use crate::saml::keys::KeyRing;
use crate::saml::response::DecryptionKey;
use crate::secrets::{SecretName, SecretVersion, Secrets, SecretsError, Stage};
use crate::store::{CommitError, Store, StoreError};

pub use browser::Browser;

/// How a one-time hint begins that names a connection to the authorization endpoint.
pub const ROUTE_HINT: &str = "gatehouse-route.";
/// How long such a hint is good.
const ROUTE_HINT_LIFETIME: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// Everything that a use case works with. One for each process.
#[derive(Debug)]
pub struct Gatehouse {
    /// Configuration of the deployment.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// The directory.
    pub store: Store,
    /// Secrets Manager.
    pub secrets: Secrets,
    /// SES; `None` where no sender is configured.
    pub mailer: Option<Mailer>,
    /// EventBridge; `None` where no bus is configured.
    pub event_bus: Option<EventBus>,
    /// The guarded way to addresses that customers type in.
    pub outbound: Outbound,
    /// Asks for the TXT records that prove domains.
    pub txt: TxtRecords,
    memory: Memory,
}

/// What a process remembers beside what the adapters do; another process begins without it.
#[derive(Debug, Default)]
struct Memory {
    /// Limits the records of failed sign-ins.
    failure_limit: failures::FailureLimit,
    /// Keys of identity providers, by the address of their JWK set.
    provider_keys: relying_party::keys::ProviderKeys,
    /// The order of changes of groups.
    group_turns: turns::Turns,
    /// Whose turn it is at a tenant's guard against mass deprovisioning.
    sync_turns: turns::Turns,
    /// Opened keys of SAML connections.
    sp_rings: opened::Opened<KeyRing>,
    /// The provider's opened keys.
    op_keys: opened::Opened<ProviderKeys>,
}

/// Our side of a SAML connection as its identity provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SamlEndpoints {
    /// Our entity id (the audience).
    pub entity_id: String,
    /// ACS URLs; the first is the connection's own.
    pub acs_urls: Vec<String>,
    /// Single logout URL.
    pub slo_url: String,
}

impl Gatehouse {
    /// The use cases' world on these SDK clients.
    #[must_use]
    pub fn new(config: Config, clock: Clock, sdk: &SdkConfig) -> Arc<Self> {
        Arc::new(Self {
            store: aws::store(sdk, &config, &clock),
            secrets: aws::secrets(sdk, &config, &clock),
            mailer: aws::mailer(sdk, &config, &clock),
            event_bus: aws::event_bus(sdk, &config),
            outbound: Outbound::new(config.allow_loopback_http),
            txt: TxtRecords::new(config.dns_server),
            memory: Memory::default(),
            config,
            clock,
        })
    }

    /// The same deployment as another process of it begins: with the same clients, and with nothing remembered.
    #[must_use]
    pub fn apart(&self) -> Arc<Self> {
        Arc::new(Self {
            config: self.config.clone(),
            clock: self.clock.clone(),
            store: self.store.apart(),
            secrets: self.secrets.apart(),
            mailer: self.mailer.clone(),
            event_bus: self.event_bus.clone(),
            outbound: self.outbound.clone(),
            txt: self.txt.clone(),
            memory: Memory::default(),
        })
    }

    /// Lets this process look at everything in the tables and in Secrets Manager anew.
    pub fn forget(&self) {
        self.store.forget();
        self.secrets.forget();
    }

    /// Cold start of a function: configuration from the environment, the machine's clock.
    ///
    /// # Errors
    /// [`ConfigError`] with everything that is wrong with the environment.
    pub fn from_environment() -> Result<Arc<Self>, ConfigError> {
        let config = Config::from_process()?;
        let sdk = aws::sdk_config(&config);
        Ok(Self::new(config, Clock::system(), &sdk))
    }

    /// Our side of a connection (IL-01, CH-02, SE-15).
    #[must_use]
    pub fn saml_endpoints(&self, connection: &Connection, settings: &SamlConnection) -> SamlEndpoints {
        let base = &self.config.base_url;
        let own = base.at(&format!("/saml/{}/acs", connection.id));
        let metadata = base.at(&format!("/saml/{}/metadata", connection.id));
        SamlEndpoints {
            entity_id: settings.sp_entity_id.clone().unwrap_or(metadata),
            acs_urls: std::iter::once(own)
                .chain(settings.foreign_acs_urls.iter().cloned())
                .collect(),
            slo_url: base.at(&format!("/saml/{}/slo", connection.id)),
        }
    }

    /// Our redirect URI at an OpenID Connect or GitHub connection (AQ-07).
    #[must_use]
    pub fn redirect_uri(&self, connection: &Connection) -> String {
        if connection.shares_redirect_uri() {
            self.config.base_url.at("/signin-oidc")
        } else {
            self.config
                .base_url
                .at(&format!("/signin-oidc/{}", connection.id))
        }
    }

    /// Where browsers and secrets may be sent to.
    #[must_use]
    pub fn endpoint_policy(&self) -> EndpointPolicy {
        if self.config.allow_loopback_http {
            EndpointPolicy::HttpsOrLoopback
        } else {
            EndpointPolicy::Https
        }
    }

    /// Where people come back to from a provider's logout.
    #[must_use]
    pub fn post_logout_redirect_uri(&self, connection: &ConnectionId) -> String {
        self.config
            .base_url
            .at(&format!("/signin-oidc/{connection}/signed-out"))
    }

    /// A key ring of a connection; `None` when none was made.
    ///
    /// # Errors
    /// [`SecretsError`] when Secrets Manager fails or the secret is no key ring.
    pub async fn key_ring(&self, name: &SecretName) -> Result<Option<Arc<KeyRing>>, SecretsError> {
        let Some(version) = self.secrets.find(name).await? else {
            return Ok(None);
        };
        let open = || self.read_ring(name, &version);
        self.memory.sp_rings.of(name, &version, open).map(Some)
    }

    /// The keys that a SAML connection's assertions may be encrypted to; none when it has no ring. While one key follows
    /// another, both of them: the one that was announced, or the one before.
    ///
    /// # Errors
    /// [`SecretsError`] when a secret cannot be read, or is no ring.
    pub async fn decryption_keys(&self, connection: &Connection) -> Result<Vec<DecryptionKey>, SecretsError> {
        let name = SecretName::SpDecryption(connection.id.clone());
        let current = self.key_ring(&name).await?;
        let Some(saml) = connection.protocol.saml() else {
            return Ok(Vec::new());
        };
        let (rotation, published) = saml.sp_keys(SpKeyUse::Encryption);
        let mut rings = vec![current];
        if rotation.is_under_way() {
            let in_use =
                |ring: &Arc<KeyRing>| published.first() == Some(&ring.current().certificate().base64());
            if !rings.iter().flatten().any(in_use) {
                // Another process has let the next key take over.
                let version = self.secrets.get_fresh(&name).await?;
                rings.push(Some(Arc::new(self.read_ring(&name, &version)?)));
            }
            for (is_about, stage) in [
                (rotation.next.is_some(), Stage::Pending),
                (rotation.old.is_some(), Stage::Previous),
            ] {
                if is_about && let Some(version) = self.secrets.find_stage(&name, stage).await? {
                    rings.push(Some(Arc::new(self.read_ring(&name, &version)?)));
                }
            }
        }
        let keys = rings.iter().flatten().flat_map(|ring| ring.keys());
        Ok(keys
            .map(|key| DecryptionKey::from_pkcs8_der(key.private_key().pkcs8_der().to_vec()))
            .collect())
    }

    fn read_ring(&self, name: &SecretName, version: &SecretVersion) -> Result<KeyRing, SecretsError> {
        KeyRing::from_secret(&version.value).map_err(|_| self.secrets.malformed(name, "a key ring"))
    }

    /// The client that IdP-initiated sign-ins lead to: the one marked as default.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn default_client(&self) -> Result<Option<AppClient>, StoreError> {
        let door = self.store.front_door();
        for id in door.clients().await? {
            if let Some(client) = door.cached_client::<AppClient>(&id).await?
                && client.default
            {
                return Ok(Some(client));
            }
        }
        Ok(None)
    }

    /// A one-time hint that names a connection.
    ///
    /// # Errors
    /// [`CommitError`] when it could not be kept.
    pub async fn route_hint(&self, connection: &ConnectionId) -> Result<String, CommitError> {
        let token = random::token().map_err(StoreError::from)?;
        let parked = finish_sign_in::Parked::Route {
            connection: connection.clone(),
        };
        let until = self.clock.now() + ROUTE_HINT_LIFETIME;
        self.store.front_door().park(&token, &parked, until).await?;
        Ok(format!("{ROUTE_HINT}{token}"))
    }

    /// Takes the connection that a one-time hint names; `None` when it is none of ours, used or over.
    ///
    /// # Errors
    /// [`CommitError`] when the table fails.
    pub async fn take_route_hint(&self, hint: &str) -> Result<Option<ConnectionId>, CommitError> {
        let Some(token) = hint.strip_prefix(ROUTE_HINT) else {
            return Ok(None);
        };
        match self
            .store
            .front_door()
            .take_parked::<finish_sign_in::Parked>(token)
            .await?
        {
            Some(finish_sign_in::Parked::Route { connection }) => Ok(Some(connection)),
            Some(_) | None => Ok(None),
        }
    }
}
