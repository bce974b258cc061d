//! Cold start of the Lambda function `secret_expiry_reminder`.

use gatehouse::app::Gatehouse;
use gatehouse::app::reminder::Reminder;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    gatehouse::telemetry::init_lambda();
    let reminder = Reminder::new(Gatehouse::from_environment()?)?;
    let reminder = &reminder;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<Value, Error>(secret_expiry_reminder::handle(reminder, event.context.deadline()).await?)
    }))
    .await
}
