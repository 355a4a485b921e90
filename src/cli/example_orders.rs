//! `warmline example-orders --db FILE --port N`: the example order service, on loopback.

use std::{io::Write, net::Ipv4Addr, path::PathBuf};

use anyhow::Result;

use crate::{clock, order_service::OrderService};

/// Run the example order service that the demo's look-ups ask.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The SQLite file with the orders; made and filled if missing.
    #[arg(long)]
    db: PathBuf,
    /// The port on 127.0.0.1; 0 takes any.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

/// Answers until it is stopped.
pub(crate) fn run(args: &Args) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let today_s = i64::try_from(clock::utc().as_secs())?;
        let service = OrderService::open(&args.db, (Ipv4Addr::LOCALHOST, args.port).into(), today_s).await?;
        println!("orders at http://{}", service.address()?);
        std::io::stdout().flush()?;
        tokio::select! {
            result = service.run() => Ok(result?),
            stopped = tokio::signal::ctrl_c() => Ok(stopped?),
        }
    })
}
