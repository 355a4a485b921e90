//! One leg being listened to: voice, pause, the words computed during the pause, and the decision that the turn is over.
//!
//! At every pause the whole turn is transcribed at once, and understood, while the end-of-turn pause is still running. Voice again throws that
//! away and the turn goes on.

use crate::call::{
    action::Action,
    flow::{policy::TurnPolicy, step::Expect},
    ids::{LegId, RequestId},
    io::Io,
    time::Time,
    timer::Timer,
    turn::{
        end_of_turn::{Witnesses, pause_ms, surest},
        words::Language,
    },
    understanding::{Transcript, Understanding},
};

/// A recogniser (or understanding) that has not answered after this has failed. The caller hears a word before (`SLOW_MS`).
/// Long turns take longer to transcribe.
const ANSWER_MS: u64 = 2_500;
/// The caller is told when the words are not known so long after their last sound: with the beginning of a voice this is within two seconds.
const SLOW_MS: u64 = 1_750;
const ANSWER_MS_PER_S: u64 = 150;

/// A turn that has ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Turn {
    /// Its first sound.
    pub(crate) from: Time,
    /// Its last sound.
    pub(crate) to: Time,
    /// The words.
    pub(crate) heard: Transcript,
    /// Their meaning, if it was asked for.
    pub(crate) understanding: Option<Understanding>,
}

#[derive(Debug, Clone, PartialEq)]
enum Guess {
    /// The words are being computed.
    Transcribing { id: RequestId },
    /// The words are known; their owner must say whether their meaning is wanted.
    Heard { heard: Transcript },
    /// The meaning is being computed.
    Understanding { id: RequestId, heard: Transcript },
    /// All is known.
    Ready { heard: Transcript, understanding: Option<Understanding> },
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are only two of them in a call")]
enum Hearing {
    /// Nobody speaks. Sounds before `since` belong to a turn that is over. `early_stop`: a voice has ended of whose beginning nothing was said yet.
    Quiet { since: Time, early_stop: Option<Time> },
    /// Somebody speaks.
    Voice { from: Time },
    /// Somebody has paused, and the turn ends at `due` if it stays quiet. `asked` are the words, which are given up at `late`, `complete` is how the turn
    /// sounds; `cut`: it ends now, finished or not.
    Pause {
        from: Time,
        to: Time,
        due: Time,
        guess: Guess,
        asked: RequestId,
        late: Time,
        complete: Option<f32>,
        cut: bool,
        early_stop: Option<Time>,
    },
}

/// What the owner of the ear has to act on.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub(crate) enum News {
    /// Nothing.
    Nothing,
    /// A voice began.
    Began { at: Time },
    /// A voice paused; it had sounded this long.
    Paused { voiced_ms: u64 },
    /// The words of the turn so far: the owner drops them, asks for the meaning, or does without.
    Words,
    /// The meaning of the turn so far, while the turn is not over yet.
    Meaning,
    /// The turn is over.
    Turn(Turn),
    /// The words take long; they are still waited for.
    Slow,
    /// The recogniser failed: the turn is lost.
    Deaf,
    /// The understanding failed; the words are known and the turn goes on without a meaning.
    NoMeaning,
}

/// The names of this ear's deadlines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EarTimers {
    pub(crate) end_of_turn: Timer,
    pub(crate) recogniser: Timer,
    pub(crate) longest: Timer,
}

/// The caller's ear.
pub(crate) const CALLER_TIMERS: EarTimers =
    EarTimers { end_of_turn: Timer::EndOfTurn, recogniser: Timer::Recogniser, longest: Timer::LongestTurn };

/// The agent's ear.
pub(crate) const AGENT_TIMERS: EarTimers =
    EarTimers { end_of_turn: Timer::AgentEndOfTurn, recogniser: Timer::AgentRecogniser, longest: Timer::AgentLongestTurn };

/// The ear towards one leg.
#[derive(Debug)]
pub(crate) struct Ear {
    leg: LegId,
    timers: EarTimers,
    policy: TurnPolicy,
    language: Language,
    hearing: Hearing,
    /// Since when nobody has said anything: a noise is no words.
    quiet_from: Time,
    /// How much longer than usual a pause may be now.
    patience: f32,
    /// How long this speaker has paused inside turns of late.
    pace_ms: u64,
}

/// Pauses shorter than this say nothing of somebody's pace, and after this long a speaker has not paused but begun anew; after an answer, sooner: who has heard
/// the beginning of one and speaks over it need not have been slow before.
const SHORT_MS: u64 = 200;
const ANEW_MS: u64 = 1_500;
const ANEW_AFTER_ANSWER_MS: u64 = 1_000;

