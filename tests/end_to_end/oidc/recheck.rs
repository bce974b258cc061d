//! SE-06: linked accounts are checked between sign-ins.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use gatehouse::app::account_recheck::{Budget, Rechecked};
use gatehouse::app::onboarding::connections::secret;
use gatehouse::domain::connection::{Connection, OidcPreset};
use gatehouse::domain::ids::UserId;
use gatehouse::domain::recheck::{EVERY, SPREAD};
use gatehouse::redacted::Secret;
use gatehouse::store::KnownIdentity;
use gatehouse_local::aws::tables::{DIRECTORY, EPHEMERAL};
use gatehouse_local::http_client::{Fault, When};
use gatehouse_tests::provider::{Endpoint, Reply};
use gatehouse_tests::scheduled::recheck as run;
use gatehouse_tests::{Provider, Tokens, World};
use serde_json::{Value, json};

/// Long enough for every account to be due that was confirmed just now.
const DUE: TimeDelta = TimeDelta::hours(7);

struct Linked {
    world: World,
    provider: Provider,
    connection: Connection,
}

impl Linked {
    /// A connection whose owner wants accounts to be checked.
    async fn new() -> Self {
        let world = World::start().await;
        let provider = Provider::start(&world.gatehouse.clock).await;
        let connection = world
            .connect(&provider, OidcPreset::Generic, |s| s.offline_access = true)
            .await;
        Self {
            world,
            provider,
            connection,
        }
    }

    async fn signs_in(&self, email: &str) -> Tokens {
        let of = (&self.connection, &self.provider);
        self.world
            .tokens_by_code(&self.world.browser(), of, &Provider::person(email))
            .await
    }

    async fn run(&self) -> Rechecked {
        run(&self.world.gatehouse, Budget::default()).await.unwrap()
    }

    async fn epoch(&self, tokens: &Tokens) -> u64 {
        let handle = self.world.gatehouse.store.tenant(&self.world.tenant.id);
        handle.user(&user(tokens)).await.unwrap().unwrap().epoch
    }

    async fn identity(&self, tokens: &Tokens) -> KnownIdentity {
        let handle = self.world.gatehouse.store.tenant(&self.world.tenant.id);
        let (connection, subject) = handle.identities(&user(tokens)).await.unwrap().remove(0);
        handle.identity(&connection, &subject).await.unwrap().unwrap()
    }

    /// How often the provider was sent a refresh token.
    fn refreshes(&self) -> usize {
        let seen = self.provider.seen(Endpoint::Token);
        let refresh =
            |form: &std::collections::HashMap<String, String>| form["grant_type"] == "refresh_token";
        seen.iter().filter(|seen| refresh(&seen.form)).count()
    }

    fn waiting(&self) -> Vec<Value> {
        let items = self.world.local.dynamodb().items(DIRECTORY).unwrap();
        let waits = |item: &Value| {
            let pk = item["pk"]["S"].as_str().unwrap_or_default();
            pk.starts_with("RC#20")
        };
        items.into_iter().map(|item| json!(item)).filter(waits).collect()
    }
}

fn user(tokens: &Tokens) -> UserId {
    UserId::parse(tokens.claims["sub"].as_str().unwrap()).unwrap()
}

