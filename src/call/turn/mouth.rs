//! What one leg is being told: one text at a time, what of it was really heard, and taking it up again after a false interruption.

use std::collections::VecDeque;

use crate::call::{
    action::Action,
    event::SpeechEnd,
    flow::policy::InDoubt,
    ids::{LegId, RequestId},
    io::Io,
    media::playout::Loudness,
    time::Time,
    timer::Timer,
    turn::{line::Line, said::Said},
};

/// A `Speak` that has not begun after this has failed.
const START_MS: u64 = 4_000;

/// Words to the caller that have not begun after this have others stand in for them, which the voice has ready: with their beginning this is within a second.
const SOON_MS: u64 = 800;

/// A stopped `Speak` must report its end within this.
const STOP_MS: u64 = 1_000;

/// What was held for longer goes on from the beginning of its clause, what was held for less from the very place.
const SAME_PLACE_MS: u64 = 1_500;

#[derive(Debug)]
enum Saying {
    /// Nothing, since then.
    Nothing { since: Time },
    /// Asked for, not yet to be heard.
    Asked { id: RequestId, said: Said },
    /// To be heard.
    Sounding { id: RequestId, said: Said },
    /// Held by the listener's voice, since then, and not given up yet. `begun`: some of it was to be heard.
    Held { id: RequestId, said: Said, begun: bool, since: Time },
    /// Told to stop; how much was heard is not known yet.
    Stopping { id: RequestId, said: Said, after: AfterStop },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterStop {
    /// It goes on: the voice was a cough.
    Resume,
    /// Something else is said first.
    Later,
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
    /// A text has not begun yet, though it should have.
    Slow,
    /// A text could not be said, or not to its end. It is tried once more.
    Failed,
    /// The same, of a text for which another one stood in already.
    GivenUp,
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
    loudness: Loudness,
    /// Milliseconds that what is being said was last given.
    given: u64,
}

impl Mouth {
    /// A mouth that says nothing yet.
    pub(crate) fn new(leg: LegId, timer: Timer, now: Time) -> Self {
        Self {
            leg,
            timer,
            saying: Saying::Nothing { since: now },
            queue: VecDeque::new(),
            on_hold: false,
            loudness: Loudness::Full,
            given: 0,
        }
    }

    /// Says a line after what is being said.
    pub(crate) fn say(&mut self, io: &mut Io, line: Line) {
        if line.clauses.is_empty() {
            return;
        }
        if matches!(self.saying, Saying::Nothing { .. }) {
            self.ask(io, Said::new(line));
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
        self.held_since().is_some()
    }

    /// What a voice over the line does that may be no turn, if the line says so itself.
    pub(crate) fn in_doubt(&self) -> Option<InDoubt> {
        match &self.saying {
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } | Saying::Held { said, .. } => said.line.in_doubt,
            Saying::Nothing { .. } | Saying::Stopping { .. } => None,
        }
    }

    /// Since when.
    pub(crate) fn held_since(&self) -> Option<Time> {
        match &self.saying {
            Saying::Held { since, .. } => Some(*since),
            Saying::Nothing { .. } | Saying::Asked { .. } | Saying::Sounding { .. } | Saying::Stopping { .. } => None,
        }
    }

    /// The listener makes a sound: speak lower, until it is known what it is.
    pub(crate) fn duck(&mut self, io: &mut Io) {
        if self.is_sounding() {
            self.set_loudness(io, Loudness::Ducked);
        }
    }

    /// The listener's voice interrupts: be still, and remember where.
    pub(crate) fn hold(&mut self, io: &mut Io) {
        let (id, said, begun) = match self.take(io) {
            Saying::Asked { id, said } => (id, said, false),
            Saying::Sounding { id, said } => (id, said, true),
            other => return self.saying = other,
        };
        io.timers.stop(self.timer);
        self.set_loudness(io, Loudness::Paused);
        self.saying = Saying::Held { id, said, begun, since: io.now };
    }

    /// The sound was a cough or a "mhm": go on where it fell, or from the clause in which it fell if that is long ago.
    pub(crate) fn resume(&mut self, io: &mut Io) {
        self.go_on(io, Loudness::Full);
    }

    /// The sound that stopped it still lasts, and is a "mhm" as far as is known: go on, but lower.
    pub(crate) fn resume_lower(&mut self, io: &mut Io) {
        if self.is_held() {
            self.go_on(io, Loudness::Ducked);
        }
    }

