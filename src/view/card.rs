//! The card on an agent's page: what they are told of the call that is offered to them.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    call::{
        ids::AgentId,
        outcome::OfferOutcome,
        record::{Entry, Evidence, Fact, HandoffStep, Summary, What},
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
    /// Where another system's page about this caller is, if the configuration says so.
    pub screen_pop: Option<String>,
    /// How the offer ended.
    #[schema(value_type = Option<schema::OfferOutcome>)]
    pub outcome: Option<OfferOutcome>,
}

/// What one call has told of its handoff so far.
#[derive(Debug, Default)]
pub struct CardFold {
    queue: Option<String>,
    summary: Arc<Summary>,
    reasons: Vec<String>,
    evidence: Vec<Evidence>,
    offer: Option<Offer>,
}

#[derive(Debug)]
struct Offer {
    agent: AgentId,
    step: CardStep,
    outcome: Option<OfferOutcome>,
}

impl CardFold {
    /// Takes in one entry; the agent whose card has changed, if one has.
    pub fn apply(&mut self, entry: &Entry) -> Option<AgentId> {
        match &entry.what {
            What::Evidence { evidence } => {
                if self.evidence.len() == EVIDENCE_LIMIT {
                    self.evidence.remove(0);
                }
                self.evidence.push(evidence.clone());
                None
            }
            What::Decision { decision } => {
                if decision.escalate {
                    self.reasons.clone_from(&decision.reasons);
                }
                None
            }
            What::Handoff { step } => self.apply_step(step),
            What::Fact { fact } => self.learn(fact),
            What::Ended { .. } => {
                let offer = self.offer.as_mut().filter(|offer| offer.step != CardStep::Ended)?;
                offer.step = CardStep::Ended;
                Some(offer.agent.clone())
            }
            _ => None,
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
                self.offer = Some(Offer { agent: agent.clone(), step: CardStep::Ringing, outcome: None });
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
                let outcome = Some(OfferOutcome::Accepted);
                self.offer = Some(Offer { agent: agent.clone(), step: CardStep::Bridged, outcome });
                Some(agent.clone())
            }
            HandoffStep::Ringing { .. }
            | HandoffStep::Waiting { .. }
            | HandoffStep::CallerTold { .. }
            | HandoffStep::Transferring { .. }
            | HandoffStep::TransferEnded { .. }
            | HandoffStep::CallbackPromised { .. }
            | HandoffStep::CallerRung
            | HandoffStep::CallerNotReached { .. }
            | HandoffStep::Briefed { .. }
            | HandoffStep::BriefingFailed { .. }
            | HandoffStep::Held { .. }
            | HandoffStep::Muted { .. }
            | HandoffStep::Voicemail { .. }
            | HandoffStep::Ended { .. } => None,
        }
    }

    /// A fact that was gathered while the caller waits, or after.
    fn learn(&mut self, fact: &Fact) -> Option<AgentId> {
        let facts = &mut Arc::make_mut(&mut self.summary).facts;
        match facts.iter_mut().find(|known| known.name == fact.name) {
            Some(known) => known.clone_from(fact),
            None => facts.push(fact.clone()),
        }
        self.offered_to().cloned()
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
        self.offer.as_ref().filter(|offer| offer.step != CardStep::Ended).map(|offer| &offer.agent)
    }

    /// The queue, and what an agent is told by now.
    #[must_use]
    pub fn told(self) -> (String, Summary) {
        (self.queue.unwrap_or_default(), Arc::unwrap_or_clone(self.summary))
    }

    /// The card of the current offer.
    #[must_use]
    pub fn card(&self, call: Arc<CallHead>) -> Option<Card> {
        let offer = self.offer.as_ref()?;
        Some(Card {
            call,
            queue: self.queue.clone(),
            screen_pop: None,
            summary: Arc::clone(&self.summary),
            reasons: self.reasons.clone(),
            evidence: self.evidence.clone(),
            step: offer.step,
            outcome: offer.outcome,
        })
    }
}
