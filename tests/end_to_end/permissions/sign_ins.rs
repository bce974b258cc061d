//! A sign-in is finished by the assertion consumer, by the page behind it (`sign_in`: on loopback, and after a question),
//! or by the callback of OpenID Connect. Whoever it is makes users and teams, links, asks, counts seats.

use gatehouse::domain::connection::{Connection, OidcPreset, SubjectSource};
use gatehouse::domain::tenant::Tenant;
use gatehouse::secrets::SecretName;
use gatehouse_local::demo_idp::issue::encrypt::Encryption;
use gatehouse_tests::{Answer, Browser, Provider, Visitor, World};
use serde_json::json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Deployed: `saml_acs`.
    Acs,
    /// On loopback: `saml_acs` parks, `sign_in` finishes.
    Page,
    /// `oidc_callback`.
    Callback,
}

pub(super) const WAYS: [Way; 3] = [Way::Acs, Way::Page, Way::Callback];

pub(super) struct Door {
    pub world: World,
    pub provider: Option<(Provider, Connection)>,
}

impl Door {
    pub async fn new(way: Way) -> Self {
        let mut world = match way {
            Way::Acs => World::deployed().await,
            Way::Page | Way::Callback => World::start().await,
        };
        world
            .set_connection(|connection| connection.subject = SubjectSource::Attribute("uid".to_owned()))
            .await;
        let provider = match way {
            Way::Acs | Way::Page => None,
            Way::Callback => {
                let provider = Provider::start(&world.gatehouse.clock).await;
                let connection = world
                    .connect(&provider, OidcPreset::Generic, |settings| {
                        settings.offline_access = true
                    })
                    .await;
                Some((provider, connection))
            }
        };
        Self { world, provider }
    }

    /// Changes the tenant.
    async fn set_tenant(&mut self, change: impl FnOnce(&mut Tenant)) {
        self.world.set_tenant(change).await;
    }

    /// The connection by which people come in.
    pub fn connection(&self) -> &Connection {
        let own = &self.world.connection;
        self.provider.as_ref().map_or(own, |(_, connection)| connection)
    }

    /// The person `uid` signs in, with these claims or attributes beside the address.
    pub async fn sign_in(
        &self,
        browser: &Browser,
        (uid, email): (&str, &str),
        more: &[(&str, &str)],
    ) -> Answer {
        let Some((provider, connection)) = &self.provider else {
            let visitor = Visitor::new(email).with("uid", uid);
            let visitor = more
                .iter()
                .fold(visitor, |visitor, (name, value)| visitor.with(name, value));
            return self.world.sign_in(browser, &visitor).await;
        };
        let mut person = Provider::person(email);
        person["sub"] = json!(uid);
        for (name, value) in more {
            person[*name] = json!(value);
        }
        self.world.by_code(browser, (connection, provider), &person).await
    }
}

/// Somebody new joins a new team; the next one joins the same; both come again; an address changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_32_whoever_finishes_a_sign_in_makes_people_and_teams() {
    for way in WAYS {
        let door = Door::new(way).await;
        let team = [
            ("teamName", "Night shift"),
            ("teamRole", "USER"),
            ("role", "USER"),
        ];
        for (person, more) in [
            (("1", "ada@acme.com"), &team[..]),
            (("2", "bob@acme.com"), &team[..]),
            (("1", "ada@acme.com"), &[]),
            (("1", "lovelace@acme.com"), &[]),
        ] {
            let answer = door.sign_in(&door.world.browser(), person, more).await;
            let tokens = door.world.tokens_of(&answer).await;
            assert_eq!(tokens.claims["email"], person.1, "{way:?}");
        }
        let store = door.world.gatehouse.store.tenant(&door.world.tenant.id);
        assert_eq!(door.world.users().await.len(), 2, "{way:?}");
        assert_eq!(store.teams().await.unwrap().len(), 1, "{way:?}");
    }
}

