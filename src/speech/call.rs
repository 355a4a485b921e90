//! The ears and the mouth of one call.

mod early;
mod partial;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::mpsc;
use warmline_models::{ModelError, RECOGNISER_RATE, manifest::is_english, resample, to_float};

use super::{
    Inner,
    glimpse::Glimpses,
    listener::{Ears, Hears},
    measure_voice,
    numbers::Numbers,
    remote::Stream,
    scheduler::{Class, Go, Job},
    speaking::Speaking,
    tongue::Tongue,
    voice::Manner,
    written::Notes,
};
use crate::{
    call::{
        action::Digits,
        event::{Event, Failure},
        ids::{LegId, RequestId},
        media::{
            frame::{Frame, Samples},
            playout::Chunk,
        },
        time::Time,
        understanding::{Spoken, Transcript, Voice},
    },
    clock,
};
use early::Ahead;

/// Pieces of speech that may wait for the call to take them.
const SAID: usize = 256;
/// Sound before a voice began and after it stopped that is recognised with it: first and last consonants are quiet, and the detector finds the
/// beginning up to 180 ms late (207 utterances of three synthetic voices; 1 % are over 150 ms late). Over all of them 100 to 400 ms give the same word
/// error rate within its noise (8 to 9 %): this is for the late ones.
pub(super) const BEFORE_MS: u64 = 300;
pub(super) const AFTER_MS: u64 = 60;
/// How long each answer is waited for. The brain's own deadlines are shorter; these keep dead work out of the queue.
pub(super) const TRANSCRIBE: Duration = Duration::from_secs(4);
const UNDERSTAND: Duration = Duration::from_secs(2);
const PARTIAL: Duration = Duration::from_secs(1);
/// A hint that comes later than this finds the turn ended.
const HINT: Duration = Duration::from_millis(800);
/// What it listens to at most.
const HINT_MS: u64 = 8_000;

/// Speech for a leg.
#[derive(Debug, Clone)]
pub enum Said {
    /// A piece of a `Speak`.
    Chunk {
        /// Who hears it.
        leg: LegId,
        /// The sound.
        chunk: Chunk,
    },
    /// A `Speak` that cannot be synthesised (further).
    Failed {
        /// Which.
        id: RequestId,
    },
}

/// What a call is opened with.
pub(super) struct CallParts {
    pub(super) speech: Arc<Inner>,
    pub(super) number: u64,
    /// The languages that the call may be held in: the one that it begins in first.
    pub(super) languages: Vec<Tongue>,
    pub(super) events: mpsc::Sender<Event>,
}

/// What jobs of a call share.
pub(super) struct Shared {
    pub(super) parts: CallParts,
    pub(super) said: mpsc::Sender<Said>,
    ears: Arc<Ears>,
    /// What is only written down.
    pub(super) notes: Arc<Ears>,
    /// The voice's pace in percent of its own.
    percent: AtomicU32,
    /// The recogniser elsewhere that listens along.
    pub(super) streaming: OnceLock<Stream>,
    /// Nothing that is said now leaves the machine.
    private: AtomicBool,
    /// The place of the language that the call is held in; settled: the caller's first words have been heard.
    pub(super) tongue: AtomicUsize,
    pub(super) settled: AtomicBool,
    /// Requests that are not answered yet, and whether they were forgotten.
    open: Mutex<HashMap<RequestId, Arc<AtomicBool>>>,
    ahead: Ahead,
    spoken: Mutex<Spoken>,
}

/// The speech side of one call. Dropping it forgets everything that is still asked.
pub struct CallSpeech {
    pub(super) shared: Arc<Shared>,
    said: mpsc::Receiver<Said>,
}

/// Takes the frames of a call's legs. Cheap to clone.
#[derive(Clone)]
pub struct Ear {
    call: Weak<Shared>,
    ears: Arc<Ears>,
    pub(super) notes: Arc<Ears>,
}

impl Ear {
    /// Hears a frame, beside what was sent to the leg in the same tick; never waits. When the listener is behind, the oldest frame is dropped and counted.
    pub fn hear(&self, leg: LegId, frame: Frame, sent: &Samples) {
        if leg == LegId::CALLER
            && let Some(call) = self.call.upgrade().filter(|call| !call.is_private())
            && let Some(stream) = call.streaming.get()
        {
            stream.push(&frame);
        }
        self.ears.push(leg, frame, sent);
    }

    /// Frames that the listener has not taken yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.ears.waiting()
    }
}

