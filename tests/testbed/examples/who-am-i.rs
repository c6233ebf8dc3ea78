//! Prints the ARN of the caller that the default chain of aws-sdk-rust finds, for `tests/interop`.

use std::process::ExitCode;

use aws_config::BehaviorVersion;
use aws_sdk_sts::Client;
use aws_sdk_sts::error::DisplayErrorContext;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // The SDK's own client, without TLS: STS and endpoint are on loopback.
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    match Client::new(&config).get_caller_identity().send().await {
        Ok(caller) => {
            println!("{}", caller.arn().unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", DisplayErrorContext(&error));
            ExitCode::FAILURE
        }
    }
}