    fn go_on(&mut self, io: &mut Io, loudness: Loudness) {
        match self.take(io) {
            Saying::Held { id, said, begun: true, since } if io.now.since(since) > SAME_PLACE_MS => {
                self.saying = Saying::Sounding { id, said };
                self.stop(io, AfterStop::Resume);
            }
            Saying::Held { id, said, begun, .. } => {
                self.saying = if begun { Saying::Sounding { id, said } } else { Saying::Asked { id, said } };
                self.give(io, self.given);
            }
            other => self.saying = other,
        }
        self.set_loudness(io, loudness);
    }

    fn set_loudness(&mut self, io: &mut Io, loudness: Loudness) {
        if std::mem::replace(&mut self.loudness, loudness) != loudness {
            io.act(Action::Loudness { leg: self.leg, loudness });
        }
    }

    /// What may be interrupted is over, said or not: the listener took the turn with a voice that began at `voice`. What must be said stays, and so does
    /// what was decided on after that.
    pub(crate) fn give_up(&mut self, io: &mut Io, voice: Time) {
        self.give_up_unless(io, |line| !line.interruptible || line.at > voice);
    }

    /// A key was pressed: what keys may interrupt is over.
    pub(crate) fn give_up_for_key(&mut self, io: &mut Io) {
        self.give_up_unless(io, |line| !line.keys_interrupt);
    }

    fn give_up_unless(&mut self, io: &mut Io, stays: impl Fn(&Line) -> bool) {
        self.queue.retain(&stays);
        let goes = match &self.saying {
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } | Saying::Held { said, .. } | Saying::Stopping { said, .. } => {
                !stays(&said.line)
            }
            Saying::Nothing { .. } => false,
        };
        if goes {
            self.drop_current(io);
        } else {
            self.resume(io);
        }
    }

    fn drop_current(&mut self, io: &mut Io) {
        if let Saying::Stopping { after, .. } = &mut self.saying {
            *after = AfterStop::Drop;
        }
        self.stop(io, AfterStop::Drop);
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
        self.drop_current(io);
    }

    fn take(&mut self, io: &Io) -> Saying {
        std::mem::replace(&mut self.saying, Saying::Nothing { since: io.now })
    }

    fn stop(&mut self, io: &mut Io, after: AfterStop) {
        match self.take(io) {
            Saying::Asked { id, said } | Saying::Sounding { id, said } | Saying::Held { id, said, .. } => {
                io.act(Action::StopSpeaking { id });
                io.timers.set(self.timer, io.now.plus(STOP_MS));
                self.saying = Saying::Stopping { id, said, after };
                // For whatever is said next.
                self.set_loudness(io, Loudness::Full);
            }
            other => self.saying = other,
        }
    }

    fn ask(&mut self, io: &mut Io, said: Said) {
        let clauses: Vec<String> = said.line.clauses.iter().skip(said.done).cloned().collect();
        if clauses.is_empty() {
            said.write_down(io, self.leg, 0.0, false);
            return self.next(io);
        }
        self.set_loudness(io, Loudness::Full);
        let id = io.request();
        io.act(Action::Speak { id, leg: self.leg, clauses });
        let line = &said.line;
        // Nothing comes before the notices of a call.
        let may_have_stand_in = self.leg == LegId::CALLER && !line.late && line.notice.is_none() && said.done == 0 && !said.failed;
        self.give(io, if may_have_stand_in { SOON_MS } else { START_MS });
        self.saying = Saying::Asked { id, said };
    }

    /// Says a line at once: instead of nothing, or before the one that is late, which is asked for again after it.
    pub(crate) fn stand_in(&mut self, io: &mut Io, line: Line) {
        match &mut self.saying {
            Saying::Nothing { .. } => return self.say(io, line),
            Saying::Asked { said, .. } => {
                said.line.late = true;
                self.queue.push_front(said.line.clone());
            }
            Saying::Sounding { .. } | Saying::Held { .. } | Saying::Stopping { .. } => return,
        }
        self.queue.push_front(line);
        self.stop(io, AfterStop::Later);
    }

