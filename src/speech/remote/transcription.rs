//! Transcription as OpenAI's API has it: `POST /audio/transcriptions`, a form with a WAV file, a JSON answer.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;

use super::{Endpoint, Trouble, Words};

/// The largest answer: words of a minute are far below it.
const ANSWER: usize = 256 * 1_024;
/// What the line carries.
const RATE: u32 = 8_000;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptionOptions {
    /// The model's name there.
    pub model: String,
}

/// A recogniser that is given whole utterances.
#[derive(Debug)]
pub struct Transcription {
    endpoint: Endpoint,
    options: TranscriptionOptions,
    requests: AtomicU64,
}

/// The fields of the answer that count; a server that does not know `verbose_json` sends the text alone.
#[derive(Deserialize)]
struct Answer {
    text: String,
    #[serde(default)]
    segments: Vec<Segment>,
}

#[derive(Deserialize)]
struct Segment {
    #[serde(default)]
    avg_logprob: Option<f32>,
}

impl Transcription {
    /// A recogniser at an address.
    #[must_use]
    pub fn new(endpoint: Endpoint, options: TranscriptionOptions) -> Self {
        Self { endpoint, options, requests: AtomicU64::new(0) }
    }

    /// What is said in this sound of the line.
    ///
    /// # Errors
    /// Whatever the server did instead of answering.
    pub async fn transcribe(&self, line: &[i16], language: &str) -> Result<Words, Trouble> {
        // Twelve random-looking letters and a count: no sound holds this by chance.
        let boundary = format!("warmline-7f3a91c2d804-{}", self.requests.fetch_add(1, Ordering::Relaxed));
        let fields = [
            ("model", self.options.model.as_str()),
            ("language", language.split('-').next().unwrap_or(language)),
            ("response_format", "verbose_json"),
            ("temperature", "0"),
        ];
        let request = self.endpoint.post("/audio/transcriptions");
        let request =
            request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}")).body(form(&boundary, &fields, line));
        let body = self.endpoint.answer(request, ANSWER).await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| Trouble::BadAnswer("no JSON with a text"))?;
        Ok(Words { text: answer.text.trim().to_owned(), confidence: confidence(&answer.segments) })
    }
}

/// The mean of the segments' log-probabilities.
#[expect(clippy::cast_precision_loss, reason = "a few segments")]
fn confidence(segments: &[Segment]) -> Option<f32> {
    let known: Vec<f32> = segments.iter().filter_map(|segment| segment.avg_logprob).collect();
    (!known.is_empty()).then(|| (known.iter().sum::<f32>() / known.len() as f32).exp().min(1.0))
}

/// A form with a file (RFC 7578).
fn form(boundary: &str, fields: &[(&str, &str)], line: &[i16]) -> Vec<u8> {
    let mut body = Vec::with_capacity(line.len() * 2 + 1_024);
    for (name, value) in fields {
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"turn.wav\"\r\nContent-Type: audio/wav";
    body.extend(format!("--{boundary}\r\n{head}\r\n\r\n").into_bytes());
    wav(&mut body, line);
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    body
}

/// Mono PCM of 16 bits.
fn wav(body: &mut Vec<u8>, line: &[i16]) {
    let bytes = u32::try_from(line.len() * 2).unwrap_or(u32::MAX - 36);
    body.extend(b"RIFF");
    body.extend((36 + bytes).to_le_bytes());
    body.extend(b"WAVEfmt ");
    body.extend(16u32.to_le_bytes());
    body.extend([1u16, 1].map(u16::to_le_bytes).concat());
    body.extend([RATE, RATE * 2].map(u32::to_le_bytes).concat());
    body.extend([2u16, 16].map(u16::to_le_bytes).concat());
    body.extend(b"data");
    body.extend(bytes.to_le_bytes());
    body.extend(line.iter().flat_map(|sample| sample.to_le_bytes()));
}