/// While the provider vouches nothing changes, and each new refresh token is kept; when it answers invalid_grant, the link
/// is disabled, every session and token is over at once, the events say so, and the next sign-in at the provider heals it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_a_revoked_account_is_disabled_and_its_sessions_end() {
    let linked = Linked::new().await;
    let world = &linked.world;
    linked.provider.set(|b| b.refresh_once = true);
    let browser = world.browser();
    let of = (&linked.connection, &linked.provider);
    let ada = Provider::person("ada@acme.com");
    let tokens = world.tokens_by_code(&browser, of, &ada).await;
    assert_eq!(linked.run().await, Rechecked::default(), "nothing is due yet");
    // Whatever its share of the spread, the account is due by then.
    for round in 1..=2 {
        world.pass(EVERY + SPREAD);
        let done = linked.run().await;
        assert_eq!((done.confirmed, done.disabled), (1, 0), "{done:?}");
        assert_eq!(linked.refreshes(), round);
        assert_eq!(linked.waiting().len(), 1);
    }
    world.pass(EVERY + SPREAD);
    let kept = world.refresh(tokens.text("refresh_token")).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    let kept = kept.json();
    let epoch = linked.epoch(&tokens).await;
    linked.provider.set(|b| b.refresh_revoked = true);
    let done = linked.run().await;
    assert_eq!((done.confirmed, done.disabled), (0, 1), "{done:?}");
    assert_eq!(linked.epoch(&tokens).await, epoch + 1);
    let identity = linked.identity(&tokens).await;
    assert!(identity.disabled_at.is_some());
    assert!(identity.upstream.is_none() && linked.waiting().is_empty());
    let refused = world.refresh(kept["refresh_token"].as_str().unwrap()).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["error"].as_str()),
        (400, Some("invalid_grant"))
    );
    let userinfo = world.userinfo(kept["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.status, 401);
    let silent = world.authorize_path(&[("connection", linked.connection.id.as_str()), ("prompt", "none")]);
    assert_eq!(
        browser.get(&silent).await.parameter("error").as_deref(),
        Some("login_required")
    );
    world.relay().await;
    for kind in ["identity.disabled", "session.revoked"] {
        let told = world.on_the_bus(kind);
        assert_eq!(told.len(), 1, "{kind}");
        assert_eq!(told[0]["subject"], tokens.claims["sub"], "{told:?}");
    }
    assert_eq!(
        world.on_the_bus("identity.disabled")[0]["data"]["connection"],
        linked.connection.id.as_str()
    );
    assert_eq!(linked.run().await.disabled, 0, "once");
    linked.provider.set(|b| b.refresh_revoked = false);
    let again = linked.signs_in("ada@acme.com").await;
    assert_eq!(again.claims["sub"], tokens.claims["sub"]);
    assert_eq!(linked.identity(&again).await.disabled_at, None);
    world.pass(DUE);
    assert_eq!(linked.run().await.confirmed, 1);
}

/// Whatever a provider in trouble answers, nobody is disabled and no session ends; when it is well again, the account is
/// confirmed by the token that was kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_an_outage_of_the_provider_disables_nobody() {
    let linked = Linked::new().await;
    let tokens = linked.signs_in("ada@acme.com").await;
    let epoch = linked.epoch(&tokens).await;
    linked.world.pass(DUE);
    let troubles = [
        Reply::Json(500, json!({})),
        Reply::Json(503, json!({ "error": "invalid_grant" })),
        Reply::Json(400, json!({ "error": "temporarily_unavailable" })),
        Reply::Json(400, json!({ "error": "unauthorized_client" })),
        Reply::Json(429, json!({ "message": "slow down" })),
        Reply::Json(200, json!({ "error": "server_error" })),
        Reply::Raw("text/html", b"<html>Login".to_vec()),
        Reply::Redirect("http://169.254.169.254/".to_owned()),
        Reply::Huge(10 * 1024 * 1024),
        Reply::Stall,
    ];
    for trouble in troubles {
        linked
            .provider
            .set(|b| drop(b.replies.insert(Endpoint::Token, trouble.clone())));
        let done = linked.run().await;
        assert_eq!(
            done,
            Rechecked {
                unanswered: 1,
                ..Rechecked::default()
            },
            "{trouble:?}"
        );
        assert_eq!(linked.run().await, Rechecked::default(), "it waits");
        linked.world.pass(TimeDelta::hours(2));
    }
    // A refreshed ID token that speaks of somebody else, or is signed by nobody.
    linked.provider.set(|b| {
        b.replies.clear();
        b.claims_patch = json!({ "sub": "somebody-else" });
    });
    assert_eq!(linked.run().await.unanswered, 1);
    linked.world.pass(TimeDelta::hours(2));
    // Our own credentials are out of date.
    linked.provider.set(|b| {
        b.claims_patch = json!({});
        b.client.secrets = vec!["rotated".to_owned()];
    });
    assert_eq!(linked.run().await.client_refused, 1);
    assert_eq!(linked.epoch(&tokens).await, epoch);
    assert_eq!(linked.identity(&tokens).await.disabled_at, None);
    let admin = linked.world.admin().await;
    let connection = admin_connection(&linked).await;
    secret::set(&admin, &connection, &Secret::new("rotated"))
        .await
        .unwrap();
    linked.world.pass(TimeDelta::hours(2));
    assert_eq!(linked.run().await.confirmed, 1);
    linked.provider.set(|b| b.refresh_revoked = true);
    linked.world.pass(DUE);
    assert_eq!(linked.run().await.disabled, 1, "and a revocation after it counts");
}

