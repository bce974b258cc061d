//! A Gatehouse's surroundings on this machine, started and stopped as one.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use axum::Router;
use gatehouse::clock::Clock;
use gatehouse::redacted::Secret;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::aws::dynamodb::{Backing, DynamoDb, DynamoDbError};
use crate::aws::dynamodb_direct::DirectHttpClient;
use crate::aws::endpoint::{Endpoint, Services};
use crate::aws::event_bridge::{EventBus, EventBusError};
use crate::aws::secrets_manager::{SecretsManager, SecretsManagerError};
use crate::aws::ses::{Mailbox, MailboxError};
use crate::control::{self, Control, ScheduledFunctions};
use crate::data_dir::{DataDir, DataDirError};
use crate::dns::Dns;
use crate::event_source::Position;
use crate::gateway;
use crate::http_client::permissions::{Asked, is_recording};
use crate::http_client::{Changes, Faults, ObservedHttpClient, Traffic};
use crate::site::Site;

/// How to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where data lies.
    pub data: Data,
    /// Where pages are.
    pub ports: Ports,
}

/// Where data lies.
#[derive(Clone, Debug)]
pub enum Data {
    /// Nowhere: gone at the end.
    Memory,
    /// In a folder, for one process at a time.
    Folder {
        /// Created if absent.
        path: PathBuf,
        /// Begin anew.
        fresh: bool,
    },
}

/// Where pages are.
#[derive(Clone, Copy, Debug)]
pub enum Ports {
    /// Free ports of the system's choice.
    Free,
    /// Gatehouse here, the demo identity provider on the next port and the demo app on the one after.
    From(u16),
    /// Gatehouse, the demo identity provider and the demo app here.
    These([u16; 3]),
}

impl Options {
    /// For tests: in memory, on free ports.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            data: Data::Memory,
            ports: Ports::Free,
        }
    }

    /// For tests of what survives: in a folder, on free ports.
    #[must_use]
    pub fn in_folder(path: impl Into<PathBuf>) -> Self {
        Self {
            data: Data::Folder {
                path: path.into(),
                fresh: false,
            },
            ports: Ports::Free,
        }
    }
}

/// It cannot start; `Display` is one line for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// See [`DataDirError`].
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// See [`DynamoDbError`].
    #[error(transparent)]
    Database(#[from] DynamoDbError),
    /// See [`SecretsManagerError`].
    #[error(transparent)]
    Secrets(#[from] SecretsManagerError),
    /// See [`MailboxError`].
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// See [`EventBusError`].
    #[error(transparent)]
    Events(#[from] EventBusError),
    /// Someone else listens there.
    #[error("port {port} is taken: stop what listens there, or choose another with --port")]
    PortTaken {
        /// The port that was wanted.
        port: u16,
    },
    /// The port cannot be used for another reason.
    #[error("cannot listen on port {port}: {source}")]
    Port {
        /// The port that was wanted; 0 for any.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// `--port` leaves no room for the two after it.
    #[error(
        "port {port} leaves no room for the demo identity provider and the demo app on the next two ports"
    )]
    PortTooHigh {
        /// The port that was wanted.
        port: u16,
    },
    /// A thread, a file or randomness could not be had.
    #[error("cannot start: {0}")]
    System(#[from] std::io::Error),
}

impl StartError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DataDir(error) => error.code(),
            Self::Database(error) => error.code(),
            Self::Secrets(error) => error.code(),
            Self::Mailbox(_) => "mails_unreadable",
            Self::Events(_) => "events_unreadable",
            Self::PortTaken { .. } => "port_taken",
            Self::Port { .. } => "port_unusable",
            Self::PortTooHigh { .. } => "port_too_high",
            Self::System(_) => "not_started",
        }
    }
}

/// The running surroundings: AWS services, and addresses where sites are served once they are handed over. Stops when
/// dropped; [`Local::stop`] also waits.
#[derive(Debug)]
pub struct Local {
    clock: Clock,
    http_client: ObservedHttpClient,
    sdk_config: SdkConfig,
    pub(crate) control: Control,
    urls: Urls,
    sites: Mutex<Sites>,
    stop: watch::Sender<bool>,
    endpoint: Endpoint,
    stream_position: Position,
    data_dir: Option<DataDir>,
}

#[derive(Debug)]
struct Urls {
    base: String,
    demo_idp: String,
    demo_app: String,
}

