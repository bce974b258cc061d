//! Reminders of what expires, as owners set it up and get them.

use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::app::onboarding::connections::state::{self, Step};
use gatehouse::app::onboarding::connections::{self, ConnectionEdit};
use gatehouse::saml::certificate::Certificate;
use gatehouse_tests::admin::MadeTenant;
use gatehouse_tests::{Api, Caller, Provider, World};
use http::Method;
use serde_json::{Value, json};

/// A deployment with one tenant whose contact is told.
async fn start() -> (Api, MadeTenant, Caller) {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    api.single_sign_on(&acme).await;
    let settings = json!({ "contacts": ["it@acme.com"], "time_zone": "Europe/Berlin" });
    let etag = owner.get("/owner/v1/tenant").await.etag();
    let set = owner
        .patch_at("/owner/v1/tenant/settings", &etag, &settings)
        .await;
    assert_eq!(set.status, 200, "{}", set.body);
    (api, acme, owner)
}

/// Sets the client secret of the connection at `path`.
async fn put_secret(owner: &Caller, path: &str, secret: &str, expires_at: DateTime<Utc>) -> Value {
    let etag = owner.get(path).await.etag();
    let body = json!({ "client_secret": secret, "expires_at": expires_at });
    let path = format!("{path}/client-secret");
    let set = owner.send(Method::PUT, &path, Some(&etag), Some(&body)).await;
    assert_eq!(set.status, 200, "{}", set.body);
    set.json()
}

/// A connection that knows us by a secret; its path.
async fn connection(owner: &Caller, asked: Value) -> String {
    let made = owner.post("/owner/v1/connections", &asked).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("/owner/v1/connections/{}", made.json()["id"].as_str().unwrap())
}

async fn scim_key(owner: &Caller, expires_at: DateTime<Utc>) -> Value {
    let asked = json!({ "kind": "scim", "name": "Okta", "expires_at": expires_at });
    let made = owner.post("/owner/v1/api-keys", &asked).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()
}

/// Lets `days` pass, runs the reminder, and says what subjects `to` was mailed meanwhile.
async fn mailed(api: &Api, days: i64, to: &str) -> Vec<String> {
    let before = api.mails().len();
    api.pass(TimeDelta::days(days));
    api.remind().await;
    let new = api.mails().into_iter().skip(before);
    new.filter(|mail| mail.to == to)
        .map(|mail| mail.subject)
        .collect()
}

/// As [`mailed`], to the contact.
async fn after(api: &Api, days: i64) -> Vec<String> {
    mailed(api, days, "it@acme.com").await
}

/// The client secret of a connection has an optional end; its owners and contacts are reminded two weeks before, in
/// text and HTML, with steps for the preset, and the secret is no part of the mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_20_gh_02_owners_are_reminded_of_a_client_secret() {
    let (api, acme, owner) = start().await;
    let expires_at = api.gatehouse.clock.now() + TimeDelta::days(20);
    let provider = Provider::at(&api.gatehouse.clock, "").await;
    let oidc = json!({ "authority": provider.issuer(), "client_id": "c" });
    let path = connection(
        &owner,
        json!({ "protocol": "oidc", "name": "Acme OIDC", "oidc": oidc }),
    )
    .await;
    let connection = put_secret(&owner, &path, "the-client-secret-of-this-test", expires_at).await;
    assert!(connection["client_secret_expires_at"].is_string(), "{connection}");
    assert!(after(&api, 5).await.is_empty(), "15 days before is no stage");
    let subjects = after(&api, 1).await;
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    let mail = api.mails().pop().unwrap();
    assert_eq!(mail.to, "it@acme.com");
    assert_eq!(mail.subject, "The client secret of Acme OIDC expires in 14 days");
    let (text, html) = (mail.text.unwrap(), mail.html.unwrap());
    for word in [
        "Acme",
        "UTC",
        "(Europe/Berlin)",
        "1. ",
        "/portal",
        "nobody can sign in",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    for word in ["<ol", "Open the portal", "UTC"] {
        assert!(html.contains(word), "{word}: {html}");
    }
    assert!(!text.contains("the-client-secret") && !html.contains("the-client-secret"));
    assert!(after(&api, 0).await.is_empty(), "each stage is sent once");
    api.relay().await;
    let events = api.local.events().events();
    let told = events
        .iter()
        .find(|event| event["detail-type"] == "secret.expiring")
        .unwrap();
    assert_eq!(told["detail"]["tenant"], acme.id);
    assert_eq!(told["detail"]["data"]["stage"], "d14");
    assert_eq!(told["detail"]["subject"], connection["id"]);
}

/// Who hears of it: every owner who is active, once, and the contacts; no other member.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_owners_hear_of_it_and_no_other_member() {
    let (api, _, owner) = start().await;
    for (email, role) in [
        ("ada@acme.com", "ADMIN"),
        ("bob@acme.com", "USER"),
        ("cyd@acme.com", "ADMIN"),
    ] {
        let made = owner
            .post("/owner/v1/members", &json!({ "email": email, "role": role }))
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        if email.starts_with("cyd") {
            let cyd = format!(
                "/owner/v1/members/{}/deactivate",
                made.json()["id"].as_str().unwrap()
            );
            assert_eq!(owner.act(&cyd).await.status, 200);
        }
    }
    scim_key(&owner, api.gatehouse.clock.now() + TimeDelta::days(15)).await;
    let before = api.mails().len();
    api.pass(TimeDelta::days(1));
    api.remind().await;
    let mut told: Vec<String> = api.mails().into_iter().skip(before).map(|mail| mail.to).collect();
    told.retain(|to| to.ends_with("@acme.com"));
    told.sort();
    assert_eq!(told, ["ada@acme.com", "it@acme.com"]);
}

