//! The card on an agent's page: what they are told of the call that is offered to them.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    call::{
        ids::AgentId,
        outcome::OfferOutcome,
        record::{AskBy, Entry, Evidence, Fact, HandoffStep, InquiryStep, Suggestion, Summary, ThirdStep, What},
    },
    view::{CallHead, schema},
};

/// Evidence that a card keeps; the oldest goes first.
const EVIDENCE_LIMIT: usize = 50;

/// How far the offer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardStep {
    /// The agent's phone is being rung.
    Ringing,
    /// The agent is being briefed.
    Briefing,
    /// Agent and caller hear each other.
    Bridged,
    /// The offer or the call is over.
    Ended,
}

/// The card.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Card {
    /// The call.
    #[schema(value_type = CallHead)]
    pub call: Arc<CallHead>,
    /// What the bot found out.
    #[schema(value_type = schema::Summary)]
    pub summary: Arc<Summary>,
    /// Why a human, strongest first.
    pub reasons: Vec<String>,
    /// The signals behind it.
    #[schema(value_type = Vec<schema::Evidence>)]
    pub evidence: Vec<Evidence>,
    /// How far the offer is.
    pub step: CardStep,
    /// The queue that the caller waits in, or waited in.
    pub queue: Option<String>,
    /// The colleague who asks them, if they are asked and do not have the caller.
    pub consulted_by: Option<String>,
    /// What the bot asks them for the caller, as long as there is no answer.
    #[schema(value_type = Option<Inquiry>)]
    pub inquiry: Option<Arc<Inquiry>>,
    /// Where another system's page about this caller is, if the configuration says so.
    pub screen_pop: Option<String>,
    /// How the offer ended.
    #[schema(value_type = Option<schema::OfferOutcome>)]
    pub outcome: Option<OfferOutcome>,
}

/// One line that the bot asks an agent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Inquiry {
    /// The question.
    pub question: String,
    /// Answers that are at hand.
    #[schema(value_type = Vec<schema::Suggestion>)]
    pub suggestions: Vec<Suggestion>,
    /// On the page, or by telephone.
    #[schema(value_type = schema::AskBy)]
    pub by: AskBy,
    /// The caller waits for the answer until then, in milliseconds since the call arrived.
    pub until: u64,
}

/// What one call has told of its handoff so far.
#[derive(Debug, Default)]
pub struct CardFold {
    queue: Option<String>,
    summary: Arc<Summary>,
    reasons: Vec<String>,
    evidence: Vec<Evidence>,
    inquiry: Option<Arc<Inquiry>>,
    offer: Option<Offer>,
    /// A colleague of whoever has the call.
    third: Option<Offer>,
    /// Whoever left the call to them.
    before: Option<Offer>,
}

#[derive(Debug)]
struct Offer {
    agent: AgentId,
    step: CardStep,
    outcome: Option<OfferOutcome>,
    consulted_by: Option<String>,
}

impl Offer {
    fn new(agent: &AgentId, step: CardStep, outcome: Option<OfferOutcome>) -> Self {
        Self { agent: agent.clone(), step, outcome, consulted_by: None }
    }

    fn live(&self) -> Option<&AgentId> {
        (self.step != CardStep::Ended).then_some(&self.agent)
    }
}

impl CardFold {
    /// The queue that the caller waits in, or waited in.
    #[must_use]
    pub fn queue(&self) -> Option<&str> {
        self.queue.as_deref()
    }

    /// Takes in one entry; the agents whose cards have changed.
    pub fn apply(&mut self, entry: &Entry) -> Vec<AgentId> {
        match &entry.what {
            What::Evidence { evidence } => {
                if self.evidence.len() == EVIDENCE_LIMIT {
                    self.evidence.remove(0);
                }
                self.evidence.push(evidence.clone());
                Vec::new()
            }
            What::Decision { decision } => {
                if decision.escalate {
                    self.reasons.clone_from(&decision.reasons);
                }
                Vec::new()
            }
            What::Handoff { step: HandoffStep::Third { agent, third } } => self.apply_third(agent, third),
            What::Handoff { step: HandoffStep::Inquiry { inquiry } } => self.apply_inquiry(inquiry, entry.at.0),
            What::Handoff { step } => self.apply_step(step).into_iter().collect(),
            What::Fact { fact } => self.learn(fact),
            What::Ended { .. } => {
                let agents = self.watched();
                self.offer.iter_mut().chain(&mut self.third).for_each(|offer| offer.step = CardStep::Ended);
                agents
            }
            _ => Vec::new(),
        }
    }

    fn apply_step(&mut self, step: &HandoffStep) -> Option<AgentId> {
        match step {
            HandoffStep::Started { queue, summary } => {
                self.queue = Some(queue.clone());
                self.summary = Arc::new(summary.clone());
                None
            }
            HandoffStep::Offered { agent, .. } => {
                self.third.take_if(|third| third.agent == *agent);
                self.offer = Some(Offer::new(agent, CardStep::Ringing, None));
                Some(agent.clone())
            }
            HandoffStep::Briefing { agent } => self.step(agent, CardStep::Briefing, None),
            HandoffStep::Bridged { agent, .. } => self.step(agent, CardStep::Bridged, Some(OfferOutcome::Accepted)),
            // An accepted offer is over when the bridge is up, not before.
            HandoffStep::OfferEnded { agent, outcome: OfferOutcome::Accepted } => {
                self.offer.as_mut().filter(|offer| offer.agent == *agent)?.outcome = Some(OfferOutcome::Accepted);
                Some(agent.clone())
            }
            HandoffStep::OfferEnded { agent, outcome } => self.step(agent, CardStep::Ended, Some(*outcome)),
            // The agent who hands the caller on is done with this card, unless they get the caller back.
            HandoffStep::TransferAsked { agent, .. } | HandoffStep::SentToBot { agent, .. } => {
                self.step(agent, CardStep::Ended, Some(OfferOutcome::Accepted))
            }
            HandoffStep::BackToAgent { agent } | HandoffStep::TakenOver { agent, .. } => {
                self.offer = Some(Offer::new(agent, CardStep::Bridged, Some(OfferOutcome::Accepted)));
                Some(agent.clone())
            }
            HandoffStep::Ringing { .. }
            | HandoffStep::Waiting { .. }
            | HandoffStep::CallerTold { .. }
            | HandoffStep::Transferring { .. }
            | HandoffStep::TransferEnded { .. }
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
            | HandoffStep::Voicemail { .. }
            | HandoffStep::Ended { .. } => None,
        }
    }

