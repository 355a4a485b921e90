//! A call in one line of a list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    call::{
        caller::Caller,
        ids::CallId,
        outcome::{HandoffOutcome, Outcome},
        record::{Entry, HandoffStep, Owner, ThirdStep, What},
    },
    view::{Stamp, schema},
};

/// Whether a call goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// It goes on.
    #[default]
    Live,
    /// It is over.
    Ended,
}

/// What lists show of a call. Folded from its entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CallHead {
    /// The call's id.
    #[schema(value_type = String)]
    pub id: CallId,
    /// When it arrived, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub started: Stamp,
    /// The caller's number or SIP user as the network gave it; empty if withheld.
    pub caller: String,
    /// The display name that the network sent.
    pub caller_name: Option<String>,
    /// What was dialled.
    pub called: String,
    /// What was signed of the caller: `A`, `B`, `C` or `failed`.
    #[serde(default)]
    pub signed: Option<String>,
    /// The caller's number is the word of a network that the configuration trusts.
    #[serde(default)]
    pub asserted: bool,
    /// The number that the call was forwarded from, if such a network says so.
    #[serde(default)]
    pub diverted_from: Option<String>,
    /// The trunk that it came in on; none: a call without one.
    #[serde(default)]
    pub trunk: Option<String>,
    /// The flow's name.
    pub flow: String,
    /// Language tag.
    pub language: String,
    /// Live or ended.
    pub state: CallState,
    /// Who has the caller now.
    #[schema(value_type = schema::Owner)]
    pub owner: Owner,
    /// Since when.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub owner_since: Option<Stamp>,
    /// Why it ended.
    #[schema(value_type = Option<schema::Outcome>)]
    pub outcome: Option<Outcome>,
    /// Milliseconds from arrival to end.
    pub duration_ms: Option<u64>,
    /// The last intent that was understood.
    pub intent: Option<String>,
    /// A human was wanted.
    pub escalated: bool,
    /// Why, strongest first.
    pub reasons: Vec<String>,
    /// How the last handoff ended.
    #[schema(value_type = Option<schema::HandoffOutcome>)]
    pub handoff_outcome: Option<HandoffOutcome>,
    /// The agent who got the caller.
    #[schema(value_type = Option<String>)]
    pub agent: Option<crate::call::ids::AgentId>,
    /// Their name.
    pub agent_name: Option<String>,
    /// Milliseconds from the decision to the bridge.
    pub time_to_agent_ms: Option<u64>,
    /// The longest silence that the caller heard while being handed over, milliseconds.
    pub longest_silence_ms: Option<u64>,
    /// The call in which this one was promised: it calls back.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub calls_back: Option<CallId>,
    /// Questions of agents whose answer was on their card.
    #[serde(default)]
    pub asked_again: u32,
    /// A recording can be fetched.
    pub recording: bool,
}

impl CallHead {
    /// The head of a call of which only the arrival is known.
    #[must_use]
    pub fn new(id: CallId, started: Stamp, caller: &Caller, flow: String, language: String) -> Self {
        Self {
            id,
            started,
            caller: caller.number.clone(),
            caller_name: caller.name.clone(),
            called: caller.called.clone(),
            signed: caller.signed.clone(),
            asserted: caller.asserted,
            diverted_from: caller.diverted_from.clone(),
            trunk: caller.trunk.clone(),
            flow,
            language,
            state: CallState::Live,
            owner: Owner::Bot,
            owner_since: Some(started),
            outcome: None,
            duration_ms: None,
            intent: None,
            escalated: false,
            reasons: Vec::new(),
            handoff_outcome: None,
            agent: None,
            agent_name: None,
            time_to_agent_ms: None,
            longest_silence_ms: None,
            calls_back: None,
            asked_again: 0,
            recording: false,
        }
    }

