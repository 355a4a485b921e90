//! A call's requests to engines elsewhere, with the built-in ones behind them.

use std::sync::{Arc, atomic::AtomicBool};

use tokio::sync::oneshot;

use super::{
    call::Shared,
    remote::{Found, Heard, Stream, Trouble, Words},
    scheduler::{Class, Go},
};
use crate::call::{
    action::Digits,
    event::{Engine, Event},
    ids::{LegId, RequestId},
    time::Time,
    understanding::{Phrased, Scored, Transcript, Understanding, Voice},
};

impl Shared {
    /// Opens the stream of a call, if a recogniser elsewhere listens along.
    pub(super) fn stream(self: &Arc<Self>) -> Option<Stream> {
        let remote = self.parts.speech.remote.as_ref()?;
        let call = Arc::downgrade(self);
        let tells = move |heard: Heard| {
            let Some(call) = call.upgrade() else { return };
            match heard {
                Heard::Partial { from, text } => {
                    call.report(Event::Partial { leg: LegId::CALLER, from, text, guessed: false, back_channel: None });
                }
                Heard::Broken(trouble) => call.fell_back(Engine::Recogniser, &trouble),
            }
        };
        Some(Stream::open(&remote.runtime, Arc::clone(remote.stream.as_ref()?), self.language(), Box::new(tells)))
    }

    /// Has the caller's words written down elsewhere; false if there is no such engine. An agent's words never leave the machine, and what is private does not.
    pub(super) fn transcribe_elsewhere(self: &Arc<Self>, id: RequestId, leg: LegId, span: (Time, Time), digits: Option<Digits>) -> bool {
        let Some(remote) =
            self.parts.speech.remote.as_ref().filter(|remote| leg == LegId::CALLER && remote.recognises() && !self.is_private())
        else {
            return false;
        };
        let (call, forgotten) = (Arc::clone(self), self.begin(id));
        let voice = self.measure(leg, span, &forgotten);
        remote.runtime.spawn(async move {
            match call.words_from_elsewhere(leg, span).await {
                Ok(words) => {
                    let voice = voice.await.unwrap_or_default();
                    let transcript =
                        Transcript { confidence: words.sureness(), text: words.text, complete: None, back_channel: None, voice };
                    if call.settle(id, &forgotten) {
                        call.report(Event::Heard { id, transcript });
                    }
                }
                Err(trouble) => {
                    call.fell_back(Engine::Recogniser, &trouble);
                    call.transcribe_here(id, leg, span, digits, forgotten);
                }
            }
        });
        true
    }

    async fn words_from_elsewhere(&self, leg: LegId, (from, to): (Time, Time)) -> Result<Words, Trouble> {
        if let Some(stream) = self.streaming.get() {
            return stream.words(from, to).await;
        }
        let remote = self.parts.speech.remote.as_ref().and_then(|remote| remote.transcription.as_ref()).ok_or(Trouble::Resting)?;
        let line = self.line(leg, from, to);
        remote.ask(remote.engine().transcribe(&line, self.language())).await
    }

    /// How it was said is measured here, while the words come from elsewhere.
    fn measure(self: &Arc<Self>, leg: LegId, span: (Time, Time), forgotten: &Arc<AtomicBool>) -> oneshot::Receiver<Option<Box<Voice>>> {
        let (sender, measured) = oneshot::channel();
        let call = Arc::clone(self);
        let work = move |go: Go<'_>| {
            if let Go::Run(_) = go {
                // Nobody may wait for it any more.
                let _ = sender.send(call.measured(leg, span));
            }
        };
        self.submit(Class::Final, super::call::TRANSCRIBE, Arc::clone(forgotten), work);
        measured
    }

    /// Has a chat model look through the flow's knowledge, where our own understanding has found nothing sure. What it finds is an answer; it is never an
    /// intent. Gives the understanding back where no model is to be asked.
    pub(super) fn ask_chat(
        self: &Arc<Self>,
        id: RequestId,
        text: &str,
        understanding: Understanding,
        forgotten: &Arc<AtomicBool>,
    ) -> Option<Understanding> {
        let remote = self.parts.speech.remote.as_ref().filter(|_| !self.is_private());
        let Some((remote, chat)) = remote.and_then(|remote| Some((remote, remote.chat.clone()?))) else { return Some(understanding) };
        let Some((known, score)) = self.heads().known(&understanding, chat.engine().mode()) else { return Some(understanding) };
        let (call, text, forgotten) = (Arc::clone(self), text.to_owned(), Arc::clone(forgotten));
        remote.runtime.spawn(async move {
            let understanding = match chat.ask(chat.engine().find(&text, call.language(), &known)).await {
                Ok(found) => answered(understanding, found, score),
                Err(trouble) => {
                    call.fell_back(Engine::Chat, &trouble);
                    understanding
                }
            };
            if call.settle(id, &forgotten) {
                call.report(Event::Understood { id, understanding });
            }
        });
        None
    }

    /// Tells the call that the built-in engine stood in.
    pub(super) fn fell_back(&self, engine: Engine, trouble: &Trouble) {
        self.report(Event::FellBack { engine, why: trouble.failure() });
    }
}

/// The understanding with what was found, which has this score.
fn answered(mut understanding: Understanding, found: Found, score: f32) -> Understanding {
    let Some(best) = found.entries.first().cloned() else { return understanding };
    understanding.knowledge.retain(|entry| entry.name != best);
    let others = understanding.knowledge.iter().map(|entry| entry.score).fold(0.0, f32::max);
    understanding.knowledge.insert(0, Scored { name: best, score: score.max(others) });
    understanding.phrased = Some(Box::new(Phrased { entries: found.entries, text: found.phrased }));
    understanding
}
