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
    /// flite's man from Scotland (CMU ARCTIC).
    Awb,
    /// espeak-ng: no natural voice, but on every machine that runs the gateway.
    Espeak,
    /// The same, from Great Britain and faster.
    EspeakBritish,
    /// flite's oldest man from the United States, put together from pairs of sounds (KAL).
    Kal,
    /// espeak-ng as a woman.
    EspeakWoman,
    /// espeak-ng as another man, from Scotland.
    EspeakScottish,
    /// The same, from Romania.
    EspeakRomanian,
    /// The same, as a woman's voice.
    EspeakRomanianWoman,
}

impl Voice {
    /// This voice, or espeak-ng where flite is not installed.
    pub async fn or_any(self) -> Self {
        let found = Command::new("flite").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
        if found.is_ok() { self } else { Self::Espeak }
    }

    /// Is its program installed?
    pub async fn is_there(self) -> bool {
        let program = if self.is_espeak() { "espeak-ng" } else { "flite" };
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await.is_ok()
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slt => "slt",
            Self::Rms => "rms",
            Self::Awb => "awb",
            Self::Espeak => "espeak",
            Self::EspeakBritish => "espeak-british",
            Self::Kal => "kal16",
            Self::EspeakWoman => "espeak-woman",
            Self::EspeakScottish => "espeak-scottish",
            Self::EspeakRomanian => "espeak-romanian",
            Self::EspeakRomanianWoman => "espeak-romanian-woman",
        }
    }

    const fn is_espeak(self) -> bool {
        match self {
            Self::Slt | Self::Rms | Self::Awb | Self::Kal => false,
            Self::Espeak
            | Self::EspeakBritish
            | Self::EspeakWoman
            | Self::EspeakScottish
            | Self::EspeakRomanian
            | Self::EspeakRomanianWoman => true,
        }
    }

    /// Says a text: telephone sound without silence at its ends.
    ///
    /// # Errors
    /// If the program is missing or fails.
    pub async fn say(self, text: &str) -> Result<Sound> {
        let file = scratch_file();
        let out = file.as_os_str();
        let mut command = Command::new(if self.is_espeak() { "espeak-ng" } else { "flite" });
        match self {
            Self::Slt | Self::Rms | Self::Awb | Self::Kal => command.args(["-voice", self.name(), "-t", text, "-o"]).arg(out),
            Self::EspeakBritish => command.args(["-v", "en-gb", "-s", "175", "-p", "60", "-w"]).arg(out).arg(text),
            Self::EspeakRomanian => command.args(["-v", "ro", "-s", "170", "-w"]).arg(out).arg(text),
            Self::EspeakRomanianWoman => command.args(["-v", "ro+f3", "-s", "155", "-w"]).arg(out).arg(text),
            Self::Espeak => command.args(["-v", "en-us", "-s", "150", "-w"]).arg(out).arg(text),
            Self::EspeakWoman => command.args(["-v", "en-us+f3", "-s", "160", "-w"]).arg(out).arg(text),
            Self::EspeakScottish => command.args(["-v", "en-gb-scotland+m3", "-s", "165", "-w"]).arg(out).arg(text),
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
