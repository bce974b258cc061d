//! What the directory knows of a person, in the words of the claims.

use crate::app::Gatehouse;
use crate::domain::ids::ConnectionId;
use crate::domain::team::TeamMembership;
use crate::domain::tenant::ProvenDomains;
use crate::domain::user::User;
use crate::openid_provider::claims::{TeamClaim, UserProfile};
use crate::redacted::Personal;
use crate::store::StoreError;

/// The profile of a user who signed in by `connection`; `teams` are read beside the user.
pub(super) async fn profile(
    gatehouse: &Gatehouse,
    user: &User,
    teams: Vec<TeamMembership>,
    connection: &ConnectionId,
) -> Result<UserProfile, StoreError> {
    let (organization_name, domains) = organization(gatehouse, user, connection).await?;
    let teams = teams.into_iter().map(|membership| TeamClaim {
        id: membership.team.to_string(),
        name: membership.team_name,
        role: Some(membership.role),
    });
    let details = &user.details;
    let personal = |value: &Option<String>| value.clone().map(Personal);
    Ok(UserProfile {
        user: user.id.clone(),
        tenant: user.tenant.clone(),
        organization_name,
        connection: Some(connection.to_string()),
        email: user
            .email
            .as_ref()
            .map(|address| Personal(address.as_str().to_owned())),
        email_verified: user
            .email
            .as_ref()
            .is_some_and(|address| domains.believes(address)),
        name: Some(Personal(user.display_name())),
        given_name: personal(&details.given_name),
        family_name: personal(&details.family_name),
        preferred_username: Some(Personal(user.user_name.clone())),
        picture: personal(&details.picture),
        phone_number: personal(&details.mobile),
        phone_number_verified: false,
        locale: None,
        position: personal(&details.position),
        department: personal(&details.department),
        role: Some(user.role.clone()),
        teams: teams.collect(),
        groups: Vec::new(),
        updated_at: Some(user.modified_at),
    })
}

/// The organization's name and proven domains: from the connection's context (at most 60 s old) where there is one.
async fn organization(
    gatehouse: &Gatehouse,
    user: &User,
    connection: &ConnectionId,
) -> Result<(Option<String>, ProvenDomains), StoreError> {
    let context = gatehouse.store.front_door().sign_in_context(connection).await?;
    if let Some(context) = context.filter(|context| context.tenant.id == user.tenant) {
        return Ok((Some(context.tenant.name.clone()), context.domains.clone()));
    }
    let store = gatehouse.store.tenant(&user.tenant);
    match store.record_and_domains().await? {
        Some((tenant, claims)) => Ok((Some(tenant.name), store.believed(&claims).await?)),
        None => Ok((None, ProvenDomains::default())),
    }
}