async fn admin_connection(linked: &Linked) -> Connection {
    let handle = linked.world.gatehouse.store.tenant(&linked.world.tenant.id);
    handle.connection(&linked.connection.id).await.unwrap().unwrap()
}

/// A crash between the provider's answer and our write: with a provider that replaces tokens, ours is spent, and its
/// refusal disables nobody (the person signs in again); with one that does not, the next check confirms.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_a_crash_after_the_answer_disables_nobody() {
    for once in [true, false] {
        let linked = Linked::new().await;
        let world = &linked.world;
        linked.provider.set(|b| b.refresh_once = once);
        let tokens = linked.signs_in("ada@acme.com").await;
        world.pass(DUE);
        let cut = world.local.faults().inject(
            When::operation("TransactWriteItems").after(1),
            Fault::DropConnection,
        );
        assert_eq!(linked.run().await.failed, 1);
        assert!(cut.struck() > 0);
        cut.withdraw();
        assert_eq!(linked.refreshes(), 1, "the provider has answered");
        assert_eq!(linked.run().await.busy, 1, "the lease holds");
        world.pass(TimeDelta::minutes(15));
        let done = linked.run().await;
        assert_eq!(
            (done.confirmed, done.disabled),
            (usize::from(!once), 0),
            "{done:?}"
        );
        assert_eq!(done.renew, usize::from(once));
        assert_eq!(linked.identity(&tokens).await.disabled_at, None);
        world.relay().await;
        assert!(world.on_the_bus("identity.disabled").is_empty());
        let again = linked.signs_in("ada@acme.com").await;
        assert_eq!(again.claims["sub"], tokens.claims["sub"]);
        world.pass(DUE);
        assert_eq!(linked.run().await.confirmed, 1);
        assert_eq!(linked.waiting().len(), 1, "one place in one queue");
    }
}

/// Somebody signs in, without a new token, while the provider's new one is on its way into the table: it is not written
/// over by the spent one, and the next check is confirmed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_a_sign_in_does_not_bring_back_a_spent_token() {
    let linked = Linked::new().await;
    let world = &linked.world;
    linked.provider.set(|b| b.refresh_once = true);
    linked.signs_in("ada@acme.com").await;
    world.pass(DUE);
    let order = When::operation("TransactWriteItems").after(1).times(1);
    let late = world
        .local
        .faults()
        .inject(order, Fault::Delay(Duration::from_millis(1_500)));
    let gatehouse = world.gatehouse.clone();
    let check = tokio::spawn(async move { run(&gatehouse, Budget::default()).await.unwrap() });
    while late.struck() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    linked
        .provider
        .set(|b| b.token_patch = json!({ "refresh_token": null }));
    linked.signs_in("ada@acme.com").await;
    assert_eq!(check.await.unwrap().confirmed, 1);
    linked.provider.set(|b| b.token_patch = json!({}));
    world.pass(DUE);
    let done = linked.run().await;
    assert_eq!((done.confirmed, done.renew, done.disabled), (1, 0, 0), "{done:?}");
}

