//! Datagrams to be sent, in a buffer that is used again and again.

/// More than one tick can produce: two packets of 10 ms.
const MAX_DATAGRAMS: usize = 4;

/// Datagrams of one tick. Keep one per thread; it allocates once.
#[derive(Debug, Default)]
pub struct Outgoing {
    pub(super) bytes: Vec<u8>,
    ends: [usize; MAX_DATAGRAMS],
    count: usize,
}

impl Outgoing {
    /// Forgets the content, keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }

    /// Is there nothing to send?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The datagrams in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> + '_ {
        (0..self.count).map(|index| {
            let start = if index == 0 { 0 } else { self.ends[index - 1] };
            &self.bytes[start..self.ends[index]]
        })
    }

    /// What was written since the last call is one datagram.
    pub(super) fn finish(&mut self) {
        if self.count < MAX_DATAGRAMS {
            self.ends[self.count] = self.bytes.len();
            self.count += 1;
        }
    }
}
