//! The session that a sign-in begins, and where the browser goes with it.

use chrono::{DateTime, Utc};

use super::commit::Round;
use super::refusal::SignInRefusal;
use super::{Destination, FinishError, proceed};
use crate::app::attempt::Purpose;
use crate::app::{issue_code, upstream_logout};
use crate::domain::ids::UserId;
use crate::domain::session::{Session, SessionToken};
use crate::oidc::logout_request::MOST_HINT;
use crate::random;
use crate::redacted::Secret;
use crate::store::TenantTransaction;

impl Round<'_> {
    /// A new session of the person, as far as the identity provider and the tenant's settings let it reach.
    pub(super) fn session(
        &self,
        user: UserId,
        epoch: u64,
        now: DateTime<Utc>,
    ) -> Result<(SessionToken, Session), FinishError> {
        let tenant = self.context.tenant.id.clone();
        let person = &self.verified.person;
        let secret = Secret::new(random::token()?);
        let expires_at = now + self.gatehouse.config.session_lifetime;
        let access_until = (now + self.context.tenant.access_lifetime()).min(expires_at);
        let session = Session {
            sid: random::uuid()?.to_string(),
            tenant: tenant.clone(),
            user: user.clone(),
            connection: self.context.connection.id.clone(),
            auth_time: person.auth_time.unwrap_or(now),
            auth_time_stated: person.auth_time.is_some(),
            confirmed_at: now,
            access_until: person
                .session_ends
                .map_or(access_until, |end| end.min(access_until)),
            expires_at,
            epoch,
            name_id_hash: person.name_id_hash.clone(),
            session_index: person.session_index.clone(),
            authn_context: person.authn_context.clone(),
            id_token_hint: self.id_token_hint(&secret),
        };
        Ok((SessionToken { tenant, user, secret }, session))
    }

    /// The ID token, for the provider's logout. A logout goes without it where it could not be sealed.
    fn id_token_hint(&self, secret: &Secret) -> Option<String> {
        let token = self.verified.person.id_token.as_ref();
        let token = token.filter(|token| token.expose().len() <= MOST_HINT)?;
        upstream_logout::hint(secret, token)
            .inspect_err(|error| tracing::error!(error = %error, "an ID token was not kept for the logout"))
            .ok()
    }

    /// Where the browser goes: with a code to the app's redirect URI, or to where the app starts a sign-in.
    pub(super) async fn destination(
        &self,
        tx: &mut TenantTransaction,
        (session, token): (&Session, &SessionToken),
        now: DateTime<Utc>,
    ) -> Result<Destination, FinishError> {
        match &self.ticket.attempt.purpose {
            Purpose::App { request, .. } => {
                let answer = issue_code::issue(tx, request, session, token, (&self.gatehouse.config, now))?;
                Ok(Destination::App(Box::new(answer)))
            }
            Purpose::Test { .. } | Purpose::Owner { .. } => Err(SignInRefusal::AttemptUnknown.into()),
            Purpose::Confirmed { target_link_uri } => {
                let client = self
                    .gatehouse
                    .default_client()
                    .await?
                    .ok_or(SignInRefusal::Unsolicited)?;
                let target = target_link_uri.as_deref();
                let to = proceed::initiate_login(self.gatehouse, self.context, &client, target).await?;
                Ok(Destination::Url(to))
            }
        }
    }
}
