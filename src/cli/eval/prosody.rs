//! `warmline eval prosody FOLDER`: how well a raised voice is told from a calm one.
//!
//! `FOLDER/turns.jsonl` has one line for each turn, the turns of a speaker in their order: `{"file", "speaker", "label": "angry" | "calm"}`, and perhaps
//! `"kind"` and `"voice"`, by which the figures are broken down. A turn in which no voice can be measured counts as calm.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use warmline_models::{PROSODY_RATE, read_wav, resample};

use crate::{
    call::{
        escalation::policy::EscalationPolicy,
        prosody::{Baseline, Judgement},
    },
    speech::measure_voice,
};

/// Edges of the reliability table.
const BINS: [f32; 6] = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9];

/// What to measure on.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder.
    folder: PathBuf,
    /// Score from which a voice counts as raised; the default of flows if left out.
    #[arg(long)]
    above: Option<f32>,
    /// The figures as JSON.
    #[arg(long)]
    json: bool,
    /// One JSON line for each turn instead of the figures.
    #[arg(long)]
    rows: bool,
}

#[derive(Debug, Deserialize)]
struct Turn {
    file: PathBuf,
    speaker: String,
    label: Label,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    voice: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Label {
    Angry,
    Calm,
}

#[derive(Debug, Serialize)]
struct Row {
    file: PathBuf,
    label: Label,
    kind: String,
    voice: String,
    score: f32,
    /// Standard deviations above the caller's own turns; 0 where nothing could be measured.
    rise: BTreeMap<&'static str, f32>,
    words: Option<String>,
}

#[derive(Debug, Serialize)]
struct Figures {
    turns: usize,
    angry: usize,
    unmeasured: usize,
    /// Of all pairs of an angry and a calm turn, the share in which the angry one has the higher score.
    auc: Option<f32>,
    above: f32,
    recall: f32,
    false_alarms: f32,
    auc_by_voice: BTreeMap<String, Option<f32>>,
    /// Turns, and the share of them that counts as raised.
    raised_by_kind: BTreeMap<String, (usize, f32)>,
    reliability: Vec<Bin>,
}

/// Turns whose scores are alike: a calibrated score is as often right as it says.
#[derive(Debug, Serialize)]
struct Bin {
    from: f32,
    turns: usize,
    score: f32,
    angry: f32,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let rows = rows(&args.folder)?;
    if args.rows {
        let mut out = std::io::stdout().lock();
        for row in &rows {
            writeln!(out, "{}", serde_json::to_string(row)?)?;
        }
        return Ok(());
    }
    let figures = figures(&rows, args.above.unwrap_or_else(|| EscalationPolicy::default().raised_voice_above));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        show(&figures);
    }
    Ok(())
}

fn rows(folder: &Path) -> Result<Vec<Row>> {
    let list = folder.join("turns.jsonl");
    let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let mut speakers: BTreeMap<String, Baseline> = BTreeMap::new();
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let turn: Turn = serde_json::from_str(line).with_context(|| format!("{}:{}", list.display(), number + 1))?;
        let audio = read_wav(&folder.join(&turn.file))?;
        let line = resample(&audio.samples, audio.rate, PROSODY_RATE)?;
        let judged = measure_voice(&line).map(|voice| speakers.entry(turn.speaker.clone()).or_default().hear(&voice, false));
        rows.push(row(turn, judged.as_ref()));
    }
    if rows.is_empty() {
        bail!("{}: no turns", list.display());
    }
    Ok(rows)
}

fn row(turn: Turn, judged: Option<&Judgement>) -> Row {
    let rise = judged.map(|judged| judged.rise).unwrap_or_default();
    Row {
        file: turn.file,
        label: turn.label,
        kind: turn.kind.unwrap_or_default(),
        voice: turn.voice.unwrap_or(turn.speaker),
        score: judged.map_or(0.0, |judged| judged.score),
        rise: [("level", rise.level), ("pitch", rise.pitch), ("pace", rise.pace), ("tilt", rise.tilt)].into(),
        words: judged.map(Judgement::in_words),
    }
}

