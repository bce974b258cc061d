//! One deployment for one test: in memory, on its own clock, with a tenant, a connection and an app client.

use std::sync::Arc;

use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::app::Gatehouse;
use gatehouse::app::openid_provider::keys::make_provider_keys;
use gatehouse::config::Config;
use gatehouse::domain::connection::sp_keys::SpRotation;
use gatehouse::domain::connection::{
    AttributeMapping, Connection, ConnectionState, IdpInitiated, Protocol, RequestBinding, SamlConnection,
    SamlIdp, SamlPreset, SubjectSource,
};
use gatehouse::domain::domain_name::DomainName;
use gatehouse::domain::email::EmailAddress;
use gatehouse::domain::ids::{ClientId, ConnectionId, TenantId, UserId};
use gatehouse::domain::onboarding::Onboarding;
use gatehouse::domain::sync_guard::SyncMark;
use gatehouse::domain::team::Source;
use gatehouse::domain::tenant::{DomainClaim, DomainState, Entitlements, ProofState, Tenant, TenantSettings};
use gatehouse::domain::user::{PersonDetails, User};
use gatehouse::openid_provider::clients::AppClient;
use gatehouse::random;
use gatehouse::redacted::Secret;
use gatehouse::saml::keys::{KeyMaterial, KeyRing, RsaSize};
use gatehouse::secrets::SecretName;
use gatehouse_local::control::ReadMail;
use gatehouse_local::event_source::Position;
use gatehouse_local::http_client::Service;
use gatehouse_local::{Local, Options, functions};
use serde_json::json;

use crate::browser::Browser;
use crate::event_schemas::EventCheck;
use crate::idp::Idp;

/// Where the app of the tests takes codes; nothing listens there.
pub const REDIRECT_URI: &str = "https://app.example.com/callback";
/// The domain that the tenant has proven.
pub const DOMAIN: &str = "acme.com";

/// A deployment with all functions, seeded with one tenant.
pub struct World {
    /// The embedded services.
    pub local: Local,
    /// The use cases' world.
    pub gatehouse: Arc<Gatehouse>,
    /// All functions behind one gateway.
    pub router: Router,
    /// The tenant.
    pub tenant: Tenant,
    /// Its active SAML connection.
    pub connection: Connection,
    /// The identity provider of the connection.
    pub idp: Idp,
    /// The app client.
    pub client: AppClient,
    /// Its secret.
    pub client_secret: Secret,
    /// Holds every event against its schema, at the end.
    pub event_check: EventCheck,
}

/// Where a deployment of the tests is.
const DEPLOYED: &str = "https://login.example.com";

impl World {
    /// Plain http on loopback, as `cargo run` has it: cookies are Lax.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same with more variables of the environment.
    pub async fn with(more: &[(&str, &str)]) -> Self {
        Self::plain(crate::local_at_noon(), more).await
    }

    /// As deployed: https, `__Host-` cookies.
    pub async fn deployed() -> Self {
        Self::on(crate::local_at_noon(), DEPLOYED, &[]).await
    }

    /// As [`Self::start`], by the machine's clock: programs of their own have no other.
    pub async fn start_with_programs() -> Self {
        Self::plain(Local::start(&Options::in_memory()).unwrap(), &[]).await
    }

    /// As [`Self::deployed`], by the machine's clock.
    pub async fn deployed_with_programs() -> Self {
        let local = Local::start(&Options::in_memory()).unwrap();
        Self::on(local, DEPLOYED, &[]).await
    }

    async fn plain(local: Local, more: &[(&str, &str)]) -> Self {
        let base = local.base_url().to_owned();
        Self::on(local, &base, more).await
    }

