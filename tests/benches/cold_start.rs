//! Cold starts of the built functions, under the Runtime API, with TLS before the embedded AWS services, beside a bare
//! `lambda_http` program:
//!
//! ```sh
//! cargo bench -p gatehouse-tests --profile dev --bench cold_start -- target/release target/release/hello_world
//! ```
//!
//! What the programs log stands between; `| grep '^|'` leaves the table. The first folder may also be `.aws-sam/build`.
//! Init: from the start of the process to its first question for work. First: the first event, TLS handshakes and first
//! requests to AWS included. CPU is of all threads. Every figure is the median of the starts; RSS is the largest.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring program"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use gatehouse_local::lambda::Program;
use gatehouse_local::lambda::api_gateway::{self, Context};
use gatehouse_tests::lambda::{TlsFronts, on_the_way};
use gatehouse_tests::template::{pascal, root};
use gatehouse_tests::{Visitor, World};
use http::Request;
use serde_json::{Value, json};

/// Starts of each program, where the third argument does not say otherwise.
const STARTS: usize = 5;
/// Warm events after the first.
const WARM: usize = 100;
/// A larger program is no release, and its size of no interest.
const MOST_DEFLATED: usize = 32 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// One start.
#[derive(Clone, Copy, Default)]
struct Start {
    init: Duration,
    init_cpu: Duration,
    first: Duration,
    first_cpu: Duration,
    warm_p50: Duration,
    warm_p99: Duration,
    warm_cpu: Duration,
    resident_kib: u64,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'));
    let folder = root().join(arguments.next().expect("the folder of the built functions"));
    let hello = root().join(arguments.next().expect("the path of hello_world"));
    let starts = arguments
        .next()
        .map_or(STARTS, |starts| starts.parse().expect("a number of starts"));
    let world = World::deployed_with_programs().await;
    let fronts = TlsFronts::start(&world.local).await;

    println!(
        "| program | zip KiB | init ms (CPU) | first ms (CPU) | warm p50 / p99 ms (CPU) | RSS MiB | init and first, CPU |"
    );
    println!("|---|---|---|---|---|---|---|");
    let event = get("/");
    let bare = measure("hello_world", &hello, &BTreeMap::new(), (&[event], starts)).await;
    report("hello_world", &hello, &bare, &bare);
    for (function, events) in events(&world, starts).await {
        let places = [
            folder
                .join(format!("{}Function", pascal(function)))
                .join("bootstrap"),
            folder.join(function).join("bootstrap"),
            folder.join(function),
        ];
        let Some(path) = places.iter().find(|path| path.is_file()) else {
            println!("| {function} | not built | | | | | |");
            continue;
        };
        let base = world.gatehouse.config.base_url.as_str();
        let environment = fronts.environment_of(function, &world.local, base);
        let start = measure(function, path, &environment, (&events, starts)).await;
        report(function, path, &start, &bare);
    }
}

fn context() -> Context {
    Context {
        route: "ANY /".to_owned(),
        principal: Some("arn:aws:iam::000000000000:user/anna".to_owned()),
        domain: "login.example.com".to_owned(),
    }
}

fn get(path: &str) -> Value {
    let request = Request::get(path)
        .header("authorization", "Bearer unknown")
        .body(Bytes::new());
    api_gateway::event(&context(), &request.unwrap())
}

/// Events of each function that read from AWS before they are answered.
async fn events(world: &World, starts: usize) -> Vec<(&'static str, Vec<Value>)> {
    let (connection, tenant) = (&world.connection.id, &world.tenant.id);
    let mut sign_ins = Vec::new();
    for _ in 0..starts * (WARM + 1) {
        sign_ins.push(sign_in(world).await);
    }
    let mut begun = Vec::new();
    for _ in 0..starts * (WARM + 1) {
        begun.push(api_gateway::event(&context(), &on_the_way(world).await));
    }
    // A sign-in that has something for the relay to carry.
    world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    let stream = world.local.dynamodb().stream_records(None, 1_000).unwrap();
    let outbox = |record: &&Value| {
        let sort = record["dynamodb"]["Keys"]["sk"]["S"].as_str();
        record["eventName"] == "INSERT" && sort.is_some_and(|sort| sort.starts_with("O#"))
    };
    let batch: Vec<&Value> = stream.iter().filter(outbox).take(10).collect();
    let one = |event: Value| vec![event];
    vec![
        ("saml_acs", sign_ins),
        ("sign_in", begun),
        ("openid_provider", one(get("/oauth2/jwks"))),
        (
            "oidc_callback",
            one(get(&format!("/signin-oidc/{connection}?code=x&state=y"))),
        ),
        ("saml_metadata", one(get(&format!("/saml/{connection}/metadata")))),
        (
            "saml_logout",
            one(get(&format!("/saml/{connection}/slo?SAMLRequest=x"))),
        ),
        ("scim_users", one(get(&format!("/scim/v2/{tenant}/Users")))),
        ("scim_groups", one(get(&format!("/scim/v2/{tenant}/Groups")))),
        (
            "scim_root",
            one(get(&format!("/scim/v2/{tenant}/ServiceProviderConfig"))),
        ),
        ("operator_api", one(get("/operator/v1/tenants"))),
        ("owner_portal", one(get("/owner/v1/tenant"))),
        ("outbox_relay", one(json!({ "Records": batch }))),
        ("secret_expiry_reminder", one(json!({}))),
        ("connection_upkeep", one(json!({}))),
        ("account_recheck", one(json!({}))),
    ]
}

