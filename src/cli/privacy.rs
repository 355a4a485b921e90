//! `warmline privacy export|erase NUMBER`: what is kept of a caller, given out or erased, while no gateway works with the record.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    accounts::Did,
    app::spellings,
    clock,
    config::Config,
    privacy::{Found, Privacy, export},
    store::{self, AuditRow, Store, StoreError},
    view::Stamp,
};

/// Give out or erase everything that is kept of a caller. The gateway must not run: while it does, use its page or `POST /api/v1/privacy/…`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write everything that is kept of a number into a ZIP file.
    Export {
        /// The caller's number or SIP user, however it is written.
        number: String,
        /// The file.
        #[arg(long, default_value = "export.zip")]
        out: PathBuf,
        /// The configuration file: it says where the record is, and how trunks write numbers.
        #[arg(long, value_name = "FILE", default_value = "config/warmline.yaml")]
        config: PathBuf,
    },
    /// Erase everything that is kept of a number, but for calls under a legal hold. Prints the receipt.
    Erase {
        /// The caller's number or SIP user, however it is written.
        number: String,
        /// Erase without being asked again.
        #[arg(long)]
        yes: bool,
        /// The configuration file: it says where the record is, and how trunks write numbers.
        #[arg(long, value_name = "FILE", default_value = "config/warmline.yaml")]
        config: PathBuf,
    },
}

/// Exports or erases.
pub(crate) fn run(args: &Args) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("no threads")?;
    runtime.block_on(async {
        match &args.command {
            Command::Export { number, out, config } => take(number, out, config).await,
            Command::Erase { number, yes, config } => erase(number, *yes, config).await,
        }
    })
}

async fn opened(path: &Path) -> Result<(Store, Privacy)> {
    let config = Config::load(path)?;
    let folder = &config.file.store.folder;
    if !folder.join("warmline.db").is_file() {
        bail!("there is no record in {}", folder.display());
    }
    let store = Store::open(&store::Options::new(folder)).await.map_err(|error| match error {
        StoreError::InUse(folder) => {
            anyhow::anyhow!("a gateway works with {}: use its page, or POST /api/v1/privacy/export and …/erase", folder.display())
        }
        error => error.into(),
    })?;
    let privacy = Privacy::at_rest(store.clone(), spellings(&config), config.file.privacy.retention());
    Ok((store, privacy))
}

async fn take(number: &str, out: &Path, config: &Path) -> Result<()> {
    let (store, privacy) = opened(config).await?;
    let Found { calls, .. } = privacy.find(&privacy.spellings(number)?).await?;
    let mut exported = export(&store, number.trim(), &calls, now()).await?;
    let mut file = fs::File::options().write(true).create_new(true).open(out).with_context(|| out.display().to_string())?;
    io::copy(&mut exported.file, &mut file)?;
    for call in &calls {
        note(&store, Did::ExportedNumber, &call.id.0);
    }
    store.flush().await;
    println!("{} calls in {}", exported.calls, out.display());
    Ok(())
}

async fn erase(number: &str, yes: bool, config: &Path) -> Result<()> {
    let (store, privacy) = opened(config).await?;
    let numbers = privacy.spellings(number)?;
    let Found { calls, held } = privacy.find(&numbers).await?;
    if !yes {
        println!("{} calls, {} of them under a legal hold. Erase the others for good? Type the number again:", calls.len(), held.len());
        let mut typed = String::new();
        io::stdin().read_line(&mut typed)?;
        if typed.trim() != number.trim() {
            bail!("nothing was erased");
        }
    }
    let receipt = privacy.erase(&numbers, None).await?;
    note(&store, Did::ErasedNumber, &receipt.id);
    store.flush().await;
    println!("{}", serde_json::to_string_pretty(&receipt)?);
    Ok(())
}

fn note(store: &Store, did: Did, target: &str) {
    store.audit(AuditRow {
        seq: 0,
        at_ms: now().0,
        did: did.word().to_owned(),
        account: None,
        name: None,
        role: None,
        target: Some(target.to_owned()),
        source: "command line".to_owned(),
    });
}

fn now() -> Stamp {
    Stamp(u64::try_from(clock::utc().as_millis()).unwrap_or_default())
}