impl Ear {
    /// An ear that has heard nothing yet.
    pub(crate) fn new(leg: LegId, timers: EarTimers, policy: TurnPolicy, language: Language, now: Time) -> Self {
        let hearing = Hearing::Quiet { since: now, early_stop: None };
        Self { leg, timers, policy, language, hearing, quiet_from: now, patience: 1.0, pace_ms: 0 }
    }

    /// How much longer than usual the speaker may pause from now on.
    pub(crate) fn set_patience(&mut self, patience: f32) {
        self.patience = patience;
    }

    /// A pause was none: the speaker went on. A slow one is remembered, and forgotten by and by.
    fn note_pace(&mut self, pause_ms: u64, anew_ms: u64) {
        if (SHORT_MS..anew_ms).contains(&pause_ms) {
            self.pace_ms = pause_ms.max(self.pace_ms * 3 / 4);
        }
    }

    /// Since when nobody has said anything, if nobody does and nothing is being thought about.
    pub(crate) fn quiet_since(&self) -> Option<Time> {
        match &self.hearing {
            Hearing::Quiet { .. } => Some(self.quiet_from),
            Hearing::Voice { .. } | Hearing::Pause { .. } => None,
        }
    }

    /// Somebody speaks, now.
    pub(crate) fn is_voice(&self) -> bool {
        matches!(self.hearing, Hearing::Voice { .. })
    }

    /// The last sound, if the speaker has paused and the turn is being thought about.
    pub(crate) fn paused_at(&self) -> Option<Time> {
        match &self.hearing {
            Hearing::Pause { to, .. } => Some(*to),
            Hearing::Quiet { .. } | Hearing::Voice { .. } => None,
        }
    }

    /// The words of the turn so far.
    pub(crate) fn words(&self) -> Option<&Transcript> {
        match &self.hearing {
            Hearing::Pause { guess: Guess::Heard { heard } | Guess::Understanding { heard, .. } | Guess::Ready { heard, .. }, .. } => {
                Some(heard)
            }
            Hearing::Pause { guess: Guess::Transcribing { .. }, .. } | Hearing::Quiet { .. } | Hearing::Voice { .. } => None,
        }
    }

    /// The turn so far, as soon as its words are known.
    pub(crate) fn so_far(&self) -> Option<Turn> {
        let Hearing::Pause { from, to, .. } = &self.hearing else { return None };
        self.words().map(|heard| Turn { from: *from, to: *to, heard: heard.clone(), understanding: None })
    }

    /// The turn so far, if all of it is known.
    pub(crate) fn guess(&self) -> Option<Turn> {
        match &self.hearing {
            Hearing::Pause { from, to, guess: Guess::Ready { heard, understanding }, .. } => {
                Some(Turn { from: *from, to: *to, heard: heard.clone(), understanding: understanding.clone() })
            }
            Hearing::Pause { .. } | Hearing::Quiet { .. } | Hearing::Voice { .. } => None,
        }
    }

    /// `VoiceStarted`.
    pub(crate) fn voice_started(&mut self, io: &mut Io, at: Time, expect: Expect) -> News {
        match &self.hearing {
            Hearing::Quiet { since, early_stop } if at >= *since => {
                let (early_stop, paused_ms) = (early_stop.filter(|stop| *stop > at), at.since(*since));
                self.note_pace(paused_ms, ANEW_AFTER_ANSWER_MS);
                self.hearing = Hearing::Voice { from: at };
                io.timers.set(self.timers.longest, at.plus(self.policy.longest_turn_ms));
                // The reports came in the wrong order: the voice is over already.
                if let Some(stop) = early_stop {
                    return self.voice_stopped(io, stop, expect);
                }
                News::Began { at }
            }
            Hearing::Pause { from, to, early_stop, .. } if at > *to => {
                let (from, paused_ms, early_stop) = (*from, at.since(*to), early_stop.filter(|stop| *stop > at));
                self.note_pace(paused_ms, ANEW_MS);
                self.forget(io);
                io.timers.set(self.timers.longest, from.plus(self.policy.longest_turn_ms));
                self.hearing = Hearing::Voice { from };
                if let Some(stop) = early_stop {
                    return self.voice_stopped(io, stop, expect);
                }
                News::Began { at }
            }
            Hearing::Quiet { .. } | Hearing::Voice { .. } | Hearing::Pause { .. } => News::Nothing,
        }
    }

