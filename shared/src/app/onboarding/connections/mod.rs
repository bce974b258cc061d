//! Connections of a tenant: made with keys of their own, read, changed; their identity provider ([`idp`] for SAML,
//! [`oidc`] and [`secret`] for OpenID Connect and GitHub) and their state ([`state`]).

pub mod dry_run;
mod edit;
mod github;
pub mod idp;
mod keys;
mod oidc;
mod saml;
pub mod secret;
pub mod sp_keys;
pub mod state;
pub mod tell_members;
mod validate;

use serde_json::{Value, json};

use super::error::{OnboardingError, Thing};
use super::{Administration, refused, rules};
use crate::app::deadlines::Calendar;
use crate::app::events;
use crate::domain::connection::sp_keys::SpRotation;
use crate::domain::connection::{
    Connection, ConnectionState, GitHubConnection, OidcConnection, Protocol, SamlConnection, SamlPreset,
};
use crate::domain::ids::ConnectionId;
use crate::domain::onboarding::Onboarding;
use crate::store::{Guard, TenantTransaction};

pub use edit::ConnectionEdit;
pub use saml::SamlEdit;

use edit::Kind;

/// Most connections of one tenant.
const MOST_CONNECTIONS: usize = 50;

/// All connections of the tenant, in id order.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(admin: &Administration) -> Result<Vec<Connection>, OnboardingError> {
    Ok(admin.store.connections().await?)
}

/// A connection of the tenant.
///
/// # Errors
/// [`OnboardingError::NotFound`] when it has none of this id; another tenant's is absent.
pub async fn read(admin: &Administration, id: &ConnectionId) -> Result<Connection, OnboardingError> {
    let found = admin.store.connection(id).await?;
    found.ok_or(OnboardingError::NotFound(Thing::Connection))
}

/// The connection, if the caller read this version of it.
///
/// # Errors
/// [`OnboardingError::VersionMismatch`] otherwise.
pub async fn at_version(
    admin: &Administration,
    id: &ConnectionId,
    wanted: u64,
) -> Result<Connection, OnboardingError> {
    let connection = read(admin, id).await?;
    rules::version(wanted, connection.version)?;
    Ok(connection)
}

/// Makes a connection in state draft, of the protocol whose part is in the edit. A SAML connection's keys lie in
/// Secrets Manager before the connection is there; should the connection not be written, keys without a connection
/// remain and open nothing. An OpenID Connect authority is asked for its discovery document (AQ-09).
///
/// `id` is the operator's choice, for connections that keep foreign URLs (CH-02).
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled` (AQ-01), `ConnectionIdTaken`, or what is wrong with the edit.
pub async fn create(
    admin: &Administration,
    id: Option<ConnectionId>,
    edit: ConnectionEdit,
) -> Result<Connection, OnboardingError> {
    if id.is_some() && !admin.actor.is_operator() {
        return Err(OnboardingError::IdReserved);
    }
    entitled(admin).await?;
    let kind = edit.kind();
    let edit = edit.checked(kind, admin.endpoint_policy())?;
    let id = free_id(admin, id).await?;
    let mut connection = Connection {
        protocol: new_protocol(admin, kind, &id).await?,
        id,
        tenant: admin.store.id().clone(),
        name: String::new(),
        brand: String::new(),
        state: ConnectionState::Draft,
        idp_initiated: edit.idp_initiated,
        subject: edit.subject.clone().unwrap_or_default(),
        attributes: edit.attributes.clone(),
        onboarding: Onboarding::default(),
        version: 1,
        created_at: admin.now(),
    };
    edit.write(&mut connection);
    oidc::follow(admin, None, &mut connection).await?;
    let mut tx = admin.store.begin();
    tx.create_connection(&connection);
    let calendar = Calendar::of(&admin.gatehouse, &admin.store).await?;
    calendar.connection(&mut tx, &connection);
    noted(admin, &mut tx, Change::quiet("connection.created"), &connection)?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::Connection, OnboardingError::ConnectionIdTaken))?;
    Ok(connection)
}

/// The id that was asked for, or a new one; with room for one more connection.
async fn free_id(admin: &Administration, id: Option<ConnectionId>) -> Result<ConnectionId, OnboardingError> {
    if admin.store.connections().await?.len() >= MOST_CONNECTIONS {
        return Err(OnboardingError::TooMany {
            what: "connections",
            most: MOST_CONNECTIONS,
        });
    }
    let id = id.map_or_else(ConnectionId::generate, Ok)?;
    let door = admin.gatehouse.store.front_door();
    match door.connection(&id).await? {
        Some(_) => Err(OnboardingError::ConnectionIdTaken),
        None => Ok(id),
    }
}

/// A protocol's part before anything was written into it.
async fn new_protocol(
    admin: &Administration,
    kind: Kind,
    id: &ConnectionId,
) -> Result<Protocol, OnboardingError> {
    Ok(match kind {
        Kind::Saml => {
            let certificates = keys::ensure(&admin.gatehouse, id).await?;
            Protocol::Saml(SamlConnection {
                preset: SamlPreset::default(),
                idp: None,
                sp_entity_id: None,
                foreign_acs_urls: Vec::new(),
                name_id_format: String::new(),
                request_binding: SamlEdit::default().request_binding,
                allow_cbc: false,
                sp_signing_certificates: certificates.signing,
                sp_encryption_certificates: certificates.encryption,
                sp_signing_rotation: SpRotation::default(),
                sp_encryption_rotation: SpRotation::default(),
            })
        }
        Kind::Oidc => Protocol::Oidc(OidcConnection::default()),
        Kind::GitHub => Protocol::GitHub(GitHubConnection::default()),
    })
}

/// Changes what an owner may change, over the version that was read. What changes nothing writes nothing. Where an
/// OpenID Connect setting is touched that discovery bears on, the authority is asked anew.
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled` (AQ-01), `Changed`, or what is wrong with the edit.
pub async fn update(
    admin: &Administration,
    read: &Connection,
    edit: ConnectionEdit,
) -> Result<Connection, OnboardingError> {
    entitled(admin).await?;
    let edit = edit.checked(Kind::of(&read.protocol), admin.endpoint_policy())?;
    let mut connection = read.clone();
    edit.write(&mut connection);
    oidc::follow(admin, Some(read), &mut connection).await?;
    write(admin, read, connection, Change::quiet("connection.updated")).await
}

