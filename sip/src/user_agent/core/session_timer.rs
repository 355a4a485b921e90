//! Session timers (RFC 4028): what both sides agree on. Who acts on it is in `refresh`.

use std::time::{Duration, Instant};

use super::super::config::Timers;
use crate::message::Headers;

/// Nobody is made to refresh more often than twice in this.
const SHORTEST: Duration = Duration::from_secs(10);

/// No interval of a peer's 422 above this is followed.
const LONGEST: Duration = Duration::from_secs(86_400);

/// How often one call answers 422 with a longer interval.
const MAX_RAISES: u8 = 4;

/// Who refreshes, from the view of one transaction (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refresher {
    Uac,
    Uas,
}

/// What a message of the peer says about session timers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Whether the peer knows session timers at all.
    supported: bool,
    expires: Option<Duration>,
    refresher: Option<Refresher>,
    min_se: Duration,
}

impl Terms {
    pub(super) fn of(headers: &Headers) -> Self {
        let (expires, refresher) = headers.get("Session-Expires").map_or((None, None), session_expires);
        let min_se = headers.get("Min-SE").and_then(seconds).unwrap_or_default();
        Self { supported: headers.lists("Supported", "timer") || headers.lists("Require", "timer"), expires, refresher, min_se }
    }

    /// Whether the peer asks for an interval below `least`, and would understand a 422 (RFC 4028 §9).
    pub(super) fn is_below(&self, least: Duration) -> bool {
        self.supported && self.expires.is_some_and(|expires| expires < least)
    }
}

/// The number before the parameters, and `refresher`.
fn session_expires(value: &str) -> (Option<Duration>, Option<Refresher>) {
    let mut parts = value.split(';').map(str::trim);
    let expires = parts.next().and_then(seconds);
    let refresher = parts.filter_map(|param| param.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("refresher"));
    let refresher = refresher.and_then(|(_, who)| match who.trim() {
        who if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
        who if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
        _ => None,
    });
    (expires, refresher)
}

/// Delta-seconds; more than 2^32 are taken for 2^32.
fn seconds(text: &str) -> Option<Duration> {
    let digits = text.split(';').next().unwrap_or_default().trim();
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    number.then(|| Duration::from_secs(digits.parse::<u32>().unwrap_or(u32::MAX).into()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Agreed {
    interval: Duration,
    /// Whether we refresh.
    ours: bool,
}

/// The session timer of one leg.
#[derive(Debug, Default)]
pub(super) struct SessionTimer {
    agreed: Option<Agreed>,
    /// The largest Min-SE of a 422.
    floor: Duration,
    raises: u8,
    /// When to refresh, or when the peer's refresh comes too late.
    pub(super) due: Option<Instant>,
    /// The one entry of this leg in the heap of timers.
    pub(super) armed: Option<Instant>,
    /// Our refresh without a final response.
    pub(super) refresh: Option<super::TxId>,
}

impl SessionTimer {
    /// The headers of an INVITE, re-INVITE or UPDATE of ours.
    pub(super) fn proposal(&self, timers: &Timers) -> Vec<(String, String)> {
        let mut headers = vec![("Supported".to_owned(), crate::guard::SUPPORTED.to_owned())];
        let least = self.floor.max(timers.min_se);
        let wanted = self.agreed.map_or(timers.session_expires, |agreed| agreed.interval);
        if wanted.is_zero() {
            return headers;
        }
        // At first the peer chooses who refreshes; later the roles stay (RFC 4028 §7.1, §7.4).
        let role = self.agreed.map_or("", |agreed| if agreed.ours { ";refresher=uac" } else { ";refresher=uas" });
        headers.push(("Session-Expires".to_owned(), format!("{}{role}", wanted.max(least).as_secs())));
        headers.push(("Min-SE".to_owned(), least.as_secs().to_string()));
        headers
    }

    /// Takes in a 422; `false` if it is no reason to try again.
    pub(super) fn raise(&mut self, headers: &Headers) -> bool {
        let least = Terms::of(headers).min_se;
        let higher = least > self.floor && least <= LONGEST && self.raises < MAX_RAISES;
        if higher {
            self.floor = least;
            self.raises += 1;
            if let Some(agreed) = &mut self.agreed {
                agreed.interval = agreed.interval.max(least);
            }
        }
        higher
    }

    /// Decides on a request of the peer that we answer with 2xx; the headers of that answer (RFC 4028 §9).
    pub(super) fn decide(&mut self, terms: Terms, timers: &Timers) -> Vec<(&'static str, String)> {
        let proposed = (!timers.session_expires.is_zero()).then_some(timers.session_expires);
        let Some(interval) = terms.expires.or(proposed.filter(|_| terms.supported)) else {
            self.agreed = self.agreed.filter(|agreed| agreed.ours);
            return Vec::new();
        };
        // The interval may be made shorter, but never shorter than somebody on the way allows.
        let most = proposed.map_or(interval, |proposed| proposed.max(terms.min_se).max(timers.min_se));
        let interval = interval.min(most).max(terms.min_se).max(SHORTEST.min(timers.min_se));
        // With the refresh in our hands the call cannot fall because the peer's is broken, so we take it where we may choose.
        let ours = match terms.refresher {
            _ if !terms.supported => true,
            Some(refresher) => refresher == Refresher::Uas,
            None => self.agreed.is_none_or(|agreed| agreed.ours),
        };
        self.agreed = Some(Agreed { interval, ours });
        let value = format!("{};refresher={}", interval.as_secs(), if ours { "uas" } else { "uac" });
        let require = terms.supported.then(|| ("Require", "timer".to_owned()));
        [("Session-Expires", value)].into_iter().chain(require).collect()
    }

    /// Takes in the 2xx of a request of ours (RFC 4028 §7.2).
    pub(super) fn settle(&mut self, terms: Terms, timers: &Timers) {
        self.agreed = match terms.expires {
            Some(interval) => {
                let ours = terms.refresher != Some(Refresher::Uas);
                let least = if ours { SHORTEST.min(timers.min_se) } else { timers.min_se };
                Some(Agreed { interval: interval.max(least), ours })
            }
            // A peer that forgets the header gets its refreshes all the same; one that was to refresh need not any more.
            None => self.agreed.filter(|agreed| agreed.ours),
        };
    }

    /// Whether we refresh, and the next moment to act: half the interval, or before its end (RFC 4028 §10). `None` without a timer.
    pub(super) fn restart(&mut self, now: Instant) -> Option<Instant> {
        self.due = self.agreed.map(|Agreed { interval, ours }| {
            now + if ours { interval / 2 } else { interval - (interval / 3).min(Duration::from_secs(32)) }
        });
        self.due
    }

    /// Whether we refresh.
    pub(super) fn is_ours(&self) -> bool {
        self.agreed.is_some_and(|agreed| agreed.ours)
    }

    /// How long to wait after a refresh that the peer refused.
    pub(super) fn pause(&self) -> Duration {
        self.agreed.map_or(SHORTEST, |agreed| (agreed.interval / 8).clamp(SHORTEST.min(agreed.interval / 8), Duration::from_secs(60)))
    }

    /// The transaction of our refresh.
    pub(super) fn refreshing(&self) -> Option<super::TxId> {
        self.refresh
    }
}
