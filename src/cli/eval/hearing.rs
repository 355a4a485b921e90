//! `warmline eval hearing FOLDER`: recordings with their texts → word errors and how far the confidence can be trusted; clean, in babble and with lost packets.
//!
//! The folder holds WAV files and `texts.jsonl`, a line for each: `{"id", "text"}`; `id` is the file's name without its ending. With `value` the recording is
//! a number of so many digits that the flow has asked for, and must be read as exactly that.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use warmline_models::{Callers, ModelsDir, RECOGNISER_RATE, Recogniser, Runtime, Transcript, read_wav, resample, to_pcm};

use crate::{
    call::{
        action::Digits,
        flow::{
            definition::{DigitsDef, ReadDef},
            lexicon,
            slot::{Reader, Reading},
            text,
        },
    },
    cli::eval::{damage::Damage, words},
    phone::Sound,
    speech::Numbers,
};

/// Bands of confidence in the reliability table.
const BANDS: usize = 10;

/// What to hear.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The recordings, with `texts.jsonl`.
    folder: PathBuf,
    /// Say every text of `texts.jsonl` first, by voices that are nearly people's (`warmline models pull --callers`).
    #[arg(long)]
    make: bool,
    /// Language of the speech.
    #[arg(long, default_value = "en")]
    lang: String,
    /// Take only these of `clean`, `babble` (15 dB of the folder's other voices), `loss` (5 % of the packets, concealed).
    #[arg(long, value_delimiter = ',', default_value = "clean,babble,loss")]
    conditions: Vec<Damage>,
    /// Show what was heard wrong.
    #[arg(long)]
    misses: bool,
    /// Where the figures go as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// One labelled recording.
#[derive(Debug, Deserialize)]
struct Label {
    id: String,
    text: String,
    value: Option<String>,
}

/// A recording as the telephone brings it: 8 kHz.
struct Recording {
    label: Label,
    sound: Vec<f32>,
}

/// The figures of one condition.
#[derive(Debug, Default, Serialize)]
struct Figures {
    recordings: usize,
    words: usize,
    word_errors: usize,
    exact: usize,
    numbers: usize,
    numbers_exact: usize,
    numbers_wrong: usize,
    /// Expected calibration error: how far confidence and the share of right words are apart; of a number all is right or nothing.
    calibration_error: f64,
    reliability: Vec<Band>,
}

/// Texts of one band of confidence.
#[derive(Debug, Default, Clone, Serialize)]
struct Band {
    from: f64,
    texts: usize,
    mean_confidence: f64,
    /// Share of the words that are right.
    right: f64,
    /// Share of the texts that are right in every word.
    exact: f64,
}

/// Runs every condition.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.lang != "en" {
        bail!("language {}: only `en` has a recogniser here", args.lang);
    }
    let runtime = Runtime::load(&ModelsDir::of_user()?)?;
    if args.make {
        make(&args.folder, &Callers::load(&runtime)?)?;
    }
    let recordings = load(&args.folder)?;
    let recogniser = Recogniser::load(&runtime, 1)?;
    let mut all = BTreeMap::new();
    for damage in &args.conditions {
        let figures = condition(&recogniser, &recordings, *damage, args)?;
        show(*damage, &figures)?;
        all.insert(damage.to_string(), figures);
    }
    if let Some(path) = &args.json {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        serde_json::to_writer_pretty(file, &all)?;
    }
    Ok(())
}

/// Has the texts said, by one voice after the other.
fn make(folder: &Path, callers: &Callers) -> Result<()> {
    let people = callers.of("en");
    ensure!(!people.is_empty(), "nobody speaks");
    for (index, label) in labels(folder)?.iter().enumerate() {
        let said = callers.speak(people[index % people.len()], &label.text, 1.0)?;
        Sound::through_telephone(&to_pcm(&said), Callers::RATE).write(&folder.join(format!("{}.wav", label.id)))?;
    }
    Ok(())
}

fn labels(folder: &Path) -> Result<Vec<Label>> {
    let list = folder.join("texts.jsonl");
    let lines = fs::read_to_string(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let lines = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| serde_json::from_str(line).with_context(|| format!("{}, line {}", list.display(), number + 1))).collect()
}

fn load(folder: &Path) -> Result<Vec<Recording>> {
    let mut recordings = Vec::new();
    for label in labels(folder)? {
        let audio = read_wav(&folder.join(format!("{}.wav", label.id)))?;
        recordings.push(Recording { label, sound: resample(&audio.samples, audio.rate, super::damage::RATE)? });
    }
    if recordings.is_empty() {
        bail!("{} names no recordings", folder.join("texts.jsonl").display());
    }
    Ok(recordings)
}

