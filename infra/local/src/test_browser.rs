//! What tests browse with: keeps cookies by host, follows redirects when told to.

use std::collections::BTreeMap;

use http::{Request, Response, StatusCode, header};
use url::Url;

use crate::loopback_client::send;

#[derive(Default)]
pub struct Browser {
    cookies: BTreeMap<(String, String), String>,
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
            .filter(|((of, _), _)| *of == host)
            .map(|((_, name), value)| format!("{name}={value}"))
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
                self.cookies.insert(key, value.to_owned());
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
    /// The target of the page's first form whose action begins so.
    pub fn form(&self, prefix: &str) -> String {
        let start = self.body.find(&format!("action=\"{prefix}")).expect("the form") + "action=\"".len();
        let action = self.body.get(start..).unwrap().split('"').next().unwrap();
        self.url.join(action).unwrap().to_string()
    }
}
