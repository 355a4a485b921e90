//! When a human is the better answer: signals → ledger of evidence → policy, with the reason. Decided before the flow steps.

pub mod policy;

use std::sync::Arc;

use crate::call::{
    flow::{Destination, Flow},
    record::{Decision, Evidence, Signal},
    time::Time,
    understanding::Understanding,
};

/// One turn of the caller, as the policy sees it.
#[derive(Debug, Clone, Copy)]
pub struct TurnSeen<'a> {
    /// The words.
    pub text: &'a str,
    /// The recogniser's confidence, 0..=1.
    pub confidence: f32,
    /// Where it was said.
    pub span: (Time, Time),
    /// What was understood.
    pub understanding: &'a Understanding,
    /// What the flow takes it to mean ([`Dialogue::intent_of`](crate::call::flow::dialogue::Dialogue::intent_of)).
    pub intent: Option<&'a str>,
    /// A value is expected, and the turn holds nothing else ("four five seven").
    pub is_value: bool,
}

/// The ledger of one call.
#[derive(Debug, Clone)]
pub struct Escalation {
    flow: Arc<Flow>,
    ledger: Vec<Evidence>,
    drained: usize,
}

impl Escalation {
    /// An empty ledger.
    #[must_use]
    pub fn new(flow: Arc<Flow>) -> Self {
        Self { flow, ledger: Vec::new(), drained: 0 }
    }

    /// Looks for signals in a turn of the caller.
    pub fn turn(&mut self, _turn: &TurnSeen<'_>) {}

    /// Notes a signal that does not come from words: a key, silence, a failed service.
    pub fn note(&mut self, signal: Signal, quote: &str, span: (Time, Time)) {
        let number = u32::try_from(self.ledger.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.ledger.push(Evidence { number, signal, quote: quote.to_owned(), span, weight: 1.0, certainty: 1.0 });
    }

    /// What was noted since the last time.
    pub fn drain_evidence(&mut self) -> Vec<Evidence> {
        let new = self.ledger[self.drained..].to_vec();
        self.drained = self.ledger.len();
        new
    }

    /// A human, or stay?
    #[must_use]
    pub fn decide(&self, _now: Time) -> Decision {
        let asked = self.ledger.iter().any(|evidence| matches!(evidence.signal, Signal::AskedForHuman | Signal::FlowAsked));
        Decision {
            escalate: asked,
            score: if asked { 1.0 } else { 0.0 },
            threshold: self.flow.escalation.threshold,
            reasons: if asked { vec!["asked_for_human".to_owned()] } else { Vec::new() },
            evidence: self.ledger.iter().map(|evidence| evidence.number).collect(),
            why: String::new(),
            would_change: String::new(),
        }
    }

    /// Where the caller is sent: the queue of the strongest critical matter, else of what the caller wants.
    #[must_use]
    pub fn destination(&self, intent: Option<&str>) -> Destination {
        self.flow.queue_for(intent)
    }
}
