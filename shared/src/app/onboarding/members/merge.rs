//! Two records of one person become one, for support: the one stays as it is and gains the other's identities and teams;
//! the other is gone, and everything that its sessions opened.

use serde_json::json;

use super::super::error::OnboardingError;
use super::super::owners::Ownership;
use super::super::{Administration, refused, rounds};
use super::{MOST_ROUNDS, leave_an_owner, read, unlocked};
use crate::app::events;
use crate::domain::ids::UserId;
use crate::domain::team::TeamMembership;
use crate::domain::user::{PersonDetails, User};
use crate::store::{Guard, LinkedIdentity, TenantTransaction};

/// Most items of identities and teams that are moved: a transaction has room for 100.
const MOST_ITEMS: usize = 80;

/// Merges the member `from` into `into`. The operator's alone.
///
/// # Errors
/// [`OnboardingError`]: `OperatorOnly`; `NotFound`; `Setting` for one and the same member; `Locked` when SCIM provisions
/// `from`; `RootUser` or `LastOwner` when `from` is; `MergeInactive` when `into` is switched off; `MergeTwice` when a
/// connection vouches for both; `TooMany` when it does not fit one transaction.
pub async fn merge(admin: &Administration, into: &UserId, from: &UserId) -> Result<User, OnboardingError> {
    if !admin.actor.is_operator() {
        return Err(OnboardingError::OperatorOnly);
    }
    if into == from {
        return Err(OnboardingError::Setting {
            field: "/from",
            wanted: "another member than the one that stays",
        });
    }
    rounds(MOST_ROUNDS, || once(admin, into, from)).await
}

/// What moves from one record to the other.
struct Moving {
    identities: Vec<LinkedIdentity>,
    /// The teams of the record that goes, each with whether the other one is in it already.
    teams: Vec<(TeamMembership, bool)>,
}

async fn once(admin: &Administration, into: &UserId, from: &UserId) -> Result<User, OnboardingError> {
    let staying = read(admin, into).await?;
    let leaving = read(admin, from).await?;
    let mut tx = admin.store.begin();
    check(admin, &staying, &leaving, &mut tx).await?;
    let moving = moving(admin, &staying, &leaving).await?;
    let after = User {
        version: staying.version + 1,
        modified_at: admin.now(),
        ..staying.clone()
    };
    tx.update_user(&staying, &after);
    let gone = gone(admin, &leaving);
    tx.update_user(&leaving, &gone);
    tx.depart(from);
    move_over(&mut tx, &moving, &after, &leaving);
    let linked = moving
        .identities
        .iter()
        .map(|identity| events::identity_moved(&after, &identity.connection));
    tx.user_events(
        into.as_str(),
        after.version,
        linked.chain([events::user_updated(&after)]).collect(),
    );
    let happened = vec![events::user_merged(&gone, into), events::user_deleted(&gone)];
    tx.user_events(from.as_str(), gone.version, happened);
    let data = json!({ "member": into, "merged": from, "identities": moving.identities.len() });
    admin.audit(&mut tx, "member.merged", data)?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::User, OnboardingError::Changed))?;
    Ok(after)
}

/// Whether the one may stay and the other go.
async fn check(
    admin: &Administration,
    staying: &User,
    leaving: &User,
    tx: &mut TenantTransaction,
) -> Result<(), OnboardingError> {
    unlocked(leaving)?;
    if !staying.active {
        return Err(OnboardingError::MergeInactive);
    }
    let tenant = admin.tenant().await?;
    if tenant.root_user.as_ref() == Some(&leaving.id) {
        return Err(OnboardingError::RootUser);
    }
    let catalogue = &admin.gatehouse.config.role_catalogue;
    // Whoever stays is written over the version that was read: an owner among the two suffices.
    if !Ownership::new(catalogue, tenant.root_user.as_ref()).has(staying) {
        leave_an_owner(admin, &tenant, leaving, tx).await?;
    }
    Ok(())
}

async fn moving(admin: &Administration, staying: &User, leaving: &User) -> Result<Moving, OnboardingError> {
    let kept = admin.store.linked_identities(&staying.id).await?;
    let identities = admin.store.linked_identities(&leaving.id).await?;
    let twice = |identity: &LinkedIdentity| kept.iter().any(|own| own.connection == identity.connection);
    if identities.iter().any(twice) {
        return Err(OnboardingError::MergeTwice);
    }
    let own = admin.store.teams_of(&staying.id).await?;
    let teams = admin.store.teams_of(&leaving.id).await?;
    if identities.len() * 3 + teams.len() * 4 > MOST_ITEMS {
        return Err(OnboardingError::TooMany {
            what: "identities and teams to move",
            most: MOST_ITEMS / 4,
        });
    }
    let shared = |team: &TeamMembership| own.iter().any(|other| other.team == team.team);
    let teams = teams.into_iter().map(|team| {
        let shared = shared(&team);
        (team, shared)
    });
    Ok(Moving {
        identities,
        teams: teams.collect(),
    })
}

fn move_over(tx: &mut TenantTransaction, moving: &Moving, after: &User, leaving: &User) {
    for identity in &moving.identities {
        tx.hand_identity_over(identity, &after.id, after.epoch);
    }
    for (team, shared) in &moving.teams {
        tx.remove_team_member(&leaving.id, &team.team);
        if !shared {
            tx.add_team_member(&after.id, team);
        }
    }
}

/// The record that goes: name and address are free at once, since the person is not gone.
fn gone(admin: &Administration, leaving: &User) -> User {
    User {
        user_name: format!("merged {}", leaving.id),
        email: None,
        active: false,
        tombstone: true,
        details: PersonDetails::default(),
        scim: None,
        version: leaving.version + 1,
        epoch: leaving.epoch + 1,
        modified_at: admin.now(),
        ..leaving.clone()
    }
}