/// Checks and sign-ins of the same account at the same time: every token that stays is good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_two_runs_and_a_sign_in_at_once() {
    let linked = Linked::new().await;
    linked.provider.set(|b| b.refresh_once = true);
    let first = linked.signs_in("ada@acme.com").await;
    for _ in 0..4 {
        linked.world.pass(DUE);
        let (one, two, _) = tokio::join!(linked.run(), linked.run(), linked.signs_in("ada@acme.com"));
        let done = [&one, &two];
        let sum = |of: fn(&Rechecked) -> usize| done.iter().map(|done| of(done)).sum::<usize>();
        assert!(sum(|done| done.confirmed) <= 1, "{done:?}");
        assert_eq!(
            sum(|done| done.disabled + done.renew + done.failed),
            0,
            "{done:?}"
        );
        assert_eq!(linked.waiting().len(), 1);
    }
    linked.world.pass(DUE);
    assert_eq!(linked.run().await.confirmed, 1);
    assert_eq!(linked.identity(&first).await.disabled_at, None);
}

/// A run keeps to its budget and the next one goes on; a provider that fails three times in a row is left alone for the
/// rest of the run; a schedule that stood still for a week has lost nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_checks_keep_to_a_budget() {
    let linked = Linked::new().await;
    let budget = |accounts| Budget {
        accounts,
        parallel: 1,
        ..Budget::default()
    };
    let run_with = async |accounts| run(&linked.world.gatehouse, budget(accounts)).await.unwrap();
    for person in 0..7 {
        linked.signs_in(&format!("person-{person}@acme.com")).await;
    }
    assert_eq!(linked.waiting().len(), 7);
    linked.world.pass(TimeDelta::days(7));
    for (confirmed, budget_spent) in [(3, true), (3, true), (1, false), (0, false)] {
        let done = run_with(3).await;
        let wanted = Rechecked {
            confirmed,
            budget_spent,
            ..Rechecked::default()
        };
        assert_eq!(done, wanted);
    }
    linked.world.pass(DUE);
    linked
        .provider
        .set(|b| drop(b.replies.insert(Endpoint::Token, Reply::Json(502, json!({})))));
    let before = linked.refreshes();
    let done = run_with(100).await;
    assert_eq!((done.unanswered, done.postponed), (3, 4), "{done:?}");
    assert_eq!(linked.refreshes() - before, 3);
    linked.provider.set(|b| b.replies.clear());
    linked.world.pass(TimeDelta::days(8));
    assert_eq!(run_with(100).await.confirmed, 7);
}

/// After a long standstill the empty queues alone are more than one run has time for: it ends in time, and the next one
/// goes on where it stopped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_a_standstill_of_weeks_is_caught_up_with_in_parts() {
    let linked = Linked::new().await;
    linked.signs_in("ada@acme.com").await;
    assert_eq!(linked.run().await, Rechecked::default());
    linked.signs_in("eve@acme.com").await;
    linked.world.pass(TimeDelta::days(80));
    linked.signs_in("bob@acme.com").await;
    linked.world.pass(DUE);
    let budget = Budget {
        time: Duration::from_millis(300),
        ..Budget::default()
    };
    let (mut runs, mut confirmed) = (0, 0);
    loop {
        let begun = Instant::now();
        let done = run(&linked.world.gatehouse, budget).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        (runs, confirmed) = (runs + 1, confirmed + done.confirmed);
        if !done.budget_spent {
            break;
        }
        assert!(runs < 500, "it goes on");
    }
    assert!(runs > 1, "1,920 queues in 300 ms");
    assert_eq!(confirmed, 3);
}

