//! A message to those who could not be had: the words of the caller on the call's own recording, with an entry that says where.

use crate::call::{
    base::Base,
    flow::prompt::PromptKey,
    handoff::{Handoff, Stage},
    outcome::{HandoffOutcome, Outcome},
    record::{HandoffStep, Owner, What},
    then::Then,
    time::Time,
    timer::Timer,
};

/// The last words of a message are waited for so long.
const LAST_WORDS_MS: u64 = 4_000;

/// A message that is being left.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// When the caller could begin.
    from: Option<Time>,
    /// When it was over; its last words may be on their way.
    until: Option<Time>,
    /// It is as long as one may be.
    full: bool,
    /// The caller's voice was heard.
    voiced: bool,
    words: Vec<String>,
}

impl Message {
    /// The caller may speak.
    pub(super) const fn is_listened_to(&self) -> bool {
        self.from.is_some() && self.until.is_none()
    }
}

impl Handoff {
    /// The caller is leaving a message.
    pub(crate) const fn takes_message(&self) -> bool {
        matches!(&self.stage, Stage::Voicemail { message } if message.is_listened_to())
    }

    /// Asks the caller for a message.
    pub(super) fn take_message(&mut self, base: &mut Base) -> Then {
        self.company.fall_silent(base);
        for timer in [Timer::FindAgent, Timer::QueueWait, Timer::Update] {
            base.io.timers.stop(timer);
        }
        base.mouth.forget_queue();
        // Nobody is being found any more: the bot has the caller.
        base.io.record(What::Owner { owner: Owner::Bot });
        base.say_prompt(PromptKey::LeaveMessage, &[], false);
        self.keep(Stage::Voicemail { message: Message::default() })
    }

    /// The caller was asked, and may speak; or is speaking.
    pub(super) fn listen_to_message(message: &mut Message, base: &mut Base) {
        if message.from.is_none() && base.mouth.is_idle() {
            message.from = Some(base.io.now);
            base.io.timers.set(Timer::Voicemail, base.io.now.plus(base.flow.handoff.voicemail_s * 1_000));
        }
        message.voiced |= message.from.is_some() && base.ear.is_voice();
    }

    /// The caller has hung up. True if they were speaking: their last words are waited for, and then the message is written down ([`Self::message_over`]).
    pub(crate) fn last_words_are_due(&mut self, base: &mut Base) -> bool {
        let Stage::Voicemail { message } = &mut self.stage else { return false };
        if message.from.is_none() {
            return false;
        }
        message.until.get_or_insert(base.io.now);
        base.ear.too_long(&mut base.io, base.expect);
        if base.ear.paused_at().is_none() {
            return false;
        }
        Self::over(base, HandoffOutcome::Voicemail);
        base.io.timers.set(Timer::Voicemail, base.io.now.plus(LAST_WORDS_MS));
        true
    }

    /// Words of the message, perhaps its last ones.
    pub(super) fn message_goes_on(&mut self, base: &mut Base, words: &str) -> Then {
        if let Stage::Voicemail { message } = &mut self.stage
            && message.from.is_some()
        {
            message.voiced = true;
            message.words.push(words.to_owned());
            if message.until.is_some() {
                return self.message_over(base);
            }
        }
        Then::Stay
    }

    /// The time for it is over: the end of a message, or of the wait for its last words.
    pub(crate) fn message_timed_out(&mut self, base: &mut Base) -> Then {
        if let Stage::Voicemail { message } = &mut self.stage {
            message.full |= message.until.is_none();
        }
        self.message_over(base)
    }

    /// The caller is done: silence, a key, or as long as a message may be.
    pub(crate) fn message_over(&mut self, base: &mut Base) -> Then {
        match self.take() {
            Stage::Voicemail { mut message } if message.from.is_some() => {
                if message.until.is_none() {
                    message.until = Some(base.io.now);
                    base.ear.too_long(&mut base.io, base.expect);
                    if base.ear.paused_at().is_some() {
                        base.io.timers.set(Timer::Voicemail, base.io.now.plus(LAST_WORDS_MS));
                        return self.keep(Stage::Voicemail { message });
                    }
                }
                base.ear.discard(&mut base.io);
                if !base.caller_up {
                    Self::write_down_message(base, &message);
                    return Then::End(Outcome::VoicemailLeft);
                }
                if !Self::keep_message(base, &message) {
                    return Self::goodbye(base);
                }
                if message.full {
                    base.tell(PromptKey::MessageFull, &[]);
                }
                base.tell(PromptKey::MessageKept, &[]);
                Then::Close(Outcome::VoicemailLeft)
            }
            other => self.keep(other),
        }
    }

    /// Writes the message down. False if there is none.
    pub(super) fn keep_message(base: &mut Base, message: &Message) -> bool {
        let there = Self::write_down_message(base, message);
        if there {
            Self::over(base, HandoffOutcome::Voicemail);
        }
        there
    }

    fn write_down_message(base: &mut Base, message: &Message) -> bool {
        base.io.timers.stop(Timer::Voicemail);
        let Some(from) = message.from.filter(|_| message.voiced) else { return false };
        base.io.record(What::Handoff {
            step: HandoffStep::Voicemail { from, to: message.until.unwrap_or(base.io.now), text: message.words.join(" ") },
        });
        true
    }
}
