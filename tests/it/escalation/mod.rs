//! When a human is called, and why.

mod policy;
mod sentences;
mod voice;

use std::{fs, sync::Arc};

use warmline::call::{
    escalation::{Escalation, TurnSeen},
    flow::Flow,
    record::{Decision, Signal},
    time::Time,
    understanding::{Scored, Tone, Understanding},
};

/// The example flow.
pub(crate) fn flow() -> Arc<Flow> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/flows/support.en.yaml")).unwrap();
    Arc::new(Flow::parse(&text, "support.en.yaml").unwrap())
}

/// A ledger that is told turns.
pub(crate) struct Ledger {
    pub(crate) escalation: Escalation,
    pub(crate) now: Time,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self::of(&flow())
    }

    pub(crate) fn of(flow: &Arc<Flow>) -> Self {
        Self { escalation: Escalation::new(Arc::clone(flow)), now: Time::ZERO }
    }

    pub(crate) fn says(&mut self, text: &str) -> Decision {
        self.hears(text, 0.95, &Understanding::default())
    }

    pub(crate) fn hears(&mut self, text: &str, confidence: f32, understanding: &Understanding) -> Decision {
        let span = (self.now.plus(1_000), self.now.plus(3_000));
        self.now = span.1;
        self.escalation.turn(&TurnSeen { text, confidence, span, understanding, intent: None, is_value: false });
        self.escalation.decide(self.now)
    }

    pub(crate) fn note(&mut self, signal: Signal) -> Decision {
        self.now = self.now.plus(5_000);
        self.escalation.note(signal, "it happened", (self.now, self.now));
        self.escalation.decide(self.now)
    }
}

pub(crate) fn intent(name: &str, score: f32) -> Understanding {
    Understanding { intents: vec![Scored { name: name.to_owned(), score }], ..Understanding::default() }
}

pub(crate) fn tone(tone: Tone) -> Understanding {
    Understanding { tone, ..Understanding::default() }
}
