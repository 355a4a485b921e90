//! Reports: RTCP in and out.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::super::Dropped;
use super::super::link::{Below, Link};
use super::{MediaConfig, MediaSession, Received, refusal};
use crate::rtcp::{Compound, Item, write_compound, write_goodbye};
use crate::sdp::{Negotiated, Protection};

impl MediaSession {
    /// A datagram came to the RTCP port. It is decrypted in place.
    pub fn on_rtcp(&mut self, now: Duration, from: SocketAddr, datagram: &mut [u8]) -> Received {
        let link = self.control_link.as_deref_mut().unwrap_or(&mut self.link);
        match link.on_datagram(now, from, datagram) {
            Below::Packet { length, .. } => self.on_report(now, from, &datagram[..length]),
            Below::Control => Received::Below,
            Below::Refused(why) => self.refuse(refusal(why)),
            Below::Stranger => self.refuse(Dropped::Stranger),
        }
    }

    pub(super) fn on_report(&mut self, now: Duration, from: SocketAddr, datagram: &[u8]) -> Received {
        let Ok(compound) = Compound::parse(datagram) else { return self.refuse(Dropped::Malformed) };
        // Reports come from another port than sound: the host must be the peer's.
        if from.ip() != self.latch.destination().ip() {
            return self.refuse(Dropped::Stranger);
        }
        let mut goodbye = false;
        for item in compound.items() {
            match item {
                Item::Report { ssrc, info, blocks } => {
                    if let Some(info) = info.filter(|_| self.source.is_none_or(|source| source.ssrc == ssrc)) {
                        self.reporter.sender_report(now, &info);
                    }
                    let ours = self.sender.ssrc();
                    if let Some(block) = blocks.iter().find(|block| block.ssrc == ours) {
                        self.reporter.report_block(now, &block);
                    }
                }
                Item::Goodbye { .. } => goodbye = true,
                Item::Other { .. } => {}
            }
        }
        Received::Control { goodbye }
    }

    /// Is a report due?
    #[must_use]
    pub fn is_rtcp_due(&self, now: Duration) -> bool {
        self.reporter.is_due(now)
    }

    /// Writes the report that is due into `out` (cleared first) and plans the next one.
    pub fn write_rtcp(&mut self, now: Duration, out: &mut Vec<u8>) {
        self.write_report(now, false, out);
    }

    /// Writes the last report, which says goodbye.
    pub fn write_goodbye(&mut self, now: Duration, out: &mut Vec<u8>) {
        self.write_report(now, true, out);
    }

    fn write_report(&mut self, now: Duration, goodbye: bool, out: &mut Vec<u8>) {
        out.clear();
        let source = self.source.map(|source| (source.ssrc, &mut self.tracker));
        let (mut info, mut block) = self.reporter.report(now, &self.sender, source);
        // Reports count in the ticks of the stream (RFC 3550 §6.4.1).
        if let Some(info) = &mut info {
            info.rtp_timestamp = self.clock.ticks(info.rtp_timestamp);
        }
        if let Some(block) = &mut block {
            block.jitter = self.clock.ticks(block.jitter);
        }
        write_compound(out, self.sender.ssrc(), info.as_ref(), block.as_ref(), &self.config.cname);
        if goodbye {
            write_goodbye(out, self.sender.ssrc());
        }
        self.control_link.as_deref_mut().unwrap_or(&mut self.link).protect_rtcp(out);
    }

    /// Where RTCP goes, on hold too. A peer behind a translator is reached at its learnt host.
    #[must_use]
    pub fn rtcp_destination(&self) -> Option<SocketAddr> {
        if self.negotiated.rtcp_mux {
            let peer = self.latch.destination();
            return (!peer.ip().is_unspecified()).then_some(peer);
        }
        let announced = self.negotiated.remote_rtcp;
        let host: IpAddr = if announced.ip() == self.negotiated.remote_rtp.ip() { self.latch.destination().ip() } else { announced.ip() };
        (!host.is_unspecified()).then(|| SocketAddr::new(host, announced.port()))
    }

    /// Do reports go out of the RTP port?
    #[must_use]
    pub const fn is_rtcp_muxed(&self) -> bool {
        self.negotiated.rtcp_mux
    }
}

/// RTCP on a port of its own is another component: it has its own checks and its own handshake (RFC 5764 §4.1).
pub(super) fn control_link(now: Duration, negotiated: &Negotiated, config: &MediaConfig) -> Option<Box<Link>> {
    let apart = !negotiated.rtcp_mux && (negotiated.ice.is_some() || matches!(negotiated.protection, Protection::Dtls { .. }));
    apart.then(|| Box::new(Link::new(now, negotiated, config.dtls.clone())))
}