    /// `VoiceStopped`.
    pub(crate) fn voice_stopped(&mut self, io: &mut Io, at: Time, expect: Expect) -> News {
        match &mut self.hearing {
            Hearing::Voice { from } if at > *from => {
                let from = *from;
                self.pause(io, from, at, expect, false);
                News::Paused { voiced_ms: at.since(from) }
            }
            Hearing::Quiet { since: quiet_from, early_stop } | Hearing::Pause { to: quiet_from, early_stop, .. } if at > *quiet_from => {
                *early_stop = Some(at);
                News::Nothing
            }
            Hearing::Quiet { .. } | Hearing::Voice { .. } | Hearing::Pause { .. } => News::Nothing,
        }
    }

    fn pause(&mut self, io: &mut Io, from: Time, to: Time, expect: Expect, cut: bool) {
        let id = io.request();
        io.act(Action::Transcribe { id, leg: self.leg, from, to, digits: expect.digits() });
        let late = io.now.plus(ANSWER_MS + to.since(from) * ANSWER_MS_PER_S / 1_000);
        io.timers.set(self.timers.recogniser, io.now.max(to.plus(SLOW_MS)).min(late));
        io.timers.stop(self.timers.longest);
        let guess = Guess::Transcribing { id };
        self.hearing = Hearing::Pause { from, to, due: io.now, guess, asked: id, late, complete: None, cut, early_stop: None };
        self.judge(io, expect);
    }

    /// Sets the end of the turn by everything that is known.
    fn judge(&mut self, io: &mut Io, expect: Expect) {
        let Hearing::Pause { to, due, guess, complete, cut, .. } = &mut self.hearing else { return };
        let (heard, meaning) = match guess {
            Guess::Transcribing { .. } => (None, None),
            Guess::Heard { heard } | Guess::Understanding { heard, .. } => (Some(&*heard), None),
            Guess::Ready { heard, understanding } => (Some(&*heard), understanding.as_ref()),
        };
        let (meant, whole) = (meaning.map(surest), meaning.and_then(|meaning| meaning.whole));
        let known = Witnesses { expect, heard, complete: *complete, meant, whole, patience: self.patience, pace_ms: self.pace_ms };
        if !*cut {
            *due = to.plus(pause_ms(&self.policy, &known, self.language));
        }
        io.timers.set(self.timers.end_of_turn, *due);
    }

    /// `Heard`.
    pub(crate) fn heard(&mut self, io: &mut Io, id: RequestId, heard: Transcript, expect: Expect) -> News {
        match &mut self.hearing {
            Hearing::Pause { guess, .. } if *guess == (Guess::Transcribing { id }) => {
                *guess = Guess::Heard { heard };
                io.timers.stop(self.timers.recogniser);
                self.judge(io, expect);
                News::Words
            }
            Hearing::Pause { .. } | Hearing::Quiet { .. } | Hearing::Voice { .. } => News::Nothing,
        }
    }

    /// The caller speaks another language.
    pub(crate) fn follow(&mut self, policy: TurnPolicy, language: Language) {
        (self.policy, self.language) = (policy, language);
    }

    /// `Sounded`.
    pub(crate) fn sounded(&mut self, io: &mut Io, id: RequestId, sounds: f32, expect: Expect) -> News {
        match &mut self.hearing {
            Hearing::Pause { asked, complete, .. } if *asked == id => {
                *complete = Some(sounds);
                self.judge(io, expect);
                self.take_if_over(io)
            }
            Hearing::Pause { .. } | Hearing::Quiet { .. } | Hearing::Voice { .. } => News::Nothing,
        }
    }

    /// The meaning of the words is wanted.
    pub(crate) fn understand(&mut self, io: &mut Io) {
        if let Hearing::Pause { guess, .. } = &mut self.hearing
            && let Guess::Heard { heard } = guess
        {
            let id = io.request();
            io.act(Action::Understand { id, text: heard.text.clone() });
            io.timers.set(self.timers.recogniser, io.now.plus(ANSWER_MS));
            *guess = Guess::Understanding { id, heard: heard.clone() };
        }
    }

    /// The words are a whole answer, or may go on: the turn ends behind this pause.
    pub(crate) fn ends_behind(&mut self, io: &mut Io, pause_ms: u64) {
        if let Hearing::Pause { to, due, .. } = &mut self.hearing {
            *due = to.plus(pause_ms);
            io.timers.set(self.timers.end_of_turn, *due);
        }
    }

    /// The words are enough.
    pub(crate) fn words_are_enough(&mut self, io: &mut Io) -> News {
        self.settle_meaning(io, None, None)
    }

