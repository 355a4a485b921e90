//! The list of legs, and what the application is told about them.

use super::super::event::{Event, LegId, ReferProgress};
use super::leg::Leg;
use super::refer::Referral;
use super::{Core, Output};

impl Core {
    /// Reports to the application, unless it was told that the leg is over.
    pub(super) fn tell(&mut self, leg: LegId, event: Event) {
        if self.legs.get(&leg).is_some_and(|leg| !leg.told) {
            self.outputs.push_back(Output::Event(event));
        }
    }

    /// Reports the end of a leg, once.
    pub(super) fn tell_end(&mut self, id: LegId, event: Event) {
        if let Some(leg) = self.legs.get_mut(&id).filter(|leg| !leg.told) {
            leg.told = true;
            self.calls -= 1;
            // Every REFER has an outcome, and nothing is said of a leg after its end.
            let lost = leg.referral.as_mut().is_some_and(Referral::abandon);
            let lost = lost.then_some(Event::Referred { leg: id, progress: ReferProgress::Lost });
            self.outputs.extend(lost.into_iter().chain([event]).map(Output::Event));
        }
    }

    pub(super) fn add_leg(&mut self, id: LegId, leg: Leg) {
        self.tags.insert(leg.dialog.local_tag.clone(), id);
        self.calls += usize::from(!leg.told);
        self.legs.insert(id, leg);
    }

    pub(super) fn forget_leg(&mut self, id: LegId) {
        if let Some(leg) = self.legs.remove(&id) {
            self.tags.remove(&leg.dialog.local_tag);
            self.calls -= usize::from(!leg.told);
        }
    }
}
