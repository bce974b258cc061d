//! GH-06: what a change of a connection's mapping would do, worked out on what is there, with nothing written: whether
//! it leads back to draft, what a newcomer would be made of what came with a test sign-in, and how many members would be
//! known no more. Attributes of people who signed in are not kept, and what a mapping reads is taken at a first sign-in
//! alone (IL-34): names, roles and teams of members stay as they are.

use futures_util::future::try_join_all;

use super::edit::{ConnectionEdit, Kind};
use super::{entitled, oidc};
use crate::app::finish_sign_in::saml::EMAIL_ATTRIBUTES;
use crate::app::onboarding::{Administration, OnboardingError, Thing};
use crate::app::test_sign_in::{self, Came};
use crate::domain::connection::{AttributeMapping, Connection, ConnectionState, Protocol, SubjectSource};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ConnectionId, UserId};
use crate::domain::onboarding::Finding;
use crate::domain::profile::{self, Profile, RoleDefaults};

/// Members of one page, and pages that are looked at.
const PAGE: i32 = 100;
const MOST_PAGES: usize = 5;

/// One attribute that would be read by another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The setting, as a JSON pointer.
    pub field: &'static str,
    /// The name that is read now.
    pub from: String,
    /// The name that would be read.
    pub to: String,
}

/// Somebody who signs in for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// The address.
    pub email: EmailAddress,
    /// Whether it lies in a proven domain.
    pub email_verified: bool,
    /// What else the person would be made of.
    pub profile: Profile,
}

/// What would be made of what came with a test sign-in, now and after the change; `None` where no address was read, without
/// which nobody is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomers {
    /// The test.
    pub test: String,
    /// By the mapping as it is.
    pub before: Option<Newcomer>,
    /// By the mapping as it would be.
    pub after: Option<Newcomer>,
}

/// Members that have an identity at the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// Members that were looked at.
    pub looked_at: usize,
    /// Of these, the ones that have signed in by the connection.
    pub linked: usize,
    /// Whether these were all members.
    pub complete: bool,
}

/// What a change would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRun {
    /// The version that it was worked out on.
    pub version: u64,
    /// Where the connection would stand.
    pub state: ConnectionState,
    /// Attributes that would be read by other names.
    pub renamed: Vec<Renamed>,
    /// What identifies people now, and would.
    pub subject: (SubjectSource, SubjectSource),
    /// A first sign-in; `None` without a test sign-in of the last hour.
    pub newcomers: Option<Newcomers>,
    /// Members that would be known no more: looked for only where what identifies them would change.
    pub unrecognized: Option<Linked>,
    /// What should be known before the change is made.
    pub findings: Vec<Finding>,
}

/// Works out what `edit` over `read` would do. What came is that of `test`, else of the connection's last passed test.
///
/// # Errors
/// [`OnboardingError`]: `NotEntitled`, `NotFound` for a test that is named and not there, or what is wrong with the edit.
pub async fn dry_run(
    admin: &Administration,
    read: &Connection,
    edit: ConnectionEdit,
    test: Option<&str>,
) -> Result<DryRun, OnboardingError> {
    entitled(admin).await?;
    let edit = edit.checked(Kind::of(&read.protocol), admin.endpoint_policy())?;
    let mut after = read.clone();
    edit.write(&mut after);
    oidc::follow(admin, Some(read), &mut after).await?;
    let draft = !after.vouches_like(read);
    let came = came(admin, read, test).await?;
    let mut findings = warnings(read, &after, came.as_ref().map(|(_, came)| came));
    let newcomers = match &came {
        Some((test, came)) => Some(newcomers(admin, (read, &after), test, came).await?),
        None => None,
    };
    let other_subject = read.subject != after.subject || read.issuer() != after.issuer();
    let unrecognized = if other_subject {
        Some(linked(admin, &read.id).await?)
    } else {
        None
    };
    if unrecognized.is_some_and(|found| found.linked > 0) {
        findings.push(Finding::warning(
            "identities_lost",
            "members who have signed in would not be known by what identifies them: at the next sign-in they are linked \
             anew by a proven address, or refused",
        ));
    }
    Ok(DryRun {
        version: read.version,
        state: if draft { ConnectionState::Draft } else { read.state },
        renamed: renamed(&read.attributes, &after.attributes),
        subject: (read.subject.clone(), after.subject),
        newcomers,
        unrecognized,
        findings,
    })
}

/// What came with a test sign-in that passed within the last hour.
async fn came(
    admin: &Administration,
    connection: &Connection,
    named: Option<&str>,
) -> Result<Option<(String, Came)>, OnboardingError> {
    let last = connection.onboarding.test.as_ref().map(|test| test.test.as_str());
    let Some(id) = named.or(last) else { return Ok(None) };
    let test = match test_sign_in::read(admin, &connection.id, id).await {
        // Its hour is over.
        Err(OnboardingError::NotFound(Thing::TestSignIn)) if named.is_none() => return Ok(None),
        found => found?,
    };
    Ok(test.came.map(|came| (test.id, came)))
}

