//! The items that a user's record consists of, beside the identities: the document, the name's guard, the list entry
//! and the look-ups.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::StoreError;
use super::item::{Item, number, text};
use super::keys;
use crate::domain::team::Source;
use crate::domain::user::User;

/// How long a deleted user's id, name and address stay known: a re-provisioned person gets the same id, and signing in
/// does not make the person anew.
pub(super) const TOMBSTONE: TimeDelta = TimeDelta::days(30);

/// Marks the document of a user that was deleted.
pub(super) const GONE: &str = "gone";
/// Marks the look-up of an address that is not the user's primary one.
pub(super) const SECONDARY: &str = "sec";

/// When a deleted user is gone for good.
fn end(user: &User) -> Option<DateTime<Utc>> {
    user.tombstone.then(|| user.modified_at + TOMBSTONE)
}

fn lasting(item: Item, user: &User) -> Item {
    match end(user) {
        Some(end) => item.until(end),
        None => item,
    }
}

/// The document. A deleted user is out of the index of changes.
pub(super) fn document(user: &User) -> Result<Item, StoreError> {
    let item = Item::new(keys::user(&user.tenant, &user.id)).doc("user", user)?;
    let item = item
        .with("v", number(user.version))
        .with("e", number(user.epoch))
        .with("on", number(u64::from(user.active)));
    if user.tombstone {
        return Ok(lasting(item, user).with(GONE, number(1)));
    }
    Ok(item.with("lm_pk", text(keys::modified_pk(&user.tenant))).with(
        "lm_sk",
        text(keys::modified_sk(user.modified_at, user.id.as_str())),
    ))
}

/// The guard of the user name.
pub(super) fn guard(user: &User) -> Item {
    let item = Item::new(keys::user_name(&user.tenant, &user.user_name));
    lasting(item.with("uid", text(user.id.as_str())), user)
}

/// List entry and look-ups, by key. What is here without a condition may be written over itself.
pub(super) fn lookups(user: &User) -> BTreeMap<(String, String), Item> {
    let tenant = &user.tenant;
    let mut items = Vec::new();
    if let Some(address) = &user.email {
        items.push(lasting(Item::new(keys::email(tenant, address, &user.id)), user));
    }
    if !user.tombstone {
        items.push(
            Item::new(keys::user_list(tenant, &user.id))
                .with("un", text(user.user_name.clone()))
                .with("on", number(u64::from(user.active))),
        );
        items.extend(more(user));
    }
    // The primary address comes first and is not written over by a secondary one that folds alike.
    let mut by_key = BTreeMap::new();
    for item in items {
        let key = (item.key.pk.clone(), item.key.sk.clone());
        by_key.entry(key).or_insert(item);
    }
    by_key
}

fn more(user: &User) -> Vec<Item> {
    let tenant = &user.tenant;
    let mut items = Vec::new();
    if let (Some(address), Source::Manual | Source::SignIn) = (&user.email, user.source) {
        let claim = Item::new(keys::email_claim(tenant, address));
        items.push(claim.with("uid", text(user.id.as_str())));
    }
    if let Some(record) = &user.scim {
        if let Some(external) = record.external_id() {
            items.push(Item::new(keys::external_id(tenant, external, user.id.as_str())));
        }
        items.extend(record.addresses().map(|address| {
            Item::new(keys::any_email(tenant, address, user.id.as_str())).with(SECONDARY, number(1))
        }));
    }
    items
}
