//! How a call ends: the caller leaves, somebody else does, or it has to.

use crate::call::{
    action::Action,
    event::LegEnd,
    flow::prompt::PromptKey,
    handoff::Handoff,
    ids::LegId,
    outcome::Outcome,
    record::{Owner, What},
    state::{Call, Phase},
};

/// Service Unavailable.
const UNAVAILABLE: u16 = 503;

impl Call {
    pub(super) fn other_leg_ended(&mut self, leg: LegId, why: LegEnd) {
        let told = match &self.phase {
            Phase::Parting { farewell: Some(farewell), .. } => farewell.leg() == leg,
            Phase::Arrived(_)
            | Phase::Talking(_)
            | Phase::HandingOver { .. }
            | Phase::Closing(_)
            | Phase::Parting { farewell: None, .. }
            | Phase::Ended => false,
        };
        if told {
            self.end_farewell(false);
        }
        self.handoff_then(|handoff, base| handoff.agent_gone(base, leg, why));
    }

    pub(super) fn end_farewell(&mut self, up: bool) {
        if let Phase::Parting { farewell, .. } = &mut self.phase
            && let Some(farewell) = farewell.take()
        {
            farewell.end(&mut self.base, up);
        }
    }

    pub(super) fn caller_left(&mut self, why: LegEnd) {
        self.base.caller_up = false;
        if self.writes_message() {
            return;
        }
        if self.with_handoff(|handoff, base| handoff.last_words_are_due(base)) == Some(true) {
            self.base.mouth.silence(&mut self.base.io);
            return self.over(Outcome::VoicemailLeft);
        }
        let lost = why != LegEnd::HungUp;
        let (outcome, farewell) = match &mut self.phase {
            Phase::Arrived(_) => (if lost { Outcome::Lost } else { Outcome::Abandoned }, None),
            Phase::Talking(bot) => {
                let outcome = if lost { Outcome::Lost } else { bot.outcome_of_hang_up(&self.base) };
                bot.hand_on(&mut self.base);
                (outcome, None)
            }
            Phase::HandingOver { handoff, .. } => {
                let (outcome, farewell) = handoff.caller_left(&mut self.base, why);
                (outcome, farewell.map(Box::new))
            }
            Phase::Closing(outcome) => (*outcome, None),
            Phase::Parting { .. } | Phase::Ended => return,
        };
        let base = &mut self.base;
        base.mouth.silence(&mut base.io);
        base.ear.discard(&mut base.io);
        base.scribe.close(&mut base.io);
        self.phase = Phase::Parting { outcome, farewell };
    }

    /// The caller has gone, and the last words of their message are still to come.
    fn writes_message(&self) -> bool {
        self.base.over && matches!(self.phase, Phase::HandingOver { .. })
    }

    /// The call must come to an end: last words, whoever has the caller.
    pub(super) fn wind_up(&mut self, words: PromptKey, outcome: Option<Outcome>) {
        if self.writes_message() {
            return self.handoff_then(Handoff::message_over);
        }
        let mut promised = None;
        let usual = match &mut self.phase {
            Phase::Arrived(_) => {
                self.base.io.act(Action::Reject { leg: LegId::CALLER, status: UNAVAILABLE });
                self.base.caller_up = false;
                return self.finish(outcome.unwrap_or(Outcome::Lost));
            }
            Phase::Talking(bot) => {
                bot.hand_on(&mut self.base);
                bot.outcome_of_hang_up(&self.base)
            }
            Phase::HandingOver { handoff, .. } => {
                let usual = if handoff.is_bridged() { Outcome::HandedOver } else { Outcome::NobodyCame };
                promised = handoff.withdraw(&mut self.base, words == PromptKey::Drained);
                usual
            }
            Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => return,
        };
        let base = &mut self.base;
        base.mouth.silence(&mut base.io);
        base.ear.discard(&mut base.io);
        if !base.held && base.caller_up {
            match &promised {
                Some(number) => base.say_prompt(PromptKey::DrainedCallback, &[("number", number)], false),
                None => base.say_prompt(words, &[], false),
            }
        }
        self.phase = Phase::Closing(outcome.unwrap_or(usual));
    }

    /// The end. Everything is given back by now; nothing follows.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        let base = &mut self.base;
        base.ear.discard(&mut base.io);
        if base.caller_up {
            base.io.act(Action::HangUp { leg: LegId::CALLER });
        }
        base.io.timers.stop_all();
        self.over(outcome);
        self.base.io.act(Action::End { outcome });
        self.phase = Phase::Ended;
    }

    /// The conversation is over, and everybody hears of it at once. What is known only now is written down behind that: last words, how a leg has sounded.
    pub(super) fn over(&mut self, outcome: Outcome) {
        let base = &mut self.base;
        base.record_qualities();
        if std::mem::replace(&mut base.over, true) {
            return;
        }
        base.consent.end(&mut base.io);
        base.io.record(What::Owner { owner: Owner::Ended });
        base.io.record(What::Ended { outcome });
    }
}
