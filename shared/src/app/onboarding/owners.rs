//! Who owns an organization: the active members with the most powerful role of the operator's catalogue.

use crate::app::Gatehouse;
use crate::domain::email::EmailAddress;
use crate::domain::role_catalogue::RoleCatalogue;
use crate::domain::user::User;
use crate::store::{StoreError, TenantStore};

/// Most owners that a notice goes to.
const MOST_OWNERS: usize = 50;
/// Members of one read.
const PAGE: i32 = 100;

/// The role of owners: the most powerful one.
#[must_use]
pub fn role(catalogue: &RoleCatalogue) -> Option<&str> {
    catalogue.roles().last().map(|role| role.as_str())
}

/// Whether a member is an owner.
#[must_use]
pub fn is_owner(catalogue: &RoleCatalogue, user: &User) -> bool {
    user.active && !user.tombstone && role(catalogue) == Some(user.role.as_str())
}

/// Addresses of the owners, at most 50.
///
/// # Errors
/// [`StoreError`] when the table cannot be read.
pub async fn addresses(gatehouse: &Gatehouse, store: &TenantStore) -> Result<Vec<EmailAddress>, StoreError> {
    let owns = |user: &User| is_owner(&gatehouse.config.role_catalogue, user);
    addresses_of(store, owns, MOST_OWNERS, usize::MAX).await
}

/// Addresses of the members of whom `wanted` is true: `most` of them, out of the first `among` members.
///
/// # Errors
/// [`StoreError`] when the table cannot be read.
pub async fn addresses_of(
    store: &TenantStore,
    wanted: impl Fn(&User) -> bool,
    most: usize,
    among: usize,
) -> Result<Vec<EmailAddress>, StoreError> {
    let mut found = Vec::new();
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = store.users(after.as_ref(), PAGE).await?;
        let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        after = page.last().map(|user| user.id.clone());
        seen += page.len();
        let members = page.into_iter().filter(&wanted);
        found.extend(members.filter_map(|user| user.email));
        if !full || found.len() >= most || seen >= among {
            found.truncate(most);
            return Ok(found);
        }
    }
}