    async fn on(local: Local, base: &str, more: &[(&str, &str)]) -> Self {
        crate::recorder::install();
        let variables = [
            ("GATEHOUSE_BASE_URL", base),
            ("GATEHOUSE_DIRECTORY_TABLE", "Directory"),
            ("GATEHOUSE_EPHEMERAL_TABLE", "Ephemeral"),
            ("GATEHOUSE_SECRETS_PREFIX", "gatehouse/test"),
            ("GATEHOUSE_ROLE_CATALOGUE", "stakeholder-to-admin"),
            ("GATEHOUSE_MAIL_SENDER", "Gatehouse <no-reply@gatehouse.example>"),
            ("GATEHOUSE_EVENT_BUS", "gatehouse"),
            ("GATEHOUSE_OPERATOR_MAIL", "operator@gatehouse.example"),
            // Providers of the tests are on loopback; deployed, nothing may be asked there.
            (
                "GATEHOUSE_LOCAL_ALLOW_LOOPBACK_HTTP",
                if base.starts_with("http://") {
                    "true"
                } else {
                    "false"
                },
            ),
        ];
        let variables = variables.iter().chain(more);
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let config = Config::from_env(variables).unwrap();
        let gatehouse = Gatehouse::new(config, local.clock().clone(), local.sdk_config());
        make_provider_keys(&gatehouse).await.unwrap();
        let routers = functions::processes(&local, &gatehouse);
        let router = gatehouse_local::gateway::router(routers);
        let event_check = EventCheck::of(&local);
        let idp = Idp::new("https://idp.acme.com/metadata");
        let tenant = make_tenant(&gatehouse, "Acme", DOMAIN).await;
        let connection = make_connection(&gatehouse, &tenant, &idp).await;
        let (client, client_secret) = make_client(&gatehouse).await;
        Self {
            local,
            gatehouse,
            router,
            tenant,
            connection,
            idp,
            client,
            client_secret,
            event_check,
        }
    }

    /// Carries the outbox: all that was written so far.
    pub async fn relay(&self) -> usize {
        let source = functions::event_source(&self.local, &self.gatehouse.apart()).unwrap();
        source.drain().await.unwrap()
    }

    /// Carries the whole stream again, as a mapping without a memory would.
    pub async fn relay_from_the_start(&self) -> usize {
        let start = Position::default();
        let again = functions::event_source_from(&self.local, &self.gatehouse.apart(), start).unwrap();
        again.drain().await.unwrap()
    }

    /// One invocation of the reminder, and its report.
    pub async fn remind(&self) -> serde_json::Value {
        let reminder = functions::reminder(&self.gatehouse.apart()).unwrap();
        functions::remind(&reminder).await.unwrap()
    }

