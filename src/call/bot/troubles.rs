//! When a driver fails under the bot: the caller hears something, and the second failure in a row brings a human.

use crate::call::{
    base::Base,
    bot::Bot,
    flow::prompt::PromptKey,
    outcome::Outcome,
    record::{Signal, What},
    then::Then,
};

/// Failures in a row after which the bot is no help any more.
const ENOUGH: u32 = 2;

/// Failures in a row, by what failed.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    deaf: u32,
    baffled: u32,
    mute: u32,
}

impl Troubles {
    /// The recogniser works.
    pub(crate) fn heard_well(&mut self) {
        self.deaf = 0;
    }

    /// The understanding works.
    pub(crate) fn understood_well(&mut self) {
        self.baffled = 0;
    }

    /// The understanding has failed too often.
    pub(super) const fn is_baffled(&self) -> bool {
        self.baffled >= ENOUGH
    }

    /// The voice works.
    pub(crate) fn spoke_well(&mut self) {
        self.mute = 0;
    }
}

impl Bot {
    /// What has failed lately.
    pub(crate) fn troubles(&mut self) -> &mut Troubles {
        &mut self.troubles
    }

    /// The recogniser failed; what the caller said is lost.
    pub(crate) fn deaf(&mut self, base: &mut Base) -> Then {
        self.troubles.deaf += 1;
        if self.troubles.deaf >= ENOUGH {
            return self.give_in(base, "recogniser");
        }
        trouble(base, "recogniser", if base.mouth.is_held() { "went on" } else { "asked again" });
        if base.mouth.is_held() {
            base.mouth.resume(&mut base.io);
        } else if base.says_nothing_else() {
            base.say_prompt(PromptKey::HearingTrouble, &[], true);
        }
        Then::Stay
    }

    /// The recogniser has more to do than it can: the caller is told, and a human called, instead of being asked again and again.
    pub(crate) fn overloaded(&mut self, base: &mut Base) -> Then {
        self.give_in_with(base, "recogniser", PromptKey::Overloaded, "the machine has more to do than it can")
    }

    /// The understanding failed; the words are known and are used without it. A second time in a row brings a human when the turn is over.
    pub(crate) fn baffled(&mut self, base: &mut Base) {
        self.troubles.baffled += 1;
        trouble(base, "understanding", "used the words alone");
    }

    /// The voice failed.
    pub(crate) fn mute(&mut self, base: &mut Base) -> Then {
        self.troubles.mute += 1;
        if self.troubles.mute >= ENOUGH && self.leaving().is_none() {
            return self.give_in(base, "voice");
        }
        trouble(base, "voice", "tried again");
        Then::Stay
    }

    /// The voice failed though it had time for a second try.
    pub(crate) fn dumb(&mut self, base: &mut Base) -> Then {
        self.troubles.mute = ENOUGH;
        self.mute(base)
    }

    pub(super) fn give_in(&mut self, base: &mut Base, what: &str) -> Then {
        self.give_in_with(base, what, PromptKey::ServiceTrouble, &format!("the {what} failed twice in a row"))
    }

    fn give_in_with(&mut self, base: &mut Base, what: &str, prompt: PromptKey, why: &str) -> Then {
        let now = base.io.now;
        // No human could be had before: nothing is left that would help.
        let hopeless = self.came_back;
        trouble(base, what, if hopeless { "ended the call" } else { "called a human" });
        self.escalation.note(Signal::ServiceFailed, what, (now, now));
        self.weigh(base, &[], ("", now, now));
        base.mouth.give_up(&mut base.io, now);
        base.say_prompt(prompt, &[], false);
        if hopeless {
            self.hand_on(base);
            return Then::Close(Outcome::Failed);
        }
        Then::Human { to: self.escalation.destination(self.intent()), why: why.to_owned() }
    }
}

/// Writes down that something failed, and what was done about it.
pub(crate) fn trouble(base: &mut Base, what: &str, then: &str) {
    base.io.record(What::Trouble { what_failed: what.to_owned(), then: then.to_owned() });
}
