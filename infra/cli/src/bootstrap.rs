//! The first keys, app client and tenant. Run again, it makes only what is missing, also what a run that was cut off
//! had left open.

use gatehouse::app::Gatehouse;
use gatehouse::app::openid_provider::keys::{KeysError, make_provider_keys};
use gatehouse::redacted::Secret;
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::client::{Answer, Client, ClientError};

/// How the owner's key is called that is made here.
const KEY_NAME: &str = "bootstrap";
/// Everything but what RFC 3986 calls unreserved.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where the app takes codes; without any, no app client is made.
    pub redirect_uris: Vec<String>,
    /// What the app is called.
    pub client_name: String,
    /// Name of the first tenant, if one is wanted.
    pub tenant: Option<String>,
}

/// What was made, with what is shown this once.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// `None` when none was wanted, or one of that name has its secret already.
    pub client: Option<MadeClient>,
    /// `None` when none was wanted, or one of that name has an owner's key already.
    pub tenant: Option<MadeTenant>,
}

/// The app client.
#[derive(Clone, Debug)]
pub struct MadeClient {
    /// Its `client_id`.
    pub id: String,
    /// Its `client_secret`.
    pub secret: Secret,
}

/// The tenant.
#[derive(Clone, Debug)]
pub struct MadeTenant {
    /// Its id.
    pub id: String,
    /// An API key of kind `owner`.
    pub owner_key: Secret,
}

/// It could not be made; what was made before stays, and the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The keys that sign tokens.
    #[error(
        "the signing keys could not be made (wanted secretsmanager:GetSecretValue and CreateSecret on \
         {{SecretsPrefix}}/op/*): {0}"
    )]
    Keys(#[from] KeysError),
    /// See [`ClientError`].
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The operator's API refused.
    #[error("{path} was answered {status}: {problem}")]
    Refused {
        /// What was asked.
        path: String,
        /// The answer.
        status: StatusCode,
        /// What the answer says.
        problem: String,
    },
    /// An answer without what it should have: another API.
    #[error("{path} answered without `{field}`: is OperatorApiUrl the operator's API of a Gatehouse?")]
    Unexpected {
        /// What was asked.
        path: String,
        /// What is missing.
        field: &'static str,
    },
}

impl BootstrapError {
    /// Stable code of this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Keys(_) => "keys_not_made",
            Self::Client(error) => error.code(),
            Self::Refused { .. } => "refused",
            Self::Unexpected { .. } => "unexpected_answer",
        }
    }
}

/// The operator's API of a stack.
struct Api<'a> {
    client: &'a Client,
    url: &'a str,
}

impl Api<'_> {
    fn at(&self, path: &str) -> String {
        format!("{}/operator/v1{path}", self.url)
    }

    async fn make(&self, path: &str, body: &Value) -> Result<Value, BootstrapError> {
        accepted(path, &self.client.operator_post(&self.at(path), body).await?)
    }

    /// Everything in a list; lists come in pages.
    async fn all(&self, path: &str) -> Result<Vec<Value>, BootstrapError> {
        let mut found = Vec::new();
        let mut page = format!("{path}?limit=100");
        loop {
            let list = accepted(path, &self.client.operator_get(&self.at(&page)).await?)?;
            let items = list.get("items").and_then(Value::as_array);
            let items = items.ok_or_else(|| missing(path, "items"))?;
            found.extend(items.iter().cloned());
            match list.get("next_cursor").and_then(Value::as_str) {
                Some(cursor) => {
                    page = format!(
                        "{path}?limit=100&cursor={}",
                        utf8_percent_encode(cursor, IN_QUERY)
                    )
                }
                None => return Ok(found),
            }
        }
    }
}

/// The body of an answer that is none of a refusal. Of a refusal only what our own API says is repeated.
fn accepted(path: &str, answer: &Answer) -> Result<Value, BootstrapError> {
    let body = answer.json();
    if answer.status.is_success() {
        return Ok(body);
    }
    let of = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let said = [of("code"), of("detail"), of("message"), of("Message")];
    let said: Vec<&str> = said.into_iter().filter(|part| !part.is_empty()).collect();
    Err(BootstrapError::Refused {
        path: path.to_owned(),
        status: answer.status,
        problem: said.join(": "),
    })
}

