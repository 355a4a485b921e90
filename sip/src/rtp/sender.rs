//! What a sender counts.

use super::Header;

/// Sequence number, timestamp and counters of our outgoing stream. The first values should be random (RFC 3550 §5.1): they are
/// parameters because this crate draws no random numbers.
#[derive(Debug, Clone)]
pub struct Sender {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    talking: bool,
    packets: u32,
    octets: u32,
}

impl Sender {
    /// A stream that has sent nothing.
    #[must_use]
    pub const fn new(ssrc: u32, first_sequence: u16, first_timestamp: u32) -> Self {
        Self { ssrc, sequence: first_sequence, timestamp: first_timestamp, talking: false, packets: 0, octets: 0 }
    }

    /// Header of the next sound packet of `samples` samples and as many octets. The marker is set on the first one after a pause
    /// (RFC 3551 §4.1).
    pub fn sound(&mut self, payload_type: u8, samples: u32) -> Header {
        let marker = !self.talking;
        self.talking = true;
        let header = self.packet(payload_type, self.timestamp, marker, samples);
        self.timestamp = self.timestamp.wrapping_add(samples);
        header
    }

    /// Header of an event packet (RFC 4733 §2.5.1.1): it keeps the timestamp of the event's start while time goes on.
    pub fn event(&mut self, payload_type: u8, start: u32, marker: bool, octets: u32) -> Header {
        self.packet(payload_type, start, marker, octets)
    }

    /// Time passes in which no sound is sent; the next sound packet starts a talk spurt when `pause`.
    pub fn pass(&mut self, samples: u32, pause: bool) {
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.talking &= !pause;
    }

    /// A packet of another source goes on with a number that was derived from [`Self::next_sequence`]; `progress` samples of time pass with it.
    pub fn pass_on(&mut self, sequence: u16, progress: u32, octets: u32) {
        if sequence.wrapping_sub(self.sequence) < u16::MAX / 2 {
            self.sequence = sequence.wrapping_add(1);
        }
        self.talking = true;
        self.timestamp = self.timestamp.wrapping_add(progress);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(octets);
    }

    /// The number of the next packet.
    #[must_use]
    pub const fn next_sequence(&self) -> u16 {
        self.sequence
    }

    /// Does the next packet start a talk spurt?
    #[must_use]
    pub const fn is_pausing(&self) -> bool {
        !self.talking
    }

    fn packet(&mut self, payload_type: u8, timestamp: u32, marker: bool, octets: u32) -> Header {
        let header = Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(octets);
        header
    }

    /// Our synchronisation source.
    #[must_use]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The timestamp of the next sound sample.
    #[must_use]
    pub const fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Packets sent.
    #[must_use]
    pub const fn packets(&self) -> u32 {
        self.packets
    }

    /// Payload octets sent.
    #[must_use]
    pub const fn octets(&self) -> u32 {
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_wrap_and_the_marker_starts_each_spurt() {
        let mut sender = Sender::new(7, u16::MAX, u32::MAX - 100);
        let first = sender.sound(0, 160);
        let second = sender.sound(0, 160);
        assert!(first.marker && !second.marker);
        assert_eq!((first.sequence, second.sequence), (u16::MAX, 0));
        assert_eq!(second.timestamp, 59);
        sender.pass(320, true);
        let third = sender.sound(0, 160);
        assert!(third.marker);
        assert_eq!(third.timestamp, 59 + 160 + 320);
        assert_eq!((sender.packets(), sender.octets()), (3, 480));
    }
}
