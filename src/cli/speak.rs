//! `warmline speak --out FILE TEXT`: what the bot would say, as a WAV file.

use std::path::PathBuf;

use anyhow::{Result, bail};
use warmline_models::{ModelsDir, Runtime, Synthesiser, pause_after_ms, speakable, to_pcm, write_wav};

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
    if args.lang != "en" {
        bail!("language {}: only `en` has a voice yet", args.lang);
    }
    let voice = Synthesiser::load(&Runtime::load(&ModelsDir::of_user()?)?, 1)?;
    let mut audio = Vec::new();
    for clause in crate::call::clauses::split(&args.text.join(" ")) {
        audio.extend(voice.speak(&speakable(&clause, &args.lang), 1.0)?);
        audio.extend(vec![0.0; (voice.rate() * pause_after_ms(&clause) / 1000) as usize]);
    }
    if audio.is_empty() {
        bail!("there is nothing to say in this text");
    }
    write_wav(&args.out, &to_pcm(&audio), voice.rate())?;
    Ok(())
}
