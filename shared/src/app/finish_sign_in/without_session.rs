//! Sign-ins that end without a session: the person goes to the app's registration (CH-08), or must first type a mailed
//! code (AskToLink).

use super::commit::Round;
use super::refusal::SignInRefusal;
use super::{FinishError, Parked, Registration, Step, link};
use crate::app::attempt::{ATTEMPT_LIFETIME, Purpose};
use crate::domain::ids::UserId;
use crate::domain::user::User;
use crate::openid_provider::authorize::AuthorizationRequest;
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::response::append_query;
use crate::random;

impl Round<'_> {
    /// CH-08: to the app's registration with a one-time code, where it has one. No user is made.
    pub(super) async fn register(&self) -> Result<Step, FinishError> {
        let Some((request, client)) = self.registering_client().await? else {
            return Err(SignInRefusal::UserUnknown.into());
        };
        let Some(base) = client
            .registration_uri
            .as_ref()
            .map(|uri| uri.as_str().to_owned())
        else {
            return Err(SignInRefusal::UserUnknown.into());
        };
        let email = self.address()?.clone();
        let registration = Parked::Registration(Box::new(Registration {
            client_id: request.client_id.clone(),
            organization: self.context.tenant.id.clone(),
            connection: self.context.connection.id.clone(),
            email_verified: self.context.domains.believes(&email),
            email,
            attributes: self.verified.person.attributes.clone(),
        }));
        let code = random::token()?;
        let until = self.gatehouse.clock.now() + ATTEMPT_LIFETIME;
        let mut tx = self.begin();
        tx.put_parked(&code, &registration, until);
        self.commit_once(tx).await?;
        Ok(Step::Redirect {
            to: append_query(&base, &[("code", code)]),
        })
    }

    async fn registering_client(&self) -> Result<Option<(&AuthorizationRequest, AppClient)>, FinishError> {
        let Purpose::App { request, .. } = &self.ticket.attempt.purpose else {
            return Ok(None);
        };
        let client = self
            .gatehouse
            .store
            .front_door()
            .cached_client::<AppClient>(&request.client_id)
            .await?;
        Ok(client.map(|client| (request.as_ref(), client)))
    }

    pub(super) async fn ask_to_link(&self, id: &UserId, users: Vec<User>) -> Result<Step, FinishError> {
        let user = users
            .into_iter()
            .find(|user| user.id == *id)
            .ok_or(SignInRefusal::UserDeleted)?;
        let (step, parked, (mail, code)) = link::ask(
            self.gatehouse,
            self.context,
            self.verified,
            self.ticket.attempt,
            &user,
        )?;
        let mut tx = self.begin();
        let until = self.gatehouse.clock.now() + ATTEMPT_LIFETIME;
        if let Step::AskForCode { token, .. } = &step {
            tx.put_parked(token, &parked, until);
        }
        tx.mail(&mail, Some(&code));
        self.commit_once(tx).await?;
        Ok(step)
    }
}
