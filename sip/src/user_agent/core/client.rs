//! Client transactions (RFC 3261 §17.1, RFC 6026 §7.2).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::super::event::LegId;
use super::credentials::{Tried, credentials_of};
use super::failover::{Attempt, Body, borrowed, is_about_the_target};
use super::{Core, Hop, Output, Timer, TxId};
use crate::dtmf::Digit;
use crate::message::{Method, RequestParts, Response};
use crate::transport::Transport;

/// What a request is for: says who gets the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Dial(LegId),
    Reinvite(LegId),
    Bye(LegId),
    /// UPDATE without an offer or re-INVITE with the offer in force, for the session timer.
    Refresh(LegId),
    Refer(LegId),
    /// A key in an INFO request.
    Key(LegId, Digit),
    /// An INVITE that was sent to another target meanwhile: whoever still takes it is cancelled or ended.
    Abandoned {
        cancelled: bool,
    },
    /// A registration of ours.
    Register(usize),
    /// OPTIONS to see whether a peer is there.
    Health(usize),
    /// CANCEL, PRACK, NOTIFY, and BYE for a fork that nobody wants: the outcome does not matter.
    Nothing,
}

/// How a request ended.
#[derive(Debug)]
pub(super) enum Outcome<'a> {
    Response(&'a Response),
    /// No answer in time.
    Timeout,
    /// The address refuses packets.
    Unreachable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing heard.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// Final response; for INVITE not 2xx.
    Completed,
    /// 2xx to INVITE: repeated ones are acknowledged again, other forks are ended.
    Accepted,
}

/// Forks of one INVITE that are followed; further answers are ignored.
const MAX_FORKS: usize = 8;

/// One request of ours.
#[derive(Debug)]
pub(super) struct ClientTx {
    key: String,
    pub(super) purpose: Purpose,
    pub(super) hop: Hop,
    pub(super) parts: RequestParts,
    body: Body,
    bytes: Bytes,
    /// Targets that may be tried after this one, and when.
    rest: VecDeque<Hop>,
    leave: Option<Instant>,
    /// The way of a large request if its stream is refused.
    datagram: Option<Hop>,
    /// The challenges that were answered.
    pub(super) tried: Vec<Tried>,
    /// Whether its CANCEL was sent.
    cancelled: bool,
    state: State,
    interval: Duration,
    resend: Option<Instant>,
    end: Instant,
    /// ACKs by To tag; for a non-2xx there is one.
    acks: Vec<(String, Hop, Bytes)>,
}

impl ClientTx {
    /// Whether the peer has not said a word.
    pub(super) fn is_unheard(&self) -> bool {
        self.state == State::Calling
    }

    /// Whether nothing was heard for at least about this long.
    pub(super) fn is_silent(&self, time: Duration) -> bool {
        self.is_unheard() && self.interval >= time
    }

    /// Whether a final response can still come.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.state, State::Calling | State::Proceeding)
    }

    pub(super) fn is_proceeding(&self) -> bool {
        self.state == State::Proceeding
    }

    /// Every way that this request may take.
    pub(super) fn hops(&self) -> impl Iterator<Item = Hop> {
        self.rest.iter().copied().chain([self.hop])
    }

    /// Takes other targets, the first of them to be tried at a time if nothing was heard by then.
    pub(super) fn offer(&mut self, rest: VecDeque<Hop>, leave: Instant) {
        (self.rest, self.leave) = (rest, Some(leave));
    }

    /// Whether the time of [`ClientTx::offer`] has come and nothing was heard.
    pub(super) fn is_due(&self, at: Instant) -> bool {
        self.is_unheard() && self.leave == Some(at)
    }

    /// The same request for the next target, once, if the outcome is the target's own fault.
    pub(super) fn next_attempt(&mut self, outcome: &Outcome<'_>) -> Option<Attempt> {
        let unheard = self.is_unheard();
        if !self.is_pending() || !is_about_the_target(outcome, unheard) {
            return None;
        }
        let mut rest = std::mem::take(&mut self.rest);
        let hop = rest.pop_front()?;
        Some(Attempt { purpose: self.purpose, parts: self.parts.clone(), hop, rest })
    }

    /// Another target has the call now.
    pub(super) fn abandon(&mut self, cancelled: bool) {
        (self.purpose, self.resend) = (Purpose::Abandoned { cancelled }, None);
    }
}

fn branch_of(parts: &RequestParts) -> &str {
    parts.via.split(';').find_map(|param| param.strip_prefix("branch=")).unwrap_or_default()
}

fn branch_key(branch: &str, method: &Method) -> String {
    // A CANCEL has the branch of its INVITE (RFC 3261 §9.1).
    if *method == Method::Cancel { format!("{branch}|CANCEL") } else { branch.to_owned() }
}

