//! The AuthnRequest of an attempt (SE-14), signed, by the binding that the connection asks for.

use super::{Outgoing, StartError};
use crate::app::Gatehouse;
use crate::app::attempt::Attempt;
use crate::app::finish_sign_in::refusal::SignInRefusal;
use crate::domain::connection::{Connection, RequestBinding, SamlConnection, SamlIdp};
use crate::saml::authn_request::{AuthnRequest, RequestId};
use crate::saml::name_id_format::NameIdFormat;
use crate::saml::relay_state::RelayState;
use crate::saml::signing::Signer;
use crate::secrets::SecretName;

/// The request of `attempt`, whose token travels as RelayState.
pub(super) async fn request(
    gatehouse: &Gatehouse,
    connection: &Connection,
    settings: &SamlConnection,
    (attempt, id): (&Attempt, &RequestId),
    relay_state: &RelayState,
) -> Result<Outgoing, StartError> {
    let idp = settings.idp.as_ref().ok_or(SignInRefusal::ConnectionIncomplete)?;
    let (binding, destination) = destination(settings.request_binding, idp)?;
    let sp = gatehouse.saml_endpoints(connection, settings);
    let acs = sp.acs_urls.first().map(String::as_str).unwrap_or_default();
    let request = AuthnRequest {
        id,
        issue_instant: gatehouse.clock.now(),
        destination,
        assertion_consumer_service_url: acs,
        issuer: &sp.entity_id,
        name_id_format: settings.name_id_format.parse::<NameIdFormat>().ok(),
        allow_create: true,
        force_authn: attempt.wants_fresh(),
        requested_authn_context: None,
    };
    let ring = gatehouse
        .key_ring(&SecretName::SpSigning(connection.id.clone()))
        .await?;
    let signer = Signer::new(ring.ok_or(StartError::KeyMissing)?.current());
    match binding {
        RequestBinding::Redirect => Ok(Outgoing::Redirect {
            url: request.redirect_url(Some(relay_state), Some(&signer))?,
        }),
        RequestBinding::Post => Ok(request.post_form(Some(relay_state), Some(&signer))?.into()),
    }
}

/// The endpoint of the wanted binding, else of the other one.
fn destination(wanted: RequestBinding, idp: &SamlIdp) -> Result<(RequestBinding, &str), StartError> {
    let redirect = idp
        .sso_redirect_url
        .as_deref()
        .map(|url| (RequestBinding::Redirect, url));
    let post = idp.sso_post_url.as_deref().map(|url| (RequestBinding::Post, url));
    let found = match wanted {
        RequestBinding::Redirect => redirect.or(post),
        RequestBinding::Post => post.or(redirect),
    };
    Ok(found.ok_or(SignInRefusal::ConnectionIncomplete)?)
}
