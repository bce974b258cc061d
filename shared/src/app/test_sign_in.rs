//! A test sign-in (SE-27): whoever sets a connection up signs in by it, and reads what came. It makes neither user nor
//! session.
//!
//! `start` gives an address to open in a browser; `open` begins the attempt there; the ordinary way to the identity
//! provider and back follows; `pass` writes what came in the transaction that consumes the attempt, and notes the
//! passed test on the connection. What came is kept for an hour.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::attempt::{ATTEMPT_LIFETIME, Attempt, Purpose};
use super::deadlines::Calendar;
use super::failures::Failure;
use super::finish_sign_in::FinishError;
use super::finish_sign_in::person::Person;
use super::finish_sign_in::refusal::SignInRefusal;
use super::onboarding::{Administration, OnboardingError, Thing};
use super::start_sign_in::{self, Hints, StartError};
use super::{Browser, Gatehouse, events};
use crate::domain::connection::{Connection, ConnectionState, OidcPreset, Protocol, SubjectSource};
use crate::domain::email::EmailAddress;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::onboarding::{Finding, MembersTold, PassedTest};
use crate::random;
use crate::redacted::{Personal, Secret};
use crate::store::{AuditRecord, CommitError, SignInContext, TenantTransaction};

/// How long what came is kept.
const KEPT: TimeDelta = TimeDelta::hours(1);
/// Most attributes that are shown.
const MOST_ATTRIBUTES: usize = 100;

/// Where a test stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestState {
    /// Nobody has come back yet.
    Waiting,
    /// The identity provider's answer was accepted.
    Passed,
    /// It was refused; the test may be tried again until it is over.
    Failed,
}

/// Why an answer was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestFailure {
    /// Stable code.
    pub code: String,
    /// What was wanted.
    pub wanted: String,
    /// What came.
    pub got: String,
    /// Who must mend it.
    pub who: String,
    /// The reference on the person's page.
    pub reference: String,
}

/// What came of the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// The identity hash that the person would be known by.
    pub subject: String,
    /// The address that was read.
    pub email: Option<EmailAddress>,
    /// Whether the address lies in a proven domain.
    pub email_verified: bool,
    /// Attributes or claims by name.
    pub attributes: Personal<std::collections::BTreeMap<String, Vec<String>>>,
    /// When the person authenticated there.
    pub auth_time: Option<DateTime<Utc>>,
    /// Authentication context class.
    pub authn_context: Option<String>,
}

/// A test sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestSignIn {
    /// Its public id.
    pub id: String,
    /// The connection.
    pub connection: ConnectionId,
    /// Where it stands.
    pub state: TestState,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// Until when it can be opened.
    pub expires_at: DateTime<Utc>,
    /// When the last answer came.
    pub answered_at: Option<DateTime<Utc>>,
    /// What came, once it passed.
    pub came: Option<Came>,
    /// What should be known of it.
    pub warnings: Vec<Finding>,
    /// Why the last answer was refused.
    pub failure: Option<TestFailure>,
}

/// What the address of a test stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ticket {
    test: String,
    test_tenant: TenantId,
    test_connection: ConnectionId,
}

/// Starts a test of a connection in any state but without an identity provider; gives its address, which is a secret.
///
/// # Errors
/// [`OnboardingError`]: `NotFound`, `Incomplete`, `NotEntitled` (AQ-01).
pub async fn start(
    admin: &Administration,
    id: &ConnectionId,
) -> Result<(TestSignIn, Secret), OnboardingError> {
    if !admin.tenant().await?.entitlements.sso {
        return Err(OnboardingError::NotEntitled("single sign-on"));
    }
    let found = admin.store.connection(id).await?;
    let connection = found.ok_or(OnboardingError::NotFound(Thing::Connection))?;
    if let Some(missing) = connection.protocol.missing_for_test() {
        return Err(OnboardingError::Incomplete { missing });
    }
    let now = admin.gatehouse.clock.now();
    let test = TestSignIn {
        id: random::uuid()?.to_string(),
        connection: id.clone(),
        state: TestState::Waiting,
        started_at: now,
        expires_at: now + KEPT,
        answered_at: None,
        came: None,
        warnings: Vec::new(),
        failure: None,
    };
    let ticket = Ticket {
        test: test.id.clone(),
        test_tenant: admin.store.id().clone(),
        test_connection: id.clone(),
    };
    let token = random::token()?;
    admin
        .store
        .put_test_sign_in(&test.id, &test, test.expires_at)
        .await?;
    let door = admin.gatehouse.store.front_door();
    door.park(&token, &ticket, test.expires_at).await?;
    Ok((test, Secret::new(token)))
}

