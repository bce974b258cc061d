//! The HTTP client under the AWS SDK: counts and records every attempt, and injects faults below the SDK's retry loop.
//!
//! Tests ask [`Traffic`] what a use case cost ("two sequential round trips") and order [`Faults`] ("the answer to the
//! next PutItem is lost").

mod capacity;
mod changes;
mod fault;
mod keys;
pub mod permissions;
mod traffic;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

pub use self::capacity::Capacity;
pub use self::changes::Changes;
pub use self::fault::{Fault, FaultHandle, Faults, When};
pub use self::keys::ItemRef;
use self::permissions::Asked;
pub(crate) use self::traffic::attempt;
pub use self::traffic::{Call, Outcome, Service, Traffic};

/// The client to hand to the SDK's configuration. Cheap to clone; clones share records, faults and connections.
#[derive(Clone, Debug)]
pub struct ObservedHttpClient {
    observed: SharedHttpClient,
    direct: SharedHttpClient,
    traffic: Traffic,
    faults: Faults,
    asked: Asked,
    changes: Changes,
    unobserved: Arc<AtomicBool>,
}

impl ObservedHttpClient {
    /// Over a client whose requests are observed on their way, and one for when nobody observes.
    #[must_use]
    pub fn over(observed: SharedHttpClient, direct: impl HttpClient + 'static) -> Self {
        Self {
            observed,
            direct: SharedHttpClient::new(direct),
            traffic: Traffic::default(),
            faults: Faults::default(),
            asked: Asked::default(),
            changes: Changes::default(),
            unobserved: Arc::default(),
        }
    }

    /// Records nothing from now on, and lets no fault happen: for a program that runs for days and that nobody asks.
    pub fn stop_observing(&self) {
        self.unobserved.store(true, Ordering::Relaxed);
    }

    /// What was sent.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// What shall go wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Who is told when something changes that processes remember.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// What the functions asked for.
    #[must_use]
    pub fn asked(&self) -> &Asked {
        &self.asked
    }
}

impl HttpClient for ObservedHttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(ObservedConnector {
            observed: self.observed.http_connector(settings, components),
            direct: self.direct.http_connector(settings, components),
            traffic: self.traffic.clone(),
            faults: self.faults.clone(),
            asked: self.asked.clone(),
            changes: self.changes.clone(),
            unobserved: self.unobserved.clone(),
        })
    }
}

#[derive(Debug)]
struct ObservedConnector {
    observed: SharedHttpConnector,
    direct: SharedHttpConnector,
    traffic: Traffic,
    faults: Faults,
    asked: Asked,
    changes: Changes,
    unobserved: Arc<AtomicBool>,
}

impl HttpConnector for ObservedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.unobserved.load(Ordering::Relaxed) {
            return self.direct.call(request);
        }
        let call = Call::of(&request);
        permissions::record(&self.asked, &call, &request);
        let change = self.changes.of(&call, &request);
        let fault = self.faults.next(&call);
        let ticket = self.traffic.begin(call.clone());
        let traffic = self.traffic.clone();
        let observed = self.observed.clone();
        HttpConnectorFuture::new(async move {
            let _change = change;
            let answer = if fault.is_none() && traffic.measures_capacity() {
                let measured = capacity::measured(&observed, request, &call).await;
                measured.map(|(answer, capacity)| {
                    traffic.consumed(ticket, capacity);
                    answer
                })
            } else {
                send(&observed, request, &call, fault).await
            };
            traffic.end(
                ticket,
                match &answer {
                    Ok(response) => Outcome::Status(response.status().as_u16()),
                    Err(_) => Outcome::NoAnswer,
                },
            );
            answer
        })
    }
}

async fn send(
    inner: &SharedHttpConnector,
    request: HttpRequest,
    call: &Call,
    fault: Option<Arc<Fault>>,
) -> Result<HttpResponse, ConnectorError> {
    let lost = || ConnectorError::io("connection reset by the test harness".into());
    match fault.as_deref() {
        None => inner.call(request).await,
        Some(Fault::DropConnection) => Err(lost()),
        Some(Fault::LoseAnswer) => {
            let answer = inner.call(request).await?;
            // Its head arrived, so the request was executed: only the answer goes missing.
            drop(answer);
            Err(lost())
        }
        Some(Fault::Delay(time)) => {
            tokio::time::sleep(*time).await;
            inner.call(request).await
        }
        Some(Fault::Answer { status, body }) => answer(*status, body.clone()),
        Some(Fault::ServerError) => answer(500, call.error_body("InternalServerError", "injected")),
        Some(Fault::Throttle) => answer(400, call.error_body(call.service.throttling_error(), "injected")),
        Some(Fault::TransactionConflict) => answer(400, call.conflict_body()),
    }
}

/// An answer as DynamoDB and Secrets Manager write them.
pub(crate) fn answer(status: u16, body: impl Into<SdkBody>) -> Result<HttpResponse, ConnectorError> {
    let status = status
        .try_into()
        .map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let mut response = HttpResponse::new(status, body.into());
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

#[cfg(test)]
mod tests;
