//! Nobody can be had: a callback is offered, the number asked for if none is known and read back, and promised only after a clear yes.

use crate::call::{
    base::{Base, node_of},
    flow::{
        prompt::PromptKey,
        slot::{PHONE, Reading, digits},
        step::Expect,
        text,
    },
    handoff::{Handoff, Stage},
    outcome::{HandoffOutcome, Outcome},
    record::{Fact, HandoffStep, What},
    then::Then,
    time::Time,
    timer::Timer,
    turn::words,
};

/// How often a question is asked.
const MOST_ASKED: u32 = 2;

/// Whoever goes on waiting does so for at least this long.
const LEAST_WAIT_MS: u64 = 10_000;

/// What the caller is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Question {
    /// Which number? This much of it is known.
    Number { so_far: String },
    /// Is a callback on this number wanted? `given`: the caller has given it just now.
    Wanted { number: String, given: bool },
}

/// A question to a caller for whom nobody can be had.
#[derive(Debug)]
pub(super) struct Asking {
    question: Question,
    asked: u32,
    /// Since when the question has been heard.
    heard_from: Option<Time>,
    keys: String,
    /// The caller has asked for it, and may as well wait on.
    wished: bool,
}

impl Asking {
    fn first(question: Question, wished: bool) -> Self {
        Self { question, asked: 1, heard_from: None, keys: String::new(), wished }
    }

    fn prompt(&self) -> PromptKey {
        match self.question {
            Question::Number { .. } if self.wished => PromptKey::WishCallbackNumber,
            Question::Number { .. } => PromptKey::AskCallbackNumber,
            Question::Wanted { given: false, .. } if !self.wished => PromptKey::OfferCallback,
            Question::Wanted { given: false, .. } => PromptKey::ConfirmCallback,
            Question::Wanted { given: true, .. } => PromptKey::ConfirmCallback,
        }
    }

    fn say(&self, base: &mut Base) {
        match &self.question {
            Question::Number { .. } => base.tell(self.prompt(), &[]),
            Question::Wanted { number, .. } => base.tell(self.prompt(), &[("number", number)]),
        }
    }

    /// What was said before the question could be heard answers something else.
    fn is_too_early(&self, said: Time) -> bool {
        self.heard_from.is_none_or(|heard_from| said < heard_from)
    }

    /// The answer that is waited for.
    pub(super) fn expects(&self) -> Expect {
        match self.question {
            Question::Number { .. } => Expect::Digits { least: PHONE.0, most: PHONE.1 },
            Question::Wanted { .. } => Expect::YesNo,
        }
    }
}

impl Handoff {
    /// Asks whether the caller wants to be called back, or on which number.
    pub(super) fn offer_callback(&mut self, base: &mut Base) -> Then {
        self.ask(base, question_for(base), false)
    }

    /// The caller would rather be called back than wait.
    pub(super) fn wish_callback(&mut self, base: &mut Base) -> Then {
        self.company.fall_silent(base);
        base.mouth.forget_queue();
        self.ask(base, question_for(base), true)
    }

    fn ask(&mut self, base: &mut Base, question: Question, wished: bool) -> Then {
        let asking = Asking::first(question, wished);
        asking.say(base);
        self.keep(Stage::Callback { asking })
    }

    /// Something began to be heard by the caller: perhaps the question.
    pub(crate) fn caller_hears(&mut self, base: &Base, at: Time) {
        if let Stage::Callback { asking } = &mut self.stage
            && base.mouth.sounding_node() == Some(&node_of(asking.prompt()))
        {
            asking.heard_from.get_or_insert(at);
        }
    }

    /// The caller's answer, begun at `said`.
    pub(crate) fn caller_answers(&mut self, base: &mut Base, said: &str, from: Time) -> Then {
        let Some(asking) = self.take_asking() else { return Then::Stay };
        if asking.is_too_early(from) {
            return self.keep(Stage::Callback { asking });
        }
        let wished = asking.wished;
        let so_far = if let Question::Number { so_far } = &asking.question { so_far.as_str() } else { "" };
        match (read(base, said, so_far), words::yes_or_no(said, base.language), &asking.question) {
            // "No, on 0722 …": another number than the one that was offered.
            (Reading::Value { value, .. }, _, _) => self.ask(base, Question::Wanted { number: value, given: true }, wished),
            (Reading::Part { value }, _, Question::Number { .. }) => {
                let asking = Asking { question: Question::Number { so_far: value }, ..asking };
                self.keep(Stage::Callback { asking })
            }
            (_, Some(true), Question::Wanted { number, .. }) => Self::promise(base, number),
            // The number was not heard right.
            (_, Some(false), Question::Wanted { given: true, .. }) => self.ask(base, Question::Number { so_far: String::new() }, wished),
            (_, Some(false), _) => self.no_callback(base, wished),
            (_, Some(true) | None, _) => self.ask_again(base, asking),
        }
    }

    /// The caller has not answered.
    pub(crate) fn caller_is_silent(&mut self, base: &mut Base) -> Then {
        if matches!(self.stage, Stage::Voicemail { .. }) {
            return self.message_over(base);
        }
        let Some(asking) = self.take_asking() else {
            self.silent_meanwhile();
            return Then::Stay;
        };
        self.ask_again(base, asking)
    }

