//! The warm transfer, as an explicit state machine: find an agent, ring, brief, let them choose, bridge; and what follows when any of it fails.
//!
//! ```text
//! Finding ─→ (Queued) ─→ Ringing ─→ Briefing ─→ Choosing ─────────────→ Bridged
//!    ↑          │           │           │           │  └→ Connecting ─→      │
//!    │          │           │           │           │       Transferring     │
//!    └──────────┴─ next ────┴───────────┴───────────┴─────────────┴── agent ─┘
//!                  agent                                              lost
//! where the flow says so an agent reads before they are rung: Reading ─→ Ringing
//! one line is asked (`inquiry`): Reading, or Choosing, ends with an answer, and the bot goes on
//! nobody (left): Callback, a message, back to the bot, or goodbye, as the flow says
//! ```
//! The agent's reservation lives in the `Offer`, and whoever takes the offer out of the state gives it back: so that happens exactly once.

mod agent;
mod agent_voice;
pub(crate) mod answer;
mod asked;
mod bridge;
mod callback;
mod choice;
mod closed;
mod company;
mod heard;
mod inquiry;
mod introduction;
mod invited;
mod matter;
pub(in crate::call) mod phrases;
mod promised;
mod queue;
mod stands;
pub mod summary;
mod supervisor;
mod third;
mod third_ends;
mod transfer;
mod voicemail;
mod whisper;
mod with_caller;

use crate::call::{
    action::{Action, AgentAfter},
    base::Base,
    event::{Agent, LegEnd},
    flow::{Destination, dialogue::Meanwhile, prompt::PromptKey},
    ids::{AgentId, LegId, RequestId},
    measured::Measured,
    media::round::Line,
    outcome::{HandoffOutcome, InquiryOutcome, OfferOutcome, Outcome},
    record::{HandoffStep, Owner, Summary, ThirdEnd, What, Whisper},
    time::Time,
    timer::Timer,
    turn::mouth::Mouth,
};

use asked::Aside;
use callback::Asking;
use company::Company;
use heard::Heard;
use inquiry::Inquiry;
use promised::Due;
use summary::because;
use supervisor::Watcher;
use third::Third;
use transfer::{AgentLeg, Referral};
use voicemail::Message;

/// An agent who is reserved for this call, and the leg to them.
#[derive(Debug)]
pub(crate) struct Offer {
    agent: Agent,
    leg: LegId,
    /// The desk has given them to this call; a number outside is nobody's.
    reserved: bool,
    /// How often the briefing was said again.
    repeats: u32,
}

/// Where the handoff stands.
#[derive(Debug)]
enum Stage {
    /// The queue was asked for an agent.
    Finding { find: RequestId },
    /// Nobody is free; the call waits. The estimate was made at `since`.
    Queued { find: RequestId, position: u32, estimate_s: Option<u32>, since: Time },
    /// The agent reads the card, and takes the call on the page before their phone rings.
    Reading { offer: Offer },
    /// The agent's phone is called. `accepted`: taken on the page already.
    Ringing { offer: Offer, rings: bool, accepted: bool },
    /// The agent has picked up and hears who calls, since then.
    Briefing { offer: Offer, mouth: Box<Mouth>, heard: Box<Heard>, whisper: Whisper, since: Time },
    /// The agent was told, and chooses.
    Choosing { offer: Offer, mouth: Box<Mouth>, heard: Box<Heard>, whisper: Whisper },
    /// A callback: the agent has accepted, and the caller's telephone rings.
    RingingCaller { offer: Offer, mouth: Box<Mouth> },
    /// The caller is told what comes: their own side is asked to connect them; or, called back, they have just answered.
    Connecting { offer: Offer },
    /// The caller's side is asked to call the agent.
    Transferring { offer: Offer, referral: Referral },
    /// They talk.
    Bridged { offer: Offer, since: Time, line: Line },
    /// Nobody can be had; the caller is asked whether to be called back, and on which number.
    Callback { asking: Asking },
    /// The caller leaves a message.
    Voicemail { message: Message },
    /// It is over.
    Over,
}

