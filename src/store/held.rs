//! Lines of an event log that may tell what is struck out. They wait until the turn is over: by then it is known.

use std::collections::VecDeque;

use crate::{
    call::{
        action::Action,
        event::Event,
        ids::LegId,
        language::Language,
        record::{Entry, What},
        redact::{Redactor, Rules},
        time::Time,
    },
    store::event_log::Line,
};

/// Lines that may wait; then those that tell words are given up.
const MOST: usize = 4_096;

/// Lines do not wait for longer.
const LONGEST_MS: u64 = 60_000;

/// Keys that come so soon after each other are one number.
const KEYS_MS: u64 = 3_000;

/// So long after something was struck out the answers to it still tell it.
const AFTER_MS: u64 = 5_000;

/// A line in waiting; none: it is not written, and counts as missing.
type Kept = Option<Line>;

/// The lines of one call that wait.
#[derive(Debug)]
pub(super) struct Held {
    /// One for each language in which the call may be held.
    redactors: Vec<Redactor>,
    lines: VecDeque<Kept>,
    /// Since when they wait; none: nothing is held.
    since: Option<Time>,
    struck_until: Option<Time>,
    keys: usize,
    last_key: Time,
}

impl Held {
    pub(super) fn new(rules: &Rules, languages: &[&'static Language]) -> Self {
        let redactors = languages.iter().map(|language| Redactor::new(rules, language)).collect();
        Self { redactors, lines: VecDeque::new(), since: None, struck_until: None, keys: 0, last_key: Time::ZERO }
    }

    /// The brain is about to be told this.
    pub(super) fn told(&mut self, at: Time, event: &Event) {
        match event {
            Event::Digit { leg: LegId::CALLER, .. } => {
                self.keys = if at > self.last_key.plus(KEYS_MS) { 1 } else { self.keys + 1 };
                self.last_key = at;
                let doubtful = self.redactors.iter().any(|redactor| self.keys >= redactor.doubtful_from());
                self.hold(doubtful, at);
            }
            Event::Partial { text, .. } => self.hold(self.is_doubtful(text, at), at),
            Event::WrittenDown { text, .. } => self.hold(self.is_doubtful(text, at), at),
            Event::Heard { transcript, .. } => self.hold(self.is_doubtful(&transcript.text, at), at),
            _ => {}
        }
        let keyed = self.keys > 0 && at > self.last_key.plus(KEYS_MS);
        if keyed {
            self.keys = 0;
        }
        if self.since.is_some_and(|since| at > since.plus(LONGEST_MS)) {
            self.give_up();
        } else if keyed && !self.is_doubtful("", at) {
            self.since = None;
        }
    }

    /// A line, in its order. `secret`: it is never written.
    pub(super) fn push(&mut self, line: Line, secret: bool) {
        let late = self.struck_until.is_some_and(|until| at(&line) < until) && tells(&line);
        let kept = (!secret && !late && !self.shows(&line)).then_some(line);
        self.lines.push_back(kept);
        if self.lines.len() > MOST {
            self.give_up();
        }
    }

    /// The next line that is decided; it is none if it is not written.
    pub(super) fn pop(&mut self) -> Option<Kept> {
        if self.since.is_some() { None } else { self.lines.pop_front() }
    }

    /// What was said is struck out: what waits and tells it is never written.
    pub(super) fn struck(&mut self, at: Time, (from, to): (Time, Time)) {
        for line in self.lines.iter_mut().flatten() {
            if let Line::Action { action: Action::Record(entry), .. } = line {
                entry.blot(from, to);
            }
        }
        self.struck_until = Some(at.plus(AFTER_MS));
        self.keys = 0;
        self.give_up();
    }

    /// An entry of the record, from which everything was struck out that there was.
    pub(super) fn written(&mut self, entry: &Entry) {
        if let What::CallerTurn { text, from, to, .. } | What::AgentTurn { text, from, to, .. } = &entry.what {
            self.redactors.iter_mut().for_each(|redactor| _ = redactor.said(text, *from, *to));
            if !self.is_doubtful("", *to) && self.keys == 0 {
                self.since = None;
            }
        }
    }

    /// The call is over, and nobody will say any more what it was.
    pub(super) fn end(&mut self) {
        if self.since.is_some() {
            self.give_up();
        }
    }

    fn hold(&mut self, doubtful: bool, at: Time) {
        if doubtful {
            self.since.get_or_insert(at);
        }
    }

    fn give_up(&mut self) {
        self.lines.iter_mut().filter(|line| line.as_ref().is_some_and(tells)).for_each(|line| *line = None);
        self.since = None;
    }

    fn is_doubtful(&self, text: &str, at: Time) -> bool {
        self.redactors.iter().any(|redactor| redactor.is_doubtful(text, at))
    }

    /// Words that the brain says or asks with, and that show by themselves what is struck out.
    fn shows(&self, line: &Line) -> bool {
        let words = match line {
            Line::Action { action: Action::Speak { clauses, .. } | Action::Prepare { clauses }, .. } => clauses.join(" "),
            Line::Action { action: Action::Understand { text, .. } | Action::AskedFor { question: text, .. }, .. } => text.clone(),
            Line::Action { action: Action::LookUp { request, .. }, .. } => {
                std::iter::once(&request.url).chain(request.body.values()).cloned().collect::<Vec<_>>().join(" ; ")
            }
            _ => return false,
        };
        self.redactors.iter().any(|redactor| !redactor.written(&words).is_nothing())
    }
}

const fn at(line: &Line) -> Time {
    match line {
        Line::Event { at, .. } | Line::Timeout { at } | Line::Action { at, .. } => *at,
        Line::Setup(_) | Line::Gap { .. } => Time::ZERO,
    }
}

/// Does a line tell what the caller said or keyed, or what was made of it?
fn tells(line: &Line) -> bool {
    match line {
        Line::Event { event, .. } => {
            matches!(
                event,
                Event::Digit { .. }
                    | Event::Partial { .. }
                    | Event::Heard { .. }
                    | Event::WrittenDown { .. }
                    | Event::Understood { .. }
                    | Event::LookedUp { .. }
            )
        }
        Line::Action { action, .. } => {
            matches!(
                action,
                Action::Understand { .. } | Action::AskedFor { .. } | Action::Speak { .. } | Action::Prepare { .. } | Action::LookUp { .. }
            )
        }
        Line::Setup(_) | Line::Timeout { .. } | Line::Gap { .. } => false,
    }
}
