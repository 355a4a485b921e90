//! Accepted: both hear each other at once, and what happens when one of them goes.

use crate::call::{
    action::{Action, AgentAfter},
    asked_again::OnCard,
    base::Base,
    event::{LegEnd, TransferBy},
    flow::prompt::PromptKey,
    handoff::{Handoff, Leg, Offer, Stage, stop_agent_timers, transfer::AgentLeg},
    media::round::Line,
    outcome::{HandoffOutcome, OfferOutcome, Outcome},
    record::{HandoffStep, Owner, ThirdEnd, What},
    then::Then,
    time::Time,
    timer::Timer,
};

/// The announcement before the bridge may take this long.
const CONNECT_MS: u64 = 5_000;

/// An agent who is gone so soon after the bridge was lost: nobody has helped the caller yet.
const SETTLED_MS: u64 = 3_000;

/// How often a caller is called a new agent after a lost one.
const MOST_LOST: u32 = 2;

impl Handoff {
    /// The agent takes the call. The caller was told when the agent picked up: nobody waits for another sentence, except where the caller's own side
    /// is asked to connect them.
    pub(super) fn accept(&mut self, base: &mut Base, offer: Offer) {
        stop_agent_timers(base);
        base.io.timers.stop(Timer::Update);
        if self.is_due(base) {
            return self.ring_caller(base, offer);
        }
        base.mouth.silence(&mut base.io);
        base.ear.discard(&mut base.io);
        self.company.fall_silent(base);
        if !self.hands_on(&offer, TransferBy::Attended) {
            return self.bridge(base, offer);
        }
        base.tell(PromptKey::Connecting, &[("name", &offer.agent.name)]);
        base.io.timers.set(Timer::Connect, base.io.now.plus(CONNECT_MS));
        self.stage = Stage::Connecting { offer };
    }

    /// The announcement takes too long.
    pub(crate) fn connect_late(&mut self, base: &mut Base) {
        match self.take() {
            Stage::Connecting { offer } => {
                base.mouth.silence(&mut base.io);
                self.connect(base, offer);
            }
            Stage::Transferring { offer, referral } if referral.is_announced_only() => {
                base.mouth.silence(&mut base.io);
                self.refer(base, offer, referral.agent);
            }
            other => self.stage = other,
        }
    }

    /// The caller was told: now they get the agent, here or on their own side.
    pub(super) fn connect(&mut self, base: &mut Base, offer: Offer) {
        if self.hands_on(&offer, TransferBy::Attended) { self.refer(base, offer, AgentLeg::Up) } else { self.bridge(base, offer) }
    }

    /// Both hear each other.
    pub(super) fn bridge(&mut self, base: &mut Base, offer: Offer) {
        let now = base.io.now;
        self.due = None;
        stop_agent_timers(base);
        for timer in [Timer::QueueWait, Timer::Update] {
            base.io.timers.stop(timer);
        }
        base.ear.discard(&mut base.io);
        let handed_on = self.aside.is_some();
        self.release_who_asked(base, true);
        let agent = offer.agent.id.clone();
        base.scribe.meet(offer.leg, agent.clone());
        base.on_card = OnCard::of(&self.matter.summary(base), &base.caller);
        base.io.record(What::Handoff { step: HandoffStep::OfferEnded { agent: agent.clone(), outcome: OfferOutcome::Accepted } });
        base.io.record(What::Owner { owner: Owner::Agent { agent: agent.clone(), name: offer.agent.name.clone() } });
        let step =
            HandoffStep::Bridged { agent, time_to_agent_ms: now.since(self.since), longest_silence_ms: base.silence.longest_ms(now) };
        base.io.record(What::Handoff { step });
        // What was owed to them is theirs.
        base.caller.waited_ms = 0;
        base.io.record(What::Handoff { step: Self::ended(base, HandoffOutcome::Bridged) });
        self.introduce(base, &offer, handed_on);
        self.stage = Stage::Bridged { offer, since: now, line: Line::default() };
    }

    /// The agent's leg has ended after the bridge: a normal end, or somebody else has to take over.
    pub(super) fn lost_or_done(&mut self, base: &mut Base, offer: Offer, since: Time, why: LegEnd) -> Then {
        let done = why == LegEnd::HungUp && base.io.now.since(since) >= SETTLED_MS;
        if done || self.lost >= MOST_LOST {
            self.end_watch(base, Leg::Up);
            Self::release(base, offer, AgentAfter::WrapUp);
            self.stage = Stage::Over;
            return Then::End(Outcome::HandedOver);
        }
        self.lost += 1;
        self.asked = vec![offer.agent.id.clone()];
        Self::release(base, offer, AgentAfter::Resting);
        self.begin_again(base);
        base.tell(PromptKey::AgentLost, &[]);
        self.told_now(base);
        self.find(base);
        Then::Stay
    }

    /// The agent ends the call on the page.
    pub(super) fn agent_hangs_up(&mut self, base: &mut Base) -> Then {
        self.leave_bridge(base, ThirdEnd::CallEnded);
        match self.take() {
            Stage::Bridged { offer, .. } => {
                base.io.act(Action::HangUp { leg: offer.leg });
                Self::release(base, offer, AgentAfter::WrapUp);
                Then::End(Outcome::HandedOver)
            }
            other => self.keep(other),
        }
    }
}
