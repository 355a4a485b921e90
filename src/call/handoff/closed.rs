//! Nobody is called at an hour at which nobody is there: the caller is told so at once, and when somebody will be.

use crate::call::{
    base::Base,
    flow::prompt::PromptKey,
    handoff::Handoff,
    outcome::InquiryOutcome,
    record::{HandoffStep, What},
    then::Then,
};

impl Handoff {
    /// Nobody was called, because nobody is there: says so, and what follows is what the flow says.
    pub(crate) fn closed(&mut self, base: &mut Base) -> Then {
        if self.closed && self.inquiry.is_some() {
            return self.unanswered(base, InquiryOutcome::Nobody);
        }
        let Some((key, values)) = base.flow.closed(&self.to.queue, base.wall_now()).filter(|_| self.closed) else { return Then::Stay };
        base.io.record(What::Handoff { step: HandoffStep::Closed { queue: self.to.queue.clone() } });
        base.tell(PromptKey::QueueClosed, &[("department", &self.to.label)]);
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        base.tell(key, &values);
        self.nobody(base)
    }
}
