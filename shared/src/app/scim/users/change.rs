//! PUT and PATCH of a user (RFC 7644, sections 3.5.1 and 3.5.2).

use serde_json::{Map, Value};

use super::super::{Caller, ScimFailure};
use super::existing::{self, Lost};
use super::{ShownUser, find, person, show};
use crate::domain::user::User;
use crate::scim::etag::check_if_match;
use crate::scim::list::Projection;
use crate::scim::patch::{self, PatchPlan};
use crate::scim::{ResourceKind, ScimError, normalize};
use crate::store::{Patience, UserInGroups};

/// What a user becomes.
#[derive(Clone, Copy, Debug)]
pub enum Update<'b> {
    /// The body of a PUT: all attributes.
    Replace(&'b Value),
    /// The body of a PATCH: operations, all of them or none.
    Patch(&'b Value),
}

/// An update, checked against the schema.
enum Plan {
    Replace(Map<String, Value>),
    Patch(PatchPlan),
}

impl Plan {
    fn of(id: &str, update: Update<'_>) -> Result<Self, ScimError> {
        match update {
            Update::Replace(body) => {
                let incoming = normalize::resource(ResourceKind::User, body)?;
                Ok(Self::Replace(incoming.attributes))
            }
            Update::Patch(body) => patch::plan(ResourceKind::User, id, body).map(Self::Patch),
        }
    }

    fn apply(&self, user: &User) -> Result<Map<String, Value>, ScimError> {
        match self {
            // Who is switched off is not let in by a PUT that does not speak of it.
            Self::Replace(attributes) => Ok(person::with_active(attributes.clone(), user.active)),
            Self::Patch(plan) => plan.apply(&person::attributes(user)),
        }
    }
}

/// Changes a user; what changes nothing writes nothing. Of several changes at once none is lost.
///
/// # Errors
/// [`ScimError`]: `NotFound`; `PreconditionFailed`, if `if_match` names another version; `Uniqueness`, if the name is
/// taken or the person was made by hand; `Forbidden`, if no seat is left; and whatever is wrong with the body.
pub async fn update(
    caller: &Caller,
    id: &str,
    if_match: Option<&str>,
    change: Update<'_>,
    projection: &Projection,
) -> Result<ShownUser, ScimFailure> {
    let plan = Plan::of(id, change)?;
    let mut patience = Patience::new();
    loop {
        let before = find(caller, id).await?;
        check_if_match(if_match, before.user.version)?;
        match once(caller, &before.user, &plan).await {
            Ok(user) => {
                let after = UserInGroups { user, ..before };
                return Ok(show(caller, after, projection));
            }
            Err(Lost::Changed) => patience.wait("a change of a user").await?,
            Err(Lost::Failed(failure)) => return Err(failure),
        }
    }
}

async fn once(caller: &Caller, before: &User, plan: &Plan) -> Result<User, Lost> {
    existing::touchable(caller, before).await?;
    let attributes = plan.apply(before)?;
    let mut after = before.clone();
    let made = before.scim.as_ref().and_then(|record| record.made.clone());
    person::absorb(&mut after, attributes, made)?;
    if after == *before {
        return Ok(after);
    }
    existing::write(caller, before, after).await
}
