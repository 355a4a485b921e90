//! The languages that a call may be held in, and the one in which its caller begins.

use std::sync::{Arc, atomic::Ordering};

use warmline_models::{ModelError, RECOGNISER_RATE, Transcript};

use super::{
    call::{CallSpeech, Shared},
    heads::Heads,
};
use crate::call::ids::LegId;

/// A language that a call may be held in, with what a flow listens for in it.
#[derive(Clone)]
pub struct Tongue {
    /// Its code: "en", "ro".
    pub language: String,
    /// What the words mean to the flow.
    pub heads: Arc<Heads>,
}

/// Less sound than this tells no language, samples at 16 kHz.
const LEAST: usize = RECOGNISER_RATE as usize * 4 / 5;
/// From here on another language is taken for the caller's without asking further; below the other bound none is looked for. In between the words decide
/// that are surer of themselves. The model leans towards English: of ten Romanian utterances (one synthetic voice) five had less than a half for Romanian,
/// the least 0.06, and of 40 English ones (four voices) none had more than 0.014.
const SURE: f32 = 0.5;
const POSSIBLE: f32 = 0.03;

impl CallSpeech {
    /// The call is held in this language from now on, and no other is listened for.
    pub fn hold_in(&self, language: &str) {
        if let Some(tongue) = self.shared.parts.languages.iter().position(|tongue| tongue.language == language) {
            self.shared.tongue.store(tongue, Ordering::Relaxed);
        }
        self.shared.settled.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    /// The language that the call is held in.
    pub(super) fn tongue(&self) -> &Tongue {
        &self.parts.languages[self.tongue.load(Ordering::Relaxed)]
    }

    pub(super) fn language(&self) -> &str {
        &self.tongue().language
    }

    pub(super) fn heads(&self) -> &Arc<Heads> {
        &self.tongue().heads
    }

    /// The caller's first words, if they are in another of the languages that the call may be held in, with that language. None otherwise: the words are to be
    /// written down in the language of the call.
    pub(super) fn other_words(
        &self,
        leg: LegId,
        audio: &[f32],
        given_up: &dyn Fn() -> bool,
    ) -> Result<Option<(&str, Transcript)>, ModelError> {
        if leg != LegId::CALLER || self.settled.load(Ordering::Relaxed) || audio.len() < LEAST {
            return Ok(None);
        }
        let languages: Vec<&str> = self.parts.languages.iter().map(|tongue| tongue.language.as_str()).collect();
        let engines = &self.parts.speech.engines;
        let likely = engines.languages(audio, &languages)?;
        let others = likely.iter().zip(languages).filter(|(_, language)| *language != self.language());
        let Some((likely, other)) = others.max_by(|a, b| a.0.total_cmp(b.0)).filter(|(likely, _)| **likely >= POSSIBLE) else {
            return Ok(None);
        };
        let heard = engines.transcribe(other, audio, given_up)?;
        let is_other = *likely >= SURE || heard.confidence > engines.transcribe(self.language(), audio, given_up)?.confidence;
        Ok(is_other.then_some((other, heard)))
    }
}
