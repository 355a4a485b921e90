//! Words of an utterance that goes on.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use warmline_models::{Glimpse, ModelError, RECOGNISER_RATE, resample, to_float};

use super::{BEFORE_MS, PARTIAL, Shared, report};
use crate::{
    call::{event::Event, ids::LegId, time::Time},
    speech::scheduler::{Class, Go},
};

impl Shared {
    /// What was said so far. `over_bot`: that it is nothing is worth knowing, too.
    pub(super) fn partial(self: &Arc<Self>, leg: LegId, (from, to): (Time, Time), over_bot: bool, open: Arc<AtomicBool>) {
        let call = Arc::clone(self);
        let work = move |go: Go<'_>| {
            if let Go::Run(given_up) = go
                && let Ok(Glimpse { text, guessed, phrase }) = call.words(leg, (from, to), over_bot, given_up)
                && (over_bot || !text.is_empty())
            {
                report(&call.parts.events, Event::Partial { leg, from, text, guessed, back_channel: phrase });
            }
            open.store(false, Ordering::Relaxed);
        };
        self.submit(Class::Partial, PARTIAL, Arc::new(AtomicBool::new(false)), work);
    }

    fn words(&self, leg: LegId, (from, to): (Time, Time), over_bot: bool, given_up: &dyn Fn() -> bool) -> Result<Glimpse, ModelError> {
        let from = Time(from.0.saturating_sub(BEFORE_MS));
        let audio = resample(&to_float(&self.ears.between(leg, from, to)), 8_000, RECOGNISER_RATE)?;
        let (engines, language) = (&self.parts.speech.engines, self.language());
        // Whether it is a "mhm" must be known soon, and what is only a guess is worth more than nothing.
        if over_bot {
            engines.glimpse(language, self.heads().back_channels(), &audio, given_up)
        } else {
            Ok(Glimpse { text: engines.transcribe(language, &audio, given_up)?.text, ..Glimpse::default() })
        }
    }
}
