//! A caller who waits for a human is kept company: open questions are asked between the news and the music, and what they answer is on record at
//! once. They may want the bot again, a callback, or to leave a message.

use crate::call::{
    base::Base,
    flow::{
        dialogue::{Answered, Meanwhile},
        prompt::PromptKey,
        step::{Expect, Input, Interrupt},
    },
    handoff::{Handoff, Stage},
    outcome::{HandoffOutcome, OfferOutcome},
    record::What,
    then::Then,
    time::Time,
    timer::Timer,
    turn::{ear::Turn, words},
};

/// What a caller who waits is asked and told besides how it stands.
#[derive(Debug)]
pub(super) struct Company {
    questions: Meanwhile,
    /// The caller was told that these questions are for the human.
    introduced: bool,
    /// How often the caller was told of their place in the queue.
    told_place: u32,
    keys: String,
}

impl Company {
    pub(super) fn new(questions: Meanwhile) -> Self {
        Self { questions, introduced: false, told_place: 0, keys: String::new() }
    }

    /// What the caller is expected to say to the open question, if there is one.
    pub(super) fn expects(&self) -> Option<Expect> {
        self.questions.is_open().then(|| self.questions.expects())
    }

    /// The caller was told of their place. True the second time, when it is worth saying what else they may do.
    pub(super) const fn told_place(&mut self) -> bool {
        self.told_place += 1;
        self.told_place == 2
    }

    /// Nothing more is asked: somebody has the caller, or nobody will.
    pub(super) fn fall_silent(&mut self, base: &mut Base) {
        self.questions.drop_question();
        self.keys.clear();
        base.io.timers.stop(Timer::Question);
    }

    /// What was gathered.
    pub(super) fn into_questions(self) -> Meanwhile {
        self.questions
    }
}

impl Handoff {
    /// The caller waits, and may be asked something. Not any more when the agent is about to choose.
    const fn may_ask(&self) -> bool {
        let waits = matches!(
            self.stage,
            Stage::Finding { .. } | Stage::Queued { .. } | Stage::Reading { .. } | Stage::Ringing { .. } | Stage::Briefing { .. }
        );
        waits && self.aside.is_none()
    }

    /// Is an open question waiting for the caller's answer?
    pub(crate) fn asks_meanwhile(&self) -> bool {
        self.company.questions.is_open()
    }

    /// Sets the time of the next question: some music after the last word.
    pub(super) fn plan_question(&self, base: &mut Base) {
        let next = self.may_ask() && self.company.questions.has_more() && !self.asks_meanwhile();
        match base.quiet_since().filter(|_| next) {
            Some(since) => base.io.timers.set(Timer::Question, since.plus(base.flow.handoff.ask_after_ms)),
            None => base.io.timers.stop(Timer::Question),
        }
    }

    /// It is time for a question.
    pub(crate) fn ask_meanwhile(&mut self, base: &mut Base) {
        if !self.may_ask() || self.asks_meanwhile() || base.quiet_since().is_none() {
            return;
        }
        let Some(question) = self.company.questions.ask() else { return };
        if !std::mem::replace(&mut self.company.introduced, true) {
            base.say_prompt(PromptKey::WhileWeWait, &[], true);
        }
        base.say("question".to_owned(), &question, Interrupt::all(true), None);
    }

    /// What the caller said while waiting, where it is more than an answer.
    pub(super) fn caller_wants(&mut self, base: &mut Base, said: &str) -> Option<Then> {
        // What their own side has been asked to do cannot be taken back.
        let waits = !matches!(
            self.stage,
            Stage::Connecting { .. } | Stage::Transferring { .. } | Stage::Bridged { .. } | Stage::Voicemail { .. } | Stage::Over
        );
        if waits && words::is_never_mind(said, base.language) {
            if let Some(then) = self.inquiry_called_off(base) {
                return Some(then);
            }
            return Some(self.back_to_the_bot(base));
        }
        if !matches!(self.stage, Stage::Finding { .. } | Stage::Queued { .. }) || self.aside.is_some() || self.inquiry.is_some() {
            return None;
        }
        if words::wants_voicemail(said, base.language) && base.flow.handoff.voicemail_s > 0 {
            self.leave_queue(base);
            return Some(self.take_message(base));
        }
        words::wants_callback(said, base.language).then(|| {
            self.leave_queue(base);
            self.wish_callback(base)
        })
    }

