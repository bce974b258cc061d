//! Single logout, asked for by the identity provider (SE-13, CH-13): the sessions end here first, then it is answered.
//! No cookie takes part: the signed request says whose sessions end (DESIGN section 3, "Logout").

use chrono::{DateTime, Utc};

use super::failures::Failure;
use super::start_sign_in::Outgoing;
use super::{Gatehouse, events, failures, finish_sign_in};
use crate::app::events::SessionEnd;
use crate::domain::connection::{Connection, RequestBinding, SamlConnection, SamlIdp};
use crate::domain::event::Event;
use crate::domain::ids::ConnectionId;
use crate::random::{self, RandomError};
use crate::saml::authn_request::RequestId;
use crate::saml::logout::{
    Arrival, LogoutError, LogoutExpectations, LogoutRequest, LogoutResponse, read_logout_request,
};
use crate::saml::redirect_binding::RedirectError;
use crate::saml::refusal::RefusalCode;
use crate::saml::signing::{Signer, SigningError};
use crate::secrets::{SecretName, SecretsError};
use crate::store::{CommitError, NamedSession, StoreError};

/// Most sessions that one transaction ends: three items each.
const SESSIONS_A_TRANSACTION: usize = 25;
/// Longest RelayState that is handed back (saml-bindings 3.4.3, 3.5.3).
const MAX_RELAY_STATE: usize = 80;

/// Why a LogoutRequest was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum SingleLogoutError {
    /// No SAML connection has this id, or it knows no identity provider yet.
    #[error("wanted the id of a SAML connection with an identity provider; none has the one that came")]
    ConnectionUnknown,
    /// The message is refused.
    #[error(transparent)]
    Refused(#[from] LogoutError),
    /// It was carried out before.
    #[error("wanted a LogoutRequest with an ID of its own, got one that was carried out before")]
    Replayed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key could not be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

impl SingleLogoutError {
    /// Stable code of this refusal or failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConnectionUnknown => "connection_not_found",
            Self::Refused(error) => error.code(),
            Self::Replayed => "logout_request_replayed",
            Self::Store(error) => error.code(),
            Self::Secrets(error) => error.code(),
        }
    }
}

/// Why the identity provider is not answered, though the sessions have ended.
#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error("wanted a signing key of this connection, found none")]
    KeyMissing,
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl AnswerError {
    fn code(&self) -> &'static str {
        match self {
            Self::KeyMissing => "signing_key_missing",
            Self::Secrets(error) => error.code(),
            Self::Signing(error) => error.code(),
            Self::Redirect(error) => error.code(),
            Self::Random(error) => error.code(),
        }
    }
}

/// Carries out a LogoutRequest. The sessions have ended when this returns; `None` when the identity provider has no
/// address for the answer, or none could be made (a failing answer strands nobody). `relay_state` came with the request
/// and goes back with the answer; `reference` names this request in the owner's record.
///
/// # Errors
/// [`SingleLogoutError`]; a message that is refused ends nothing.
pub async fn receive(
    gatehouse: &Gatehouse,
    id: &ConnectionId,
    arrival: Arrival<'_>,
    relay_state: Option<&str>,
    reference: &str,
) -> Result<Option<Outgoing>, SingleLogoutError> {
    let relay_state = relay_state.filter(|state| !state.is_empty());
    if let Some(long) = relay_state.filter(|state| state.len() > MAX_RELAY_STATE) {
        let error = RedirectError::RelayStateTooLong { bytes: long.len() };
        return Err(LogoutError::from(error).into());
    }
    let connection = gatehouse.store.front_door().connection(id).await?;
    let connection = connection.ok_or(SingleLogoutError::ConnectionUnknown)?;
    let known = connection
        .protocol
        .saml()
        .and_then(|settings| Some((settings, settings.idp.as_ref()?)));
    let (settings, idp) = known.ok_or(SingleLogoutError::ConnectionUnknown)?;
    let side = Side {
        gatehouse,
        connection: &connection,
        settings,
        idp,
    };
    let request = match side.carry_out(arrival).await {
        Ok(request) => request,
        Err(error) => {
            side.record(&error, reference).await;
            return Err(error);
        }
    };
    match side.answer(&request, relay_state).await {
        Ok(outgoing) => Ok(outgoing),
        Err(error) => {
            tracing::error!(error = %error, error.code = error.code(), connection = %connection.id,
                "a logout was carried out, but not answered");
            Ok(None)
        }
    }
}

/// The id is the only thing that is on a condition.
fn not_ended(error: CommitError) -> SingleLogoutError {
    match error {
        CommitError::Refused(_) => SingleLogoutError::Replayed,
        CommitError::Store(error) => SingleLogoutError::Store(error),
    }
}

