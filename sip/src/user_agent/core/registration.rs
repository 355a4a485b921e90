//! Keeping registrations up at our peers (RFC 3261 §10.2, RFC 3327, RFC 3608, RFC 5626 §4.5).

use std::time::{Duration, Instant};

use rand::Rng;

use super::super::event::Event;
use super::super::lines::RegistrationState;
use super::super::locate::Target;
use super::client::{Outcome, Purpose};
use super::errand::Errand;
use super::outbound::retry_after;
use super::{ConnectionId, Core, Hop, Output, Timer, TxId};
use crate::guard::ALLOW;
use crate::message::{Method, RequestParts, Response};
use crate::uri::{NameAddr, Uri};

/// What 423 may raise our wish to.
const MAX_EXPIRES: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The longest that Retry-After can make us wait.
const MAX_RETRY: Duration = Duration::from_secs(24 * 3_600);
/// Service-Route values that are kept.
const MAX_ROUTES: usize = 8;

/// How one registration stands.
#[derive(Debug)]
pub(super) struct Line {
    call_id: String,
    tag: String,
    pub(super) cseq: u32,
    /// A look-up or a request is on its way.
    busy: bool,
    /// Where the last one went: the stream by which calls come in.
    pub(super) hop: Option<Hop>,
    failures: u32,
    expires: Duration,
    /// What the last request asked for; nothing when it took the registration back.
    asked: Duration,
    /// The registrar may still know our Contact.
    held: bool,
    /// Where our calls have to pass (RFC 3608).
    service_route: Vec<String>,
    due: Option<Instant>,
    told: Option<RegistrationState>,
    /// To be taken back.
    pub(super) leaving: bool,
}

impl Core {
    pub(super) fn start_registrations(&mut self, now: Instant) {
        for n in 0..self.config.registrations.len() {
            let line = Line {
                call_id: format!("{}{}", self.token(), self.token()),
                tag: self.token(),
                cseq: 0,
                busy: false,
                hop: None,
                failures: 0,
                expires: self.config.registrations[n].expires,
                asked: Duration::ZERO,
                held: false,
                service_route: Vec::new(),
                due: None,
                told: None,
                leaving: false,
            };
            self.lines.push(line);
            self.register_in(now, n, Duration::ZERO);
        }
    }

    fn register_in(&mut self, now: Instant, n: usize, wait: Duration) {
        let at = now + wait;
        if let Some(line) = self.lines.get_mut(n) {
            line.due = Some(at);
            self.arm(at, Timer::Register(n));
        }
    }

    pub(super) fn register_due(&mut self, at: Instant, now: Instant, n: usize) {
        if self.lines.get(n).is_some_and(|line| line.due == Some(at) && !line.busy) {
            self.register(now, n);
        }
    }

    fn register(&mut self, now: Instant, n: usize) {
        let (Some(line), Some(registration)) = (self.lines.get_mut(n), self.config.registrations.get(n)) else { return };
        (line.busy, line.due) = (true, None);
        let next = registration.next_hop().clone();
        self.look_up(now, Errand::Register(n), &next);
    }

    pub(super) fn register_at(&mut self, now: Instant, n: usize, targets: &[Target]) {
        let Some(next) = self.config.registrations.get(n).map(|registration| registration.next_hop().clone()) else { return };
        let hops = self.hops_to(&next, targets);
        let (Some(line), Some(registration)) = (self.lines.get_mut(n), self.config.registrations.get(n)) else { return };
        // After a failure the next target has its turn (RFC 3263 §4.3).
        let turn = usize::try_from(line.failures).unwrap_or_default() % hops.len().max(1);
        let Some(&fresh) = hops.get(turn) else { return self.register_failed(now, n, None, None) };
        // The stream of the last time is used again while it is open.
        let last = line.hop.filter(|last| (last.transport, last.remote) == (fresh.transport, fresh.remote));
        let hop = Hop { connection: last.and_then(|last| last.connection), ..fresh };
        line.cseq += 1;
        line.asked = if line.leaving { Duration::ZERO } else { line.expires };
        let expires = line.asked.as_secs();
        let (aor, tag) = (format!("<sip:{}@{}>", registration.user, registration.registrar.host), &line.tag);
        let mut parts = RequestParts {
            method: Method::Register,
            uri: Uri { user: None, ..registration.registrar.clone() }.to_string(),
            via: String::new(),
            routes: registration.outbound_proxy.iter().map(loose).collect(),
            from: format!("{aor};tag={tag}"),
            to: aor,
            call_id: line.call_id.clone(),
            cseq: line.cseq,
            extra: vec![("Expires".to_owned(), expires.to_string()), ("Allow".to_owned(), ALLOW.to_owned())],
        };
        parts.extra.push(("Supported".to_owned(), "path".to_owned()));
        let contact = format!("{};expires={expires}", self.own_contact(n, hop));
        parts.extra.push(("Contact".to_owned(), contact));
        parts.extra.extend(self.known_credentials(n, hop, &parts.uri));
        self.start_client(now, Purpose::Register(n), parts, hop, None);
    }

