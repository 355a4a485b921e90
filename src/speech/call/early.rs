//! Words of a turn that is probably over, computed from the moment at which its level falls: the detector of voices says so an eighth of a second later.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use warmline_models::{ModelError, RECOGNISER_RATE, resample, to_float};

use super::{PARTIAL, Shared};
use crate::{
    call::{
        event::Event,
        ids::{LegId, RequestId},
        time::Time,
        understanding::Transcript,
    },
    speech::scheduler::{Class, Go},
};

/// The detector's last sound is at most so long after a voice fell silent. If it is later, something has sounded since.
const DETECTOR_MS: u64 = 96;

/// What is computed before a call asks for it: of the caller alone.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    words: Mutex<Option<Arc<Early>>>,
    /// The first sound of the caller's last turn, if the bot has said nothing since: it may go on.
    turn_from: Mutex<Option<Time>>,
}

impl Ahead {
    /// The bot speaks: what the caller says next is a new turn.
    pub(super) fn answered(&self) {
        *self.turn_from() = None;
    }

    fn turn_from(&self) -> MutexGuard<'_, Option<Time>> {
        self.turn_from.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts other words in their place, or none; nobody needs the last ones any more unless they are returned.
    fn replace(&self, words: Option<Arc<Early>>) -> Option<Arc<Early>> {
        std::mem::replace(&mut *self.words.lock().unwrap_or_else(PoisonError::into_inner), words)
    }
}

impl Shared {
    /// The words come from an engine elsewhere.
    fn is_heard_elsewhere(&self) -> bool {
        self.parts.speech.remote.as_ref().is_some_and(|remote| remote.recognises()) && !self.is_private()
    }

    /// The caller's voice has faded: a worker that has nothing else to do begins with the words. What was begun before is of no use any more.
    pub(super) fn begin_early(self: &Arc<Self>, from: Time, to: Time) {
        // Which language it is takes more than the words.
        if self.is_heard_elsewhere() || !self.settled.load(Ordering::Relaxed) {
            return;
        }
        let from = self.ahead.turn_from().unwrap_or(from);
        let early = Arc::new(Early::new(from, to));
        if let Some(last) = self.ahead.replace(Some(Arc::clone(&early))) {
            last.forget();
        }
        let (call, forgotten) = (Arc::clone(self), Arc::clone(&early.forgotten));
        self.submit(Class::Early, PARTIAL, forgotten, move |go| {
            let Go::Run(given_up) = go else { return };
            early.begin();
            let given_up = || given_up() || !call.ears.is_silent(LegId::CALLER);
            let words = call.early_words(from, to, &given_up).ok();
            let Some((id, span)) = early.end(words.as_ref()) else { return };
            match words {
                Some(transcript) if call.settle(id, &early.forgotten) => call.report(Event::Heard { id, transcript }),
                None if !early.forgotten.load(Ordering::Relaxed) => {
                    call.transcribe_here(id, LegId::CALLER, span, None, Arc::clone(&early.forgotten));
                }
                Some(_) | None => {}
            }
        });
    }

    fn early_words(&self, from: Time, to: Time, given_up: &dyn Fn() -> bool) -> Result<Transcript, ModelError> {
        let line = to_float(&self.line(LegId::CALLER, from, to));
        let audio = resample(&line, 8_000, RECOGNISER_RATE)?;
        let heard = self.words_of_turn(&audio, given_up)?;
        let back_channel = self.back_channel(LegId::CALLER, (from, to), &heard.text, &audio, given_up);
        let voice = self.voice_of(LegId::CALLER, &line);
        Ok(Transcript { text: heard.text, confidence: heard.confidence, complete: None, back_channel, voice })
    }

    /// Whether the words of a turn come from what was begun early. They do if nothing has sounded since.
    pub(super) fn takes_early(self: &Arc<Self>, id: RequestId, span: (Time, Time), is_number: bool) -> bool {
        *self.ahead.turn_from() = Some(span.0);
        let Some(early) = self.ahead.replace(None) else { return false };
        if is_number || !self.ears.is_silent(LegId::CALLER) {
            early.forget();
            return false;
        }
        // Whoever forgets the request stops the work.
        self.open().insert(id, Arc::clone(&early.forgotten));
        match early.ask(id, span) {
            Asked::Ready(transcript) => {
                self.open().remove(&id);
                self.report(Event::Heard { id, transcript });
                true
            }
            Asked::Soon => true,
            Asked::No => false,
        }
    }
}

