//! The warm introduction: right after the bridge the bot says aloud to both who is there and what is known, and leaves. The agent's voice or key ends it early.

use crate::call::{
    base::{Base, node_of},
    clauses,
    flow::{policy::Mode, prompt::PromptKey},
    handoff::{
        Handoff, Offer, Stage, agent,
        summary::{sentence, strongest_reason},
    },
    ids::LegId,
    record::{HandoffStep, What},
    timer::Timer,
    turn::mouth::Mouth,
};

impl Handoff {
    /// How agents learn of this call.
    pub(super) fn mode(&self, base: &Base) -> Mode {
        let reason = strongest_reason(base.io.entries()).map(String::as_str);
        base.flow.handoff.mode_for(self.matter.intent.as_deref(), reason)
    }

    /// Both have just been bridged. Not where an agent hands the caller on: a person has introduced them.
    pub(super) fn introduce(&mut self, base: &mut Base, offer: &Offer, handed_on: bool) {
        if handed_on || self.mode(base) != Mode::Introduction {
            return;
        }
        let caller = base.caller.name.clone().unwrap_or_default();
        // What the flow calls the matter can be said aloud; the caller's own words cannot.
        let intent = self.summary.intent.as_deref().and_then(|intent| base.flow.intents.get(intent));
        let matter = intent.and_then(|intent| intent.summary.as_deref()).map(sentence).unwrap_or_default();
        let values = [("caller", caller.as_str()), ("name", &offer.agent.name), ("department", &self.to.label), ("matter", &matter)];
        let text = base.flow.prompt(PromptKey::Introduction, &values);
        let node = node_of(PromptKey::Introduction);
        let mut mouth = Box::new(Mouth::new(offer.leg, Timer::AgentSpeech, base.io.now));
        mouth.say(&mut base.io, agent::line(&node, clauses::split(&text)));
        base.say_prompt(PromptKey::Introduction, &values, false);
        (self.aside_mouth, self.introducing) = (Some(mouth), true);
    }

    /// The agent is listened to for whether they begin to speak, and for nothing else.
    pub(crate) fn introduces_to(&self) -> Option<LegId> {
        self.bridged_leg().filter(|_| self.introducing)
    }

    /// The agent speaks or presses a key: they go on by themselves.
    pub(crate) fn skip_introduction(&mut self, base: &mut Base, leg: LegId) {
        if self.introduces_to() == Some(leg) {
            self.hush(base);
            self.introduced(base, false);
        }
    }

    /// It may have been said.
    pub(super) fn settle_introduction(&mut self, base: &mut Base) {
        let said = base.mouth.is_idle() && self.aside_mouth.as_ref().is_none_or(|mouth| mouth.is_idle());
        if self.introducing && said {
            self.introduced(base, true);
        }
    }

    /// Whatever comes next, the bot says nothing more of it.
    pub(super) fn introduced(&mut self, base: &mut Base, whole: bool) {
        if !std::mem::take(&mut self.introducing) {
            return;
        }
        if !whole {
            base.mouth.silence(&mut base.io);
        }
        if let Stage::Bridged { offer, .. } = &self.stage {
            base.io.record(What::Handoff { step: HandoffStep::Introduced { agent: offer.agent.id.clone(), whole } });
        }
    }
}
