//! Engines elsewhere, against servers that speak their protocols and misbehave.

mod chat;
mod fallback;
pub(crate) mod server;
mod streaming;
mod transcription;
mod voice;

/// A call with the real models.
pub(crate) async fn a_call_with_speech() -> (warmline::speech::CallSpeech, tokio::sync::mpsc::Receiver<warmline::call::event::Event>) {
    fallback::open_with(None).await
}
