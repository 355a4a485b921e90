//! Sound handed on from one leg to another without being decoded.

use super::super::Outgoing;
use super::super::passing::{Course, Passing};
use super::MediaSession;
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
        self.quiet_ticks = 0;
    }

    /// A packet of the other leg's stream stays with it: a key, a keep-alive.
    pub fn leave_out(&mut self) {
        if let Some(course) = &mut self.course {
            course.leave_out();
        }
    }

    /// One tick in which nothing needs to be sent, because packets are being handed on; false when [`Self::push_frame`] is needed.
    pub fn rest(&mut self) -> bool {
        self.quiet_ticks = self.quiet_ticks.saturating_add(1);
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
