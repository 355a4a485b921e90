//! What the machine understood of one utterance. Computed by the speech driver, read by the flow and by the escalation policy.

use serde::{Deserialize, Serialize};

/// The recogniser's answer to `Transcribe`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// The words, as the recogniser wrote them; empty if nothing was said.
    pub text: String,
    /// exp(mean log p) of the tokens, 0..=1. Empty text has 0.
    pub confidence: f32,
    /// Smart Turn's probability that the speaker has finished, 0..=1. A hint, never a verdict; none when there was no time for it.
    pub complete: Option<f32>,
    /// How much likelier than the words a "mhm" or its like is in the sound, as a natural logarithm: hardly ever above 0. Only of a few words over the bot's own,
    /// and none if it is far less likely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_channel: Option<f32>,
    /// How it was said. Only of the caller, only where the flow announces that tone is looked at, and only if there was enough voice in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Box<Voice>>,
}

/// How something was said, measured in its sound. One voice says nothing about a mood; the difference from the same caller's other turns does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Voice {
    /// Level of the voice without the line's noise, dB below full scale.
    pub level_db: f32,
    /// Median pitch, Hz.
    pub pitch_hz: f32,
    /// Span of the pitch, semitones.
    pub pitch_span: f32,
    /// Syllables for each second of speech.
    pub syllables_per_s: f32,
    /// Energy above 1 kHz against that below, dB.
    pub tilt_db: f32,
    /// Share of the turn that is pauses, 0..=1.
    pub pauses: f32,
    /// How much of it was voiced, ms.
    pub voiced_ms: u32,
    /// How far the voice stands above the noise, dB.
    pub snr_db: f32,
}

/// What was said before a turn of the caller; empty before their second one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// The caller's turn before.
    pub caller: String,
    /// What the bot answered.
    pub bot: String,
}

/// Keeps what was said last by caller and bot.
#[derive(Debug, Clone, Default)]
pub struct Spoken {
    before: Before,
    /// What the caller has said since, as far as it was to be understood: a pause in the middle of a turn may ask for half of it first.
    heard: String,
}

impl Spoken {
    /// The caller says this; gives back what was said before it.
    pub fn said(&mut self, text: &str) -> Before {
        text.clone_into(&mut self.heard);
        self.before.clone()
    }

    /// The bot answers what the caller has said, or goes on. What it says before the caller's first turn is no answer.
    pub fn answered(&mut self, text: &str) {
        if !self.heard.is_empty() {
            self.before = Before { caller: std::mem::take(&mut self.heard), bot: String::new() };
        }
        if !self.before.caller.is_empty() {
            self.before.bot.push_str(if self.before.bot.is_empty() { "" } else { " " });
            self.before.bot.push_str(text);
        }
    }
}

/// The answer to `Understand`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Understanding {
    /// Calibrated scores of the flow's intents, best first, 0..=1. Out of scope is none of them above the flow's threshold.
    pub intents: Vec<Scored>,
    /// Matching knowledge entries (by key), best first, 0..=1.
    pub knowledge: Vec<Scored>,
    /// What another clause of the same turn surely means besides: an intent or a knowledge entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Scored>,
    /// The tone of the words. Only ever the caller's.
    pub tone: Tone,
    /// Matters that a human may have to hear of, whatever the flow is about, best first, 0..=1: `human` (asked for), `cancellation`, `complaint`,
    /// `legal_threat`, `safety`, `fraud`, `data_protection`, `vulnerability`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matters: Vec<Scored>,
    /// What a chat model made of the flow's knowledge, where the configuration has one. An answer, never an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phrased: Option<Box<Phrased>>,
    /// How likely the words read as a whole sentence and not as the beginning of one, 0..=1. A witness of the turn's end; old records have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<f32>,
    /// How likely a few words only say that the caller listens, 0..=1. Longer sentences have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listens: Option<f32>,
}

impl Understanding {
    /// The score of a matter; 0 if it was not seen.
    #[must_use]
    pub fn matter(&self, name: &str) -> f32 {
        self.matters.iter().find(|it| it.name == name).map_or(0.0, |it| it.score)
    }
}

/// An answer out of the flow's knowledge, found by a chat model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrased {
    /// The entries that it is from, the best first.
    pub entries: Vec<String>,
    /// The answer in the model's words, if it may use any.
    pub text: Option<String>,
}

/// A name with a calibrated score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// Intent name or knowledge key of the flow.
    pub name: String,
    /// 0..=1.
    pub score: f32,
}

/// The tone of the words, each 0..=1 and independent of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Tone {
    /// Open anger.
    pub anger: f32,
    /// Annoyance, disappointment, impatience.
    pub frustration: f32,
    /// What is said is not what is meant.
    pub sarcasm: f32,
    /// Thanks, relief.
    pub gratitude: f32,
}
