//! The revocation endpoint (RFC 7009): a token of the client's own ends its whole family; anything else is answered
//! alike and changes nothing.

use super::authenticate_client::authenticate;
use super::{ProviderError, keys};
use crate::app::Gatehouse;
use crate::domain::ids::{TenantId, UserId};
use crate::openid_provider::access_token;
use crate::openid_provider::digest::Digest;
use crate::openid_provider::grants::Grant;
use crate::openid_provider::params::Parameters;
use crate::openid_provider::token_request::Revocation;
use crate::store::FamilyRead;

/// Revokes what the form names.
///
/// # Errors
/// [`ProviderError`]; never for a token that is unknown (RFC 7009 section 2.2).
pub async fn revoke(
    gatehouse: &Gatehouse,
    authorization: Option<&str>,
    form: &Parameters,
) -> Result<(), ProviderError> {
    let (client, _) = authenticate(gatehouse, authorization, form, "/oauth2/revoke").await?;
    let named = Revocation::parse(form).map_err(|error| ProviderError::Refused {
        code: error.code(),
        answer: error.answer(),
    })?;
    match named {
        Revocation::Refresh(token) => {
            let read: FamilyRead<Grant> = gatehouse
                .store
                .tenant(&token.tenant)
                .family(
                    &token.user,
                    Some(&token.grant_key().to_string()),
                    &token.session.to_string(),
                )
                .await?;
            // Any token of the family ends it: who names the family held one of its refresh tokens.
            let own = |grant: &Grant| grant.client_id == client.id && grant.refresh.is_some();
            if read.family.as_ref().is_some_and(own) {
                end(gatehouse, &token.tenant, &token.user, &token.grant_key()).await?;
            }
        }
        Revocation::Access(token) => {
            let keys = keys::provider_keys(gatehouse).await?;
            let issuer = gatehouse.config.base_url.as_str();
            let told = access_token::verify(&token, keys.published(), issuer, gatehouse.clock.now());
            if let Ok(told) = told
                && told.client_id == client.id
            {
                end(gatehouse, &told.tenant, &told.user, &told.grant).await?;
            }
        }
    }
    Ok(())
}

async fn end(
    gatehouse: &Gatehouse,
    tenant: &TenantId,
    user: &UserId,
    family: &Digest,
) -> Result<(), ProviderError> {
    let mut tx = gatehouse.store.tenant(tenant).begin();
    tx.delete_family(user, &family.to_string());
    Ok(tx.commit().await?)
}
