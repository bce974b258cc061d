//! SE-06 at GitHub: what is checked between sign-ins is the membership of the chosen organization.

use chrono::TimeDelta;
use gatehouse::app::account_recheck::{Budget, Rechecked};
use gatehouse::app::onboarding::connections::state::{self, Step};
use gatehouse::app::onboarding::connections::{self, ConnectionEdit};
use gatehouse::domain::connection::Connection;
use gatehouse::domain::ids::UserId;
use gatehouse::domain::recheck::{EVERY, SPREAD};
use gatehouse_local::aws::tables::{DIRECTORY, EPHEMERAL};
use gatehouse_tests::{Browser, GitHub, Tokens, World};

use super::github::{draft, pick};

/// Long enough for every account to be due that was confirmed just now.
const DUE: TimeDelta = TimeDelta::hours(7);

struct Linked {
    world: World,
    github: GitHub,
    connection: Connection,
}

impl Linked {
    async fn new() -> Self {
        let world = World::start().await;
        let github = GitHub::start().await;
        let (admin, _) = draft(&world, &github).await;
        let picked = pick(&admin, 42).await;
        let without_test = Some("an end-to-end test".to_owned());
        let step = Step::Activate { without_test };
        let connection = state::take(&admin, &picked.id, &step).await.unwrap();
        Self {
            world,
            github,
            connection,
        }
    }

    async fn signs_in(&self, browser: &Browser) -> Tokens {
        let sent = self.world.sent(browser, &self.connection, &[]).await;
        let answer = self.world.back(browser, &self.github.authorize(&sent)).await;
        self.world.tokens_of(&answer).await
    }

    async fn run(&self) -> Rechecked {
        gatehouse_tests::scheduled::recheck(&self.world.gatehouse, Budget::default())
            .await
            .unwrap()
    }

    /// Some time later, a run.
    async fn due(&self) -> Rechecked {
        self.world.pass(DUE);
        self.run().await
    }

    fn member(&self, known: &[(&str, u64, &'static str)]) {
        let known = known
            .iter()
            .map(|(login, id, state)| ((*login).to_owned(), (*id, *state)));
        self.github.account.lock().unwrap().memberships = known.collect();
    }

    fn trouble(&self, status: Option<u16>) {
        self.github.account.lock().unwrap().trouble = status;
    }

    /// Whether the link is disabled, and the person's epoch.
    async fn state(&self, tokens: &Tokens) -> (bool, u64) {
        let handle = self.world.gatehouse.store.tenant(&self.world.tenant.id);
        let id = UserId::parse(tokens.claims["sub"].as_str().unwrap()).unwrap();
        let (connection, subject) = handle.identities(&id).await.unwrap().remove(0);
        let identity = handle.identity(&connection, &subject).await.unwrap().unwrap();
        let epoch = handle.user(&id).await.unwrap().unwrap().epoch;
        (identity.disabled_at.is_some(), epoch)
    }
}

fn only(outcome: impl FnOnce(&mut Rechecked)) -> Rechecked {
    let mut wanted = Rechecked::default();
    outcome(&mut wanted);
    wanted
}

/// While the person is a member nothing changes; a membership that was revoked disables the link and ends every session
/// and token at once; whoever is a member again signs in as the same person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_13_se_06_se_10_a_membership_that_was_revoked_ends_access() {
    let linked = Linked::new().await;
    let world = &linked.world;
    let browser = world.browser();
    let tokens = linked.signs_in(&browser).await;
    assert_eq!(linked.run().await, Rechecked::default(), "nothing is due yet");
    assert_eq!(linked.due().await, only(|done| done.confirmed = 1));
    // Whatever its share of the spread, the account is due by now.
    world.pass(EVERY + SPREAD);
    let kept = world.refresh(tokens.text("refresh_token")).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    let kept = kept.json();
    linked.member(&[("elsewhere", 7, "active")]);
    assert_eq!(linked.run().await, only(|done| done.disabled = 1));
    assert!(linked.state(&tokens).await.0);
    let refused = world.refresh(kept["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refused.json()["error"], "invalid_grant");
    assert_eq!(
        world
            .userinfo(kept["access_token"].as_str().unwrap())
            .await
            .status,
        401
    );
    let silent = [("connection", linked.connection.id.as_str()), ("prompt", "none")];
    let answer = browser.get(&world.authorize_path(&silent)).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("login_required"));
    world.relay().await;
    for kind in ["identity.disabled", "session.revoked"] {
        assert_eq!(world.on_the_bus(kind).len(), 1, "{kind}");
    }
    assert_eq!(linked.due().await, Rechecked::default(), "once");
    linked.member(&[("acme", 42, "active")]);
    let again = linked.signs_in(&world.browser()).await;
    assert_eq!(again.claims["sub"], tokens.claims["sub"]);
    assert!(!linked.state(&again).await.0);
    assert_eq!(linked.due().await, only(|done| done.confirmed = 1));
}

/// A membership that is pending, or of another organization under the old login, is none; an organization that was
/// renamed is the same one, at a sign-in as between two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_se_10_the_organizations_number_counts_and_not_its_login() {
    for gone in [("acme", 42, "pending"), ("acme", 43, "active")] {
        let linked = Linked::new().await;
        linked.signs_in(&linked.world.browser()).await;
        linked.member(&[gone]);
        assert_eq!(linked.due().await, only(|done| done.disabled = 1), "{gone:?}");
    }
    let linked = Linked::new().await;
    let tokens = linked.signs_in(&linked.world.browser()).await;
    // Its old login was taken by somebody else, and the person is in a hundred more.
    let many: Vec<String> = (0..100).map(|number| format!("club-{number:03}")).collect();
    let mut known: Vec<_> = many
        .iter()
        .zip(1_000..)
        .map(|(login, id)| (login.as_str(), id, "active"))
        .collect();
    known.extend([("acme", 43, "active"), ("new-acme", 42, "active")]);
    linked.member(&known);
    assert_eq!(linked.due().await, only(|done| done.confirmed = 1));
    let again = linked.signs_in(&linked.world.browser()).await;
    assert_eq!(again.claims["sub"], tokens.claims["sub"]);
}

/// Whatever GitHub answers in trouble, nobody is disabled and no session ends, also where it answers 401 to good tokens:
/// our own question about the token decides. A token that was taken back ends the sessions, and the link stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_se_10_an_outage_of_github_disables_nobody() {
    let linked = Linked::new().await;
    let tokens = linked.signs_in(&linked.world.browser()).await;
    let before = linked.state(&tokens).await;
    for status in [401, 403, 429, 500, 502, 503, 200] {
        linked.trouble(Some(status));
        assert_eq!(linked.due().await, only(|done| done.unanswered = 1), "{status}");
    }
    linked.github.account.lock().unwrap().secret = "rotated".to_owned();
    linked.trouble(Some(401));
    assert_eq!(linked.due().await, only(|done| done.client_refused = 1));
    assert_eq!(linked.state(&tokens).await, before);
    linked.github.account.lock().unwrap().secret = "the-client-secret".to_owned();
    linked.trouble(None);
    assert_eq!(linked.due().await, only(|done| done.confirmed = 1));
    assert_eq!(linked.state(&tokens).await, before);
    let given = linked.github.account.lock().unwrap().given.clone();
    linked.github.account.lock().unwrap().revoked.extend(given);
    assert_eq!(linked.due().await, only(|done| done.renew = 1));
    assert_eq!(linked.state(&tokens).await, (false, before.1 + 1));
    let again = linked.signs_in(&linked.world.browser()).await;
    assert_eq!(again.claims["sub"], tokens.claims["sub"]);
}

