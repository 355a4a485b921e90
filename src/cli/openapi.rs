//! `warmline openapi`

use anyhow::Result;

use crate::http;

/// Print the OpenAPI document of the HTTP API, from which clients can be made.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Prints it.
pub(crate) fn run(Args {}: &Args) -> Result<()> {
    println!("{}", http::openapi_document()?);
    Ok(())
}
