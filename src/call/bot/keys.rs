//! Keys that the caller presses: collected to the expected count, `#`, or a pause.

use crate::call::{
    base::Base,
    bot::{Bot, Mode},
    flow::step::{Expect, Input, Step},
    io::Io,
    record::{Signal, What},
    then::Then,
    timer::Timer,
};

/// Nobody keys more than this in one go; what comes after is noise.
const MOST_KEYS: usize = 40;

/// The keys so far.
#[derive(Debug, Default)]
pub(super) struct Keys(String);

impl Keys {
    /// None yet.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets them.
    pub(super) fn forget(&mut self, io: &mut Io) {
        self.0.clear();
        io.timers.stop(Timer::KeyPause);
    }
}

impl Bot {
    /// A key. It interrupts what may be interrupted.
    pub(crate) fn key(&mut self, base: &mut Base, digit: char) -> Then {
        base.io.record(What::Key { digit });
        if matches!(self.mode, Mode::Leaving(_)) {
            return Then::Stay;
        }
        base.mouth.give_up_for_key(&mut base.io);
        if digit == '#' {
            return self.keys_over(base);
        }
        if self.keys.0.len() < MOST_KEYS {
            self.keys.0.push(digit);
        }
        base.io.timers.set(Timer::KeyPause, base.io.now.plus(base.flow.turn.key_pause_ms));
        let most = match self.expects() {
            Expect::Digits { most, .. } => most,
            Expect::YesNo => 1,
            Expect::Sentence | Expect::Spelled => MOST_KEYS,
        };
        if self.keys.0.len() >= most { self.keys_over(base) } else { Then::Stay }
    }

    /// No more keys will come.
    pub(crate) fn keys_over(&mut self, base: &mut Base) -> Then {
        if self.keys.is_empty() {
            return Then::Stay;
        }
        if matches!(self.mode, Mode::LookingUp { .. }) {
            // The flow waits for the service; ask again when it has answered.
            base.io.timers.set(Timer::KeyPause, base.io.now.plus(base.flow.turn.key_pause_ms));
            return Then::Stay;
        }
        let digits = std::mem::take(&mut self.keys.0);
        base.io.timers.stop(Timer::KeyPause);
        base.turn += 1;
        base.reply_after = Some(base.io.now);
        self.silences = 0;
        let asks = digits == "0";
        let (dialogue, steps) = self.think(base.io.now, &Input::Keyed { digits });
        if asks && steps.iter().any(|step| matches!(step, Step::Human { .. })) {
            self.escalation.note(Signal::AskedForHuman, "pressed 0", (base.io.now, base.io.now));
        }
        self.adopt(base, dialogue, steps, ("", base.io.now, base.io.now))
    }
}
