//! What is written down while the caller gives something that nobody else may know: that something was said or keyed, and not what.

use crate::call::{
    record::{CONCEALED, What},
    time::Time,
};

/// The figure that stands for a key.
const KEY: char = '•';

/// Keys that come so soon after the last one that was wanted belong to it.
const LATE_KEYS_MS: u64 = 3_000;

/// When it is private.
#[derive(Debug, Default)]
pub(crate) struct Privacy {
    on: bool,
    /// When it was so last.
    until: Option<Time>,
}

impl Privacy {
    pub(crate) const fn is_on(&self) -> bool {
        self.on
    }

    pub(crate) fn set(&mut self, on: bool, now: Time) {
        self.on = on;
        self.until = Some(now);
    }

    /// Does something that was said from then on tell what is private?
    fn covers(&self, from: Time) -> bool {
        self.on || self.until.is_some_and(|until| from < until)
    }

    /// What may be written down of something; none: nothing.
    pub(crate) fn conceal(&self, what: What, now: Time) -> Option<What> {
        Some(match what {
            What::Hearing { .. } if self.covers(now) => return None,
            What::CallerTurn { turn, confidence, from, to, understood, .. } if self.covers(from) => {
                What::CallerTurn { turn, text: CONCEALED.to_owned(), confidence, from, to, understood }
            }
            What::Evidence { mut evidence } if self.covers(evidence.span.0) => {
                evidence.quote = CONCEALED.to_owned();
                What::Evidence { evidence }
            }
            What::Key { .. } if self.on || self.until.is_some_and(|until| now < until.plus(LATE_KEYS_MS)) => What::Key { digit: KEY },
            other => other,
        })
    }
}
