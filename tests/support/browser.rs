//! A browser: cookies that obey SameSite, and no redirect followed unless asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;
use url::Url;

use crate::recorder;

/// A cookie as the browser keeps it.
#[derive(Clone, Debug)]
struct Cookie {
    value: String,
    lax: bool,
}

/// A browser; clones share their cookies, like tabs.
#[derive(Clone, Debug)]
pub struct Browser {
    router: Router,
    base: String,
    cookies: Arc<Mutex<BTreeMap<String, Cookie>>>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Answer {
    /// Where a redirect leads, absolute.
    #[must_use]
    pub fn location(&self) -> Url {
        let text = self.headers.get(header::LOCATION);
        let text = text.unwrap_or_else(|| panic!("no Location in {} {}", self.status, self.body));
        Url::parse("http://relative.invalid")
            .unwrap()
            .join(text.to_str().unwrap())
            .unwrap()
    }

    /// Where a redirect leads, as it stands.
    #[must_use]
    pub fn raw_location(&self) -> String {
        self.headers
            .get(header::LOCATION)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// A parameter of the redirect's query.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.location()
            .query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The code of the refusal, which pages carry beside their text.
    #[must_use]
    pub fn code(&self) -> String {
        self.headers
            .get("x-gatehouse-code")
            .map(|v| v.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    /// The value of a hidden field of the page.
    #[must_use]
    pub fn hidden(&self, name: &str) -> String {
        let from = self.body.find(&format!("name=\"{name}\" value=\""));
        let from = from.unwrap_or_else(|| panic!("no field {name} in {}", self.body));
        let rest = self.body.get(from..).unwrap();
        rest.split("value=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    }
}

impl Browser {
    /// A browser without cookies.
    #[must_use]
    pub fn new(router: Router, base: &str) -> Self {
        Self {
            router,
            base: base.to_owned(),
            cookies: Arc::default(),
        }
    }

    /// A browser with copies of this one's cookies.
    #[must_use]
    pub fn copy(&self) -> Self {
        let cookies = self.cookies.lock().unwrap().clone();
        Self {
            router: self.router.clone(),
            base: self.base.clone(),
            cookies: Arc::new(Mutex::new(cookies)),
        }
    }

    /// Goes to a path by a top-level navigation.
    pub async fn get(&self, path: &str) -> Answer {
        let path = path.strip_prefix("http://relative.invalid").unwrap_or(path);
        self.send(Request::get(path), true, Body::empty()).await
    }

    /// Posts a form from a page of the same site.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path).header(header::ORIGIN, &self.base);
        self.send(form(request), true, encoded(fields)).await
    }

    /// Posts a form from a page of another site: Lax cookies stay at home.
    pub async fn post_cross_site(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path).header(header::ORIGIN, "https://idp.acme.com");
        self.send(form(request), false, encoded(fields)).await
    }

    /// Posts a body as it is, cross-site.
    pub async fn post_raw(&self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, content_type);
        self.send(request, false, Body::from(body)).await
    }

    /// Sends a request as a program, without cookies.
    pub async fn send_request(&self, request: Request<Body>) -> Answer {
        let request = seen(request).await;
        read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// The value of a cookie whose name ends so.
    #[must_use]
    pub fn cookie(&self, ending: &str) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        cookies
            .iter()
            .find(|(name, _)| name.ends_with(ending))
            .map(|(_, cookie)| cookie.value.clone())
    }

    /// Forgets every cookie.
    pub fn forget_cookies(&self) {
        self.cookies.lock().unwrap().clear();
    }

    async fn send(&self, request: http::request::Builder, same_site: bool, body: Body) -> Answer {
        let line = {
            let cookies = self.cookies.lock().unwrap();
            let shown = cookies.iter().filter(|(_, cookie)| same_site || !cookie.lax);
            shown
                .map(|(name, cookie)| format!("{name}={}", cookie.value))
                .collect::<Vec<_>>()
                .join("; ")
        };
        let request = if line.is_empty() {
            request
        } else {
            request.header(header::COOKIE, line)
        };
        let request = seen(request.body(body).unwrap()).await;
        let response = self.router.clone().oneshot(request).await.unwrap();
        let answer = read(response).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            self.keep(line.to_str().unwrap());
        }
        answer
    }

    fn keep(&self, line: &str) {
        let (pair, attributes) = line.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        recorder::secret(value);
        let mut cookies = self.cookies.lock().unwrap();
        if attributes.contains("Max-Age=0") {
            cookies.remove(name);
        } else {
            let lax = !attributes.contains("SameSite=None");
            cookies.insert(
                name.to_owned(),
                Cookie {
                    value: value.to_owned(),
                    lax,
                },
            );
        }
    }
}

fn form(request: http::request::Builder) -> http::request::Builder {
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

/// Fields as a form has them.
pub fn encoded(fields: &[(&str, &str)]) -> Body {
    Body::from(
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish(),
    )
}

/// Keeps for the recorder what the request carries.
async fn seen(request: Request<Body>) -> Request<Body> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    recorder::body(&String::from_utf8_lossy(&bytes));
    recorder::body(parts.uri.query().unwrap_or_default());
    if let Some(credentials) = parts.headers.get(header::AUTHORIZATION) {
        let text = String::from_utf8_lossy(credentials.as_bytes()).into_owned();
        recorder::secret(text.split_once(' ').map_or(&*text, |(_, token)| token));
    }
    Request::from_parts(parts, Body::from(bytes))
}

async fn read(response: axum::response::Response) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    recorder::body(&body);
    let location = parts.headers.get(header::LOCATION);
    let location = location.and_then(|text| text.to_str().ok()?.split_once('?'));
    location.inspect(|(_, query)| recorder::body(query));
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}
