//! What is struck out of the record while it is written: card numbers, passwords and the like, wherever they come up again.

use crate::call::{
    flow::text::plain_letters,
    language::Language,
    record::{CONCEALED, HandoffStep, InquiryStep, Summary, What},
    redact::{self, Redactor},
    time::Time,
};

/// A turn's sound may begin a little before it was noticed, and end after it.
const MARGIN_MS: u64 = 300;

/// Keys that come so soon after each other are one number.
const KEYS_MS: u64 = 3_000;

/// The figure that stands for a key.
const KEY: char = '•';

/// Struck out things and stretches that are remembered, of each call.
const KEPT: usize = 64;

/// Shorter things are in too many words.
const LEAST_SECRET: usize = 4;

/// Something was struck out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) from: Time,
    pub(crate) to: Time,
    pub(crate) kinds: Vec<String>,
}

/// What was struck out so far, and what strikes.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    redactor: Option<Redactor>,
    spans: Vec<(Time, Time)>,
    secrets: Vec<Secret>,
    keys: Keys,
}

/// Something that was struck out.
#[derive(Debug)]
struct Secret {
    kind: String,
    words: String,
    letters: String,
}

/// Keys that follow each other.
#[derive(Debug, Default)]
struct Keys {
    pressed: String,
    from: Time,
    last: Time,
}

impl Struck {
    pub(crate) fn new(redactor: Redactor) -> Self {
        Self { redactor: Some(redactor), ..Self::default() }
    }

    pub(crate) fn follow(&mut self, language: &'static Language) {
        if let Some(redactor) = &mut self.redactor {
            redactor.follow(language);
        }
    }

    /// What may be written down of something, and which stretch of the call it strikes out.
    pub(crate) fn strike(&mut self, what: What, now: Time) -> (What, Option<Cut>) {
        let Some(redactor) = &mut self.redactor else { return (what, None) };
        match what {
            What::Hearing { text } => (What::Hearing { text: redactor.growing(&text, now).text }, None),
            What::CallerTurn { turn, text, confidence, from, to, understood } => {
                let struck = redactor.said(&text, from, to);
                let cut = self.cut(&struck, (struck.since.unwrap_or(from), to));
                (What::CallerTurn { turn, text: struck.text, confidence, from, to, understood }, cut)
            }
            What::AgentTurn { agent, text, confidence, from, to } => {
                let struck = redactor.agent_said(&text, from, to);
                let cut = self.cut(&struck, (struck.since.unwrap_or(from), to));
                (What::AgentTurn { agent, text: struck.text, confidence, from, to }, cut)
            }
            What::BotTurn { turn, node, text, heard, interrupted, from, to, reply_ms } => {
                let (text, spoken) = (self.written(&text).text, self.written(&heard));
                let cut = self.cut(&spoken, (from, to));
                (What::BotTurn { turn, node, text, heard: spoken.text, interrupted, from, to, reply_ms }, cut)
            }
            What::Fact { mut fact } => {
                fact.value = self.value(&fact.value);
                (What::Fact { fact }, None)
            }
            What::Evidence { mut evidence } => {
                let (from, to) = evidence.span;
                evidence.quote = if self.overlaps(from, to) { CONCEALED.to_owned() } else { self.written(&evidence.quote).text };
                (What::Evidence { evidence }, None)
            }
            What::Decision { mut decision } => {
                decision.why = self.written(&decision.why).text;
                (What::Decision { decision }, None)
            }
            What::AskedAgain { agent, about, label, question, score, from, to } => {
                let question = if self.overlaps(from, to) { CONCEALED.to_owned() } else { self.written(&question).text };
                (What::AskedAgain { agent, about, label, question, score, from, to }, None)
            }
            What::Tried { line } => (What::Tried { line: self.written(&line).text }, None),
            What::Key { digit } => self.key(digit, now),
            What::Handoff { step } => self.step(step),
            what @ (What::Arrived { .. }
            | What::CallsBack { .. }
            | What::Answered
            | What::Owner { .. }
            | What::Notice { .. }
            | What::Language { .. }
            | What::Private { .. }
            | What::Redacted { .. }
            | What::Consent { .. }
            | What::LookUp { .. }
            | What::Supervised { .. }
            | What::FarEnd { .. }
            | What::Cause { .. }
            | What::Quality { .. }
            | What::Trouble { .. }
            | What::Ended { .. }) => (what, None),
        }
    }

    /// Most of a summary is made of what was written down; only what has words of its own is looked at.
    fn step(&mut self, step: HandoffStep) -> (What, Option<Cut>) {
        let (step, cut) = match step {
            HandoffStep::Voicemail { from, to, text } => {
                let struck = self.redactor.clone().map(|mut redactor| redactor.said(&text, from, to)).unwrap_or_default();
                // It is made of turns, of which one may have been struck out for what was said before it.
                let hidden = struck.is_nothing() && self.overlaps(from, to);
                let text = if hidden { CONCEALED.to_owned() } else { struck.text.clone() };
                (HandoffStep::Voicemail { from, to, text }, self.cut(&struck, (from, to)))
            }
            HandoffStep::Started { queue, mut summary } => {
                self.strike_summary(&mut summary);
                (HandoffStep::Started { queue, summary }, None)
            }
            HandoffStep::Inquiry { inquiry } => (HandoffStep::Inquiry { inquiry: self.inquiry(inquiry) }, None),
            HandoffStep::CallerTold { text } => (HandoffStep::CallerTold { text: self.written(&text).text }, None),
            step => (step, None),
        };
        (What::Handoff { step }, cut)
    }

