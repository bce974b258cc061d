//! What operations cost: counts their requests on the embedded services and prices them by a dated list.
//!
//! ```sh
//! cargo bench -p gatehouse-tests --profile dev --bench cost -- docs/performance/prices-us-east-1.json
//! ```
//!
//! Counted: HTTP requests, requests to each AWS service, DynamoDB's units as its answers say (`ReturnConsumedCapacity`),
//! with what `outbox_relay` does about the change. What cannot be measured here is an assumption below, and is printed with
//! the figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring program"
)]

use std::ops::AddAssign;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::middleware::from_fn;
use gatehouse_tests::scim::GROUP;
use gatehouse_tests::template::{read, root};
use gatehouse_tests::{Provider, Scim, Visitor, World};
use serde_json::{Value, json};

/// Memory of a function in the template, in GB.
const MEMORY_GB: f64 = 1.0;
/// Time that a warm request is billed, in seconds: up to four round trips of 3 ms to DynamoDB, and our own work.
const BILLED_SECONDS: f64 = 0.015;
/// Log lines of a request, with its line in the access log, in bytes.
const LOG_BYTES: f64 = 1_200.0;
/// Part of the requests that find the cache of secrets (5 minutes) empty.
const SECRET_READS_PER_REQUEST: f64 = 0.01;

/// Of an active person in a month: days at work, sign-ins a day at the identity provider, refreshes a day (an access
/// token lives 5 minutes; apps ask when somebody clicks).
const DAYS: f64 = 22.0;
const SIGN_INS_A_DAY: f64 = 1.0;
const REFRESHES_A_DAY: f64 = 20.0;
/// People of a tenant, and SCIM requests of its identity provider for each of them in a month.
const PEOPLE: f64 = 100.0;
const SCIM_READS: f64 = 10.0;
const SCIM_CHANGES: f64 = 1.0;
/// What a person takes up in the table, in bytes.
const BYTES_A_PERSON: f64 = 4_000.0;
/// Own metrics that are written (name by function).
const OWN_METRICS: f64 = 45.0;

/// Requests and units of something.
#[derive(Clone, Copy, Default)]
struct Counts {
    http: f64,
    starts: f64,
    reads: f64,
    writes: f64,
    secrets: f64,
    events: f64,
    mails: f64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.http += other.http;
        self.starts += other.starts;
        self.reads += other.reads;
        self.writes += other.writes;
        self.secrets += other.secrets;
        self.events += other.events;
        self.mails += other.mails;
    }
}

impl Counts {
    fn times(self, factor: f64) -> Self {
        Self {
            http: self.http * factor,
            starts: self.starts * factor,
            reads: self.reads * factor,
            writes: self.writes * factor,
            secrets: self.secrets * factor,
            events: self.events * factor,
            mails: self.mails * factor,
        }
    }
}

struct Prices(Value);

impl Prices {
    fn of(&self, name: &str) -> f64 {
        self.0[name]
            .as_f64()
            .unwrap_or_else(|| panic!("the price list has no {name}"))
    }

    /// US$ for a million.
    fn million(&self, counts: &Counts) -> f64 {
        let time = BILLED_SECONDS * MEMORY_GB * self.of("lambda_per_gb_second") * 1e6;
        let start = self.of("lambda_per_million_requests") + time;
        let logs = LOG_BYTES / 1e9 * self.of("cloudwatch_logs_per_gb") * 1e6;
        let cold = SECRET_READS_PER_REQUEST * counts.http;
        counts.http * self.of("http_api_per_million_requests")
            + counts.starts * (start + logs)
            + (counts.secrets + cold) * self.of("secrets_manager_per_10000_requests") * 100.0
            + counts.reads * self.of("dynamodb_per_million_read_units")
            + counts.writes * self.of("dynamodb_per_million_write_units")
            + counts.events * self.of("eventbridge_per_million_events")
            + counts.mails * self.of("ses_per_1000_mails") * 1_000.0
    }
}

/// Requests that came in over HTTP.
static HTTP: AtomicU32 = AtomicU32::new(0);

/// A world whose operations are counted and printed.
struct Table<'a> {
    world: &'a World,
    prices: &'a Prices,
}

/// Lets the world count what comes in, and what DynamoDB consumes.
fn counting(mut world: World) -> World {
    world.router = world
        .router
        .layer(from_fn(async |request, next: axum::middleware::Next| {
            HTTP.fetch_add(1, Ordering::Relaxed);
            next.run(request).await
        }));
    world.local.traffic().measure_capacity();
    world
}