/// One connection, while it is asked to log somebody out.
struct Side<'a> {
    gatehouse: &'a Gatehouse,
    connection: &'a Connection,
    settings: &'a SamlConnection,
    idp: &'a SamlIdp,
}

impl Side<'_> {
    async fn carry_out(&self, arrival: Arrival<'_>) -> Result<LogoutRequest, SingleLogoutError> {
        let request = self.read(arrival).await?;
        self.end_sessions(&request).await?;
        Ok(request)
    }

    /// What the owner or the identity provider's administrator can mend, in the owner's record (GH-04).
    async fn record(&self, error: &SingleLogoutError, reference: &str) {
        let failure = match error {
            SingleLogoutError::Refused(refused) => {
                let (wanted, got) = refused.wanted_and_got();
                Failure {
                    code: refused.code(),
                    wanted,
                    got,
                    mender: refused.fixer().as_str(),
                }
            }
            SingleLogoutError::ConnectionUnknown
            | SingleLogoutError::Replayed
            | SingleLogoutError::Store(_)
            | SingleLogoutError::Secrets(_) => return,
        };
        failures::record_logout(self.gatehouse, self.connection, reference, &failure).await;
    }

    /// Verifies the message. The decryption keys are read only for one that turns out to need them.
    async fn read(&self, arrival: Arrival<'_>) -> Result<LogoutRequest, SingleLogoutError> {
        let sp = self.gatehouse.saml_endpoints(self.connection, self.settings);
        let certificates = self.idp.certificates_der();
        let mut expect = LogoutExpectations {
            idp_entity_id: &self.idp.entity_id,
            certificates: &certificates,
            destination: &sp.slo_url,
            decryption_keys: &[],
            now: self.now(),
        };
        match read_logout_request(arrival, &expect) {
            Err(LogoutError::Message(refusal)) if refusal.reason() == RefusalCode::DecryptionKeyMissing => {
                let keys = self.gatehouse.decryption_keys(self.connection).await?;
                expect.decryption_keys = &keys;
                Ok(read_logout_request(arrival, &expect)?)
            }
            read => Ok(read?),
        }
    }

    /// Ends the sessions that the request names; its id is spent with the last of them, so that a request which was
    /// cut off can be carried out again, and one that was carried out cannot.
    async fn end_sessions(&self, request: &LogoutRequest) -> Result<(), SingleLogoutError> {
        let store = self.gatehouse.store.tenant(&self.connection.tenant);
        if store.logout_was_done(&self.connection.id, &request.id).await? {
            return Err(SingleLogoutError::Replayed);
        }
        let name_id = finish_sign_in::name_id_hash(&self.idp.entity_id, &request.name_id);
        let indexes = &request.session_indexes;
        let named = store
            .sessions_by_name_id(&self.connection.id, &name_id, indexes)
            .await?;
        let mut left = named.as_slice();
        loop {
            let (now, later) = left.split_at(left.len().min(SESSIONS_A_TRANSACTION));
            let mut tx = store.begin();
            for session in now {
                tx.end_named_session(session);
            }
            tx.tenant_events(now.iter().filter_map(|named| self.ended(named)).collect());
            if later.is_empty() {
                tx.consume_logout(&self.connection.id, &request.id, request.not_on_or_after);
            }
            tx.commit().await.map_err(not_ended)?;
            if later.is_empty() {
                return Ok(());
            }
            left = later;
        }
    }

    fn ended(&self, named: &NamedSession) -> Option<Event> {
        let session = named.session.as_ref()?;
        Some(events::session_ended(
            session,
            SessionEnd::SingleLogout,
            self.now(),
        ))
    }

    /// The answer, by the binding that the identity provider takes messages by.
    async fn answer(
        &self,
        request: &LogoutRequest,
        relay_state: Option<&str>,
    ) -> Result<Option<Outgoing>, AnswerError> {
        let address = self.idp.slo_response_url.as_deref();
        let Some(destination) = address.or(self.idp.slo_url.as_deref()) else {
            return Ok(None);
        };
        let name = SecretName::SpSigning(self.connection.id.clone());
        let ring = self.gatehouse.key_ring(&name).await?;
        let signer = Signer::new(ring.ok_or(AnswerError::KeyMissing)?.current());
        let response = LogoutResponse {
            id: &RequestId::from_random(random::bytes()?),
            issue_instant: self.now(),
            destination,
            issuer: &self
                .gatehouse
                .saml_endpoints(self.connection, self.settings)
                .entity_id,
            in_response_to: &request.id,
        };
        Ok(Some(match self.idp.slo_binding {
            RequestBinding::Redirect => Outgoing::Redirect {
                url: response.redirect_url(relay_state, &signer)?,
            },
            RequestBinding::Post => response.post_form(relay_state, &signer)?.into(),
        }))
    }

    fn now(&self) -> DateTime<Utc> {
        self.gatehouse.clock.now()
    }
}