/// Words that are being computed before anybody has asked for them.
#[derive(Debug)]
struct Early {
    /// The turn's first sound, as far as can be guessed.
    from: Time,
    /// When it fell silent.
    to: Time,
    /// Nobody wants them: the voice goes on.
    forgotten: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    /// No worker has begun.
    Queued,
    /// A worker is at it.
    Running,
    /// The same, and somebody has asked.
    Wanted(RequestId, (Time, Time)),
    /// Nobody has asked yet.
    Ready(Transcript),
    /// Taken, or failed.
    Gone,
}

/// What comes of asking.
#[derive(Debug, PartialEq)]
enum Asked {
    /// Here they are.
    Ready(Transcript),
    /// They are told when they are there.
    Soon,
    /// There are none: ask a worker.
    No,
}

impl Early {
    fn new(from: Time, to: Time) -> Self {
        Self { from, to, forgotten: Arc::default(), state: Mutex::new(State::Queued) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self) {
        self.forgotten.store(true, Ordering::Relaxed);
    }

    /// A worker begins.
    fn begin(&self) {
        *self.state() = State::Running;
    }

    /// Somebody wants the words of a turn.
    fn ask(&self, id: RequestId, span: (Time, Time)) -> Asked {
        let mut state = self.state();
        if span.0 != self.from || span.1 > self.to.plus(DETECTOR_MS) {
            *state = State::Gone;
        }
        match std::mem::replace(&mut *state, State::Gone) {
            State::Ready(words) => Asked::Ready(words),
            State::Running => {
                *state = State::Wanted(id, span);
                Asked::Soon
            }
            State::Queued | State::Wanted(..) | State::Gone => {
                self.forget();
                Asked::No
            }
        }
    }

    /// The worker has ended, with words or without; returns who has asked for them meanwhile.
    fn end(&self, words: Option<&Transcript>) -> Option<(RequestId, (Time, Time))> {
        let mut state = self.state();
        match (std::mem::replace(&mut *state, State::Gone), words) {
            (State::Wanted(id, span), _) => Some((id, span)),
            (State::Running | State::Queued, Some(words)) => {
                *state = State::Ready(words.clone());
                None
            }
            (State::Running | State::Queued | State::Ready(_) | State::Gone, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Time = Time(400);
    const SPAN: (Time, Time) = (FROM, Time(2_000));

    fn words() -> Transcript {
        Transcript { text: "Where is it?".to_owned(), confidence: 0.9, complete: None, back_channel: None, voice: None }
    }

    #[test]
    fn words_that_are_ready_are_given_once() {
        let early = Early::new(FROM, Time(1_980));
        early.begin();
        assert_eq!(early.end(Some(&words())), None);
        assert_eq!(early.ask(RequestId(1), SPAN), Asked::Ready(words()));
        assert_eq!(early.ask(RequestId(2), SPAN), Asked::No);
    }

    #[test]
    fn who_asks_meanwhile_is_told_and_learns_of_a_failure() {
        for end in [Some(words()), None] {
            let early = Early::new(FROM, Time(1_980));
            early.begin();
            assert_eq!(early.ask(RequestId(1), SPAN), Asked::Soon);
            assert_eq!(early.end(end.as_ref()), Some((RequestId(1), SPAN)));
        }
    }

    #[test]
    fn nobody_waits_for_what_has_not_begun_or_is_of_another_turn() {
        assert_eq!(Early::new(FROM, Time(1_980)).ask(RequestId(1), SPAN), Asked::No);
        let early = Early::new(FROM, Time(1_980));
        early.begin();
        assert_eq!(early.ask(RequestId(1), (Time(399), SPAN.1)), Asked::No);
        let old = Early::new(FROM, Time(1_500));
        old.begin();
        assert_eq!(old.ask(RequestId(1), SPAN), Asked::No);
        assert!(early.forgotten.load(Ordering::Relaxed));
        assert_eq!(early.end(Some(&words())), None);
    }
}
