//! What caller and agents say to each other is written down, turn by turn: of whoever can be heard by the other side, and of nobody else.
//!
//! Nobody waits for these words, and nothing follows from how they were said: what comes back of them is text, and a measure of how sure it is.

use std::collections::BTreeMap;

use crate::call::{
    action::Action,
    flow::policy::Transcribe,
    ids::{AgentId, LegId, RequestId},
    io::Io,
    media::patch::{Ear, Patch},
    time::Time,
    timer::Timer,
};

/// A pause that ends a turn. Nobody waits for the answer: a longer one than a bot's keeps sentences together.
const PAUSE_MS: u64 = 700;
/// A turn is cut after this, so that its words come while they matter.
const LONGEST_MS: u64 = 12_000;
/// What is shorter is a click.
const SHORTEST_MS: u64 = 150;
/// Turns whose words are still to come; of a machine that is so far behind the next ones are left out.
const MOST_OPEN: usize = 16;
/// After the end of the call words are waited for so long.
const LAST_MS: u64 = 4_000;

/// A turn that was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) leg: LegId,
    pub(crate) from: Time,
    pub(crate) to: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pen {
    /// Nobody speaks; what sounded before `since` is not ours.
    Quiet { since: Time },
    /// Somebody does.
    Voice { from: Time },
    /// Somebody has paused.
    Pause { from: Time, to: Time },
}

/// The pens of all legs, and what they have asked.
#[derive(Debug, Default)]
pub(crate) struct Scribe {
    pens: BTreeMap<LegId, Pen>,
    open: BTreeMap<RequestId, Turn>,
    /// Who is on a leg.
    people: BTreeMap<LegId, AgentId>,
    last: Option<Time>,
}

/// The legs whose words are written down: those that the other side of the conversation hears. Whoever speaks to nobody but us is none of them, and
/// nobody is while the caller is on hold.
pub(crate) fn audible(patch: &Patch, wanted: Transcribe) -> Vec<LegId> {
    let by_caller = |ear: &&Ear| ear.leg == LegId::CALLER;
    let heard = patch.ears.iter().any(|ear| !by_caller(&ear) && ear.hears.contains(&LegId::CALLER));
    let caller = (wanted != Transcribe::Off && heard).then_some(LegId::CALLER);
    let others = patch.ears.iter().filter(by_caller).flat_map(|ear| ear.hears.iter().copied());
    let others = others.filter(|_| wanted == Transcribe::Both);
    caller.into_iter().chain(others).filter(|leg| !patch.listen.contains(leg)).collect()
}

impl Scribe {
    /// This agent is on this leg.
    pub(crate) fn meet(&mut self, leg: LegId, agent: AgentId) {
        self.people.insert(leg, agent);
    }

    /// Who is on a leg; nobody who was named, if it is the caller's.
    pub(crate) fn who(&self, leg: LegId) -> Option<&AgentId> {
        self.people.get(&leg)
    }

    /// From now on these legs are written down, and no others: what was begun on another one ends here.
    pub(crate) fn follow(&mut self, io: &mut Io, legs: &[LegId]) {
        let left: Vec<(LegId, Pen)> = self.pens.extract_if(.., |leg, _| !legs.contains(leg)).collect();
        for (leg, pen) in left {
            match pen {
                Pen::Quiet { .. } => {}
                Pen::Voice { from } => self.ask(io, leg, from, io.now),
                Pen::Pause { from, to } => self.ask(io, leg, from, to),
            }
        }
        for leg in legs {
            self.pens.entry(*leg).or_insert(Pen::Quiet { since: io.now });
        }
        self.wake(io);
    }

    /// Is this leg written down?
    pub(crate) fn follows(&self, leg: LegId) -> bool {
        self.pens.contains_key(&leg)
    }

    /// `VoiceStarted`.
    pub(crate) fn voice_started(&mut self, io: &mut Io, leg: LegId, at: Time) {
        let Some(pen) = self.pens.get_mut(&leg) else { return };
        match *pen {
            Pen::Quiet { since } => *pen = Pen::Voice { from: at.max(since) },
            Pen::Pause { from, to } if at >= to => *pen = Pen::Voice { from },
            Pen::Pause { .. } | Pen::Voice { .. } => {}
        }
        self.wake(io);
    }

    /// `VoiceStopped`.
    pub(crate) fn voice_stopped(&mut self, io: &mut Io, leg: LegId, at: Time) {
        if let Some(pen) = self.pens.get_mut(&leg)
            && let Pen::Voice { from } = *pen
            && at > from
        {
            *pen = Pen::Pause { from, to: at };
        }
        self.wake(io);
    }

    /// The deadline has passed: turns are over, or too long.
    pub(crate) fn due(&mut self, io: &mut Io) {
        if self.last.is_some_and(|last| io.now >= last) {
            self.pens.clear();
            self.open.clear();
            return;
        }
        let due: Vec<(LegId, Pen)> =
            self.pens.iter().filter(|(_, pen)| ends(pen).is_some_and(|at| at <= io.now)).map(|(leg, pen)| (*leg, *pen)).collect();
        for (leg, pen) in due {
            match pen {
                Pen::Quiet { .. } => {}
                Pen::Voice { from } => {
                    self.ask(io, leg, from, io.now);
                    self.pens.insert(leg, Pen::Voice { from: io.now });
                }
                Pen::Pause { from, to } => {
                    self.ask(io, leg, from, to);
                    self.pens.insert(leg, Pen::Quiet { since: to });
                }
            }
        }
        self.wake(io);
    }

    /// The words of a turn have come, or never will.
    pub(crate) fn settle(&mut self, id: RequestId) -> Option<Turn> {
        self.open.remove(&id)
    }

    /// Nothing is being said or waited for.
    pub(crate) fn is_done(&self) -> bool {
        self.open.is_empty() && self.pens.values().all(|pen| matches!(pen, Pen::Quiet { .. }))
    }

    /// The call is over: the last words are waited for, and not for long.
    pub(crate) fn close(&mut self, io: &mut Io) {
        self.last.get_or_insert(io.now.plus(LAST_MS));
        self.wake(io);
    }

    fn ask(&mut self, io: &mut Io, leg: LegId, from: Time, to: Time) {
        if to.since(from) < SHORTEST_MS || self.open.len() >= MOST_OPEN {
            return;
        }
        let id = io.request();
        io.act(Action::WriteDown { id, leg, from, to });
        self.open.insert(id, Turn { leg, from, to });
    }

    fn wake(&self, io: &mut Io) {
        match self.pens.values().filter_map(ends).chain(self.last.filter(|_| !self.is_done())).min() {
            Some(at) => io.timers.set(Timer::Scribe, at),
            None => io.timers.stop(Timer::Scribe),
        }
    }
}

/// When a turn is over by itself.
fn ends(pen: &Pen) -> Option<Time> {
    match pen {
        Pen::Quiet { .. } => None,
        Pen::Voice { from } => Some(from.plus(LONGEST_MS)),
        Pen::Pause { to, .. } => Some(to.plus(PAUSE_MS)),
    }
}
