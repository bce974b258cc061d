//! Directory events, in the shapes of docs/events.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::connection::Connection;
use crate::domain::deadline::{Deadline, Stage};
use crate::domain::erasure::nameless;
use crate::domain::event::Event;
use crate::domain::group::Group;
use crate::domain::ids::{ClientId, ConnectionId, TenantId, UserId};
use crate::domain::session::Session;
use crate::domain::sync_guard::{Measure, SyncHold};
use crate::domain::team::{Team, TeamMembership};
use crate::domain::tenant::{DomainClaim, Tenant};
use crate::domain::user::{PersonDetails, User};
use crate::openid_provider::clients::AppClient;
use crate::store::ApiKey;

/// Version of the shapes below.
const SCHEMA: u32 = 1;

fn event(kind: &str, user: &User, data: Value) -> Event {
    Event {
        kind: kind.to_owned(),
        schema: SCHEMA,
        tenant: user.tenant.clone(),
        subject: user.id.to_string(),
        sequence: user.version,
        at: user.modified_at,
        data,
    }
}

fn user_data(user: &User) -> Value {
    json!({
        "id": user.id,
        "user_name": user.user_name,
        "email": user.email,
        "name": user.display_name(),
        "details": user.details,
        "role": user.role,
        "active": user.active,
        "source": user.source,
    })
}

/// `user.created`, with what provisioning took instead of what came (IL-21).
#[must_use]
pub fn user_created(user: &User, teams: &[TeamMembership], fallbacks: &Value) -> Event {
    event(
        "user.created",
        user,
        json!({ "user": user_data(user), "teams": teams, "fallbacks": fallbacks }),
    )
}

/// `user.updated`: the record as it is now.
#[must_use]
pub fn user_updated(user: &User) -> Event {
    event("user.updated", user, json!({ "user": user_data(user) }))
}

/// `user.deactivated`: every session is over.
#[must_use]
pub fn user_deactivated(user: &User) -> Event {
    event("user.deactivated", user, json!({ "user": user_data(user) }))
}

/// `user.deleted`: every session is over, and every membership.
#[must_use]
pub fn user_deleted(user: &User) -> Event {
    event("user.deleted", user, json!({ "user": user_data(user) }))
}

/// `user.erased`: nothing is left of the person but the id; whoever keeps something under it erases it too.
#[must_use]
pub fn user_erased(user: &User) -> Event {
    event("user.erased", user, json!({}))
}

/// The same event of somebody who was erased since: id, role and state are left of the person.
#[must_use]
pub fn without_person(event: &Event) -> Event {
    let mut event = event.clone();
    if let Some(fields) = event.data.as_object_mut() {
        if let Some(person) = fields.get_mut("user").and_then(Value::as_object_mut) {
            let id = person.get("id").and_then(Value::as_str).unwrap_or_default();
            let name = nameless(id);
            person.insert("user_name".to_owned(), Value::from(name.as_str()));
            person.insert("name".to_owned(), Value::from(name));
            person.insert("email".to_owned(), Value::Null);
            person.insert("details".to_owned(), json!(PersonDetails::default()));
        }
        if let Some(fallbacks) = fields.get_mut("fallbacks") {
            *fallbacks = json!([]);
        }
    }
    event
}

/// `session.revoked`: every session of the user is over.
#[must_use]
pub fn sessions_revoked(user: &User) -> Event {
    event("session.revoked", user, json!({ "epoch": user.epoch }))
}

/// Why one session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// The person signed out at the identity provider (SE-13).
    SingleLogout,
    /// The operator or an owner ended it.
    ByHand,
}

impl SessionEnd {
    fn name(self) -> &'static str {
        match self {
            Self::SingleLogout => "single_logout",
            Self::ByHand => "by_hand",
        }
    }
}

/// `session.ended`: one session is over.
#[must_use]
pub fn session_ended(session: &Session, why: SessionEnd, at: DateTime<Utc>) -> Event {
    Event {
        kind: "session.ended".to_owned(),
        schema: SCHEMA,
        tenant: session.tenant.clone(),
        subject: session.sid.clone(),
        sequence: 1,
        at,
        data: json!({ "user": session.user, "connection": session.connection, "reason": why.name() }),
    }
}

