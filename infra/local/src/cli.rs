//! The command line: `cargo run`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::local_json::{self, LocalJson};
use crate::{Data, Local, Options, Ports, instance};

/// Gatehouse on this machine: all functions, tables, secrets and mail, a demo identity provider and a demo app.
#[derive(Parser, Debug)]
#[command(name = "gatehouse-local", version)]
pub struct Arguments {
    /// Port of Gatehouse; the demo identity provider takes the next one, the demo app the one after; 0 takes
    /// free ones, and the same ones again for a used folder
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
        ports: ports(arguments),
    };
    let local = Local::start(&options)?;
    local.stop_observing();
    let seeded = instance::serve(&local).await?;
    guide(&local, &seeded, arguments)?;
    stopped.await;
    local.stop().await;
    Ok(())
}

/// A used folder keeps its addresses: identity providers and apps have stored them.
fn ports(arguments: &Arguments) -> Ports {
    if arguments.port != 0 {
        return Ports::From(arguments.port);
    }
    let earlier = (!arguments.fresh).then(|| LocalJson::read(&arguments.data_dir.join(local_json::FILE)));
    let earlier = earlier.flatten().and_then(|earlier| earlier.ports());
    earlier.map_or(Ports::Free, Ports::These)
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
    writeln!(
        out,
        "Sign in: open the demo app, type ada@acme.example, choose a connection, then Ada at the demo IdP."
    )?;
    writeln!(
        out,
        "IdP-initiated: open the demo identity provider, log in, press Launch."
    )?;
    writeln!(out)?;
    writeln!(
        out,
        "For scripts: {}/local.json, for instance",
        arguments.data_dir.display()
    )?;
    writeln!(out, "  curl {}/.well-known/openid-configuration", seeded.base_url)?;
    writeln!(
        out,
        "  curl -H 'Authorization: Bearer {}' {}/owner/v1/connections",
        seeded.owner_key, seeded.base_url
    )?;
    writeln!(out)?;
    writeln!(out, "Ctrl-C ends it.")?;
    out.flush()
}
