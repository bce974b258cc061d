//! The built programs of the functions as one deployment: environment and routes are the template's, the services behind
//! them the embedded ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::any;
use bytes::Bytes;
use gatehouse_local::Local;
use gatehouse_local::lambda::api_gateway::{self, Context};
use gatehouse_local::lambda::tls::TlsFront;
use gatehouse_local::lambda::{Program, ProgramError};
use http::Response;
use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;

use crate::World;
use crate::template::{environment, functions, pascal, read, root};

/// The certificates that a function behind [`TlsFronts`] trusts.
const TRUSTED: &str = "trusted.pem";

/// Who signs the operator's requests.
pub const PRINCIPAL: &str = "arn:aws:iam::000000000000:user/anna";

/// Where the programs lie: in the folder that `GATEHOUSE_FUNCTIONS` names (a release), else built here, once.
static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "switches of the tests")]
    let (given, cargo, target) = (
        std::env::var_os("GATEHOUSE_FUNCTIONS"),
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        std::env::var_os("CARGO_TARGET_DIR"),
    );
    if let Some(folder) = given {
        return folder.into();
    }
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--workspace", "--bins"])
        .current_dir(root())
        // The job server of the build that runs the tests is gone.
        .env_remove("CARGO_MAKEFLAGS")
        .status()
        .expect("cargo");
    assert!(built.success(), "the programs could not be built");
    let target = target.map_or_else(|| root().join("target"), PathBuf::from);
    target.join("debug")
});

/// The program of a function: `folder/saml_acs`, or `folder/saml_acs/bootstrap` as cargo-lambda leaves it, or
/// `folder/SamlAcsFunction/bootstrap` as SAM does.
#[must_use]
pub fn program(function: &str) -> PathBuf {
    let folder = &*PROGRAMS;
    let places = [
        folder.join(function).join("bootstrap"),
        folder
            .join(format!("{}Function", pascal(function)))
            .join("bootstrap"),
        folder.join(function),
    ];
    let found = places.iter().find(|path| path.is_file());
    found
        .unwrap_or_else(|| panic!("no program of {function} in {}", folder.display()))
        .clone()
}

/// What the template's functions get in their environment here: the template's variables, and where AWS is.
#[must_use]
pub fn environment_of(function: &str, local: &Local, base: &str) -> BTreeMap<String, String> {
    let known = [
        ("AWS::StackName", "test"),
        ("BaseUrl.BaseUrl", base),
        ("Configuration.Digest", "0123456789abcdef"),
        ("Data.Outputs.DirectoryTable", "Directory"),
        ("Data.Outputs.EphemeralTable", "Ephemeral"),
        ("Data.Outputs.EventBusName", "gatehouse"),
        ("MailSender", "Gatehouse <no-reply@gatehouse.example>"),
        ("RoleCatalogue", "stakeholder-to-admin"),
    ];
    let known = known
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let mut all = environment(&read("template.yaml"), function, &known);
    let (dynamodb, others) = local.endpoint_urls();
    all.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), dynamodb);
    all.insert("AWS_ENDPOINT_URL".to_owned(), others);
    if base.starts_with("http://") {
        // Providers and name server of the tests are on loopback, where a deployment asks nobody.
        let name = "GATEHOUSE_LOCAL_ALLOW_LOOPBACK_HTTP";
        all.insert(name.to_owned(), "true".to_owned());
        let dns = local.dns().address().to_string();
        all.insert("GATEHOUSE_LOCAL_DNS_SERVER".to_owned(), dns);
    }
    all
}

/// TLS before the embedded services, as before those of AWS.
pub struct TlsFronts {
    /// Before DynamoDB.
    pub dynamodb: TlsFront,
    /// Before all others.
    pub others: TlsFront,
    folder: TempDir,
}

impl TlsFronts {
    /// Starts them.
    pub async fn start(local: &Local) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (dynamodb, others) = local.endpoint_urls();
        let front = async |url: &str| TlsFront::start(url, folder.path()).await.expect("a front");
        let (dynamodb, others) = (front(&dynamodb).await, front(&others).await);
        let certificate = |front: &TlsFront| std::fs::read(front.certificate()).expect("a certificate");
        let trusted = [certificate(&dynamodb), certificate(&others)].concat();
        std::fs::write(folder.path().join(TRUSTED), trusted).expect("a file");
        Self {
            dynamodb,
            others,
            folder,
        }
    }

    /// As [`environment_of`], for a function that comes by these.
    #[must_use]
    pub fn environment_of(&self, function: &str, local: &Local, base: &str) -> BTreeMap<String, String> {
        let mut all = environment_of(function, local, base);
        let trusted = self.folder.path().join(TRUSTED).display().to_string();
        all.extend([
            (
                "AWS_ENDPOINT_URL_DYNAMODB".to_owned(),
                self.dynamodb.url().to_owned(),
            ),
            ("AWS_ENDPOINT_URL".to_owned(), self.others.url().to_owned()),
            ("SSL_CERT_FILE".to_owned(), trusted),
        ]);
        all
    }
}

