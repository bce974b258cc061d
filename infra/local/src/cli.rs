//! The command line: `cargo run`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::control::ScheduledFunctions;
use crate::data_dir::DataDir;
use crate::demo_idp::{DemoIdp, IdpKeys, SamlConsumer};
use crate::functions::{self, Settings};
use crate::local_json::LocalJson;
use crate::{Data, Local, Options, Ports, demo_app, demo_idp, seed};

/// Gatehouse on this machine: all functions, tables, secrets and mail, a demo identity provider and a demo app.
#[derive(Parser, Debug)]
#[command(name = "gatehouse-local", version)]
pub struct Arguments {
    /// Port of Gatehouse; the demo identity provider takes the next one, the demo app the one after
    #[arg(long, default_value_t = 8400)]
    port: u16,
    /// Folder for tables, secrets, mails and events; created if absent, used by one process at a time
    #[arg(long, default_value = ".gatehouse", value_name = "FOLDER")]
    data_dir: PathBuf,
    /// Begin anew: remove what earlier runs left in the data folder
    #[arg(long)]
    fresh: bool,
}

/// Runs until Ctrl-C or SIGTERM. What prevents a start is one line on stderr and exit code 1.
#[must_use]
pub fn main(arguments: &Arguments) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error),
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&*error),
    }
}

fn refuse(error: &dyn std::fmt::Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "gatehouse-local: {error}");
    ExitCode::FAILURE
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    // Asked for first: a signal must not kill a process that has begun to write.
    let stopped = stop_signal()?;
    let options = Options {
        data: Data::Folder {
            path: arguments.data_dir.clone(),
            fresh: arguments.fresh,
        },
        ports: Ports::From(arguments.port),
    };
    let local = Local::start(&options)?;
    let keys_file = local.data_dir().map(crate::data_dir::DataDir::demo_idp);
    let keys = IdpKeys::open(keys_file.as_deref())?;
    let idp = DemoIdp::new(local.demo_idp_url(), keys, local.clock());
    let seeded = begin(&local, &idp).await?;
    local.serve_demo_idp(demo_idp::router(idp));
    local.serve_demo_app(demo_app::router(seed::registration(&seeded), local.clock()));
    local.serve_control(ScheduledFunctions::default());
    guide(&local, &seeded, arguments)?;
    stopped.await;
    local.stop().await;
    Ok(())
}

/// Serves the functions; a first start is seeded. `local.json` is written last: who reads it finds everything ready.
async fn begin(local: &Local, idp: &DemoIdp) -> Result<LocalJson, Box<dyn std::error::Error>> {
    let file = local.data_dir().map(DataDir::local_json);
    let earlier = file.as_deref().and_then(LocalJson::read);
    let operator_key = match &earlier {
        Some(earlier) => earlier.operator_key.clone(),
        None => format!("gho_{}", gatehouse::random::token()?),
    };
    let settings =
        Settings { operator_key_sha256: Some(seed::sha256_hex(&operator_key)), ..Settings::default() };
    let gatehouse = functions::gatehouse(local, &settings)?;
    let mut seeded = match earlier {
        Some(earlier) => {
            seed::same_addresses(&earlier, local)?;
            earlier
        }
        None => seed::seed(local, &gatehouse, idp, operator_key).await?,
    };
    for connection in seeded.connections.iter().filter(|connection| connection.kind == "saml") {
        let at = |end: &str| format!("{}/saml/{}/{end}", seeded.base_url, connection.id);
        let (acs_url, audience) = (at("acs"), at("metadata"));
        idp.register_consumer(SamlConsumer { name: connection.name.clone(), acs_url, audience });
    }
    local.serve_functions(functions::routers(&gatehouse));
    local.control_url().clone_into(&mut seeded.control_url);
    seeded.pid = std::process::id();
    if let Some(file) = file {
        seeded.write(&file)?;
    }
    Ok(seeded)
}

/// Resolves at Ctrl-C or SIGTERM.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            let _ = tokio::signal::ctrl_c().await;
        })
    }
}

/// What to click, what to curl, where the data lies.
fn guide(local: &Local, seeded: &LocalJson, arguments: &Arguments) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Gatehouse is ready.")?;
    writeln!(out)?;
    writeln!(out, "  Gatehouse               {}", local.base_url())?;
    writeln!(out, "  Demo identity provider  {}", local.demo_idp_url())?;
    writeln!(out, "  Demo app                {}", local.demo_app_url())?;
    writeln!(out, "  Clock, mails, events    {}", local.control_url())?;
    writeln!(out, "  Data                    {}", arguments.data_dir.display())?;
    writeln!(out)?;
    writeln!(out, "Sign in: open the demo app, type ada@acme.example, choose Ada at the demo identity provider.")?;
    writeln!(out, "IdP-initiated: open the demo identity provider, log in, press Launch.")?;
    writeln!(out)?;
    writeln!(out, "For scripts: {}/local.json, for instance", arguments.data_dir.display())?;
    writeln!(out, "  curl {}/.well-known/openid-configuration", seeded.base_url)?;
    writeln!(out, "  curl -H 'Authorization: Bearer {}' {}/owner/v1/connections", seeded.owner_key, seeded.base_url)?;
    writeln!(out)?;
    writeln!(out, "Ctrl-C ends it.")?;
    out.flush()
}