impl Table<'_> {
    /// Forgets what was sent, and carries what is left in the outbox.
    async fn begin(&self) {
        self.world.relay().await;
        self.forget();
    }

    fn forget(&self) {
        HTTP.store(0, Ordering::Relaxed);
        self.world.local.traffic().clear();
    }

    /// What was sent to AWS since the last clearing.
    fn asked(&self) -> Counts {
        let traffic = self.world.local.traffic();
        let count = |operation: &str| f64::from(u32::try_from(traffic.count(operation)).unwrap());
        let capacity = traffic.capacity();
        Counts {
            reads: capacity.read,
            writes: capacity.write,
            secrets: count("GetSecretValue"),
            mails: count("SendEmail"),
            ..Counts::default()
        }
    }

    /// Prints what was done since, with what the relay does about it.
    async fn row(&self, name: &str) -> Counts {
        let http = f64::from(HTTP.load(Ordering::Relaxed));
        let mut counts = self.asked();
        counts.http = http;
        counts.starts = http;
        self.world.local.traffic().clear();
        let before = self.world.local.events().events().len();
        if self.world.relay().await > 0 {
            // Alone in its batch: under load up to 100 records share a start.
            counts.starts += 1.0;
            counts += self.asked();
            let events = self.world.local.events().events().len() - before;
            counts.events = f64::from(u32::try_from(events).unwrap());
        }
        self.forget();
        let Counts {
            starts,
            reads,
            writes,
            events,
            ..
        } = counts;
        println!(
            "| {name} | {http} | {starts} | {reads} | {writes} | {events} | {:.2} |",
            self.prices.million(&counts)
        );
        counts
    }
}

#[tokio::main]
async fn main() {
    let path = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let text = std::fs::read_to_string(root().join(path.expect("the price list"))).unwrap();
    let prices = Prices(serde_json::from_str(&text).unwrap());
    println!(
        "Prices of {}, {}.\n",
        prices.0["region"].as_str().unwrap(),
        prices.0["as_of"].as_str().unwrap()
    );
    println!(
        "| operation | HTTP requests | Lambda starts | read units | write units | events | US$ per million |"
    );
    println!("|---|---|---|---|---|---|---|");
    let (sign_in, person) = sign_ins(&prices).await;
    let scim = provisioning(&prices).await;
    let operations = SCIM_READS + SCIM_CHANGES;
    println!(
        "\nA million sign-ins by SAML: US$ {:.2}.",
        prices.million(&sign_in)
    );
    println!(
        "A million SCIM operations, {SCIM_READS} look-ups to {SCIM_CHANGES} change: US$ {:.2}.",
        prices.million(&scim.times(1.0 / operations))
    );
    println!(
        "Assumed: {MEMORY_GB} GB, {} ms billed a start, {LOG_BYTES} bytes logged a start, {SECRET_READS_PER_REQUEST} reads of \
         Secrets Manager a request.",
        BILLED_SECONDS * 1_000.0
    );
    tenants(&prices, person, scim);
    secrets(&prices);
}

/// One sign-in by SAML, and a month of an active person.
async fn sign_ins(prices: &Prices) -> (Counts, Counts) {
    let world = counting(World::deployed().await);
    let table = Table {
        world: &world,
        prices,
    };
    let anna = Visitor::new("anna@acme.com");
    let browser = world.browser();
    table.begin().await;
    let tokens = world.tokens(&browser, &anna).await;
    table
        .row("first sign-in by SAML, user made (authorize, ACS, token)")
        .await;
    let browser = world.browser();
    let again = world.tokens(&browser, &anna).await;
    assert_eq!(again.claims["sub"], tokens.claims["sub"]);
    let whole = table.row("sign-in by SAML (authorize, ACS, token)").await;
    let answer = browser.get(&world.authorize_path(&world.by_connection())).await;
    world.redeem(&answer.parameter("code").expect("a code")).await;
    table.row("sign-in by a fresh session (authorize, token)").await;
    world.refresh(again.text("refresh_token")).await;
    let refresh = table.row("refresh").await;
    by_oidc(prices).await;
    let mut month = whole.times(DAYS * SIGN_INS_A_DAY);
    month += refresh.times(DAYS * REFRESHES_A_DAY);
    (whole, month)
}

async fn by_oidc(prices: &Prices) {
    let world = counting(World::start().await);
    let provider = Provider::start(&world.gatehouse.clock).await;
    let connection = world
        .connect(
            &provider,
            gatehouse::domain::connection::OidcPreset::Generic,
            |_| (),
        )
        .await;
    let (of, person) = ((&connection, &provider), Provider::person("ada@acme.com"));
    world.tokens_by_code(&world.browser(), of, &person).await;
    let table = Table {
        world: &world,
        prices,
    };
    table.begin().await;
    world.tokens_by_code(&world.browser(), of, &person).await;
    table
        .row("sign-in by OpenID Connect (authorize, callback, token)")
        .await;
}