    /// Takes in one entry; true if the head has changed.
    pub fn apply(&mut self, entry: &Entry) -> bool {
        match &entry.what {
            What::Arrived { caller, caller_name, called, flow, language } => {
                self.caller.clone_from(caller);
                self.caller_name.clone_from(caller_name);
                self.called.clone_from(called);
                self.flow.clone_from(flow);
                self.language.clone_from(language);
            }
            What::CallsBack { of } => self.calls_back = Some(of.clone()),
            What::Language { flow, language } => {
                self.flow.clone_from(flow);
                self.language.clone_from(language);
            }
            What::Owner { owner } => {
                self.owner = owner.clone();
                self.owner_since = Some(Stamp(self.started.0 + entry.at.0));
                if let Owner::Agent { agent, name } = owner {
                    self.agent = Some(agent.clone());
                    self.agent_name = Some(name.clone());
                }
            }
            What::CallerTurn { understood: Some(meaning), .. } => match &meaning.intent {
                Some(intent) => self.intent = Some(intent.clone()),
                None => return false,
            },
            What::Decision { decision } if decision.escalate => {
                self.escalated = true;
                self.reasons.clone_from(&decision.reasons);
            }
            What::AskedAgain { .. } => self.asked_again += 1,
            What::Handoff { step } => return self.apply_step(step),
            What::Ended { outcome } => self.end(*outcome, entry.at.0),
            What::Answered
            | What::Notice { .. }
            | What::Hearing { .. }
            | What::CallerTurn { .. }
            | What::Private { .. }
            | What::Redacted { .. }
            | What::Consent { .. }
            | What::Key { .. }
            | What::BotTurn { .. }
            | What::AgentTurn { .. }
            | What::Fact { .. }
            | What::Tried { .. }
            | What::LookUp { .. }
            | What::Evidence { .. }
            | What::Decision { .. }
            | What::Supervised { .. }
            | What::FarEnd { .. }
            | What::Cause { .. }
            | What::Quality { .. }
            | What::Trouble { .. } => return false,
        }
        true
    }

    /// The call is over.
    pub fn end(&mut self, outcome: Outcome, duration_ms: u64) {
        self.state = CallState::Ended;
        self.owner = Owner::Ended;
        self.outcome = Some(outcome);
        self.duration_ms = Some(duration_ms);
    }

    fn apply_step(&mut self, step: &HandoffStep) -> bool {
        match step {
            HandoffStep::Started { summary, .. } => {
                // "Let me talk to a person" was the last intent, and not what the call is about.
                self.intent = summary.intent.clone().or(self.intent.take());
                self.handoff_outcome = None;
                self.escalated = true;
            }
            HandoffStep::Bridged { agent, time_to_agent_ms, longest_silence_ms } => {
                self.agent = Some(agent.clone());
                self.time_to_agent_ms = Some(*time_to_agent_ms);
                self.longest_silence_ms = Some(*longest_silence_ms);
            }
            HandoffStep::Third { third: ThirdStep::HasCaller { who, .. }, .. } => self.agent = Some(who.clone()),
            HandoffStep::Ended { outcome, .. } => self.handoff_outcome = Some(*outcome),
            HandoffStep::Waiting { .. }
            | HandoffStep::Offered { .. }
            | HandoffStep::Ringing { .. }
            | HandoffStep::Briefing { .. }
            | HandoffStep::OfferEnded { .. }
            | HandoffStep::CallerTold { .. }
            | HandoffStep::Transferring { .. }
            | HandoffStep::TransferEnded { .. }
            | HandoffStep::TransferAsked { .. }
            | HandoffStep::BackToAgent { .. }
            | HandoffStep::TakenOver { .. }
            | HandoffStep::CallbackPromised { .. }
            | HandoffStep::CallerRung
            | HandoffStep::Closed { .. }
            | HandoffStep::CallerNotReached { .. }
            | HandoffStep::Briefed { .. }
            | HandoffStep::BriefingFailed { .. }
            | HandoffStep::Chose { .. }
            | HandoffStep::Held { .. }
            | HandoffStep::Muted { .. }
            | HandoffStep::Third { .. }
            | HandoffStep::Inquiry { .. }
            | HandoffStep::Introduced { .. }
            | HandoffStep::SentToBot { .. }
            | HandoffStep::Voicemail { .. } => return false,
        }
        true
    }
}
