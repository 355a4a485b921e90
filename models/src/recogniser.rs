//! Speech to text: Moonshine base (MIT, Useful Sensors; Jeffries et al. 2024, "Moonshine: Speech Recognition for Live
//! Transcription and Voice Commands"), prepared to int8.
//!
//! The encoder reads the whole utterance once; the decoder gives one token at a time and keeps what it has seen in a cache of
//! keys and values (8 layers). The first token fills the cache, every further one extends it, so they are two graphs.

mod beam;

pub(crate) use beam::{Pieces, Sayable};

use std::{borrow::Cow, sync::Arc};

use ort::{
    session::{Session, SessionInputValue},
    value::{DynValue, Tensor, TensorRef},
};

use crate::{
    error::ModelError,
    runtime::{Runtime, Sessions},
    spoken_number::SpokenNumber,
    spoken_phrase::SpokenPhrases,
    vocabulary::Vocabulary,
};

/// Samples per second of the audio that the recogniser reads.
pub const RECOGNISER_RATE: u32 = 16_000;
/// The model card's bound: more tokens than this per second of audio is a decoder that has lost its way.
const TOKENS_PER_SECOND: f32 = 6.5;
/// The convolutions at the encoder's entry need this much to give one frame; shorter sounds hold no word.
const SHORTEST: usize = RECOGNISER_RATE as usize / 10;
/// Silence put before and after the utterance: 200 and 300 ms.
const LEAD: usize = RECOGNISER_RATE as usize / 5;
const TAIL: usize = RECOGNISER_RATE as usize * 3 / 10;
/// No phrase lasts longer, with that silence.
const LONGEST_PHRASE: usize = RECOGNISER_RATE as usize * 5 / 2;
const LAYERS: usize = 8;
const BEGIN: i64 = 1;
const END: usize = 2;
/// The model ends before it has begun on many short utterances, most of all on bare numbers: on 126 six-digit numbers of three voices it gave nothing for 25,
/// and the right words for each of them when it was made to go on. It is never this sure of nothing where somebody speaks; on noise, music and tones it is.
const SURE_OF_NOTHING: f32 = 0.95;
/// Words that were forced out of it count from this confidence on; what comes of silence has 0.2 to 0.4.
const FORCED_FROM: f32 = 0.5;
/// Of a voice that has only just begun they are told from here on, as guesses: of 138 of them over a bot's words, 40 begin with the right word.
const GUESSED_FROM: f32 = 0.33;
/// What the model makes of lips that are closed, and of laughter.
const OF_A_HUM: [&str; 2] = ["You", "Thank you"];
/// A number that was looked for counts from this confidence on: right ones have 0.43 to 0.86, those that are read into other words below 0.2, and into
/// too few digits 0.2 to 0.4.
const NUMBER_FROM: f32 = 0.42;
/// Words below this confidence are heard again, so much faster or slower; at another speed the same voice is often heard right. On 300 sentences of four
/// robotic voices on the telephone the word error rate fell from 10.5 to 8.5 %, with 5 % of the packets lost from 12.1 to 9.6 % (`warmline eval hearing`).
/// What `warmline eval turns` says of the ends of turns depends on the voices: at a mean delay of 500 ms 0.8 % instead of 4.2 % are cut off on part b, but
/// 17.1 % instead of 13.7 % on part c, whose voices are so hard to understand that halves of sentences are read into whole ones.
const DOUBTFUL: f32 = 0.88;
const SPEEDS: [f32; 2] = [1.05, 0.9];

/// What was heard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    /// The words, with the model's own capitals and punctuation; empty when nothing was said.
    pub text: String,
    /// Geometric mean of the tokens' probabilities, 0..1; 0 for an empty text. Right texts average 0.91, wrong ones 0.77.
    pub confidence: f32,
    /// Natural logarithm of each token's probability, the end mark included.
    pub token_log_p: Vec<f32>,
    /// Whether the decoder was stopped because it repeated itself or ran past the bound.
    pub cut: bool,
    /// Whether the model would rather have ended before the first word.
    pub forced: bool,
}

