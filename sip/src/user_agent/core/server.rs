//! Server transactions (RFC 3261 §17.2, RFC 6026 §7.1).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::super::event::LegId;
use super::{Core, Hop, Output, Timer, TxId};
use crate::message::{Method, Request, ResponseParts};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No final response yet.
    Open,
    /// Final response sent; for INVITE not 2xx, sent again until the ACK comes.
    Completed,
    /// The ACK of a non-2xx came.
    Confirmed,
    /// 2xx sent: retransmitted requests are absorbed, the leg repeats the 2xx.
    Accepted,
}

/// One request that we answer.
#[derive(Debug)]
pub(super) struct ServerTx {
    key: Arc<str>,
    /// Of an INVITE: its [`merge_key`], which its CANCEL has too, so that one with a guessed branch finds nothing.
    merge: Option<Arc<str>>,
    pub(super) hop: Hop,
    /// Kept until the final response is written.
    request: Option<Box<Request>>,
    pub(super) leg: Option<LegId>,
    tag: String,
    invite: bool,
    state: State,
    last: Option<Bytes>,
    interval: Duration,
    resend: Option<Instant>,
    end: Option<Instant>,
}

impl ServerTx {
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Nothing was said to it yet.
    pub(super) fn is_unanswered(&self) -> bool {
        self.is_open() && self.last.is_none()
    }

    pub(super) fn request(&self) -> Option<&Request> {
        self.request.as_deref()
    }
}

/// What a request and its retransmissions have in common (RFC 3261 §17.2.3); with another method, the key of the request it refers to.
pub(super) fn key(request: &Request, method: &Method) -> String {
    let essentials = &request.essentials;
    let (via, branch) = (&essentials.via, essentials.via.branch());
    match branch.strip_prefix("z9hG4bK") {
        Some(unique) if !unique.is_empty() => format!("{branch}|{}|{}|{method}", via.host, via.port.unwrap_or(5060)),
        _ => format!("{}|{}|{}|{}|{branch}|{method}", essentials.call_id, essentials.cseq, essentials.from.tag(), via.host),
    }
}

/// What copies of one request that came over different paths have in common (RFC 3261 §8.2.2.2).
pub(super) fn merge_key(request: &Request) -> String {
    let essentials = &request.essentials;
    format!("{}|{}|{}", essentials.call_id, essentials.from.tag(), essentials.cseq)
}

impl Core {
    pub(super) fn open_server(&mut self, request: Request, hop: Hop, leg: Option<LegId>, tag: &str) -> TxId {
        let id = self.next_tx();
        let invite = *request.method() == Method::Invite;
        let key: Arc<str> = key(&request, request.method()).into();
        let merge: Option<Arc<str>> = invite.then(|| merge_key(&request).into());
        self.server_keys.insert(Arc::clone(&key), id);
        if let Some(merge) = merge.as_ref().filter(|_| request.essentials.to.tag().is_empty()) {
            self.merges.insert(Arc::clone(merge), id);
        }
        let tx = ServerTx {
            key,
            merge,
            hop,
            request: Some(Box::new(request)),
            leg,
            tag: tag.to_owned(),
            invite,
            state: State::Open,
            last: None,
            interval: self.config.timers.t1,
            resend: None,
            end: None,
        };
        self.servers.insert(id, tx);
        id
    }

    /// Sends a response. After a final one nothing more is sent: late answers are harmless.
    pub(super) fn respond(&mut self, now: Instant, id: TxId, parts: ResponseParts<'_>) -> Option<Bytes> {
        let (t1, limit) = (self.config.timers.t1, self.config.timers.limit());
        let tx = self.servers.get_mut(&id).filter(|tx| tx.is_open())?;
        let (tag, status) = (tx.tag.clone(), parts.status);
        let mut parts = ResponseParts { to_tag: (status > 100).then_some(&tag), ..parts };
        parts.extra.push(("Server", self.config.user_agent.clone()));
        let bytes = parts.write(&tx.request()?.headers);
        // Retransmissions of an accepted INVITE are absorbed: nothing to keep.
        tx.last = (!tx.invite || !(200..300).contains(&status)).then(|| bytes.clone());
        let hop = tx.hop;
        if status >= 200 {
            tx.request = None;
            (tx.state, tx.end) = match (tx.invite, status) {
                (true, ..300) => (State::Accepted, Some(now + limit)),
                (true, _) => (State::Completed, Some(now + limit)),
                (false, _) if hop.is_reliable() => (State::Completed, Some(now)),
                (false, _) => (State::Completed, Some(now + limit)),
            };
            tx.resend = (tx.invite && status >= 300 && !hop.is_reliable()).then_some(now + t1);
            let timers = [tx.resend.map(|at| (at, Timer::ServerResend(id))), tx.end.map(|at| (at, Timer::ServerEnd(id)))];
            timers.into_iter().flatten().for_each(|(at, timer)| self.arm(at, timer));
        }
        self.outputs.push_back(Output::Send(hop, bytes.clone()));
        Some(bytes)
    }