    /// A key of the caller: a digit of the number, or 1 for yes and 2 for no.
    pub(crate) fn caller_key(&mut self, base: &mut Base, digit: char) -> Then {
        base.io.record(What::Key { digit });
        if matches!(self.stage, Stage::Voicemail { .. }) {
            return self.message_over(base);
        }
        let Stage::Callback { asking } = &mut self.stage else {
            if self.asks_meanwhile() {
                self.key_meanwhile(base, digit);
            }
            return Then::Stay;
        };
        let (now, wished) = (base.io.now, asking.wished);
        if asking.is_too_early(now) {
            return Then::Stay;
        }
        match (&asking.question, digit) {
            (Question::Wanted { number, .. }, '1') => Self::promise(base, number),
            (Question::Wanted { given: true, .. }, '2') => self.ask(base, Question::Number { so_far: String::new() }, wished),
            (Question::Wanted { given: false, .. }, '2') => self.no_callback(base, wished),
            (Question::Wanted { .. }, _) => Then::Stay,
            (Question::Number { .. }, '0'..='9') => {
                asking.keys.push(digit);
                let full = asking.keys.len() >= PHONE.1;
                base.io.timers.set(Timer::KeyPause, now.plus(base.flow.turn.key_pause_ms));
                if full { self.caller_keys_over(base) } else { Then::Stay }
            }
            (Question::Number { .. }, _) => self.caller_keys_over(base),
        }
    }

    /// No more keys will come.
    pub(crate) fn caller_keys_over(&mut self, base: &mut Base) -> Then {
        let Stage::Callback { asking } = &mut self.stage else {
            self.keys_over_meanwhile(base);
            return Then::Stay;
        };
        base.io.timers.stop(Timer::KeyPause);
        let keys = std::mem::take(&mut asking.keys);
        if keys.is_empty() {
            return Then::Stay;
        }
        let now = base.io.now;
        self.caller_answers(base, &keys, now)
    }

    /// What should be said to the caller cannot be said. While they wait that is bearable, there is the calm sound; a question that nobody can hear is not.
    pub(crate) fn mute(&mut self, base: &mut Base) -> Then {
        match self.take() {
            Stage::Callback { .. } if base.mouth.is_idle() => Self::goodbye(base),
            Stage::Voicemail { message } if base.mouth.is_idle() && !message.is_listened_to() => Self::goodbye(base),
            other => self.keep(other),
        }
    }

    /// The number on which a caller is called back whose wait the gateway ends. Nobody whose callback this is: that promise stands.
    pub(super) fn number_cut_off(&self, base: &Base) -> Option<String> {
        if !base.flow.handoff.call_back_cut_off || self.is_due(base) {
            return None;
        }
        number_to_call(base)
    }

    fn take_asking(&mut self) -> Option<Asking> {
        match self.take() {
            Stage::Callback { asking } => Some(asking),
            other => {
                self.stage = other;
                None
            }
        }
    }

    fn ask_again(&mut self, base: &mut Base, asking: Asking) -> Then {
        if asking.asked >= MOST_ASKED {
            return self.no_callback(base, asking.wished);
        }
        asking.say(base);
        self.keep(Stage::Callback { asking: Asking { asked: asking.asked + 1, ..asking } })
    }

    /// No callback: whoever wished for one waits on, at the same place.
    fn no_callback(&mut self, base: &mut Base, wished: bool) -> Then {
        if !wished {
            return Self::goodbye(base);
        }
        base.io.timers.set(Timer::QueueWait, self.since.plus(base.flow.wait_ms(&self.to.queue)).max(base.io.now.plus(LEAST_WAIT_MS)));
        self.find(base);
        base.tell(PromptKey::StillWaiting, &[]);
        self.told_now(base);
        Then::Stay
    }

    fn promise(base: &mut Base, number: &str) -> Then {
        let now = base.io.now;
        base.mouth.give_up(&mut base.io, now);
        base.io.record(What::Handoff { step: HandoffStep::CallbackPromised { number: number.to_owned() } });
        Self::over(base, HandoffOutcome::Callback);
        base.tell(PromptKey::CallbackPromised, &[("number", number)]);
        Then::Close(Outcome::CallbackPromised)
    }
}

fn question_for(base: &Base) -> Question {
    match number_to_call(base) {
        Some(number) => Question::Wanted { number, given: false },
        None => Question::Number { so_far: String::new() },
    }
}

fn read(base: &Base, said: &str, so_far: &str) -> Reading {
    digits::read(&text::words(said), so_far, PHONE, base.flow.lexicon(), &|_| true)
}

/// A number that the caller confirmed or keyed in this call, else the one the network shows.
fn number_to_call(base: &Base) -> Option<String> {
    let said = base.io.entries().iter().rev().find_map(|entry| match &entry.what {
        What::Fact { fact: Fact { name, value, confirmed: true, .. } } if name.contains("phone") || name.contains("callback") => {
            Some(value.clone())
        }
        _ => None,
    });
    said.or_else(|| base.caller.dialable().map(str::to_owned))
}
