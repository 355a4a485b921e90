//! Numbers that the flow has asked for: where the recogniser's words are none, it looks for the likeliest one that they could have been.

use warmline_models::{ModelError, NumberWord, Recogniser, SpokenNumber, Transcript, manifest::is_english};

use crate::call::{
    action::Digits,
    flow::{
        lexicon::{self, Lexicon},
        slot::digits,
        text,
    },
};

/// Longer numbers are said in parts; searching for all of one takes too long.
const LONGEST: usize = 16;

/// How a number of so many digits is said in a language.
pub struct Numbers {
    lexicon: &'static Lexicon,
    digits: Digits,
    spoken: SpokenNumber,
}

impl Numbers {
    /// None for numbers that are too long, and for languages that the English recogniser does not hear.
    #[must_use]
    pub fn of(language: &str, digits: Digits) -> Option<Self> {
        let lexicon = lexicon::of(language).filter(|_| digits.most <= LONGEST && is_english(language))?;
        let values = lexicon.numbers.iter().map(|(word, value)| (word.as_str(), NumberWord::Value(*value)));
        let repeats = lexicon.repeats.iter().map(|(word, times)| (word.as_str(), NumberWord::Times(*times)));
        let leads = lexicon.values.number_leads.iter().chain(lexicon.fillers.iter()).map(|word| (word, NumberWord::Lead));
        let spoken = SpokenNumber::new(values.chain(repeats).chain(leads), digits.least, digits.most);
        Some(Self { lexicon, digits, spoken })
    }

    /// Writes down what is said.
    ///
    /// # Errors
    /// When the model fails, or `given_up` says so.
    pub fn hear(&self, recogniser: &Recogniser, audio: &[f32], given_up: &dyn Fn() -> bool) -> Result<Transcript, ModelError> {
        let misheard = |said: &str| digits::is_misheard(&text::words(said), (self.digits.least, self.digits.most), self.lexicon);
        recogniser.transcribe_number(audio, &self.spoken, &misheard, given_up)
    }
}
