//! The thread that listens to all calls: voice activity costs a few ms of CPU per second of sound, so one is enough for a hundred. Another one listens to callers
//! and agents who talk with each other, and never holds up the first.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
};

use crossbeam_queue::ArrayQueue;

use super::{ear::LegEar, engines::Engines, gate::Noticed, priority};
use crate::call::{
    event::Event,
    ids::LegId,
    media::frame::{Frame, Samples},
    time::Time,
};

/// Two seconds of frames; a listener that is further behind has lost the caller anyway.
const FRAMES: usize = 100;
/// Legs of one call that are listened to at most.
const LEGS: usize = 8;

/// What the listener tells a call.
pub(crate) trait Hears: Send + Sync {
    /// Something began, lasted or ended.
    fn event(&self, event: Event);
    /// The leg's voice has sounded since `from`; its sound is here until `to`. Said with every `VoiceLasting`. `over_bot`: the bot could be heard when it
    /// began.
    fn lasting(&self, leg: LegId, from: Time, to: Time, over_bot: bool);
    /// The same, but the detector has its first doubt that the voice goes on.
    fn fades(&self, leg: LegId, from: Time, to: Time, over_bot: bool);
    /// The leg's voice since `from` has fallen silent before `to`, by its level, but perhaps goes on.
    fn hushed(&self, leg: LegId, from: Time, to: Time);
}

/// The ears of one call.
pub(crate) struct Ears {
    frames: ArrayQueue<(LegId, Frame, Samples)>,
    legs: Mutex<HashMap<LegId, LegEar>>,
    tells: Box<dyn Hears>,
    thread: Thread,
}

impl Ears {
    /// Takes a frame, and what was sent to the leg in the same tick; never waits. When the queue is full the oldest frame is dropped.
    pub(crate) fn push(&self, leg: LegId, frame: Frame, sent: &Samples) {
        if self.frames.force_push((leg, frame, *sent)).is_some() {
            metrics::counter!("warmline_speech_frames_dropped_total").increment(1);
        }
        self.thread.unpark();
    }

    /// Frames in the queue.
    pub(crate) fn waiting(&self) -> usize {
        self.frames.len()
    }

    /// The sound of a leg between two times, as much of it as there is.
    pub(crate) fn between(&self, leg: LegId, from: Time, to: Time) -> Vec<i16> {
        self.legs().get(&leg).map(|ear| ear.between(from, to)).unwrap_or_default()
    }

    /// Nothing has sounded on a leg since its voice faded.
    pub(crate) fn is_silent(&self, leg: LegId) -> bool {
        self.legs().get(&leg).is_some_and(LegEar::is_silent)
    }

    /// A voice began on a leg between two times, over the bot's words.
    pub(crate) fn was_over_bot(&self, leg: LegId, from: Time, to: Time) -> bool {
        self.legs().get(&leg).is_some_and(|ear| ear.was_over_bot(from, to))
    }

    fn legs(&self) -> MutexGuard<'_, HashMap<LegId, LegEar>> {
        self.legs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works off the queue; says whether there was anything.
    fn listen(&self, engines: &Engines) -> bool {
        let mut any = false;
        while let Some((leg, frame, sent)) = self.frames.pop() {
            any = true;
            let mut noticed = Vec::new();
            let voice;
            {
                let mut legs = self.legs();
                if legs.len() >= LEGS && !legs.contains_key(&leg) {
                    continue;
                }
                let ear = legs.entry(leg).or_default();
                ear.hear(&frame, &sent, &engines.vad, &mut |what| noticed.push(what));
                voice = ear.voice().map(|(from, to)| (from, to, ear.is_over_bot()));
            }
            for what in noticed {
                self.tell(leg, what, voice);
            }
        }
        any
    }

    fn tell(&self, leg: LegId, what: Noticed, voice: Option<(Time, Time, bool)>) {
        match what {
            Noticed::Started(at) => self.tells.event(Event::VoiceStarted { leg, at }),
            Noticed::Hushed(from, to) => self.tells.hushed(leg, from, to),
            Noticed::Stopped(at) => self.tells.event(Event::VoiceStopped { leg, at }),
            Noticed::Fades(_) => {
                if let Some((from, to, over_bot)) = voice {
                    self.tells.fades(leg, from, to, over_bot);
                }
            }
            Noticed::Lasting(at, ms, meant) => {
                self.tells.event(Event::VoiceLasting { leg, at, ms, meant });
                if let Some((from, to, over_bot)) = voice {
                    self.tells.lasting(leg, from, to, over_bot);
                }
            }
        }
    }
}

struct Shared {
    calls: Mutex<Vec<Weak<Ears>>>,
    closed: AtomicBool,
}

/// The listening thread. It ends when this is dropped.
pub(crate) struct Listener {
    shared: Arc<Shared>,
    thread: Option<Thread>,
}

impl Listener {
    pub(crate) fn start(engines: Arc<Engines>, niceness: i32) -> Self {
        let shared = Arc::new(Shared { calls: Mutex::default(), closed: AtomicBool::new(false) });
        let own = Arc::clone(&shared);
        let started = std::thread::Builder::new().name("listener".into()).spawn(move || own.run(&engines, niceness));
        let thread = started.map(|handle| handle.thread().clone()).inspect_err(|error| tracing::error!(%error, "no listener thread"));
        Self { shared, thread: thread.ok() }
    }

    /// Opens the ears of a call; they close when the last holder drops them.
    pub(crate) fn open(&self, tells: Box<dyn Hears>) -> Arc<Ears> {
        let thread = self.thread.clone().unwrap_or_else(std::thread::current);
        let ears = Arc::new(Ears { frames: ArrayQueue::new(FRAMES), legs: Mutex::default(), tells, thread });
        self.shared.calls().push(Arc::downgrade(&ears));
        ears
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

impl Shared {
    fn calls(&self) -> MutexGuard<'_, Vec<Weak<Ears>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, engines: &Engines, niceness: i32) {
        priority::stand_back(niceness);
        while !self.closed.load(Ordering::Acquire) {
            let calls: Vec<Arc<Ears>> = {
                let mut calls = self.calls();
                calls.retain(|ears| ears.strong_count() > 0);
                calls.iter().filter_map(Weak::upgrade).collect()
            };
            // Every call gets its turn before the thread sleeps; a frame that comes in between wakes it at once.
            let heard = calls.iter().filter(|ears| ears.listen(engines)).count();
            if heard == 0 {
                drop(calls);
                std::thread::park();
            }
        }
    }
}
