//! What we do by ourselves, without a call: finding the way there, and when to try again.

use std::time::{Duration, Instant};

use rand::Rng;

use super::super::event::LegId;
use super::super::locate::{self, Plan, Target};
use super::{Core, Output};
use crate::uri::Uri;

/// One errand, by its place in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    Register(usize),
    Health(usize),
}

impl Errand {
    /// The name that look-ups know it by: legs count up from 1, errands down from the end.
    fn id(self) -> LegId {
        let (n, kind) = match self {
            Self::Register(n) => (n, 0),
            Self::Health(n) => (n, 1),
        };
        LegId(u64::MAX - (n as u64 * 2 + kind))
    }

    fn of(id: LegId) -> Option<Self> {
        let code = u64::MAX - id.0;
        let n = usize::try_from(code / 2).ok().filter(|_| code < u64::from(u32::MAX))?;
        Some(if code.is_multiple_of(2) { Self::Register(n) } else { Self::Health(n) })
    }
}

impl Core {
    /// Begins everything that we do by ourselves.
    pub(crate) fn start(&mut self, now: Instant) {
        self.start_registrar(now);
        self.start_registrations(now);
        self.start_health(now);
    }

    /// Finds the ways to a URI, then goes on with the errand.
    pub(super) fn look_up(&mut self, now: Instant, errand: Errand, uri: &Uri) {
        match locate::plan(uri) {
            Plan::Known(target) => self.found(now, errand, &[target]),
            Plan::Nowhere => self.found(now, errand, &[]),
            Plan::Addresses(_) | Plan::Service { .. } | Plan::Any { .. } => {
                self.outputs.push_back(Output::Resolve { leg: errand.id(), uri: uri.clone() });
            }
        }
    }

    /// The end of a look-up that no leg asked for.
    pub(super) fn errand_resolved(&mut self, now: Instant, id: LegId, targets: &[Target]) {
        if let Some(errand) = Errand::of(id) {
            self.found(now, errand, targets);
        }
    }

    fn found(&mut self, now: Instant, errand: Errand, targets: &[Target]) {
        match errand {
            Errand::Register(n) => self.register_at(now, n, targets),
            Errand::Health(n) => self.probe_at(now, n, targets),
        }
    }

    /// How long to wait after so many failures in a row (RFC 5626 §4.5): 2 to 4 s at first, doubling, at most 5 min, never in step with others.
    pub(super) fn back_off(&mut self, failures: u32) -> Duration {
        let upper = Duration::from_secs(4).saturating_mul(1 << failures.min(8)).min(Duration::from_secs(300));
        upper.mul_f64(self.rng.random_range(0.5..=1.0))
    }
}
