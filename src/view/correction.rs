//! What an agent says that the bot should have done: a proposal for the operator, with the words and the sound that it is about.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    call::{
        ids::{AgentId, CallId},
        record::{Entry, What},
    },
    view::{Numbered, Stamp},
};

/// What becomes of a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionState {
    /// Nobody has decided yet.
    Proposed,
}

/// One correction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Correction {
    /// Its id.
    pub id: String,
    /// The call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// The entry of the call that is wrong.
    pub seq: u64,
    /// Who says so.
    #[schema(value_type = String)]
    pub agent: AgentId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created: Stamp,
    /// What the caller had said.
    pub heard: Option<String>,
    /// What that was taken for.
    pub intent: Option<String>,
    /// What the bot said.
    pub said: Option<String>,
    /// Where both can be heard, milliseconds of the call: `/recording?from=&to=`.
    pub span: (u64, u64),
    /// What the bot should have said.
    pub should_say: Option<String>,
    /// The intent that it was.
    pub should_mean: Option<String>,
    /// What else the operator should know.
    pub note: Option<String>,
    /// Whether somebody has decided about it.
    pub state: CorrectionState,
}

/// What an entry is about, as a correction repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// What the caller had said.
    pub heard: Option<String>,
    /// What that was taken for.
    pub intent: Option<String>,
    /// What the bot said.
    pub said: Option<String>,
    /// From the caller's first word to the bot's last one.
    pub span: (u64, u64),
}

impl About {
    /// The words around a turn of the bot or of the caller. None if the entry is no turn, or not there.
    #[must_use]
    pub fn of<'e>(seq: u64, entries: impl IntoIterator<Item = &'e Numbered> + Clone) -> Option<Self> {
        let entry = &entries.clone().into_iter().find(|item| item.seq == seq)?.entry;
        let number = match &entry.what {
            What::CallerTurn { turn, .. } | What::BotTurn { turn, .. } => *turn,
            _ => return None,
        };
        let turns = entries.into_iter().map(|item| &item.entry);
        let mut about = Self { heard: None, intent: None, said: None, span: (u64::MAX, 0) };
        for turn in turns {
            about.take(turn, entry, number);
        }
        Some(about)
    }

    /// Of several turns of the bot to the same words only the one that is meant counts; without one, the first.
    fn take(&mut self, turn: &Entry, meant: &Entry, number: u32) {
        match &turn.what {
            What::CallerTurn { turn, text, from, to, understood, .. } if *turn == number && number > 0 => {
                self.heard = Some(text.clone());
                self.intent = understood.as_ref().and_then(|meaning| meaning.intent.clone());
                self.widen(from.0, to.0);
            }
            What::BotTurn { turn: answers, text, from, to, .. } if *answers == number => {
                let is_meant = std::ptr::eq(turn, meant);
                if is_meant || (self.said.is_none() && matches!(meant.what, What::CallerTurn { .. })) {
                    self.said = Some(text.clone());
                    self.widen(from.0, to.0);
                }
            }
            _ => {}
        }
    }

    fn widen(&mut self, from: u64, to: u64) {
        self.span = (self.span.0.min(from), self.span.1.max(to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{
        record::Meaning,
        time::Time,
        understanding::{Scored, Tone},
    };

    fn entries() -> Vec<Numbered> {
        let bot = |turn, text: &str, from, to| What::BotTurn {
            turn,
            node: "n".to_owned(),
            text: text.to_owned(),
            heard: text.to_owned(),
            interrupted: false,
            from: Time(from),
            to: Time(to),
            reply_ms: None,
        };
        let meaning = Meaning {
            intent: Some("order_status".to_owned()),
            confidence: 0.9,
            intents: vec![Scored { name: "order_status".to_owned(), score: 0.9 }],
            knowledge: Vec::new(),
            tone: Tone::default(),
            cited: Vec::new(),
        };
        let said = What::CallerTurn {
            turn: 1,
            text: "Can I send it back?".to_owned(),
            confidence: 0.9,
            from: Time(2_000),
            to: Time(3_000),
            understood: Some(meaning),
        };
        let whats = [bot(0, "Hello.", 0, 1_500), said, bot(1, "One moment.", 3_500, 4_000), bot(1, "It was sent.", 5_000, 6_000)];
        (1..).zip(whats).map(|(seq, what)| Numbered { seq, entry: Entry { at: Time(0), what } }).collect()
    }

    #[test]
    fn a_correction_knows_the_words_and_the_sound_that_it_is_about() {
        let entries = entries();
        let of = |seq| About::of(seq, &entries);
        let about = of(4).unwrap();
        assert_eq!((about.heard.as_deref(), about.said.as_deref()), (Some("Can I send it back?"), Some("It was sent.")));
        assert_eq!((about.intent.as_deref(), about.span), (Some("order_status"), (2_000, 6_000)));
        let about = of(2).unwrap();
        assert_eq!((about.said.as_deref(), about.span), (Some("One moment."), (2_000, 4_000)));
        let greeting = of(1).unwrap();
        assert_eq!((greeting.heard, greeting.said.as_deref(), greeting.span), (None, Some("Hello."), (0, 1_500)));
        assert_eq!(of(9), None);
    }
}