impl Core {
    /// Sends a request with a new branch.
    pub(super) fn start_client(
        &mut self,
        now: Instant,
        purpose: Purpose,
        mut parts: RequestParts,
        hop: Hop,
        body: Option<(&str, &[u8])>,
    ) -> TxId {
        parts.via = self.new_via(hop);
        parts.extra.push(("User-Agent".to_owned(), self.config.user_agent.clone()));
        self.send_client(now, purpose, parts, hop, body)
    }

    pub(super) fn new_via(&mut self, hop: Hop) -> String {
        let branch = format!("z9hG4bK{}", self.token());
        self.via(hop, &branch)
    }

    fn via(&self, hop: Hop, branch: &str) -> String {
        let (transport, address) = self.sent_by(hop);
        format!("SIP/2.0/{transport} {address};branch={branch};rport")
    }

    /// Sends a request whose Via stands, over a stream if it is too large for a datagram.
    pub(super) fn send_client(
        &mut self,
        now: Instant,
        purpose: Purpose,
        parts: RequestParts,
        hop: Hop,
        body: Option<(&str, &[u8])>,
    ) -> TxId {
        let id = self.next_tx();
        self.send_client_as(id, now, purpose, parts, hop, body);
        id
    }

    fn send_client_as(&mut self, id: TxId, now: Instant, purpose: Purpose, mut parts: RequestParts, hop: Hop, body: Option<(&str, &[u8])>) {
        let mut bytes = parts.write(body);
        let branch = branch_of(&parts).to_owned();
        let (hop, datagram) = self.fitting(now, hop, bytes.len());
        if hop.transport != Transport::Udp && parts.via.starts_with("SIP/2.0/UDP") {
            parts.via = self.via(hop, &branch);
            bytes = parts.write(body);
        }
        let key = branch_key(&branch, &parts.method);
        // The body stands at the end: nothing is copied.
        let body = body.map(|(kind, body)| (kind.to_owned(), bytes.slice(bytes.len() - body.len()..)));
        let timers = &self.config.timers;
        let (resend, end) = ((!hop.is_reliable()).then_some(now + timers.t1), now + timers.limit());
        resend.into_iter().for_each(|at| self.arm(at, Timer::ClientResend(id)));
        self.arm(end, Timer::ClientEnd(id));
        self.branches.insert(key.clone(), id);
        self.outputs.push_back(Output::Send(hop, bytes.clone()));
        let interval = self.config.timers.t1;
        self.clients.insert(
            id,
            ClientTx {
                key,
                purpose,
                hop,
                parts,
                body,
                bytes,
                rest: VecDeque::new(),
                leave: None,
                datagram,
                tried: Vec::new(),
                cancelled: false,
                state: State::Calling,
                interval,
                resend,
                end,
                acks: Vec::new(),
            },
        );
    }

    /// Sends a refused request again with these parts, as a new transaction under the old name, so that whoever waits for it goes on waiting.
    /// The refused one stays under another name, for the peer's retransmissions.
    pub(super) fn retry_client(&mut self, now: Instant, id: TxId, mut parts: RequestParts, tried: Vec<Tried>) {
        let Some(mut spent) = self.clients.remove(&id) else { return };
        let (purpose, hop, body, end) = (spent.purpose, spent.hop, spent.body.take(), spent.end);
        spent.purpose = Purpose::Nothing;
        let other = self.next_tx();
        self.branches.insert(spent.key.clone(), other);
        self.arm(end, Timer::ClientEnd(other));
        self.clients.insert(other, spent);
        parts.via = self.new_via(hop);
        self.send_client_as(id, now, purpose, parts, hop, borrowed(&body));
        if let Some(tx) = self.clients.get_mut(&id) {
            tx.tried = tried;
        }
    }

    /// A stream for a large request cannot be had: then it goes as a datagram after all (RFC 3261 §18.1.1). The transaction stays the same,
    /// as nothing was sent yet.
    fn falls_back(&mut self, now: Instant, id: TxId) -> bool {
        let Some(hop) = self.clients.get_mut(&id).filter(|tx| tx.is_unheard()).and_then(|tx| tx.datagram.take()) else { return false };
        self.note_streamless(now, hop.remote);
        let (resend, end) = (now + self.config.timers.t1, now + self.config.timers.limit());
        let via = self.clients.get(&id).map(|tx| self.via(hop, branch_of(&tx.parts))).unwrap_or_default();
        let Some(tx) = self.clients.get_mut(&id) else { return false };
        (tx.hop, tx.parts.via) = (hop, via);
        tx.bytes = tx.parts.write(borrowed(&tx.body));
        (tx.resend, tx.end, tx.interval) = (Some(resend), end, self.config.timers.t1);
        self.outputs.push_back(Output::Send(hop, tx.bytes.clone()));
        self.arm(resend, Timer::ClientResend(id));
        self.arm(end, Timer::ClientEnd(id));
        true
    }

