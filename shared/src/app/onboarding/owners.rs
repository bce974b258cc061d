//! Who owns an organization, said once: the active members with the most powerful role of the operator's catalogue, and
//! the creator of the organization (AQ-03) while active, whatever the role.

use crate::app::Gatehouse;
use crate::domain::email::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::role_catalogue::RoleCatalogue;
use crate::domain::user::User;
use crate::store::{StoreError, TenantStore};

/// Members of one read.
const PAGE: i32 = 100;

/// The rule by which a member of one organization is an owner.
#[derive(Clone, Copy, Debug)]
pub struct Ownership<'a> {
    catalogue: &'a RoleCatalogue,
    root: Option<&'a UserId>,
}

impl<'a> Ownership<'a> {
    /// The rule of an organization whose creator is `root`.
    #[must_use]
    pub fn new(catalogue: &'a RoleCatalogue, root: Option<&'a UserId>) -> Self {
        Self { catalogue, root }
    }

    /// Whether a member is an owner.
    #[must_use]
    pub fn has(&self, user: &User) -> bool {
        let role = self.catalogue.roles().last().map(|role| role.as_str());
        let owns = role == Some(user.role.as_str()) || self.root == Some(&user.id);
        user.active && !user.tombstone && owns
    }
}

/// Addresses of all owners of an organization whose creator is `root`, each once.
///
/// # Errors
/// [`StoreError`] when the table cannot be read.
pub async fn addresses_of(
    gatehouse: &Gatehouse,
    store: &TenantStore,
    root: Option<&UserId>,
) -> Result<Vec<EmailAddress>, StoreError> {
    let ownership = Ownership::new(&gatehouse.config.role_catalogue, root);
    let mut found: Vec<EmailAddress> = Vec::new();
    let mut after = None;
    loop {
        let (page, next) = store.users_page(after.as_ref(), PAGE).await?;
        let owners = page.iter().filter(|user| ownership.has(user));
        for address in owners.filter_map(|user| user.email.clone()) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
        if next.is_none() {
            return Ok(found);
        }
        after = next;
    }
}

/// An owner beside this one, as just read: whoever takes the one away holds the other one to it in the same transaction.
///
/// # Errors
/// [`StoreError`] when the table cannot be read.
pub async fn another(
    store: &TenantStore,
    ownership: Ownership<'_>,
    than: &UserId,
) -> Result<Option<User>, StoreError> {
    let mut after = None;
    loop {
        let (page, next) = store.users_page(after.as_ref(), PAGE).await?;
        let found = page
            .into_iter()
            .find(|user| user.id != *than && ownership.has(user));
        if found.is_some() || next.is_none() {
            return Ok(found);
        }
        after = next;
    }
}