/// Phrases to look for.
#[derive(Debug, Clone, Copy)]
pub struct Phrases<'p> {
    /// Which.
    pub of: &'p SpokenPhrases,
    /// One that is less likely than the words by more than this, as a natural logarithm, is not found. The less, the sooner the search is over.
    pub worse: f32,
}

/// What somebody has begun to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Glimpse {
    /// The likeliest words; empty when there are none.
    pub text: String,
    /// They are no more than a guess.
    pub guessed: bool,
    /// How much likelier than any words the likeliest of the phrases is, as a natural logarithm: 0 where the words are one of them, hardly ever more. None if
    /// it is far less likely, or less than a guess, or the utterance is longer than any of them.
    pub phrase: Option<f32>,
}

/// The shared recogniser.
pub struct Recogniser {
    encoder: Sessions,
    first: Sessions,
    step: Sessions,
    vocabulary: Vocabulary,
    names: CacheNames,
}

/// Names of the cache's tensors: as inputs, and as outputs of the same order.
struct CacheNames {
    past: Vec<String>,
    present: Vec<String>,
}

impl Recogniser {
    /// Opens `copies` of the model: as many utterances are decoded truly at once.
    ///
    /// # Errors
    /// When a file is missing or is not the model.
    pub fn load(runtime: &Runtime, copies: usize) -> Result<Self, ModelError> {
        let open = |part: &str| runtime.open("speech to text", &format!("moonshine-base-{part}.int8.onnx"), copies);
        let mut encoder = Err(ModelError::Cancelled);
        let mut first = Err(ModelError::Cancelled);
        let mut step = Err(ModelError::Cancelled);
        std::thread::scope(|scope| {
            scope.spawn(|| encoder = open("encoder"));
            scope.spawn(|| first = open("decoder-first"));
            step = open("decoder-step");
        });
        let vocabulary = Vocabulary::read(&runtime.dir().file("moonshine-tokenizer.bin")?)?;
        Ok(Self { encoder: encoder?, first: first?, step: step?, vocabulary, names: CacheNames::new() })
    }

    /// Writes down what is said in `audio` (16 kHz, −1..1). `cancelled` is asked before every token.
    ///
    /// # Errors
    /// When the model fails, or `cancelled` says so.
    pub fn transcribe(&self, audio: &[f32], cancelled: &dyn Fn() -> bool) -> Result<Transcript, ModelError> {
        match framed(audio) {
            Some(audio) => self.decode(self.begin(&self.encode(&audio)?)?, most_tokens(&audio), FORCED_FROM, cancelled),
            None => Ok(Transcript::default()),
        }
    }

    /// What somebody has begun to say.
    ///
    /// # Errors
    /// When the model fails, or `cancelled` says so.
    pub fn glimpse(&self, audio: &[f32], phrases: &Phrases<'_>, cancelled: &dyn Fn() -> bool) -> Result<Glimpse, ModelError> {
        let Some(audio) = framed(audio) else { return Ok(Glimpse::default()) };
        let begun = self.begin(&self.encode(&audio)?)?;
        let heard = self.decode(begun.clone(), most_tokens(&audio), 0.0, cancelled)?;
        // What could be anything makes any words unlikely: a phrase must be as likely as a guess.
        let phrase = self.likelier(&audio, begun, &heard, (phrases, GUESSED_FROM), cancelled)?;
        let guessed = heard.forced && heard.confidence < FORCED_FROM;
        let hum = guessed && OF_A_HUM.contains(&heard.text.trim_end_matches('.'));
        let nothing = hum || heard.forced && heard.confidence < GUESSED_FROM;
        Ok(if nothing { Glimpse { phrase, ..Glimpse::default() } } else { Glimpse { text: heard.text, guessed, phrase } })
    }