/// A browser's post to the assertion consumer that signs somebody in: good once.
async fn sign_in(world: &World) -> Value {
    let browser = world.browser();
    let asked = world.asked(&browser).await;
    let issue = world
        .idp
        .response(world, &Visitor::new("anna@acme.com"), Some(&asked.id));
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLResponse", &issue.form_value(&world.idp.key).unwrap())
        .append_pair("RelayState", &asked.relay_state)
        .finish();
    let cookie = browser.cookie("browser").expect("the browser's cookie");
    let request = Request::post(format!("/saml/{}/acs", world.connection.id))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", format!("__Host-gatehouse_browser={cookie}"))
        .body(Bytes::from(form));
    api_gateway::event(&context(), &request.unwrap())
}

/// Several starts; each event is used once, or the only one always.
async fn measure(
    name: &str,
    path: &Path,
    environment: &BTreeMap<String, String>,
    (events, count): (&[Value], usize),
) -> Start {
    let mut events = events.iter().cycle();
    let mut starts = Vec::new();
    for _ in 0..count {
        starts.push(one(name, path, environment, &mut events).await);
    }
    let median = |of: fn(&Start) -> Duration| {
        let mut all: Vec<Duration> = starts.iter().map(of).collect();
        all.sort_unstable();
        all[all.len() / 2]
    };
    Start {
        init: median(|start| start.init),
        init_cpu: median(|start| start.init_cpu),
        first: median(|start| start.first),
        first_cpu: median(|start| start.first_cpu),
        warm_p50: median(|start| start.warm_p50),
        warm_p99: median(|start| start.warm_p99),
        warm_cpu: median(|start| start.warm_cpu),
        resident_kib: starts.iter().map(|start| start.resident_kib).max().unwrap_or(0),
    }
}

async fn one(
    name: &str,
    path: &Path,
    environment: &BTreeMap<String, String>,
    events: &mut impl Iterator<Item = &Value>,
) -> Start {
    let mut event = || events.next().expect("an event");
    let program = Program::start(&format!("test-{name}"), path, environment)
        .await
        .unwrap();
    let after_init = program.cost().unwrap();
    let begun = Instant::now();
    let answer = program.invoke(event(), TIMEOUT).await.unwrap();
    let first = begun.elapsed();
    if ["saml_acs", "sign_in"].contains(&name) {
        assert_eq!(answer["statusCode"], 303, "signed in or on the way: {answer}");
    }
    let after_first = program.cost().unwrap();
    let mut times = Vec::with_capacity(WARM);
    for _ in 0..WARM {
        let begun = Instant::now();
        program.invoke(event(), TIMEOUT).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let after = program.cost().unwrap();
    Start {
        init: program.init_time(),
        init_cpu: after_init.cpu,
        first,
        first_cpu: after_first.cpu.saturating_sub(after_init.cpu),
        warm_p50: times[WARM / 2],
        warm_p99: times[WARM - 1],
        warm_cpu: after.cpu.saturating_sub(after_first.cpu) / u32::try_from(WARM).unwrap(),
        resident_kib: after.resident_kib,
    }
}

fn report(name: &str, path: &Path, start: &Start, bare: &Start) {
    let program = std::fs::read(path).unwrap();
    let size = if program.len() < MOST_DEFLATED {
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
        deflated.write_all(&program).unwrap();
        (deflated.finish().unwrap().len() / 1024).to_string()
    } else {
        "?".to_owned()
    };
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "| {name} | {size} | {:.1} ({:.1}) | {:.1} ({:.1}) | {:.2} / {:.2} ({:.2}) | {:.1} | {:.1} × hello_world |",
        ms(start.init),
        ms(start.init_cpu),
        ms(start.first),
        ms(start.first_cpu),
        ms(start.warm_p50),
        ms(start.warm_p99),
        ms(start.warm_cpu),
        f64::from(u32::try_from(start.resident_kib).unwrap_or(u32::MAX)) / 1024.0,
        (start.init_cpu + start.first_cpu).as_secs_f64() / (bare.init_cpu + bare.first_cpu).as_secs_f64()
    );
}