/// Where tokens expire, the refresh token is kept, and each new one in its turn, also when GitHub answers nothing more
/// after it gave one; a spent one is found out and disables nobody that is a member.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_se_10_tokens_that_expire_are_renewed() {
    let linked = Linked::new().await;
    linked.github.account.lock().unwrap().expiring = true;
    let tokens = linked.signs_in(&linked.world.browser()).await;
    for _ in 0..2 {
        let given = linked.github.account.lock().unwrap().given.clone();
        linked.github.account.lock().unwrap().revoked.extend(given);
        assert_eq!(linked.due().await, only(|done| done.confirmed = 1));
    }
    linked.trouble(Some(502));
    assert_eq!(linked.due().await, only(|done| done.unanswered = 1));
    linked.trouble(None);
    assert_eq!(
        linked.due().await,
        only(|done| done.confirmed = 1),
        "the newest token was kept"
    );
    linked.member(&[]);
    assert_eq!(linked.due().await, only(|done| done.disabled = 1));
    assert!(linked.state(&tokens).await.0);
}

/// The token lies sealed; an owner who wants no checks has none kept, and those that were go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_06_se_10_tokens_lie_sealed_and_only_where_they_are_wanted() {
    let linked = Linked::new().await;
    let world = &linked.world;
    linked.signs_in(&world.browser()).await;
    let given = linked.github.account.lock().unwrap().given.clone();
    let stored = || {
        let tables = [DIRECTORY, EPHEMERAL].map(|table| world.local.dynamodb().items(table).unwrap());
        serde_json::to_string(&tables).unwrap()
    };
    assert!(stored().contains("\\\"kind\\\":\\\"access\\\""));
    assert!(given.iter().all(|token| !stored().contains(token.as_str())));
    let admin = world.admin().await;
    let connection = connections::read(&admin, &linked.connection.id).await.unwrap();
    let mut edit = ConnectionEdit::of(&connection);
    edit.github.as_mut().unwrap().recheck = false;
    let changed = connections::update(&admin, &connection, edit).await.unwrap();
    assert_eq!(changed.state, connection.state, "no new review for it");
    assert_eq!(linked.due().await, only(|done| done.dropped = 1));
    assert!(!stored().contains("\\\"kind\\\":\\\"access\\\""));
    linked.signs_in(&world.browser()).await;
    assert_eq!(linked.due().await, Rechecked::default());
}