/// One handoff.
#[derive(Debug)]
pub(crate) struct Handoff {
    to: Destination,
    matter: Matter,
    summary: Summary,
    company: Company,
    since: Time,
    stage: Stage,
    /// Agents who were asked already.
    asked: Vec<AgentId>,
    /// How often an agent was lost after the bridge.
    lost: u32,
    /// When the caller was last told how it stands.
    told: Time,
    /// The caller's side takes no transfers.
    refers_nowhere: bool,
    /// The agent who hands the caller on and waits for what comes of it.
    aside: Option<Aside>,
    /// Nobody is there at this hour.
    closed: bool,
    /// Whom they want, and the call with them whose place the new one takes.
    wanted: Option<AgentId>,
    replaces: Option<String>,
    /// The call keeps a promise.
    due: Option<Due>,
    /// Somebody whom the agent who has the caller has called in: only there while `stage` is bridged.
    third: Option<Third>,
    /// What the agent who has the caller is told beside the conversation.
    aside_mouth: Option<Box<Mouth>>,
    /// The bot introduces both to each other.
    introducing: bool,
    /// Somebody who follows the conversation: as long as `stage` is bridged.
    watcher: Option<Watcher>,
    /// One line is asked, and the bot keeps the caller.
    inquiry: Option<Inquiry>,
}

impl Handoff {
    /// A human is wanted. `questions` are open, and may be asked while the caller waits.
    pub(crate) fn start(base: &mut Base, to: Destination, matter: Matter, questions: Meanwhile) -> Self {
        let now = base.io.now;
        let mut handoff = Self::new(base, to, matter, questions);
        base.silence.restart(Time(now.0.saturating_sub(3_000)));
        base.handoff = Measured { since: now, ..Measured::default() };
        let queue = handoff.to.queue.clone();
        base.io.record(What::Owner { owner: Owner::Queue { queue: queue.clone() } });
        base.io.record(What::Handoff { step: HandoffStep::Started { queue, summary: handoff.summary.clone() } });
        if !handoff.closed {
            handoff.call_somebody(base);
        }
        handoff
    }

    fn new(base: &Base, to: Destination, matter: Matter, questions: Meanwhile) -> Self {
        Self {
            summary: matter.summary(base),
            closed: base.flow.closed(&to.queue, base.wall_now()).is_some(),
            to,
            matter,
            company: Company::new(questions),
            since: base.io.now,
            stage: Stage::Over,
            asked: Vec::new(),
            lost: 0,
            told: base.io.now,
            refers_nowhere: false,
            aside: None,
            wanted: None,
            replaces: None,
            due: None,
            third: None,
            aside_mouth: None,
            introducing: false,
            watcher: None,
            inquiry: None,
        }
    }

    fn call_somebody(&mut self, base: &mut Base) {
        let because = because(base.io.entries(), &base.flow).to_owned();
        base.tell(PromptKey::CallingColleague, &[("because", &because), ("department", &self.to.label)]);
        base.io.timers.set(Timer::QueueWait, base.io.now.plus(base.flow.wait_ms(&self.to.queue)));
        self.told_now(base);
        self.find(base);
    }

    /// The leg to the agent, if there is one, and whether it may be heard and may hear.
    fn offer(&self) -> Option<&Offer> {
        match &self.stage {
            Stage::Reading { offer }
            | Stage::Ringing { offer, .. }
            | Stage::Briefing { offer, .. }
            | Stage::Choosing { offer, .. }
            | Stage::RingingCaller { offer, .. }
            | Stage::Connecting { offer }
            | Stage::Transferring { offer, .. }
            | Stage::Bridged { offer, .. } => Some(offer),
            Stage::Finding { .. } | Stage::Queued { .. } | Stage::Callback { .. } | Stage::Voicemail { .. } | Stage::Over => None,
        }
    }

    /// What is known now, for whoever is called next.
    fn renew_summary(&mut self, base: &Base) {
        self.summary = self.matter.summary(base);
    }

    /// What was gathered while the caller waited.
    pub(crate) fn into_gathered(self) -> Meanwhile {
        self.company.into_questions()
    }

