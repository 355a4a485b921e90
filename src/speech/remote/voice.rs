//! Speech as OpenAI's API has it: `POST /audio/speech`, a JSON request, sound in the answer.

use serde::Serialize;
use warmline_models::{even_loudness, parse_wav, resample, to_pcm};

use super::{Endpoint, Trouble};

/// The largest answer: a clause of 40 s at 48 kHz.
const ANSWER: usize = 4 * 1_024 * 1_024;
/// What the line carries.
const LINE_RATE: u32 = 8_000;

/// How the sound comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoiceFormat {
    /// A WAV file of any rate.
    Wav,
    /// 16-bit samples without a head, little end first.
    Pcm {
        /// Samples per second.
        rate: u32,
    },
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceOptions {
    /// The model's name there.
    pub model: String,
    /// The voice's name there.
    pub voice: String,
    /// How the sound comes.
    pub format: VoiceFormat,
}

/// A voice elsewhere.
#[derive(Debug)]
pub struct VoiceService {
    endpoint: Endpoint,
    options: VoiceOptions,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    voice: &'a str,
    input: &'a str,
    response_format: &'a str,
}

impl VoiceService {
    /// A voice at an address.
    #[must_use]
    pub fn new(endpoint: Endpoint, options: VoiceOptions) -> Self {
        Self { endpoint, options }
    }

    /// Its name for the cache: another model or voice is another sound.
    #[must_use]
    pub fn name(&self) -> String {
        format!("elsewhere {} {}", self.options.model, self.options.voice)
    }

    /// A text as sound for the line, as loud as all others.
    ///
    /// # Errors
    /// Whatever the server did instead of answering.
    pub async fn speak(&self, text: &str) -> Result<Vec<i16>, Trouble> {
        let VoiceOptions { model, voice, format } = &self.options;
        let response_format = if matches!(format, VoiceFormat::Wav) { "wav" } else { "pcm" };
        let request = self.endpoint.post("/audio/speech").json(&Request { model, voice, input: text, response_format });
        let body = self.endpoint.answer(request, ANSWER).await?;
        let (mut samples, rate) = match format {
            VoiceFormat::Pcm { rate } if !body.starts_with(b"RIFF") => (pcm(&body)?, *rate),
            VoiceFormat::Wav | VoiceFormat::Pcm { .. } => {
                let audio = parse_wav(&body).map_err(|_| Trouble::BadAnswer("no WAV file"))?;
                (audio.samples, audio.rate)
            }
        };
        even_loudness(&mut samples, rate);
        if samples.is_empty() {
            return Err(Trouble::BadAnswer("no sound"));
        }
        let line = resample(&samples, rate, LINE_RATE).map_err(|_| Trouble::BadAnswer("a rate that cannot be used"))?;
        Ok(to_pcm(&line))
    }
}

fn pcm(body: &[u8]) -> Result<Vec<f32>, Trouble> {
    let (samples, rest) = body.as_chunks::<2>();
    // Half a sample is an answer that was cut off, or no sound at all (a message of an error, say).
    if !rest.is_empty() {
        return Err(Trouble::BadAnswer("half a sample"));
    }
    Ok(samples.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32_768.0).collect())
}
