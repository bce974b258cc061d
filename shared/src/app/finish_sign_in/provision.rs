//! Just-in-time provisioning: the user, teams and events of a first sign-in (IL-04 … IL-35).

use chrono::{DateTime, Utc};

use super::FinishError;
use super::person::Person;
use super::refusal::SignInRefusal;
use crate::app::{Gatehouse, events};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{TeamId, UserId};
use crate::domain::profile::{self, Profile};
use crate::domain::sync_guard::SyncMark;
use crate::domain::team::{Source, Team, TeamMembership};
use crate::domain::user::{PersonDetails, User};
use crate::store::{SeatCount, SignInContext, TenantStore, TenantTransaction};

/// A user about to be made, with what is made beside it.
#[derive(Debug)]
pub(super) struct Newcomer {
    pub user: User,
    profile: Profile,
    team: Option<(Team, bool)>,
    seats: Option<SeatCount>,
}

/// Puts a newcomer together: reads the profile, the team by its name, and the seats.
pub(super) async fn newcomer(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    person: &Person,
    address: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<Newcomer, FinishError> {
    let profile = profile_of(gatehouse, context, person, address);
    let store = gatehouse.store.tenant(&context.tenant.id);
    let (seats, team) = futures_util::future::try_join(
        free_seats(&store, context),
        team_of(&store, profile.team_name.as_deref(), now),
    )
    .await?;
    let user = User {
        id: UserId::generate()?,
        tenant: context.tenant.id.clone(),
        user_name: address.as_str().to_owned(),
        email: Some(address.clone()),
        details: PersonDetails {
            given_name: profile.first_name.clone(),
            family_name: profile.last_name.clone(),
            position: profile.position.clone(),
            department: profile.department.clone(),
            mobile: profile.mobile.clone(),
            picture: profile.picture.clone(),
        },
        role: profile.role.clone(),
        active: true,
        source: Source::SignIn,
        tombstone: false,
        scim_takeover: false,
        scim: None,
        sync: SyncMark::default(),
        version: 1,
        epoch: 1,
        created_at: now,
        modified_at: now,
    };
    Ok(Newcomer {
        user,
        profile,
        team,
        seats,
    })
}

fn profile_of(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    person: &Person,
    address: &EmailAddress,
) -> Profile {
    let settings = &context.tenant.settings;
    let defaults = profile::RoleDefaults {
        role: settings.default_role.as_deref(),
        team_role: settings.default_team_role.as_deref(),
    };
    profile::read(
        &person.attributes.0,
        &context.connection.attributes,
        address,
        &gatehouse.config.role_catalogue,
        defaults,
    )
}

/// IL-06: with booked seats, the count that the transaction holds on to.
async fn free_seats(store: &TenantStore, context: &SignInContext) -> Result<Option<SeatCount>, FinishError> {
    let Some(seats) = context.tenant.seats else {
        return Ok(None);
    };
    let count = store.count_seats().await?;
    if count.active >= u64::from(seats) {
        return Err(SignInRefusal::SeatsUsedUp { seats }.into());
    }
    Ok(Some(count))
}

/// IL-32: the team of this name, made where there is none; `true` when it is new.
async fn team_of(
    store: &TenantStore,
    name: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<(Team, bool)>, FinishError> {
    let Some(name) = name else { return Ok(None) };
    if let Some(team) = store.team_by_name(name).await? {
        return Ok(Some((team, false)));
    }
    let team = Team {
        id: TeamId::generate()?,
        name: name.to_owned(),
        source: Source::SignIn,
        created_at: now,
    };
    Ok(Some((team, true)))
}

/// Adds the newcomer to the transaction, with its events.
pub(super) fn write(tx: &mut TenantTransaction, context: &SignInContext, newcomer: &Newcomer) {
    let user = &newcomer.user;
    if let Some(count) = newcomer.seats {
        tx.hold_seats(count);
    }
    tx.create_user(user);
    let mut memberships = Vec::new();
    let mut more = Vec::new();
    if let Some((team, is_new)) = &newcomer.team {
        let membership = TeamMembership {
            team: team.id.clone(),
            team_name: team.name.clone(),
            role: newcomer.profile.team_role.clone(),
            source: Source::SignIn,
        };
        if *is_new {
            tx.create_team(team);
            tx.tenant_events(vec![events::team_created(&context.tenant, team)]);
        } else {
            tx.check_team(&team.id);
        }
        tx.add_team_member(&user.id, &membership);
        more.push(events::membership_created(user, &membership));
        memberships.push(membership);
    }
    let fallbacks = serde_json::to_value(&newcomer.profile.fallbacks).unwrap_or_default();
    let mut all = vec![events::user_created(user, &memberships, &fallbacks)];
    all.push(events::identity_linked(
        user,
        &context.connection,
        user.created_at,
    ));
    all.append(&mut more);
    tx.user_events(user.id.as_str(), user.version, all);
}
