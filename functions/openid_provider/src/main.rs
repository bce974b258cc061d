//! Cold start of the Lambda function `openid_provider`.

use gatehouse::app::Gatehouse;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    gatehouse::telemetry::init_lambda();
    let gatehouse = Gatehouse::from_environment()?;
    gatehouse::http::lambda::serve(openid_provider::router(gatehouse)).await
}