    /// A retransmitted request gets the last response again.
    pub(super) fn repeat_response(&mut self, id: TxId) {
        if let Some(tx) = self.servers.get(&id).filter(|tx| matches!(tx.state, State::Open | State::Completed))
            && let Some(last) = &tx.last
        {
            self.outputs.push_back(Output::Send(tx.hop, last.clone()));
        }
    }

    /// The ACK of a non-2xx; `false` if the ACK belongs to no such transaction.
    pub(super) fn server_acked(&mut self, now: Instant, request: &Request) -> bool {
        let Some(&id) = self.server_keys.get(key(request, &Method::Invite).as_str()) else { return false };
        let Some(tx) = self.servers.get_mut(&id) else { return false };
        if tx.state == State::Accepted || !tx.invite {
            return false;
        }
        if tx.state == State::Completed {
            let end = now + if tx.hop.is_reliable() { Duration::ZERO } else { self.config.timers.t4 };
            (tx.state, tx.resend, tx.end) = (State::Confirmed, None, Some(end));
            self.arm(end, Timer::ServerEnd(id));
        }
        true
    }

    /// CANCEL (RFC 3261 §9.2): always answered itself; ends the INVITE only while that has no final response.
    pub(super) fn cancel_received(&mut self, now: Instant, request: &Request, source: SocketAddr, hop: Hop) {
        let found = self.server_keys.get(key(request, &Method::Invite).as_str()).copied().and_then(|id| Some((id, self.servers.get(&id)?)));
        let ours = found.filter(|(_, tx)| tx.merge.as_deref() == Some(merge_key(request).as_str()));
        let Some((id, tx)) = ours else { return self.no_such_call(now, request, source, hop) };
        let (leg, open, tag) = (tx.leg, tx.is_open(), tx.tag.clone());
        let extra = vec![("Server", self.config.user_agent.clone())];
        let bytes = ResponseParts { status: 200, to_tag: Some(&tag), extra, ..ResponseParts::default() }.write(&request.headers);
        self.outputs.push_back(Output::Send(hop, bytes));
        if open {
            self.respond(now, id, ResponseParts { status: 487, ..ResponseParts::default() });
            self.cancelled(now, leg, id, request.headers.reason());
        }
    }

    pub(super) fn server_resend(&mut self, at: Instant, now: Instant, id: TxId) {
        let t2 = self.config.timers.t2;
        let Some(tx) = self.servers.get_mut(&id).filter(|tx| tx.resend == Some(at)) else { return };
        tx.interval = (tx.interval * 2).min(t2);
        let next = now + tx.interval;
        tx.resend = Some(next);
        if let Some(last) = &tx.last {
            self.outputs.push_back(Output::Send(tx.hop, last.clone()));
        }
        self.arm(next, Timer::ServerResend(id));
    }

    pub(super) fn server_end(&mut self, at: Instant, id: TxId) {
        if self.servers.get(&id).is_some_and(|tx| tx.end == Some(at)) {
            self.forget_server(id);
        }
    }

    /// From now on the request is a new one; gives it back if it was not answered, and where it came from.
    pub(super) fn forget_server(&mut self, id: TxId) -> Option<(Box<Request>, Hop)> {
        let tx = self.servers.remove(&id)?;
        self.server_keys.remove(&tx.key);
        if let Some(merge) = tx.merge.filter(|merge| self.merges.get(merge) == Some(&id)) {
            self.merges.remove(&merge);
        }
        Some((tx.request?, tx.hop))
    }
}
