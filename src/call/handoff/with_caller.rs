//! What an agent does who has the caller: hold, mute, hand on, send back to the bot, end.

use crate::call::{
    action::{Action, AgentAfter},
    base::Base,
    event::AgentChoice,
    flow::prompt::PromptKey,
    handoff::{Handoff, Stage},
    media::round::Line,
    record::{HandoffStep, ThirdEnd, What},
    then::Then,
};

impl Handoff {
    /// A button of the agent who has the caller.
    pub(super) fn with_the_caller(&mut self, base: &mut Base, choice: AgentChoice) -> Then {
        match choice {
            AgentChoice::HangUp => self.agent_hangs_up(base),
            // Who is consulted never hears the caller by mistake.
            AgentChoice::Hold | AgentChoice::Resume if self.is_consulting() => Then::Stay,
            AgentChoice::Hold => self.set_line(base, |line| line.held = true),
            AgentChoice::Resume => self.set_line(base, |line| line.held = false),
            AgentChoice::Mute => self.set_line(base, |line| line.muted = true),
            AgentChoice::Unmute => self.set_line(base, |line| line.muted = false),
            AgentChoice::Transfer { to } => self.hand_on(base, to, false),
            AgentChoice::Consult { to } => self.call_in(base, to, false),
            AgentChoice::Add { to } => self.call_in(base, to, true),
            AgentChoice::Conference => self.join_third(base),
            AgentChoice::Complete => self.leave_to_third(base),
            AgentChoice::Part => self.part(base),
            AgentChoice::ToBot { node } => self.send_to_bot(base, node),
            AgentChoice::Accept | AgentChoice::Decline { .. } | AgentChoice::Repeat | AgentChoice::More | AgentChoice::Answer { .. } => {
                Then::Stay
            }
        }
    }

    pub(super) fn set_line(&mut self, base: &mut Base, change: impl FnOnce(&mut Line)) -> Then {
        let Stage::Bridged { offer, line, .. } = &mut self.stage else { return Then::Stay };
        let before = *line;
        change(line);
        let agent = &offer.agent.id;
        if line.held != before.held {
            base.io.record(What::Handoff { step: HandoffStep::Held { agent: agent.clone(), held: line.held } });
        }
        if line.muted != before.muted {
            base.io.record(What::Handoff { step: HandoffStep::Muted { agent: agent.clone(), muted: line.muted } });
        }
        Then::Stay
    }

    /// The agent is done, and the bot goes on at a step that the flow lists, or asks what else there is. What is known stays known.
    fn send_to_bot(&mut self, base: &mut Base, node: Option<String>) -> Then {
        if node.as_ref().is_some_and(|node| !base.flow.handoff.send_back.contains(node)) {
            return Then::Stay;
        }
        self.leave_bridge(base, ThirdEnd::Parted);
        match self.take() {
            Stage::Bridged { offer, .. } => {
                let agent = offer.agent.id.clone();
                base.io.record(What::Handoff { step: HandoffStep::SentToBot { agent, node: node.clone() } });
                base.io.act(Action::HangUp { leg: offer.leg });
                Self::release(base, offer, AgentAfter::WrapUp);
                if node.is_none() {
                    base.say_prompt(PromptKey::BotAgain, &[], true);
                }
                self.stage = Stage::Over;
                Then::BotAt { node }
            }
            other => self.keep(other),
        }
    }
}
