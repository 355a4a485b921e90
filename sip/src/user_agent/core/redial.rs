//! The same call once more: with a longer session interval (RFC 4028 §7.3), or to another address (RFC 3261 §8.1.3.4).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use super::super::command::{DialRequest, Target};
use super::super::event::LegId;
use super::client::Purpose;
use super::leg::{Cancel, Leg, LegState};
use super::{Core, TxId};
use crate::guard::ACCEPT;
use crate::message::{Headers, Method, Response};
use crate::transport::Transport;
use crate::uri::{Host, NameAddr, Uri, Wanted};

/// Addresses tried after the dialled one, however many redirections name.
const MAX_REDIRECTS: usize = 3;

/// Headers that are written anew for each try.
const RENEWED: [&str; 7] = ["User-Agent", "Contact", "Supported", "Session-Expires", "Min-SE", "Authorization", "Proxy-Authorization"];

/// Where else an unanswered outbound leg may go.
#[derive(Debug, Default)]
pub(super) struct Redial {
    /// The host that was dialled, if redirections are followed.
    host: Option<Host>,
    targets: VecDeque<Uri>,
    tried: usize,
}

impl Redial {
    pub(super) fn of(request: &DialRequest) -> Self {
        // A telephone that registered is not asked where else to call.
        let host = match &request.target {
            Target::Uri(uri) => request.follow_redirects.then(|| uri.host.clone()),
            Target::Registered(_) => None,
        };
        Self { host, ..Self::default() }
    }
}

/// The Contacts of a redirection, the most wanted ones first.
fn contacts(headers: &Headers) -> Vec<Uri> {
    let mut found: Vec<(f32, Uri)> = headers
        .values("Contact")
        .filter_map(|value| value.parse::<NameAddr>().ok())
        .filter_map(|contact| {
            let q = contact.params.get("q").and_then(|q| q.parse::<f32>().ok()).filter(|q| (0.0..=1.0).contains(q)).unwrap_or(1.0);
            Some((q, contact.uri.parse::<Uri>().ok().filter(|uri| !uri.secure && !uri.has_headers)?))
        })
        .take(16)
        .collect();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.into_iter().map(|(_, uri)| uri).collect()
}

impl Core {
    /// Whether a refused call is tried once more.
    pub(super) fn dial_again(&mut self, now: Instant, id: LegId, tx: TxId, response: &Response) -> bool {
        let Some(leg) = self.legs.get_mut(&id) else { return false };
        // A call that is being cancelled is not placed again.
        if leg.told || !matches!(leg.state, LegState::Dialing { cancel: Cancel::No, .. }) {
            return false;
        }
        match response.status {
            422 if leg.session.raise(&response.headers) => return self.send_again(now, id, tx, None),
            300..=302 if leg.redial.host.is_some() => {
                let left = MAX_REDIRECTS.saturating_sub(leg.redial.tried);
                leg.redial.targets.extend(contacts(&response.headers));
                leg.redial.targets.truncate(left);
            }
            // The callee's own refusal holds everywhere (RFC 3261 §21.6).
            600.. => return false,
            _ => {}
        }
        while let Some(target) = self.legs.get_mut(&id).and_then(|leg| leg.redial.targets.pop_front()) {
            if let Some(address) = self.redirect_address(id, &target) {
                return self.send_again(now, id, tx, Some((target, address)));
            }
        }
        false
    }

    /// The address of a target that a redirection may lead to: the host that was dialled, its address, or one on the allow-list.
    fn redirect_address(&self, id: LegId, target: &Uri) -> Option<SocketAddr> {
        let leg = self.legs.get(&id)?;
        let dialled = leg.hop.address().ip();
        let port = target.port.unwrap_or(match target.wanted() {
            Wanted::Only(transport) => transport.default_port(),
            Wanted::Any | Wanted::Unknown => 5060,
        });
        match (&target.host, leg.redial.host.as_ref()?) {
            (Host::Name(name), Host::Name(host)) if name.eq_ignore_ascii_case(host) => Some(SocketAddr::new(dialled, port)),
            (Host::Ip(ip), _) if *ip == dialled || self.config.allowed.iter().any(|network| network.contains(*ip)) => {
                Some(SocketAddr::new(*ip, port))
            }
            (Host::Ip(_) | Host::Name(_), _) => None,
        }
    }

    /// Sends the INVITE again: same call, next number, new branch.
    fn send_again(&mut self, now: Instant, id: LegId, tx: TxId, target: Option<(Uri, SocketAddr)>) -> bool {
        let Some((old, mut hop)) = self.clients.get(&tx).map(|tx| (tx.parts.extra.clone(), tx.hop)) else { return false };
        if let Some((target, address)) = &target {
            let transport = match target.wanted() {
                Wanted::Only(transport) => transport,
                Wanted::Any => Transport::Udp,
                Wanted::Unknown => return false,
            };
            // A call in TLS is not led out of it.
            let Some(way) = hop.towards(transport, *address) else { return false };
            hop = way;
        }
        let contact = self.contact(hop);
        let Some(Leg { state: LegState::Dialing { limit, .. }, dialog, session, redial, .. }) = self.legs.get_mut(&id) else {
            return false;
        };
        let mut extra = vec![("Contact".to_owned(), contact)];
        extra.extend(old.into_iter().filter(|(name, _)| !RENEWED.iter().any(|renewed| renewed.eq_ignore_ascii_case(name))));
        extra.extend(session.proposal(&self.config.timers));
        if let Some((target, _)) = target {
            dialog.target = target.to_string();
            redial.tried += 1;
        }
        let (limit, parts) = (*limit, dialog.request(Method::Invite, extra));
        let Some(leg) = self.legs.get_mut(&id) else { return false };
        (leg.hop, leg.forks) = (hop, Vec::new());
        let offer = leg.offers.towards(hop.remote).to_vec();
        let tx = self.start_client(now, Purpose::Dial(id), parts, hop, Some((ACCEPT, &offer)));
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.state = LegState::Dialing { tx, limit, cancel: Cancel::No, early: None };
        }
        true
    }
}
