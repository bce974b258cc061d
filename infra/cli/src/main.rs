//! `gatehouse doctor` and `gatehouse bootstrap`.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use clap::{Parser, Subcommand};
use gatehouse::app::Gatehouse;
use gatehouse::clock::Clock;
use gatehouse_cli::bootstrap::{self, Made, Wanted};
use gatehouse_cli::client::Client;
use gatehouse_cli::doctor::{self, Summary};
use gatehouse_cli::signer::Signer;
use gatehouse_cli::stack::Stack;
use serde_json::{Value, json};

/// For the cloud team of a deployed Gatehouse. Your own AWS credentials are used, as the AWS CLI finds them.
#[derive(Parser)]
#[command(name = "gatehouse", version)]
struct Arguments {
    /// The stack's outputs as JSON, or `-` for standard input:
    /// `aws cloudformation describe-stacks --stack-name NAME --query 'Stacks[0].Outputs'`
    #[arg(long, global = true, default_value = "-")]
    outputs: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks the stack end to end and says what to mend; exit status 1 when there is something. Changes nothing.
    Doctor,
    /// Makes the first signing keys, app client and tenant; what is there already stays. The secrets that it prints as
    /// JSON are shown this once; `null` stands for what was there already.
    Bootstrap {
        /// Where the app takes codes; may be given several times. Without it no app client is made.
        #[arg(long = "redirect-uri")]
        redirect_uris: Vec<String>,
        /// What the app is called.
        #[arg(long, default_value = "App")]
        client_name: String,
        /// Name of a first tenant.
        #[arg(long)]
        tenant: Option<String>,
    },
}

type AnyError = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "gatehouse: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, AnyError> {
    let mut text = String::new();
    if arguments.outputs.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(&arguments.outputs)?;
    }
    let stack = Stack::from_outputs(&text)?;
    let region = Region::new(stack.region.clone());
    let sdk = aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .load()
        .await;
    let client = Client::new(signer(&stack, &sdk).await?)?;
    let mut out = std::io::stdout();
    match arguments.command {
        Command::Doctor => {
            let findings = doctor::examine(&stack, &client, &sdk).await;
            for finding in &findings {
                writeln!(out, "{finding}")?;
            }
            let summary = Summary::of(&findings);
            writeln!(out, "{summary}")?;
            Ok(if summary.mend > 0 {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            })
        }
        Command::Bootstrap {
            redirect_uris,
            client_name,
            tenant,
        } => {
            let gatehouse = Gatehouse::new(stack.config()?, Clock::system(), &sdk);
            let wanted = Wanted {
                redirect_uris,
                client_name,
                tenant,
            };
            let (made, end) = bootstrap::bootstrap(&gatehouse, &client, &stack.operator_url, &wanted).await;
            writeln!(out, "{:#}", shown_once(&made))?;
            end?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The one place that shows secrets: they are made for the reader, and kept nowhere else.
fn shown_once(made: &Made) -> Value {
    let client = made.client.as_ref();
    let client = client.map(|made| json!({ "client_id": made.id, "client_secret": made.secret.expose() }));
    let tenant = made.tenant.as_ref();
    let tenant = tenant.map(|made| json!({ "id": made.id, "owner_key": made.owner_key.expose() }));
    json!({ "app_client": client, "tenant": tenant })
}

async fn signer(stack: &Stack, sdk: &SdkConfig) -> Result<Signer, AnyError> {
    let provider = sdk
        .credentials_provider()
        .ok_or("no AWS credentials are set up")?;
    Ok(Signer::Iam {
        credentials: provider.provide_credentials().await?,
        region: stack.region.clone(),
    })
}
