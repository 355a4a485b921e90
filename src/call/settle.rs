//! What follows from the state alone, worked out after every report: what goes on by itself, the silences, and who hears whom.

use crate::call::{
    flow::step::Expect,
    ids::LegId,
    media::patch::{Ear, Patch, Under},
    scribe,
    state::{Call, Phase},
    timer::Timer,
};

/// A caller to whom we owe a sound hears the calm one after this: well within the three seconds of unexplained silence that nobody may have.
const COMFORT_MS: u64 = 2_000;

impl Call {
    /// Brings everything that depends on the state up to date.
    pub(super) fn settle(&mut self) {
        self.go_on();
        if matches!(self.phase, Phase::Ended) {
            return;
        }
        self.expect();
        if self.base.ear.quiet_since().is_some() {
            self.base.mouth.resume(&mut self.base.io);
        }
        self.base.io.set_private(matches!(&self.phase, Phase::Talking(bot) if bot.is_private()));
        if let Phase::Talking(bot) | Phase::HandingOver { bot, .. } = &self.phase {
            let heard = self.base.mouth.is_idle();
            self.base.consent.follow(&mut self.base.io, &bot.consents(), heard);
        }
        self.watch_silence();
        self.watch_comfort();
        let mut patch = self.patch();
        patch.written = scribe::audible(&patch, self.base.flow.handoff.transcribe);
        self.base.scribe.follow(&mut self.base.io, &patch.written);
        let silent = !self.caller_hears(&patch);
        self.base.silence.set(silent && self.base.caller_up, self.base.io.now);
        if patch != self.base.patch {
            self.base.patch.clone_from(&patch);
            self.base.io.act(crate::call::action::Action::Patch(patch));
        }
    }

    /// What waits for the last word goes on when it is said.
    fn go_on(&mut self) {
        let last_words = match &self.phase {
            Phase::Talking(bot) => bot.leaving().is_some(),
            Phase::Closing(_) | Phase::Parting { .. } => true,
            Phase::Arrived(_) | Phase::HandingOver { .. } | Phase::Ended => false,
        };
        if last_words && self.base.held {
            // Nobody hears them, and the call does not wait for somebody who may never come back.
            self.base.mouth.silence(&mut self.base.io);
        }
        let said = self.base.mouth.is_idle();
        match &mut self.phase {
            Phase::HandingOver { handoff, .. } => handoff.settle(&mut self.base),
            Phase::Talking(bot) => {
                if let Some(outcome) = bot.leaving().filter(|_| said) {
                    self.finish(outcome);
                }
            }
            Phase::Closing(outcome) => {
                let outcome = *outcome;
                if said {
                    self.finish(outcome);
                }
            }
            Phase::Parting { outcome, farewell } => {
                let outcome = *outcome;
                if farewell.as_ref().is_some_and(|farewell| farewell.is_said()) {
                    self.end_farewell(true);
                }
                if said && matches!(self.phase, Phase::Parting { farewell: None, .. }) {
                    if self.base.scribe.is_done() { self.finish(outcome) } else { self.over(outcome) }
                }
            }
            Phase::Arrived(_) | Phase::Ended => {}
        }
    }

    fn expect(&mut self) {
        self.base.expect = match &self.phase {
            Phase::Talking(bot) => bot.expects(),
            Phase::HandingOver { handoff, .. } => handoff.asks_caller().unwrap_or(Expect::Sentence),
            Phase::Arrived(_) | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => Expect::Sentence,
        };
        let patience = if let Phase::Talking(bot) = &self.phase { bot.patience() } else { 1.0 };
        self.base.ear.set_patience(patience);
    }

    fn watch_silence(&mut self) {
        let longest = match &self.phase {
            Phase::Talking(bot) => bot.is_listening().then(|| bot.silence_ms(&self.base)),
            Phase::HandingOver { handoff, .. } => handoff.asks_caller().map(|_| self.base.flow.turn.silence_ms),
            Phase::Arrived(_) | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => None,
        };
        let base = &mut self.base;
        match base.quiet_since().zip(longest) {
            Some((since, longest)) => base.io.timers.set(Timer::Silence, since.plus(longest)),
            None => base.io.timers.stop(Timer::Silence),
        }
    }