/// A month of a person in a directory that is pushed.
async fn provisioning(prices: &Prices) -> Counts {
    let world = counting(World::deployed().await);
    let table = Table {
        world: &world,
        prices,
    };
    let scim: Scim = world.scim().await;
    let first = scim.user("first@acme.com", json!({})).await;
    for number in 0..99 {
        scim.user(&format!("p{number}@acme.com"), json!({})).await;
    }
    table.begin().await;
    let made = scim
        .user(
            "ada@acme.com",
            json!({ "displayName": "Ada Lovelace", "title": "Countess" }),
        )
        .await;
    table.row("SCIM: create a user").await;
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    scim.patch(
        &path,
        json!([{ "op": "replace", "path": "title", "value": "Analyst" }]),
    )
    .await;
    let change = table.row("SCIM: change a user").await;
    scim.get(&path).await;
    table.row("SCIM: read a user").await;
    scim.filter("/Users", "userName eq \"ada@acme.com\"").await;
    let read = table.row("SCIM: find a user by userName").await;
    scim.get("/Users?startIndex=1&count=100").await;
    table.row("SCIM: list 100 users").await;
    let group =
        json!({ "schemas": [GROUP], "displayName": "Analysts", "members": [{ "value": first["id"] }] });
    let group = scim.post("/Groups", &group).await.json();
    table.row("SCIM: create a group with one member").await;
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": made["id"] }] }]);
    scim.patch(&format!("/Groups/{}", group["id"].as_str().unwrap()), add)
        .await;
    table.row("SCIM: add a member").await;
    scim.patch(
        &path,
        json!([{ "op": "replace", "path": "active", "value": false }]),
    )
    .await;
    table.row("SCIM: switch a user off").await;
    scim.delete(&path).await;
    table.row("SCIM: delete a user").await;
    let mut month = read.times(SCIM_READS);
    month += change.times(SCIM_CHANGES);
    month
}

/// A month of 1,000 tenants.
fn tenants(prices: &Prices, person: Counts, scim: Counts) {
    let people = 1_000.0 * PEOPLE;
    let signing_in = prices.million(&person) * people / 1e6;
    let pushed = prices.million(&scim) * people / 1e6;
    let gigabytes = people * BYTES_A_PERSON / 1e9;
    let stored = gigabytes
        * (prices.of("dynamodb_storage_per_gb_month")
            + prices.of("dynamodb_point_in_time_recovery_per_gb_month"));
    let keys = 1_000.0 * 2.0 * prices.of("secrets_manager_per_secret_month");
    let fixed = fixed(prices);
    println!(
        "\n1,000 tenants of {PEOPLE} active people, each with one SAML connection and SCIM, by the month:\n"
    );
    println!("| part | US$ |");
    println!("|---|---|");
    println!(
        "| sign-ins ({SIGN_INS_A_DAY} a day on {DAYS} days) and refreshes ({REFRESHES_A_DAY} a day) | {signing_in:.0} |"
    );
    println!("| SCIM ({SCIM_READS} look-ups and {SCIM_CHANGES} change for each person) | {pushed:.0} |");
    println!("| tables, {gigabytes:.1} GB with backup | {stored:.2} |");
    println!("| secrets, two for each connection | {keys:.0} |");
    println!("| alarms, metrics, dashboard, schedules: once for a deployment | {fixed:.0} |");
    println!(
        "| **all** | **{:.0}** |",
        signing_in + pushed + stored + keys + fixed
    );
}

/// What a deployment costs that nobody uses.
fn fixed(prices: &Prices) -> f64 {
    let alarms: usize = ["infra/function_alarms.yaml", "infra/monitoring.yaml"]
        .map(|path| {
            let template = read(path);
            let all = template["Resources"].as_object().unwrap().values();
            all.filter(|resource| resource["Type"] == "AWS::CloudWatch::Alarm")
                .count()
        })
        .iter()
        .sum();
    let starts = 30.0 * (24.0 + 1.0 + 96.0);
    f64::from(u32::try_from(alarms).unwrap()) * prices.of("cloudwatch_per_alarm_month")
        + OWN_METRICS * prices.of("cloudwatch_per_metric_month")
        + prices.of("cloudwatch_per_dashboard_month")
        + starts / 1e6 * prices.of("scheduler_per_million_starts")
}

fn secrets(prices: &Prices) {
    let secret = prices.of("secrets_manager_per_secret_month");
    println!("\nSecrets Manager by the month, for tenants with one SAML connection each:\n");
    println!(
        "| tenants | as built: two secrets | one secret | 8 connections a page, a page for each purpose |"
    );
    println!("|---|---|---|---|");
    for tenants in [100.0, 1_000.0, 10_000.0] {
        let (two, one, packed) = (tenants * 2.0, tenants, tenants * 2.0 / 8.0);
        println!(
            "| {tenants} | {:.0} | {:.0} | {:.0} |",
            two * secret,
            one * secret,
            packed * secret
        );
    }
}
