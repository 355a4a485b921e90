//! The bot's voice by itself: how soon a clause can be heard that is spoken for the first time, and again, and how even they are.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::sync::mpsc;
use warmline_models::ModelsDir;

use super::figures::Figures;
use crate::{
    call::{
        clauses,
        flow::Flow,
        ids::{LegId, RequestId},
    },
    clock,
    speech::{CallSpeech, Options, Said, Speech, Tongue},
};

/// The first sound of a clause that was spoken before, and of a new one.
const CACHED_MS: f64 = 20.0;
const NEW_MS: f64 = 150.0;
/// Clauses are this far from −20 dBFS at most.
const UNEVEN_DB: f64 = 2.0;
/// Sound above this level (of a frame of 20 ms at 8 kHz) counts as speech: −50 dBFS.
const SPEECH_RMS: f64 = 104.0;
const FRAME: usize = 160;

/// A clause as it came.
struct Spoken {
    first_sound: Duration,
    sound: Vec<i16>,
}

pub(super) async fn measure(models: &ModelsDir, figures: &mut Figures) -> Result<()> {
    let cache = Folder(std::env::temp_dir().join(format!("warmline-bench-voice-{}", std::process::id())));
    let options = Options { models: models.clone(), cache: Some(cache.0.clone()), cache_bytes: 256_000_000, workers: 0, remote: None };
    let flow = Flow::parse(include_str!("../../../config/flows/support.en.yaml"), "support.en.yaml");
    let flow = Arc::new(flow.map_err(|mistakes| anyhow!("the example flow: {mistakes:?}"))?);
    let flows = [Arc::clone(&flow)];
    let (speech, heads) = tokio::task::spawn_blocking(move || Speech::start(&options, &flows)).await??;
    let (sender, _events) = mpsc::channel(1_024);
    let tongue = Tongue { language: flow.language.clone(), heads: heads.into_iter().next().context("heads of the flow")? };
    let mut call = speech.call(vec![tongue], sender);
    let answers = flow.knowledge.keys().filter_map(|key| flow.answer(key)).flat_map(|text| clauses::split(&text));
    let clauses: BTreeSet<String> = flow.first_clauses().into_iter().chain(answers).collect();
    // The voice is warm after the first sentence, as it is in a gateway.
    say(&mut call, 0, "One moment please.").await?;
    let (mut new, mut cached, mut levels) = (Vec::new(), Vec::new(), Vec::new());
    let mut slowest = (Duration::ZERO, "");
    for (id, clause) in (1..).zip(&clauses) {
        let spoken = say(&mut call, id, clause).await?;
        slowest = slowest.max((spoken.first_sound, clause));
        new.push(spoken.first_sound);
        levels.extend(level_db(&spoken.sound));
    }
    for (id, clause) in (10_000..).zip(&clauses) {
        cached.push(say(&mut call, id, clause).await?.first_sound);
    }
    figures.notes.push(format!("the slowest new clause, after {} ms: {:?}", slowest.0.as_millis(), slowest.1));
    figures.add_times("voice_first_sound_new", &new, &[(50, None), (95, Some(NEW_MS))]);
    figures.add_times("voice_first_sound_cached", &cached, &[(50, None), (95, Some(CACHED_MS))]);
    let furthest = levels.iter().map(|level| (level + 20.0).abs()).fold(0.0, f64::max);
    let (softest, loudest) = levels.iter().fold((0.0_f64, -99.0_f64), |(low, high), level| (low.min(*level), high.max(*level)));
    figures.add("voice_level_softest", softest, "dBFS", levels.len(), None);
    figures.add("voice_level_loudest", loudest, "dBFS", levels.len(), None);
    figures.add("voice_level_off", furthest, "dB", levels.len(), Some(UNEVEN_DB));
    Ok(())
}

async fn say(call: &mut CallSpeech, id: u64, clause: &str) -> Result<Spoken> {
    let asked: Instant = clock::now();
    call.speak(RequestId(id), LegId::CALLER, &[clause.to_owned()]);
    let (mut first_sound, mut sound) = (None, Vec::new());
    loop {
        match call.said().await.context("the voice has ended")? {
            Said::Chunk { chunk, .. } => {
                if !chunk.samples.is_empty() {
                    first_sound.get_or_insert_with(|| clock::now().saturating_duration_since(asked));
                }
                sound.extend_from_slice(&chunk.samples);
                if chunk.last {
                    return Ok(Spoken { first_sound: first_sound.with_context(|| format!("no sound: {clause}"))?, sound });
                }
            }
            Said::Failed { .. } => bail!("the voice has failed: {clause}"),
        }
    }
}

/// The level of the speech in a clause, without its pauses; none if there is none.
fn level_db(sound: &[i16]) -> Option<f64> {
    let rms = |frame: &[i16]| (frame.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / frame.len() as f64).sqrt();
    let speech: Vec<f64> = sound.chunks_exact(FRAME).map(rms).filter(|rms| *rms > SPEECH_RMS).collect();
    let mean = speech.iter().map(|rms| rms * rms).sum::<f64>() / speech.len() as f64;
    (!speech.is_empty()).then(|| 20.0 * (mean.sqrt() / f64::from(i16::MAX)).log10())
}

/// What was spoken is kept there, and removed at the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let path: &Path = &self.0;
        let _nothing_was_kept = std::fs::remove_dir_all(path);
    }
}
