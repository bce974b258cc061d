//! Our own keys at a SAML identity provider follow one another.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::saml::certificate::Certificate;
use gatehouse::saml::redirect_binding::RedirectMessage;
use gatehouse_local::demo_idp::issue::encrypt::Encryption;
use gatehouse_tests::{Answer, Visitor, problem};
use http::Method;
use serde_json::{Value, json};

use super::people::People;

impl People {
    fn of_connection(&self) -> String {
        format!("/owner/v1/connections/{}", self.world.connection.id)
    }

    /// Does something to the connection's keys over the version that is there.
    async fn keys(&self, action: &str, body: Value) -> Answer {
        let path = self.of_connection();
        let etag = self.owner.get(&path).await.etag();
        let path = format!("{path}/sp-keys{action}");
        self.owner
            .send(Method::POST, &path, Some(&etag), Some(&body))
            .await
    }

    /// What the metadata publishes for a use, in its order.
    async fn published(&self, of: &str) -> Vec<String> {
        let path = format!("/saml/{}/metadata", self.world.connection.id);
        let answer = self.world.browser().get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let descriptors = answer.body.split("<md:KeyDescriptor").skip(1);
        let of = format!("use=\"{of}\"");
        let wanted = descriptors.filter(|descriptor| descriptor.contains(&of));
        let certificate = |descriptor: &str| {
            let text = descriptor.split("X509Certificate>").nth(1).unwrap();
            let text = text.split("</").next().unwrap();
            text.split_whitespace().collect::<String>()
        };
        wanted.map(certificate).collect()
    }

    /// The certificate whose key signed an AuthnRequest made now.
    async fn signs_by(&self) -> String {
        let browser = self.world.browser();
        let sent = self.world.begin(&browser, &self.world.by_connection()).await;
        let message = RedirectMessage::parse(sent.location().query().unwrap()).unwrap();
        let published = self.published("signing").await;
        let signs = published.into_iter().find(|certificate| {
            let certificate = Certificate::from_base64(certificate).unwrap();
            message.verify(&[certificate]).is_ok()
        });
        signs.expect("a published key signed it")
    }

    /// Whether somebody comes in by an assertion that is encrypted to this certificate.
    async fn comes_in_by(&self, certificate: &str, email: &str) -> bool {
        let (world, browser) = (&self.world, self.world.browser());
        let asked = world.asked(&browser).await;
        let mut issue = world.idp.response(world, &Visitor::new(email), Some(&asked.id));
        issue.encryption = Some(Encryption::new(STANDARD.decode(certificate).unwrap()));
        let page = world.deliver(&browser, &issue, Some(&asked.relay_state)).await;
        if page.status == 400 {
            return false;
        }
        assert_eq!(page.status, 303, "{}", page.body);
        let last = browser.get(&page.raw_location()).await;
        page.parameter("code").is_some() || last.parameter("code").is_some()
    }

    async fn upkeep(&self) -> usize {
        let done = gatehouse_tests::scheduled::upkeep(&self.world.gatehouse).await;
        done.unwrap().sp_keys_changed
    }

    async fn rotation(&self, of: &str) -> Value {
        let shown = self.owner.get(&self.of_connection()).await.json();
        assert_eq!(shown["state"], "active", "sign-in goes on");
        shown["service_provider"][format!("{of}_rotation")].clone()
    }
}