    /// The bot asks somebody; whoever takes the call, or has answered, is asked no more.
    fn apply_inquiry(&mut self, inquiry: &InquiryStep, at: u64) -> Vec<AgentId> {
        match inquiry {
            InquiryStep::Asked { queue, question, suggestions, by, within_ms, summary, .. } => {
                self.queue = Some(queue.clone());
                self.summary = Arc::new(Summary::clone(summary));
                let (question, suggestions) = (question.clone(), suggestions.clone());
                self.inquiry = Some(Arc::new(Inquiry { question, suggestions, by: *by, until: at + within_ms }));
                Vec::new()
            }
            InquiryStep::Ended { .. } => {
                self.inquiry = None;
                self.watched()
            }
            InquiryStep::SaidBack { .. } | InquiryStep::NotUnderstood { .. } | InquiryStep::Answered { .. } => Vec::new(),
        }
    }

    /// A fact that was gathered while the caller waits, or after.
    fn learn(&mut self, fact: &Fact) -> Vec<AgentId> {
        let facts = &mut Arc::make_mut(&mut self.summary).facts;
        match facts.iter_mut().find(|known| known.name == fact.name) {
            Some(known) => known.clone_from(fact),
            None => facts.push(fact.clone()),
        }
        self.watched()
    }

    /// A colleague sees the card while they are asked; a number outside has none that anybody looks at.
    fn apply_third(&mut self, agent: &AgentId, third: &ThirdStep) -> Vec<AgentId> {
        match third {
            ThirdStep::Offered { who, by, .. } => {
                self.third = Some(Offer { consulted_by: Some(by.clone()), ..Offer::new(who, CardStep::Ringing, None) });
                vec![who.clone()]
            }
            ThirdStep::Answered { who } => self.third_is(who, CardStep::Bridged, None),
            ThirdStep::HasCaller { who, .. } => {
                self.third = None;
                let first = self.step(agent, CardStep::Ended, Some(OfferOutcome::Accepted));
                // The first agent's card is over; whoever looks at it is told by the call's own stream.
                self.before = self.offer.replace(Offer::new(who, CardStep::Bridged, Some(OfferOutcome::Accepted)));
                first.into_iter().chain([who.clone()]).collect()
            }
            ThirdStep::Ended { who: Some(who), .. } => self.third_is(who, CardStep::Ended, None),
            ThirdStep::Asked { .. }
            | ThirdStep::MachineSuspected { .. }
            | ThirdStep::Joined { .. }
            | ThirdStep::Ended { who: None, .. } => Vec::new(),
        }
    }

    fn third_is(&mut self, who: &AgentId, step: CardStep, outcome: Option<OfferOutcome>) -> Vec<AgentId> {
        let Some(third) = self.third.as_mut().filter(|third| third.agent == *who) else { return Vec::new() };
        (third.step, third.outcome) = (step, outcome.or(third.outcome));
        vec![who.clone()]
    }

    fn step(&mut self, agent: &AgentId, step: CardStep, outcome: Option<OfferOutcome>) -> Option<AgentId> {
        let offer = self.offer.as_mut().filter(|offer| offer.agent == *agent)?;
        offer.step = step;
        offer.outcome = outcome.or(offer.outcome);
        Some(agent.clone())
    }

    /// The agent to whom the call is offered or bridged now.
    #[must_use]
    pub fn offered_to(&self) -> Option<&AgentId> {
        self.offer.as_ref().and_then(Offer::live)
    }

    /// The bot waits for an answer.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.inquiry.is_some()
    }

    /// A human was wanted, and there is something to be told.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !self.summary.reason.is_empty()
    }

    /// The queue, and what an agent is told by now.
    #[must_use]
    pub fn told(self) -> (String, Summary) {
        (self.queue.unwrap_or_default(), Arc::unwrap_or_clone(self.summary))
    }

    /// Is it offered to this agent, or are they asked or have it?
    #[must_use]
    pub fn is_before(&self, agent: &AgentId) -> bool {
        self.offered_to() == Some(agent) || self.third.as_ref().and_then(Offer::live) == Some(agent)
    }

    /// The agents who have a card of it that is not over.
    #[must_use]
    pub fn watched(&self) -> Vec<AgentId> {
        self.offer.iter().chain(&self.third).filter_map(Offer::live).cloned().collect()
    }

    /// An agent's card.
    #[must_use]
    pub fn card(&self, agent: &AgentId, call: Arc<CallHead>) -> Option<Card> {
        let offer = [&self.offer, &self.third, &self.before].into_iter().flatten().find(|offer| offer.agent == *agent)?;
        Some(Card {
            call,
            queue: self.queue.clone(),
            consulted_by: offer.consulted_by.clone(),
            inquiry: self.inquiry.clone(),
            screen_pop: None,
            summary: Arc::clone(&self.summary),
            reasons: self.reasons.clone(),
            evidence: self.evidence.clone(),
            step: offer.step,
            outcome: offer.outcome,
        })
    }
}