/// What the listener tells; weak, so that the call's end ends it.
struct Tells {
    call: Weak<Shared>,
    events: mpsc::Sender<Event>,
    glimpses: Mutex<Glimpses>,
    partial_open: Arc<AtomicBool>,
}

impl Hears for Tells {
    fn event(&self, event: Event) {
        report(&self.events, event);
    }

    fn lasting(&self, leg: LegId, from: Time, to: Time, over_bot: bool) {
        self.glimpse(leg, from, to, over_bot, Glimpses::is_due);
    }

    fn fades(&self, leg: LegId, from: Time, to: Time, over_bot: bool) {
        self.glimpse(leg, from, to, over_bot, Glimpses::is_due_at_end);
    }

    fn hushed(&self, leg: LegId, from: Time, to: Time) {
        if let Some(call) = self.call.upgrade().filter(|_| leg == LegId::CALLER) {
            call.begin_early(from, to);
        }
    }
}

impl Tells {
    fn glimpse(&self, leg: LegId, from: Time, to: Time, over_bot: bool, is_due: fn(&mut Glimpses, Time, Time, bool) -> bool) {
        if leg != LegId::CALLER || self.partial_open.load(Ordering::Relaxed) {
            return;
        }
        // A recogniser that listens along tells what it hears by itself.
        let Some(call) = self.call.upgrade().filter(|call| call.streaming.get().is_none()) else { return };
        // Only the recogniser of English is fast enough to be in time for an interruption.
        let over_bot = over_bot && is_english(call.language());
        if is_due(&mut self.glimpses.lock().unwrap_or_else(PoisonError::into_inner), from, to, over_bot) {
            self.partial_open.store(true, Ordering::Relaxed);
            call.partial(leg, (from, to), over_bot, Arc::clone(&self.partial_open));
        }
    }
}

/// Reports never block an engine: a call that does not take a thousand reports is broken, and has deadlines of its own.
pub(super) fn report(events: &mpsc::Sender<Event>, event: Event) {
    if let Err(mpsc::error::TrySendError::Full(event)) = events.try_send(event) {
        tracing::error!(?event, "a call does not take its reports");
    }
}

impl CallSpeech {
    pub(super) fn open(parts: CallParts) -> Self {
        let (sender, said) = mpsc::channel(SAID);
        let speech = Arc::clone(&parts.speech);
        speech.voice.begin(parts.number);
        let alone = parts.languages.len() < 2;
        let shared = Arc::new_cyclic(|call: &Weak<Shared>| {
            let tells = Tells {
                call: call.clone(),
                events: parts.events.clone(),
                glimpses: Mutex::default(),
                partial_open: Arc::new(AtomicBool::new(false)),
            };
            Shared {
                ears: speech.listener.open(Box::new(tells)),
                notes: speech.notes.open(Box::new(Notes(parts.events.clone()))),
                parts,
                said: sender,
                percent: AtomicU32::new(100),
                streaming: OnceLock::new(),
                private: AtomicBool::new(false),
                tongue: AtomicUsize::new(0),
                settled: AtomicBool::new(alone),
                open: Mutex::default(),
                ahead: Ahead::default(),
                spoken: Mutex::default(),
            }
        });
        if let Some(stream) = shared.stream() {
            let _ = shared.streaming.set(stream);
        }
        Self { shared, said }
    }

    /// Where the frames of the call's legs go.
    #[must_use]
    pub fn ear(&self) -> Ear {
        Ear { call: Arc::downgrade(&self.shared), ears: Arc::clone(&self.shared.ears), notes: Arc::clone(&self.shared.notes) }
    }

    /// The next piece of speech. Never `None` while this exists.
    pub async fn said(&mut self) -> Option<Said> {
        self.said.recv().await
    }

    /// What was said on a leg between two times, where perhaps so many digits are expected: `Heard` or `Failed` follows; of the caller's leg also
    /// `Sounded`, if there is time for it.
    pub fn transcribe(&self, id: RequestId, leg: LegId, span: (Time, Time), digits: Option<Digits>) {
        if leg == LegId::CALLER {
            self.shared.sounds(id, leg, span.0, span.1);
            if self.shared.takes_early(id, span, digits.is_some()) {
                return;
            }
        }
        if !self.shared.transcribe_elsewhere(id, leg, span, digits) {
            let forgotten = self.shared.begin(id);
            self.shared.transcribe_here(id, leg, span, digits, forgotten);
        }
    }

