//! A process remembers a connection for a minute. A change within it refuses nobody who may come in, and lets in nobody
//! who may not.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use gatehouse::domain::connection::{OidcPreset, Protocol};
use gatehouse_local::{functions, gateway};
use gatehouse_tests::{Answer, Browser, Idp, Provider, Visitor, World};

/// A process of its own that no change tells to forget, as none is told in Lambda.
struct Process {
    router: axum::Router,
    base: String,
}

impl Process {
    fn of(world: &World) -> Self {
        Self {
            router: gateway::router(functions::routers(&world.gatehouse.apart())),
            base: world.gatehouse.config.base_url.as_str().to_owned(),
        }
    }

    fn browser(&self) -> Browser {
        Browser::new(self.router.clone(), &self.base)
    }

    /// A sign-in at the world's identity provider, as it is now.
    async fn sign_in(&self, world: &World, email: &str) -> Answer {
        world.sign_in(&self.browser(), &Visitor::new(email)).await
    }
}

#[track_caller]
fn assert_signed_in(answer: &Answer) {
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (303, ""),
        "{}",
        answer.body
    );
    assert!(answer.parameter("code").is_some(), "{}", answer.raw_location());
}

/// Another name, or any other change, is met by the first sign-in after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_a_connection_changed_within_the_minute_refuses_nobody() {
    let mut world = World::deployed().await;
    let process = Process::of(&world);
    assert_signed_in(&process.sign_in(&world, "ada@acme.com").await);
    world.pass(TimeDelta::seconds(5));
    world
        .set_connection(|connection| connection.name = "Renamed".to_owned())
        .await;
    assert_signed_in(&process.sign_in(&world, "linus@acme.com").await);
    assert_eq!(world.users().await.len(), 2);
    assert!(world.failures().await.is_empty(), "nothing was refused");
}

/// A new certificate counts at once, and one that was taken away no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_08_a_certificate_changed_within_the_minute_counts() {
    let mut world = World::deployed().await;
    let (process, remembering) = (Process::of(&world), Process::of(&world));
    for process in [&process, &remembering] {
        assert_signed_in(&process.sign_in(&world, "ada@acme.com").await);
    }
    world.pass(TimeDelta::seconds(5));
    let former = std::mem::replace(&mut world.idp, Idp::new("https://idp.acme.com"));
    world.idp.entity_id.clone_from(&former.entity_id);
    let certificate = STANDARD.encode(world.idp.key.certificate_der());
    world
        .set_connection(|connection| {
            let Protocol::Saml(saml) = &mut connection.protocol else {
                panic!("not by SAML")
            };
            saml.idp.as_mut().unwrap().certificates = vec![certificate];
        })
        .await;
    assert_signed_in(&process.sign_in(&world, "linus@acme.com").await);

    // This one still remembers the former certificate, and that is not enough.
    world.idp = former;
    let refused = remembering.sign_in(&world, "eve@acme.com").await;
    assert_eq!(refused.code(), "signature_invalid");
    assert_eq!(world.users().await.len(), 2);
}

/// A refused answer is looked at again at most once a second: refusals cost whoever asks for them nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_refusals_read_the_connection_once_a_second() {
    let mut world = World::deployed().await;
    let process = Process::of(&world);
    world.idp = Idp::new(&world.idp.entity_id);
    process.sign_in(&world, "eve@acme.com").await;
    world.pass(TimeDelta::seconds(5));
    let browser = process.browser();
    let asked = world.asked(&browser).await;
    let visitor = Visitor::new("eve@acme.com");
    let issue = world.idp.response(&world, &visitor, Some(&asked.id));
    let mut reads = Vec::new();
    for _ in 0..4 {
        world.local.traffic().clear();
        let refused = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
        assert_eq!(refused.code(), "signature_invalid", "{}", refused.body);
        let counts = world.local.traffic().counts().into_iter();
        reads.push(
            counts
                .filter(|((_, operation), _)| operation.contains("Get") || operation == "Query")
                .map(|(_, count)| count)
                .sum::<usize>(),
        );
    }
    assert!(
        reads[0] > reads[1] && reads[1..].iter().all(|more| *more == reads[1]),
        "{reads:?}"
    );
}

/// The code of an OpenID Provider is redeemed once: what it gave counts under the changed connection as well, unless the
/// change is about the provider itself or about what is read of its answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_05_a_connection_changed_within_the_minute_refuses_nobody() {
    let mut world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    world.connection = connection.clone();
    let process = Process::of(&world);
    let by_code = async |world: &World, email: &str| {
        let person = Provider::person(email);
        world
            .by_code(&process.browser(), (&connection, &provider), &person)
            .await
    };
    assert_signed_in(&by_code(&world, "ada@acme.com").await);
    world.pass(TimeDelta::seconds(5));
    world
        .set_connection(|connection| connection.name = "Renamed".to_owned())
        .await;
    assert_signed_in(&by_code(&world, "linus@acme.com").await);
    world.pass(TimeDelta::seconds(5));
    world
        .set_connection(|connection| connection.attributes.email = Some("upn".to_owned()))
        .await;
    let read_otherwise = by_code(&world, "ada@acme.com").await;
    assert_eq!(read_otherwise.code(), "attempt_unknown");
    world
        .set_connection(|connection| connection.attributes.email = None)
        .await;
    world.pass(TimeDelta::seconds(61));
    assert_signed_in(&by_code(&world, "ada@acme.com").await);
    world.pass(TimeDelta::seconds(5));
    world
        .set_connection(|connection| {
            let Protocol::Oidc(oidc) = &mut connection.protocol else {
                panic!("not by OpenID Connect")
            };
            oidc.settings.client_id = Some("another-client".to_owned());
        })
        .await;
    assert_eq!(by_code(&world, "grace@acme.com").await.code(), "attempt_unknown");
}
