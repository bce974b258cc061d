//! Deadlines of what tenants own, set and ended in the transactions that change it (GH-02).

use chrono::{DateTime, Utc};

use super::Gatehouse;
use crate::domain::connection::{Connection, ConnectionState, Protocol};
use crate::domain::deadline::{Deadline, DeadlineKind, Schedule, TimeZone};
use crate::domain::domain_name::DomainName;
use crate::openid_provider::clients::AppClient;
use crate::saml::certificate::Certificate;
use crate::store::{ApiKey, ApiKeyKind, StoreError, TenantStore, TenantTransaction};

/// Everything of a connection that may expire.
const OF_A_CONNECTION: [DeadlineKind; 5] = [
    DeadlineKind::ClientSecret,
    DeadlineKind::ClientKey,
    DeadlineKind::IdpCertificate,
    DeadlineKind::SpSigningCertificate,
    DeadlineKind::SpEncryptionCertificate,
];

/// Sets deadlines on one tenant's calendar.
#[derive(Debug)]
pub struct Calendar<'a> {
    gatehouse: &'a Gatehouse,
    store: &'a TenantStore,
    zone: TimeZone,
}

impl<'a> Calendar<'a> {
    /// The calendar of the tenant that `store` sees.
    ///
    /// # Errors
    /// [`StoreError`] when the table cannot be read.
    pub async fn of(gatehouse: &'a Gatehouse, store: &'a TenantStore) -> Result<Self, StoreError> {
        let tenant = store.record().await?;
        let zone = tenant.map(|tenant| tenant.settings.time_zone).unwrap_or_default();
        Ok(Self {
            gatehouse,
            store,
            zone,
        })
    }

    /// Sets, renews or ends a deadline; `expires_at` is `None` for what has no end (any more).
    pub fn set(
        &self,
        tx: &mut TenantTransaction,
        kind: DeadlineKind,
        (id, name, brand): (&str, &str, &str),
        expires_at: Option<DateTime<Utc>>,
    ) {
        let Some(expires_at) = expires_at else {
            tx.end_deadline(kind, id);
            return;
        };
        let schedule = Schedule::new(
            kind,
            expires_at,
            &self.gatehouse.config.reminder_stages,
            self.zone,
        );
        let deadline = Deadline {
            tenant: self.store.id().clone(),
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            brand: brand.to_owned(),
            expires_at,
        };
        let next = schedule.next(self.gatehouse.clock.now());
        tx.put_deadline(&deadline, next.map(|(_, at)| at));
    }

    /// All deadlines of a connection as it is now. A suspended one has none: nobody signs in by it.
    pub fn connection(&self, tx: &mut TenantTransaction, connection: &Connection) {
        let living = connection.state != ConnectionState::Suspended;
        for kind in OF_A_CONNECTION {
            let end = living.then(|| end_of(connection, kind)).flatten();
            let brand = match &connection.protocol {
                Protocol::Oidc(oidc) => oidc.settings.preset.name(),
                Protocol::GitHub(_) => "github",
                Protocol::Saml(_) => connection.brand.as_str(),
            };
            let names = (connection.id.as_str(), connection.name.as_str(), brand);
            self.set(tx, kind, names, end);
        }
    }

    /// The deadline of an API key.
    pub fn api_key(&self, tx: &mut TenantTransaction, key: &ApiKey) {
        self.set(tx, of_key(key.kind), (&key.id, &key.name, ""), key.expires_at);
    }

    /// The deadline of a domain whose proof has gone missing: it lapses at `lapses_at`.
    pub fn domain(&self, tx: &mut TenantTransaction, domain: &DomainName, lapses_at: DateTime<Utc>) {
        let name = domain.as_str();
        self.set(tx, DeadlineKind::DomainProof, (name, name, ""), Some(lapses_at));
    }

    /// The deadlines of an app client's secrets.
    pub fn app_client(&self, tx: &mut TenantTransaction, client: &AppClient) {
        for secret in &client.secrets {
            let id = secret_id(client, &secret.id.to_string());
            let names = (id.as_str(), client.name.as_str(), "");
            self.set(tx, DeadlineKind::AppClientSecret, names, secret.expires_at);
        }
    }
}

/// Ends the deadlines of an app client's secrets of these ids.
pub fn end_app_client(tx: &mut TenantTransaction, client: &AppClient, gone: &[String]) {
    for secret in gone {
        tx.end_deadline(DeadlineKind::AppClientSecret, &secret_id(client, secret));
    }
}

/// Which deadline a key of this kind has.
#[must_use]
pub fn of_key(kind: ApiKeyKind) -> DeadlineKind {
    match kind {
        ApiKeyKind::Owner => DeadlineKind::OwnerKey,
        ApiKeyKind::Scim => DeadlineKind::ScimKey,
    }
}

fn secret_id(client: &AppClient, secret: &str) -> String {
    format!("{}.{secret}", client.id)
}

/// When something of a connection expires. Of several certificates the last one counts: until then one of them is good.
fn end_of(connection: &Connection, kind: DeadlineKind) -> Option<DateTime<Utc>> {
    match (&connection.protocol, kind) {
        (Protocol::Saml(saml), DeadlineKind::IdpCertificate) => last(&saml.idp.as_ref()?.certificates),
        (Protocol::Saml(saml), DeadlineKind::SpSigningCertificate) => last(&saml.sp_signing_certificates),
        (Protocol::Saml(saml), DeadlineKind::SpEncryptionCertificate) => {
            last(&saml.sp_encryption_certificates)
        }
        (Protocol::Oidc(oidc), DeadlineKind::ClientSecret) => oidc.secret_expires_at,
        // The one in use comes first; the next one is of no help before it is.
        (Protocol::Oidc(oidc), DeadlineKind::ClientKey) => {
            last(std::slice::from_ref(&oidc.client_keys.first()?.certificate))
        }
        (Protocol::GitHub(github), DeadlineKind::ClientSecret) => github.secret_expires_at,
        (Protocol::Saml(_) | Protocol::Oidc(_) | Protocol::GitHub(_), _) => None,
    }
}

fn last(certificates: &[String]) -> Option<DateTime<Utc>> {
    let read = certificates
        .iter()
        .filter_map(|text| Certificate::from_base64(text).ok());
    read.map(|certificate| certificate.not_after()).max()
}
