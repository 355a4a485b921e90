//! The time of a call. The brain never reads a clock: the driver passes the time in.

use serde::{Deserialize, Serialize};

/// A point on the call's own monotonic timeline, in milliseconds since the call arrived. The audio timeline is the same one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// The moment at which the call arrived.
    pub const ZERO: Self = Self(0);

    /// This time and `ms` milliseconds more.
    #[must_use]
    pub const fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this time; 0 if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The position in samples at 8 kHz.
    #[must_use]
    pub const fn samples_8k(self) -> u64 {
        self.0 * 8
    }
}

/// The civil time at the company's place when the call arrived, so that "now", "tomorrow" and opening hours are computed without a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WallTime {
    /// Days since 1970-01-01, local.
    pub day: i64,
    /// Milliseconds since local midnight.
    pub ms_of_day: u64,
}

impl WallTime {
    /// So far into the call.
    #[must_use]
    pub fn after(self, time: Time) -> Self {
        let ms = self.ms_of_day + time.0;
        Self { day: self.day + i64::try_from(ms / 86_400_000).unwrap_or_default(), ms_of_day: ms % 86_400_000 }
    }
}
