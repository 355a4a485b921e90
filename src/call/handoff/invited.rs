//! A queue of another telephone system, or a number outside: called with what the call is about beside it, and heard as soon as it answers. Nobody is
//! briefed, and nobody chooses.

use crate::call::{
    action::Action,
    base::Base,
    event::{FarEndSign, LegEnd, TransferBy},
    handoff::{Handoff, Offer, Stage},
    ids::LegId,
    record::ThirdEnd,
    then::Then,
};

/// A machine that shows itself so soon after the answer has not helped the caller.
const MACHINE_MS: u64 = 10_000;

impl Handoff {
    /// Is this one called and heard at once? Not where somebody is to answer one line.
    pub(super) fn invites(&self, offer: &Offer) -> bool {
        offer.agent.transfer == TransferBy::Invite && self.inquiry.is_none()
    }

    /// Calls them. The call counts as taken when it is answered.
    pub(super) fn invite(&mut self, base: &mut Base, offer: Offer) {
        self.ring(base, offer);
        if let Stage::Ringing { accepted, .. } = &mut self.stage {
            *accepted = true;
        }
    }

    /// A machine has answered where nobody could be asked whether they take the call: the caller is ours again, and the next one is called. None if it is
    /// something else.
    pub(super) fn invited_machine(&mut self, base: &mut Base, leg: LegId, sign: FarEndSign) -> Option<Then> {
        if sign == FarEndSign::MachineSuspected {
            return None;
        }
        let Stage::Bridged { offer, since, .. } = &self.stage else { return None };
        let soon = base.io.now.since(*since) < MACHINE_MS;
        if offer.leg != leg || offer.agent.transfer != TransferBy::Invite || !soon {
            return None;
        }
        self.leave_bridge(base, ThirdEnd::CallEnded);
        match self.take() {
            Stage::Bridged { offer, since, .. } => {
                base.io.act(Action::HangUp { leg });
                Some(self.lost_or_done(base, offer, since, LegEnd::MediaLost))
            }
            other => Some(self.keep(other)),
        }
    }
}
