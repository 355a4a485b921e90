//! Who of several agents is asked, and who of them knows the caller. Pure.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    call::ids::{AgentId, CallId},
    desk::Now,
};

/// Callers who are remembered; the oldest is forgotten.
const MOST_KNOWN: usize = 10_000;

/// Which of several free agents is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Who has been idle longest.
    #[default]
    LongestIdle,
    /// Who is best at this queue; of equals, who has been idle longest.
    BestSkill,
}

/// Where calls of a queue go, too, when they have waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overflow {
    /// The queue whose agents may take them then.
    pub to: String,
    /// Milliseconds from the first asking on.
    pub after_ms: u64,
}

/// Who spoke with whom.
#[derive(Debug, Default)]
pub(super) struct Known {
    callers: BTreeMap<CallId, String>,
    spoke: BTreeMap<String, (AgentId, Now)>,
    /// In the order in which they became known.
    order: VecDeque<String>,
}

impl Known {
    /// A call of this caller asks for an agent.
    pub(super) fn asks(&mut self, call: &CallId, caller: &str) {
        self.callers.insert(call.clone(), caller.to_owned());
    }

    /// Its caller and the agent speak.
    pub(super) fn spoke(&mut self, call: &CallId, agent: &AgentId, now: Now) {
        let Some(caller) = self.callers.get(call) else { return };
        if self.spoke.insert(caller.clone(), (agent.clone(), now)).is_none() {
            self.order.push_back(caller.clone());
        }
        if self.order.len() > MOST_KNOWN
            && let Some(oldest) = self.order.pop_front()
        {
            self.spoke.remove(&oldest);
        }
    }

    /// The call is over.
    pub(super) fn ended(&mut self, call: &CallId) {
        self.callers.remove(call);
    }

    /// This caller has spoken with nobody.
    pub(super) fn forget(&mut self, caller: &str) {
        self.spoke.remove(caller);
        self.order.retain(|known| known != caller);
    }

    /// The agent with whom this caller spoke last, if that is not longer ago than this.
    pub(super) fn agent(&self, caller: &str, now: Now, within_ms: u64) -> Option<&AgentId> {
        let (agent, at) = self.spoke.get(caller)?;
        (now.0.saturating_sub(at.0) < within_ms).then_some(agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_callers_are_remembered_than_fit() {
        let mut known = Known::default();
        for number in 0..=MOST_KNOWN {
            let call = CallId(number.to_string());
            known.asks(&call, &format!("+40{number}"));
            known.spoke(&call, &AgentId("maria".to_owned()), Now(5));
            known.ended(&call);
        }
        assert_eq!(known.agent("+400", Now(6), 1_000), None);
        assert_eq!(known.agent("+401", Now(6), 1_000), Some(&AgentId("maria".to_owned())));
        assert_eq!(known.agent("+401", Now(1_005), 1_000), None);
        assert_eq!((known.spoke.len(), known.callers.len()), (MOST_KNOWN, 0));
    }
}