/// GH-08, GH-02: the next signing key is published behind the one in use, signs from the announced time on, and the one
/// before stays published for 30 days; nobody is kept from signing in, and the deadline follows the new certificate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_08_a_signing_key_is_announced_takes_over_and_the_one_before_ends() {
    let people = People::start().await;
    let [first] = &people.published("signing").await[..] else {
        panic!("one key is published")
    };
    assert_eq!(&people.signs_by().await, first);
    let deadline = async || {
        let handle = people.world.gatehouse.store.tenant(&people.world.tenant.id);
        let all = handle.deadlines().await.unwrap();
        let found = all
            .iter()
            .find(|deadline| deadline.kind.name() == "sp_signing_certificate");
        found.unwrap().expires_at
    };
    let before = deadline().await;
    people.world.pass(TimeDelta::days(1));

    let announced = people.keys("", json!({ "use": "signing" })).await;
    assert_eq!(announced.status, 201, "{}", announced.body);
    let published = people.published("signing").await;
    assert_eq!((published.len(), &published[0]), (2, first));
    assert_eq!(&people.signs_by().await, first);
    assert!(deadline().await > before);
    let next = people.rotation("signing").await["next"].clone();
    let at: DateTime<Utc> = next["takes_over_at"].as_str().unwrap().parse().unwrap();
    let ahead = at - people.world.gatehouse.clock.now();
    assert!(
        (TimeDelta::days(13)..=TimeDelta::days(14)).contains(&ahead),
        "{ahead}"
    );

    people.world.pass(TimeDelta::days(13));
    assert_eq!(people.upkeep().await, 0, "not before its time");
    people.world.pass(TimeDelta::days(1));
    assert_eq!(people.upkeep().await, 1);
    let (new, old) = (&published[1], &published[0]);
    assert_eq!(people.published("signing").await, [new.clone(), old.clone()]);
    people.world.pass(TimeDelta::minutes(6));
    assert_eq!(&people.signs_by().await, new);
    people.sign_in(&people.world.browser(), "ada@acme.com").await;
    let rotation = people.rotation("signing").await;
    assert_eq!(rotation["next"], Value::Null);
    assert!(rotation["old"]["ends_at"].is_string());

    people.world.pass(TimeDelta::days(31));
    assert_eq!(people.upkeep().await, 1);
    assert_eq!(people.published("signing").await, std::slice::from_ref(new));
    assert_eq!(people.upkeep().await, 0);
    assert_eq!(
        people.rotation("signing").await,
        json!({ "next": null, "old": null })
    );
    for kind in ["announced", "activated", "retired"] {
        assert_eq!(
            people.events(&format!("connection.sp_key_{kind}")).len(),
            1,
            "{kind}"
        );
    }
}

/// GH-08: what is encrypted to the key in use, to the announced one or to the one before is opened, whatever another
/// process remembers; once the one before has ended it opens nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_08_assertions_are_opened_by_every_key_that_is_about() {
    let people = People::start().await;
    let first = people.published("encryption").await.remove(0);
    assert!(people.comes_in_by(&first, "a@acme.com").await);
    let announced = people.keys("", json!({ "use": "encryption" })).await;
    assert_eq!(announced.status, 201, "{}", announced.body);
    let published = people.published("encryption").await;
    assert_eq!((published.len(), &published[0]), (2, &first));
    let second = &published[1];
    people.world.pass(TimeDelta::seconds(61));
    assert!(people.comes_in_by(&first, "b@acme.com").await);
    assert!(people.comes_in_by(second, "c@acme.com").await);

    // Another process lets it take over: this one remembers the secret for five minutes, the connection for one.
    people.world.local.changes().go_unnoticed();
    let activated = people.keys("/activate", json!({ "use": "encryption" })).await;
    assert_eq!(activated.status, 200, "{}", activated.body);
    // Who meets the connection that is remembered starts again, once; the keys are not in the way.
    assert!(people.comes_in_by(second, "d@acme.com").await || people.comes_in_by(second, "d@acme.com").await);
    people.world.pass(TimeDelta::seconds(61));
    assert_eq!(
        people.published("encryption").await,
        [second.clone(), first.clone()]
    );
    assert!(people.comes_in_by(&first, "e@acme.com").await);
    assert!(people.comes_in_by(second, "f@acme.com").await);

    let retired = people.keys("/retire", json!({ "use": "encryption" })).await;
    assert_eq!(retired.status, 200, "{}", retired.body);
    people.world.pass(TimeDelta::minutes(6));
    assert!(!people.comes_in_by(&first, "g@acme.com").await);
    assert!(people.comes_in_by(second, "h@acme.com").await);
}

