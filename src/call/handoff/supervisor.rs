//! Somebody who watches over agents follows a conversation: they hear it, whisper to the agent, or join. One at a time, only while the caller has an agent,
//! and every change of what they hear and who hears them is on record.

use crate::call::{
    action::Action,
    base::Base,
    event::{FarEndSign, Supervision, Supervisor},
    handoff::{Handoff, Leg, Stage, queue::RING_GRACE_MS},
    ids::LegId,
    media::round::Follows,
    record::{Supervised, What},
    timer::Timer,
};

/// The supervisor of a conversation.
#[derive(Debug)]
pub(super) struct Watcher {
    by: Supervisor,
    leg: LegId,
    up: bool,
    follows: Follows,
}

impl Watcher {
    /// Their leg and what they do, once they have answered.
    pub(super) fn follows(&self) -> Option<(LegId, Follows)> {
        self.up.then_some((self.leg, self.follows))
    }

    fn record(&self, base: &mut Base, did: Supervised) {
        base.io.record(What::Supervised { who: self.by.who.clone(), name: self.by.name.clone(), did });
    }
}

impl Handoff {
    /// `Supervise`.
    pub(crate) fn supervise(&mut self, base: &mut Base, by: Supervisor, wish: Supervision) {
        let follows = match wish {
            Supervision::Listen => Follows::Listening,
            Supervision::Whisper => Follows::Whispering,
            Supervision::Join => Follows::Joined,
            Supervision::End => return self.stop_watching(base, &by),
        };
        match &mut self.watcher {
            Some(watcher) if watcher.by.who == by.who => {
                let changed = std::mem::replace(&mut watcher.follows, follows) != follows;
                if changed && watcher.up {
                    watcher.record(base, did(follows));
                }
            }
            // Somebody else is there already.
            Some(_) => {}
            None => self.ring_supervisor(base, by, follows),
        }
    }

    fn ring_supervisor(&mut self, base: &mut Base, by: Supervisor, follows: Follows) {
        if !matches!(self.stage, Stage::Bridged { .. }) {
            return;
        }
        let (leg, ring_ms) = (base.next_leg(), base.flow.handoff.ring_ms);
        let (agent, target) = (by.who.clone(), by.target.clone());
        let watcher = Watcher { by, leg, up: false, follows };
        watcher.record(base, Supervised::Rung);
        base.io.act(Action::Dial { leg, agent, target, ring_ms, reason: self.summary.reason.clone(), replaces: None });
        base.io.timers.set(Timer::Supervisor, base.io.now.plus(ring_ms + RING_GRACE_MS));
        self.watcher = Some(watcher);
    }

    fn stop_watching(&mut self, base: &mut Base, by: &Supervisor) {
        if self.watcher.as_ref().is_some_and(|watcher| watcher.by.who == by.who) {
            self.end_watch(base, Leg::Up);
        }
    }

    /// `LegAnswered`. False if it is not their leg.
    pub(super) fn supervisor_answered(&mut self, base: &mut Base, leg: LegId) -> bool {
        let Some(watcher) = self.watcher.as_mut().filter(|watcher| watcher.leg == leg) else { return false };
        if !std::mem::replace(&mut watcher.up, true) {
            base.io.timers.stop(Timer::Supervisor);
            watcher.record(base, did(watcher.follows));
        }
        true
    }

    /// `LegFailed` or `LegEnded`. False if it is not their leg.
    pub(super) fn supervisor_gone(&mut self, base: &mut Base, leg: LegId) -> bool {
        let theirs = self.watcher.as_ref().is_some_and(|watcher| watcher.leg == leg);
        if theirs {
            self.end_watch(base, Leg::Gone);
        }
        theirs
    }

    /// `Timer::Supervisor`.
    pub(crate) fn supervisor_late(&mut self, base: &mut Base) {
        if self.watcher.as_ref().is_some_and(|watcher| !watcher.up) {
            self.end_watch(base, Leg::Up);
        }
    }

    /// A machine watches over nobody. False if it is not their leg.
    pub(super) fn supervisor_machine(&mut self, base: &mut Base, leg: LegId, sign: FarEndSign) -> bool {
        let theirs = self.watcher.as_ref().is_some_and(|watcher| watcher.leg == leg);
        if theirs && sign != FarEndSign::MachineSuspected {
            self.end_watch(base, Leg::Up);
        }
        theirs
    }

    /// They hear nothing more.
    pub(super) fn end_watch(&mut self, base: &mut Base, leg: Leg) {
        let Some(watcher) = self.watcher.take() else { return };
        base.io.timers.stop(Timer::Supervisor);
        if leg == Leg::Up {
            base.io.act(Action::HangUp { leg: watcher.leg });
        }
        watcher.record(base, if watcher.up { Supervised::Left } else { Supervised::NotReached });
    }

    /// Nobody follows a caller who has no agent any more.
    pub(super) fn settle_watch(&mut self, base: &mut Base) {
        if !matches!(self.stage, Stage::Bridged { .. }) {
            self.end_watch(base, Leg::Up);
        }
    }
}

const fn did(follows: Follows) -> Supervised {
    match follows {
        Follows::Listening => Supervised::Listens,
        Follows::Whispering => Supervised::Whispers,
        Follows::Joined => Supervised::Joined,
    }
}
