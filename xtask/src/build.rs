//! The release binary.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use crate::run;

/// Builds it.
pub(crate) fn release() -> Result<()> {
    println!("Building the release binary.");
    run::visible(run::cargo().args(["build", "--release", "--locked", "--package", "warmline"]))
}

/// A command line that begins with it.
pub(crate) fn warmline() -> Command {
    run::command(binary(), ".")
}

/// Where it is.
pub(crate) fn binary() -> PathBuf {
    target().join("release/warmline")
}

/// Cargo's target folder.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| run::root().join("target"), PathBuf::from)
}
