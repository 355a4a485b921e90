//! Everything that one telephone sent and heard, and what can be measured on it. Times count from the telephone's origin.

use std::time::Duration;

use super::{
    Sound, activity,
    sound::{RATE, strength},
};

/// One packet that arrived.
#[derive(Debug, Clone)]
pub struct HeardPacket {
    /// When it arrived.
    pub at: Duration,
    /// Its RTP sequence number.
    pub sequence: u16,
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// Its sound.
    pub samples: Vec<i16>,
}

/// One packet that was sent.
#[derive(Debug, Clone)]
pub struct SentFrame {
    /// When it was sent.
    pub at: Duration,
    /// Its sound: 20 ms.
    pub samples: Vec<i16>,
}

/// The record of one line.
#[derive(Debug, Clone, Default)]
pub struct Tape {
    /// What arrived, in the order of arrival.
    pub heard: Vec<HeardPacket>,
    /// What was sent.
    pub sent: Vec<SentFrame>,
    /// Keys that the far end pressed.
    pub keys: Vec<(Duration, char)>,
}

impl Tape {
    /// When the first sound after `from` was heard.
    #[must_use]
    pub fn first_sound_after(&self, from: Duration) -> Option<Duration> {
        self.heard_sounds().find(|at| *at >= from)
    }

    /// When the last sound up to `to` was heard.
    #[must_use]
    pub fn last_sound_before(&self, to: Duration) -> Option<Duration> {
        self.heard_sounds().take_while(|at| *at <= to).last()
    }

    /// When a pure tone was first heard after `from`: three packets in a row that are little else.
    #[must_use]
    pub fn first_tone_after(&self, hz: f64, from: Duration) -> Option<Duration> {
        let is_tone = |packet: &HeardPacket| activity::sounds(&packet.samples) && strength(&packet.samples, hz) > 0.5;
        let after = self.heard.iter().position(|packet| packet.at >= from)?;
        self.heard[after..].windows(3).find(|three| three.iter().all(is_tone)).map(|three| three[0].at)
    }

    /// The longest time between `from` and `to` in which nothing was heard.
    #[must_use]
    pub fn longest_silence(&self, from: Duration, to: Duration) -> Duration {
        let inside = self.heard_sounds().filter(|at| (from..=to).contains(at));
        let (longest, last) = inside.fold((Duration::ZERO, from), |(longest, last), at| (longest.max(at.saturating_sub(last)), at));
        longest.max(to.saturating_sub(last))
    }

    /// When the last sound before a silence of this length was heard, between `from` and `to`.
    #[must_use]
    pub fn silent_from(&self, from: Duration, silence: Duration, to: Duration) -> Option<Duration> {
        let mut last = from;
        for at in self.heard_sounds().filter(|at| (from..=to).contains(at)) {
            if at.saturating_sub(last) >= silence {
                return Some(last);
            }
            last = last.max(at);
        }
        (to.saturating_sub(last) >= silence).then_some(last)
    }

    /// Times between the arrivals of packets that follow each other.
    #[must_use]
    pub fn gaps(&self) -> Vec<Duration> {
        self.gaps_since(Duration::ZERO)
    }

    /// The same of those that arrived since then.
    #[must_use]
    pub fn gaps_since(&self, from: Duration) -> Vec<Duration> {
        let first = self.heard.partition_point(|packet| packet.at < from);
        self.heard[first..].windows(2).map(|pair| pair[1].at.saturating_sub(pair[0].at)).collect()
    }

    /// The sound that arrived between two times, lost packets and pauses as silence.
    #[must_use]
    pub fn heard_between(&self, from: Duration, to: Duration) -> Sound {
        let mut packets: Vec<&HeardPacket> = self.heard.iter().filter(|packet| (from..to).contains(&packet.at)).collect();
        // Order of sending; the window is much shorter than the 22 minutes in which sequence numbers wrap.
        if let Some(first) = packets.first().map(|packet| packet.sequence) {
            packets.sort_by_key(|packet| packet.sequence.wrapping_sub(first) as i16);
        }
        let mut samples = Vec::new();
        let mut expected: Option<u32> = None;
        for packet in packets {
            let missing = expected.map_or(0, |expected| packet.timestamp.wrapping_sub(expected));
            if missing < RATE * 5 {
                samples.resize(samples.len() + missing as usize, 0);
            }
            samples.extend_from_slice(&packet.samples);
            expected = Some(packet.timestamp.wrapping_add(packet.samples.len() as u32));
        }
        Sound { samples }
    }

    /// Times of all windows with sound that were heard.
    fn heard_sounds(&self) -> impl Iterator<Item = Duration> + '_ {
        self.heard.iter().flat_map(|packet| {
            let windows = packet.samples.chunks(activity::WINDOW).enumerate();
            windows.filter(|(_, window)| activity::sounds(window)).map(|(n, _)| packet.at + sample_time(n * activity::WINDOW))
        })
    }
}

/// How long this many samples last.
pub(crate) fn sample_time(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * 1_000_000 / u64::from(RATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sound from 100 to 200 ms and from 500 to 560 ms, one packet lost at 120 ms.
    fn tape() -> Tape {
        let mut tape = Tape::default();
        for n in 0..50_u16 {
            let ms = u64::from(n) * 20;
            let sounding = (100..200).contains(&ms) || (500..560).contains(&ms);
            let samples = if sounding { Sound::tone(1_000.0, 20) } else { Sound::silence(20) }.samples;
            if ms != 120 {
                tape.heard.push(HeardPacket { at: Duration::from_millis(ms), sequence: n, timestamp: u32::from(n) * 160, samples });
            }
        }
        tape
    }

    #[test]
    fn silence_and_sound_are_measured_where_they_arrived() {
        let tape = tape();
        let ms = Duration::from_millis;
        assert_eq!(tape.first_sound_after(ms(0)), Some(ms(100)));
        assert_eq!(tape.first_sound_after(ms(300)), Some(ms(500)));
        assert_eq!(tape.last_sound_before(ms(400)), Some(ms(195)));
        assert_eq!(tape.longest_silence(ms(0), ms(600)), ms(305));
        assert_eq!(tape.longest_silence(ms(0), ms(2_000)), ms(1_445));
        assert_eq!(tape.silent_from(ms(100), ms(200), ms(2_000)), Some(ms(195)));
        assert_eq!(tape.silent_from(ms(500), ms(1_000), ms(1_000)), None);
        assert_eq!(tape.first_sound_after(ms(700)), None);
        assert_eq!((tape.first_tone_after(1_000.0, ms(0)), tape.first_tone_after(1_300.0, ms(0))), (Some(ms(100)), None));
        assert_eq!((tape.first_tone_after(1_000.0, ms(200)), tape.first_tone_after(1_000.0, ms(520))), (Some(ms(500)), None));
    }

    #[test]
    fn packets_that_come_at_once_are_no_silence() {
        let mut tape = tape();
        // The sound of a packet is said to come while it is played, which the next one may not wait for.
        tape.heard.iter_mut().for_each(|packet| packet.at = Duration::from_millis(100 + u64::from(packet.sequence)));
        assert_eq!(tape.silent_from(Duration::from_millis(100), Duration::from_millis(500), Duration::from_millis(150)), None);
    }

    #[test]
    fn lost_packets_are_silence_in_what_was_heard() {
        let tape = tape();
        assert_eq!(tape.heard_between(Duration::from_millis(100), Duration::from_millis(200)).ms(), 100);
        assert_eq!(tape.gaps().into_iter().max(), Some(Duration::from_millis(40)));
    }
}
