//! Cold start of the Lambda function `sign_in`.

use gatehouse::app::Gatehouse;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    gatehouse::telemetry::init_lambda();
    let gatehouse = Gatehouse::from_environment()?;
    gatehouse::http::lambda::serve(sign_in::router(gatehouse)).await
}
