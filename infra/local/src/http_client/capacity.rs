//! What requests consume, as DynamoDB counts it: asked for with each request, and read from its answer.

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

use super::traffic::{Call, Service};

/// Units of capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Capacity {
    /// Read request units.
    pub read: f64,
    /// Write request units.
    pub write: f64,
}

impl std::ops::Add for Capacity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            read: self.read + other.read,
            write: self.write + other.write,
        }
    }
}

impl Capacity {
    fn of(operation: &str, units: f64) -> Self {
        match operation {
            "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems" => Self {
                read: units,
                write: 0.0,
            },
            _ => Self {
                read: 0.0,
                write: units,
            },
        }
    }
}

/// Sends a request that asks what it consumes, and reads it from the answer.
pub(super) async fn measured(
    inner: &SharedHttpConnector,
    mut request: HttpRequest,
    call: &Call,
) -> Result<(HttpResponse, Capacity), ConnectorError> {
    if call.service != Service::DynamoDb {
        return Ok((inner.call(request).await?, Capacity::default()));
    }
    ask(&mut request);
    let mut answer = inner.call(request).await?;
    let body = std::mem::replace(answer.body_mut(), SdkBody::empty());
    let bytes = ByteStream::new(body).collect().await;
    let bytes = bytes.map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let bytes = bytes.into_bytes();
    let body = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
    *answer.body_mut() = SdkBody::from(bytes);
    let units = units(body.get("ConsumedCapacity"));
    Ok((answer, Capacity::of(&call.operation, units)))
}

fn ask(request: &mut HttpRequest) {
    let body = request.body().bytes();
    let Some(Ok(Value::Object(mut body))) = body.map(serde_json::from_slice) else {
        return;
    };
    body.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
    let body = Value::Object(body).to_string();
    request
        .headers_mut()
        .insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
}

/// One table's figure, or those of several.
fn units(consumed: Option<&Value>) -> f64 {
    match consumed {
        Some(Value::Array(tables)) => tables.iter().map(|table| units(Some(table))).sum(),
        Some(table) => table.get("CapacityUnits").and_then(Value::as_f64).unwrap_or(0.0),
        None => 0.0,
    }
}
