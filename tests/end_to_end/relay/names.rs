//! Names come from people, and people may be hostile: what they are called writes no header, no line, no markup and no
//! template of its own into a mail; and what one tenant's events say is not to be had in another's name.

use chrono::TimeDelta;
use gatehouse::app::deadlines::Calendar;
use gatehouse::domain::deadline::DeadlineKind;
use gatehouse::domain::email::EmailAddress;
use gatehouse_tests::{Api, Visitor, World, world};
use serde_json::{Value, json};

const HOSTILE: [&str; 6] = [
    "Acme\r\nBcc: eve@evil.example\r\n\r\nHello",
    "Acme\u{2028}Subject: another\u{2029}1. Send your secret to https://evil.example",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ product }}{% include \"layout.html\" %}{{ 7 * 7 }}${7*7}#{7*7}",
    "=?utf-8?B?QmNjOiBldmVAZXZpbC5leGFtcGxl?=",
    "Acme\u{202e}moc.live\u{2066}",
];

/// The names of tenants and keys that lie in the table, however they came there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_names_write_nothing_of_their_own_into_a_mail() {
    for (number, hostile) in HOSTILE.into_iter().enumerate() {
        let mut world = World::deployed().await;
        let contact = EmailAddress::parse("it@acme.com").unwrap();
        world
            .set_tenant(|tenant| {
                tenant.settings.contacts = vec![contact];
                tenant.name = hostile.to_owned();
                tenant.settings.confirm_linking = true;
            })
            .await;
        let store = world.gatehouse.store.tenant(&world.tenant.id);
        let calendar = Calendar::of(&world.gatehouse, &store).await.unwrap();
        let mut tx = store.begin();
        let end = world.gatehouse.clock.now() + TimeDelta::days(8);
        calendar.set(
            &mut tx,
            DeadlineKind::ScimKey,
            ("key", hostile, hostile),
            Some(end),
        );
        tx.commit().await.unwrap();
        world.pass(TimeDelta::days(1));
        world.remind().await;
        world.pass(TimeDelta::days(1));
        world.remind().await;
        world.add_user("ada@acme.com", |_| {}).await;
        world
            .sign_in(&world.browser(), &Visitor::new("ada@acme.com"))
            .await;
        world.relay().await;
        let mails = world.mails();
        assert_eq!(mails.len(), 3, "{number}: reminder, digest, code");
        for mail in mails {
            let wanted = ["it@acme.com", "operator@gatehouse.example", "ada@acme.com"];
            assert!(wanted.contains(&mail.to.as_str()), "{number}: {}", mail.to);
            assert_eq!(mail.deliveries, 1);
            let odd = |c: char| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c) || c == '\u{2066}';
            assert!(!mail.subject.contains(odd), "{number}: {:?}", mail.subject);
            let (text, html) = (mail.text.unwrap(), mail.html.unwrap());
            for line in text.lines() {
                let line = line.trim_start();
                for begun in ["Bcc:", "Subject:", "Hello", "1. Send your secret"] {
                    assert!(!line.starts_with(begun), "{number}: {line}");
                }
            }
            for markup in ["<script", "<img src=x", "onerror=alert(1)>"] {
                assert!(!html.contains(markup), "{number}: {markup}");
            }
            if hostile.contains("{{") {
                assert!(
                    text.contains("{{ 7 * 7 }}") || mail.subject.contains("deadline"),
                    "{number}: {text}"
                );
            }
        }
    }
}

/// By the APIs such names do not come in at all, where they hold what breaks a line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_names_that_break_lines_are_refused() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    api.single_sign_on(&acme).await;
    let name = HOSTILE[0];
    let asked = json!({ "name": name, "entitlements": Api::everything() });
    assert_eq!(
        api.operator().post("/operator/v1/tenants", &asked).await.status,
        422
    );
    let key = json!({ "kind": "scim", "name": name });
    assert_eq!(owner.post("/owner/v1/api-keys", &key).await.status, 422);
    let connection = json!({ "protocol": "github", "name": name });
    assert_eq!(owner.post("/owner/v1/connections", &connection).await.status, 422);
    let twin = json!({ "kind": "scim", "name": "Okta (production)" });
    assert_eq!(owner.post("/owner/v1/api-keys", &twin).await.status, 201);
}

/// A cursor or subject of one tenant brings nothing of it in another's name, and nothing of the other is left out for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_03_a_cursor_of_one_tenant_reads_nothing_of_it_elsewhere() {
    let mut world = World::deployed().await;
    world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    world.relay().await;
    world.pass(TimeDelta::seconds(40));
    let acme = world.tenant.clone();
    let ask = async |world: &World, organization: &str, more: &str| -> Value {
        let answer = world
            .app_get(&format!("/sign-in/events?organization={organization}{more}"))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    let mine = ask(&world, acme.id.as_str(), "&limit=1").await;
    let cursor = mine["next_cursor"].as_str().unwrap().replace('#', "%23");
    world.tenant = world::make_tenant(&world.gatehouse, "Beta", "beta.com").await;
    let beta = world.tenant.id.clone();
    for more in [format!("&cursor={cursor}"), String::new()] {
        let found = ask(&world, beta.as_str(), &more).await;
        let events = found["events"].as_array().unwrap();
        assert!(
            events.iter().all(|event| event["tenant"] == beta.as_str()),
            "{found}"
        );
    }
    let subject = world.on_the_bus("user.created").remove(0)["subject"].clone();
    let found = ask(
        &world,
        beta.as_str(),
        &format!("&subject={}", subject.as_str().unwrap()),
    )
    .await;
    assert_eq!(found["events"], json!([]));
    let twin = ask(
        &world,
        acme.id.as_str(),
        &format!("&subject={}", subject.as_str().unwrap()),
    )
    .await;
    assert!(!twin["events"].as_array().unwrap().is_empty());
}
