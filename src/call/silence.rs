//! The longest time for which a caller who waits for a human hears nothing.

use crate::call::time::Time;

/// Measures silences. Told at every report whether the caller hears something (or speaks).
#[derive(Debug, Default)]
pub(crate) struct SilenceMeter {
    since: Option<Time>,
    longest_ms: u64,
}

impl SilenceMeter {
    /// How it is from now on.
    pub(crate) fn set(&mut self, silent: bool, now: Time) {
        match (self.since, silent) {
            (None, true) => self.since = Some(now),
            (Some(since), false) => {
                self.longest_ms = self.longest_ms.max(now.since(since));
                self.since = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }

    /// Starts a measurement. A silence that began at `from` or later counts.
    pub(crate) fn restart(&mut self, from: Time) {
        self.longest_ms = 0;
        self.since = self.since.map(|since| since.max(from));
    }

    /// The longest silence since the measurement began.
    pub(crate) fn longest_ms(&self, now: Time) -> u64 {
        self.longest_ms.max(self.since.map_or(0, |since| now.since(since)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_silence_since_the_restart_counts() {
        let mut meter = SilenceMeter::default();
        meter.set(true, Time(0));
        meter.set(false, Time(9_000));
        meter.set(true, Time(10_000));
        meter.restart(Time(10_500));
        assert_eq!(meter.longest_ms(Time(10_700)), 200);
        meter.set(false, Time(11_000));
        meter.set(true, Time(12_000));
        assert_eq!(meter.longest_ms(Time(12_100)), 500);
    }
}
