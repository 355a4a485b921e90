//! One call between the gateway and one peer, and its dialog (RFC 3261 §12).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::super::command::{DialRequest, Offers};
use super::peers::Peers;
use super::prack::Fork;
use super::redial::Redial;
use super::refer::Referral;
use super::reliable::Reliable;
use super::session_timer::SessionTimer;
use super::transfer::Transfer;
use super::{ConnectionId, Hop, TxId};
use crate::guard::Network;
use crate::message::{Headers, Method, RequestParts};
use crate::transport::Transport;
use crate::uri::{NameAddr, Uri, Wanted};

/// What both sides must remember to talk inside a call.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    pub(super) call_id: String,
    /// Our From value in requests, tag included.
    pub(super) local: String,
    pub(super) local_tag: String,
    /// The peer's From or To value, tag included once known.
    pub(super) remote: String,
    pub(super) remote_tag: Option<String>,
    pub(super) local_seq: u32,
    pub(super) remote_seq: Option<u32>,
    /// The peer's Contact URI.
    pub(super) target: String,
    pub(super) routes: Vec<String>,
}

impl Dialog {
    /// The next request inside the dialog (RFC 3261 §12.2.1.1); Via comes later.
    pub(super) fn request(&mut self, method: Method, extra: Vec<(String, String)>) -> RequestParts {
        // The ACK of a 2xx has the number of its INVITE (§13.2.2.4): the caller sets it.
        if method != Method::Ack {
            self.local_seq += 1;
        }
        RequestParts {
            method,
            uri: self.target.clone(),
            via: String::new(),
            routes: self.routes.clone(),
            from: self.local.clone(),
            to: self.remote.clone(),
            call_id: self.call_id.clone(),
            cseq: self.local_seq,
            extra,
        }
    }

    /// Takes the peer's Contact, if there is a usable one (target refresh, RFC 3261 §12.2).
    pub(super) fn refresh_target(&mut self, headers: &Headers) {
        if let Some(target) = contact_uri(headers) {
            self.target = target;
        }
    }

    /// The address that the route set or the target names, if it is literal.
    fn next_address(&self) -> Option<(SocketAddr, Transport)> {
        let uri = self.next_uri()?;
        let transport = match uri.wanted() {
            Wanted::Only(transport) => transport,
            Wanted::Any => Transport::Udp,
            Wanted::Unknown => return None,
        };
        Some((uri.address()?, transport))
    }

    /// Where the route set or, without one, the target points.
    pub(super) fn next_uri(&self) -> Option<Uri> {
        let uri = match self.routes.first() {
            Some(route) => route.parse::<NameAddr>().ok()?.uri,
            None => self.target.clone(),
        };
        uri.parse().ok()
    }
}

/// The URI of the first Contact, if it is one that we can send to.
pub(super) fn contact_uri(headers: &Headers) -> Option<String> {
    let contact: NameAddr = headers.values("Contact").next()?.parse().ok()?;
    contact.uri.parse::<Uri>().ok().filter(|uri| !uri.has_headers)?;
    Some(contact.uri)
}

/// What may be cancelled, and how far that has come (RFC 3261 §9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancel {
    No,
    /// Asked for before the first provisional response: it has to wait for one.
    Wanted,
    Sent,
}

/// Where a leg stands.
#[derive(Debug)]
pub(super) enum LegState {
    /// Inbound, not answered.
    Incoming { tx: TxId, limit: Instant },
    /// Outbound, the name is being looked up.
    Resolving { request: Box<DialRequest>, limit: Instant },
    /// Outbound, not answered. `early` is the last session description of a provisional response and its To tag.
    Dialing { tx: TxId, limit: Instant, cancel: Cancel, early: Option<(String, Vec<u8>)> },
    /// Answered.
    Talking,
    /// Over for the application. BYE is sent once the ACK came or is given up (RFC 3261 §15), unless it is sent already.
    Leaving { bye: Option<Option<String>> },
}

/// A 2xx of ours that waits for its ACK.
#[derive(Debug)]
pub(super) struct AckWait {
    pub(super) cseq: u32,
    pub(super) bytes: Bytes,
    pub(super) resend: Instant,
    pub(super) interval: Duration,
    /// Whether the INVITE had no offer, so that the ACK brings the answer.
    pub(super) wants_answer: bool,
    /// Whether this is the call's first INVITE.
    pub(super) first: bool,
}

