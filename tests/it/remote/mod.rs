//! Engines elsewhere, against servers that speak their protocols and misbehave.

mod chat;
mod fallback;
mod server;
mod streaming;
mod transcription;
mod voice;
