//! What one leg is being told: one text at a time, what of it was really heard, and taking it up again after a false interruption.

use std::collections::VecDeque;

use crate::call::{
    action::Action,
    clauses,
    event::SpeechEnd,
    ids::{LegId, RequestId},
    io::Io,
    record::What,
    time::Time,
    timer::Timer,
    turn::line::Line,
};

/// A `Speak` that has not begun after this has failed. The caller hears the calm sound long before (see `COMFORT_MS` in `state.rs`).
const START_MS: u64 = 4_000;

/// A `Speak` that has not ended after this and `MS_PER_LETTER` for each letter has failed. Speech runs at 60–90 ms a letter; figures are spoken at length.
const SLACK_MS: u64 = 4_000;
const MS_PER_LETTER: u64 = 300;

/// A stopped `Speak` must report its end within this.
const STOP_MS: u64 = 1_000;

/// A line, and how far it has come.
#[derive(Debug)]
struct Said {
    line: Line,
    /// Clauses that were heard in full in earlier tries: a line that is taken up again has some.
    done: usize,
    /// When its first sound was sent.
    from: Option<Time>,
    /// It has failed before: it is tried once more, not for ever.
    failed: bool,
}

#[derive(Debug)]
enum Saying {
    /// Nothing, since then.
    Nothing { since: Time },
    /// Asked for, not yet to be heard.
    Asked { id: RequestId, said: Said },
    /// To be heard.
    Sounding { id: RequestId, said: Said },
    /// Told to stop; how much was heard is not known yet.
    Stopping { id: RequestId, said: Said, after: AfterStop },
    /// Stopped by the listener's voice, since then, and not given up yet. Of the clause after `said.done`, this fraction was heard.
    Held { said: Said, fraction: f32, since: Time },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterStop {
    /// Perhaps it goes on: the voice may have been a cough.
    Hold,
    /// It goes on: the voice was a cough.
    Resume,
    /// It is over.
    Drop,
}

/// What the owner of the mouth may want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing of interest.
    Nothing,
    /// The first sound of a text.
    Started,
    /// A text was said to its end.
    Finished,
    /// A text could not be said, or not to its end. It is tried once more.
    Failed,
}

/// The mouth towards one leg.
#[derive(Debug)]
pub(crate) struct Mouth {
    leg: LegId,
    timer: Timer,
    saying: Saying,
    queue: VecDeque<Line>,
    /// The listener holds us: what is said waits until it comes back.
    on_hold: bool,
    /// Milliseconds that what is being said was last given.
    given: u64,
}

impl Mouth {
    /// A mouth that says nothing yet.
    pub(crate) fn new(leg: LegId, timer: Timer, now: Time) -> Self {
        Self { leg, timer, saying: Saying::Nothing { since: now }, queue: VecDeque::new(), on_hold: false, given: 0 }
    }

    /// Says a line after what is being said.
    pub(crate) fn say(&mut self, io: &mut Io, line: Line) {
        if line.clauses.is_empty() {
            return;
        }
        if matches!(self.saying, Saying::Nothing { .. }) {
            self.ask(io, Said { line, done: 0, from: None, failed: false });
        } else {
            io.act(Action::Prepare { clauses: line.clauses.clone() });
            self.queue.push_back(line);
        }
    }

    /// The listener puts us on hold, or comes back. Speech waits meanwhile, so that no voice is late; afterwards it has its whole time again.
    pub(crate) fn on_hold(&mut self, io: &mut Io, held: bool) {
        if std::mem::replace(&mut self.on_hold, held) == held {
            return;
        }
        match self.saying {
            Saying::Asked { .. } | Saying::Sounding { .. } if held => io.timers.stop(self.timer),
            Saying::Asked { .. } | Saying::Sounding { .. } => self.give(io, self.given),
            Saying::Nothing { .. } | Saying::Stopping { .. } | Saying::Held { .. } => {}
        }
    }

    /// What is being said may take so long from now on.
    fn give(&mut self, io: &mut Io, ms: u64) {
        self.given = ms;
        if !self.on_hold {
            io.timers.set(self.timer, io.now.plus(ms));
        }
    }