/// One leg.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) state: LegState,
    pub(super) dialog: Dialog,
    /// Where the peer is heard from (or, outbound, was sent to).
    pub(super) hop: Hop,
    /// Outbound: the application chose the peer, so its Contact and Record-Route are followed anywhere. Inbound: only within the source's
    /// own address and the allow-list, so that a stranger cannot aim our requests at a third party.
    pub(super) outbound: bool,
    /// Whether the application knows that the leg is over.
    pub(super) told: bool,
    pub(super) awaiting: Vec<AckWait>,
    /// The peer's re-INVITE or UPDATE that the application has not answered.
    pub(super) theirs: Option<TxId>,
    /// Our re-INVITE without a final response.
    pub(super) ours: Option<TxId>,
    /// Whether requests keep to `hop` whatever the Contact says: the peer is a telephone that registered with us.
    pub(super) pinned: bool,
    /// Outbound, while several contacts of a user ring: the INVITEs besides the first.
    pub(super) branches: Vec<TxId>,
    /// What the contacts that do not ring any more said.
    pub(super) refusal: Option<u16>,
    /// The account that the call was placed over.
    pub(super) account: Option<String>,
    /// An offer of ours that waits until no INVITE of the peer is open (RFC 3261 §14.1).
    pub(super) next_offer: Option<Vec<u8>>,
    /// The offer in our open re-INVITE.
    pub(super) offered: Option<Vec<u8>>,
    /// Outbound: what the callee is offered, wherever it is.
    pub(super) offers: Offers,
    /// Our session description that is in force: a refresh by re-INVITE repeats it (RFC 4028 §7.4).
    pub(super) local_sdp: Option<Vec<u8>>,
    /// Whether the peer's Allow names UPDATE.
    pub(super) allows_update: bool,
    /// Whether the next refresh is an UPDATE: one that was refused is followed by one in the other form.
    pub(super) takes_update: bool,
    /// Whether the peer's Allow names INFO, and it has not refused one since.
    pub(super) allows_info: bool,
    pub(super) session: SessionTimer,
    pub(super) reliable: Reliable,
    /// Outbound: the early dialogs whose provisional responses we acknowledge (RFC 3262).
    pub(super) forks: Vec<Fork>,
    pub(super) redial: Redial,
    /// Outbound: the peers that were not tried yet.
    pub(super) peers: Option<Box<Peers>>,
    pub(super) referral: Option<Referral>,
    pub(super) transfer: Transfer,
    /// Outbound: the Reason of a CANCEL that has to wait.
    pub(super) cancel_reason: Option<String>,
}

impl Leg {
    pub(super) fn new(state: LegState, dialog: Dialog, hop: Hop, outbound: bool) -> Self {
        Self {
            state,
            dialog,
            hop,
            outbound,
            told: false,
            awaiting: Vec::new(),
            theirs: None,
            ours: None,
            pinned: false,
            branches: Vec::new(),
            refusal: None,
            account: None,
            next_offer: None,
            offered: None,
            offers: Offers::default(),
            local_sdp: None,
            allows_update: false,
            takes_update: false,
            allows_info: false,
            session: SessionTimer::default(),
            reliable: Reliable::default(),
            forks: Vec::new(),
            redial: Redial::default(),
            peers: None,
            referral: None,
            transfer: Transfer::default(),
            cancel_reason: None,
        }
    }

    /// Takes in what a message of the peer says it can.
    pub(super) fn learn(&mut self, headers: &Headers) {
        if headers.get("Allow").is_some() {
            let allows = headers.lists("Allow", "UPDATE");
            self.takes_update = if allows == self.allows_update { self.takes_update } else { allows };
            (self.allows_update, self.allows_info) = (allows, headers.lists("Allow", "INFO"));
        }
    }

    /// Where a request inside the dialog goes (RFC 3261 §12.2.1.1, §18.1.1).
    pub(super) fn next_hop(&self, allowed: &[Network]) -> Hop {
        if self.pinned && !self.hop.is_reliable() {
            return self.hop;
        }
        // A connection that is open is used again: the peer may be unreachable otherwise (RFC 5923). A WebSocket peer is (RFC 7118 §5).
        if self.hop.connection.is_some() || self.hop.transport.is_web_socket() {
            return self.hop;
        }
        let next = self.dialog.next_address().filter(|(address, _)| self.may_reach(*address, allowed));
        next.and_then(|(address, transport)| self.hop.towards(transport, address)).unwrap_or(self.hop)
    }

    /// The peer was heard over that way: the stream that it used last is the one that works. A call in TLS stays there.
    pub(super) fn heard_over(&mut self, way: Hop) {
        if way.is_reliable() && (way.transport.is_secure() || !self.hop.transport.is_secure()) {
            self.hop = Hop { peer: self.hop.peer, sips: self.hop.sips, ..way };
        }
    }

    fn may_reach(&self, address: SocketAddr, allowed: &[Network]) -> bool {
        let (heard_from, told) = (self.hop.address().ip(), address.ip());
        let private = |ip: std::net::IpAddr| match ip.to_canonical() {
            std::net::IpAddr::V4(ip) => ip.is_private() || ip.is_unspecified() || ip.is_loopback(),
            std::net::IpAddr::V6(ip) => ip.is_unspecified() || ip.is_loopback(),
        };
        // A private address told by a peer with a public one lies behind its NAT.
        let behind_nat = private(told) && !private(heard_from);
        told == heard_from || (!behind_nat && (self.outbound || allowed.iter().any(|network| network.contains(told))))
    }

    /// The connection is gone.
    pub(super) fn lose(&mut self, connection: ConnectionId) {
        if self.hop.connection == Some(connection) {
            self.hop.connection = None;
        }
    }
}
