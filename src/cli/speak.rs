//! `warmline speak --out FILE TEXT`: what the bot would say, as a WAV file.

use std::path::PathBuf;

use anyhow::{Result, bail};
use jiff::tz::TimeZone;
use warmline_models::{
    EspeakVoice, ModelError, ModelsDir, Runtime, Synthesiser, manifest::is_english, pause_after_ms, speakable, to_pcm, write_wav,
};

use crate::{
    call::language::{Languages, days::Today},
    clock,
};

/// Speak a text into a WAV file.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The WAV file to write (16-bit mono, the voice's own rate).
    #[arg(long)]
    out: PathBuf,
    /// Language of the text.
    #[arg(long, default_value = "en")]
    lang: String,
    /// The text.
    #[arg(required = true)]
    text: Vec<String>,
}

/// Speaks the text clause by clause, as the bot does on a call.
pub(crate) fn run(args: &Args) -> Result<()> {
    let (rate, speak) = voice(&args.lang)?;
    let language = Languages::built_in().of(&args.lang);
    let today = Today::at(i64::try_from(clock::utc().as_millis())?, TimeZone::UTC);
    let mut audio = Vec::new();
    for clause in crate::call::clauses::split(&args.text.join(" ")) {
        let clause = language.map_or_else(|| clause.clone(), |language| language.spoken(&clause, &today));
        audio.extend(speak(&speakable(&clause, &args.lang))?);
        audio.extend(vec![0.0; (rate * pause_after_ms(&clause) / 1000) as usize]);
    }
    if audio.is_empty() {
        bail!("there is nothing to say in this text");
    }
    write_wav(&args.out, &to_pcm(&audio), rate)?;
    Ok(())
}

/// Says a clause.
type Speak = Box<dyn Fn(&str) -> Result<Vec<f32>, ModelError>>;

/// The voice of a language: its rate, and what speaks.
fn voice(language: &str) -> Result<(u32, Speak)> {
    if is_english(language) {
        let voice = Synthesiser::load(&Runtime::load(&ModelsDir::of_user()?)?, 1)?;
        return Ok((voice.rate(), Box::new(move |text| voice.speak(text, 1.0))));
    }
    let voice = EspeakVoice::new(language);
    Ok((voice.rate(), Box::new(move |text| voice.speak(text, 1.0))))
}