/// The last seat is taken, and nobody gets another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_06_whoever_finishes_a_sign_in_counts_the_seats() {
    for way in WAYS {
        let mut door = Door::new(way).await;
        door.set_tenant(|tenant| tenant.seats = Some(1)).await;
        let first = door
            .sign_in(&door.world.browser(), ("1", "ada@acme.com"), &[])
            .await;
        assert!(first.parameter("code").is_some(), "{way:?}: {}", first.code());
        let second = door
            .sign_in(&door.world.browser(), ("2", "bob@acme.com"), &[])
            .await;
        assert_eq!(second.code(), "seats_used_up", "{way:?}");
    }
}

/// A user made by hand is asked by mail, and linked by `sign_in`, with the team that was asserted; another one at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_04_whoever_finishes_a_sign_in_asks_and_links() {
    for way in WAYS {
        let mut door = Door::new(way).await;
        let ada = door.world.add_user("ada@acme.com", |_| {}).await;
        let bob = door.world.add_user("bob@acme.com", |_| {}).await;
        let linked = door
            .sign_in(&door.world.browser(), ("2", "bob@acme.com"), &[])
            .await;
        let tokens = door.world.tokens_of(&linked).await;
        assert_eq!(tokens.claims["sub"], bob.id.as_str(), "{way:?}");
        door.set_tenant(|tenant| tenant.settings.confirm_linking = true)
            .await;
        let browser = door.world.browser();
        let team = [("teamName", "Day shift"), ("teamRole", "USER"), ("role", "USER")];
        let page = door.sign_in(&browser, ("1", "ada@acme.com"), &team).await;
        assert_eq!(page.status, 200, "{way:?}: {}", page.code());
        door.world.relay().await;
        let text = door.world.mails().pop().unwrap().text.unwrap();
        let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
        let code = text.lines().map(str::trim).find(is_code).unwrap();
        let done = browser
            .post(
                "/sign-in/link",
                &[("result", &page.hidden("result")), ("code", code)],
            )
            .await;
        let tokens = door.world.tokens_of(&done).await;
        assert_eq!(tokens.claims["sub"], ada.id.as_str(), "{way:?}");
    }
}

/// Where the app takes registrations an unknown person is sent there; where nobody is made, refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_08_whoever_finishes_a_sign_in_sends_to_the_registration() {
    for way in WAYS {
        let mut door = Door::new(way).await;
        door.set_tenant(|tenant| tenant.settings.provision_on_sign_in = false)
            .await;
        let refused = door
            .sign_in(&door.world.browser(), ("1", "ada@acme.com"), &[])
            .await;
        assert_eq!(refused.code(), "user_unknown", "{way:?}");
        door.world
            .set_client(|settings| settings["registration_uri"] = "https://app.example.com/register".into())
            .await;
        let sent = door
            .sign_in(&door.world.browser(), ("1", "ada@acme.com"), &[])
            .await;
        assert!(
            sent.raw_location()
                .starts_with("https://app.example.com/register?code="),
            "{way:?}"
        );
    }
}

/// An encrypted assertion is opened with the connection's decryption key, out of Secrets Manager.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_assertion_signs_in() {
    for world in [World::deployed().await, World::start().await] {
        let name = SecretName::SpDecryption(world.connection.id.clone());
        let ring = world.gatehouse.secrets.get(&name).await.unwrap();
        let ring = gatehouse::saml::keys::KeyRing::from_secret(&ring.value).unwrap();
        let certificate = ring.current().certificate().der().to_vec();
        let browser = world.browser();
        let asked = world.asked(&browser).await;
        let visitor = Visitor::new("ada@acme.com");
        let mut issue = world.idp.response(&world, &visitor, Some(&asked.id));
        issue.encryption = Some(Encryption::new(certificate));
        let answer = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
        let tokens = world.tokens_of(&answer).await;
        assert_eq!(tokens.claims["email"], "ada@acme.com");
    }
}