/// `identity.linked`: the user can sign in by this connection from now on.
#[must_use]
pub fn identity_linked(user: &User, connection: &Connection, at: DateTime<Utc>) -> Event {
    Event {
        at,
        ..event("identity.linked", user, json!({ "connection": connection.id }))
    }
}

/// `identity.linked`, by support: the user has the identity of another record of the same person.
#[must_use]
pub fn identity_moved(user: &User, connection: &ConnectionId) -> Event {
    event("identity.linked", user, json!({ "connection": connection }))
}

/// `identity.unlinked`: the user cannot sign in by this connection before linking again.
#[must_use]
pub fn identity_unlinked(user: &User, connection: &ConnectionId) -> Event {
    event("identity.unlinked", user, json!({ "connection": connection }))
}

/// `user.merged`: what the user had is the other user's from now on.
#[must_use]
pub fn user_merged(user: &User, into: &UserId) -> Event {
    event("user.merged", user, json!({ "into": into }))
}

/// `identity.disabled`: the identity provider does not vouch for the user any more (SE-06); every session is over.
#[must_use]
pub fn identity_disabled(user: &User, connection: &ConnectionId) -> Event {
    event(
        "identity.disabled",
        user,
        json!({ "connection": connection, "reason": "invalid_grant", "epoch": user.epoch }),
    )
}

/// `team.created`.
#[must_use]
pub fn team_created(tenant: &Tenant, team: &Team) -> Event {
    Event {
        kind: "team.created".to_owned(),
        schema: SCHEMA,
        tenant: tenant.id.clone(),
        subject: team.id.to_string(),
        sequence: 1,
        at: team.created_at,
        data: json!({ "team": team }),
    }
}

/// `membership.created`.
#[must_use]
pub fn membership_created(user: &User, membership: &TeamMembership) -> Event {
    event("membership.created", user, json!({ "membership": membership }))
}

fn group_event(kind: &str, group: &Group, at: DateTime<Utc>, data: Value) -> Event {
    Event {
        kind: kind.to_owned(),
        schema: SCHEMA,
        tenant: group.tenant.clone(),
        subject: group.id.to_string(),
        sequence: group.version,
        at,
        data,
    }
}

fn group_data(group: &Group) -> Value {
    json!({ "id": group.id, "display_name": group.display_name, "external_id": group.external_id })
}

/// `group.created`. Who is in it follows in `group.members_changed`.
#[must_use]
pub fn group_created(group: &Group) -> Event {
    group_event(
        "group.created",
        group,
        group.created_at,
        json!({ "group": group_data(group) }),
    )
}

/// `group.updated`: its name or external id.
#[must_use]
pub fn group_updated(group: &Group) -> Event {
    group_event(
        "group.updated",
        group,
        group.modified_at,
        json!({ "group": group_data(group) }),
    )
}

/// `group.deleted`: everybody is out of it.
#[must_use]
pub fn group_deleted(group: &Group, at: DateTime<Utc>) -> Event {
    group_event("group.deleted", group, at, json!({ "group": group_data(group) }))
}

/// `group.members_changed`: who came and who went.
#[must_use]
pub fn group_members_changed(
    group: &Group,
    at: DateTime<Utc>,
    added: &[UserId],
    removed: &[UserId],
) -> Event {
    let data = json!({ "group": group_data(group), "added": added, "removed": removed });
    group_event("group.members_changed", group, at, data)
}

/// `group.members_changing`: so many come and go; events of `group.members_changed` with the same sequence name them.
#[must_use]
pub fn group_members_changing(group: &Group, added: usize, removed: usize) -> Event {
    let data = json!({ "group": group_data(group), "added": added, "removed": removed });
    group_event("group.members_changing", group, group.modified_at, data)
}