    /// The human has the caller.
    pub(crate) const fn is_bridged(&self) -> bool {
        matches!(self.stage, Stage::Bridged { .. })
    }

    fn take(&mut self) -> Stage {
        std::mem::replace(&mut self.stage, Stage::Over)
    }

    /// What follows by itself, once nothing is left to be said: called after every report.
    pub(crate) fn settle(&mut self, base: &mut Base) {
        self.plan_question(base);
        self.settle_introduction(base);
        self.settle_watch(base);
        let ready = match &mut self.stage {
            Stage::Voicemail { message } => {
                Self::listen_to_message(message, base);
                false
            }
            Stage::Briefing { mouth, .. } => mouth.is_idle(),
            Stage::Connecting { .. } => base.mouth.is_idle(),
            Stage::Transferring { referral, .. } => referral.is_announced_only() && base.mouth.is_idle(),
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Choosing { .. }
            | Stage::RingingCaller { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Over => false,
        };
        if !ready {
            return;
        }
        match self.take() {
            Stage::Briefing { offer, mouth, heard, whisper, since } => {
                Self::briefed(base, &offer, since);
                self.let_choose(base, offer, (mouth, heard), whisper);
            }
            Stage::Connecting { offer } => self.connect(base, offer),
            Stage::Transferring { offer, referral } => self.refer(base, offer, referral.agent),
            other => self.stage = other,
        }
    }

    /// Ends an offer: the leg unless it is gone, the reservation, and the entry on record.
    fn end_offer(base: &mut Base, offer: Offer, outcome: OfferOutcome, after: AgentAfter, leg: Leg) {
        stop_agent_timers(base);
        if leg == Leg::Up {
            base.io.act(Action::HangUp { leg: offer.leg });
        }
        base.io.record(What::Handoff { step: HandoffStep::OfferEnded { agent: offer.agent.id.clone(), outcome } });
        Self::release(base, offer, after);
    }

    /// The agent is somebody else's from now on.
    fn release(base: &mut Base, offer: Offer, after: AgentAfter) {
        if offer.reserved {
            base.io.act(Action::ReleaseAgent { agent: offer.agent.id, after });
        }
    }

    /// The caller does not wait any more.
    fn stop_waiting(&self, base: &mut Base) {
        stop_agent_timers(base);
        for timer in [Timer::FindAgent, Timer::QueueWait, Timer::Update] {
            base.io.timers.stop(timer);
        }
        base.mouth.silence(&mut base.io);
        base.ear.discard(&mut base.io);
    }

    /// Writes down how the handoff ended; nothing of it is left.
    fn over(base: &mut Base, outcome: HandoffOutcome) {
        stop_agent_timers(base);
        for timer in [Timer::FindAgent, Timer::QueueWait, Timer::Update, Timer::Question, Timer::Voicemail, Timer::KeyPause] {
            base.io.timers.stop(timer);
        }
        base.io.record(What::Handoff { step: Self::ended(base, outcome) });
    }

    fn ended(base: &Base, outcome: HandoffOutcome) -> HandoffStep {
        let Measured { since, offers, repeats } = base.handoff;
        let now = base.io.now;
        HandoffStep::Ended { outcome, waited_ms: now.since(since), longest_silence_ms: base.silence.longest_ms(now), offers, repeats }
    }

    /// The handoff is called off: the caller left, wants the bot again, or the gateway shuts down. Returns the agent's leg if somebody is listening on it.
    fn call_off(&mut self, base: &mut Base, outcome: OfferOutcome) -> Option<Offer> {
        self.release_who_asked(base, false);
        self.rings_no_more(base);
        self.leave_bridge(base, ThirdEnd::CallEnded);
        match self.take() {
            Stage::Finding { find } | Stage::Queued { find, .. } => base.io.act(Action::LeaveQueue { id: find }),
            Stage::Reading { offer } => Self::end_offer(base, offer, outcome, AgentAfter::Free, Leg::Gone),
            Stage::Ringing { offer, .. } => Self::end_offer(base, offer, outcome, AgentAfter::Free, Leg::Up),
            Stage::Briefing { offer, mut mouth, .. } | Stage::Choosing { offer, mut mouth, .. } => {
                mouth.silence(&mut base.io);
                return Some(offer);
            }
            Stage::RingingCaller { offer, mut mouth } => {
                mouth.silence(&mut base.io);
                return Some(offer);
            }
            Stage::Connecting { offer } => return Some(offer),
            Stage::Transferring { offer, referral } if referral.agent == AgentLeg::Up => {
                base.io.timers.stop(Timer::Transfer);
                return Some(offer);
            }
            Stage::Transferring { offer, .. } => Self::end_offer(base, offer, outcome, AgentAfter::Free, Leg::Gone),
            Stage::Bridged { offer, .. } => {
                stop_agent_timers(base);
                base.io.act(Action::HangUp { leg: offer.leg });
                Self::release(base, offer, AgentAfter::WrapUp);
            }
            Stage::Callback { .. } | Stage::Voicemail { .. } | Stage::Over => {}
        }
        None
    }

    /// The caller's leg is gone. The agent who listens is told (see [`Farewell`]); everything else ends now.
    pub(crate) fn caller_left(&mut self, base: &mut Base, why: LegEnd) -> (Outcome, Option<Farewell>) {
        let lost = why != LegEnd::HungUp;
        self.caller_leg_settled();
        if !lost && self.left_to_be_connected(base) {
            return (Outcome::HandedOver, None);
        }
        if let Stage::Voicemail { message } = &self.stage
            && Self::keep_message(base, message)
        {
            return (Outcome::VoicemailLeft, None);
        }
        let bridged = self.is_bridged();
        let listening = self.call_off(base, OfferOutcome::CallerLeft);
        let asked = self.end_inquiry(base, InquiryOutcome::CallerLeft).is_some();
        if !bridged && !asked {
            Self::over(base, HandoffOutcome::CallerLeft);
        }
        let served = asked && base.io.entries().iter().any(|entry| matches!(entry.what, What::Tried { .. }));
        let outcome = match (lost, bridged) {
            (true, _) => Outcome::Lost,
            (false, true) => Outcome::HandedOver,
            (false, false) if served => Outcome::Contained,
            (false, false) => Outcome::Abandoned,
        };
        (outcome, listening.map(|offer| Farewell::say(base, offer)))
    }

    /// The call must come to an end. `comes_back`: whoever still waits is called back, where the flow says so, on the number that is returned.
    pub(crate) fn withdraw(&mut self, base: &mut Base, comes_back: bool) -> Option<String> {
        let bridged = self.is_bridged();
        let asked = self.inquiry.is_some();
        let number = if comes_back && !bridged && !asked { self.number_cut_off(base) } else { None };
        if let Some(offer) = self.call_off(base, OfferOutcome::Withdrawn) {
            Self::end_offer(base, offer, OfferOutcome::Withdrawn, AgentAfter::Free, Leg::Up);
        }
        if let Some(number) = &number {
            base.io.record(What::Handoff { step: HandoffStep::CallbackPromised { number: number.clone() } });
            Self::over(base, HandoffOutcome::Callback);
        } else if asked {
            self.end_inquiry(base, InquiryOutcome::Withdrawn);
        } else if !bridged {
            Self::over(base, HandoffOutcome::NobodyCame);
        }
        number
    }
}

/// Is there a leg to hang up?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leg {
    Up,
    Gone,
}

fn stop_agent_timers(base: &mut Base) {
    for timer in [
        Timer::AgentAnswer,
        Timer::AgentSpeech,
        Timer::AgentEndOfTurn,
        Timer::AgentRecogniser,
        Timer::AgentLongestTurn,
        Timer::AgentChoose,
        Timer::Connect,
        Timer::Transfer,
    ] {
        base.io.timers.stop(timer);
    }
}

pub(crate) use agent::Farewell;
pub(crate) use agent_voice::AgentVoice;
pub(crate) use company::said_minutes;
pub(crate) use matter::Matter;
pub use promised::Promise;
pub(in crate::call) use whisper::most_of_the_matter;
