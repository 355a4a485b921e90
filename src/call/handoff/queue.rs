//! Finding an agent: the queue, the next one, and keeping the caller informed meanwhile.

use crate::call::{
    action::{Action, AgentAfter},
    base::Base,
    event::{Agent, TransferBy},
    flow::{
        policy::{Fallback, Mode},
        prompt::PromptKey,
    },
    handoff::{
        Handoff, Leg, Offer, Stage,
        company::{left_s, said_minutes},
        inquiry::Inquiry,
        summary::ahead_s,
    },
    ids::RequestId,
    outcome::{HandoffOutcome, OfferOutcome, Outcome},
    record::{AskBy, HandoffStep, ThirdEnd, What},
    then::Then,
    timer::Timer,
    turn::ear::Turn,
};

/// A queue that has not answered `FindAgent` at all after this is gone.
pub(super) const FIND_MS: u64 = 3_000;

/// How much longer than `ring_ms` we wait for the driver that watches the ringing.
pub(super) const RING_GRACE_MS: u64 = 2_000;

/// The caller is informed at least this often, whatever the flow says.
const LONGEST_UPDATE_MS: u64 = 18_000;

/// A new place in the queue is told at once unless the last word to the caller is younger than this.
const SHORTEST_UPDATE_MS: u64 = 6_000;

/// While something else is being said, the update is tried again after this.
const UPDATE_AGAIN_MS: u64 = 1_000;

impl Handoff {
    /// The call waits no longer for anybody.
    pub(super) fn leave_queue(&mut self, base: &mut Base) {
        if let Stage::Finding { find } | Stage::Queued { find, .. } = self.stage {
            base.io.act(Action::LeaveQueue { id: find });
        }
        for timer in [Timer::FindAgent, Timer::QueueWait, Timer::Update] {
            base.io.timers.stop(timer);
        }
        self.stage = Stage::Over;
    }

    /// Asks the queue for an agent.
    pub(super) fn find(&mut self, base: &mut Base) {
        let find = base.io.request();
        base.io.act(Action::FindAgent {
            id: find,
            queue: self.to.queue.clone(),
            not: self.asked.clone(),
            who: self.wanted.clone(),
            ahead_ms: 1_000 * ahead_s(base.io.entries(), &base.flow.handoff.ahead_s).max(base.caller.ahead_s()) + self.waited_ms(base),
            caller: Some(base.caller.number.clone()).filter(|number| !number.is_empty()),
            prefer: base.caller.own_agent(),
            reads: self.inquiry.as_ref().is_some_and(|inquiry| inquiry.by() == AskBy::Screen),
        });
        base.io.timers.set(Timer::FindAgent, base.io.now.plus(FIND_MS));
        base.finds.insert(find);
        if base.caller_up {
            // From now on it is a handoff like every other one.
            self.due = None;
        }
        self.stage = Stage::Finding { find };
    }

    /// How long the caller had waited for a human when this handoff began: a promise is kept, or they ring again while one is owed to them.
    fn waited_ms(&self, base: &Base) -> u64 {
        match (&self.due, base.caller.waited_ms) {
            (Some(due), _) => due.waited_ms,
            (None, 0) => 0,
            (None, before) => before + self.since.0,
        }
    }

    /// The queue did not answer in time.
    pub(crate) fn find_late(&mut self, base: &mut Base) -> Then {
        let Stage::Finding { find } = self.stage else { return Then::Stay };
        base.io.act(Action::LeaveQueue { id: find });
        self.nobody(base)
    }

