//! When words are looked for before a voice has paused. Pure.

use crate::call::time::Time;

/// A voice over the bot's words is looked at as soon as there is enough of it to tell "right" from "where", …
const FIRST_MS: u64 = 120;
/// … then as often as a syllable is spoken, …
const CLOSELY_MS: u64 = 120;
/// … until it is longer than any "mhm" or "all right".
const CLOSELY_UNTIL_MS: u64 = 720;
/// What is longer may still be made of nothing else ("oh right, I see"), …
const LOOSELY_MS: u64 = 240;
/// … but not for ever.
const LOOSELY_UNTIL_MS: u64 = 1_440;
/// Sound that is new at the end of a voice.
const AT_END_MS: u64 = 60;
/// Otherwise, and after that, partial texts come about this often.
const EVERY_MS: u64 = 1_000;

/// What was looked at last on one leg.
#[derive(Debug, Default)]
pub(crate) struct Glimpses {
    voice: Time,
    at: Time,
}

impl Glimpses {
    /// Is it time for the words of the voice that began at `from` and sounds until `to`? If so, they are taken for asked. `over_bot`: it began while
    /// the bot could be heard, and it is to be known soon whether it interrupts.
    pub(crate) fn is_due(&mut self, from: Time, to: Time, over_bot: bool) -> bool {
        self.asks(from, to, self.needed(from, to, over_bot))
    }

    /// The same for a voice that fades: if it is over, the bot that was stopped by a "right" may go on all the sooner.
    pub(crate) fn is_due_at_end(&mut self, from: Time, to: Time, over_bot: bool) -> bool {
        let needed = if over_bot && to.since(from) <= CLOSELY_UNTIL_MS { AT_END_MS } else { self.needed(from, to, over_bot) };
        self.asks(from, to, needed)
    }

    fn needed(&self, from: Time, to: Time, over_bot: bool) -> u64 {
        let first = self.voice != from;
        match (over_bot, first) {
            (true, true) => FIRST_MS,
            (true, false) if to.since(from) <= CLOSELY_UNTIL_MS => CLOSELY_MS,
            (true, false) if to.since(from) <= LOOSELY_UNTIL_MS => LOOSELY_MS,
            (true, false) | (false, _) => EVERY_MS,
        }
    }

    fn asks(&mut self, from: Time, to: Time, needed: u64) -> bool {
        let last = if self.voice == from { self.at } else { from };
        let due = to.since(last) >= needed;
        if due {
            (self.voice, self.at) = (from, to);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glimpses(over_bot: bool) -> Vec<u64> {
        let mut glimpses = Glimpses::default();
        (1..80).map(|n| n * 32).filter(|ms| glimpses.is_due(Time(5_000), Time(5_000 + ms), over_bot)).collect()
    }

    #[test]
    fn a_voice_over_the_bot_is_looked_at_closely_until_it_is_long() {
        assert_eq!(glimpses(true), [128, 256, 384, 512, 640, 896, 1_152, 1_408, 2_432]);
        assert_eq!(glimpses(false), [1_024, 2_048]);
        let mut glimpses = Glimpses::default();
        assert!(glimpses.is_due(Time(0), Time(128), true) && !glimpses.is_due_at_end(Time(0), Time(160), true));
        assert!(glimpses.is_due_at_end(Time(0), Time(192), true) && !glimpses.is_due_at_end(Time(0), Time(192), true));
    }
}
