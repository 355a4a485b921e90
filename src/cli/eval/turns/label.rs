//! What is in a sound, as its JSON file says it.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::{call::flow::step::Expect, phone::Sound};

/// What a sound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A turn while the bot is silent, perhaps with pauses in it.
    Turn,
    /// Somebody interrupts the bot.
    Interruption,
    /// "Mhm", "right": the caller listens.
    BackChannel,
    /// No words.
    Cough,
    Laughter,
    Typing,
    Noise,
    /// Other people in the room.
    Babble,
    /// Nothing but the bot's own voice comes back.
    Echo,
}

impl Kind {
    /// The bot should stop.
    pub(super) fn interrupts(self) -> bool {
        self == Self::Interruption
    }
}

/// What the caller is expected to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expected {
    #[default]
    Sentence,
    YesNo,
    /// Exactly so many digits.
    Digits(usize),
    Spelled,
}

impl Expected {
    pub(super) fn expect(self) -> Expect {
        match self {
            Self::Sentence => Expect::Sentence,
            Self::YesNo => Expect::YesNo,
            Self::Digits(count) => Expect::Digits { least: count, most: count },
            Self::Spelled => Expect::Spelled,
        }
    }
}

/// How the bot's voice comes back.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct EchoPath {
    /// How much softer, in dB below what was sent (a negative number).
    pub(super) db: f32,
    /// How late.
    pub(super) ms: u64,
    /// How long the room goes on sounding.
    #[serde(default)]
    pub(super) tail_ms: u64,
    /// How far a small loudspeaker bends the loudest sounds: 0, not at all, to 1, by half.
    #[serde(default)]
    pub(super) bend: f32,
    /// How much faster than ours the far end's clock runs, in millionths.
    #[serde(default)]
    pub(super) drift_ppm: f32,
    /// The far end's buffer moves by so much, again and again: to and fro, every eight seconds.
    #[serde(default)]
    pub(super) jump_ms: u64,
}

/// A JSON file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Label {
    pub(super) kind: Kind,
    /// The words.
    #[serde(default)]
    pub(super) text: String,
    #[serde(default)]
    pub(super) expects: Expected,
    /// Where the caller sounds, from and to in milliseconds; between them the caller pauses, after the last the turn is over.
    pub(super) voices: Vec<(u64, u64)>,
    /// The echo of the bot beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) echo: Option<EchoPath>,
    /// Milliseconds of the bot's speech before the sound begins.
    #[serde(default)]
    pub(super) after_ms: u64,
    /// Whose voice it is.
    #[serde(default)]
    pub(super) voice: String,
    /// The language of the call.
    #[serde(default = "english")]
    pub(super) language: String,
    /// What the bot says meanwhile; empty: what the stage's flow has it say.
    #[serde(default)]
    pub(super) bot: String,
}

fn english() -> String {
    "en".to_owned()
}

/// A sound with what is in it.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) name: String,
    pub(super) label: Label,
    pub(super) samples: Vec<i16>,
}

/// Reads a folder.
pub(super) fn read(folder: &Path) -> Result<Vec<Scene>> {
    let mut scenes = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} (make one with `--make small`)", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wav") {
            scenes.push(scene(&path).with_context(|| path.display().to_string())?);
        }
    }
    if scenes.is_empty() {
        bail!("{} has no WAV files; make some with `--make small`", folder.display());
    }
    scenes.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(scenes)
}

fn scene(path: &Path) -> Result<Scene> {
    let name = path.file_stem().and_then(|stem| stem.to_str()).context("a file name that is not UTF-8")?.to_owned();
    let label: Label = serde_json::from_str(&fs::read_to_string(path.with_extension("json")).context("its JSON file")?)?;
    let ordered = label.voices.iter().all(|(from, to)| from < to) && label.voices.windows(2).all(|pair| pair[0].1 < pair[1].0);
    ensure!(ordered, "`voices` are not in order");
    ensure!(label.kind == Kind::Echo || !label.voices.is_empty(), "`voices` is empty");
    Ok(Scene { name, label, samples: Sound::read(path)?.samples })
}