async fn newcomers(
    admin: &Administration,
    (before, after): (&Connection, &Connection),
    test: &str,
    came: &Came,
) -> Result<Newcomers, OnboardingError> {
    let settings = admin.tenant().await?.settings;
    let claims = admin.store.domains().await?;
    let domains = admin.store.believed(&claims).await?;
    let defaults = RoleDefaults {
        role: settings.default_role.as_deref(),
        team_role: settings.default_team_role.as_deref(),
    };
    let newcomer = |mapping: &AttributeMapping, email: Option<EmailAddress>| {
        let email = email?;
        let catalogue = &admin.gatehouse.config.role_catalogue;
        Some(Newcomer {
            email_verified: domains.believes(&email),
            profile: profile::read(&came.attributes.0, mapping, &email, catalogue, defaults),
            email,
        })
    };
    Ok(Newcomers {
        test: test.to_owned(),
        before: newcomer(&before.attributes, came.email.clone()),
        after: newcomer(&after.attributes, email_after(before, after, came)),
    })
}

/// The address by the mapping as it would be.
fn email_after(before: &Connection, after: &Connection, came: &Came) -> Option<EmailAddress> {
    if before.attributes.email == after.attributes.email {
        return came.email.clone();
    }
    let (was, is) = (address(before, came), address(after, came));
    match &after.protocol {
        // Where no attribute is an address, the NameID may be (CH-04): it is what came then.
        Protocol::Saml(_) if is.is_none() && was.is_none() => came.email.clone(),
        Protocol::Saml(_) => is,
        // An address that came and was not taken is not proven (AQ-05), by whatever name it goes.
        Protocol::Oidc(_) if was.is_some() && came.email.is_none() => None,
        Protocol::Oidc(_) => is,
        Protocol::GitHub(_) => came.email.clone(),
    }
}

/// The address in the attribute that the connection reads it from.
fn address(connection: &Connection, came: &Came) -> Option<EmailAddress> {
    let of = |name: &str| match came.attributes.0.get(name).map(Vec::as_slice) {
        Some([value]) => EmailAddress::parse(value).ok(),
        Some(_) | None => None,
    };
    match (&connection.attributes.email, &connection.protocol) {
        (Some(name), _) => of(name),
        (None, Protocol::Saml(_)) => EMAIL_ATTRIBUTES.iter().find_map(|name| of(name)),
        (None, Protocol::Oidc(_) | Protocol::GitHub(_)) => of("email"),
    }
}

fn warnings(before: &Connection, after: &Connection, came: Option<&Came>) -> Vec<Finding> {
    let mut found = Vec::new();
    if !after.vouches_like(before) && before.state != ConnectionState::Draft {
        found.push(Finding::warning(
            "back_to_draft",
            "the connection would go back to draft: nobody signs in by it before it was tested and approved anew",
        ));
    }
    let Some(came) = came else {
        found.push(Finding::warning(
            "no_test_sign_in",
            "no test sign-in has passed within the last hour: start one to see what would be read",
        ));
        return found;
    };
    for name in after.attributes.mapped() {
        if !came.attributes.0.contains_key(name) {
            found.push(Finding::warning(
                "attribute_absent",
                format!("the mapped attribute {name} did not come with the test sign-in"),
            ));
        }
    }
    let email = email_after(before, after, came);
    if email.is_none() {
        found.push(Finding::warning(
            "email_missing",
            "no e-mail address would be read: people are neither linked nor made without one",
        ));
    } else if email != came.email {
        found.push(Finding::warning(
            "email_changes",
            "another e-mail address would be read: members get theirs at the next sign-in",
        ));
    }
    if let SubjectSource::Attribute(name) = &after.subject {
        let values = came.attributes.0.get(name).map(Vec::as_slice).unwrap_or_default();
        if !matches!(values, [one] if !one.trim().is_empty()) {
            let detail = format!(
                "wanted exactly one value of {name}, which would identify people; {} came",
                values.len()
            );
            found.push(Finding::error("subject_missing", detail));
        }
    }
    found
}

/// Settings and the names that they stand for.
fn renamed(before: &AttributeMapping, after: &AttributeMapping) -> Vec<Renamed> {
    let changed = before.names().into_iter().zip(after.names());
    let changed = changed.filter(|((_, from), (_, to))| from != to);
    let one = |((field, from), (_, to)): ((&'static str, String), (&'static str, String))| Renamed {
        field,
        from,
        to,
    };
    changed.map(one).collect()
}

/// Members with an identity at the connection, among the first 500.
async fn linked(admin: &Administration, connection: &ConnectionId) -> Result<Linked, OnboardingError> {
    let mut found = Linked::default();
    let mut after: Option<UserId> = None;
    for _ in 0..MOST_PAGES {
        let (page, next) = admin.store.users_page(after.as_ref(), PAGE).await?;
        found.looked_at += page.len();
        let identities = try_join_all(page.iter().map(|user| admin.store.identities(&user.id))).await?;
        let here = |of: &Vec<(ConnectionId, String)>| of.iter().any(|(at, _)| at == connection);
        found.linked += identities.iter().filter(|of| here(of)).count();
        after = next;
        if after.is_none() {
            found.complete = true;
            break;
        }
    }
    Ok(found)
}
