//! When a human is the better answer: signals → ledger of evidence → policy, with the reason. Decided before the flow steps. No model: words and scores.

pub(in crate::call) mod clause;
mod decide;
mod detect;
pub(in crate::call) mod lexicon;
pub(in crate::call) mod patterns;
pub mod policy;

use std::sync::Arc;

pub use decide::word;

use crate::call::{
    caller::Caller,
    escalation::{decide::Before, detect::SoFar, patterns::Patterns, policy::CriticalRule},
    flow::{Destination, Flow},
    prosody::Baseline,
    record::{Decision, Evidence, Signal},
    time::{Time, WallTime},
    understanding::{Understanding, Voice},
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
    /// It is an answer to what was asked, and nothing else ("four five seven", "yes").
    pub is_value: bool,
}

/// The ledger of one call.
#[derive(Debug, Clone)]
pub struct Escalation {
    flow: Arc<Flow>,
    patterns: Arc<Patterns>,
    ledger: Vec<Evidence>,
    drained: usize,
    /// Evidence before this one was settled by a handoff that came back.
    settled: usize,
    /// Evidence before this one has had its care.
    cared: usize,
    before: Before,
    low_turns: u32,
    /// The caller has said something.
    said: bool,
    voice: Baseline,
}

impl Escalation {
    /// An empty ledger.
    #[must_use]
    pub fn new(flow: Arc<Flow>) -> Self {
        let patterns = Arc::clone(flow.patterns());
        let voice = Baseline::default();
        Self {
            flow,
            patterns,
            ledger: Vec::new(),
            drained: 0,
            settled: 0,
            cared: 0,
            before: Before::default(),
            low_turns: 0,
            said: false,
            voice,
        }
    }

    /// Looks for signals in a turn of the caller.
    pub fn turn(&mut self, turn: &TurnSeen<'_>) {
        self.confidence(turn);
        let bad = |signal: &Signal| {
            matches!(
                signal,
                Signal::NotUnderstood
                    | Signal::Repeated
                    | Signal::ServiceFailed
                    | Signal::Frustration
                    | Signal::Anger
                    | Signal::LowConfidence
            )
        };
        let so_far = SoFar { bad: self.ledger.iter().any(|evidence| bad(&evidence.signal)), said: self.said };
        self.said = true;
        for found in detect::signals(turn, &self.flow, &self.patterns, so_far) {
            self.add(found.signal, &found.quote, turn.span, found.certainty);
        }
    }

    fn confidence(&mut self, turn: &TurnSeen<'_>) {
        let policy = &self.flow.escalation;
        self.low_turns = if turn.confidence < policy.low_confidence_below { self.low_turns + 1 } else { 0 };
        if policy.low_confidence_turns > 0 && self.low_turns >= policy.low_confidence_turns {
            self.add(Signal::LowConfidence, turn.text, turn.span, 1.0);
        }
    }

    /// Listens to how a turn was said, beside the turns before it. `cut_in`: it began while the bot was speaking.
    pub fn voice(&mut self, voice: &Voice, cut_in: bool, span: (Time, Time)) {
        if !self.flow.escalation.tone {
            return;
        }
        let judged = self.voice.hear(voice, cut_in);
        if judged.score >= self.flow.escalation.raised_voice_above {
            self.add(Signal::RaisedVoice, &judged.in_words(), span, judged.score);
        }
    }

    /// Notes a signal that does not come from words: a key, silence, a failed service, a turn that the flow could not use.
    pub fn note(&mut self, signal: Signal, quote: &str, span: (Time, Time)) {
        // Said and seen in the same turn, it is one signal.
        let twice = self.ledger.iter().rev().take_while(|evidence| evidence.span == span).any(|evidence| evidence.signal == signal);
        if !twice {
            self.add(signal, quote, span, 1.0);
        }
    }

