//! The guarded client as the HTTP client of `openidconnect`.

use std::future::Future;
use std::pin::Pin;

use axum::http::HeaderMap;
use bytes::Bytes;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use super::error::OutboundError;
use super::{Ask, Outbound, is_credential};

/// Discovery, keys, token and userinfo requests. Only a GET without credentials follows redirects.
impl<'c> AsyncHttpClient<'c> for Outbound {
    type Error = OutboundError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, OutboundError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let mut headers = HeaderMap::with_capacity(parts.headers.len());
            for (name, value) in &parts.headers {
                let mut value = value.clone();
                value.set_sensitive(is_credential(name));
                headers.append(name, value);
            }
            let ask = Ask {
                method: parts.method,
                url: parts.uri.to_string(),
                headers,
                body: Bytes::from(body),
            };
            let fetched = self.send(ask).await?;
            let mut response = HttpResponse::new(fetched.body.to_vec());
            *response.status_mut() = fetched.status;
            *response.headers_mut() = fetched.headers;
            Ok(response)
        })
    }
}