fn condition(recogniser: &Recogniser, recordings: &[Recording], damage: Damage, args: &Args) -> Result<Figures> {
    let mut figures = Figures::default();
    let mut bands = vec![Band::default(); BANDS];
    let others: Vec<&[f32]> = recordings.iter().map(|recording| recording.sound.as_slice()).collect();
    for (index, recording) in recordings.iter().enumerate() {
        let sound = damage.of(index, &others);
        let heard = hear(recogniser, &resample(&sound, super::damage::RATE, RECOGNISER_RATE)?, recording, &args.lang)?;
        let (expected, got) = (text::words(&recording.label.text), text::words(&heard.text));
        let errors = words::errors(&words::plain(&expected), &words::plain(&got));
        let number = recording.label.value.as_ref().map(|value| (value, read(&heard.text, value, &args.lang)));
        let right = number.as_ref().map_or(errors == 0, |(value, read)| read.as_ref() == Some(*value));
        figures.recordings += 1;
        figures.words += words::plain(&expected).len();
        figures.word_errors += errors;
        figures.exact += usize::from(errors == 0);
        if let Some((value, read)) = &number {
            figures.numbers += 1;
            figures.numbers_exact += usize::from(right);
            figures.numbers_wrong += usize::from(read.as_ref().is_some_and(|read| read != *value));
        }
        if args.misses && !right {
            eprintln!("{damage} {} {:.2}: “{}” instead of “{}”", recording.label.id, heard.confidence, heard.text, recording.label.text);
        }
        let share = if number.is_some() { f64::from(u8::from(right)) } else { share_right(errors, words::plain(&expected).len()) };
        put(&mut bands, f64::from(heard.confidence), share, right);
    }
    figures.calibration_error = bands.iter().map(|band| band.texts as f64 * (band.mean_confidence - band.right).abs()).sum::<f64>()
        / figures.recordings.max(1) as f64;
    figures.reliability = bands.into_iter().filter(|band| band.texts > 0).collect();
    Ok(figures)
}

/// Words that were put in count as wrong as those that were missed.
fn share_right(errors: usize, words: usize) -> f64 {
    (1.0 - errors as f64 / words.max(1) as f64).max(0.0)
}

fn put(bands: &mut [Band], confidence: f64, right: f64, exact: bool) {
    let index = ((confidence * BANDS as f64) as usize).min(BANDS - 1);
    let band = &mut bands[index];
    band.from = index as f64 / BANDS as f64;
    let texts = band.texts as f64;
    let mean = |old: f64, more: f64| (old * texts + more) / (texts + 1.0);
    band.mean_confidence = mean(band.mean_confidence, confidence);
    band.right = mean(band.right, right);
    band.exact = mean(band.exact, f64::from(u8::from(exact)));
    band.texts += 1;
}

/// As in a call: where a number was asked for, it is looked for.
fn hear(recogniser: &Recogniser, audio: &[f32], recording: &Recording, language: &str) -> Result<Transcript> {
    let digits = recording.label.value.as_ref().map(|value| Digits { least: value.len(), most: value.len() });
    Ok(match digits.and_then(|digits| Numbers::of(language, digits)) {
        Some(numbers) => numbers.hear(recogniser, audio, &|| false)?,
        None => recogniser.transcribe_well(audio, &|| true, &|| false)?,
    })
}

fn read(heard: &str, value: &str, language: &str) -> Option<String> {
    let reader = Reader::new(ReadDef::Digits(DigitsDef { least: value.len(), most: value.len() }), None);
    match reader.read(heard, "", jiff::civil::date(2026, 11, 23), lexicon::of(language)?) {
        Reading::Value { value, .. } => Some(value),
        Reading::Part { .. } | Reading::Nothing => None,
    }
}

fn show(damage: Damage, figures: &Figures) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let share = |part: usize, whole: usize| part as f64 * 100.0 / whole.max(1) as f64;
    let rate = share(figures.word_errors, figures.words);
    writeln!(
        out,
        "{damage}: {} recordings, word error rate {rate:.1} %, {:.1} % exact",
        figures.recordings,
        share(figures.exact, figures.recordings)
    )?;
    if figures.numbers > 0 {
        let exact = share(figures.numbers_exact, figures.numbers);
        writeln!(out, "    numbers: {exact:.1} % of {} exact, {} taken for another", figures.numbers, figures.numbers_wrong)?;
    }
    writeln!(out, "    calibration error {:.3}\n    confidence  texts   mean  words right  texts right", figures.calibration_error)?;
    for band in &figures.reliability {
        writeln!(
            out,
            "    from {:.1}    {:6}   {:.2}         {:.2}         {:.2}",
            band.from, band.texts, band.mean_confidence, band.right, band.exact
        )?;
    }
    Ok(())
}