    /// Nothing but lines of this node is said or waits.
    pub(crate) fn says_only(&self, node: &str) -> bool {
        match &self.saying {
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } => said.line.node == node && self.queue.is_empty(),
            Saying::Nothing { .. } | Saying::Held { .. } | Saying::Stopping { .. } => false,
        }
    }

    /// What has not begun has the rest of its time.
    pub(crate) fn wait_on(&mut self, io: &mut Io) {
        self.give(io, START_MS - SOON_MS);
    }

    fn next(&mut self, io: &mut Io) {
        self.saying = Saying::Nothing { since: io.now };
        io.timers.stop(self.timer);
        self.set_loudness(io, Loudness::Full);
        if let Some(line) = self.queue.pop_front() {
            self.ask(io, Said::new(line));
        }
    }

    fn current(&self) -> Option<RequestId> {
        match &self.saying {
            Saying::Asked { id, .. } | Saying::Sounding { id, .. } | Saying::Held { id, .. } | Saying::Stopping { id, .. } => Some(*id),
            Saying::Nothing { .. } => None,
        }
    }

    /// `SpeechStarted`.
    pub(crate) fn started(&mut self, io: &mut Io, id: RequestId, at: Time) -> Told {
        if self.current() != Some(id) {
            return Told::Nothing;
        }
        match &mut self.saying {
            Saying::Asked { said, .. } | Saying::Stopping { said, .. } => _ = said.from.get_or_insert(at),
            Saying::Held { said, begun, .. } => {
                said.from.get_or_insert(at);
                *begun = true;
                self.given = said.longest_ms();
            }
            Saying::Sounding { .. } | Saying::Nothing { .. } => return Told::Nothing,
        }
        match self.take(io) {
            Saying::Asked { id, said } => {
                self.give(io, said.longest_ms());
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
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } | Saying::Held { said, .. } => (said, None),
            Saying::Stopping { said, after, .. } => (said, Some(after)),
            other @ Saying::Nothing { .. } => {
                self.saying = other;
                return Told::Nothing;
            }
        };
        if why == SpeechEnd::Finished {
            // Also when it had ended by itself before the stop reached it.
            said.done = said.line.clauses.len();
            said.write_down(io, self.leg, 0.0, false);
            self.next(io);
            return Told::Finished;
        }
        said.done = (said.done + whole).min(said.line.clauses.len());
        match after {
            None => return self.once_more(io, said, fraction),
            Some(AfterStop::Drop) => {
                said.write_down(io, self.leg, fraction, true);
                self.next(io);
            }
            Some(AfterStop::Resume) => self.ask(io, said),
            Some(AfterStop::Later) => self.next(io),
        }
        Told::Nothing
    }

    /// `Failed` for this mouth's request.
    pub(crate) fn failed(&mut self, io: &mut Io, id: RequestId) -> Told {
        if self.current() != Some(id) {
            return Told::Nothing;
        }
        match self.take(io) {
            Saying::Asked { said, .. } | Saying::Sounding { said, .. } | Saying::Held { said, .. } => self.once_more(io, said, 0.0),
            Saying::Stopping { said, after: AfterStop::Resume, .. } => {
                self.ask(io, said);
                Told::Nothing
            }
            Saying::Stopping { said, after: AfterStop::Drop, .. } => {
                said.write_down(io, self.leg, 0.0, true);
                self.next(io);
                Told::Nothing
            }
            Saying::Stopping { after: AfterStop::Later, .. } => {
                self.next(io);
                Told::Nothing
            }
            other @ Saying::Nothing { .. } => {
                self.saying = other;
                Told::Nothing
            }
        }
    }

    fn once_more(&mut self, io: &mut Io, mut said: Said, fraction: f32) -> Told {
        let given_up = said.line.late;
        if said.failed || given_up {
            said.write_down(io, self.leg, fraction, true);
            self.next(io);
        } else {
            said.failed = true;
            self.ask(io, said);
        }
        if given_up { Told::GivenUp } else { Told::Failed }
    }

    /// The mouth's deadline has passed: whoever speaks has died, or is far too late. How much was heard was never told, so nothing counts as heard.
    pub(crate) fn late(&mut self, io: &mut Io) -> Told {
        let Some(id) = self.current() else { return Told::Nothing };
        if matches!(self.saying, Saying::Asked { .. }) && self.given == SOON_MS {
            return Told::Slow;
        }
        if !matches!(self.saying, Saying::Stopping { .. }) {
            io.act(Action::StopSpeaking { id });
        }
        self.failed(io, id)
    }
}
