//! DynamoDB's requests of this process, answered by the engine without a socket: what functions ask for most.
//!
//! The engine's operations take and give what the wire has, so the SDK signs, writes and reads as always. A request that
//! the engine cannot execute changed nothing; it goes on to the endpoint, as do other operations, and is answered there
//! in DynamoDB's own words.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dynamodb::Engine;

/// Before the operation's name in `x-amz-target`.
const TARGET: &str = "DynamoDB_20120810.";
/// What a request and its answer are.
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

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
        let body = request.body().bytes().unwrap_or_default();
        // SQLite blocks the thread for as long as it works, which is less than to wake another one for it: only a commit
        // to a disk takes longer, and then everything else waits for the one database anyway.
        let answer = Operation::of(&request)
            .zip(self.engine.database())
            .and_then(|(operation, database)| operation.execute(&database, body));
        match answer {
            Some(answer) => HttpConnectorFuture::new(async {
                // Never pending by itself: who asks again and again lets others have the thread now and then.
                tokio::task::coop::consume_budget().await;
                answer.into_response()
            }),
            None => self.endpoint.call(request),
        }
    }
}

/// What the engine said.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn into_response(self) -> Result<HttpResponse, ConnectorError> {
        let status = self.status.try_into();
        let status = status.map_err(|error| ConnectorError::other(Box::new(error), None))?;
        let mut response = HttpResponse::new(status, SdkBody::from(self.body));
        response.headers_mut().insert("content-type", CONTENT_TYPE);
        Ok(response)
    }
}

/// What the engine is asked for directly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    GetItem,
    BatchGetItem,
    Query,
    TransactGetItems,
    PutItem,
    UpdateItem,
    DeleteItem,
    BatchWriteItem,
    TransactWriteItems,
}

impl Operation {
    fn of(request: &HttpRequest) -> Option<Self> {
        Some(
            match request.headers().get("x-amz-target")?.strip_prefix(TARGET)? {
                "GetItem" => Self::GetItem,
                "BatchGetItem" => Self::BatchGetItem,
                "Query" => Self::Query,
                "TransactGetItems" => Self::TransactGetItems,
                "PutItem" => Self::PutItem,
                "UpdateItem" => Self::UpdateItem,
                "DeleteItem" => Self::DeleteItem,
                "BatchWriteItem" => Self::BatchWriteItem,
                "TransactWriteItems" => Self::TransactWriteItems,
                _ => return None,
            },
        )
    }

    /// `None` for a request that is not understood or is refused as it stands.
    fn execute(self, database: &Database, body: &[u8]) -> Option<Answer> {
        match self {
            Self::GetItem => run(body, |request| database.get_item(request)),
            Self::BatchGetItem => run(body, |request| database.batch_get_item(request)),
            Self::Query => run(body, |request| database.query(request)),
            Self::TransactGetItems => run(body, |request| database.transact_get_items(request)),
            Self::PutItem => run(body, |request| database.put_item(request)),
            Self::UpdateItem => run(body, |request| database.update_item(request)),
            Self::DeleteItem => run(body, |request| database.delete_item(request)),
            Self::BatchWriteItem => run(body, |request| database.batch_write_item(request)),
            Self::TransactWriteItems => run(body, |request| database.transact_write_items(request)),
        }
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
