//! The signalling of a call that is up: answers the far end's requests, and hangs up.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::UdpSocket,
    sync::{Notify, watch},
    task::JoinHandle,
    time::sleep_until,
};
use warmline_sip::sdp::{Direction, SdpSession};

use super::{
    line::T1,
    media::Media,
    message::{Identity, Message, response},
};
use crate::clock;

const LARGEST_MESSAGE: usize = 65_535;
/// Repetitions of a BYE until the far end counts as lost (RFC 3261's timer F: 64 T1).
const BYE_TRIES: u32 = 10;

/// How a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Both are there.
    Up,
    /// The far end has hung up.
    FarEndHungUp,
    /// We have hung up, and the far end agreed.
    HungUp,
    /// We have hung up, and the far end never answered.
    Lost,
}

/// What the script wants of a call that is up.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) hang_up: Notify,
    /// The far end is to hear that the call which it asked for is up.
    pub(super) connected: Notify,
}

/// A call as its script sees it.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) state: watch::Receiver<State>,
    /// When the far end asked for a call to somebody else (REFER, RFC 3515), and to whom.
    pub(super) referral: watch::Receiver<Option<(Duration, String)>>,
    pub(super) wishes: Arc<Wishes>,
    pub(super) task: JoinHandle<()>,
}

/// One established dialog (RFC 3261 §12).
pub(super) struct Dialog {
    identity: Identity,
    session: SdpSession,
    media: Arc<Media>,
    peer: SocketAddr,
    cseq: u32,
    /// Our ACK, for a 200 that comes again.
    ack: Option<String>,
    /// Our last answer to a re-INVITE, for an INVITE that comes again.
    answered: Option<(u32, String)>,
    referral: watch::Sender<Option<(Duration, String)>>,
}

impl Dialog {
    pub(super) fn new(identity: Identity, session: SdpSession, media: Arc<Media>, peer: SocketAddr, cseq: u32) -> Self {
        Self { identity, session, media, peer, cseq, ack: None, answered: None, referral: watch::Sender::default() }
    }

    pub(super) fn with_ack(mut self, ack: String) -> Self {
        self.ack = Some(ack);
        self
    }

    /// Runs it until the call has ended.
    pub(super) fn start(self, socket: Arc<UdpSocket>) -> Running {
        let (sender, state) = watch::channel(State::Up);
        let wishes = Arc::new(Wishes::default());
        let referral = self.referral.subscribe();
        let task = tokio::spawn(self.run(socket, sender, Arc::clone(&wishes)));
        Running { state, referral, wishes, task }
    }

    async fn run(mut self, socket: Arc<UdpSocket>, state: watch::Sender<State>, wishes: Arc<Wishes>) {
        let mut buffer = vec![0; LARGEST_MESSAGE];
        let mut bye: Option<(String, u32, tokio::time::Instant)> = None;
        loop {
            let again = bye.as_ref().map(|(_, _, again)| *again);
            tokio::select! {
                received = socket.recv_from(&mut buffer) => {
                    let message = received.ok().and_then(|(length, from)| Some((Message::parse(&buffer[..length])?, from)));
                    let Some((message, from)) = message else { continue };
                    if message.header("Call-ID") != self.identity.call_id {
                        refuse(&socket, &message, from, &self.identity.contact).await;
                    } else if let Some(next) = self.handle(&socket, &message, from).await {
                        // After a BYE of the far end this stays, so that a repeated BYE is answered too.
                        state.send_if_modified(|state| (*state == State::Up).then(|| *state = next).is_some());
                    }
                }
                () = wishes.connected.notified() => {
                    self.cseq += 1;
                    let text = self.identity.notify(self.cseq, "SIP/2.0 200 OK\r\n");
                    self.send(&socket, &text, self.peer).await;
                }
                () = wishes.hang_up.notified(), if bye.is_none() => {
                    if *state.borrow() == State::Up {
                        self.cseq += 1;
                        let text = self.identity.request("BYE", self.cseq, None);
                        let _ = socket.send_to(text.as_bytes(), self.peer).await;
                        bye = Some((text, 1, tokio::time::Instant::from_std(clock::now() + T1)));
                    }
                }
                () = sleep_until(again.unwrap_or_else(|| tokio::time::Instant::from_std(clock::now()))), if again.is_some() && *state.borrow() == State::Up => {
                    if let Some((text, tries, again)) = &mut bye {
                        if *tries == BYE_TRIES {
                            state.send_replace(State::Lost);
                            return;
                        }
                        *tries += 1;
                        *again += T1 * (*tries).min(8);
                        let _ = socket.send_to(text.as_bytes(), self.peer).await;
                    }
                }
            }
        }
    }

    /// Answers one message of this call; says how the call stands if that has changed.
    async fn handle(&mut self, socket: &UdpSocket, message: &Message, from: SocketAddr) -> Option<State> {
        let reply = match (message.method(), message.status(), message.cseq()) {
            (Some("BYE"), ..) => {
                self.send(socket, &self.response(message, "200 OK", None), from).await;
                return Some(State::FarEndHungUp);
            }
            (Some("INVITE"), _, (cseq, _)) => self.reinvite(message, cseq).await,
            (Some("ACK"), ..) => return None,
            (Some("REFER"), ..) => {
                self.referral.send_replace(Some((self.media.now(), message.referred_to())));
                self.response(message, "202 Accepted", None)
            }
            (Some(_), ..) => self.response(message, "200 OK", None),
            (None, Some(200..), (_, "BYE")) => return Some(State::HungUp),
            (None, Some(200..=299), (1, "INVITE")) => self.ack.clone()?,
            (None, ..) => return None,
        };
        self.send(socket, &reply, from).await;
        None
    }

    /// Hold, resume, a new address: whatever is offered is answered (RFC 3264 §8).
    async fn reinvite(&mut self, message: &Message, cseq: u32) -> String {
        if let Some((answered, text)) = &self.answered
            && *answered == cseq
        {
            return text.clone();
        }
        let sdp = if message.body.is_empty() {
            self.session.offer(Direction::SendRecv)
        } else {
            let Ok((sdp, agreed)) = self.session.answer(&message.body, Direction::SendRecv) else {
                return self.response(message, "488 Not Acceptable Here", None);
            };
            // A line that has failed is noticed by the script.
            let _ = self.media.agree(agreed).await;
            sdp
        };
        let text = self.response(message, "200 OK", Some(&sdp));
        self.answered = Some((cseq, text.clone()));
        text
    }

    fn response(&self, message: &Message, status: &str, sdp: Option<&str>) -> String {
        response(message, status, "", &self.identity.contact, sdp)
    }

    /// What is lost is sent again by whoever misses it.
    async fn send(&self, socket: &UdpSocket, text: &str, to: SocketAddr) {
        let _ = socket.send_to(text.as_bytes(), to).await;
    }
}

/// A second call while one is up: busy. Anything else belongs to a call that has ended.
async fn refuse(socket: &UdpSocket, message: &Message, from: SocketAddr, contact: &str) {
    let status = match message.method() {
        Some("INVITE") => "486 Busy Here",
        Some("OPTIONS") => "200 OK",
        Some("ACK") | None => return,
        Some(_) => "481 Call/Transaction Does Not Exist",
    };
    let _ = socket.send_to(response(message, status, "busy", contact, None).as_bytes(), from).await;
}