/// What is not yet served, and what is.
#[derive(Debug)]
struct Sites {
    gateway: Option<Site>,
    demo_idp: Option<Site>,
    demo_app: Option<Site>,
    control: Option<Site>,
    tasks: JoinSet<()>,
}

impl Local {
    /// Takes the data folder and the ports, and starts the AWS services. Nothing is served on the ports yet.
    ///
    /// # Errors
    /// [`StartError`], before anything is changed by a process that cannot run.
    pub fn start(options: &Options) -> Result<Self, StartError> {
        let clock = Clock::system();
        let (gateway, demo_idp, demo_app) = bind(options.ports)?;
        let data_dir = match &options.data {
            Data::Memory => None,
            Data::Folder { path, fresh } => Some(DataDir::open(path, *fresh)?),
        };
        let folder = data_dir.as_ref();
        let backing = folder.map_or(Backing::Memory, |folder| Backing::File(folder.database()));
        let dynamodb = DynamoDb::start(backing, &clock)?;
        let services = Services {
            secrets: Arc::new(SecretsManager::open(folder.map(DataDir::secrets), &clock)?),
            mailbox: Arc::new(Mailbox::open(folder.map(DataDir::mail), &clock)?),
            events: Arc::new(EventBus::open(folder.map(DataDir::events), &clock)?),
        };
        let endpoint = Endpoint::start(services.clone())?;
        let endpoint_client = Builder::new().build_http();
        let direct = DirectHttpClient::new(dynamodb.engine(), endpoint_client.clone());
        let http_client = ObservedHttpClient::over(endpoint_client, direct);
        let endpoints = Endpoints {
            dynamodb: dynamodb.endpoint_url().to_owned(),
            others: endpoint.url().to_owned(),
        };
        let site = Site::on_loopback_address(None).map_err(|source| StartError::Port { port: 0, source })?;
        let token = gatehouse::random::token().map_err(std::io::Error::other)?;
        let control = Control {
            url: format!("{}/{token}", site.url),
            token: Secret::new(token),
            hosts: [
                format!("127.0.0.1:{}", site.port),
                format!("localhost:{}", site.port),
            ],
            clock: clock.clone(),
            dynamodb,
            services,
            dns: Dns::start()?,
            functions: ScheduledFunctions::default(),
        };
        Ok(Self {
            sdk_config: sdk_config(&http_client, endpoints),
            clock,
            http_client,
            control,
            urls: Urls {
                base: gateway.url.clone(),
                demo_idp: demo_idp.url.clone(),
                demo_app: demo_app.url.clone(),
            },
            sites: Mutex::new(Sites {
                gateway: Some(gateway),
                demo_idp: Some(demo_idp),
                demo_app: Some(demo_app),
                control: Some(site),
                tasks: JoinSet::new(),
            }),
            stop: watch::Sender::new(false),
            endpoint,
            stream_position: Position::kept_in(data_dir.as_ref().map(DataDir::relayed)),
            data_dir,
        })
    }

