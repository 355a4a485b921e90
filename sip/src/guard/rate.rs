//! How many new requests a source may send: a token bucket per address, with a bounded table. Requests inside a call are never throttled.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// A token bucket's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests per second in the long run.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

/// What to do with a new request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Serve it.
    Pass,
    /// Say 503 with Retry-After.
    Refuse,
    /// Say nothing: the source was told often enough.
    Ignore,
}

/// Sources remembered at once; beyond that the strangers share one bucket.
const MAX_SOURCES: usize = 10_000;

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    refusals: f64,
    at: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { tokens: f64::from(rate.burst), refusals: f64::from(rate.burst), at: now }
    }

    fn take(&mut self, rate: Rate, now: Instant) -> Admission {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * f64::from(rate.per_second);
        self.at = self.at.max(now);
        self.tokens = (self.tokens + gained).min(f64::from(rate.burst));
        self.refusals = (self.refusals + gained).min(f64::from(rate.burst));
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            Admission::Pass
        } else if self.refusals >= 1.0 {
            self.refusals -= 1.0;
            Admission::Refuse
        } else {
            Admission::Ignore
        }
    }
}

/// The buckets of all sources.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    sources: HashMap<IpAddr, Bucket>,
    others: Option<Bucket>,
    /// When the table was last looked through; doing so for every packet would be a gift to a flood.
    swept: Option<Instant>,
}

impl Limiter {
    /// A limiter that gives every source the same rate.
    pub fn new(rate: Rate) -> Self {
        Self { rate, sources: HashMap::new(), others: None, swept: None }
    }

    /// Takes one token for a source.
    pub fn admit(&mut self, source: IpAddr, now: Instant) -> Admission {
        let rate = self.rate;
        if let Some(bucket) = self.sources.get_mut(&source) {
            return bucket.take(rate, now);
        }
        let due = self.swept.is_none_or(|at| now.saturating_duration_since(at) >= Duration::from_secs(1));
        if self.sources.len() >= MAX_SOURCES && due {
            self.swept = Some(now);
            // A source that was silent long enough to have refilled has nothing to remember.
            let refill = Duration::from_secs_f64(f64::from(rate.burst) / f64::from(rate.per_second.max(1)));
            self.sources.retain(|_, bucket| now.saturating_duration_since(bucket.at) < refill);
        }
        if self.sources.len() >= MAX_SOURCES {
            return self.others.get_or_insert_with(|| Bucket::full(rate, now)).take(rate, now);
        }
        self.sources.entry(source).or_insert_with(|| Bucket::full(rate, now)).take(rate, now)
    }

    /// How many sources are remembered.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_refusals_then_silence_then_recovery() {
        let (rate, start, source) = (Rate { per_second: 10, burst: 3 }, Instant::now(), IpAddr::from([192, 0, 2, 1]));
        let mut limiter = Limiter::new(rate);
        let at_once: Vec<_> = (0..8).map(|_| limiter.admit(source, start)).collect();
        let expected = [[Admission::Pass; 3].as_slice(), &[Admission::Refuse; 3], &[Admission::Ignore; 2]].concat();
        assert_eq!(at_once, expected);
        assert_eq!(limiter.admit(IpAddr::from([192, 0, 2, 2]), start), Admission::Pass);
        assert_eq!(limiter.admit(source, start + Duration::from_millis(100)), Admission::Pass);
    }

    #[test]
    fn a_million_spoofed_sources_take_bounded_room() {
        let start = Instant::now();
        let mut limiter = Limiter::new(Rate { per_second: 1, burst: 5 });
        for n in 0..100_000_u32 {
            limiter.admit(IpAddr::from(n.to_be_bytes()), start);
        }
        assert!(limiter.len() <= MAX_SOURCES);
        assert_eq!(limiter.admit(IpAddr::from([99, 1, 1, 1]), start), Admission::Ignore);
        assert_eq!(limiter.admit(IpAddr::from([99, 1, 1, 2]), start + Duration::from_secs(6)), Admission::Pass);
        assert_eq!(limiter.len(), 1);
    }
}