/// The request of a browser on its way from the app's authorization request to the identity provider.
pub async fn on_the_way(world: &World) -> http::Request<Bytes> {
    let browser = world.browser();
    let sent = browser.get(&world.authorize_path(&world.by_connection())).await;
    let cookie = browser.cookie("browser").expect("the browser's cookie");
    let request = http::Request::get(sent.raw_location())
        .header(http::header::COOKIE, format!("__Host-gatehouse_browser={cookie}"))
        .body(Bytes::new());
    request.expect("a request")
}

/// How long the template lets a function work on an event.
fn timeout(function: &str) -> Duration {
    let template = read("template.yaml");
    let own = &functions(&template)[function]["Properties"]["Timeout"];
    let all = &template["Globals"]["Function"]["Timeout"];
    let seconds = own.as_u64().or(all.as_u64()).expect("a time-out");
    Duration::from_secs(seconds)
}

/// A running program, and how long it may work on an event.
type Running = (Arc<Program>, Duration);

/// Running programs.
pub struct Deployment {
    programs: BTreeMap<String, Running>,
    domain: String,
}

impl Deployment {
    /// Starts these functions.
    ///
    /// # Errors
    /// [`ProgramError`] of the first that does not start.
    pub async fn start(names: &[&str], local: &Local, base: &str) -> Result<Self, ProgramError> {
        let mut programs = BTreeMap::new();
        for name in names {
            let path = tokio::task::spawn_blocking({
                let name = (*name).to_owned();
                move || program(&name)
            });
            let path = path.await.expect("the programs are there");
            let environment = environment_of(name, local, base);
            let deployed = format!("test-{name}");
            let started = Program::start(&deployed, &path, &environment).await?;
            programs.insert((*name).to_owned(), (Arc::new(started), timeout(name)));
        }
        let domain = base.split_once("://").map_or(base, |(_, host)| host).to_owned();
        Ok(Self { programs, domain })
    }

    /// Gives a function an event.
    ///
    /// # Errors
    /// [`ProgramError`] when it fails.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, ProgramError> {
        let (program, timeout) = &self.programs[function];
        program.invoke(event, *timeout).await
    }

    /// API Gateway before the functions, with the routes of infra/*_routes.yaml. IAM lets `principal` through to the
    /// operator's API, or nobody.
    pub fn router(&self, principal: Option<&'static str>) -> Router {
        let names: Vec<String> = functions(&read("template.yaml")).into_keys().collect();
        let mut router = Router::new();
        for file in ["infra/public_routes.yaml", "infra/operator_routes.yaml"] {
            let template = read(file);
            for resource in template["Resources"].as_object().expect("resources").values() {
                if resource["Type"] != "AWS::ApiGatewayV2::Route" {
                    continue;
                }
                let properties = &resource["Properties"];
                let target = properties["Target"]["Fn::Sub"].as_str().expect("a target");
                let name = names
                    .iter()
                    .find(|name| target == format!("integrations/${{{}Integration}}", pascal(name)));
                let name = name.expect("a function of the template");
                let Some(program) = self.programs.get(name).cloned() else {
                    continue;
                };
                let route = properties["RouteKey"].as_str().expect("a key").to_owned();
                // API Gateway's `{rest+}` is axum's `{*rest}`.
                let path = route.trim_start_matches("ANY ");
                let path = match path.split_once("+}") {
                    Some((before, _)) => before
                        .rsplit_once('{')
                        .map_or_else(String::new, |(start, name)| format!("{start}{{*{name}}}")),
                    None => path.to_owned(),
                };
                let guarded = properties["AuthorizationType"] == "AWS_IAM";
                let context = Context {
                    route,
                    principal: principal.filter(|_| guarded).map(str::to_owned),
                    domain: self.domain.clone(),
                };
                router = router.route(&path, any(move |request| call(program, context, request)));
            }
        }
        router
    }
}

async fn call((program, timeout): Running, context: Context, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body: Bytes = body.collect().await.expect("a body").to_bytes();
    let event = api_gateway::event(&context, &Request::from_parts(parts, body));
    match program.invoke(&event, timeout).await {
        Ok(answer) => api_gateway::response(&answer),
        Err(error) => panic!("{error}"),
    }
}