fn missing(path: &str, field: &'static str) -> BootstrapError {
    BootstrapError::Unexpected {
        path: path.to_owned(),
        field,
    }
}

fn text(path: &str, value: &Value, field: &'static str) -> Result<String, BootstrapError> {
    let text = value.get(field).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| missing(path, field))
}

/// Makes what is missing. What was made is told also when something after it fails: it is shown this once.
pub async fn bootstrap(
    gatehouse: &Gatehouse,
    client: &Client,
    operator_url: &str,
    wanted: &Wanted,
) -> (Made, Result<(), BootstrapError>) {
    let api = Api {
        client,
        url: operator_url,
    };
    let mut made = Made::default();
    let end = steps(gatehouse, &api, wanted, &mut made).await;
    (made, end)
}

async fn steps(
    gatehouse: &Gatehouse,
    api: &Api<'_>,
    wanted: &Wanted,
    made: &mut Made,
) -> Result<(), BootstrapError> {
    make_provider_keys(gatehouse).await?;
    made.client = app_client(api, wanted).await?;
    if let Some(name) = &wanted.tenant {
        made.tenant = tenant(api, name).await?;
    }
    Ok(())
}

async fn app_client(api: &Api<'_>, wanted: &Wanted) -> Result<Option<MadeClient>, BootstrapError> {
    const PATH: &str = "/clients";
    if wanted.redirect_uris.is_empty() {
        return Ok(None);
    }
    let known = api.all(PATH).await?;
    let named = known.iter().find(|client| is_named(client, &wanted.client_name));
    let client = match named {
        Some(client) if can_authenticate(client) => return Ok(None),
        Some(client) => client.clone(),
        None => {
            let settings = json!({
                "name": wanted.client_name,
                "kind": "confidential",
                "redirect_uris": wanted.redirect_uris,
                "default": !known.iter().any(is_default),
            });
            api.make(PATH, &settings).await?
        }
    };
    let id = text(PATH, &client, "client_id")?;
    let path = format!("{PATH}/{id}/secrets");
    let secret = text(&path, &api.make(&path, &json!({})).await?, "secret")?;
    let secret = Secret::new(secret);
    Ok(Some(MadeClient { id, secret }))
}

fn is_named(thing: &Value, name: &str) -> bool {
    thing.get("name").and_then(Value::as_str) == Some(name)
}

fn is_default(client: &Value) -> bool {
    client.get("default").and_then(Value::as_bool) == Some(true)
}

/// Whether the client has what it authenticates by, or needs nothing.
fn can_authenticate(client: &Value) -> bool {
    let some = |pointer: &str| {
        let list = client.pointer(pointer).and_then(Value::as_array);
        list.is_some_and(|list| !list.is_empty())
    };
    client.get("kind").and_then(Value::as_str) == Some("public") || some("/secrets") || some("/jwks/keys")
}

async fn tenant(api: &Api<'_>, name: &str) -> Result<Option<MadeTenant>, BootstrapError> {
    const PATH: &str = "/tenants";
    let known = api.all(PATH).await?;
    let tenant = match known.into_iter().find(|tenant| is_named(tenant, name)) {
        Some(tenant) => tenant,
        None => {
            let entitlements = json!({ "sso": true, "scim": true, "jit": true });
            let wish = json!({ "name": name, "entitlements": entitlements });
            api.make(PATH, &wish).await?
        }
    };
    let id = text(PATH, &tenant, "id")?;
    let path = format!("{PATH}/{id}/api-keys");
    let is_owners = |key: &Value| key.get("kind").and_then(Value::as_str) == Some("owner");
    if api.all(&path).await?.iter().any(is_owners) {
        return Ok(None);
    }
    let wish = json!({ "kind": "owner", "name": KEY_NAME });
    let owner_key = Secret::new(text(&path, &api.make(&path, &wish).await?, "token")?);
    Ok(Some(MadeTenant { id, owner_key }))
}