    fn back_to_the_bot(&mut self, base: &mut Base) -> Then {
        if let Some(offer) = self.call_off(base, OfferOutcome::Withdrawn) {
            Self::end_offer(base, offer, OfferOutcome::Withdrawn, crate::call::action::AgentAfter::Free, super::Leg::Up);
        }
        self.company.fall_silent(base);
        Self::over(base, HandoffOutcome::BackToBot);
        base.mouth.forget_queue();
        base.say_prompt(PromptKey::BotAgain, &[], true);
        Then::Bot
    }

    /// The answer to the open question.
    pub(super) fn caller_answers_meanwhile(&mut self, base: &mut Base, turn: &Turn) {
        let input = Input::Said {
            text: turn.heard.text.clone(),
            confidence: turn.heard.confidence,
            understanding: turn.understanding.clone().unwrap_or_default(),
            span: (turn.from, turn.to),
        };
        self.take_answer(base, &input);
    }

    fn take_answer(&mut self, base: &mut Base, input: &Input) {
        let Answered { says, facts } = self.company.questions.answer(base.io.now, input);
        let known = !facts.is_empty();
        for fact in facts {
            base.io.record(What::Fact { fact });
        }
        for (node, text) in says {
            base.say(node, &text, Interrupt::all(true), None);
        }
        if known && !self.asks_meanwhile() {
            base.say_prompt(PromptKey::Noted, &[], true);
        }
        if known {
            self.renew_summary(base);
        }
    }

    /// The caller has said nothing to an open question: it is let go.
    pub(super) fn silent_meanwhile(&mut self) {
        self.company.questions.drop_question();
    }

    /// A key of the caller while a question is open.
    pub(super) fn key_meanwhile(&mut self, base: &mut Base, digit: char) {
        let now = base.io.now;
        base.mouth.give_up_for_key(&mut base.io);
        let most = match self.company.expects() {
            Some(Expect::Digits { most, .. }) => most,
            Some(Expect::YesNo) => 1,
            Some(Expect::Sentence | Expect::Spelled) | None => usize::MAX,
        };
        if digit != '#' {
            self.company.keys.push(digit);
        }
        if digit == '#' || self.company.keys.len() >= most.min(MOST_KEYS) {
            return self.keys_over_meanwhile(base);
        }
        base.io.timers.set(Timer::KeyPause, now.plus(base.flow.turn.key_pause_ms));
    }

    /// No more keys will come.
    pub(super) fn keys_over_meanwhile(&mut self, base: &mut Base) {
        base.io.timers.stop(Timer::KeyPause);
        let digits = std::mem::take(&mut self.company.keys);
        if !digits.is_empty() {
            self.take_answer(base, &Input::Keyed { digits });
        }
    }
}

/// More keys than these are no answer to anything.
const MOST_KEYS: usize = 32;

/// How long a place in the queue will still take, by what was said of it at `told`; none when that time is over.
pub(super) fn left_s(estimate_s: Option<u32>, told: Time, now: Time) -> Option<u32> {
    let gone = u32::try_from(now.since(told) / 1_000).unwrap_or(u32::MAX);
    estimate_s.and_then(|estimate| estimate.checked_sub(gone)).filter(|left| *left > 0)
}

/// The minutes that a caller hears, rounded up: nobody knows a long time to the minute. "About two minutes" is the shortest that is worth saying.
pub(crate) fn said_minutes(seconds: u32) -> u32 {
    let minutes = seconds.div_ceil(60).max(2);
    if minutes > 10 { minutes.next_multiple_of(5) } else { minutes }
}