/// GH-08: an announced encryption key takes over by itself when its time has come; the one before opens what is encrypted to
/// it for 30 days more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_08_an_encryption_key_takes_over_by_itself() {
    let people = People::start().await;
    let announced = people.keys("", json!({ "use": "encryption" })).await;
    assert_eq!(announced.status, 201, "{}", announced.body);
    let published = people.published("encryption").await;
    let [first, second] = &published[..] else {
        panic!("two keys: {published:?}")
    };
    people.world.pass(TimeDelta::days(15));
    assert_eq!(people.upkeep().await, 1);
    assert_eq!(
        people.published("encryption").await,
        [second.clone(), first.clone()]
    );
    assert!(people.comes_in_by(first, "a@acme.com").await);
    assert!(people.comes_in_by(second, "b@acme.com").await);
    people.world.pass(TimeDelta::days(31));
    assert_eq!(people.upkeep().await, 1);
    assert_eq!(people.published("encryption").await, std::slice::from_ref(second));
    assert!(!people.comes_in_by(first, "c@acme.com").await);
    assert!(people.comes_in_by(second, "d@acme.com").await);
}

/// GH-08: a takeover that was cut between Secrets Manager and the table is finished by asking again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_08_a_takeover_that_was_cut_is_taken_up() {
    use gatehouse_local::http_client::{Fault, When};
    let people = People::start().await;
    let announced = people.keys("", json!({ "use": "signing" })).await;
    assert_eq!(announced.status, 201, "{}", announced.body);
    let fault = When::operation("TransactWriteItems").touching("C");
    let fault = people.world.local.faults().inject(fault, Fault::DropConnection);
    let cut = people.keys("/activate", json!({ "use": "signing" })).await;
    assert_eq!(cut.status, 500, "{}", cut.body);
    fault.withdraw();
    let published = people.published("signing").await;
    let again = people.keys("/activate", json!({ "use": "signing" })).await;
    assert_eq!(again.status, 200, "{}", again.body);
    people.world.pass(TimeDelta::minutes(6));
    assert_eq!(people.signs_by().await, published[1]);
}

/// GH-08: what cannot be is refused by name: nothing to activate, nothing to retire, a time that is past or too far, a
/// connection without such keys, an old version.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_08_what_cannot_be_done_to_keys_is_refused() {
    let people = People::start().await;
    let of = |of: &str| json!({ "use": of });
    for (action, body, refusal) in [
        ("/activate", of("signing"), (409, "sp_key_none_next")),
        ("/retire", of("encryption"), (409, "sp_key_none_before")),
        ("", of("everything"), (400, "body_malformed")),
        (
            "",
            json!({ "use": "signing", "takes_over_at": "2020-01-01T00:00:00Z" }),
            (422, "setting_invalid"),
        ),
        (
            "",
            json!({ "use": "signing", "takes_over_at": "2199-01-01T00:00:00Z" }),
            (422, "setting_invalid"),
        ),
    ] {
        let answer = people.keys(action, body.clone()).await;
        assert_eq!(answer.problem(), problem(refusal.0, refusal.1), "{action} {body}");
    }
    let path = format!("{}/sp-keys", people.of_connection());
    let stale = people
        .owner
        .send(Method::POST, &path, Some("\"1\""), Some(&of("signing")))
        .await;
    assert_eq!(stale.problem(), problem(412, "version_mismatch"));
    let github = json!({ "protocol": "github", "name": "GitHub" });
    let github = people.owner.post("/owner/v1/connections", &github).await;
    assert_eq!(github.status, 201, "{}", github.body);
    let path = format!(
        "/owner/v1/connections/{}/sp-keys",
        github.json()["id"].as_str().unwrap()
    );
    let other = people
        .owner
        .send(Method::POST, &path, Some(&github.etag()), Some(&of("signing")))
        .await;
    assert_eq!(other.problem(), problem(422, "connection_of_another_protocol"));
}
