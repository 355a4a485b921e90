//! `warmline transcribe WAV…`: what is said in recordings.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use warmline_models::{
    ModelError, ModelsDir, RECOGNISER_RATE, Recogniser, Runtime, Transcript, Whisper, manifest::is_english, read_wav, resample,
    split_at_pauses,
};

/// Write down what is said in WAV files.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Language of the speech.
    #[arg(long, default_value = "en")]
    lang: String,
    /// One JSON object per line: {"id","text","confidence","seconds"}; seconds is processing time.
    #[arg(long)]
    json: bool,
    /// WAV files: any rate; PCM, float, µ-law or A-law; mono or several channels.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// One line of the answer.
#[derive(serde::Serialize)]
struct Line<'a> {
    id: &'a str,
    text: &'a str,
    confidence: f32,
    seconds: f64,
}

/// Transcribes file by file; a file that cannot be read is reported and the others go on.
pub(crate) fn run(args: &Args) -> Result<()> {
    let hear = recogniser(&args.lang)?;
    let mut failed = 0;
    for file in &args.files {
        if let Err(error) = one(&hear, file, args.json) {
            eprintln!("{}: {error:#}", file.display());
            failed += 1;
        }
    }
    if failed > 0 {
        bail!("{failed} of {} files could not be transcribed", args.files.len());
    }
    Ok(())
}

/// Writes down what is said in an utterance.
type Hear = Box<dyn Fn(&[f32]) -> Result<Transcript, ModelError>>;

/// The recogniser of a language.
fn recogniser(language: &str) -> Result<Hear> {
    let runtime = Runtime::load(&ModelsDir::of_user()?)?;
    if is_english(language) {
        let recogniser = Recogniser::load(&runtime, 1)?;
        return Ok(Box::new(move |audio| recogniser.transcribe_well(audio, &|| true, &|| false)));
    }
    let (recogniser, language) = (Whisper::load(&runtime, 1)?, language.to_owned());
    Ok(Box::new(move |audio| recogniser.transcribe(&language, audio, &|| false)))
}

fn one(hear: &Hear, file: &Path, json: bool) -> Result<()> {
    let audio = read_wav(file)?;
    let start = now();
    let (text, confidence) = transcribe(hear, &resample(&audio.samples, audio.rate, RECOGNISER_RATE)?)?;
    let seconds = (now() - start).as_secs_f64();
    let id = file.file_stem().and_then(|stem| stem.to_str()).context("a file name that is not UTF-8")?;
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, &Line { id, text: &text, confidence, seconds })?;
        writeln!(out)?;
    } else {
        writeln!(out, "{id}\t{confidence:.2}\t{text}")?;
    }
    Ok(())
}

/// Long recordings in parts that end in pauses: the recogniser is made for utterances. The confidence is the mean over tokens.
fn transcribe(hear: &Hear, audio: &[f32]) -> Result<(String, f32)> {
    let parts: Vec<Transcript> = split_at_pauses(audio).map(hear).collect::<Result<_, _>>()?;
    let said: Vec<&Transcript> = parts.iter().filter(|part| !part.text.is_empty()).collect();
    let text = said.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(" ");
    let log_p: Vec<f32> = said.iter().flat_map(|part| part.token_log_p.iter().copied()).collect();
    let confidence = if log_p.is_empty() { 0.0 } else { (log_p.iter().sum::<f32>() / log_p.len() as f32).exp() };
    Ok((text, confidence))
}

#[expect(clippy::disallowed_methods, reason = "the command reports its processing time")]
fn now() -> Instant {
    Instant::now()
}