    /// Nothing is said and nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.saying, Saying::Nothing { .. }) && self.queue.is_empty()
    }

    /// Since when nothing has been said, if nothing is.
    pub(crate) fn silent_since(&self) -> Option<Time> {
        match &self.saying {
            Saying::Nothing { since } | Saying::Held { since, .. } => Some(*since),
            Saying::Asked { .. } | Saying::Sounding { .. } | Saying::Stopping { .. } => None,
        }
    }

    /// The listener can hear it now.
    pub(crate) fn is_sounding(&self) -> bool {
        matches!(self.saying, Saying::Sounding { .. })
    }

    /// The line that is being said, or will be as soon as it is ready, may be interrupted.
    pub(crate) fn may_interrupt(&self) -> bool {
        match &self.saying {
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } => said.line.interruptible,
            Saying::Nothing { .. } | Saying::Stopping { .. } | Saying::Held { .. } => false,
        }
    }

    /// The line that can be heard now comes from this node.
    pub(crate) fn sounding_node(&self) -> Option<&str> {
        match &self.saying {
            Saying::Sounding { said, .. } => Some(&said.line.node),
            Saying::Nothing { .. } | Saying::Asked { .. } | Saying::Stopping { .. } | Saying::Held { .. } => None,
        }
    }

    /// The text that is being said, or was until the listener's voice stopped it.
    pub(crate) fn text(&self) -> String {
        match &self.saying {
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } | Saying::Stopping { said, .. } | Saying::Held { said, .. } => {
                said.line.clauses.join(" ")
            }
            Saying::Nothing { .. } => String::new(),
        }
    }

    /// A line was interrupted, and it is not decided yet whether it goes on.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.saying, Saying::Held { .. } | Saying::Stopping { after: AfterStop::Hold, .. })
    }

    /// The listener's voice interrupts: stop, and remember where.
    pub(crate) fn hold(&mut self, io: &mut Io) {
        self.stop(io, AfterStop::Hold);
    }

    /// The voice was a cough or a "mhm": go on from the clause in which it fell.
    pub(crate) fn resume(&mut self, io: &mut Io) {
        match self.take(io) {
            Saying::Held { said, .. } => self.ask(io, said),
            Saying::Stopping { id, said, after: AfterStop::Hold } => self.saying = Saying::Stopping { id, said, after: AfterStop::Resume },
            other => self.saying = other,
        }
    }

    /// What may be interrupted is over, said or not: the listener took the turn with a voice that began at `voice`. What must be said stays, and so does
    /// what was decided on after that.
    pub(crate) fn give_up(&mut self, io: &mut Io, voice: Time) {
        let stays = |line: &Line| !line.interruptible || line.at > voice;
        self.queue.retain(stays);
        match self.take(io) {
            Saying::Held { said, .. } if stays(&said.line) => self.ask(io, said),
            Saying::Held { said, fraction, .. } => {
                self.write_down(io, &said, fraction, true);
                self.next(io);
            }
            Saying::Stopping { id, said, after } => {
                let after = match after {
                    AfterStop::Hold | AfterStop::Resume if stays(&said.line) => AfterStop::Resume,
                    AfterStop::Hold | AfterStop::Resume | AfterStop::Drop => AfterStop::Drop,
                };
                self.saying = Saying::Stopping { id, said, after };
            }
            Saying::Asked { id, said } if !stays(&said.line) => {
                self.saying = Saying::Asked { id, said };
                self.stop(io, AfterStop::Drop);
            }
            Saying::Sounding { id, said } if !stays(&said.line) => {
                self.saying = Saying::Sounding { id, said };
                self.stop(io, AfterStop::Drop);
            }
            other => self.saying = other,
        }
    }

    /// The line that was said or queued last gives an answer. Says whether there is such a line.
    pub(crate) fn answers(&mut self, answer: &str) -> bool {
        let line = self.queue.back_mut().or(match &mut self.saying {
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } | Saying::Stopping { said, .. } | Saying::Held { said, .. } => {
                Some(&mut said.line)
            }
            Saying::Nothing { .. } => None,
        });
        let found = line.is_some();
        if let Some(line) = line {
            line.answers = Some(answer.to_owned());
        }
        found
    }

    /// Nothing that waits will be said.
    pub(crate) fn forget_queue(&mut self) {
        self.queue.clear();
    }

    /// All of it is over: something else has to be said now, or nothing any more.
    pub(crate) fn silence(&mut self, io: &mut Io) {
        self.queue.clear();
        match self.take(io) {
            Saying::Held { said, fraction, .. } => {
                self.write_down(io, &said, fraction, true);
                io.timers.stop(self.timer);
            }
            Saying::Stopping { id, said, .. } => self.saying = Saying::Stopping { id, said, after: AfterStop::Drop },
            other => self.saying = other,
        }
        self.stop(io, AfterStop::Drop);
    }

    fn take(&mut self, io: &Io) -> Saying {
        std::mem::replace(&mut self.saying, Saying::Nothing { since: io.now })
    }

    fn stop(&mut self, io: &mut Io, after: AfterStop) {
        match self.take(io) {
            Saying::Asked { id, said } | Saying::Sounding { id, said } => {
                io.act(Action::StopSpeaking { id });
                io.timers.set(self.timer, io.now.plus(STOP_MS));
                self.saying = Saying::Stopping { id, said, after };
            }
            other => self.saying = other,
        }
    }

    fn ask(&mut self, io: &mut Io, said: Said) {
        let clauses: Vec<String> = said.line.clauses.iter().skip(said.done).cloned().collect();
        if clauses.is_empty() {
            self.write_down(io, &said, 0.0, false);
            return self.next(io);
        }
        let id = io.request();
        io.act(Action::Speak { id, leg: self.leg, clauses });
        self.give(io, START_MS);
        self.saying = Saying::Asked { id, said };
    }

    fn next(&mut self, io: &mut Io) {
        self.saying = Saying::Nothing { since: io.now };
        io.timers.stop(self.timer);
        if let Some(line) = self.queue.pop_front() {
            self.ask(io, Said { line, done: 0, from: None, failed: false });
        }
    }

    fn current(&self) -> Option<RequestId> {
        match &self.saying {
            Saying::Asked { id, .. } | Saying::Sounding { id, .. } | Saying::Stopping { id, .. } => Some(*id),
            Saying::Nothing { .. } | Saying::Held { .. } => None,
        }
    }

    /// `SpeechStarted`.
    pub(crate) fn started(&mut self, io: &mut Io, id: RequestId, at: Time) -> Told {
        if self.current() != Some(id) {
            return Told::Nothing;
        }
        match &mut self.saying {
            Saying::Asked { said, .. } | Saying::Stopping { said, .. } => _ = said.from.get_or_insert(at),
            Saying::Sounding { .. } | Saying::Nothing { .. } | Saying::Held { .. } => return Told::Nothing,
        }
        match self.take(io) {
            Saying::Asked { id, said } => {
                let letters: usize = said.line.clauses.iter().map(String::len).sum();
                self.give(io, SLACK_MS + MS_PER_LETTER * letters as u64);
                self.saying = Saying::Sounding { id, said };
                Told::Started
            }
            other => {
                self.saying = other;
                Told::Nothing
            }
        }
    }

    /// `SpeechEnded`.
    pub(crate) fn ended(&mut self, io: &mut Io, id: RequestId, why: SpeechEnd, whole: usize, fraction: f32) -> Told {
        if self.current() != Some(id) {
            return Told::Nothing;
        }
        let (mut said, after) = match self.take(io) {
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } => (said, None),
            Saying::Stopping { said, after, .. } => (said, Some(after)),
            other @ (Saying::Nothing { .. } | Saying::Held { .. }) => {
                self.saying = other;
                return Told::Nothing;
            }
        };
        if why == SpeechEnd::Finished {
            // Also when it had ended by itself before the stop reached it.
            said.done = said.line.clauses.len();
            self.write_down(io, &said, 0.0, false);
            self.next(io);
            return Told::Finished;
        }
        said.done = (said.done + whole).min(said.line.clauses.len());
        match after {
            None => return self.once_more(io, said, fraction),
            Some(AfterStop::Drop) => {
                self.write_down(io, &said, fraction, true);
                self.next(io);
            }
            Some(AfterStop::Hold) => {
                io.timers.stop(self.timer);
                self.saying = Saying::Held { said, fraction, since: io.now };
            }
            Some(AfterStop::Resume) => self.ask(io, said),
        }
        Told::Nothing
    }

    /// `Failed` for this mouth's request.
    pub(crate) fn failed(&mut self, io: &mut Io, id: RequestId) -> Told {
        if self.current() != Some(id) {
            return Told::Nothing;
        }
        match self.take(io) {
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } => self.once_more(io, said, 0.0),
            Saying::Stopping { said, after: AfterStop::Resume, .. } => {
                self.ask(io, said);
                Told::Nothing
            }
            Saying::Stopping { said, after: AfterStop::Hold, .. } => {
                io.timers.stop(self.timer);
                self.saying = Saying::Held { said, fraction: 0.0, since: io.now };
                Told::Nothing
            }
            Saying::Stopping { said, after: AfterStop::Drop, .. } => {
                self.write_down(io, &said, 0.0, true);
                self.next(io);
                Told::Nothing
            }
            other @ (Saying::Nothing { .. } | Saying::Held { .. }) => {
                self.saying = other;
                Told::Nothing
            }
        }
    }

    fn once_more(&mut self, io: &mut Io, mut said: Said, fraction: f32) -> Told {
        if said.failed {
            self.write_down(io, &said, fraction, true);
            self.next(io);
        } else {
            said.failed = true;
            self.ask(io, said);
        }
        Told::Failed
    }

    /// The mouth's deadline has passed: whoever speaks has died, or is far too late. How much was heard was never told, so nothing counts as heard.
    pub(crate) fn late(&mut self, io: &mut Io) -> Told {
        let Some(id) = self.current() else { return Told::Nothing };
        if !matches!(self.saying, Saying::Stopping { .. }) {
            io.act(Action::StopSpeaking { id });
        }
        self.failed(io, id)
    }

    /// Writes a text that is over into the record: the caller's ear only, the briefing is in the summary.
    fn write_down(&self, io: &mut Io, said: &Said, fraction: f32, interrupted: bool) {
        if self.leg != LegId::CALLER {
            return;
        }
        let line = &said.line;
        let heard = clauses::heard(&line.clauses, said.done, fraction);
        let most = 2 * heard.len() >= line.clauses.iter().map(|clause| clause.len() + 1).sum();
        io.record(What::BotTurn {
            turn: line.turn,
            node: line.node.clone(),
            text: line.clauses.join(" "),
            heard,
            interrupted,
            from: said.from.unwrap_or(io.now),
            to: io.now,
            reply_ms: line.after.and_then(|after| said.from.map(|from| from.since(after))),
        });
        if let (Some(notice), false) = (&line.notice, interrupted) {
            io.record(What::Notice { notice: notice.clone() });
        }
        if let Some(answer) = line.answers.as_ref().filter(|_| most) {
            io.record(What::Tried { line: answer.clone() });
        }
    }
}
