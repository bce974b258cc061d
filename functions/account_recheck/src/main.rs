//! Cold start of the Lambda function `account_recheck`.

use gatehouse::app::Gatehouse;
use gatehouse::app::account_recheck::Budget;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    gatehouse::telemetry::init_lambda();
    let gatehouse = Gatehouse::from_environment()?;
    let gatehouse = &gatehouse;
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        Ok::<Value, Error>(account_recheck::handle(gatehouse, Budget::default()).await?)
    }))
    .await
}
