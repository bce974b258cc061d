//! Starts the embedded default.

use std::process::ExitCode;

use clap::Parser;
use gatehouse_local::cli::{self, Arguments};
use mimalloc::MiMalloc;
use tracing_subscriber::EnvFilter;

/// The SDK's and the table's JSON is mostly allocation: a fifth of the time of a SCIM page.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // The engine warns of every failed condition, which is ordinary here.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,dynoxide=error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    cli::main(&arguments)
}
