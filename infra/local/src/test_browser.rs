//! What tests browse with: keeps cookies by host, follows redirects when told to.

use std::collections::BTreeMap;

use http::{Request, Response, StatusCode, header};
use url::Url;

use crate::loopback_client::send;

#[derive(Default)]
pub struct Browser {
    /// By host and name: value, and whether it stays at home in a cross-site POST.
    cookies: BTreeMap<(String, String), (String, bool)>,
    cross_site: bool,
}

pub struct Page {
    pub status: StatusCode,
    pub url: Url,
    pub body: String,
    pub location: Option<Url>,
}

impl Browser {
    pub async fn get(&mut self, url: &str) -> Page {
        self.request(Request::get(url), Vec::new()).await
    }

    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        let body = serde_urlencoded::to_string(form).unwrap().into_bytes();
        self.request(
            Request::post(url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
            body,
        )
        .await
    }

    /// Posts the first form of `page` as its script does: across sites, Lax cookies stay at home.
    pub async fn post_form_of(&mut self, page: &Page) -> Page {
        let action = page.form("");
        let fields = page.hidden_fields();
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.cross_site = Url::parse(&action).unwrap().host() != page.url.host();
        let answer = self.post(&action, &fields).await;
        self.cross_site = false;
        answer
    }

    /// Follows redirects until there are none.
    pub async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(location) = page.location.clone() else {
                return page;
            };
            page = self.get(location.as_str()).await;
        }
        panic!("too many redirects, the last to {}", page.url)
    }

    async fn request(&mut self, request: http::request::Builder, body: Vec<u8>) -> Page {
        let mut request = request.body(body).unwrap();
        let url = Url::parse(&request.uri().to_string()).unwrap();
        let host = url.host_str().unwrap().to_owned();
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|((of, _), (_, lax))| *of == host && !(self.cross_site && *lax))
            .map(|((_, name), (value, _))| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request
                .headers_mut()
                .insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let answer: Response<Vec<u8>> = send(request).await.unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let key = (host.clone(), name.to_owned());
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(&key);
            } else {
                self.cookies
                    .insert(key, (value.to_owned(), !attributes.contains("SameSite=None")));
            }
        }
        let location = answer
            .headers()
            .get(header::LOCATION)
            .map(|to| url.join(to.to_str().unwrap()).unwrap());
        let status = answer.status();
        Page {
            status,
            url,
            location,
            body: String::from_utf8(answer.into_body()).unwrap(),
        }
    }
}

impl Page {
    /// The page's hidden fields.
    pub fn hidden_fields(&self) -> Vec<(String, String)> {
        let value_of = |part: &str, name: &str| {
            let value = part.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
            Some(
                value
                    .replace("&#38;", "&")
                    .replace("&amp;", "&")
                    .replace("&#34;", "\""),
            )
        };
        let inputs = self
            .body
            .split("<input")
            .skip(1)
            .filter(|part| part.contains("type=\"hidden\""));
        inputs
            .map(|part| {
                (
                    value_of(part, " name").unwrap(),
                    value_of(part, " value").unwrap(),
                )
            })
            .collect()
    }

    /// The target of the page's first form whose action begins so.
    pub fn form(&self, prefix: &str) -> String {
        let start = self.body.find(&format!("action=\"{prefix}")).expect("the form") + "action=\"".len();
        let action = self.body.get(start..).unwrap().split('"').next().unwrap();
        self.url.join(action).unwrap().to_string()
    }
}