/// A test of the tenant's.
///
/// # Errors
/// [`OnboardingError::NotFound`] when there is none of that id on this connection, or its hour is over.
pub async fn read(
    admin: &Administration,
    connection: &ConnectionId,
    id: &str,
) -> Result<TestSignIn, OnboardingError> {
    let found = admin.store.test_sign_in::<TestSignIn>(id).await?;
    let found = found.filter(|test| test.connection == *connection);
    found.ok_or(OnboardingError::NotFound(Thing::TestSignIn))
}

/// The test's address was opened in a browser: opens an attempt there, and gives it with its token.
///
/// # Errors
/// [`StartError`]: `AttemptUnknown` for an address that is none or over.
pub async fn open(
    gatehouse: &Gatehouse,
    token: &str,
    browser: &Browser,
) -> Result<(String, Attempt, ConnectionId), StartError> {
    let door = gatehouse.store.front_door();
    // What else may be parked has other fields.
    let ticket = match door.parked::<serde_json::Value>(token).await? {
        Some(value) => serde_json::from_value::<Ticket>(value).ok(),
        None => None,
    };
    let ticket = ticket.ok_or(SignInRefusal::AttemptUnknown)?;
    let hints = Hints {
        organization: Some(ticket.test_tenant),
        connection: Some(ticket.test_connection.clone()),
        ..Hints::default()
    };
    let purpose = Purpose::Test { test: ticket.test };
    let attempt_token = start_sign_in::open(gatehouse, purpose, hints, browser).await?;
    let attempt = door.attempt::<Attempt>(&attempt_token).await?;
    let attempt = attempt.ok_or(SignInRefusal::AttemptUnknown)?;
    Ok((attempt_token, attempt, ticket.test_connection))
}

/// Notes in `tx` that a test came through, and what came.
pub(super) async fn pass(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    person: &Person,
    id: &str,
    tx: &mut TenantTransaction,
) -> Result<(), FinishError> {
    let now = gatehouse.clock.now();
    let store = gatehouse.store.tenant(&context.tenant.id);
    let found = store.test_sign_in::<TestSignIn>(id).await?;
    let started = found.ok_or(SignInRefusal::AttemptUnknown)?;
    let passed = TestSignIn {
        state: TestState::Passed,
        answered_at: Some(now),
        came: Some(came(context, person)),
        warnings: warnings(context, person),
        failure: None,
        ..started
    };
    tx.put_test_sign_in(id, &passed, now + KEPT);
    let mut connection = context.connection.clone();
    learn(&mut connection, person);
    connection.onboarding.test = Some(PassedTest {
        at: now,
        test: id.to_owned(),
    });
    let kind = if connection.state == ConnectionState::InReview && gatehouse.config.approves_connections {
        connection.state = ConnectionState::Active;
        // The upkeep tells the members (SE-02).
        connection.onboarding.members_told.get_or_insert(MembersTold {
            since: now,
            after: None,
            all: false,
        });
        connection.version += 1;
        tx.update_connection(&connection);
        "connection.state_changed"
    } else {
        tx.annotate_connection(&connection);
        "connection.tested"
    };
    let calendar = Calendar::of(gatehouse, &store).await?;
    calendar.connection(tx, &connection);
    let actor = json!({ "kind": "test_sign_in", "test": id });
    tx.tenant_events(vec![events::connection_changed(kind, &connection, now, &actor)]);
    let data = json!({
        "connection": connection.id,
        "version": connection.version,
        "state": connection.state,
        "test": id,
    });
    tx.audit(&AuditRecord::new(now, kind, data)?);
    Ok(())
}