/// `connection.created`, `.updated`, `.idp_set`, `.state_changed`: where it stands now, and who did it.
#[must_use]
pub fn connection_changed(kind: &str, connection: &Connection, at: DateTime<Utc>, actor: &Value) -> Event {
    Event {
        kind: kind.to_owned(),
        schema: SCHEMA,
        tenant: connection.tenant.clone(),
        subject: connection.id.to_string(),
        sequence: connection.version,
        at,
        data: json!({ "state": connection.state, "name": connection.name, "actor": actor }),
    }
}

fn tenant_event(kind: &str, tenant: &Tenant, at: DateTime<Utc>, actor: &Value) -> Event {
    let shown = json!({
        "id": tenant.id,
        "name": tenant.name,
        "entitlements": tenant.entitlements,
        "seats": tenant.seats,
        "settings": tenant.settings,
        "root_user": tenant.root_user,
    });
    Event {
        kind: kind.to_owned(),
        schema: SCHEMA,
        tenant: tenant.id.clone(),
        subject: tenant.id.to_string(),
        sequence: tenant.version,
        at,
        data: json!({ "tenant": shown, "actor": actor }),
    }
}

/// `tenant.created`.
#[must_use]
pub fn tenant_created(tenant: &Tenant, actor: &Value) -> Event {
    tenant_event("tenant.created", tenant, tenant.created_at, actor)
}

/// `tenant.updated`: the record as it is now.
#[must_use]
pub fn tenant_updated(tenant: &Tenant, at: DateTime<Utc>, actor: &Value) -> Event {
    tenant_event("tenant.updated", tenant, at, actor)
}

/// `tenant.deleted`: the organization is gone, and everything of it is taken away.
#[must_use]
pub fn tenant_deleted(tenant: &Tenant, at: DateTime<Utc>, actor: &Value) -> Event {
    Event {
        kind: "tenant.deleted".to_owned(),
        schema: SCHEMA,
        tenant: tenant.id.clone(),
        subject: tenant.id.to_string(),
        sequence: tenant.version + 1,
        at,
        data: json!({ "name": tenant.name, "actor": actor }),
    }
}

fn sync_event(kind: &str, hold: &SyncHold, at: DateTime<Utc>, data: Value) -> Event {
    Event {
        kind: kind.to_owned(),
        schema: SCHEMA,
        tenant: hold.tenant.clone(),
        subject: hold.tenant.to_string(),
        sequence: u64::try_from(at.timestamp_millis()).unwrap_or(0),
        at,
        data,
    }
}

/// `sync.held` (GH-06): so many users have lost their access within an hour, and one more would be too many.
#[must_use]
pub fn sync_held(hold: &SyncHold) -> Event {
    let measure = hold.measure.unwrap_or(Measure {
        users: 0,
        limit: 0,
        removed: 0,
    });
    let data = json!({
        "hold": hold.id,
        "key": hold.key,
        "connection": null,
        "users": measure.users,
        "operations": measure.removed + hold.held,
        "limit": measure.limit,
    });
    sync_event("sync.held", hold, hold.opened_at, data)
}

/// `sync.released` or `sync.dismissed`: what became of a hold.
#[must_use]
pub fn sync_decided(kind: &str, hold: &SyncHold, at: DateTime<Utc>, actor: &Value) -> Event {
    let data = json!({
        "hold": hold.id,
        "held": hold.held,
        "passes_until": hold.passes_until,
        "actor": actor,
    });
    sync_event(kind, hold, at, data)
}

/// A claim has no version: the time in milliseconds grows as well.
fn domain_event(kind: &str, claim: &DomainClaim, at: DateTime<Utc>, data: Value) -> Event {
    Event {
        kind: kind.to_owned(),
        schema: SCHEMA,
        tenant: claim.tenant.clone(),
        subject: claim.domain.to_string(),
        sequence: u64::try_from(at.timestamp_millis()).unwrap_or(0),
        at,
        data,
    }
}

/// `domain.state_changed`: submitted, proven.
#[must_use]
pub fn domain_state_changed(claim: &DomainClaim, at: DateTime<Utc>, actor: &Value) -> Event {
    let data = json!({
        "domain": claim.domain,
        "state": claim.state,
        "include_subdomains": claim.include_subdomains,
        "actor": actor,
    });
    domain_event("domain.state_changed", claim, at, data)
}

