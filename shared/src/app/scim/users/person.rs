//! A person's record and what SCIM says of the person: one is made from the other here, and nowhere else.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::domain::email::EmailAddress;
use crate::domain::phone;
use crate::domain::scim_record::{Made, ScimRecord};
use crate::domain::team::Source;
use crate::domain::user::{ListedUser, PersonDetails, User};
use crate::scim::ScimError;
use crate::scim::resource::{Meta, WrittenMeta, email_address, phone_number};
use crate::scim::schema::ENTERPRISE;

/// Most e-mail addresses of one person: each is an item of its own, written in the person's transaction.
const MOST_ADDRESSES: usize = 20;

/// What stands behind `active` in the order of the schema.
const BEHIND_ACTIVE: &[&str] = &[
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509Certificates",
];

/// What the server knows of a user beside its attributes.
pub(crate) fn meta(user: &User) -> Meta {
    Meta {
        id: user.id.to_string(),
        created: user.created_at,
        last_modified: user.modified_at,
        version: user.version,
    }
}

/// The same of a user as a list reads it.
pub(crate) fn listed_meta<'a>(user: &ListedUser<'a>) -> WrittenMeta<'a> {
    WrittenMeta {
        id: user.id,
        created: user.created_at,
        last_modified: user.modified_at,
        version: user.version,
    }
}

/// The user's SCIM attributes; those of a person who did not come by SCIM are put together from the record.
pub(crate) fn attributes(user: &User) -> Cow<'_, Map<String, Value>> {
    match &user.scim {
        Some(record) => Cow::Borrowed(&record.attributes),
        None => Cow::Owned(of_record(user)),
    }
}

/// As [`attributes`], of a user that is not needed any more.
pub(crate) fn into_attributes(mut user: User) -> Map<String, Value> {
    match user.scim.take() {
        Some(record) => record.attributes,
        None => of_record(&user),
    }
}

fn of_record(user: &User) -> Map<String, Value> {
    let details = &user.details;
    let mut map = Map::new();
    map.insert("userName".to_owned(), user.user_name.as_str().into());
    let mut name = Map::new();
    let parts = [
        ("familyName", &details.family_name),
        ("givenName", &details.given_name),
    ];
    for (part, value) in parts {
        if let Some(value) = value {
            name.insert(part.to_owned(), value.as_str().into());
        }
    }
    if !name.is_empty() {
        map.insert("name".to_owned(), name.into());
    }
    map.insert("displayName".to_owned(), user.display_name().into());
    if let Some(position) = &details.position {
        map.insert("title".to_owned(), position.as_str().into());
    }
    map.insert("active".to_owned(), user.active.into());
    if let Some(address) = &user.email {
        let value = json!([{ "value": address.as_str(), "type": "work", "primary": true }]);
        map.insert("emails".to_owned(), value);
    }
    if let Some(number) = &details.mobile {
        let value = json!([{ "value": number, "type": "mobile", "primary": true }]);
        map.insert("phoneNumbers".to_owned(), value);
    }
    if let Some(picture) = &details.picture {
        let value = json!([{ "value": picture, "type": "photo", "primary": true }]);
        map.insert("photos".to_owned(), value);
    }
    if let Some(department) = &details.department {
        map.insert(ENTERPRISE.id.to_owned(), json!({ "department": department }));
    }
    map
}

/// Makes the user what the attributes say: from now on it is SCIM's.
///
/// # Errors
/// [`ScimError::InvalidValue`] for more addresses than one person may have.
pub(crate) fn absorb(
    user: &mut User,
    attributes: Map<String, Value>,
    made: Option<Made>,
) -> Result<(), ScimError> {
    let record = ScimRecord { attributes, made };
    let addresses = record.addresses().count();
    if addresses > MOST_ADDRESSES {
        return Err(ScimError::InvalidValue(format!(
            "emails: wanted at most {MOST_ADDRESSES}, got {addresses}"
        )));
    }
    let said = &record.attributes;
    user.user_name = text(said, "userName").unwrap_or_default();
    user.email = email_address(said).and_then(|address| EmailAddress::parse(address).ok());
    // Unassigned, it lets nobody in and locks nobody out.
    user.active = said.get("active").and_then(Value::as_bool).unwrap_or(user.active);
    user.details = details(said);
    user.source = Source::Scim;
    user.scim_takeover = false;
    user.tombstone = false;
    user.scim = Some(Box::new(record));
    Ok(())
}

fn details(said: &Map<String, Value>) -> PersonDetails {
    let object = |name: &str| said.get(name).and_then(Value::as_object);
    let name = |part: &str| object("name").and_then(|name| text(name, part));
    PersonDetails {
        given_name: name("givenName"),
        family_name: name("familyName"),
        position: text(said, "title"),
        department: object(ENTERPRISE.id).and_then(|more| text(more, "department")),
        mobile: phone_number(said)
            .map(|number| phone::international(number).unwrap_or_else(|| number.to_owned())),
        picture: picture(said),
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str()?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// The primary photo, else the first; it is shown by the app, so that it must be an https URL.
fn picture(said: &Map<String, Value>) -> Option<String> {
    let photos = said.get("photos")?.as_array()?;
    let primary = photos
        .iter()
        .find(|photo| photo.get("primary") == Some(&Value::Bool(true)));
    let url = primary.or_else(|| photos.first())?.get("value")?.as_str()?;
    url.starts_with("https://").then(|| url.to_owned())
}

/// The attributes with a value of `active`, which stands where the schema has it.
pub(crate) fn with_active(attributes: Map<String, Value>, active: bool) -> Map<String, Value> {
    if attributes.contains_key("active") {
        return attributes;
    }
    let mut ordered = Map::with_capacity(attributes.len() + 1);
    for (name, value) in attributes {
        let behind = BEHIND_ACTIVE.contains(&name.as_str()) || name == ENTERPRISE.id;
        if behind && !ordered.contains_key("active") {
            ordered.insert("active".to_owned(), active.into());
        }
        ordered.insert(name, value);
    }
    ordered.entry("active").or_insert_with(|| active.into());
    ordered
}

#[cfg(test)]
#[path = "person_tests.rs"]
mod tests;
