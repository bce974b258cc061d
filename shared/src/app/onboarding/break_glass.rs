//! Break-glass addresses (AQ-21): whose owners may sign in beside single sign-on, so that nobody is locked out by it.
//! The list changes only by somebody who has just signed in, and every owner hears of it.

use serde_json::json;

use super::error::{OnboardingError, Thing};
use super::notices::{self, Notice};
use super::sessions::require_fresh;
use super::{Administration, refused};
use crate::domain::email::EmailAddress;
use crate::domain::tenant::DomainState;
use crate::store::{BreakGlass, Guard, TenantTransaction};

/// Most addresses of one tenant.
const MOST: usize = 20;

/// The tenant's list.
///
/// # Errors
/// [`OnboardingError::Store`] when the table cannot be read.
pub async fn list(admin: &Administration) -> Result<Vec<BreakGlass>, OnboardingError> {
    Ok(admin.store.break_glass_list().await?)
}

/// Puts an address on the list. It must lie in a domain of the organization, or below one.
///
/// # Errors
/// [`OnboardingError`]: `FreshSignIn`, `Email`, `OutsideDomains`, `BreakGlassKnown`, `TooMany`.
pub async fn add(admin: &Administration, email: &str) -> Result<BreakGlass, OnboardingError> {
    require_fresh(admin)?;
    let email = EmailAddress::parse(email)?;
    let claims = admin.store.domains().await?;
    let associated = |name| {
        let mut held = claims.iter().filter(|claim| claim.state != DomainState::Pending);
        held.any(|claim| claim.domain == name)
    };
    if !email.domain().self_and_parents().any(associated) {
        return Err(OnboardingError::OutsideDomains);
    }
    if admin.store.break_glass_list().await?.len() >= MOST {
        return Err(OnboardingError::TooMany {
            what: "break-glass addresses",
            most: MOST,
        });
    }
    let entry = BreakGlass {
        email,
        added_at: admin.now(),
        used_at: None,
    };
    let mut tx = admin.store.begin();
    tx.add_break_glass(&entry);
    told(admin, &mut tx, "break_glass.added", &entry.email).await?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::BreakGlass, OnboardingError::BreakGlassKnown))?;
    Ok(entry)
}

/// Takes an address off the list. The last one that was tried out stays while passwords are off (GH-07).
///
/// # Errors
/// [`OnboardingError`]: `FreshSignIn`, `NotFound`, `EnforcementNeedsBreakGlass`.
pub async fn remove(admin: &Administration, email: &str) -> Result<(), OnboardingError> {
    require_fresh(admin)?;
    let gone = || OnboardingError::NotFound(Thing::BreakGlass);
    let email = EmailAddress::parse(email).map_err(|_| gone())?;
    let tenant = admin.tenant().await?;
    let list = admin.store.break_glass_list().await?;
    let left = list
        .iter()
        .any(|entry| entry.email != email && entry.used_at.is_some());
    if !tenant.settings.allow_password && !left {
        return Err(OnboardingError::EnforcementNeedsBreakGlass);
    }
    let mut tx = admin.store.begin();
    tx.remove_break_glass(&email);
    told(admin, &mut tx, "break_glass.removed", &email).await?;
    tx.commit()
        .await
        .map_err(|error| refused(error, Guard::BreakGlass, gone()))
}

/// Audit entry, and a mail to every owner. The address is in the mail, and not in the trail.
async fn told(
    admin: &Administration,
    tx: &mut TenantTransaction,
    action: &str,
    email: &EmailAddress,
) -> Result<(), OnboardingError> {
    let notice = Notice::BreakGlassChanged {
        address: email.as_str().to_owned(),
        added: action == "break_glass.added",
    };
    notices::to_owners(&admin.gatehouse, &admin.store, tx, &notice).await?;
    Ok(admin.audit(tx, action, json!({ "domain": email.domain() }))?)
}
