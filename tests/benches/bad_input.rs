//! How long bad input at the assertion consumer service takes through the whole function, on the embedded store.
//!
//! `cargo bench -p gatehouse-tests --bench bad_input` (add `--profile dev` for a debug build). Prints status, code and the
//! slowest of ten.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement"
)]

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use gatehouse_tests::{Answer, Visitor, World};

const FORM: &str = "application/x-www-form-urlencoded";
const RUNS: usize = 10;

#[tokio::main]
async fn main() {
    let world = World::deployed().await;
    let path = format!("/saml/{}/acs", world.connection.id);
    for (what, body) in bodies() {
        let mut seen = Seen::default();
        for _ in 0..RUNS {
            let browser = world.browser();
            seen.note(browser.post_raw(&path, FORM, body.clone())).await;
        }
        seen.print(what);
    }
    let nowhere = "/saml/00000000-0000-4000-8000-000000000000/acs";
    let mut seen = Seen::default();
    for _ in 0..RUNS {
        let browser = world.browser();
        seen.note(browser.post_raw(nowhere, FORM, b"SAMLResponse=x".to_vec()))
            .await;
    }
    seen.print("wrong connection id");
    attempts(&world).await;
}

/// Genuine answers that come too late, without the cookie, or again.
async fn attempts(world: &World) {
    let (mut late, mut bare, mut again) = (Seen::default(), Seen::default(), Seen::default());
    for _ in 0..RUNS {
        let browser = world.browser();
        let asked = world.asked(&browser).await;
        let issue = world
            .idp
            .response(world, &Visitor::new("ada@acme.com"), Some(&asked.id));
        let state = Some(asked.relay_state.as_str());
        bare.note(world.deliver(&world.browser(), &issue, state)).await;
        assert!(
            world
                .deliver(&browser, &issue, state)
                .await
                .parameter("code")
                .is_some()
        );
        again.note(world.deliver(&browser, &issue, state)).await;

        let browser = world.browser();
        let asked = world.asked(&browser).await;
        world.pass(TimeDelta::minutes(11));
        let issue = world
            .idp
            .response(world, &Visitor::new("ada@acme.com"), Some(&asked.id));
        late.note(world.deliver(&browser, &issue, Some(&asked.relay_state)))
            .await;
    }
    late.print("expired attempt");
    bare.print("missing cookie");
    again.print("replay");
}

/// What is posted.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let form = |xml: &str| {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", &STANDARD.encode(xml))
            .finish()
            .into_bytes()
    };
    let deep = format!("{}{}", "<a>".repeat(20_000), "</a>".repeat(20_000));
    let response = |content: String| {
        form(&format!(
            "<samlp:Response xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol'>{content}</samlp:Response>"
        ))
    };
    vec![
        ("garbage base64", b"SAMLResponse=%25%25%25".to_vec()),
        ("10 MB", vec![b'a'; 10 * 1024 * 1024]),
        ("20,000 deep", form(&deep)),
        ("a DTD", form("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")),
        ("16,000 nodes", response("<x/>".repeat(16_000))),
        (
            "240 KiB of attributes",
            response("<x a='1' b='2' c='3' d='4' e='5' f='6'/>".repeat(6_000)),
        ),
    ]
}

/// The slowest answer, and what all of them were.
#[derive(Default)]
struct Seen {
    slowest: Duration,
    status: u16,
    code: String,
}

impl Seen {
    async fn note(&mut self, asked: impl Future<Output = Answer>) {
        let start = Instant::now();
        let answer = asked.await;
        self.slowest = self.slowest.max(start.elapsed());
        self.status = answer.status.as_u16();
        self.code = answer.code();
        assert!((400..500).contains(&self.status), "{}", answer.body);
    }

    fn print(&self, what: &str) {
        let ms = self.slowest.as_secs_f64() * 1_000.0;
        println!("{ms:>9.3} ms  {what}: {} {}", self.status, self.code);
    }
}