    /// `NobodyToAsk`, or `Failed` for a request to the queue.
    pub(crate) fn nobody_to_ask(&mut self, base: &mut Base, id: RequestId) -> Then {
        if self.third_waits_for(id) {
            self.third_failed(base, ThirdEnd::NobodyFree, Leg::Gone);
        }
        match self.stage {
            Stage::Finding { find } | Stage::Queued { find, .. } if find == id => self.nobody(base),
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Choosing { .. }
            | Stage::RingingCaller { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => Then::Stay,
        }
    }

    /// `Queued`.
    pub(crate) fn queued(&mut self, base: &mut Base, id: RequestId, position: u32, estimate_s: Option<u32>) -> Then {
        if self.third_waits_for(id) {
            // An agent waits for nobody in a queue.
            self.third_failed(base, ThirdEnd::NobodyFree, Leg::Up);
        }
        let news = match &self.stage {
            Stage::Finding { find } if *find == id => true,
            Stage::Queued { find, position: old, .. } if *find == id => *old != position,
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Choosing { .. }
            | Stage::RingingCaller { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => return Then::Stay,
        };
        if self.wanted.is_some() {
            // Somebody wanted this agent and nobody else: they know sooner that it cannot be.
            base.io.act(Action::LeaveQueue { id });
            return self.nobody(base);
        }
        let first = matches!(self.stage, Stage::Finding { .. });
        base.io.timers.stop(Timer::FindAgent);
        self.stage = Stage::Queued { find: id, position, estimate_s, since: base.io.now };
        if news {
            base.io.record(What::Handoff { step: HandoffStep::Waiting { position, estimate_s } });
        }
        let due = base.mouth.is_idle() && base.io.now.since(self.told) >= SHORTEST_UPDATE_MS && !self.asks_meanwhile();
        if first || (news && due) {
            self.tell_how_it_stands(base);
        }
        Then::Stay
    }

    /// `AgentReserved`. Says whether the agent is taken; if not, the caller of this gives them back.
    pub(crate) fn reserved(&mut self, base: &mut Base, id: RequestId, agent: Agent) -> Result<(), Agent> {
        if self.third_waits_for(id) {
            self.third_found(base, agent);
            return Ok(());
        }
        match self.stage {
            Stage::Finding { find } | Stage::Queued { find, .. } if find == id => {}
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Choosing { .. }
            | Stage::RingingCaller { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => return Err(agent),
        }
        base.io.timers.stop(Timer::FindAgent);
        self.offer_to(base, agent);
        Ok(())
    }

    /// An agent is reserved, and offered the call.
    pub(super) fn offer_to(&mut self, base: &mut Base, agent: Agent) {
        let leg = base.next_leg();
        self.asked.push(agent.id.clone());
        base.handoff.offers += 1;
        base.io.record(What::Handoff { step: HandoffStep::Offered { agent: agent.id.clone(), name: agent.name.clone() } });
        let offer = Offer { agent, leg, reserved: true, repeats: 0 };
        if self.inquiry.is_none() && self.hands_on(&offer, TransferBy::Blind) {
            self.announce_transfer(base, offer);
        } else if self.invites(&offer) {
            self.invite(base, offer);
        } else if self.reads_first(base) {
            self.let_read(base, offer);
        } else {
            self.ring(base, offer);
        }
    }

    /// Does the flow want that agents read before they are rung? Not where an agent hands the caller on: nobody waits for a page then.
    fn reads_first(&self, base: &Base) -> bool {
        match &self.inquiry {
            Some(inquiry) => inquiry.by() == AskBy::Screen,
            None => self.aside.is_none() && self.mode(base) == Mode::Screen,
        }
    }

    /// The card is on the agent's page: they have as long as a phone would ring.
    fn let_read(&mut self, base: &mut Base, offer: Offer) {
        let asked = self.inquiry.is_some();
        let read_ms = if asked { base.flow.handoff.consult_each_ms } else { base.flow.handoff.ring_ms };
        base.io.timers.set(Timer::AgentAnswer, base.io.now.plus(read_ms));
        let reads = if asked { PromptKey::AskedColleague } else { PromptKey::StillCalling };
        base.tell(reads, &[("name", &offer.agent.name)]);
        self.told_now(base);
        self.stage = Stage::Reading { offer };
    }

    /// Rings an agent. Whoever was told already what it is about is not briefed.
    pub(super) fn ring(&mut self, base: &mut Base, offer: Offer) {
        let ring_ms = base.flow.handoff.ring_ms;
        let replaces = self.replaces.take();
        let accepted = replaces.is_some();
        base.io.act(Action::Dial {
            leg: offer.leg,
            agent: offer.agent.id.clone(),
            target: offer.agent.target.clone(),
            ring_ms,
            reason: self.inquiry.as_ref().map_or(&*self.summary.reason, Inquiry::question).to_owned(),
            replaces,
        });
        base.io.timers.set(Timer::AgentAnswer, base.io.now.plus(ring_ms + RING_GRACE_MS));
        let ringing = if self.asked.len() > 1 { PromptKey::NextAgent } else { PromptKey::RingingAgent };
        let ringing = if self.aside.is_some() { PromptKey::RingingAgent } else { ringing };
        base.tell(ringing, &[("name", &offer.agent.name)]);
        self.told_now(base);
        self.prepare_briefing(base, &offer);
        self.stage = Stage::Ringing { offer, rings: false, accepted };
    }

    /// An offer ended without an agent: the next one, unless it is enough.
    pub(super) fn next_agent(&mut self, base: &mut Base, offer: Offer, outcome: OfferOutcome, leg: Leg) -> Then {
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.offer_ended(outcome);
        }
        // Nobody's phone is to blame where our own line was full.
        let free = matches!(outcome, OfferOutcome::Declined | OfferOutcome::DeclinedSkill | OfferOutcome::NoLine);
        let after = if free { AgentAfter::Free } else { AgentAfter::Resting };
        Self::end_offer(base, offer, outcome, after, leg);
        if self.wanted.is_some()
            || self.asked.len() >= base.flow.handoff.offers as usize
            || base.io.now.since(self.since) >= base.flow.wait_ms(&self.to.queue)
        {
            return self.nobody(base);
        }
        base.mouth.forget_queue();
        self.find(base);
        Then::Stay
    }

    /// The caller has waited for as long as the flow allows. Somebody who is being asked may still answer.
    pub(crate) fn waited_too_long(&mut self, base: &mut Base) -> Then {
        if let Some(then) = self.inquiry_late(base) {
            return then;
        }
        match self.stage {
            Stage::Finding { find } | Stage::Queued { find, .. } => {
                base.io.act(Action::LeaveQueue { id: find });
                self.nobody(base)
            }
            Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Choosing { .. }
            | Stage::RingingCaller { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => Then::Stay,
        }
    }

    /// Nobody can be had.
    pub(super) fn nobody(&mut self, base: &mut Base) -> Then {
        self.stage = Stage::Over;
        self.company.fall_silent(base);
        base.mouth.forget_queue();
        if let Some(then) = self.nobody_answers(base) {
            return then;
        }
        let wanted = self.wanted.is_some();
        if self.back_to_who_asked(base) {
            return Then::Stay;
        }
        if self.is_due(base) {
            return Self::put_off(base);
        }
        if wanted {
            // Whoever wanted it has left: then anybody of the queue.
            self.find(base);
            return Then::Stay;
        }
        match base.flow.fallback(&self.to.queue, self.closed) {
            Fallback::Callback => self.offer_callback(base),
            Fallback::Bot => {
                Self::over(base, HandoffOutcome::BackToBot);
                base.tell(PromptKey::BackToBot, &[]);
                Then::Bot
            }
            Fallback::Voicemail if base.flow.handoff.voicemail_s > 0 => self.take_message(base),
            Fallback::Voicemail | Fallback::Goodbye => Self::goodbye(base),
        }
    }

    /// Nobody can be had, and there is nothing left to offer.
    pub(super) fn goodbye(base: &mut Base) -> Then {
        Self::over(base, HandoffOutcome::NobodyCame);
        base.tell(PromptKey::NobodyGoodbye, &[]);
        Then::Close(Outcome::NobodyCame)
    }

    /// The caller spoke while waiting. It goes to the agent's page; "never mind" brings the bot back.
    pub(crate) fn caller_said(&mut self, base: &mut Base, turn: &Turn) -> Then {
        base.turn += 1;
        base.io.record(What::CallerTurn {
            turn: base.turn,
            text: turn.heard.text.clone(),
            confidence: turn.heard.confidence,
            from: turn.from,
            to: turn.to,
            understood: None,
        });
        let said = turn.heard.text.as_str();
        match &mut self.stage {
            Stage::Callback { .. } => return self.caller_answers(base, said, turn.from),
            Stage::Voicemail { .. } => return self.message_goes_on(base, said),
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Choosing { .. }
            | Stage::RingingCaller { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Bridged { .. }
            | Stage::Over => {}
        }
        if let Some(then) = self.caller_wants(base, said) {
            return then;
        }
        self.caller_answers_meanwhile(base, turn);
        Then::Stay
    }

    /// It is time to tell the caller how it stands.
    pub(crate) fn update(&mut self, base: &mut Base) {
        let now = base.io.now;
        // The pause counts from the last word, not from when it was decided to say it.
        let due = base.mouth.silent_since().filter(|_| base.mouth.is_idle()).map(|since| since.plus(update_ms(base)));
        // Whoever answers a question is not talked over, for as long as that is bearable.
        let answers = self.asks_meanwhile() && base.ear.quiet_since().is_none();
        let bearable = base.mouth.silent_since().is_some_and(|since| now.since(since) + UPDATE_AGAIN_MS < LONGEST_UPDATE_MS);
        match due {
            Some(due) if due <= now && answers && bearable => base.io.timers.set(Timer::Update, now.plus(UPDATE_AGAIN_MS)),
            Some(due) if due <= now => self.tell_how_it_stands(base),
            Some(due) => base.io.timers.set(Timer::Update, due),
            None => base.io.timers.set(Timer::Update, now.plus(UPDATE_AGAIN_MS)),
        }
    }

    fn tell_how_it_stands(&mut self, base: &mut Base) {
        if self.inquiry.is_some() {
            self.tell_of_inquiry(base);
            return self.told_now(base);
        }
        match &self.stage {
            Stage::Queued { position, estimate_s, since, .. } => {
                let position = position.to_string();
                // What was said once comes nearer; a time that has passed is not said any more.
                let left = left_s(*estimate_s, *since, base.io.now);
                let minutes = left.map(|seconds| said_minutes(seconds).to_string()).unwrap_or_default();
                base.tell(PromptKey::InQueue, &[("position", &position), ("estimate", &minutes)]);
                if self.company.told_place() {
                    let voicemail = if base.flow.handoff.voicemail_s > 0 { "1" } else { "" };
                    base.tell(PromptKey::QueueOptions, &[("voicemail", voicemail)]);
                }
            }
            Stage::Finding { .. } => base.tell(PromptKey::StillCalling, &[("name", "")]),
            Stage::Ringing { offer, .. } | Stage::Transferring { offer, .. } => {
                base.tell(PromptKey::RingingAgent, &[("name", &offer.agent.name)]);
            }
            Stage::Reading { offer } | Stage::Briefing { offer, .. } | Stage::Choosing { offer, .. } => {
                base.tell(PromptKey::StillCalling, &[("name", &offer.agent.name)]);
            }
            Stage::RingingCaller { .. }
            | Stage::Connecting { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => return,
        }
        self.told_now(base);
    }

    /// The caller was told something just now.
    pub(super) fn told_now(&mut self, base: &mut Base) {
        self.told = base.io.now;
        base.io.timers.set(Timer::Update, base.io.now.plus(update_ms(base)));
    }
}

fn update_ms(base: &Base) -> u64 {
    base.flow.handoff.update_ms.min(LONGEST_UPDATE_MS)
}