    /// Our Contact of a registration: the usual one with its own user part.
    fn own_contact(&self, n: usize, hop: Hop) -> String {
        let usual = self.contact(hop);
        let user = self.config.registrations.get(n).map_or("", |registration| registration.contact_user.as_str());
        match usual.split_once('@').and_then(|(head, rest)| Some((head.rsplit_once(':')?.0, rest))) {
            Some((scheme, rest)) => format!("{scheme}:{user}@{rest}"),
            None => usual,
        }
    }

    /// Credentials for a challenge that was answered before: saves being challenged at each refresh (RFC 3261 §22.2).
    fn known_credentials(&mut self, n: usize, hop: Hop, uri: &str) -> Vec<(String, String)> {
        let name = self.config.registrations.get(n).and_then(|registration| registration.account.clone());
        let Some(account) = self.trusting_account(name.as_deref(), hop) else { return Vec::new() };
        [false, true].into_iter().filter_map(|proxy| self.credentials((account, proxy), &Method::Register, uri)).collect()
    }

    pub(super) fn register_outcome(&mut self, now: Instant, n: usize, tx: TxId, outcome: &Outcome<'_>) {
        let hop = self.clients.get(&tx).map(|tx| tx.hop);
        let Some(line) = self.lines.get_mut(n) else { return };
        line.hop = hop;
        match outcome {
            Outcome::Response(response) if response.status < 300 => self.registered_at_peer(now, n, response),
            Outcome::Response(response) if response.status == 423 => self.too_brief(now, n, response),
            Outcome::Response(response) => self.register_failed(now, n, Some(response.status), retry_after(&response.headers)),
            Outcome::Timeout | Outcome::Unreachable => self.register_failed(now, n, None, None),
        }
    }

    fn registered_at_peer(&mut self, now: Instant, n: usize, response: &Response) {
        let own = self.lines.get(n).and_then(|line| line.hop).map(|hop| self.own_contact(n, hop)).unwrap_or_default();
        let share = self.rng.random_range(0.5..=0.9);
        let Some(line) = self.lines.get_mut(n) else { return };
        let granted = granted(response, &own).unwrap_or(line.asked);
        // A grant of nothing is a refusal in other words.
        if granted.is_zero() && !line.leaving {
            return self.register_failed(now, n, Some(response.status), None);
        }
        line.busy = false;
        line.failures = 0;
        line.service_route =
            response.headers.values("Service-Route").filter(|route| is_route(route)).take(MAX_ROUTES).map(str::to_owned).collect();
        if line.leaving {
            let gone = line.asked.is_zero();
            return self.leave_registrar(now, n, gone);
        }
        line.held = true;
        self.register_in(now, n, granted.mul_f64(share).max(Duration::from_secs(1)));
        self.tell_registration(n, RegistrationState::Registered { expires: granted });
    }

    /// 423: the registrar wants to be asked less often (RFC 3261 §10.2.8).
    fn too_brief(&mut self, now: Instant, n: usize, response: &Response) {
        let wanted = response.headers.get("Min-Expires").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let Some(line) = self.lines.get_mut(n) else { return };
        match wanted.filter(|&wanted| wanted > line.expires && wanted <= MAX_EXPIRES && !line.leaving) {
            Some(wanted) => {
                line.expires = wanted;
                self.register(now, n);
            }
            None => self.register_failed(now, n, Some(423), None),
        }
    }