/// Two weeks before, a week, a day, the end, and then daily; nothing between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_every_stage_is_sent_once_and_then_daily() {
    let (api, _, owner) = start().await;
    scim_key(&owner, api.gatehouse.clock.now() + TimeDelta::days(31)).await;
    let mut by_day = Vec::new();
    for day in 1..=34 {
        if after(&api, 1).await.len() == 1 {
            by_day.push(31 - day);
        }
        assert!(after(&api, 0).await.is_empty());
    }
    assert_eq!(by_day, [30, 14, 7, 1, 0, -1, -2, -3]);
}

/// A key that is revoked is not reminded of, whatever was due.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_revoked_key_is_not_reminded_of() {
    let (api, _, owner) = start().await;
    let key = scim_key(&owner, api.gatehouse.clock.now() + TimeDelta::days(8)).await;
    let gone = owner
        .delete(&format!("/owner/v1/api-keys/{}", key["id"].as_str().unwrap()))
        .await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    assert!(after(&api, 2).await.is_empty());
    assert!(after(&api, 10).await.is_empty());
}

/// A client secret that was renewed is not reminded of by its old end, and is by its new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_renewed_secret_ends_the_old_stages() {
    let (api, _, owner) = start().await;
    let now = api.gatehouse.clock.now();
    let path = connection(&owner, json!({ "protocol": "github", "name": "Acme GitHub" })).await;
    put_secret(&owner, &path, "the-first", now + TimeDelta::days(15)).await;
    put_secret(&owner, &path, "the-second", now + TimeDelta::days(40)).await;
    for _ in 0..16 {
        let sent = after(&api, 1).await;
        let early: Vec<_> = sent
            .iter()
            .filter(|subject| !subject.ends_with("30 days"))
            .collect();
        assert!(early.is_empty(), "{early:?}");
    }
    let to_contact = api.mails().into_iter().filter(|mail| mail.to == "it@acme.com");
    assert_eq!(to_contact.count(), 1, "30 days before the new end");
    assert_eq!(after(&api, 10).await.len(), 1, "14 days before the new end");
}

/// The operator gets one digest of a day, with whose deadline it is, and what is the operator's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_the_operator_gets_a_digest() {
    let (api, _, owner) = start().await;
    let now = api.gatehouse.clock.now();
    scim_key(&owner, now + TimeDelta::days(8)).await;
    let client =
        json!({ "name": "App", "kind": "confidential", "redirect_uris": ["https://app.example.com/cb"] });
    let client = api.operator().post("/operator/v1/clients", &client).await.json();
    let secrets = format!(
        "/operator/v1/clients/{}/secrets",
        client["client_id"].as_str().unwrap()
    );
    let end = json!({ "expires_at": now + TimeDelta::days(8) });
    let made = api.operator().post(&secrets, &end).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let to_owners = after(&api, 1).await;
    assert_eq!(to_owners.len(), 1, "{to_owners:?}");
    let digest = mailed(&api, 1, "operator@gatehouse.example").await;
    assert_eq!(digest.len(), 1, "{digest:?}");
    let mail = api.mails().pop().unwrap();
    assert_eq!(mail.to, "operator@gatehouse.example");
    let text = mail.text.unwrap();
    for word in [
        "Acme: The SCIM key of Okta",
        "1 person told",
        "App",
        "yours to do",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let again = mailed(&api, 0, "operator@gatehouse.example").await;
    assert!(again.is_empty(), "once a day");
}

/// A SAML connection's deadlines are those of its certificates; suspended, it has none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_certificates_have_deadlines_while_the_connection_lives() {
    let world = World::start().await;
    let store = world.gatehouse.store.tenant(&world.tenant.id);
    let kinds = async || {
        let deadlines = store.deadlines().await.unwrap();
        let mut kinds: Vec<_> = deadlines.iter().map(|deadline| deadline.kind.name()).collect();
        kinds.sort_unstable();
        kinds
    };
    let admin = world.admin().await;
    let edit = |name: &str| ConnectionEdit {
        name: name.to_owned(),
        ..ConnectionEdit::of(&world.connection)
    };
    let renamed = connections::update(&admin, &world.connection, edit("Acme two"))
        .await
        .unwrap();
    assert_eq!(kinds().await, ["idp_certificate"]);
    let certificate = Certificate::from_der(world.idp.key.certificate_der()).unwrap();
    let deadline = store.deadlines().await.unwrap().remove(0);
    assert_eq!(deadline.expires_at, certificate.not_after());
    assert_eq!(deadline.name, "Acme two");
    state::take(&admin, &renamed.id, &Step::Suspend).await.unwrap();
    assert_eq!(kinds().await, Vec::<&str>::new());
}