    /// Mails that SES accepted, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<ReadMail> {
        ReadMail::all(self.local.mailbox())
    }

    /// Events on the bus of this type, as their consumers get them.
    #[must_use]
    pub fn on_the_bus(&self, kind: &str) -> Vec<serde_json::Value> {
        let all = self.local.events().events().into_iter();
        all.filter(|event| event["detail-type"] == kind)
            .map(|event| event["detail"].clone())
            .collect()
    }

    /// A new browser.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone(), self.gatehouse.config.base_url.as_str())
    }

    /// Changes the tenant, over the version that is stored.
    pub async fn set_tenant(&mut self, change: impl FnOnce(&mut Tenant)) {
        let handle = self.gatehouse.store.tenant(&self.tenant.id);
        let mut tenant = handle.record().await.unwrap().unwrap();
        change(&mut tenant);
        tenant.version += 1;
        let mut tx = handle.begin();
        tx.update_tenant(&tenant);
        tx.commit().await.unwrap();
        self.tenant = tenant;
    }

    /// Changes the connection, over the version that is stored.
    pub async fn set_connection(&mut self, change: impl FnOnce(&mut Connection)) {
        let handle = self.gatehouse.store.tenant(&self.tenant.id);
        let mut connection = handle.connection(&self.connection.id).await.unwrap().unwrap();
        change(&mut connection);
        connection.version += 1;
        let mut tx = handle.begin();
        tx.update_connection(&connection);
        tx.commit().await.unwrap();
        self.connection = connection;
    }

    /// Changes the app client's settings (as JSON), over the version that is stored.
    pub async fn set_client(&mut self, change: impl FnOnce(&mut serde_json::Value)) {
        let door = self.gatehouse.store.front_door();
        let (client, version) = door
            .client_and_version::<AppClient>(&self.client.id)
            .await
            .unwrap()
            .unwrap();
        let mut settings = client_settings();
        change(&mut settings);
        self.client = client
            .with_settings(&serde_json::from_value(settings).unwrap())
            .unwrap();
        door.put_client(&self.client.id, &self.client, Some(version))
            .await
            .unwrap();
    }

    /// The tenant's domain takes its subdomains in.
    pub async fn take_subdomains(&self) {
        let handle = self.gatehouse.store.tenant(&self.tenant.id);
        let mut claim = handle.domains().await.unwrap().remove(0);
        claim.include_subdomains = true;
        let mut tx = handle.begin();
        tx.put_domain(&claim);
        tx.commit().await.unwrap();
    }

    /// Adds a user made by hand.
    pub async fn add_user(&self, address: &str, change: impl FnOnce(&mut User)) -> User {
        let now = self.gatehouse.clock.now();
        let mut user = User {
            id: UserId::generate().unwrap(),
            tenant: self.tenant.id.clone(),
            user_name: address.to_owned(),
            email: Some(EmailAddress::parse(address).unwrap()),
            details: PersonDetails::default(),
            role: "USER".to_owned(),
            active: true,
            source: Source::Manual,
            tombstone: false,
            scim_takeover: false,
            scim: None,
            sync: SyncMark::default(),
            version: 1,
            epoch: 1,
            created_at: now,
            modified_at: now,
        };
        change(&mut user);
        let mut tx = self.gatehouse.store.tenant(&self.tenant.id).begin();
        tx.create_user(&user);
        tx.commit().await.unwrap();
        user
    }

    /// Writes a user over what is stored.
    pub async fn change_user(&self, id: &UserId, change: impl FnOnce(&mut User)) -> User {
        let handle = self.gatehouse.store.tenant(&self.tenant.id);
        let before = handle.user(id).await.unwrap().unwrap();
        let mut after = before.clone();
        change(&mut after);
        after.version += 1;
        let mut tx = handle.begin();
        tx.update_user(&before, &after);
        tx.commit().await.unwrap();
        after
    }

    /// All users of the tenant.
    pub async fn users(&self) -> Vec<User> {
        self.gatehouse
            .store
            .tenant(&self.tenant.id)
            .users(None, 100)
            .await
            .unwrap()
    }

    /// Moves the clock on.
    pub fn pass(&self, time: TimeDelta) {
        self.gatehouse.clock.advance(time);
    }

    /// Checks what was asked of DynamoDB since the traffic was last cleared: how often each operation, in name order, and
    /// how many requests waited for one another.
    #[track_caller]
    pub fn assert_dynamodb(&self, sequential: usize, calls: &[(&str, usize)]) {
        let traffic = self.local.traffic();
        let counts = traffic.counts().into_iter();
        let found = counts
            .filter(|((service, _), _)| *service == Service::DynamoDb)
            .map(|((_, operation), count)| (operation, count))
            .collect::<Vec<_>>();
        let wanted = calls.iter().map(|(name, count)| ((*name).to_owned(), *count));
        assert_eq!(found, wanted.collect::<Vec<_>>());
        assert_eq!(traffic.sequential_round_trips(Service::DynamoDb), sequential);
    }

    /// Codes in the tenant's audit trail of today's failed sign-ins.
    pub async fn failures(&self) -> Vec<serde_json::Value> {
        let today = self.gatehouse.clock.now().date_naive();
        let handle = self.gatehouse.store.tenant(&self.tenant.id);
        let trail = handle.audit_of(today, None, 1_000).await.unwrap();
        trail
            .into_iter()
            .filter(|record| record.action == "sign_in.failed")
            .map(|record| record.data)
            .collect()
    }
}