/// `domain.takeover_announced`: another organization has proven the lapsed domain, and takes it over at that time.
#[must_use]
pub fn domain_takeover_announced(claim: &DomainClaim, at: DateTime<Utc>, from: DateTime<Utc>) -> Event {
    let data = json!({ "domain": claim.domain, "takes_over_at": from });
    domain_event("domain.takeover_announced", claim, at, data)
}

/// `domain.removed`: addresses in it are believed no more.
#[must_use]
pub fn domain_removed(claim: &DomainClaim, at: DateTime<Utc>, actor: &Value) -> Event {
    domain_event(
        "domain.removed",
        claim,
        at,
        json!({ "domain": claim.domain, "actor": actor }),
    )
}

fn api_key_event(kind: &str, key: &ApiKey, (sequence, at): (u64, DateTime<Utc>), actor: &Value) -> Event {
    Event {
        kind: kind.to_owned(),
        schema: SCHEMA,
        tenant: key.tenant.clone(),
        subject: key.id.clone(),
        sequence,
        at,
        data: json!({ "kind": key.kind, "name": key.name, "expires_at": key.expires_at, "actor": actor }),
    }
}

/// `api_key.created`; the key itself is no part of it.
#[must_use]
pub fn api_key_created(key: &ApiKey, actor: &Value) -> Event {
    api_key_event("api_key.created", key, (1, key.created_at), actor)
}

/// `api_key.revoked`.
#[must_use]
pub fn api_key_revoked(key: &ApiKey, at: DateTime<Utc>, actor: &Value) -> Event {
    api_key_event("api_key.revoked", key, (2, at), actor)
}

/// `app_client.created`, `.updated`, `.secret_added`, `.secret_revoked`, `.deleted`: of the deployment, not of a tenant.
#[must_use]
pub fn app_client_changed(
    kind: &str,
    client: &AppClient,
    (sequence, at): (u64, DateTime<Utc>),
    actor: &Value,
) -> Event {
    Event {
        kind: kind.to_owned(),
        schema: SCHEMA,
        tenant: TenantId::of_deployment(),
        subject: client.id.to_string(),
        sequence,
        at,
        data: json!({ "name": client.name, "actor": actor }),
    }
}

/// `break_glass.used` (AQ-21): somebody was let in beside single sign-on.
#[must_use]
pub fn break_glass_used(tenant: &TenantId, client: &ClientId, at: DateTime<Utc>) -> Event {
    Event {
        kind: "break_glass.used".to_owned(),
        schema: SCHEMA,
        tenant: tenant.clone(),
        subject: tenant.to_string(),
        sequence: u64::try_from(at.timestamp_millis()).unwrap_or(0),
        at,
        data: json!({ "client": client }),
    }
}

/// `sign_in.failed` (GH-04): what was wanted, what came, who must mend it. Nothing personal is part of it.
#[must_use]
pub fn sign_in_failed(connection: &Connection, at: DateTime<Utc>, reference: &str, data: Value) -> Event {
    Event {
        kind: "sign_in.failed".to_owned(),
        schema: SCHEMA,
        tenant: connection.tenant.clone(),
        subject: reference.to_owned(),
        sequence: 1,
        at,
        data,
    }
}

/// `secret.expiring`: a deadline has come to one of its stages, and so many people were told.
#[must_use]
pub fn secret_expiring(deadline: &Deadline, stage: Stage, told: u32, at: DateTime<Utc>) -> Event {
    Event {
        kind: "secret.expiring".to_owned(),
        schema: SCHEMA,
        tenant: deadline.tenant.clone(),
        subject: deadline.id.clone(),
        sequence: u64::try_from(at.timestamp_millis()).unwrap_or(0),
        at,
        data: json!({
            "kind": deadline.kind,
            "name": deadline.name,
            "expires_at": deadline.expires_at,
            "stage": stage.name(),
            "overdue": deadline.expires_at <= at,
            "told": told,
        }),
    }
}