    /// The same where much depends on the words: doubtful ones are heard again at other speeds as long as there `is_time`, and the surest hearing counts.
    ///
    /// # Errors
    /// When the model fails, or `cancelled` says so.
    pub fn transcribe_well(
        &self,
        audio: &[f32],
        is_time: &dyn Fn() -> bool,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Transcript, ModelError> {
        let mut surest = self.transcribe(audio, cancelled)?;
        for speed in SPEEDS {
            if surest.text.is_empty() || surest.confidence >= DOUBTFUL || !is_time() {
                break;
            }
            match self.transcribe(&at_speed(audio, speed), cancelled) {
                Ok(again) if again.confidence > surest.confidence => surest = again,
                Ok(_) => {}
                // The time is up: what is known counts.
                Err(ModelError::Cancelled) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(surest)
    }

    /// The same where a number is expected: if the words are `not_it`, the likeliest number that they could be is looked for, and taken if it is
    /// likely enough.
    ///
    /// # Errors
    /// When the model fails, or `cancelled` says so.
    pub fn transcribe_number(
        &self,
        audio: &[f32],
        number: &SpokenNumber,
        not_it: &dyn Fn(&str) -> bool,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Transcript, ModelError> {
        let Some(audio) = framed(audio) else { return Ok(Transcript::default()) };
        let begun = self.begin(&self.encode(&audio)?)?;
        let most = most_tokens(&audio);
        let plain = self.decode(begun.clone(), most, FORCED_FROM, cancelled)?;
        if !not_it(&plain.text) {
            return Ok(plain);
        }
        let found = beam::search(self, begun, (number, f32::MIN), most, cancelled)?;
        let found = found.map(|found| self.transcript(&found.ids, found.log_p, false));
        Ok(found.filter(|found| found.confidence >= NUMBER_FROM).unwrap_or(plain))
    }

    /// How likely one of these phrases is in `audio` (16 kHz), beside the words that are likeliest: see [`Glimpse::phrase`].
    ///
    /// # Errors
    /// When the model fails, or `cancelled` says so.
    pub fn phrase(&self, audio: &[f32], phrases: &Phrases<'_>, cancelled: &dyn Fn() -> bool) -> Result<Option<f32>, ModelError> {
        let Some(audio) = framed(audio).filter(|audio| audio.len() <= LONGEST_PHRASE) else { return Ok(None) };
        let begun = self.begin(&self.encode(&audio)?)?;
        let heard = self.decode(begun.clone(), most_tokens(&audio), 0.0, cancelled)?;
        self.likelier(&audio, begun, &heard, (phrases, 0.0), cancelled)
    }

    /// How much likelier than what was heard one of the phrases is, if its confidence is `least` or more.
    fn likelier(
        &self,
        audio: &[f32],
        begun: Next,
        heard: &Transcript,
        (phrases, least): (&Phrases<'_>, f32),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<f32>, ModelError> {
        if audio.len() > LONGEST_PHRASE {
            return Ok(None);
        }
        let words: f32 = heard.token_log_p.iter().sum();
        let found = beam::search(self, begun, (phrases.of, words - phrases.worse), most_tokens(audio), cancelled)?;
        let sure = |found: &beam::Found| found.sum / found.log_p.len() as f32 >= least.ln();
        Ok(found.filter(sure).map(|found| found.sum - words))
    }

    fn decode(&self, begun: Next, most: usize, forced_from: f32, cancelled: &dyn Fn() -> bool) -> Result<Transcript, ModelError> {
        let mut tokens = Tokens::default();
        let mut next = begun;
        loop {
            if cancelled() {
                return Err(ModelError::Cancelled);
            }
            let (mut token, mut log_p) = likeliest(&next.log_p, None);
            if token == END && tokens.ids.is_empty() && log_p < SURE_OF_NOTHING.ln() {
                (token, log_p) = likeliest(&next.log_p, Some(END));
                tokens.forced = true;
            }
            tokens.log_p.push(log_p);
            if token == END {
                break;
            }
            tokens.ids.push(token);
            if tokens.drop_repetition() || tokens.ids.len() >= most {
                tokens.cut = true;
                break;
            }
            next = self.after(token, &next)?;
        }
        let heard = Transcript { forced: tokens.forced, ..self.transcript(&tokens.ids, tokens.log_p, tokens.cut) };
        Ok(if tokens.forced && heard.confidence < forced_from { Transcript::default() } else { heard })
    }

    fn transcript(&self, ids: &[usize], log_p: Vec<f32>, cut: bool) -> Transcript {
        let text = self.vocabulary.text(ids);
        let confidence = if text.is_empty() { 0.0 } else { (log_p.iter().sum::<f32>() / log_p.len() as f32).exp() };
        Transcript { text, confidence, token_log_p: log_p, cut, forced: false }
    }

    /// The decoder before its first token.
    fn begin(&self, hidden: &DynValue) -> Result<Next, ModelError> {
        self.first.run(|session| self.names.first(session, hidden))
    }

    /// The decoder after a token.
    fn after(&self, token: usize, before: &Next) -> Result<Next, ModelError> {
        self.step.run(|session| self.names.step(session, token as i64, &before.cache))
    }

    fn encode(&self, audio: &[f32]) -> Result<DynValue, ModelError> {
        let hidden = self.encoder.run(|session| {
            let mut outputs = session.run(ort::inputs!["input_values" => TensorRef::from_array_view(([1usize, audio.len()], audio))?])?;
            Ok(outputs.remove("last_hidden_state"))
        })?;
        hidden.ok_or(ModelError::Format { file: "moonshine-base-encoder.int8.onnx", reason: "no output last_hidden_state" })
    }
}

impl CacheNames {
    /// Decoder tensors first: only they grow with every token.
    fn new() -> Self {
        let mut past = Vec::new();
        let mut present = Vec::new();
        for side in ["decoder", "encoder"] {
            for layer in 0..LAYERS {
                for part in ["key", "value"] {
                    past.push(format!("past_key_values.{layer}.{side}.{part}"));
                    present.push(format!("present.{layer}.{side}.{part}"));
                }
            }
        }
        Self { past, present }
    }

    fn first(&self, session: &mut Session, hidden: &DynValue) -> Result<Next, ort::Error> {
        let mut outputs = session.run(ort::inputs![
            "input_ids" => Tensor::from_array(([1usize, 1], vec![BEGIN]))?,
            "encoder_hidden_states" => hidden,
        ])?;
        let cache = self.present.iter().filter_map(|name| outputs.remove(name).map(Arc::new)).collect();
        Ok(Next { log_p: log_softmax(outputs["logits"].try_extract_tensor::<f32>()?.1), cache })
    }

    fn step(&self, session: &mut Session, token: i64, cache: &[Arc<DynValue>]) -> Result<Next, ort::Error> {
        let mut inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = Vec::with_capacity(cache.len() + 1);
        inputs.push(("input_ids".into(), Tensor::from_array(([1usize, 1], vec![token]))?.into()));
        inputs.extend(self.past.iter().zip(cache.iter()).map(|(name, value)| (Cow::from(name), value.as_ref().into())));
        let mut outputs = session.run(inputs)?;
        // What was heard stays as it is; only what was said grows.
        let grown = |(name, kept): (&String, &Arc<DynValue>)| outputs.remove(name).map_or_else(|| Arc::clone(kept), Arc::new);
        let cache = self.present.iter().zip(cache).map(grown).collect();
        Ok(Next { log_p: log_softmax(outputs["logits"].try_extract_tensor::<f32>()?.1), cache })
    }
}

/// What may come next: the natural logarithm of each token's probability, and the cache after what came so far.
#[derive(Clone)]
struct Next {
    log_p: Vec<f32>,
    cache: Vec<Arc<DynValue>>,
}

fn most_tokens(audio: &[f32]) -> usize {
    (audio.len() as f32 / RECOGNISER_RATE as f32 * TOKENS_PER_SECOND) as usize + 4
}

/// The utterance between two stretches of silence. Without them the first and the last word often go wrong: on 160 utterances, cut as the
/// gateway cuts them, the word error rate fell from 11.4 to 7.3 %. (Evening out the level brought nothing.)
/// None if it is too short to hold a word.
fn framed(audio: &[f32]) -> Option<Vec<f32>> {
    (audio.len() >= SHORTEST).then(|| {
        let mut framed = vec![0.0; LEAD + audio.len() + TAIL];
        framed[LEAD..LEAD + audio.len()].copy_from_slice(audio);
        framed
    })
}

/// The sound played faster or slower. What comes from a telephone has nothing so high that drawing lines between the samples would harm it.
fn at_speed(audio: &[f32], speed: f32) -> Vec<f32> {
    let at = |place: f32| {
        let (before, share) = (place as usize, place.fract());
        let sample = |index: usize| audio.get(index).copied().unwrap_or(0.0);
        sample(before) * (1.0 - share) + sample(before + 1) * share
    };
    (0..(audio.len() as f32 / speed) as usize).map(|index| at(index as f32 * speed)).collect()
}

/// The likeliest token, `but` that one, and the natural logarithm of its probability.
fn likeliest(log_p: &[f32], but: Option<usize>) -> (usize, f32) {
    let all = log_p.iter().copied().enumerate().filter(|(token, _)| Some(*token) != but);
    all.fold((END, f32::MIN), |best, (token, log_p)| if log_p > best.1 { (token, log_p) } else { best })
}

fn log_softmax(logits: &[f32]) -> Vec<f32> {
    let top = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum = top + logits.iter().map(|logit| (logit - top).exp()).sum::<f32>().ln();
    logits.iter().map(|logit| logit - sum).collect()
}

/// The tokens so far.
#[derive(Debug, Default)]
struct Tokens {
    ids: Vec<usize>,
    log_p: Vec<f32>,
    cut: bool,
    /// The model wanted to end at once.
    forced: bool,
}

impl Tokens {
    /// Whether the last tokens are one group of up to eight again and again; if so only one of the group stays. A single token
    /// may come eight times in a row (digits do), longer groups four times.
    fn drop_repetition(&mut self) -> bool {
        for width in 1..=8 {
            let times = if width == 1 { 9 } else { 4 };
            let Some(start) = self.ids.len().checked_sub(width * times) else { break };
            let (group, rest) = self.ids[start..].split_at(width);
            if rest.chunks(width).all(|chunk| chunk == group) {
                self.ids.truncate(start + width);
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_repeats_four_times_stops_the_decoder() {
        let mut tokens = Tokens { ids: [vec![7], [1, 2, 3].repeat(4)].concat(), ..Tokens::default() };
        assert!(tokens.drop_repetition());
        assert_eq!(tokens.ids, [7, 1, 2, 3]);
    }

    #[test]
    fn a_faster_sound_is_shorter_and_higher() {
        let wave = |hz: f32, samples: usize| -> Vec<f32> {
            (0..samples).map(|index| (std::f32::consts::TAU * hz * index as f32 / RECOGNISER_RATE as f32).sin()).collect()
        };
        let faster = at_speed(&wave(400.0, 16_800), 1.05);
        assert_eq!(faster.len(), 16_000);
        let apart = faster.iter().zip(wave(420.0, 16_000)).map(|(made, true_)| (made - true_).abs()).fold(0.0, f32::max);
        assert!(apart < 0.02, "{apart}");
    }

    #[test]
    fn a_spoken_number_may_repeat_a_digit() {
        let mut tokens = Tokens { ids: vec![5; 8], ..Tokens::default() };
        assert!(!tokens.drop_repetition());
    }
}