    /// Sends the CANCEL of an INVITE (RFC 3261 §9.1) and gives the INVITE 64 T1 more to end.
    pub(super) fn send_cancel(&mut self, now: Instant, invite: TxId, reason: Option<String>) {
        let end = now + self.config.timers.limit();
        let Some(tx) = self.clients.get_mut(&invite).filter(|tx| tx.is_proceeding() && !tx.cancelled) else { return };
        (tx.end, tx.cancelled) = (end, true);
        let (mut parts, hop) = (RequestParts { method: Method::Cancel, extra: Vec::new(), ..tx.parts.clone() }, tx.hop);
        self.arm(end, Timer::ClientEnd(invite));
        parts.extra.extend(reason.map(|reason| ("Reason".to_owned(), reason)));
        parts.extra.push(("User-Agent".to_owned(), self.config.user_agent.clone()));
        self.send_client(now, Purpose::Nothing, parts, hop, None);
    }

    pub(super) fn response(&mut self, now: Instant, response: &Response, way: Hop) {
        let method = &response.essentials.method;
        let Some(&id) = self.branches.get(&branch_key(response.essentials.via.branch(), method)) else { return };
        let timers = &self.config.timers;
        let (t2, t4, limit) = (timers.t2, timers.t4, timers.limit());
        let Some(tx) = self.clients.get_mut(&id) else { return };
        if tx.parts.method != *method || tx.parts.call_id != response.essentials.call_id || tx.parts.cseq != response.essentials.cseq {
            return;
        }
        // The stream that the answer came by is the one that stays in use.
        if tx.hop.transport == way.transport {
            tx.hop.connection = way.connection;
        }
        let (purpose, invite) = (tx.purpose, *method == Method::Invite);
        match (tx.state, response.status) {
            (State::Calling | State::Proceeding, ..200) => {
                if invite && tx.state == State::Calling {
                    // The leg has its own deadline for an answer; this one only catches a peer that falls silent.
                    (tx.resend, tx.end) = (None, now + limit.max(Duration::from_secs(300)));
                    let end = tx.end;
                    self.arm(end, Timer::ClientEnd(id));
                } else if !invite {
                    tx.interval = t2;
                }
                if let Some(tx) = self.clients.get_mut(&id) {
                    tx.state = State::Proceeding;
                }
                self.provisional(now, purpose, id, response);
            }
            (State::Calling | State::Proceeding, 200..300) if invite => {
                (tx.state, tx.resend, tx.end) = (State::Accepted, None, now + limit);
                let end = tx.end;
                self.arm(end, Timer::ClientEnd(id));
                self.outcome(now, purpose, id, &Outcome::Response(response));
            }
            (State::Calling | State::Proceeding, _) => {
                let (next, server) = (tx.next_attempt(&Outcome::Response(response)), tx.hop);
                let rest = if tx.hop.is_reliable() {
                    Duration::ZERO
                } else if invite {
                    limit
                } else {
                    t4
                };
                (tx.state, tx.resend, tx.end) = (State::Completed, None, now + rest);
                let end = tx.end;
                self.arm(end, Timer::ClientEnd(id));
                if invite {
                    self.ack_refusal(id, response);
                    self.note_rest(now, purpose, server, response);
                }
                let again = next.is_some_and(|attempt| self.try_next(now, attempt)) || self.answer_challenge(now, id, response);
                if !again {
                    self.outcome(now, purpose, id, &Outcome::Response(response));
                }
            }
            (State::Completed, 300..) if invite => self.repeat_ack(id, None),
            (State::Accepted, 200..300) => self.repeated_success(now, id, response),
            (State::Completed | State::Accepted, _) => {}
        }
    }

    /// The ACK of a non-2xx belongs to the transaction: same branch, same way (RFC 3261 §17.1.1.3).
    fn ack_refusal(&mut self, id: TxId, response: &Response) {
        let Some(tx) = self.clients.get_mut(&id) else { return };
        let to = response.headers.get("To").unwrap_or_default().to_owned();
        // Whoever demands credentials for an INVITE may demand them for its ACK (§22.1).
        let parts = RequestParts { method: Method::Ack, to, extra: credentials_of(&tx.parts), ..tx.parts.clone() };
        tx.acks.push((String::new(), tx.hop, parts.write(None)));
        self.repeat_ack(id, None);
    }

