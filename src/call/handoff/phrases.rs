//! The few words around the facts of a summary, by language. Agents hear and read them; callers never do.

use crate::call::{handoff::summary::Mood, turn::words::Language};

/// The words of one language.
#[derive(Debug)]
pub(super) struct Phrases {
    pub(super) somebody: &'static str,
    pub(super) caller_is: &'static str,
    pub(super) said: &'static str,
    pub(super) unknown_reason: &'static str,
    pub(super) answered: &'static str,
    pub(super) sounds: &'static str,
    pub(super) not_confirmed: &'static str,
    pub(super) hello: &'static str,
    pub(super) i_have: &'static str,
    pub(super) i_know: &'static str,
    moods: [&'static str; 4],
    /// By the policy's short reason; `{}` is the part after the colon.
    whys: &'static [(&'static str, &'static str)],
}

const ENGLISH: Phrases = Phrases {
    somebody: "a caller who withholds the number",
    caller_is: "The caller is",
    said: "The caller said:",
    unknown_reason: "The caller has not said what for.",
    answered: "Already answered:",
    sounds: "Sounds",
    not_confirmed: "not confirmed",
    hello: "Hello",
    i_have: "I have your",
    i_know: "I already know what this is about",
    moods: ["calm", "friendly", "annoyed", "angry"],
    whys: &[
        ("asked_for_human", "Asked for a person."),
        ("critical", "Critical matter: {}."),
        ("low_confidence", "The assistant could not hear well enough."),
        ("not_understood", "The assistant did not understand."),
        ("repeated", "Has asked the same again."),
        ("anger", "Is angry."),
        ("frustration", "Is losing patience."),
        ("sarcasm", "Is losing patience."),
        ("raised_voice", "Has raised their voice."),
        ("service_failed", "A service on our side failed."),
        ("silence", "Nothing was heard for a while."),
    ],
};

const ROMANIAN: Phrases = Phrases {
    somebody: "cineva cu număr ascuns",
    caller_is: "Sună",
    said: "A spus:",
    unknown_reason: "Nu a spus pentru ce sună.",
    answered: "Am răspuns deja:",
    sounds: "Pare",
    not_confirmed: "neconfirmat",
    hello: "Bună ziua",
    i_have: "am aici",
    i_know: "știu deja despre ce este vorba",
    moods: ["fără supărare", "prietenos", "nemulțumit", "furios"],
    whys: &[
        ("asked_for_human", "A cerut un om."),
        ("critical", "Chestiune importantă: {}."),
        ("low_confidence", "Asistentul nu a auzit destul de bine."),
        ("not_understood", "Asistentul nu a înțeles."),
        ("repeated", "A întrebat din nou același lucru."),
        ("anger", "Este furios."),
        ("frustration", "Își pierde răbdarea."),
        ("sarcasm", "Își pierde răbdarea."),
        ("raised_voice", "A ridicat vocea."),
        ("service_failed", "Un serviciu de-al nostru nu a răspuns."),
        ("silence", "Nu s-a auzit nimic o vreme."),
    ],
};

impl Phrases {
    /// The words of a flow's language.
    pub(super) fn of(code: &str) -> &'static Self {
        match Language::of(code) {
            Language::English => &ENGLISH,
            Language::Romanian => &ROMANIAN,
        }
    }

    /// A mood in a word.
    pub(super) const fn mood(&self, mood: Mood) -> &'static str {
        match mood {
            Mood::Calm => self.moods[0],
            Mood::Friendly => self.moods[1],
            Mood::Annoyed => self.moods[2],
            Mood::Angry => self.moods[3],
        }
    }

    /// A short reason of the policy, spoken.
    pub(super) fn why(&self, reason: &str) -> Option<String> {
        let (kind, matter) = reason.split_once(':').unwrap_or((reason, ""));
        let (_, text) = self.whys.iter().find(|(name, _)| *name == kind)?;
        Some(text.replace("{}", &matter.replace('_', " ")))
    }
}
