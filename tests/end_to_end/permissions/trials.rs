//! A test sign-in (SE-27) is finished by whoever finishes sign-ins: it is noted on the connection, with its deadlines.

use chrono::TimeDelta;
use gatehouse::app::onboarding::connections::secret;
use gatehouse::app::test_sign_in::{self, TestState};
use gatehouse::domain::connection::{ClientAuthentication, Connection, OidcPreset};
use gatehouse::redacted::Secret;
use gatehouse_tests::{Answer, Provider, Visitor, World};

use super::sign_ins::{Door, WAYS, Way};

/// A test that was started, and the browser's way to the identity provider.
struct Trial<'a> {
    door: &'a Door,
    id: String,
    browser: gatehouse_tests::Browser,
    sent: Answer,
}

impl<'a> Trial<'a> {
    async fn begin(door: &'a Door) -> Self {
        let admin = door.world.admin().await;
        let (test, ticket) = test_sign_in::start(&admin, &door.connection().id).await.unwrap();
        let browser = door.world.browser();
        let sent = browser
            .get(&format!("/sign-in/test?ticket={}", ticket.expose()))
            .await;
        assert_eq!(sent.status, 303, "{} {}", sent.code(), sent.body);
        Self {
            door,
            id: test.id,
            browser,
            sent,
        }
    }

    /// The person comes back with what the identity provider says.
    async fn comes_back(&self, email: &str) -> Answer {
        let world = &self.door.world;
        if let Some((provider, _)) = &self.door.provider {
            let back = provider.authorize(&self.sent.location(), &Provider::person(email));
            return world.back(&self.browser, &back).await;
        }
        let asked = world.idp.asked(&self.sent);
        let visitor = Visitor::new(email).with("uid", "1");
        let issue = world.idp.response(world, &visitor, Some(&asked.id));
        world
            .deliver(&self.browser, &issue, Some(&asked.relay_state))
            .await
    }

    async fn state(&self) -> TestState {
        let admin = self.door.world.admin().await;
        let read = test_sign_in::read(&admin, &self.door.connection().id, &self.id).await;
        read.unwrap().state
    }
}

/// The last look at the connection, and how many of its deadlines there are.
async fn noted(door: &Door) -> (Connection, usize) {
    let handle = door.world.gatehouse.store.tenant(&door.world.tenant.id);
    let id = &door.connection().id;
    let connection = handle.connection(id).await.unwrap().unwrap();
    let deadlines = handle.deadlines().await.unwrap();
    let of = deadlines.iter().filter(|deadline| deadline.id == id.as_str());
    (connection, of.count())
}

async fn passes(door: &Door, what: &str) {
    let trial = Trial::begin(door).await;
    let page = trial.comes_back("ada@acme.com").await;
    assert_eq!(page.status, 200, "{what}: {} {}", page.code(), page.body);
    assert_eq!(trial.state().await, TestState::Passed, "{what}");
    let (connection, _) = noted(door).await;
    assert_eq!(connection.onboarding.test.unwrap().test, trial.id, "{what}");
    assert!(door.world.users().await.is_empty(), "{what}: nobody is made");
}

/// SE-27: by whatever way, deployed (https, where the assertion consumer finishes itself) and on loopback, a test is passed and
/// noted; one that is refused says why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_27_whoever_finishes_a_test_sign_in_notes_it() {
    for way in WAYS {
        let door = Door::new(way).await;
        passes(&door, &format!("{way:?}")).await;
        let trial = Trial::begin(&door).await;
        refuse(&trial).await;
        assert_eq!(trial.state().await, TestState::Failed, "{way:?}");
    }
}

/// The person comes back with an answer that is refused: an error, or an assertion without what people are known by.
async fn refuse(trial: &Trial<'_>) {
    let world = &trial.door.world;
    let page = match &trial.door.provider {
        Some((provider, _)) => {
            let mut back = provider.authorize(&trial.sent.location(), &Provider::person("ada@acme.com"));
            let state = back
                .query_pairs()
                .find(|(name, _)| name == "state")
                .unwrap()
                .1
                .into_owned();
            back.set_query(None);
            back.query_pairs_mut()
                .append_pair("state", &state)
                .append_pair("iss", &provider.issuer())
                .append_pair("error", "access_denied");
            world.back(&trial.browser, &back).await
        }
        None => {
            let asked = world.idp.asked(&trial.sent);
            let issue = world
                .idp
                .response(world, &Visitor::new("ada@acme.com"), Some(&asked.id));
            world
                .deliver(&trial.browser, &issue, Some(&asked.relay_state))
                .await
        }
    };
    assert!(page.status.is_client_error(), "{} {}", page.code(), page.body);
}

/// SE-27, GH-02: a secret that ends and a key of ours have deadlines; the test keeps them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_27_a_test_keeps_the_deadlines_of_secrets_and_keys() {
    for by_key in [false, true] {
        let mut door = Door::new(Way::Callback).await;
        let (provider, connection) = door.provider.take().unwrap();
        let connection = if by_key {
            with_key(&door.world, &provider).await
        } else {
            let admin = door.world.admin().await;
            let until = door.world.gatehouse.clock.now() + TimeDelta::days(90);
            let secret = Secret::new("the-client-secret");
            secret::set_until(&admin, &connection, &secret, Some(until))
                .await
                .unwrap()
        };
        door.provider = Some((provider, connection));
        let (_, deadlines) = noted(&door).await;
        assert_eq!(deadlines, 1, "{by_key}");
        passes(&door, &format!("by key: {by_key}")).await;
        assert_eq!(noted(&door).await.1, 1, "{by_key}");
    }
}

/// A connection that authenticates by a key of ours, which the provider fetches.
async fn with_key(world: &World, provider: &Provider) -> Connection {
    let connection = world
        .connect(provider, OidcPreset::Generic, |settings| {
            settings.client_authentication = ClientAuthentication::PrivateKeyJwt;
        })
        .await;
    let path = format!("/signin-oidc/{}/jwks", connection.id);
    let published = world.browser().get(&path).await.json();
    let keys = serde_json::from_value(published["keys"].clone()).unwrap();
    provider.set(|behaviour| behaviour.client.keys = keys);
    connection
}