    /// What words mean: `Understood` or `Failed` follows.
    pub fn understand(&self, id: RequestId, text: &str) {
        let (call, text, forgotten) = (Arc::clone(&self.shared), text.to_owned(), self.shared.begin(id));
        let flag = Arc::clone(&forgotten);
        let before = self.shared.spoken().said(&text);
        self.shared.ask(id, Class::Understand, UNDERSTAND, forgotten, move |_| {
            let understanding = call.heads().understand(&before, &text)?;
            Ok(call.ask_chat(id, &text, understanding, &flag).map(|understanding| Event::Understood { id, understanding }))
        });
    }

    /// From now on until it is taken back, nothing that the caller says leaves the machine.
    pub fn keep_private(&self, on: bool) {
        self.shared.private.store(on, Ordering::Relaxed);
    }

    /// Says clauses: [`Said`] follows, clause by clause.
    pub fn speak(&self, id: RequestId, leg: LegId, clauses: &[String]) {
        if leg == LegId::CALLER {
            self.shared.ahead.answered();
            self.shared.spoken().answered(&clauses.join(" "));
        }
        let forgotten = self.shared.begin(id);
        Speaking::new(Arc::clone(&self.shared), id, leg, clauses.into(), forgotten).submit();
    }

    /// Speaks at this share of the voice's own pace from the next clause on.
    pub fn pace(&self, percent: u32) {
        self.shared.percent.store(percent, Ordering::Relaxed);
    }

    /// Makes clauses ready in the cache.
    pub fn prepare(&self, clauses: &[String]) {
        let shared = &self.shared;
        for clause in clauses {
            let percent = shared.percent.load(Ordering::Relaxed);
            shared.parts.speech.prepare(shared.parts.number, &shared.heads().pronounced(clause), shared.language(), percent);
        }
    }