/// What a change is called, and what its audit entry says beside where the connection stands.
struct Change {
    action: &'static str,
    data: Value,
}

impl Change {
    fn quiet(action: &'static str) -> Self {
        Self {
            action,
            data: json!({}),
        }
    }

    fn state(data: Value) -> Self {
        Self {
            action: "connection.state_changed",
            data,
        }
    }
}

/// Writes a changed connection over the one that was read. Where whoever is vouched for may be another than before,
/// validation, test and review are anew, and until then nobody signs in by it.
async fn write(
    admin: &Administration,
    read: &Connection,
    mut connection: Connection,
    change: Change,
) -> Result<Connection, OnboardingError> {
    if connection == *read {
        return Ok(connection);
    }
    if !connection.vouches_like(read) {
        connection.onboarding.validation = None;
        connection.onboarding.test = None;
        connection.state = ConnectionState::Draft;
    }
    tell_members::begin(admin, &mut connection);
    connection.version = read.version + 1;
    let mut tx = admin.store.begin();
    tx.update_connection(&connection);
    let calendar = Calendar::of(&admin.gatehouse, &admin.store).await?;
    calendar.connection(&mut tx, &connection);
    noted(admin, &mut tx, change, &connection)?;
    tx.commit().await?;
    Ok(connection)
}

/// Event and audit entry of one change.
fn noted(
    admin: &Administration,
    tx: &mut TenantTransaction,
    change: Change,
    connection: &Connection,
) -> Result<(), OnboardingError> {
    let actor = admin.actor.to_value();
    tx.tenant_events(vec![events::connection_changed(
        change.action,
        connection,
        admin.now(),
        &actor,
    )]);
    let mut data =
        json!({ "connection": connection.id, "version": connection.version, "state": connection.state });
    if let (Some(fields), Value::Object(more)) = (data.as_object_mut(), change.data) {
        fields.extend(more);
    }
    Ok(admin.audit(tx, change.action, data)?)
}

/// AQ-01: who has no single sign-on in the plan changes none; what signs people in goes on.
async fn entitled(admin: &Administration) -> Result<(), OnboardingError> {
    if admin.tenant().await?.entitlements.sso {
        Ok(())
    } else {
        Err(OnboardingError::NotEntitled("single sign-on"))
    }
}