    /// We owe the caller a sound: a turn is over, a service is asked, a text is on its way.
    fn watch_comfort(&mut self) {
        let base = &mut self.base;
        let thinking = base.ear.paused_at().is_some() || !base.mouth.is_idle();
        let owed = match &self.phase {
            Phase::Talking(bot) => thinking || bot.is_looking_up(),
            // Music is off while an answer is waited for, and comes back by itself; there is none under a message.
            Phase::HandingOver { handoff, .. } => {
                let quiet = handoff.under() == Under::Nothing && !handoff.is_bridged() && !handoff.takes_message();
                (thinking || handoff.asks_meanwhile()) && quiet
            }
            Phase::Closing(_) => thinking,
            Phase::Arrived(_) | Phase::Parting { .. } | Phase::Ended => false,
        };
        // Whoever speaks hears themselves, but not in place of the words that they are called back for.
        let speaks = base.ear.is_voice() && !matches!(&self.phase, Phase::HandingOver { handoff, .. } if handoff.greets_caller());
        if !owed || base.mouth.is_sounding() || speaks {
            base.owed_since = None;
            base.comfort = false;
            base.io.timers.stop(Timer::Comfort);
            return;
        }
        let since = *base.owed_since.get_or_insert(base.ear.paused_at().unwrap_or(base.io.now));
        if !base.comfort {
            base.io.timers.set(Timer::Comfort, since.plus(COMFORT_MS));
        }
    }

    /// Who hears whom now.
    fn patch(&self) -> Patch {
        let caller = |hears: Vec<LegId>, under: Under| Ear { leg: LegId::CALLER, hears, under };
        let comfort = if self.base.comfort { Under::Hold } else { Under::Nothing };
        match &self.phase {
            Phase::Arrived(_) | Phase::Ended => Patch::default(),
            Phase::Talking(_) => Patch { ears: vec![caller(vec![], comfort)], listen: vec![LegId::CALLER], ..Patch::default() },
            Phase::Closing(_) => Patch { ears: vec![caller(vec![], comfort)], ..Patch::default() },
            Phase::Parting { farewell, .. } => {
                let agent = farewell.as_ref().map(|farewell| Ear { leg: farewell.leg(), hears: vec![], under: Under::Nothing });
                Patch { ears: agent.into_iter().collect(), ..Patch::default() }
            }
            Phase::HandingOver { handoff, .. } => {
                if let Some(round) = handoff.round() {
                    let mut patch = round.patch();
                    patch.listen.extend(handoff.introduces_to());
                    return patch;
                }
                let under = if handoff.under() == Under::Nothing { comfort } else { handoff.under() };
                let mut patch = Patch { ears: vec![caller(vec![], under)], listen: vec![LegId::CALLER], ..Patch::default() };
                if !self.base.caller_up {
                    patch = Patch::default();
                }
                if let Some((leg, listened)) = handoff.agent_leg() {
                    patch.ears.push(Ear { leg, hears: vec![], under: handoff.agent_under() });
                    patch.listen.extend(listened.then_some(leg));
                }
                patch
            }
        }
    }

    /// The caller hears something, or speaks, or was asked: for an answer or a message people take their time, and nobody wonders at a silence that is theirs.
    fn caller_hears(&self, patch: &Patch) -> bool {
        let ear = patch.ears.iter().find(|ear| ear.leg == LegId::CALLER);
        let sound = ear.is_some_and(|ear| ear.under != Under::Nothing || !ear.hears.is_empty());
        let asked = matches!(&self.phase, Phase::HandingOver { handoff, .. } if handoff.asks_caller().is_some());
        let theirs = asked && self.base.mouth.is_idle() && self.base.ear.paused_at().is_none();
        sound || theirs || self.base.mouth.is_sounding() || self.base.ear.is_voice()
    }
}
