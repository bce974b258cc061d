//! Starts the embedded default.

use std::process::ExitCode;

use clap::Parser;
use gatehouse_local::cli::{self, Arguments};
use mimalloc::MiMalloc;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

/// The SDK's and the table's JSON is mostly allocation: a fifth of the time of a SCIM page.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[expect(clippy::disallowed_methods, reason = "what is logged, read once at the start")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The engine warns of every failed condition, which is ordinary here.
    let engine = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("dynoxide", LevelFilter::ERROR);
    let asked = std::env::var("RUST_LOG").ok();
    let filter = asked.and_then(|asked| asked.parse().ok()).unwrap_or(engine);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    drop(tracing::subscriber::set_global_default(
        Registry::default().with(lines.with_filter(filter)),
    ));
    cli::main(&arguments)
}
