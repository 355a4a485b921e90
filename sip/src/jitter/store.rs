//! Packets in timestamp order, in a fixed number of slots.

use crate::codec::Codec;

/// Bytes of one slot: 60 ms of G.711, or Opus at 64 kbit/s. Longer packets of what can be cut take several slots.
pub(super) const SLICE: usize = 480;
const SLOTS: usize = 40;

#[derive(Debug, Clone, Copy)]
struct Slot {
    timestamp: u32,
    codec: Codec,
    samples: u16,
    length: u16,
    bytes: [u8; SLICE],
}

const EMPTY: Slot = Slot { timestamp: 0, codec: Codec::Pcmu, samples: 0, length: 0, bytes: [0; SLICE] };

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    Kept,
    Duplicate,
    /// Kept, but the oldest had to go.
    DroppedOldest,
}

/// The packet that is due first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// Samples between what is due and its start; negative when its start is over.
    pub(super) ahead: i32,
    /// How many samples it holds.
    pub(super) samples: usize,
}

/// The slots, and their order.
#[derive(Debug, Clone)]
pub(super) struct Store {
    slots: Box<[Slot; SLOTS]>,
    /// Slot numbers, `order[..used]` by timestamp, the rest free.
    order: [u8; SLOTS],
    used: usize,
}

impl Default for Store {
    fn default() -> Self {
        Self { slots: Box::new([EMPTY; SLOTS]), order: std::array::from_fn(|index| index as u8), used: 0 }
    }
}

impl Store {
    pub(super) fn clear(&mut self) {
        self.used = 0;
    }

    /// Keeps a slice; `due` is the timestamp from which order is counted, so that a wrap does no harm.
    pub(super) fn put(&mut self, due: u32, timestamp: u32, codec: Codec, samples: usize, bytes: &[u8]) -> Stored {
        let key = timestamp.wrapping_sub(due) as i32;
        let mut place = self.order[..self.used].partition_point(|&slot| self.key(slot, due) < key);
        if place < self.used && self.key(self.order[place], due) == key {
            return Stored::Duplicate;
        }
        let mut stored = Stored::Kept;
        if self.used == SLOTS {
            self.drop_head();
            place = place.saturating_sub(1);
            stored = Stored::DroppedOldest;
        }
        self.order[place..=self.used].rotate_right(1);
        self.used += 1;
        let slot = &mut self.slots[usize::from(self.order[place])];
        slot.timestamp = timestamp;
        slot.codec = codec;
        slot.samples = samples as u16;
        slot.length = bytes.len().min(SLICE) as u16;
        slot.bytes[..bytes.len().min(SLICE)].copy_from_slice(&bytes[..bytes.len().min(SLICE)]);
        stored
    }

    pub(super) fn head(&self, due: u32) -> Option<Head> {
        let slot = (self.used > 0).then(|| &self.slots[usize::from(self.order[0])])?;
        Some(Head { ahead: slot.timestamp.wrapping_sub(due) as i32, samples: usize::from(slot.samples) })
    }

    /// The first packet's bytes; empty when there is none.
    pub(super) fn head_payload(&self) -> (Codec, &[u8]) {
        if self.used == 0 {
            return (Codec::Pcmu, &[]);
        }
        let slot = &self.slots[usize::from(self.order[0])];
        (slot.codec, &slot.bytes[..usize::from(slot.length)])
    }

    pub(super) fn drop_head(&mut self) {
        if self.used > 0 {
            self.order[..self.used].rotate_left(1);
            self.used -= 1;
        }
    }

    fn key(&self, slot: u8, due: u32) -> i32 {
        self.slots[usize::from(slot)].timestamp.wrapping_sub(due) as i32
    }
}
