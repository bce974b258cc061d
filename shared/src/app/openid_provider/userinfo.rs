//! The userinfo endpoint (OpenID Connect Core 1.0 section 5.3): reads the user consistently and refuses an older epoch.

use futures_util::future::try_join;

use super::{ProviderError, keys, profile, shorten, standing};
use crate::app::Gatehouse;
use crate::openid_provider::access_token::{self, AccessTokenClaims, AccessTokenError};
use crate::openid_provider::claims::{self, UserInfo};
use crate::openid_provider::grants::Grant;
use crate::openid_provider::params::Parameters;
use crate::store::FamilyRead;

/// Answers with the claims that the token's scopes give.
///
/// # Errors
/// [`ProviderError`]; [`ProviderError::answer`] is what the app is told.
pub async fn userinfo(
    gatehouse: &Gatehouse,
    authorization: Option<&str>,
    form: Option<&Parameters>,
) -> Result<UserInfo, ProviderError> {
    let token = access_token::bearer(authorization, form).map_err(|error| refused(&error))?;
    let keys = keys::provider_keys(gatehouse).await?;
    let issuer = gatehouse.config.base_url.as_str();
    let now = gatehouse.clock.now();
    let told =
        access_token::verify(&token, keys.published(), issuer, now).map_err(|error| refused(&error))?;
    let store = gatehouse.store.tenant(&told.tenant);
    let teams = async { Ok(store.teams_of(&told.user).await?) };
    let ((mut grant, read), teams) = try_join(living(gatehouse, &told), teams).await?;
    shorten(gatehouse, Some(&mut grant), now).await?;
    grant
        .authentication
        .check(&standing(&read), now)
        .map_err(|_| refused(&AccessTokenError::Ended))?;
    let user = read.user.ok_or_else(|| refused(&AccessTokenError::Ended))?;
    let profile = profile::profile(gatehouse, &user, teams, &grant.authentication.connection).await?;
    Ok(claims::user_info(&profile, &told.scopes))
}

/// The grant behind a token, if it is still there.
async fn living(
    gatehouse: &Gatehouse,
    told: &AccessTokenClaims,
) -> Result<(Grant, FamilyRead<Grant>), ProviderError> {
    let store = gatehouse.store.tenant(&told.tenant);
    let (family, session) = (told.grant.to_string(), told.session.to_string());
    let mut read = store.family::<Grant>(&told.user, Some(&family), &session).await?;
    let grant = read
        .family
        .take()
        .ok_or_else(|| refused(&AccessTokenError::Ended))?;
    Ok((grant, read))
}

fn refused(error: &AccessTokenError) -> ProviderError {
    ProviderError::Refused {
        code: error.code(),
        answer: error.answer(),
    }
}
