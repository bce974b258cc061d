//! Extractors: strict JSON bodies, and ids of the path.

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::domain::domain_name::DomainName;
use crate::domain::ids::{ClientId, ConnectionId, HoldId, TenantId, UserId};
use crate::http::body::{self, JSON_LIMIT};
use crate::http::problem::Problem;

/// A JSON body of at most [`JSON_LIMIT`].
#[derive(Clone, Debug)]
pub struct ApiJson<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Ok(Self(body::read_json(&parts.headers, body, JSON_LIMIT).await?))
    }
}

/// A JSON body of at most [`JSON_LIMIT`], or none, which is the default.
#[derive(Clone, Debug)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = body::read(&parts.headers, body, JSON_LIMIT).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        let body = axum::body::Body::from(bytes);
        Ok(Self(body::read_json(&parts.headers, body, JSON_LIMIT).await?))
    }
}

/// The ids of a request's path. One that is no id is answered like one that is unknown.
#[derive(Clone, Debug)]
pub struct PathIds(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for PathIds {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| absent("not_found"))?;
        Ok(Self(
            params
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        ))
    }
}

impl PathIds {
    /// A part of the path as it is.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// `{tenant}`.
    ///
    /// # Errors
    /// 404 when it is no id.
    pub fn tenant(&self) -> Result<TenantId, Problem> {
        TenantId::parse(self.text("tenant")).map_err(|_| absent("tenant_not_found"))
    }

    /// `{connection}`.
    ///
    /// # Errors
    /// 404 when it is no id.
    pub fn connection(&self) -> Result<ConnectionId, Problem> {
        ConnectionId::parse(self.text("connection")).map_err(|_| absent("connection_not_found"))
    }

    /// `{member}`.
    ///
    /// # Errors
    /// 404 when it is no id.
    pub fn member(&self) -> Result<UserId, Problem> {
        UserId::parse(self.text("member")).map_err(|_| absent("member_not_found"))
    }

    /// `{client}`.
    ///
    /// # Errors
    /// 404 when it is no id.
    pub fn client(&self) -> Result<ClientId, Problem> {
        ClientId::parse(self.text("client")).map_err(|_| absent("client_not_found"))
    }

    /// `{hold}`.
    ///
    /// # Errors
    /// 404 when it is no id.
    pub fn hold(&self) -> Result<HoldId, Problem> {
        HoldId::parse(self.text("hold")).map_err(|_| absent("hold_not_found"))
    }

    /// `{domain}`.
    ///
    /// # Errors
    /// 404 when it is no domain name.
    pub fn domain(&self) -> Result<DomainName, Problem> {
        DomainName::parse(self.text("domain")).map_err(|_| absent("domain_not_found"))
    }
}

fn absent(code: &'static str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, code, "There is nothing of that id here.")
}