    fn add(&mut self, signal: Signal, quote: &str, span: (Time, Time), certainty: f32) {
        let number = u32::try_from(self.ledger.len()).unwrap_or(u32::MAX).saturating_add(1);
        let weight = decide::rule(&self.flow.escalation, &signal).weight;
        self.ledger.push(Evidence { number, signal, quote: quote.to_owned(), span, weight, certainty });
    }

    /// What was noted since the last time.
    pub fn drain_evidence(&mut self) -> Vec<Evidence> {
        let new = self.ledger[self.drained..].to_vec();
        self.drained = self.ledger.len();
        new
    }

    /// A human, or stay?
    #[must_use]
    pub fn decide(&self, now: Time) -> Decision {
        let mut decision = decide::decide(&self.ledger[self.settled..], &self.flow.escalation, self.before, now);
        if !decision.escalate && self.before.refused.is_none_or(|at| now.since(at) >= self.flow.escalation.cool_down_ms) {
            decision.care = decide::care(&self.ledger[self.cared.max(self.settled)..], &self.flow.escalation);
        }
        decision
    }

    /// The care that the last decision asked for was given.
    pub fn cared(&mut self) {
        self.cared = self.ledger.len();
    }

    /// The caller does not want a human now.
    pub fn declined(&mut self, now: Time) {
        self.before.refused = Some(now);
    }

    /// Whether somebody of the queue is there to which this intent's callers come.
    pub fn see_queue(&mut self, intent: Option<&str>, now: WallTime) {
        self.before.closed = self.flow.closed(&self.destination(intent).queue, now).is_some();
    }

    /// An empty ledger but for who calls, where that speaks for a human.
    #[must_use]
    pub fn for_caller(flow: Arc<Flow>, caller: &Caller) -> Self {
        let mut escalation = Self::new(flow);
        escalation.note_caller(caller);
        escalation
    }

    fn note_caller(&mut self, caller: &Caller) {
        let digits = |number: &str| number.chars().filter(char::is_ascii_digit).collect::<String>();
        let number = digits(&caller.number);
        let is_vip = |listed: &String| !digits(listed).is_empty() && number.ends_with(&digits(listed));
        if self.flow.escalation.vip.iter().any(is_vip) || caller.is_vip() {
            self.note(Signal::Vip, "", (Time::ZERO, Time::ZERO));
        }
    }

    /// It is known now who calls.
    pub fn caller_is_known(&mut self, caller: &Caller) {
        if !self.ledger.iter().any(|evidence| evidence.signal == Signal::Vip) {
            self.note_caller(caller);
        }
    }

    /// The handoff is over and the caller is back with the bot: what was noted so far calls nobody again.
    pub fn settle(&mut self, now: Time) {
        self.settled = self.ledger.len();
        self.before = Before { refused: Some(now), handoffs: self.before.handoffs + 1, ..self.before };
        self.low_turns = 0;
    }

    /// Where the caller is sent: to the queue of the latest critical matter that has one, else of what the caller wants.
    #[must_use]
    pub fn destination(&self, intent: Option<&str>) -> Destination {
        let of_matter = self.ledger[self.settled..].iter().rev().find_map(|evidence| match &evidence.signal {
            Signal::Critical { matter } => self.flow.escalation.critical.get(matter),
            _ => None,
        });
        match of_matter {
            Some(CriticalRule { queue: Some(queue), .. }) => self.flow.destination(queue),
            Some(rule) => self.flow.queue_for(rule.intents.first().map(String::as_str).or(intent)),
            None => self.flow.queue_for(intent),
        }
    }

    /// The intent that the words of the last turn name, where the meaning alone was not sure: of a critical matter, or of asking for a human.
    #[must_use]
    pub fn named_intent(&self) -> Option<&str> {
        let span = self.ledger.last()?.span;
        self.ledger.iter().rev().take_while(|evidence| evidence.span == span).find_map(|evidence| match &evidence.signal {
            Signal::Critical { matter } => {
                self.flow.escalation.critical.get(matter).and_then(|rule| rule.intents.first()).map(String::as_str)
            }
            Signal::AskedForHuman => self.flow.human_intent(),
            _ => None,
        })
    }
}
