//! DynamoDB's requests of this process, answered by the engine without a socket: what functions ask for most.
//!
//! The engine's operations take and give what the wire has, so the SDK signs, writes and reads as always. Batches of
//! items are read from a file without the engine (`dynamodb_rows`). A request that the engine cannot execute changed
//! nothing; it goes on to the endpoint, as do other operations, and is answered there in DynamoDB's own words.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dynamodb::Engine;
use crate::http_client;

/// Before the operation's name in `x-amz-target`.
const TARGET: &str = "DynamoDB_20120810.";

/// A client for the SDK: asks the engine, and `endpoint` where the engine is not asked or refuses.
#[derive(Clone, Debug)]
pub struct DirectHttpClient {
    engine: Engine,
    endpoint: SharedHttpClient,
}

impl DirectHttpClient {
    /// Over a running DynamoDB; once that is gone, all goes to `endpoint`.
    #[must_use]
    pub fn new(engine: Engine, endpoint: SharedHttpClient) -> Self {
        Self { engine, endpoint }
    }
}

impl HttpClient for DirectHttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(DirectConnector {
            engine: self.engine.clone(),
            endpoint: self.endpoint.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct DirectConnector {
    engine: Engine,
    endpoint: SharedHttpConnector,
}

impl HttpConnector for DirectConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // SQLite blocks the thread for as long as it works, which is less than to wake another one for it: only a commit
        // to a disk takes longer, and then everything else waits for the one database anyway.
        match answer(&self.engine, &request) {
            Some(Answer { status, body }) => HttpConnectorFuture::new(async move {
                // Never pending by itself: who asks again and again lets others have the thread now and then.
                tokio::task::coop::consume_budget().await;
                http_client::answer(status, body)
            }),
            None => self.endpoint.call(request),
        }
    }
}

/// `None` for what is to be asked of the endpoint.
fn answer(engine: &Engine, request: &HttpRequest) -> Option<Answer> {
    let headers = request.headers();
    let operation = headers.get("x-amz-target")?.strip_prefix(TARGET)?;
    let body = request.body().bytes()?;
    if operation == "BatchGetItem"
        && let Some(body) = engine.rows().and_then(|rows| rows.batch_get_item(body))
    {
        return Some(Answer { status: 200, body });
    }
    let attempt = http_client::attempt(headers.get("amz-sdk-request"));
    execute(&engine.database()?, (operation, attempt), body)
}

/// What the engine said.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

/// `None` for another operation, and for a request that is not understood or is refused as it stands.
fn execute(database: &Database, (operation, attempt): (&str, u32), body: &[u8]) -> Option<Answer> {
    match operation {
        "GetItem" => run(body, |request| database.get_item(request)),
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "TransactGetItems" => run(body, |request| database.transact_get_items(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "TransactWriteItems" => run(body, |request| {
            database.transact_write_items(with_token(request, attempt))
        }),
        _ => None,
    }
}

/// A first attempt goes without its token: no answer is lost between here and the engine, which would look at all tokens
/// of the last ten minutes for each transaction. One that follows keeps it, since the port may have answered before.
fn with_token(request: TransactWriteItemsRequest, attempt: u32) -> TransactWriteItemsRequest {
    let token = request.client_request_token;
    TransactWriteItemsRequest {
        client_request_token: token.filter(|_| attempt > 1),
        ..request
    }
}

fn run<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    execute: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Option<Answer> {
    match execute(serde_json::from_slice(body).ok()?) {
        Ok(answer) => Some(Answer {
            status: 200,
            // It is done: an answer that cannot be written is a lost one, and no reason to do it again.
            body: serde_json::to_vec(&answer).unwrap_or_default(),
        }),
        // An unfulfilled condition is an answer like any other.
        Err(
            error @ (DynoxideError::ConditionalCheckFailedException(..)
            | DynoxideError::TransactionCanceledException(..)),
        ) => Some(Answer {
            status: error.status_code(),
            body: error.to_json().into_bytes(),
        }),
        Err(_) => None,
    }
}

#[cfg(test)]
#[path = "dynamodb_direct_tests.rs"]
mod tests;
