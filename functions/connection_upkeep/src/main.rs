//! Cold start of the Lambda function `connection_upkeep`.

use gatehouse::app::Gatehouse;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    gatehouse::telemetry::init_lambda();
    let gatehouse = Gatehouse::from_environment()?;
    let gatehouse = &gatehouse;
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        connection_upkeep::handle(gatehouse).await.map_err(Error::from)
    }))
    .await
}
