//! How often each caller has asked, over several calls: who tries many numbers is looking for other people's orders.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use crate::call::action::CallerCap;

/// Callers that are remembered; the one that asked longest ago is forgotten first.
const CALLERS: usize = 10_000;
/// Look-ups of one caller that are remembered, whatever the flow allows.
const MOST: usize = 1_000;

/// When each caller asked.
#[derive(Debug, Default)]
pub(super) struct Callers {
    asked: HashMap<String, VecDeque<Instant>>,
    /// Callers in the order in which they asked last; the same one may stand there several times, only the last of them counts.
    order: VecDeque<(String, Instant)>,
}

impl Callers {
    /// May this caller ask once more? If so it is noted.
    pub(super) fn may_ask(&mut self, caller: &str, cap: CallerCap, now: Instant) -> bool {
        let window = Duration::from_secs(cap.minutes * 60);
        let times = self.asked.entry(caller.to_owned()).or_default();
        while times.front().is_some_and(|time| now.saturating_duration_since(*time) >= window) {
            times.pop_front();
        }
        if times.len() >= (cap.most as usize).min(MOST) {
            return false;
        }
        times.push_back(now);
        self.order.push_back((caller.to_owned(), now));
        self.forget();
        true
    }

    fn forget(&mut self) {
        while self.asked.len() > CALLERS || self.order.len() > 4 * CALLERS {
            let Some((caller, at)) = self.order.pop_front() else { return };
            if self.asked.get(&caller).is_some_and(|times| times.back() == Some(&at)) {
                self.asked.remove(&caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAP: CallerCap = CallerCap { most: 3, minutes: 10 };

    #[test]
    fn a_caller_may_ask_so_often_in_so_long() {
        let mut callers = Callers::default();
        #[expect(clippy::disallowed_methods, reason = "a point in time to count from")]
        let start = Instant::now();
        for minute in 0..3 {
            assert!(callers.may_ask("+40721", CAP, start + Duration::from_secs(minute * 60)));
        }
        assert!(!callers.may_ask("+40721", CAP, start + Duration::from_secs(9 * 60)));
        assert!(callers.may_ask("+40722", CAP, start), "others are not concerned");
        assert!(callers.may_ask("+40721", CAP, start + Duration::from_secs(10 * 60)), "the first one is forgotten");
    }

    #[test]
    fn the_table_does_not_grow_without_end() {
        let mut callers = Callers::default();
        #[expect(clippy::disallowed_methods, reason = "a point in time to count from")]
        let start = Instant::now();
        for number in 0..3 * CALLERS as u64 {
            callers.may_ask(&number.to_string(), CAP, start + Duration::from_millis(number));
        }
        assert!(callers.asked.len() <= CALLERS && callers.order.len() <= 4 * CALLERS);
    }
}
