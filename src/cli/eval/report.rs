//! Where figures go: to the screen, and to a file.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cli::eval::Common;

/// Prints what people read, and writes what machines do.
pub(super) fn finish(common: &Common, lines: &[String], misses: &[String], figures: &Value) -> Result<()> {
    for line in lines {
        println!("{line}");
    }
    if common.misses && !misses.is_empty() {
        println!("\nwrong:");
        misses.iter().for_each(|miss| println!("  {miss}"));
    }
    if let Some(out) = &common.json {
        fs::write(out, serde_json::to_string_pretty(figures)?).with_context(|| format!("cannot write {}", out.display()))?;
    }
    Ok(())
}

/// A share as people read it.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// Milliseconds for each of so many.
#[expect(clippy::cast_precision_loss, reason = "sentences are few")]
pub(super) fn ms_each(took: Duration, count: usize) -> f64 {
    took.as_secs_f64() * 1_000.0 / count.max(1) as f64
}
