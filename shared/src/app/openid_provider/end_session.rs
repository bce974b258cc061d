//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): the browser's session ends here first.

use super::{ProviderError, keys};
use crate::app::Gatehouse;
use crate::app::upstream_logout::Way;
use crate::domain::session::{Session, SessionCookie, SessionToken};
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::end_session::{EndSessionError, EndSessionRequest};
use crate::openid_provider::error::{OAuthError, OAuthErrorCode};
use crate::openid_provider::params::Parameters;

/// What the browser is answered.
#[derive(Debug)]
pub enum Ended {
    /// Ask first: anybody can link here.
    Ask,
    /// The sessions are over; the cookie that remains, and where the browser goes.
    Done {
        /// What stays in the session cookie.
        rest: SessionCookie,
        /// To the providers that vouched, where their owners want that, and to the app's registered URI, if it named one.
        way: Way,
    },
}

/// Ends the browser's session that the hint names; without a hint, all of them, once `confirmed` by a POST.
///
/// # Errors
/// [`ProviderError`]; nothing has ended then.
pub async fn end_session(
    gatehouse: &Gatehouse,
    parameters: &Parameters,
    cookie: SessionCookie,
    confirmed: bool,
) -> Result<Ended, ProviderError> {
    let keys = keys::provider_keys(gatehouse).await?;
    let issuer = gatehouse.config.base_url.as_str();
    let request = EndSessionRequest::parse(parameters, keys.published(), issuer).map_err(|e| refused(&e))?;
    let client = match &request.client_id {
        Some(id) => {
            gatehouse
                .store
                .front_door()
                .cached_client::<AppClient>(id)
                .await?
        }
        None => None,
    };
    let to = request.location(client.as_ref()).map_err(|e| refused(&e))?;
    let living = living(gatehouse, &cookie).await?;
    let sids = living.iter().map(|(_, session)| session.sid.as_str());
    let sids = sids.collect::<Vec<_>>();
    if !confirmed && request.must_confirm(&sids) {
        return Ok(Ended::Ask);
    }
    let hinted = request.hint.as_ref().map(|hint| hint.sid.as_str());
    let mut rest = cookie;
    let mut way = Way::to(to);
    for (token, session) in &living {
        let named = hinted.is_some_and(|hinted| hinted == session.sid);
        if named || hinted.is_none() || (confirmed && !sids.iter().any(|sid| Some(*sid) == hinted)) {
            let mut tx = gatehouse.store.tenant(&token.tenant).begin();
            tx.delete_session(token);
            tx.commit().await?;
            rest = rest.without(&token.tenant);
            way.by(token, session);
        }
    }
    Ok(Ended::Done { rest, way })
}

/// The cookie's sessions that are there.
async fn living(
    gatehouse: &Gatehouse,
    cookie: &SessionCookie,
) -> Result<Vec<(SessionToken, Session)>, ProviderError> {
    let mut living = Vec::new();
    for token in cookie.tokens() {
        let found = gatehouse
            .store
            .tenant(&token.tenant)
            .session_and_user(token)
            .await?;
        living.extend(found.map(|(session, _)| (token.clone(), session)));
    }
    Ok(living)
}

fn refused(error: &EndSessionError) -> ProviderError {
    let answer = OAuthError::new(OAuthErrorCode::InvalidRequest, &error.to_string());
    ProviderError::Refused {
        code: error.code(),
        answer,
    }
}
