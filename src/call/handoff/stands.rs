//! Where a handoff stands, as the rest of the call needs to know it: what the caller is asked, and who may hear what.

use crate::call::{
    flow::step::Expect,
    handoff::{Handoff, Stage, transfer::AgentLeg},
    ids::LegId,
    media::patch::Under,
    record::Whisper,
};

impl Handoff {
    /// What the caller is asked for, if there is a question.
    pub(crate) fn asks_caller(&self) -> Option<Expect> {
        match &self.stage {
            Stage::Callback { asking } => Some(asking.expects()),
            Stage::Voicemail { message } => message.is_listened_to().then_some(Expect::Sentence),
            Stage::Bridged { .. } | Stage::Over => None,
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Choosing { .. }
            | Stage::RingingCaller { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. } => self.company.expects(),
        }
    }

    /// The sound under what the caller is told.
    pub(crate) fn under(&self) -> Under {
        if self.asks_meanwhile() {
            return Under::Nothing;
        }
        match self.stage {
            Stage::Finding { .. } | Stage::Queued { .. } | Stage::Reading { .. } | Stage::Ringing { .. } => Under::Hold,
            // Whoever is called back was not waiting: they hear words, and then the agent.
            Stage::Connecting { .. } if self.greets_caller() => Under::Nothing,
            Stage::Briefing { .. } | Stage::Choosing { .. } | Stage::Connecting { .. } | Stage::Transferring { .. } => Under::Hold,
            Stage::RingingCaller { .. } | Stage::Bridged { .. } | Stage::Callback { .. } | Stage::Voicemail { .. } | Stage::Over => {
                Under::Nothing
            }
        }
    }

    /// The agent's leg if it is up and not bridged, and whether it is listened to.
    pub(crate) fn agent_leg(&self) -> Option<(LegId, bool)> {
        match &self.stage {
            // An answer to a question of the bot is listened for behind the question.
            Stage::Briefing { offer, .. } => Some((offer.leg, self.inquiry.is_none())),
            Stage::RingingCaller { offer, .. } | Stage::Connecting { offer } => Some((offer.leg, false)),
            Stage::Choosing { offer, .. } => Some((offer.leg, true)),
            Stage::Transferring { offer, referral } => (referral.agent == AgentLeg::Up).then_some((offer.leg, false)),
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => None,
        }
    }

    /// The sound under what an agent is told: a bell, where words fail.
    pub(crate) const fn agent_under(&self) -> Under {
        match self.stage {
            Stage::Briefing { whisper: Whisper::Bell, .. } | Stage::Choosing { whisper: Whisper::Bell, .. } => Under::Bell,
            Stage::RingingCaller { .. } => Under::Ringback,
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Choosing { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => Under::Nothing,
        }
    }

    /// The agent's leg, if it is bridged.
    pub(crate) fn bridged_leg(&self) -> Option<LegId> {
        match &self.stage {
            Stage::Bridged { offer, .. } => Some(offer.leg),
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Briefing { .. }
            | Stage::Choosing { .. }
            | Stage::RingingCaller { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => None,
        }
    }
}
