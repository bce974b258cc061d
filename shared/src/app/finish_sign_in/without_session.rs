//! Sign-ins that end without a session: the person goes to the app's registration (CH-08), must first type a mailed code
//! (AskToLink), tried a connection out (SE-27), or is an owner on the way to the owner's API.

use super::commit::{Round, Ticket};
use super::refusal::SignInRefusal;
use super::{FinishError, Parked, Registration, Step, Verified, link};
use crate::app::attempt::{ATTEMPT_LIFETIME, Purpose};
use crate::app::onboarding::owners::Ownership;
use crate::app::onboarding::sessions::{self, OwnerCode};
use crate::app::{Gatehouse, test_sign_in};
use crate::domain::connection::ConnectionState;
use crate::domain::ids::UserId;
use crate::domain::user::User;
use crate::openid_provider::authorize::AuthorizationRequest;
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::pkce::CodeChallenge;
use crate::openid_provider::response::append_query;
use crate::random;
use crate::store::{KnownIdentity, SignInContext};

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

/// SE-27: a test consumes its attempt and says what came; neither user nor session is made.
pub(super) async fn tested(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: &Verified,
    ticket: &Ticket<'_>,
    test: &str,
) -> Result<Step, FinishError> {
    let round = Round::once(gatehouse, context, (verified, None), ticket);
    let mut tx = round.consume();
    test_sign_in::pass(gatehouse, context, &verified.person, test, &mut tx).await?;
    round.commit_once(tx).await?;
    Ok(Step::Tested {
        connection: context.connection.id.clone(),
    })
}

/// An owner whom the connection knows gets a one-time code for the owner's API. Nobody is made or linked on the way.
pub(super) async fn owner(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    (verified, identity): (&Verified, Option<&KnownIdentity>),
    ticket: &Ticket<'_>,
    challenge: &CodeChallenge,
) -> Result<Step, FinishError> {
    if context.connection.state != ConnectionState::Active {
        return Err(SignInRefusal::ConnectionNotActive.into());
    }
    let store = gatehouse.store.tenant(&context.tenant.id);
    let user = match identity {
        Some(identity) => store.user(&identity.user).await?,
        None => None,
    };
    let root = context.tenant.root_user.as_ref();
    let ownership = Ownership::new(&gatehouse.config.role_catalogue, root);
    let user = user
        .filter(|user| ownership.has(user))
        .ok_or(SignInRefusal::NotAnOwner)?;
    let round = Round::once(gatehouse, context, (verified, identity), ticket);
    let code = random::token()?;
    let what = OwnerCode {
        owner_tenant: context.tenant.id.clone(),
        owner: user.id.clone(),
        owner_epoch: user.epoch,
        signed_in_at: verified.person.auth_time,
        challenge: challenge.clone(),
    };
    let mut tx = round.begin();
    tx.check_user(&user.id, user.epoch);
    tx.put_parked(&code, &what, gatehouse.clock.now() + sessions::CODE_LIFETIME);
    round.commit_once(tx).await?;
    Ok(Step::Redirect {
        to: gatehouse.config.base_url.at(&format!("/portal?code={code}")),
    })
}