fn figures(rows: &[Row], above: f32) -> Figures {
    let of = |label: Label| rows.iter().filter(move |row| row.label == label);
    let all: Vec<&Row> = rows.iter().collect();
    let by = |key: fn(&Row) -> &String| {
        let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        rows.iter().for_each(|row| groups.entry(key(row).clone()).or_default().push(row));
        groups
    };
    let raised = |group: &[&Row]| share(group.iter().filter(|row| row.score >= above).count(), group.len());
    Figures {
        turns: rows.len(),
        angry: of(Label::Angry).count(),
        unmeasured: rows.iter().filter(|row| row.words.is_none()).count(),
        auc: auc(&all),
        above,
        recall: raised(&of(Label::Angry).collect::<Vec<_>>()),
        false_alarms: raised(&of(Label::Calm).collect::<Vec<_>>()),
        auc_by_voice: by(|row| &row.voice).into_iter().map(|(voice, group)| (voice, auc(&group))).collect(),
        raised_by_kind: by(|row| &row.kind).into_iter().map(|(kind, group)| (kind, (group.len(), raised(&group)))).collect(),
        reliability: reliability(rows),
    }
}

/// The area under the curve of recall over false alarms, by counting pairs; none if one of the labels is missing.
#[expect(clippy::cast_precision_loss, reason = "pairs of a few thousand turns")]
fn auc(rows: &[&Row]) -> Option<f32> {
    let scores = |label: Label| rows.iter().filter(move |row| row.label == label).map(|row| row.score);
    let (mut won, mut pairs) = (0.0f64, 0usize);
    for angry in scores(Label::Angry) {
        for calm in scores(Label::Calm) {
            pairs += 1;
            won += if angry > calm { 1.0 } else { f64::from(u8::from(angry >= calm)) / 2.0 };
        }
    }
    (pairs > 0).then(|| (won / pairs as f64) as f32)
}

fn reliability(rows: &[Row]) -> Vec<Bin> {
    let bin = |at: usize| {
        let to = BINS.get(at + 1).copied().unwrap_or(f32::INFINITY);
        let within: Vec<&Row> = rows.iter().filter(|row| (BINS[at]..to).contains(&row.score)).collect();
        let angry = within.iter().filter(|row| row.label == Label::Angry).count();
        let score = within.iter().map(|row| row.score).sum::<f32>() / within.len().max(1) as f32;
        Bin { from: BINS[at], turns: within.len(), score, angry: share(angry, within.len()) }
    };
    (0..BINS.len()).map(bin).collect()
}

fn share(part: usize, of: usize) -> f32 {
    part as f32 / of.max(1) as f32
}

fn show(figures: &Figures) {
    let number = |auc: Option<f32>| auc.map_or("  –".to_owned(), |auc| format!("{auc:.3}"));
    println!("{} turns, {} angry; in {} no voice could be measured", figures.turns, figures.angry, figures.unmeasured);
    println!("AUC {}", number(figures.auc));
    println!("from {:.2}: recall {:.1} %, false alarms {:.1} %", figures.above, 100.0 * figures.recall, 100.0 * figures.false_alarms);
    println!("\nAUC by voice");
    figures.auc_by_voice.iter().for_each(|(voice, auc)| println!("  {voice:<28} {}", number(*auc)));
    println!("\nraised, by kind of turn");
    figures.raised_by_kind.iter().for_each(|(kind, (turns, raised))| println!("  {kind:<28} {:5.1} % of {turns}", 100.0 * raised));
    println!("\nreliability: score and share that was angry");
    for bin in figures.reliability.iter().filter(|bin| bin.turns > 0) {
        println!("  from {:.1}  {:.2}  {:.2}  of {}", bin.from, bin.score, bin.angry, bin.turns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(label: Label, score: f32) -> Row {
        Row { file: PathBuf::new(), label, kind: String::new(), voice: "a".to_owned(), score, rise: BTreeMap::new(), words: None }
    }

    #[test]
    fn the_area_counts_pairs() {
        let rows = [row(Label::Angry, 0.9), row(Label::Angry, 0.4), row(Label::Calm, 0.4), row(Label::Calm, 0.1)];
        let figures = figures(&rows, 0.5);
        assert_eq!(figures.auc, Some(0.875));
        assert_eq!((figures.recall, figures.false_alarms), (0.5, 0.0));
        assert_eq!(super::auc(&[&rows[0]]), None);
    }
}