    /// `Understood`.
    pub(crate) fn understood(&mut self, io: &mut Io, id: RequestId, understanding: Understanding, expect: Expect) -> News {
        let Hearing::Pause { guess: Guess::Understanding { id: asked, .. }, .. } = &self.hearing else {
            return News::Nothing;
        };
        if *asked != id {
            return News::Nothing;
        }
        self.settle_meaning(io, Some(understanding), Some(expect))
    }

    fn settle_meaning(&mut self, io: &mut Io, understanding: Option<Understanding>, expect: Option<Expect>) -> News {
        let Hearing::Pause { guess, .. } = &mut self.hearing else { return News::Nothing };
        let (Guess::Heard { heard } | Guess::Understanding { heard, .. }) = guess else { return News::Nothing };
        *guess = Guess::Ready { heard: heard.clone(), understanding };
        io.timers.stop(self.timers.recogniser);
        if let Some(expect) = expect {
            self.judge(io, expect);
        }
        match self.take_if_over(io) {
            News::Nothing => News::Meaning,
            over => over,
        }
    }

    /// The end-of-turn pause has passed.
    pub(crate) fn pause_over(&mut self, io: &mut Io) -> News {
        self.take_if_over(io)
    }

    fn take_if_over(&mut self, io: &mut Io) -> News {
        let Hearing::Pause { due, cut, early_stop, .. } = &self.hearing else { return News::Nothing };
        if *due > io.now {
            return News::Nothing;
        }
        let goes_on = *cut && early_stop.is_none();
        let Some(turn) = self.guess() else { return News::Nothing };
        self.discard(io);
        if goes_on {
            // What comes behind the cut is the next turn.
            io.timers.set(self.timers.longest, io.now.plus(self.policy.longest_turn_ms));
            self.hearing = Hearing::Voice { from: turn.to };
        }
        News::Turn(turn)
    }

    /// Somebody has talked for as long as a turn may last: the turn ends here.
    pub(crate) fn too_long(&mut self, io: &mut Io, expect: Expect) -> News {
        let Hearing::Voice { from } = self.hearing else { return News::Nothing };
        self.pause(io, from, io.now, expect, true);
        News::Paused { voiced_ms: io.now.since(from) }
    }

    /// `Failed` for one of this ear's requests.
    pub(crate) fn failed(&mut self, io: &mut Io, id: RequestId) -> News {
        match &self.hearing {
            Hearing::Pause { guess: Guess::Transcribing { id: asked }, .. } if *asked == id => {
                self.discard(io);
                News::Deaf
            }
            Hearing::Pause { guess: Guess::Understanding { id: asked, .. }, .. } if *asked == id => News::NoMeaning,
            Hearing::Pause { .. } | Hearing::Quiet { .. } | Hearing::Voice { .. } => News::Nothing,
        }
    }

    /// The recogniser's deadline has passed: the first one, at which the caller hears a word, or the last one.
    pub(crate) fn late(&mut self, io: &mut Io) -> News {
        if let Hearing::Pause { guess: Guess::Transcribing { .. }, late, .. } = &self.hearing
            && io.now < *late
        {
            io.timers.set(self.timers.recogniser, *late);
            return News::Slow;
        }
        let Some(id) = self.asked() else { return News::Nothing };
        io.act(Action::Forget { id });
        self.failed(io, id)
    }

    /// What the ear waits for: words or their meaning.
    pub(crate) fn asked(&self) -> Option<RequestId> {
        match &self.hearing {
            Hearing::Pause { guess: Guess::Transcribing { id } | Guess::Understanding { id, .. }, .. } => Some(*id),
            Hearing::Pause { .. } | Hearing::Quiet { .. } | Hearing::Voice { .. } => None,
        }
    }

    fn forget(&self, io: &mut Io) {
        if let Some(id) = self.asked() {
            io.act(Action::Forget { id });
        }
        io.timers.stop(self.timers.recogniser);
        io.timers.stop(self.timers.end_of_turn);
    }

    /// The turn so far is taken, or is no turn: wait for the next voice.
    pub(crate) fn discard(&mut self, io: &mut Io) {
        self.ignore(io);
        if let Hearing::Quiet { since, .. } = &self.hearing {
            self.quiet_from = *since;
        }
    }

    /// What sounded was nothing at all, and the silence before it goes on: a caller on a noisy line is silent too.
    pub(crate) fn ignore(&mut self, io: &mut Io) {
        let since = match &self.hearing {
            Hearing::Pause { to, .. } => *to,
            Hearing::Quiet { since, .. } => *since,
            Hearing::Voice { .. } => io.now,
        };
        self.forget(io);
        io.timers.stop(self.timers.longest);
        self.hearing = Hearing::Quiet { since, early_stop: None };
    }
}
