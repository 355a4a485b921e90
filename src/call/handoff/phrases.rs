//! The few words around the facts of a summary, by language. Agents hear and read them; callers only hear why somebody is called.

use std::num::NonZeroU64;

use serde::Deserialize;

use crate::call::handoff::summary::Mood;

/// The words of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::call) struct Phrases {
    /// Letters that a voice says in a second of a briefing, with the pauses between sentences, figures counted as they are read out. Measured: joe says 14.4 to
    /// 15.8, espeak-ng 11.5 to 12.4 in Romanian and Czech.
    pub(in crate::call) letters_per_s: NonZeroU64,
    pub(super) somebody: String,
    pub(super) caller_is: String,
    pub(super) said: String,
    pub(super) unknown_reason: String,
    pub(super) answered: String,
    pub(super) sounds: String,
    pub(super) not_confirmed: String,
    pub(super) hello: String,
    pub(super) i_have: String,
    pub(super) i_know: String,
    because: Because,
    pub(super) do_first: DoFirst,
    moods: Moods,
    /// By the policy's short reason; `{}` is the part after the colon.
    whys: Whys,
}

impl Phrases {
    /// A mood in a word.
    pub(super) fn mood(&self, mood: Mood) -> &str {
        match mood {
            Mood::Calm => &self.moods.calm,
            Mood::Friendly => &self.moods.friendly,
            Mood::Annoyed => &self.moods.annoyed,
            Mood::Angry => &self.moods.angry,
        }
    }

    /// What the caller is told of a reason of the policy; nothing where they have said it themselves, or need not know.
    pub(super) fn because(&self, reason: &str) -> &str {
        match reason.split_once(':').map_or(reason, |(kind, _)| kind) {
            "asked_for_human" => &self.because.asked,
            "critical" => &self.because.critical,
            "low_confidence" | "not_understood" | "repeated" => &self.because.not_understood,
            "anger" | "frustration" | "sarcasm" | "raised_voice" => &self.because.mood,
            "service_failed" => &self.because.service,
            _ => "",
        }
    }

    /// A short reason of the policy, spoken.
    pub(super) fn why(&self, reason: &str) -> Option<String> {
        let (kind, matter) = reason.split_once(':').unwrap_or((reason, ""));
        let text = self.whys.of(kind)?;
        Some(text.replace("{}", &matter.replace('_', " ")))
    }
}

/// What agents are advised to do first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoFirst {
    pub(super) lead: String,
    pub(super) sorry: String,
    /// `{}` is what the value is called.
    pub(super) confirm: String,
    pub(super) ask: String,
    pub(super) answer: String,
}

/// What callers are told of why a human is called.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Because {
    asked: String,
    critical: String,
    not_understood: String,
    mood: String,
    service: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Moods {
    calm: String,
    friendly: String,
    annoyed: String,
    angry: String,
}

/// By the policy's short reasons.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whys {
    asked_for_human: String,
    critical: String,
    low_confidence: String,
    not_understood: String,
    repeated: String,
    anger: String,
    frustration: String,
    sarcasm: String,
    raised_voice: String,
    service_failed: String,
    silence: String,
}

impl Whys {
    fn of(&self, reason: &str) -> Option<&str> {
        Some(match reason {
            "asked_for_human" => &self.asked_for_human,
            "critical" => &self.critical,
            "low_confidence" => &self.low_confidence,
            "not_understood" => &self.not_understood,
            "repeated" => &self.repeated,
            "anger" => &self.anger,
            "frustration" => &self.frustration,
            "sarcasm" => &self.sarcasm,
            "raised_voice" => &self.raised_voice,
            "service_failed" => &self.service_failed,
            "silence" => &self.silence,
            _ => return None,
        })
    }
}
