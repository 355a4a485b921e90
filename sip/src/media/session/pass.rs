//! Sound handed on from one leg to another without being decoded.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::Outgoing;
use super::super::passing::{Course, Passing};
use super::{Arrival, MediaSession, Received};
use crate::codec::{Codec, FRAME_SAMPLES};

/// After so many ticks without a packet the leg gets silence of our own: its peer must not take the call for dead, nor a translator its binding.
const QUIET_TICKS: u32 = 10;

impl MediaSession {
    /// Is what comes from the peer decoded here ([`Self::pull_frame`])? If not, sound is only counted, and can be taken with [`Self::take_passing`].
    pub fn keep_sound(&mut self, kept: bool) {
        if self.kept != kept {
            self.kept = kept;
            self.jitter.reset();
        }
    }

    /// See [`Self::keep_sound`].
    #[must_use]
    pub const fn keeps_sound(&self) -> bool {
        self.kept
    }

    /// As [`Self::on_datagram`], for a datagram that came not long before `now`: it says nothing of the jitter. Not for sound that is kept.
    pub fn on_datagram_unstamped(&mut self, now: Duration, from: SocketAddr, datagram: &mut [u8]) -> Received {
        self.take_datagram(Arrival { at: now, stamped: false }, from, datagram)
    }

    /// The one address that datagrams are taken from and sent to, until something new is agreed; `None` while anybody else may still be heard.
    #[must_use]
    pub fn only_peer(&self) -> Option<SocketAddr> {
        (self.link.is_settled() && self.latch.is_certain()).then(|| self.latch.destination())
    }

    /// The packet of sound that [`Self::on_datagram`] has just accepted.
    pub fn take_passing(&mut self) -> Option<Passing> {
        self.passing.take()
    }

    /// The codec that the peer speaks in; the agreed one until it has spoken.
    #[must_use]
    pub fn coming_codec(&self) -> Codec {
        self.coming.unwrap_or(self.negotiated.codec)
    }

    /// May sound of this codec be handed on to the peer as it is?
    #[must_use]
    pub fn takes_passing(&self, codec: Codec) -> bool {
        self.may_send() && self.negotiated.codec == codec && self.keys.is_idle()
    }

    /// Hands another leg's packet on, as a datagram for [`Self::rtp_destination`]. `out` stays empty if it cannot be.
    pub fn pass_on(&mut self, packet: &Passing, payload: &[u8], out: &mut Outgoing) {
        out.clear();
        if !self.takes_passing(packet.codec) {
            return;
        }
        let fits = self.course.as_ref().is_some_and(|course| course.fits(packet));
        if !fits {
            self.course = Some(Course::set(packet, &self.sender));
            self.pending_len = 0;
        }
        let marker = !fits || packet.header.marker || self.sender.is_pausing();
        let Some(course) = &mut self.course else { return };
        let Some((sequence, timestamp)) = course.number(packet) else { return };
        let mut header = packet.header;
        (header.marker, header.payload_type) = (marker, self.negotiated.payload_type);
        (header.sequence, header.timestamp, header.ssrc) = (sequence, timestamp, self.sender.ssrc());
        header.write(&mut out.bytes);
        out.bytes.extend_from_slice(payload);
        self.link.protect_rtp(&mut out.bytes, 0);
        out.finish();
        self.sender.pass_on(sequence, course.progress(packet), payload.len() as u32);
        (self.quiet_ticks, self.handed_on) = (0, true);
    }

    /// A packet of the other leg's stream stays with it: a key, a keep-alive.
    pub fn leave_out(&mut self) {
        if let Some(course) = &mut self.course {
            course.leave_out();
        }
    }

    /// So many ticks have gone by in which nothing needed to be sent, because packets are being handed on; false when [`Self::push_frame`] is
    /// needed.
    pub fn rest(&mut self, ticks: u32) -> bool {
        // In which of them the last packet came is not known: the last one, as a rule.
        let quiet = if std::mem::take(&mut self.handed_on) { 1 } else { ticks };
        self.quiet_ticks = self.quiet_ticks.saturating_add(quiet);
        self.course.is_some() && self.quiet_ticks <= QUIET_TICKS && self.may_send()
    }

    /// From here on we speak ourselves.
    pub(super) fn stop_passing(&mut self) {
        if self.course.take().is_some() {
            // The last packet's own time, and a new talk spurt.
            self.sender.pass(self.quiet_ticks.max(1) * FRAME_SAMPLES as u32, true);
            self.pending_len = 0;
        }
    }
}
