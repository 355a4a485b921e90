//! Between the sockets and RTP: connectivity checks, the DTLS handshake, encryption.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dtls::{Handshake, Identity, Progress};
use crate::ice::{Agent, Checked, StunMessage};
use crate::rtp::is_private;
use crate::sdp::{Negotiated, Protection};
use crate::srtp::{Receiver, Refused, Sender};

/// Answers and handshake records that may wait to be sent: a tick takes all of them.
const MAX_CONTROL: usize = 64;

/// What encryption by DTLS needs of the whole gateway.
#[derive(Debug, Clone)]
pub struct DtlsContext {
    /// Our certificate.
    pub identity: Arc<Identity>,
    /// The moment from which all times of the media are counted.
    pub epoch: Instant,
}

/// What a datagram was below RTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    /// RTP or RTCP of this length, in clear now. `proven`: the sender has the keys.
    Packet { length: usize, proven: bool },
    /// Taken here.
    Control,
    /// Nothing that we take.
    Refused(Refused),
    /// It cannot be read yet, or comes from somebody who has not shown who they are.
    Stranger,
}

enum Shield {
    Open,
    Keyed {
        sender: Box<Sender>,
        receiver: Box<Receiver>,
    },
    Shaking(Box<Handshake>),
    /// The handshake goes on answering repeated records.
    Shaken {
        sender: Box<Sender>,
        receiver: Box<Receiver>,
        handshake: Box<Handshake>,
    },
    /// No keys, and there will be none: nothing goes in or out.
    Broken,
}

/// One leg's path below RTP.
pub(super) struct Link {
    shield: Shield,
    agent: Option<Agent>,
    context: Option<DtlsContext>,
    /// Where the peer said that it is, for DTLS without ICE.
    announced: IpAddr,
    control: VecDeque<(SocketAddr, Vec<u8>)>,
    /// Where the peer has proved to be, not yet taken by the latch.
    moved: Option<SocketAddr>,
}

impl Link {
    pub(super) fn new(now: Duration, negotiated: &Negotiated, context: Option<DtlsContext>) -> Self {
        let mut link = Self {
            shield: Shield::Open,
            agent: None,
            context,
            announced: negotiated.remote_rtp.ip(),
            control: VecDeque::new(),
            moved: None,
        };
        link.update(now, negotiated);
        link
    }

    /// A later offer and answer. Keys that stay the same go on where they were.
    pub(super) fn update(&mut self, now: Duration, negotiated: &Negotiated) {
        self.announced = negotiated.remote_rtp.ip();
        match (&negotiated.ice, &mut self.agent) {
            (Some(names), Some(agent)) => agent.update(names.local.clone(), names.remote.clone()),
            (Some(names), None) => self.agent = Some(Agent::new(names.local.clone(), names.remote.clone())),
            (None, _) => self.agent = None,
        }
        match negotiated.protection {
            Protection::None => self.shield = Shield::Open,
            Protection::Srtp { ours, theirs } => {
                let same =
                    matches!(&self.shield, Shield::Keyed { sender, receiver } if *sender.keys() == ours && *receiver.keys() == theirs);
                if !same {
                    self.shield = Shield::Keyed { sender: Box::new(Sender::new(ours)), receiver: Box::new(Receiver::new(theirs)) };
                }
            }
            Protection::Dtls { active, fingerprint } => {
                let handshake = match &self.shield {
                    Shield::Shaking(handshake) | Shield::Shaken { handshake, .. } => Some(handshake),
                    Shield::Open | Shield::Keyed { .. } | Shield::Broken => None,
                };
                if handshake.is_none_or(|handshake| handshake.expected() != fingerprint) {
                    self.shield = match &self.context {
                        Some(DtlsContext { identity, epoch }) => {
                            Shield::Shaking(Box::new(Handshake::new(identity, active, fingerprint, *epoch, now)))
                        }
                        None => Shield::Broken,
                    };
                }
            }
        }
    }

    /// Is RTP ours to be sent? Before a handshake it is not.
    pub(super) const fn is_ready(&self) -> bool {
        match self.shield {
            Shield::Open | Shield::Keyed { .. } | Shield::Shaken { .. } => true,
            Shield::Shaking(_) | Shield::Broken => false,
        }
    }

    /// Will nothing but packets come, so that the peer stays where it is? Checks may move it, and a handshake may go on.
    pub(super) const fn is_settled(&self) -> bool {
        self.agent.is_none() && matches!(self.shield, Shield::Open | Shield::Keyed { .. })
    }

    /// A datagram came: tells packets from what is below them (RFC 7983), and opens what is encrypted, in place.
    pub(super) fn on_datagram(&mut self, now: Duration, from: SocketAddr, datagram: &mut [u8]) -> Below {
        match datagram.first() {
            Some(0..=3) => self.on_stun(now, from, datagram),
            Some(20..=63) => self.on_dtls(now, from, datagram),
            Some(_) => self.open(datagram),
            None => Below::Refused(Refused::Malformed),
        }
    }

    fn on_stun(&mut self, now: Duration, from: SocketAddr, datagram: &[u8]) -> Below {
        let Some(agent) = &mut self.agent else { return Below::Refused(Refused::Malformed) };
        let Ok(message) = StunMessage::parse(datagram) else { return Below::Refused(Refused::Malformed) };
        match agent.on_stun(now, from, &message) {
            Checked::Good { answer, moved_to } => {
                self.moved = moved_to.or(self.moved);
                self.queue(from, answer);
                Below::Control
            }
            Checked::Refuse(answer) => {
                self.queue(from, answer);
                Below::Control
            }
            Checked::Ignore => Below::Stranger,
        }
    }