/// A clock that was ahead for a while leaves a cursor of the future behind. Once it is put back, everybody is checked in
/// time, and the cursor moves on from there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_a_clock_that_is_put_back_leaves_nobody_out() {
    let linked = Linked::new().await;
    linked.world.pass(TimeDelta::days(3));
    assert_eq!(linked.run().await, Rechecked::default());
    linked.world.pass(-TimeDelta::days(3));
    linked.signs_in("ada@acme.com").await;
    for _ in 1..=2 {
        linked.world.pass(DUE);
        assert_eq!(linked.run().await.confirmed, 1);
        let door = linked.world.gatehouse.store.front_door();
        let cursor = door.recheck_cursor().await.unwrap().unwrap();
        assert!(cursor <= linked.world.gatehouse.clock.now(), "{cursor}");
    }
}

/// The token lies sealed for its identity alone: nowhere in clear, of no use beside another identity, and gone when the
/// owner wants no checks any more. A connection that does not ask for offline access keeps none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_refresh_tokens_lie_sealed() {
    let linked = Linked::new().await;
    let world = &linked.world;
    let ada = linked.signs_in("ada@acme.com").await;
    let eve = linked.signs_in("eve@acme.com").await;
    world.pass(DUE);
    assert_eq!(linked.run().await.confirmed, 2);
    let sent = linked.provider.seen(Endpoint::Token);
    let sent = sent.iter().filter_map(|seen| seen.form.get("refresh_token"));
    let sent = sent.cloned().collect::<Vec<_>>();
    assert_eq!(sent.len(), 2);
    for table in [DIRECTORY, EPHEMERAL] {
        let items = serde_json::to_string(&world.local.dynamodb().items(table).unwrap()).unwrap();
        assert!(
            sent.iter().all(|token| !items.contains(token.as_str())),
            "{table}"
        );
    }
    // Whoever can write items lays Eve's token beside Ada's identity.
    let handle = world.gatehouse.store.tenant(&world.tenant.id);
    let (connection, subject) = handle.identities(&user(&ada)).await.unwrap().remove(0);
    let before = linked.identity(&ada).await;
    let mut planted = before.clone();
    planted.upstream = linked.identity(&eve).await.upstream;
    let mut tx = handle.begin();
    tx.replace_identity((&connection, &subject), &before, &planted);
    tx.commit().await.unwrap();
    world.pass(DUE);
    let done = linked.run().await;
    assert_eq!((done.confirmed, done.dropped), (1, 1), "{done:?}");
    assert!(linked.identity(&ada).await.upstream.is_none());
    let mut tx = handle.begin();
    let mut unwanted = admin_connection(&linked).await;
    unwanted.version += 1;
    if let gatehouse::domain::connection::Protocol::Oidc(oidc) = &mut unwanted.protocol {
        oidc.settings.offline_access = false;
    }
    tx.update_connection(&unwanted);
    tx.commit().await.unwrap();
    world.pass(DUE);
    assert_eq!(linked.run().await.dropped, 1);
    assert!(linked.identity(&eve).await.upstream.is_none() && linked.waiting().is_empty());
    let plain = world.connect(&linked.provider, OidcPreset::Generic, |_| {}).await;
    let grace = Provider::person("grace@acme.com");
    world
        .tokens_by_code(&world.browser(), (&plain, &linked.provider), &grace)
        .await;
    assert!(linked.waiting().is_empty());
}

/// Nobody is asked about people who are switched off or at connections that are; they are checked again when they are
/// back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_whoever_is_switched_off_waits() {
    let linked = Linked::new().await;
    let tokens = linked.signs_in("ada@acme.com").await;
    let id = user(&tokens);
    linked.world.change_user(&id, |user| user.active = false).await;
    linked.world.pass(DUE);
    assert_eq!(linked.run().await.postponed, 1);
    linked.world.change_user(&id, |user| user.active = true).await;
    linked.world.pass(TimeDelta::hours(2));
    assert_eq!(linked.refreshes(), 0);
    assert_eq!(linked.run().await.confirmed, 1);
}
