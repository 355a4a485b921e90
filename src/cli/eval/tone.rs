//! `warmline eval tone`: anger, frustration, sarcasm and gratitude in the words.

use anyhow::{Result, bail, ensure};
use serde_json::json;

use crate::{
    call::understanding::{Tone, Understanding},
    cli::eval::{Common, report, scores, scores::Judged, sheet, table::ratio},
    clock,
    understand::Understander,
};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

/// A tone: how its score is read, the labels that are it, and labels so near that they say neither yes nor no.
struct Kind {
    name: &'static str,
    score: fn(&Tone) -> f32,
    is: &'static [&'static str],
    near: &'static [&'static str],
}

const KINDS: [Kind; 4] = [
    Kind { name: "anger", score: |tone| tone.anger, is: &["anger"], near: &["annoyance", "disgust", "disapproval", "frustration"] },
    Kind {
        name: "frustration",
        score: |tone| tone.frustration,
        is: &["annoyance", "disappointment", "frustration"],
        near: &["anger", "disgust", "disapproval", "sadness"],
    },
    Kind { name: "sarcasm", score: |tone| tone.sarcasm, is: &["sarcasm"], near: &[] },
    Kind { name: "gratitude", score: |tone| tone.gratitude, is: &["gratitude", "thanks"], near: &["joy", "trust"] },
];

/// Scores at which recall and false alarms are told.
const AT: [f32; 4] = [0.3, 0.5, 0.7, 0.85];

pub(super) fn run(args: &Args) -> Result<()> {
    let common = &args.common;
    let rows: Vec<sheet::Row> = common.rows()?.into_iter().filter(|row| !row.labels().is_empty()).collect();
    ensure!(!rows.is_empty(), "no line says its tone (`tone`, `label`, `labels` or `sarcastic`)");
    let (flow, heads) = common.heads()?;
    ensure!(flow.escalation.tone, "this flow does not look at tone (`escalation.tone: false`)");
    let began = clock::now();
    let tones = rows.iter().map(|row| Ok(understood(&heads, row)?.tone)).collect::<Result<Vec<Tone>>>()?;
    let ms = report::ms_each(began.elapsed(), rows.len());
    let (mut lines, mut misses, mut figures) = (vec![format!("{} sentences, {ms:.1} ms a sentence", rows.len())], Vec::new(), Vec::new());
    lines.push(format!("{:<12} {:>9} {:>6}   {}", "tone", "sentences", "AUC", AT.map(|at| format!("found / alarms at {at:<5}")).join("")));
    for kind in &KINDS {
        let judged: Vec<Judged> = rows.iter().zip(&tones).filter_map(|(row, tone)| judge(kind, row, tone)).collect();
        let wanted = judged.iter().filter(|it| it.wanted).count();
        if wanted == 0 {
            continue;
        }
        let at = AT.map(|at| format!("{:>9} / {:<12}", share(&judged, true, at), share(&judged, false, at)));
        lines.push(format!("{:<12} {wanted:>9} {:>6.3}   {}", kind.name, scores::auc(&judged).unwrap_or_default(), at.join("")));
        figures.push(json!({ "tone": kind.name, "sentences": wanted, "scores": scores::json(&judged, 1.0) }));
        misses.extend(rows.iter().zip(&tones).filter_map(|(row, tone)| {
            let it = judge(kind, row, tone)?;
            (it.wanted != (it.score >= 0.5)).then(|| format!("{} {:.2} {:?}: {}", kind.name, it.score, row.labels(), row.asked.shown()))
        }));
    }
    report::finish(common, &lines, &misses, &json!({ "part": "tone", "sentences": rows.len(), "ms_each": ms, "tones": figures }))
}

/// The last turn of a conversation, heard after what was said before.
fn understood(heads: &Understander, row: &sheet::Row) -> Result<Understanding> {
    let Some((_, text, before)) = row.asked.heard().pop() else { bail!("a line says nothing: {}", row.asked.shown()) };
    Ok(heads.understand(&before.unwrap_or_default(), text)?)
}

fn judge(kind: &Kind, row: &sheet::Row, tone: &Tone) -> Option<Judged> {
    let labels = row.labels();
    let is = labels.iter().any(|label| kind.is.contains(label));
    let unclear = !is && labels.iter().any(|label| kind.near.contains(label));
    // Sets about sarcasm say nothing about the other tones, and the other way round.
    let foreign = (kind.name == "sarcasm") != labels.iter().any(|label| label.ends_with("sarcasm")) && !labels.contains(&"neutral");
    (!unclear && (is || !foreign)).then(|| Judged { score: (kind.score)(tone), wanted: is, right: is })
}

fn share(judged: &[Judged], wanted: bool, at: f32) -> String {
    let of: Vec<&Judged> = judged.iter().filter(|it| it.wanted == wanted).collect();
    report::percent(ratio(of.iter().filter(|it| it.score >= at).count(), of.len()))
}