    fn strike_summary(&self, summary: &mut Summary) {
        for text in [&mut summary.reason, &mut summary.why_now, &mut summary.suggested_opening, &mut summary.do_first] {
            *text = self.told(text);
        }
        let open = summary.open_question.as_deref().map(|question| self.told(question));
        summary.open_question = open;
        for lines in [&mut summary.tried, &mut summary.last_words, &mut summary.spoken, &mut summary.more] {
            lines.iter_mut().for_each(|line| *line = self.told(line));
        }
    }

    /// What a human is asked, and what they answer.
    fn inquiry(&self, mut inquiry: InquiryStep) -> InquiryStep {
        match &mut inquiry {
            InquiryStep::Asked { question, suggestions, summary, .. } => {
                *question = self.told(question);
                suggestions.iter_mut().for_each(|suggestion| suggestion.text = self.told(&suggestion.text));
                self.strike_summary(summary);
            }
            InquiryStep::Answered { text, .. } => *text = self.told(text),
            InquiryStep::SaidBack { .. } | InquiryStep::NotUnderstood { .. } | InquiryStep::Ended { .. } => {}
        }
        inquiry
    }

    /// Of a number that is keyed only the first figure is written down: alone it is a choice. What the flow asked for is a fact.
    fn key(&mut self, digit: char, now: Time) -> (What, Option<Cut>) {
        let Some(redactor) = self.redactor.as_ref().filter(|redactor| redactor.strikes_numbers()) else {
            return (What::Key { digit }, None);
        };
        if self.keys.pressed.is_empty() || now > self.keys.last.plus(KEYS_MS) || self.keys.pressed.len() >= KEPT {
            self.keys = Keys { pressed: digit.to_string(), from: now, last: now };
            return (What::Key { digit }, None);
        }
        self.keys.pressed.push(digit);
        self.keys.last = now;
        let kind = redactor.keyed(&self.keys.pressed);
        let cut = kind.and_then(|kind| {
            let struck = redact::Struck { kinds: vec![kind.to_owned()], secrets: vec![self.keys.pressed.clone()], ..Default::default() };
            self.cut(&struck, (self.keys.from, now))
        });
        (What::Key { digit: KEY }, cut)
    }

    /// A text without what shows by itself what it is, and without what was struck out before.
    fn written(&self, text: &str) -> redact::Struck {
        let Some(redactor) = &self.redactor else { return redact::Struck { text: text.to_owned(), ..Default::default() } };
        let struck = redactor.written(text);
        // Word for word, as quotes have it; or in other words, and then all of it goes. The longest first: another may be a part of it.
        let mut struck = struck;
        for secret in self.secrets.iter().filter(|secret| secret.letters.len() >= LEAST_SECRET) {
            if letters(&struck.text).contains(&secret.letters) {
                let without = struck.text.replace(&secret.words, CONCEALED);
                struck.text = if letters(&without).contains(&secret.letters) { CONCEALED.to_owned() } else { without };
                struck.kinds.push(secret.kind.clone());
                struck.secrets.push(secret.words.clone());
            }
        }
        struck
    }

    /// A turn that was written down already is a part of what is struck out.
    pub(crate) fn remember(&mut self, kind: &str, words: &str) {
        self.secrets.push(Secret { kind: kind.to_owned(), words: words.to_owned(), letters: letters(words) });
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.letters.len()));
    }

    /// A text of the brain's own, for people.
    pub(crate) fn told(&self, text: &str) -> String {
        self.written(text).text
    }

    /// A value, which besides may be a part of what was struck out.
    fn value(&self, value: &str) -> String {
        let plain = letters(value);
        let part = plain.len() >= LEAST_SECRET && self.secrets.iter().any(|secret| secret.letters.contains(&plain));
        if part { CONCEALED.to_owned() } else { self.written(value).text }
    }

    fn overlaps(&self, from: Time, to: Time) -> bool {
        self.spans.iter().any(|(start, end)| from < *end && *start < to)
    }

    fn cut(&mut self, struck: &redact::Struck, (from, to): (Time, Time)) -> Option<Cut> {
        if struck.is_nothing() {
            return None;
        }
        struck.kinds.iter().zip(&struck.secrets).for_each(|(kind, words)| self.remember(kind, words));
        self.spans.push((from, to));
        self.secrets.truncate(KEPT);
        self.spans.drain(..self.spans.len().saturating_sub(KEPT));
        Some(Cut { from: Time(from.0.saturating_sub(MARGIN_MS)), to: to.plus(MARGIN_MS), kinds: struck.kinds.clone() })
    }
}

fn letters(text: &str) -> String {
    plain_letters(text).chars().filter(|c| c.is_alphanumeric()).collect()
}