    fn register_failed(&mut self, now: Instant, n: usize, status: Option<u16>, told: Option<Duration>) {
        let Some(line) = self.lines.get_mut(n) else { return };
        line.busy = false;
        if line.leaving {
            return self.leave_registrar(now, n, true);
        }
        let failures = line.failures;
        line.failures = failures.saturating_add(1);
        let retry_in = self.back_off(failures).max(told.unwrap_or_default().min(MAX_RETRY));
        self.register_in(now, n, retry_in);
        self.tell_registration(n, RegistrationState::Failed { status, retry_in });
    }

    fn tell_registration(&mut self, n: usize, state: RegistrationState) {
        let (Some(line), Some(registration)) = (self.lines.get_mut(n), self.config.registrations.get(n)) else { return };
        if line.told.replace(state) != Some(state) {
            let name = registration.name.clone();
            self.outputs.push_back(Output::Event(Event::Registration { name, state }));
        }
    }

    /// Takes every registration back; what is on its way comes to its end first (RFC 3261 §10.2).
    pub(super) fn unregister(&mut self, now: Instant) {
        for n in 0..self.lines.len() {
            let line = &mut self.lines[n];
            line.due = None;
            if line.leaving {
                continue;
            }
            line.leaving = line.busy || line.held;
            if line.held && !line.busy {
                self.register(now, n);
            }
        }
    }

    /// The next step of a registration that is taken back.
    fn leave_registrar(&mut self, now: Instant, n: usize, gone: bool) {
        if !gone {
            return self.register(now, n);
        }
        if let Some(line) = self.lines.get_mut(n) {
            line.leaving = false;
            self.tell_registration(n, RegistrationState::Unregistered);
        }
    }

    /// A stream is gone, and with it the way by which the peer reached us.
    pub(super) fn line_closed(&mut self, now: Instant, connection: ConnectionId) {
        for n in 0..self.lines.len() {
            let line = &mut self.lines[n];
            if line.hop.and_then(|hop| hop.connection) == Some(connection) {
                line.hop = None;
                if line.due.is_some() {
                    let wait = self.back_off(0);
                    self.register_in(now, n, wait);
                }
            }
        }
    }

    /// The route that calls over an account have to take first: what its registrar said (RFC 3608), else its outbound proxy.
    pub(super) fn route_of(&self, account: Option<&str>) -> Vec<String> {
        let Some(n) = self.config.registrations.iter().position(|known| account.is_some() && known.account.as_deref() == account) else {
            return Vec::new();
        };
        match self.lines.get(n) {
            Some(line) if !line.service_route.is_empty() => line.service_route.clone(),
            Some(_) | None => self.config.registrations[n].outbound_proxy.iter().map(loose).collect(),
        }
    }
}

/// Whether we can follow a Service-Route value.
fn is_route(value: &str) -> bool {
    value.parse::<NameAddr>().is_ok_and(|route| route.uri.parse::<Uri>().is_ok())
}

/// A URI as a Route value (RFC 3261 §19.1.1, lr).
pub(super) fn loose(uri: &Uri) -> String {
    if uri.params.get("lr").is_some() { format!("<{uri}>") } else { format!("<{uri};lr>") }
}

/// How long the registrar holds our own Contact; others among those it lists are somebody else's.
fn granted(response: &Response, own: &str) -> Option<Duration> {
    let own: Uri = own.parse::<NameAddr>().ok()?.uri.parse().ok()?;
    let is_own = |contact: &NameAddr| contact.uri.parse::<Uri>().is_ok_and(|uri| uri.is_same_address(&own));
    let contacts = response.headers.values("Contact").filter_map(|value| value.parse::<NameAddr>().ok());
    let mine = contacts.into_iter().find(is_own);
    let expires = mine.as_ref().and_then(|contact| contact.params.get("expires"));
    let text = expires.or_else(|| response.headers.get("Expires"))?;
    text.trim().parse().ok().map(|seconds| Duration::from_secs(seconds).min(MAX_EXPIRES))
}