    fn on_dtls(&mut self, now: Duration, from: SocketAddr, datagram: &[u8]) -> Below {
        // Whoever begins a handshake must have passed a check, or be where signalling said (NAT: a private address says nothing).
        let known = match &self.agent {
            Some(agent) => agent.is_valid(from),
            None => from.ip() == self.announced || is_private(self.announced),
        };
        if !known {
            return Below::Stranger;
        }
        let control = &mut self.control;
        let send = |record: &[u8]| {
            if control.len() < MAX_CONTROL {
                control.push_back((from, record.to_vec()));
            }
        };
        match &mut self.shield {
            Shield::Shaking(handshake) | Shield::Shaken { handshake, .. } => handshake.on_datagram(now, datagram, send),
            Shield::Open | Shield::Keyed { .. } | Shield::Broken => return Below::Refused(Refused::Malformed),
        }
        if self.settle() && self.agent.is_none() {
            self.moved = Some(from);
        }
        Below::Control
    }

    /// Takes the keys when they are there; true at that moment.
    fn settle(&mut self) -> bool {
        let Shield::Shaking(handshake) = &self.shield else { return false };
        match handshake.progress() {
            Progress::Done { ours, theirs } => {
                let old = std::mem::replace(&mut self.shield, Shield::Broken);
                if let Shield::Shaking(handshake) = old {
                    let (sender, receiver) = (Box::new(Sender::new(ours)), Box::new(Receiver::new(theirs)));
                    self.shield = Shield::Shaken { sender, receiver, handshake };
                }
                true
            }
            Progress::Failed | Progress::Closed => {
                tracing::warn!("the DTLS handshake of a leg has failed: it stays silent");
                self.shield = Shield::Broken;
                false
            }
            Progress::Shaking => false,
        }
    }

    /// Opens a packet of the RTP port (RTCP may come there too).
    pub(super) fn open(&mut self, packet: &mut [u8]) -> Below {
        let receiver = match &mut self.shield {
            Shield::Open => return Below::Packet { length: packet.len(), proven: false },
            Shield::Keyed { receiver, .. } | Shield::Shaken { receiver, .. } => receiver,
            Shield::Shaking(_) | Shield::Broken => return Below::Stranger,
        };
        let opened = if crate::rtp::is_rtcp(packet) { receiver.open_rtcp(packet) } else { receiver.open_rtp(packet) };
        match opened {
            Ok(length) => Below::Packet { length, proven: true },
            Err(why) => Below::Refused(why),
        }
    }

    /// Encrypts the packet that begins at `start` of `out`, if it is to be encrypted.
    pub(super) fn protect_rtp(&mut self, out: &mut Vec<u8>, start: usize) {
        match &mut self.shield {
            Shield::Keyed { sender, .. } | Shield::Shaken { sender, .. } => sender.protect_rtp(out, start),
            Shield::Open => {}
            Shield::Shaking(_) | Shield::Broken => out.truncate(start),
        }
    }

    /// Encrypts a report, if it is to be encrypted; empty if it cannot be sent.
    pub(super) fn protect_rtcp(&mut self, out: &mut Vec<u8>) {
        match &mut self.shield {
            Shield::Keyed { sender, .. } | Shield::Shaken { sender, .. } => sender.protect_rtcp(out),
            Shield::Open => {}
            Shield::Shaking(_) | Shield::Broken => out.clear(),
        }
    }

    /// Does what the handshake has to do by itself. `peer` is where the peer is, as far as that is known.
    pub(super) fn tick(&mut self, now: Duration, peer: SocketAddr) {
        let peer = self.agent.as_ref().map_or(Some(peer), Agent::chosen);
        let control = &mut self.control;
        let handshake = match &mut self.shield {
            Shield::Shaking(handshake) | Shield::Shaken { handshake, .. } => handshake,
            Shield::Open | Shield::Keyed { .. } | Shield::Broken => return,
        };
        // An active side has nobody to speak to before that.
        let Some(peer) = peer.filter(|peer| !peer.ip().is_unspecified()) else { return };
        handshake.tick(now, |record| {
            if control.len() < MAX_CONTROL {
                control.push_back((peer, record.to_vec()));
            }
        });
        self.settle();
    }

    /// The next answer or record to be sent on the RTP port.
    pub(super) fn poll_control(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.control.pop_front()
    }

    /// Where the peer has proved to be since the last call.
    pub(super) fn take_moved(&mut self) -> Option<SocketAddr> {
        self.moved.take()
    }

    /// How the stream is protected, in a word for records.
    pub(super) const fn kind(&self) -> &'static str {
        match self.shield {
            Shield::Open => "none",
            Shield::Keyed { .. } => "sdes",
            Shield::Shaking(_) | Shield::Shaken { .. } => "dtls",
            Shield::Broken => "failed",
        }
    }

    fn queue(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        if self.control.len() < MAX_CONTROL {
            self.control.push_back((to, bytes));
        }
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("kind", &self.kind()).field("agent", &self.agent).finish_non_exhaustive()
    }
}
