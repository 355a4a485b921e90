//! Telephone keys: as RTP events (RFC 4733), in INFO requests, and every press once though it may be seen in several ways. Keys in the sound
//! are found by [`DtmfDetector`](crate::tone::DtmfDetector).

pub mod info;
mod merge;
mod receive;
mod send;

pub use merge::{Merger, Way};
pub use receive::Receiver;
pub use send::{EventPacket, SendError, Sender};

/// One key of a telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digit(u8);

impl Digit {
    /// From `0`–`9`, `*`, `#`, `A`–`D` (also lower case).
    #[must_use]
    pub fn from_char(key: char) -> Option<Self> {
        let code = match key.to_ascii_uppercase() {
            digit @ '0'..='9' => digit as u8 - b'0',
            '*' => 10,
            '#' => 11,
            letter @ 'A'..='D' => letter as u8 - b'A' + 12,
            _ => return None,
        };
        Some(Self(code))
    }

    /// From an event code: 0–15 are keys (RFC 4733 §3.2), everything else is none.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        if code < 16 { Some(Self(code)) } else { None }
    }

    /// The event code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }

    /// The key as it is printed on a telephone.
    #[must_use]
    pub const fn to_char(self) -> char {
        b"0123456789*#ABCD"[self.0 as usize] as char
    }
}