    /// Keeps the ACK of a 2xx, to be sent whenever that 2xx comes again (RFC 3261 §13.2.2.4).
    pub(super) fn keep_ack(&mut self, id: TxId, to_tag: &str, hop: Hop, ack: Bytes) {
        if let Some(tx) = self.clients.get_mut(&id) {
            tx.acks.push((to_tag.to_owned(), hop, ack.clone()));
        }
        self.outputs.push_back(Output::Send(hop, ack));
    }

    fn repeat_ack(&mut self, id: TxId, to_tag: Option<&str>) {
        let Some(tx) = self.clients.get(&id) else { return };
        if let Some((_, hop, ack)) = tx.acks.iter().find(|(tag, ..)| to_tag.is_none_or(|wanted| wanted == tag)) {
            self.outputs.push_back(Output::Send(*hop, ack.clone()));
        }
    }

    fn repeated_success(&mut self, now: Instant, id: TxId, response: &Response) {
        let Some(tx) = self.clients.get(&id) else { return };
        let tag = response.essentials.to.tag();
        if tx.acks.iter().any(|(known, ..)| known == tag) {
            self.repeat_ack(id, Some(tag));
        } else if tx.acks.len() < MAX_FORKS {
            self.end_fork(now, id, response);
        }
    }

    pub(super) fn client_resend(&mut self, at: Instant, now: Instant, id: TxId) {
        let t2 = self.config.timers.t2;
        let Some(tx) = self.clients.get_mut(&id).filter(|tx| tx.resend == Some(at)) else { return };
        // INVITE doubles without a cap (timer A), everything else up to T2 (timer E).
        tx.interval = if tx.parts.method == Method::Invite { tx.interval * 2 } else { (tx.interval * 2).min(t2) };
        let next = now + tx.interval;
        tx.resend = Some(next);
        self.outputs.push_back(Output::Send(tx.hop, tx.bytes.clone()));
        self.arm(next, Timer::ClientResend(id));
    }

    pub(super) fn client_end(&mut self, at: Instant, now: Instant, id: TxId) {
        if self.clients.get(&id).is_some_and(|tx| tx.end == at) {
            self.drop_client(now, id, &Outcome::Timeout);
        }
    }

    /// The peer cannot be reached.
    pub(super) fn client_lost(&mut self, now: Instant, id: TxId) {
        if !self.falls_back(now, id) {
            self.drop_client(now, id, &Outcome::Unreachable);
        }
    }

    /// Forgets a request whose outcome does not matter any more.
    pub(super) fn abandon_client(&mut self, id: TxId) {
        if let Some(tx) = self.clients.remove(&id) {
            self.branches.remove(&tx.key);
        }
    }

    fn drop_client(&mut self, now: Instant, id: TxId, outcome: &Outcome<'_>) {
        let Some(mut tx) = self.clients.remove(&id) else { return };
        self.branches.remove(&tx.key);
        let next = tx.next_attempt(outcome);
        if tx.is_pending() && !next.is_some_and(|attempt| self.try_next(now, attempt)) {
            self.outcome(now, tx.purpose, id, outcome);
        }
    }

    fn provisional(&mut self, now: Instant, purpose: Purpose, id: TxId, response: &Response) {
        match purpose {
            Purpose::Dial(leg) => self.dial_progress(now, leg, id, response),
            Purpose::Abandoned { cancelled: false } => self.cancel_abandoned(now, id),
            Purpose::Abandoned { cancelled: true }
            | Purpose::Reinvite(_)
            | Purpose::Refresh(_)
            | Purpose::Bye(_)
            | Purpose::Refer(_)
            | Purpose::Key(..)
            | Purpose::Register(_)
            | Purpose::Health(_)
            | Purpose::Nothing => {}
        }
    }

    fn outcome(&mut self, now: Instant, purpose: Purpose, id: TxId, outcome: &Outcome<'_>) {
        match purpose {
            Purpose::Dial(leg) => self.dial_outcome(now, leg, id, outcome),
            Purpose::Reinvite(leg) => self.reinvite_outcome(now, leg, id, outcome),
            Purpose::Bye(leg) => self.forget_leg(leg),
            Purpose::Refresh(leg) => self.refresh_outcome(now, leg, id, outcome),
            Purpose::Refer(leg) => self.refer_outcome(now, leg, outcome),
            Purpose::Key(leg, digit) => self.key_outcome(leg, digit, outcome),
            Purpose::Abandoned { .. } => self.end_abandoned(now, id, outcome),
            Purpose::Register(n) => self.register_outcome(now, n, id, outcome),
            Purpose::Health(n) => self.probe_outcome(now, n, id, outcome),
            Purpose::Nothing => {}
        }
    }
}