    /// The clock of everything here; moving it moves all.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// For every AWS client: endpoints, credentials, retries and time-outs.
    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.sdk_config
    }

    /// The endpoints of DynamoDB and of all other services, for programs of their own.
    #[must_use]
    pub fn endpoint_urls(&self) -> (String, String) {
        let dynamodb = self.control.dynamodb.endpoint_url().to_owned();
        (dynamodb, self.endpoint.url().to_owned())
    }

    /// Keeps no record of what the SDK sends, unless the run records what the functions ask for.
    pub fn stop_observing(&self) {
        if !is_recording() {
            self.http_client.stop_observing();
        }
    }

    /// What the SDK sent.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        self.http_client.traffic()
    }

    /// What shall go wrong under the SDK.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.http_client.faults()
    }

    /// What the functions asked of AWS so far.
    #[must_use]
    pub fn asked(&self) -> &Asked {
        self.http_client.asked()
    }

    /// Who is told when something changes that processes remember.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        self.http_client.changes()
    }

    /// The tables: sweep, stream.
    #[must_use]
    pub fn dynamodb(&self) -> &DynamoDb {
        &self.control.dynamodb
    }

    /// Mails that were sent.
    #[must_use]
    pub fn mailbox(&self) -> &Mailbox {
        &self.control.services.mailbox
    }

    /// Events that were put.
    #[must_use]
    pub fn events(&self) -> &EventBus {
        &self.control.services.events
    }

    /// How far the relay has come in the tables' stream.
    #[must_use]
    pub fn stream_position(&self) -> &Position {
        &self.stream_position
    }

    /// The name server that proves domains.
    #[must_use]
    pub fn dns(&self) -> &Dns {
        &self.control.dns
    }

    /// The data folder, if there is one.
    #[must_use]
    pub fn data_dir(&self) -> Option<&DataDir> {
        self.data_dir.as_ref()
    }

    /// Gatehouse: `http://localhost:<port>`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.urls.base
    }

    /// The demo identity provider: `http://127.0.0.1:<port>`, another site than Gatehouse.
    #[must_use]
    pub fn demo_idp_url(&self) -> &str {
        &self.urls.demo_idp
    }

    /// The demo app: `http://127.0.0.1:<port>`, another site than Gatehouse.
    #[must_use]
    pub fn demo_app_url(&self) -> &str {
        &self.urls.demo_app
    }

    /// See [`control`].
    #[must_use]
    pub fn control_url(&self) -> &str {
        &self.control.url
    }

    /// Serves the functions at [`Local::base_url`]. Must run inside a tokio runtime, as must the three below; a
    /// second call does nothing.
    pub fn serve_functions(&self, functions: impl IntoIterator<Item = Router>) {
        self.serve(|sites| sites.gateway.take(), gateway::router(functions));
    }

    /// Serves the demo identity provider.
    pub fn serve_demo_idp(&self, router: Router) {
        self.serve(|sites| sites.demo_idp.take(), router);
    }

    /// Serves the demo app.
    pub fn serve_demo_app(&self, router: Router) {
        self.serve(|sites| sites.demo_app.take(), router);
    }

    /// Serves the control URL.
    pub fn serve_control(&self, functions: ScheduledFunctions) {
        let control = Control {
            functions,
            ..self.control.clone()
        };
        self.serve(|sites| sites.control.take(), control::router(control));
    }

    fn serve(&self, take: impl FnOnce(&mut Sites) -> Option<Site>, router: Router) {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(site) = take(&mut sites) {
            site.serve(router, &mut sites.tasks, &self.stop.subscribe());
        }
    }

    /// Runs something beside the sites until [`Local::stop`]. Must be called inside a tokio runtime.
    pub fn keep_running(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut stop = self.stop.subscribe();
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                _ = stop.wait_for(|stopped| *stopped) => {}
            }
        });
    }

    /// Lets the sites finish what they have begun (2 s at most), then stops the services.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let mut tasks = {
            let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut sites.tasks)
        };
        while tasks.join_next().await.is_some() {}
        // The services' threads are joined on drop, which blocks.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

fn bind(ports: Ports) -> Result<(Site, Site, Site), StartError> {
    let (first, second, third) = match ports {
        Ports::Free => (None, None, None),
        Ports::From(port) => {
            let third = port.checked_add(2).ok_or(StartError::PortTooHigh { port })?;
            (Some(port), Some(port + 1), Some(third))
        }
        Ports::These([first, second, third]) => (Some(first), Some(second), Some(third)),
    };
    let refused = |port: Option<u16>| {
        let port = port.unwrap_or(0);
        move |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => StartError::PortTaken { port },
            _ => StartError::Port { port, source },
        }
    };
    Ok((
        Site::on_localhost(first).map_err(refused(first))?,
        Site::on_loopback_address(second).map_err(refused(second))?,
        Site::on_loopback_address(third).map_err(refused(third))?,
    ))
}

/// Endpoints by service, through the SDK's own mechanism for them (`AWS_ENDPOINT_URL_DYNAMODB` and its like).
#[derive(Debug)]
struct Endpoints {
    dynamodb: String,
    others: String,
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        (key.profile() == "endpoint_url").then(|| match key.service_id() {
            "DynamoDB" => self.dynamodb.clone(),
            _ => self.others.clone(),
        })
    }
}

fn sdk_config(http_client: &ObservedHttpClient, endpoints: Endpoints) -> SdkConfig {
    let credentials = Credentials::new("local", "local", None, None, "gatehouse-local");
    let retries = RetryConfig::standard()
        .with_max_attempts(4)
        .with_initial_backoff(Duration::from_millis(25))
        .with_max_backoff(Duration::from_millis(50));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(15))
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(crate::aws::REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoints.others.clone())
        .service_config(endpoints)
        .retry_config(retries)
        .timeout_config(timeouts)
        .http_client(http_client.clone())
        .build()
}

#[cfg(test)]
#[path = "local_tests.rs"]
mod tests;
