//! Who fails to authenticate too often is met with silence, longer each time. Only answers to our own nonces count, and those are bound to an
//! address: nobody can get somebody else silenced.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Failures within [`SPAN`] that lead to silence.
const LIMIT: u32 = 10;
/// Over which failures are counted.
const SPAN: Duration = Duration::from_secs(60);
/// The first silence; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(60);
/// The longest silence, and how long a source must behave afterwards to begin anew.
const LONGEST: Duration = Duration::from_secs(600);
/// Sources remembered at once; beyond that the strangers share one record.
const MAX_SOURCES: usize = 10_000;

#[derive(Debug)]
struct Record {
    count: u32,
    since: Instant,
    silent_until: Option<Instant>,
    next: Duration,
}

impl Record {
    fn is_over(&self, now: Instant) -> bool {
        let begun = now.saturating_duration_since(self.since) > SPAN;
        begun && self.silent_until.is_none_or(|until| now.saturating_duration_since(until) > LONGEST)
    }
}

/// Failed authentications by source.
#[derive(Debug, Default)]
pub struct Failures {
    sources: HashMap<IpAddr, Record>,
    /// When the table was last looked through; doing so for every failure would be a gift to a flood.
    swept: Option<Instant>,
}

impl Failures {
    /// Whether a source gets no answer now.
    pub fn is_silenced(&self, source: IpAddr, now: Instant) -> bool {
        let source = self.key(source);
        self.sources.get(&source).and_then(|record| record.silent_until).is_some_and(|until| now < until)
    }

    /// Notes a wrong answer.
    pub fn note(&mut self, source: IpAddr, now: Instant) {
        let due = self.swept.is_none_or(|at| now.saturating_duration_since(at) >= Duration::from_secs(1));
        if self.sources.len() >= MAX_SOURCES && due {
            self.swept = Some(now);
            self.sources.retain(|_, record| !record.is_over(now));
        }
        let source = self.key(source);
        let new = || Record { count: 0, since: now, silent_until: None, next: FIRST };
        let record = self.sources.entry(source).or_insert_with(new);
        if record.is_over(now) {
            *record = new();
        } else if now.saturating_duration_since(record.since) > SPAN {
            (record.count, record.since) = (0, now);
        }
        record.count += 1;
        if record.count >= LIMIT {
            (record.count, record.since) = (0, now);
            record.silent_until = Some(now + record.next);
            record.next = (record.next * 2).min(LONGEST);
        }
    }

    /// A v6 subscriber has a whole /64 to guess from.
    fn key(&self, source: IpAddr) -> IpAddr {
        let key = match source.to_canonical() {
            IpAddr::V4(ip) => IpAddr::V4(ip),
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from(u128::from(ip) & !u128::from(u64::MAX))),
        };
        let known = self.sources.len() < MAX_SOURCES || self.sources.contains_key(&key);
        if known { key } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) }
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
