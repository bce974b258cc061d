//! Cold start of the Lambda function `outbox_relay`.

use gatehouse::app::Gatehouse;
use gatehouse::app::outbox_relay::Relay;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    gatehouse::telemetry::init_lambda();
    let relay = Relay::new(Gatehouse::from_environment()?)?;
    let relay = &relay;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<Value, Error>(outbox_relay::handle(relay, event.payload).await)
    }))
    .await
}
