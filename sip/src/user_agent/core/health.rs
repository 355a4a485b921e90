//! Whether the peers are there: OPTIONS outside of any call (RFC 3261 §11).

use std::time::{Duration, Instant};

use super::super::event::Event;
use super::super::locate::Target;
use super::client::{Outcome, Purpose};
use super::errand::Errand;
use super::{Core, Output, Timer, TxId};
use crate::guard::ACCEPT;
use crate::message::{Method, RequestParts};
use crate::uri::Uri;

/// Questions without an answer in a row after which a peer counts as gone.
const MAX_MISSES: u32 = 2;

/// What we know of one peer.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// The question that waits for its answer, and when it was sent.
    asked: Option<(TxId, Instant)>,
    misses: u32,
    /// What the application was told.
    alive: Option<bool>,
}

impl Core {
    pub(super) fn start_health(&mut self, now: Instant) {
        self.health = self.config.health.iter().map(|_| Pulse::default()).collect();
        (0..self.health.len()).for_each(|n| self.arm(now, Timer::Health(n)));
    }

    /// Asks again; a question that is still open was missed.
    pub(super) fn probe(&mut self, now: Instant, n: usize) {
        let Some(pulse) = self.health.get_mut(n) else { return };
        if let Some((tx, _)) = pulse.asked.take() {
            self.abandon_client(tx);
            self.missed(n);
        }
        let Some(health) = self.config.health.get(n) else { return };
        let (next, target) = (now + health.interval.max(Duration::from_secs(1)), health.target.clone());
        self.arm(next, Timer::Health(n));
        self.look_up(now, Errand::Health(n), &target);
    }

    pub(super) fn probe_at(&mut self, now: Instant, n: usize, targets: &[Target]) {
        if self.health.get(n).is_none_or(|pulse| pulse.asked.is_some()) {
            return;
        }
        let Some(target) = self.config.health.get(n).map(|health| health.target.clone()) else { return };
        let Some(hop) = self.hops_to(&target, targets).pop_front() else { return self.missed(n) };
        let ((_, own), tag) = (self.sent_by(hop), self.token());
        let parts = RequestParts {
            method: Method::Options,
            uri: target.to_string(),
            via: String::new(),
            routes: Vec::new(),
            from: format!("<sip:{}@{own}>;tag={tag}", self.config.contact_user),
            to: format!("<{target}>"),
            call_id: self.token(),
            cseq: 1,
            extra: vec![("Contact".to_owned(), self.contact(hop)), ("Accept".to_owned(), ACCEPT.to_owned())],
        };
        let tx = self.start_client(now, Purpose::Health(n), parts, hop, None);
        if let Some(pulse) = self.health.get_mut(n) {
            pulse.asked = Some((tx, now));
        }
    }

    /// Any final answer shows life, but for those that say that there is none behind it.
    pub(super) fn probe_outcome(&mut self, now: Instant, n: usize, tx: TxId, outcome: &Outcome<'_>) {
        let Some(pulse) = self.health.get_mut(n) else { return };
        let Some((_, sent)) = pulse.asked.take_if(|(asked, _)| *asked == tx) else { return };
        match outcome {
            Outcome::Response(response) if !matches!(response.status, 408 | 503) => {
                pulse.misses = 0;
                let round_trip = now.saturating_duration_since(sent);
                self.tell_health(n, true, Some(round_trip));
            }
            Outcome::Response(_) | Outcome::Timeout | Outcome::Unreachable => self.missed(n),
        }
    }

    /// Whether a peer leaves our questions unanswered, whoever is called there.
    pub(super) fn is_gone(&self, uri: &Uri) -> bool {
        let at = |known: &Uri| known.is_same_address(&Uri { user: known.user.clone(), ..uri.clone() });
        self.config.health.iter().zip(&self.health).any(|(known, pulse)| pulse.alive == Some(false) && at(&known.target))
    }

    fn missed(&mut self, n: usize) {
        let Some(pulse) = self.health.get_mut(n) else { return };
        pulse.misses = pulse.misses.saturating_add(1);
        if pulse.misses >= MAX_MISSES {
            self.tell_health(n, false, None);
        }
    }

    fn tell_health(&mut self, n: usize, alive: bool, round_trip: Option<Duration>) {
        let (Some(pulse), Some(health)) = (self.health.get_mut(n), self.config.health.get(n)) else { return };
        if pulse.alive.replace(alive) != Some(alive) {
            let name = health.name.clone();
            self.outputs.push_back(Output::Event(Event::Health { name, alive, round_trip }));
        }
    }
}