    /// Forgets a request of any kind: no report follows.
    pub fn forget(&self, id: RequestId) {
        if let Some(forgotten) = self.shared.open().remove(&id) {
            forgotten.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for CallSpeech {
    fn drop(&mut self) {
        self.shared.parts.speech.voice.forget(self.shared.parts.number);
        for (_, forgotten) in self.shared.open().drain() {
            forgotten.store(true, Ordering::Relaxed);
        }
    }
}

impl Shared {
    fn spoken(&self) -> MutexGuard<'_, Spoken> {
        self.spoken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<RequestId, Arc<AtomicBool>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn manner(&self) -> Manner {
        Manner { language: self.language().to_owned(), percent: self.percent.load(Ordering::Relaxed) }
    }

    /// The caller says something that nobody else may know.
    pub(super) fn is_private(&self) -> bool {
        self.private.load(Ordering::Relaxed)
    }

    pub(super) fn report(&self, event: Event) {
        report(&self.parts.events, event);
    }

    pub(super) fn begin(&self, id: RequestId) -> Arc<AtomicBool> {
        let forgotten = Arc::new(AtomicBool::new(false));
        self.open().insert(id, Arc::clone(&forgotten));
        forgotten
    }

    /// Takes a request off the list; false when it was forgotten meanwhile.
    pub(super) fn settle(&self, id: RequestId, forgotten: &AtomicBool) -> bool {
        self.open().remove(&id);
        !forgotten.load(Ordering::Relaxed)
    }

    /// Queues a request that has one answer; none if somebody else will answer it.
    pub(super) fn ask(
        self: &Arc<Self>,
        id: RequestId,
        class: Class,
        patience: Duration,
        forgotten: Arc<AtomicBool>,
        answer: impl FnOnce(&dyn Fn() -> bool) -> Result<Option<Event>, ModelError> + Send + 'static,
    ) {
        let (call, flag) = (Arc::clone(self), Arc::clone(&forgotten));
        let work = move |go: Go<'_>| {
            let event = match go {
                Go::Run(given_up) => answer(given_up).unwrap_or_else(|error| Some(Event::Failed { id, why: failure(&error) })),
                Go::Refused(why) => Some(Event::Failed { id, why }),
            };
            if let Some(event) = event.filter(|_| call.settle(id, &flag)) {
                report(&call.parts.events, event);
            }
        };
        self.submit(class, patience, forgotten, work);
    }

    pub(super) fn submit(&self, class: Class, patience: Duration, forgotten: Arc<AtomicBool>, work: impl FnOnce(Go<'_>) + Send + 'static) {
        let job = Job { class, call: self.parts.number + 1, deadline: clock::now() + patience, forgotten, work: Box::new(work) };
        self.parts.speech.scheduler.submit(job);
    }

    /// Has the words written down by the built-in recogniser.
    pub(super) fn transcribe_here(
        self: &Arc<Self>,
        id: RequestId,
        leg: LegId,
        span: (Time, Time),
        digits: Option<Digits>,
        forgotten: Arc<AtomicBool>,
    ) {
        let call = Arc::clone(self);
        self.ask(id, Class::Final, TRANSCRIBE, forgotten, move |given_up| {
            let transcript = call.recognise((id, leg), span, digits, given_up)?;
            Ok(Some(Event::Heard { id, transcript }))
        });
    }

    /// The sound of a turn, with what is easily missed at its ends.
    pub(super) fn line(&self, leg: LegId, from: Time, to: Time) -> Vec<i16> {
        self.ears.between(leg, Time(from.0.saturating_sub(BEFORE_MS)), to.plus(AFTER_MS))
    }

    fn recognise(
        &self,
        (id, leg): (RequestId, LegId),
        (from, to): (Time, Time),
        digits: Option<Digits>,
        given_up: &dyn Fn() -> bool,
    ) -> Result<Transcript, ModelError> {
        let engines = &self.parts.speech.engines;
        let line = to_float(&self.line(leg, from, to));
        let audio = resample(&line, 8_000, RECOGNISER_RATE)?;
        let heard = match self.other_words(leg, &audio, given_up)? {
            Some((language, heard)) => {
                if !given_up() {
                    self.report(Event::OtherLanguage { id, language: language.to_owned() });
                }
                heard
            }
            None => match digits.and_then(|digits| Numbers::of(self.language(), digits)) {
                Some(numbers) => numbers.hear(&engines.recogniser, &audio, given_up)?,
                None => self.words_of_turn(&audio, given_up)?,
            },
        };
        let back_channel = self.back_channel(leg, (from, to), &heard.text, &audio, given_up);
        Ok(Transcript { text: heard.text, confidence: heard.confidence, complete: None, back_channel, voice: self.voice_of(leg, &line) })
    }

    /// A few words over the bot's own may be a "mhm" that was misheard: how likely that is beside them. Where there is no time to tell, the words count.
    pub(super) fn back_channel(
        &self,
        leg: LegId,
        (from, to): (Time, Time),
        text: &str,
        audio: &[f32],
        given_up: &dyn Fn() -> bool,
    ) -> Option<f32> {
        let over_bot = leg == LegId::CALLER && self.ears.was_over_bot(leg, from, to);
        let phrases = over_bot.then(|| self.heads().back_channels())?;
        self.parts.speech.engines.back_channel(self.language(), phrases, (text, audio), given_up).ok()?
    }

    /// The words of a whole turn (16 kHz), as well as there is time for.
    pub(super) fn words_of_turn(&self, audio: &[f32], given_up: &dyn Fn() -> bool) -> Result<warmline_models::Transcript, ModelError> {
        let speech = &self.parts.speech;
        speech.engines.transcribe_well(self.language(), audio, &|| speech.scheduler.is_time(), given_up)
    }

    /// How complete an utterance sounds, beside its words: on a worker of its own if one is free. Nobody waits for it.
    fn sounds(self: &Arc<Self>, id: RequestId, leg: LegId, from: Time, to: Time) {
        let call = Arc::clone(self);
        let work = move |go: Go<'_>| {
            let Go::Run(_) = go else { return };
            let from = Time(from.0.max(to.0.saturating_sub(HINT_MS)));
            let audio = resample(&to_float(&call.ears.between(leg, from, to.plus(AFTER_MS))), 8_000, RECOGNISER_RATE);
            if let Ok(complete) = audio.and_then(|audio| call.parts.speech.engines.end_of_turn.completeness(&audio)) {
                call.report(Event::Sounded { id, complete });
            }
        };
        self.submit(Class::Hint, HINT, Arc::new(AtomicBool::new(false)), work);
    }

    /// How a turn was said, where its words come from elsewhere.
    pub(super) fn measured(&self, leg: LegId, (from, to): (Time, Time)) -> Option<Box<Voice>> {
        self.voice_of(leg, &to_float(&self.line(leg, from, to)))
    }

    /// How it was said: of the caller, never of an agent, and only where the flow says that tone is looked at.
    fn voice_of(&self, leg: LegId, line: &[f32]) -> Option<Box<Voice>> {
        let looked_at = leg == LegId::CALLER && self.heads().looks_at_tone();
        looked_at.then(|| measure_voice(line)).flatten().map(Box::new)
    }
}

pub(super) fn failure(error: &ModelError) -> Failure {
    if matches!(error, ModelError::Cancelled) {
        return Failure::TimedOut;
    }
    tracing::error!(%error, "a speech engine failed");
    Failure::Broken
}
