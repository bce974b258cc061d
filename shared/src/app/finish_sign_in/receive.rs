//! The assertion consumer service's first half: verify, before anything else is believed.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::refusal::SignInRefusal;
use super::{FinishError, Step, Verified, proceed, saml};
use crate::app::{Browser, Gatehouse, failures};
use crate::domain::connection::{Connection, ConnectionState};
use crate::domain::ids::ConnectionId;
use crate::saml::refusal::RefusalCode;
use crate::saml::response::{Expectations, VerifiedResponse, read_response};
use crate::store::SignInContext;

/// What was posted to the assertion consumer service (SAML bindings 3.5.4).
#[derive(Clone, Copy, Debug)]
pub struct SamlPost<'a> {
    /// The connection in the URL.
    pub connection: &'a ConnectionId,
    /// Form field `SAMLResponse`.
    pub response: &'a str,
    /// Form field `RelayState`.
    pub relay_state: Option<&'a str>,
    /// Names this request in the owner's record.
    pub reference: &'a str,
}

/// Verifies a posted response and takes the sign-in to its next step. A refusal is recorded for the owner (GH-04).
///
/// # Errors
/// [`FinishError`]: nothing was changed, and the attempt stays open.
pub async fn receive_saml(
    gatehouse: &Gatehouse,
    post: SamlPost<'_>,
    browser: &Browser,
) -> Result<Step, FinishError> {
    let mut context = context(gatehouse, post.connection).await?;
    let mut done = verify_and_proceed(gatehouse, &context, post, browser).await;
    if let Some(present) = changed(gatehouse, &context, &done).await? {
        done = verify_and_proceed(gatehouse, &present, post, browser).await;
        context = present;
    }
    failures::record_refusal(gatehouse, &context, (post.relay_state, post.reference), &done).await;
    done
}

/// The connection's context. What is not active is only tried out, by somebody who has just changed it: it is read anew.
pub(super) async fn context(
    gatehouse: &Gatehouse,
    connection: &ConnectionId,
) -> Result<Arc<SignInContext>, FinishError> {
    let door = gatehouse.store.front_door();
    let mut context = door.sign_in_context(connection).await?;
    let active = |context: &Arc<SignInContext>| context.connection.state == ConnectionState::Active;
    if context.as_ref().is_some_and(|context| !active(context)) {
        door.forget_context(connection);
        context = door.sign_in_context(connection).await?;
    }
    Ok(context.ok_or(SignInRefusal::ConnectionUnknown)?)
}

/// The connection as it is now, where an answer was refused under what was remembered of it: a certificate may be new, or
/// a mapping. A refusal has changed nothing, so the answer is looked at once more.
pub(super) async fn changed(
    gatehouse: &Gatehouse,
    remembered: &SignInContext,
    done: &Result<Step, FinishError>,
) -> Result<Option<Arc<SignInContext>>, FinishError> {
    match done {
        Err(FinishError::Saml(_) | FinishError::Oidc(_) | FinishError::Refused(_)) => {
            Ok(gatehouse.store.front_door().changed_context(remembered).await?)
        }
        Ok(_) | Err(FinishError::Store(_) | FinishError::Secrets(_) | FinishError::Random(_)) => Ok(None),
    }
}

async fn verify_and_proceed(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    post: SamlPost<'_>,
    browser: &Browser,
) -> Result<Step, FinishError> {
    let now = gatehouse.clock.now();
    let verified = verify(gatehouse, &context.connection, post, now).await?;
    proceed::proceed(gatehouse, context, verified, browser).await
}

async fn verify(
    gatehouse: &Gatehouse,
    connection: &Connection,
    post: SamlPost<'_>,
    now: DateTime<Utc>,
) -> Result<Verified, FinishError> {
    let settings = connection.protocol.saml().ok_or(SignInRefusal::OtherProtocol)?;
    let idp = settings.idp.as_ref().ok_or(SignInRefusal::ConnectionIncomplete)?;
    let sp = gatehouse.saml_endpoints(connection, settings);
    let certificates = idp.certificates_der();
    let expect = Expectations {
        idp_entity_id: &idp.entity_id,
        certificates: &certificates,
        audiences: std::slice::from_ref(&sp.entity_id),
        acs_urls: &sp.acs_urls,
        decryption_keys: &[],
        allow_cbc: settings.allow_cbc,
        now,
    };
    let response = read(gatehouse, connection, post.response, expect).await?;
    let person = saml::person(connection, &response, &sp.entity_id, now)?;
    Ok(Verified {
        connection: connection.id.clone(),
        person,
        one_time_id: Some(response.assertion_id),
        remember_until: response.not_on_or_after,
        in_response_to: response.in_response_to,
        relay_state: post.relay_state.map(str::to_owned),
    })
}

/// Reads the decryption keys only for a response that turns out to need them: most are not encrypted, and a read costs
/// a request.
async fn read(
    gatehouse: &Gatehouse,
    connection: &Connection,
    form_value: &str,
    mut expect: Expectations<'_>,
) -> Result<VerifiedResponse, FinishError> {
    match read_response(form_value, &expect) {
        Err(refusal) if refusal.reason() == RefusalCode::DecryptionKeyMissing => {
            let keys = gatehouse.decryption_keys(connection).await?;
            expect.decryption_keys = &keys;
            Ok(read_response(form_value, &expect)?)
        }
        read => Ok(read?),
    }
}
