//! Directory events, in the shapes of docs/events.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::connection::Connection;
use crate::domain::event::Event;
use crate::domain::team::{Team, TeamMembership};
use crate::domain::tenant::Tenant;
use crate::domain::user::User;

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

/// `session.revoked`: every session of the user is over.
#[must_use]
pub fn sessions_revoked(user: &User) -> Event {
    event("session.revoked", user, json!({ "epoch": user.epoch }))
}

/// `identity.linked`: the user can sign in by this connection from now on.
#[must_use]
pub fn identity_linked(user: &User, connection: &Connection, at: DateTime<Utc>) -> Event {
    Event {
        at,
        ..event("identity.linked", user, json!({ "connection": connection.id }))
    }
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

/// `connection.state_changed`.
#[must_use]
pub fn connection_state_changed(connection: &Connection, at: DateTime<Utc>) -> Event {
    Event {
        kind: "connection.state_changed".to_owned(),
        schema: SCHEMA,
        tenant: connection.tenant.clone(),
        subject: connection.id.to_string(),
        sequence: connection.version,
        at,
        data: json!({ "state": connection.state, "name": connection.name }),
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
