//! The caller's voice: one that is not the bot's, from Debian's flite or espeak-ng as a sub-process.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::Sound;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// flite's woman from the United States (CMU ARCTIC).
    Slt,
    /// flite's man from the United States (CMU ARCTIC).
    Rms,
    /// espeak-ng: no natural voice, but on every machine that runs the gateway.
    Espeak,
}

impl Voice {
    /// This voice, or espeak-ng where flite is not installed.
    pub async fn or_any(self) -> Self {
        let found = Command::new("flite").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
        if found.is_ok() { self } else { Self::Espeak }
    }

    /// Says a text: telephone sound without silence at its ends.
    ///
    /// # Errors
    /// If the program is missing or fails.
    pub async fn say(self, text: &str) -> Result<Sound> {
        let file = scratch_file();
        let out = file.as_os_str();
        let mut command = match self {
            Self::Slt | Self::Rms => Command::new("flite"),
            Self::Espeak => Command::new("espeak-ng"),
        };
        match self {
            Self::Slt => command.args(["-voice", "slt", "-t", text, "-o"]).arg(out),
            Self::Rms => command.args(["-voice", "rms", "-t", text, "-o"]).arg(out),
            Self::Espeak => command.args(["-v", "en-us", "-s", "150", "-w"]).arg(out).arg(text),
        };
        let status = command.stdout(Stdio::null()).status().await.with_context(|| format!("{self:?}: the program does not start"))?;
        ensure!(status.success(), "{self:?}: cannot say {text:?} ({status})");
        let sound = Sound::read(&file);
        // A file that cannot be removed from the folder for temporary files is none of the caller's worries.
        let _ = std::fs::remove_file(&file);
        Ok(sound?.trimmed())
    }
}

/// A file name that no other call of this process uses.
fn scratch_file() -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    std::env::temp_dir().join(format!("warmline-voice-{}-{}.wav", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
}
