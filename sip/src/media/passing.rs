//! Sound that goes from leg to leg as it came: both have the same codec, and nobody else is heard.
//!
//! A bridge that neither mixes nor transcodes hands packets on as an RTP translator does (RFC 3550 §7.1): with a sequence, timestamps, payload
//! type and keys of its own, but with the losses, the order and the pauses of the source, which the far jitter buffer treats better than
//! a second jitter buffer here would.

use std::ops::Range;

use super::clock::Clock;
use crate::codec::{Codec, SAMPLE_RATE};
use crate::rtp::{Header, Sender};

/// What the source may jump before the course is set anew: 2 s.
const JUMP: i32 = 2 * SAMPLE_RATE as i32;
/// Packets this far out of order are still known to be no duplicates ([`crate::rtp::SourceTracker`]).
const MAX_MISORDER: i16 = 63;

/// A packet of sound, taken from a datagram, that may go on to another leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passing {
    pub(super) header: Header,
    pub(super) codec: Codec,
    /// Where in the datagram the payload is.
    pub(super) payload: Range<usize>,
}

impl Passing {
    /// Its payload, out of the datagram that it came in.
    #[must_use]
    pub fn payload<'a>(&self, datagram: &'a [u8]) -> &'a [u8] {
        datagram.get(self.payload.clone()).unwrap_or_default()
    }
}

/// How one source's numbers become ours.
#[derive(Debug)]
pub(super) struct Course {
    ssrc: u32,
    /// The newest packet of the source that went on, and the number it got.
    last: (u16, u16),
    /// The oldest packet of the source for which the present difference of numbers holds.
    since: u16,
    /// Packets of the source that did not go on (keys, keep-alives): no loss.
    left_out: u16,
    /// Added to the source's timestamps, in ticks of the stream.
    shift: u32,
    /// The newest timestamp of the source, in samples.
    newest: u32,
    clock: Clock,
}

impl Course {
    /// The first packet of a course: a talk spurt starts.
    pub(super) fn set(packet: &Passing, sender: &Sender) -> Self {
        let ratio = packet.codec.clock_ratio();
        let mut clock = Clock::new(ratio);
        let newest = clock.samples(packet.header.timestamp);
        let sequence = packet.header.sequence;
        Self {
            ssrc: packet.header.ssrc,
            last: (sequence.wrapping_sub(1), sender.next_sequence().wrapping_sub(1)),
            since: sequence,
            left_out: 0,
            shift: clock.ticks(sender.timestamp()).wrapping_sub(packet.header.timestamp),
            newest,
            clock,
        }
    }

    /// Does this packet belong to the stream that the course was set for?
    pub(super) fn fits(&self, packet: &Passing) -> bool {
        let mut clock = self.clock;
        let ahead = clock.samples(packet.header.timestamp).wrapping_sub(self.newest) as i32;
        packet.header.ssrc == self.ssrc && self.clock.ratio() == packet.codec.clock_ratio() && (-JUMP..JUMP).contains(&ahead)
    }

    /// A packet of the source stays here.
    pub(super) fn leave_out(&mut self) {
        self.left_out = self.left_out.saturating_add(1);
    }

    /// Sequence number and timestamp (in ticks) that a packet goes on with; `None` if it came too late to be given a number of its own.
    pub(super) fn number(&mut self, packet: &Passing) -> Option<(u16, u32)> {
        let timestamp = packet.header.timestamp.wrapping_add(self.shift);
        let (theirs, ours) = self.last;
        let step = packet.header.sequence.wrapping_sub(theirs) as i16;
        if step <= 0 {
            let known = packet.header.sequence.wrapping_sub(self.since) as i16 >= 0;
            return (known && (-MAX_MISORDER..0).contains(&step)).then(|| (ours.wrapping_add_signed(step), timestamp));
        }
        let gap = (step as u16).saturating_sub(self.left_out).max(1);
        if gap != step as u16 {
            self.since = packet.header.sequence;
        }
        self.left_out = 0;
        self.last = (packet.header.sequence, ours.wrapping_add(gap));
        Some((self.last.1, timestamp))
    }

    /// How far the stream has come with a packet, in samples; never back.
    pub(super) fn progress(&mut self, packet: &Passing) -> u32 {
        let samples = self.clock.samples(packet.header.timestamp);
        let ahead = samples.wrapping_sub(self.newest) as i32;
        if ahead <= 0 {
            return 0;
        }
        self.newest = samples;
        ahead as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, timestamp: u32) -> Passing {
        let header = Header { marker: false, payload_type: 0, sequence, timestamp, ssrc: 5 };
        Passing { header, codec: Codec::Pcmu, payload: 12..172 }
    }

    fn course() -> Course {
        Course::set(&packet(65_534, 0), &Sender::new(1, 100, 7_000))
    }

    #[test]
    fn losses_and_order_go_on_and_numbers_are_ours() {
        let mut course = course();
        let go = |course: &mut Course, step: u16| course.number(&packet(65_534_u16.wrapping_add(step), u32::from(step) * 160));
        assert_eq!(go(&mut course, 0), Some((100, 7_000)));
        assert_eq!(go(&mut course, 1), Some((101, 7_160)));
        assert_eq!(go(&mut course, 4), Some((104, 7_640)));
        assert_eq!(go(&mut course, 3), Some((103, 7_480)));
        assert_eq!(go(&mut course, 5), Some((105, 7_800)));
    }

    #[test]
    fn what_stays_here_is_no_loss_and_no_number_is_used_twice() {
        let mut course = course();
        assert_eq!(course.number(&packet(65_534, 0)), Some((100, 7_000)));
        // Three packets of a key.
        (0..3).for_each(|_| course.leave_out());
        assert_eq!(course.number(&packet(2, 640)), Some((101, 7_640)));
        // From before the key: its number would be in use.
        assert_eq!(course.number(&packet(65_535, 160)), None);
        assert_eq!(course.number(&packet(2, 640)), None);
        assert_eq!(course.number(&packet(3, 800)), Some((102, 7_800)));
    }

    #[test]
    fn another_source_or_a_jump_does_not_fit() {
        let course = course();
        assert!(course.fits(&packet(0, 15_000)));
        assert!(!course.fits(&packet(0, 17_000)));
        assert!(!course.fits(&packet(0, 0_u32.wrapping_sub(17_000))));
        let mut stranger = packet(0, 160);
        stranger.header.ssrc = 6;
        assert!(!course.fits(&stranger));
    }

    #[test]
    fn progress_counts_samples_once() {
        let mut course = course();
        assert_eq!(course.progress(&packet(65_534, 0)), 0);
        assert_eq!(course.progress(&packet(0, 320)), 320);
        assert_eq!(course.progress(&packet(65_535, 160)), 0);
        assert_eq!(course.progress(&packet(1, 480)), 160);
    }
}
