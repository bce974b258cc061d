//! DELETE of a user (RFC 7644, section 3.6; GW-7: at any time, active or not).

use super::super::{Caller, ScimFailure};
use super::existing::{self, Lost};
use super::find;
use crate::domain::team::Source;
use crate::domain::user::{PersonDetails, User};
use crate::scim::etag::check_if_match;
use crate::store::Patience;

/// Deletes a user: sessions end with the same write. For 30 days the id, the name and the address are kept, so that the
/// same person gets the same id when provisioned again, and is not made anew by signing in; everything else goes.
///
/// # Errors
/// [`crate::scim::ScimError`]: `NotFound`, `PreconditionFailed`, or `Uniqueness` for a person made by hand.
pub async fn delete(caller: &Caller, id: &str, if_match: Option<&str>) -> Result<(), ScimFailure> {
    let mut patience = Patience::new();
    loop {
        let before = find(caller, id).await?.user;
        check_if_match(if_match, before.version)?;
        existing::touchable(caller, &before).await?;
        match existing::write(caller, &before, tombstone(&before)).await {
            Ok(_) => return Ok(()),
            Err(Lost::Changed) => patience.wait("a change of a user").await?,
            Err(Lost::Failed(failure)) => return Err(failure),
        }
    }
}

fn tombstone(user: &User) -> User {
    User {
        active: false,
        tombstone: true,
        source: Source::Scim,
        scim_takeover: false,
        details: PersonDetails::default(),
        scim: None,
        // Also of somebody inactive: nothing of an earlier life may be good in a later one.
        epoch: user.epoch + 1,
        ..user.clone()
    }
}