/// SE-09, SE-10: the Workspace domain of whoever sets the connection up, and the organizations to pick from.
fn learn(connection: &mut Connection, person: &Person) {
    match &mut connection.protocol {
        Protocol::Oidc(oidc) if oidc.settings.preset == OidcPreset::GoogleWorkspace => {
            if oidc.settings.hosted_domain.is_none() {
                oidc.settings
                    .hosted_domain
                    .clone_from(&person.learned.hosted_domain);
            }
        }
        Protocol::GitHub(github) => github.offered.clone_from(&person.learned.organizations),
        Protocol::Oidc(_) | Protocol::Saml(_) => {}
    }
}

fn came(context: &SignInContext, person: &Person) -> Came {
    let attributes = person.attributes.0.iter().take(MOST_ATTRIBUTES);
    Came {
        subject: person.subject.clone(),
        email: person.email.clone(),
        email_verified: person
            .email
            .as_ref()
            .is_some_and(|address| context.domains.believes(address)),
        attributes: Personal(
            attributes
                .map(|(name, values)| (name.clone(), values.clone()))
                .collect(),
        ),
        auth_time: person.auth_time,
        authn_context: person.authn_context.clone(),
    }
}

/// What would surprise later: no address, a foreign one, an address as the subject, mapped attributes that are absent.
fn warnings(context: &SignInContext, person: &Person) -> Vec<Finding> {
    let mut found = Vec::new();
    match &person.email {
        None => found.push(Finding::warning(
            "email_missing",
            "no e-mail address came: people are neither linked nor made without one",
        )),
        Some(address) if !context.domains.believes(address) => found.push(Finding::warning(
            "foreign_address",
            "the address lies outside the proven domains: it is not believed",
        )),
        Some(_) => {}
    }
    if by_address(&context.connection) {
        found.push(Finding::warning(
            "subject_is_email",
            "people are known by their address: whoever gets the address gets the account",
        ));
    }
    let attributes = &person.attributes.0;
    for name in context.connection.attributes.mapped() {
        if !attributes.contains_key(name) {
            found.push(Finding::warning(
                "attribute_absent",
                format!("the mapped attribute {name} did not come"),
            ));
        }
    }
    found
}

fn by_address(connection: &Connection) -> bool {
    match &connection.protocol {
        Protocol::Saml(saml) => {
            connection.subject == SubjectSource::NameId && saml.name_id_format.ends_with(":emailAddress")
        }
        Protocol::Oidc(_) => {
            matches!(&connection.subject, SubjectSource::Attribute(name) if name == "email")
        }
        Protocol::GitHub(_) => false,
    }
}

/// Writes the refusal of an answer where the owner looks for it, if `token` is a test's. `reference` names the request.
pub(super) async fn record_failure(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    (token, reference): (&str, &str),
    failure: &Failure,
) {
    if let Err(error) = note_failure(gatehouse, context, (token, reference), failure).await {
        tracing::error!(error = %error, "a failed test sign-in was not recorded");
    }
}

async fn note_failure(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    (token, reference): (&str, &str),
    failure: &Failure,
) -> Result<(), CommitError> {
    let door = gatehouse.store.front_door();
    let attempt = door.attempt::<Attempt>(token).await?;
    let Some(Purpose::Test { test }) = attempt.map(|attempt| attempt.purpose) else {
        return Ok(());
    };
    let store = gatehouse.store.tenant(&context.tenant.id);
    let Some(started) = store.test_sign_in::<TestSignIn>(&test).await? else {
        return Ok(());
    };
    if started.state == TestState::Passed || started.connection != context.connection.id {
        return Ok(());
    }
    let now = gatehouse.clock.now();
    let failed = TestSignIn {
        state: TestState::Failed,
        answered_at: Some(now),
        failure: Some(TestFailure {
            code: failure.code.to_owned(),
            wanted: failure.wanted.clone(),
            got: failure.got.clone(),
            who: failure.mender.to_owned(),
            reference: reference.to_owned(),
        }),
        ..started
    };
    store
        .put_test_sign_in(&test, &failed, now + KEPT.max(ATTEMPT_LIFETIME))
        .await
}
