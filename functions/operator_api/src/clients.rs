//! App clients of the deployment.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode, Uri};
use axum::response::IntoResponse;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use gatehouse::app::Gatehouse;
use gatehouse::app::onboarding::app_clients::{self, Versioned};
use gatehouse::app::onboarding::{OnboardingError, Thing};
use gatehouse::http::api::{
    Answer, ApiJson, IfMatch, PathIds, app_client, audit_trail, json as answer, json_at, page_of,
};
use gatehouse::openid_provider::client_settings::ClientSettings;

use crate::caller::Deployment;

/// A secret as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedSecret {
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

/// `GET /operator/v1/clients`
pub(crate) async fn list(State(gatehouse): State<Arc<Gatehouse>>, uri: Uri) -> Answer {
    let found = app_clients::list(&gatehouse).await?;
    let page = page_of(&uri, &found, |made| made.client.id.to_string(), app_client)?;
    Ok(answer(StatusCode::OK, &page))
}

/// `POST /operator/v1/clients`
pub(crate) async fn create(
    Deployment(admin): Deployment,
    ApiJson(settings): ApiJson<ClientSettings>,
) -> Answer {
    let made = app_clients::create(&admin, &settings).await?;
    Ok(shown(StatusCode::CREATED, &made))
}

/// `GET /operator/v1/clients/{client}`
pub(crate) async fn read(State(gatehouse): State<Arc<Gatehouse>>, ids: PathIds) -> Answer {
    Ok(shown(
        StatusCode::OK,
        &app_clients::read(&gatehouse, &ids.client()?).await?,
    ))
}

/// `PUT /operator/v1/clients/{client}`: all settings; secrets stay.
pub(crate) async fn update(
    Deployment(admin): Deployment,
    ids: PathIds,
    IfMatch(version): IfMatch,
    ApiJson(settings): ApiJson<ClientSettings>,
) -> Answer {
    let client = app_clients::update(&admin, &ids.client()?, version, &settings).await?;
    Ok(shown(StatusCode::OK, &client))
}

/// `DELETE /operator/v1/clients/{client}`
pub(crate) async fn delete(Deployment(admin): Deployment, ids: PathIds) -> Answer {
    app_clients::delete(&admin, &ids.client()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /operator/v1/clients/{client}/secrets`: the secret is in this answer and nowhere else.
pub(crate) async fn add_secret(
    Deployment(admin): Deployment,
    ids: PathIds,
    ApiJson(wanted): ApiJson<WantedSecret>,
) -> Answer {
    let (id, secret) = app_clients::add_secret(&admin, &ids.client()?, wanted.expires_at).await?;
    let body = json!({ "id": id, "secret": secret.expose(), "expires_at": wanted.expires_at });
    Ok(answer(StatusCode::CREATED, &body))
}

/// `DELETE /operator/v1/clients/{client}/secrets/{secret}`
pub(crate) async fn revoke_secret(Deployment(admin): Deployment, ids: PathIds) -> Answer {
    let secret = Uuid::parse_str(ids.text("secret"));
    let secret = secret.map_err(|_| OnboardingError::NotFound(Thing::ClientSecret))?;
    app_clients::revoke_secret(&admin, &ids.client()?, secret).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /operator/v1/audit`: what was done to app clients.
pub(crate) async fn trail(Deployment(admin): Deployment, uri: Uri) -> Answer {
    audit_trail(&admin, &uri).await
}

fn shown(status: StatusCode, client: &Versioned) -> Response<Body> {
    json_at(status, client.version, &app_client(client))
}
