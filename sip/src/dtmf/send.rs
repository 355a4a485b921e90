//! Pressing keys: event packets in place of sound, three end packets, a pause (RFC 4733 §2.5.1).

use super::Digit;

/// Keys that may wait.
const QUEUE: usize = 32;
/// How long a key is held: 100 ms is understood everywhere.
const PRESS_TICKS: u16 = 5;
/// The last packet is sent three times against loss (§2.5.1.4), 20 ms apart against bursts.
const END_PACKETS: u16 = 3;
/// Sound between two keys.
const PAUSE_TICKS: u16 = 4;
const SAMPLES_PER_TICK: u16 = 160;
/// −10 dBm0, the middle of what switches accept.
const VOLUME: u8 = 10;

/// Why a key cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Too many keys are waiting.
    #[error("too many keys waiting to be sent")]
    QueueFull,
    /// The peer did not agree on RFC 4733.
    #[error("the peer does not understand telephone events")]
    NotNegotiated,
}

/// What to send in one 20 ms tick in place of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// The key.
    pub digit: Digit,
    /// Timestamp of the event's start.
    pub start: u32,
    /// Only on the first packet.
    pub marker: bool,
    /// The four bytes.
    pub payload: [u8; 4],
}

#[derive(Debug, Clone, Copy)]
enum State {
    Idle,
    Pressing { digit: Digit, start: u32, tick: u16 },
    Pausing { ticks_left: u16 },
}

/// Keys to be sent on one leg.
#[derive(Debug, Clone)]
pub struct Sender {
    queue: [Option<Digit>; QUEUE],
    head: usize,
    waiting: usize,
    state: State,
}

impl Default for Sender {
    fn default() -> Self {
        Self { queue: [None; QUEUE], head: 0, waiting: 0, state: State::Idle }
    }
}

impl Sender {
    /// Puts a key at the end of the queue.
    ///
    /// # Errors
    /// [`SendError::QueueFull`] when 32 keys are waiting.
    pub fn press(&mut self, digit: Digit) -> Result<(), SendError> {
        if self.waiting == QUEUE {
            return Err(SendError::QueueFull);
        }
        self.queue[(self.head + self.waiting) % QUEUE] = Some(digit);
        self.waiting += 1;
        Ok(())
    }

    /// Nothing waiting, nothing under way?
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.waiting == 0 && matches!(self.state, State::Idle)
    }

    /// One 20 ms tick at RTP time `timestamp`: the packet that replaces the sound, if a key is being pressed.
    pub fn tick(&mut self, timestamp: u32) -> Option<EventPacket> {
        if let State::Pausing { ticks_left } = self.state {
            self.state = if ticks_left > 1 { State::Pausing { ticks_left: ticks_left - 1 } } else { State::Idle };
            return None;
        }
        let (digit, start, tick) = match self.state {
            State::Pressing { digit, start, tick } => (digit, start, tick),
            State::Idle | State::Pausing { .. } => (self.take()?, timestamp, 0),
        };
        let ending = tick + 1 >= PRESS_TICKS;
        let duration = (tick + 1).min(PRESS_TICKS) * SAMPLES_PER_TICK;
        let [high, low] = duration.to_be_bytes();
        let payload = [digit.code(), if ending { 0x80 | VOLUME } else { VOLUME }, high, low];
        self.state = if tick + 1 == PRESS_TICKS + END_PACKETS - 1 {
            State::Pausing { ticks_left: PAUSE_TICKS }
        } else {
            State::Pressing { digit, start, tick: tick + 1 }
        };
        Some(EventPacket { digit, start, marker: tick == 0, payload })
    }

    fn take(&mut self) -> Option<Digit> {
        let digit = self.queue[self.head].take()?;
        self.head = (self.head + 1) % QUEUE;
        self.waiting -= 1;
        Some(digit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_has_one_start_growing_durations_and_three_ends() {
        let mut sender = Sender::default();
        sender.press(Digit::from_char('9').unwrap()).unwrap();
        let packets: Vec<_> = (0..12).filter_map(|tick| sender.tick(tick * 160)).collect();
        assert_eq!(packets.len(), 7);
        assert!(packets.iter().all(|packet| packet.start == 0));
        assert_eq!(packets.iter().filter(|packet| packet.marker).count(), 1);
        assert_eq!(packets.iter().filter(|packet| packet.payload[1] & 0x80 != 0).count(), 3);
        let durations: Vec<_> = packets.iter().map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]])).collect();
        assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
        assert!(sender.is_idle());
    }

    #[test]
    fn the_queue_is_bounded_and_keeps_the_order() {
        let mut sender = Sender::default();
        let keys = ('0'..='9').cycle().take(QUEUE);
        for key in keys.clone() {
            sender.press(Digit::from_char(key).unwrap()).unwrap();
        }
        assert_eq!(sender.press(Digit::from_char('1').unwrap()), Err(SendError::QueueFull));
        let mut sent = Vec::new();
        let mut tick = 0_u32;
        while !sender.is_idle() {
            if let Some(packet) = sender.tick(tick * 160)
                && packet.marker
            {
                sent.push(Digit::from_code(packet.payload[0]).unwrap().to_char());
            }
            tick += 1;
        }
        assert_eq!(sent, keys.collect::<Vec<_>>());
    }
}