/// Makes a tenant that provisions at sign-in, with a proven domain.
pub async fn make_tenant(gatehouse: &Gatehouse, name: &str, domain: &str) -> Tenant {
    let now = gatehouse.clock.now();
    let tenant = Tenant {
        id: TenantId::generate().unwrap(),
        name: name.to_owned(),
        entitlements: Entitlements {
            sso: true,
            scim: true,
            jit: true,
        },
        seats: None,
        settings: TenantSettings {
            provision_on_sign_in: true,
            ..TenantSettings::default()
        },
        root_user: None,
        version: 1,
        created_at: now,
    };
    gatehouse.store.front_door().create_tenant(&tenant).await.unwrap();
    let mut tx = gatehouse.store.tenant(&tenant.id).begin();
    tx.put_domain(&DomainClaim {
        domain: DomainName::parse(domain).unwrap(),
        tenant: tenant.id.clone(),
        state: DomainState::Proven,
        include_subdomains: false,
        proof: "proof".to_owned(),
        proven_at: Some(now),
        proof_state: ProofState::default(),
    });
    tx.commit().await.unwrap();
    tenant
}

/// Makes an active SAML connection to `idp`, with its keys in Secrets Manager.
pub async fn make_connection(gatehouse: &Gatehouse, tenant: &Tenant, idp: &Idp) -> Connection {
    let now = gatehouse.clock.now();
    let connection = new_connection(&tenant.id, idp, now);
    for name in [
        SecretName::SpSigning(connection.id.clone()),
        SecretName::SpDecryption(connection.id.clone()),
    ] {
        let material =
            KeyMaterial::generate("Gatehouse", RsaSize::Bits2048, now, TimeDelta::days(1000)).unwrap();
        let ring = KeyRing::new("1", now, material).unwrap();
        gatehouse
            .secrets
            .create_if_absent(&name, &ring.to_secret().unwrap())
            .await
            .unwrap();
    }
    let mut tx = gatehouse.store.tenant(&tenant.id).begin();
    tx.create_connection(&connection);
    tx.commit().await.unwrap();
    connection
}

/// An active SAML connection to `idp`, not written yet.
pub(crate) fn new_connection(tenant: &TenantId, idp: &Idp, now: DateTime<Utc>) -> Connection {
    Connection {
        id: ConnectionId::generate().unwrap(),
        tenant: tenant.clone(),
        name: "Acme IdP".to_owned(),
        brand: "generic-saml".to_owned(),
        state: ConnectionState::Active,
        protocol: Protocol::Saml(saml_settings(idp)),
        idp_initiated: IdpInitiated::Off,
        subject: SubjectSource::NameId,
        attributes: AttributeMapping::default(),
        onboarding: Onboarding::default(),
        version: 1,
        created_at: now,
    }
}

fn saml_settings(idp: &Idp) -> SamlConnection {
    SamlConnection {
        preset: SamlPreset::default(),
        idp: Some(SamlIdp {
            entity_id: idp.entity_id.clone(),
            sso_redirect_url: Some("https://idp.acme.com/sso".to_owned()),
            sso_post_url: Some("https://idp.acme.com/sso-post".to_owned()),
            slo_url: None,
            slo_binding: RequestBinding::default(),
            slo_response_url: None,
            certificates: vec![STANDARD.encode(idp.key.certificate_der())],
            metadata_url: None,
        }),
        sp_entity_id: None,
        foreign_acs_urls: Vec::new(),
        name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned(),
        request_binding: RequestBinding::Redirect,
        allow_cbc: false,
        sp_signing_certificates: Vec::new(),
        sp_encryption_certificates: Vec::new(),
        sp_signing_rotation: SpRotation::default(),
        sp_encryption_rotation: SpRotation::default(),
    }
}

fn client_settings() -> serde_json::Value {
    json!({
        "name": "App",
        "kind": "confidential",
        "redirect_uris": [REDIRECT_URI],
        "post_logout_redirect_uris": ["https://app.example.com/bye"],
        "initiate_login_uri": "https://app.example.com/login",
        "target_link_uris": ["https://app.example.com/deep"],
        "default": true,
    })
}

async fn make_client(gatehouse: &Gatehouse) -> (AppClient, Secret) {
    let settings = serde_json::from_value(client_settings()).unwrap();
    let now = gatehouse.clock.now();
    let mut client = AppClient::register(ClientId::generate().unwrap(), &settings, now).unwrap();
    let secret = client
        .add_secret(random::uuid().unwrap(), random::bytes().unwrap(), now, None)
        .unwrap();
    gatehouse
        .store
        .front_door()
        .put_client(&client.id, &client, None)
        .await
        .unwrap();
    (client, secret)
}
