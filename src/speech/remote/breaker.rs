//! A circuit breaker: an engine that fails is left alone for a while, and is then asked once before it is trusted again. Pure: time is a parameter.

use std::time::{Duration, Instant};

use super::Trouble;

/// The longest rest that an engine may ask for (`Retry-After`).
const LONGEST_REST: Duration = Duration::from_secs(300);

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerOptions {
    /// Failures in a row after which nothing is asked any more.
    pub failures: u32,
    /// How long it then rests.
    pub rest: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 3, rest: Duration::from_secs(30) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It works, but for the last so many requests.
    Closed { failures: u32 },
    /// Nothing is asked until then.
    Open { until: Instant },
    /// One request is on its way, and decides.
    HalfOpen,
}

/// The breaker of one engine.
#[derive(Debug)]
pub struct Breaker {
    options: BreakerOptions,
    state: State,
}

impl Breaker {
    /// A breaker that lets everything through.
    #[must_use]
    pub fn new(options: BreakerOptions) -> Self {
        Self { options, state: State::Closed { failures: 0 } }
    }

    /// May the engine be asked now? After a rest this is true once; that request must be settled.
    pub fn may_ask(&mut self, now: Instant) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until } if now >= until => {
                self.state = State::HalfOpen;
                true
            }
            State::Open { .. } | State::HalfOpen => false,
        }
    }

    /// It has answered.
    pub fn worked(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// It has failed. What more asking cannot mend opens the breaker at once.
    pub fn failed(&mut self, now: Instant, trouble: &Trouble) {
        let rest = match trouble {
            Trouble::Crowded { retry_after } => Some(retry_after.unwrap_or(self.options.rest).min(LONGEST_REST)),
            Trouble::Denied { .. } => Some(self.options.rest),
            Trouble::TimedOut | Trouble::Unreachable | Trouble::Failing { .. } | Trouble::BadAnswer(_) => match self.state {
                State::Closed { failures } if failures + 1 < self.options.failures => {
                    self.state = State::Closed { failures: failures + 1 };
                    None
                }
                // A report that comes after it has opened changes nothing.
                State::Open { .. } => None,
                State::Closed { .. } | State::HalfOpen => Some(self.options.rest),
            },
            // It was not asked.
            Trouble::Resting | Trouble::NoPlace => None,
        };
        if let Some(rest) = rest {
            self.state = State::Open { until: now + rest };
        }
    }

    /// The request was given up without an answer: the next one decides.
    pub fn given_up(&mut self, now: Instant) {
        if self.state == State::HalfOpen {
            self.state = State::Open { until: now };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(BreakerOptions { failures: 3, rest: Duration::from_secs(30) })
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_request_through_after_the_rest() {
        let (mut breaker, start) = (breaker(), crate::clock::now());
        for _ in 0..2 {
            breaker.failed(start, &Trouble::TimedOut);
        }
        breaker.worked();
        for _ in 0..3 {
            assert!(breaker.may_ask(start));
            breaker.failed(start, &Trouble::Unreachable);
        }
        let later = start + Duration::from_secs(30);
        assert!(!breaker.may_ask(start) && !breaker.may_ask(later - Duration::from_millis(1)));
        assert!(breaker.may_ask(later) && !breaker.may_ask(later), "only one");
        breaker.failed(later, &Trouble::TimedOut);
        assert!(!breaker.may_ask(later));
        let again = later + Duration::from_secs(30);
        assert!(breaker.may_ask(again));
        breaker.worked();
        assert!(breaker.may_ask(again) && breaker.may_ask(again));
    }

    #[test]
    fn a_probe_that_was_given_up_does_not_keep_it_shut() {
        let (mut breaker, start) = (breaker(), crate::clock::now());
        breaker.failed(start, &Trouble::Denied { status: 401 });
        let later = start + Duration::from_secs(30);
        assert!(!breaker.may_ask(start) && breaker.may_ask(later));
        breaker.given_up(later);
        assert!(breaker.may_ask(later));
    }

    #[test]
    fn an_engine_that_is_crowded_says_itself_for_how_long() {
        let (mut breaker, start) = (breaker(), crate::clock::now());
        breaker.failed(start, &Trouble::Crowded { retry_after: Some(Duration::from_secs(7)) });
        assert!(!breaker.may_ask(start + Duration::from_secs(6)) && breaker.may_ask(start + Duration::from_secs(7)));
        breaker.failed(start, &Trouble::Crowded { retry_after: Some(Duration::from_secs(86_400)) });
        assert!(breaker.may_ask(start + LONGEST_REST));
    }
}
