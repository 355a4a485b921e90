//! What caller and agent say to each other, written down behind everything that somebody waits for.
//!
//! It is heard by a listener of its own, and its words come from the built-in recogniser as a job that gives way to all others: at once where it waits, and between
//! two words where it runs. Nothing of it goes to an engine elsewhere, and nothing but the words is looked at.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;
use warmline_models::{ModelError, RECOGNISER_RATE, Transcript, resample, to_float};

use super::{
    call::{AFTER_MS, BEFORE_MS, CallSpeech, Ear, Shared, failure, report},
    listener::Hears,
    scheduler::{Class, Go},
};
use crate::{
    call::{
        event::Event,
        ids::{LegId, RequestId},
        media::frame::{Frame, Samples},
        time::Time,
    },
    clock,
};

/// Words that come later than this are of no use to anybody who is on the call.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tells a call when voices begin and end, and nothing else of them.
pub(super) struct Notes(pub(super) mpsc::Sender<Event>);

impl Hears for Notes {
    fn event(&self, event: Event) {
        if matches!(event, Event::VoiceStarted { .. } | Event::VoiceStopped { .. }) {
            report(&self.0, event);
        }
    }

    fn lasting(&self, _: LegId, _: Time, _: Time, _: bool) {}

    fn fades(&self, _: LegId, _: Time, _: Time, _: bool) {}

    fn hushed(&self, _: LegId, _: Time, _: Time) {}
}

/// What is to be written down, and until when somebody wants it.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    id: RequestId,
    leg: LegId,
    span: (Time, Time),
    until: Instant,
}

impl Ear {
    /// Hears a frame of a leg whose words are only written down; never waits.
    pub fn write_down(&self, leg: LegId, frame: Frame, sent: &Samples) {
        self.notes.push(leg, frame, sent);
    }

    /// Frames of those legs that nobody has listened to yet.
    #[must_use]
    pub fn notes_waiting(&self) -> usize {
        self.notes.waiting()
    }
}

impl CallSpeech {
    /// Writes down what was said on a leg between two times: `WrittenDown` or `Failed` follows.
    pub fn write_down(&self, id: RequestId, leg: LegId, span: (Time, Time)) {
        let wanted = Wanted { id, leg, span, until: clock::now() + PATIENCE };
        let forgotten = self.shared.begin(id);
        self.shared.write(wanted, forgotten);
    }
}

impl CallSpeech {
    /// Which value of the flow a question of an agent is after: `AsksFor` or `Failed` follows.
    pub fn asked_for(&self, id: RequestId, question: &str) {
        let (call, question, forgotten) = (Arc::clone(&self.shared), question.to_owned(), self.shared.begin(id));
        self.shared.ask(id, Class::Written, PATIENCE, forgotten, move |_| {
            let values = call.heads().asks_for(&question)?;
            Ok(Some(Event::AsksFor { id, values }))
        });
    }
}

impl Shared {
    fn write(self: &Arc<Self>, wanted: Wanted, forgotten: Arc<AtomicBool>) {
        let (call, flag) = (Arc::clone(self), Arc::clone(&forgotten));
        let patience = wanted.until.saturating_duration_since(clock::now());
        self.submit(Class::Written, patience, forgotten, move |go| {
            let id = wanted.id;
            let event = match go {
                Go::Refused(why) => Event::Failed { id, why },
                Go::Run(given_up) => match call.words_of(&wanted, given_up) {
                    Ok(heard) => Event::WrittenDown { id, text: heard.text, confidence: heard.confidence },
                    // Somebody waits for something else: this comes again when there is time.
                    Err(ModelError::Cancelled) if clock::now() < wanted.until => return call.write(wanted, flag),
                    Err(error) => Event::Failed { id, why: failure(&error) },
                },
            };
            if call.settle(id, &flag) {
                call.report(event);
            }
        });
    }

    fn words_of(&self, wanted: &Wanted, given_up: &dyn Fn() -> bool) -> Result<Transcript, ModelError> {
        let (from, to) = (Time(wanted.span.0.0.saturating_sub(BEFORE_MS)), wanted.span.1.plus(AFTER_MS));
        let audio = resample(&to_float(&self.notes.between(wanted.leg, from, to)), 8_000, RECOGNISER_RATE)?;
        self.words_of_turn(&audio, given_up)
    }
}
