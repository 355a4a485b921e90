//! `warmline eval intents`: what callers want, and what is none of it.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde_json::json;
use warmline_models::IntentHead;

use crate::{
    cli::{
        eval::{Common, report, scores, scores::Judged, sheet, table::Table},
        flow::embedder,
        understand::Player,
    },
    clock,
};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Instead of a flow: build the head from the labelled sentences of this file, as the few-shot benchmarks do.
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
    /// Score from which an intent of `--train` is taken for meant.
    #[arg(long, default_value_t = 0.4)]
    threshold: f32,
}

/// What was found, with its score.
struct Guess {
    best: Option<String>,
    found: Option<String>,
    score: f32,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let common = &args.common;
    let names = common.names()?;
    let rows: Vec<(sheet::Row, Option<String>)> =
        common.rows()?.into_iter().filter_map(|row| row.wanted(&names).map(|wanted| (row, wanted))).collect();
    ensure!(!rows.is_empty(), "no line says what is wanted (`intent` or `label`)");
    let loaded = clock::now();
    let guess = guesser(args)?;
    let ready = loaded.elapsed();
    let (mut table, mut judged, mut misses) = (Table::default(), Vec::new(), Vec::new());
    let began = clock::now();
    for (row, wanted) in &rows {
        let it = guess(row)?;
        table.add(wanted.as_deref(), it.found.as_deref());
        judged.push(Judged { score: it.score, wanted: wanted.is_some(), right: it.best == *wanted });
        if it.found != *wanted {
            let (wanted, found) = (wanted.as_deref().unwrap_or("none"), it.found.as_deref().unwrap_or("none"));
            misses.push(format!("{wanted} → {found} ({} {:.2}): {}", it.best.unwrap_or_default(), it.score, row.asked.shown()));
        }
    }
    let ms = report::ms_each(began.elapsed(), rows.len());
    let mut lines = vec![
        format!("{} sentences, heads ready after {:.1} s, {ms:.1} ms a sentence", rows.len(), ready.as_secs_f64()),
        format!(
            "in scope right {}, taken for another {}, out of scope rejected {}",
            report::percent(table.in_scope()),
            report::percent(table.mistaken()),
            report::percent(table.out_of_scope())
        ),
        String::new(),
    ];
    lines.extend(table.lines());
    lines.push(String::new());
    lines.extend(scores::lines(&judged, 1.0, true));
    let figures = json!({ "part": "intents", "ready_s": ready.as_secs_f64(), "ms_each": ms, "table": table.json(), "scores": scores::json(&judged, 1.0) });
    report::finish(common, &lines, &misses, &figures)
}

/// What guesses a sentence.
type Guesser = Box<dyn Fn(&sheet::Row) -> Result<Guess>>;

/// How a sentence is guessed: by the flow, or by a head of its own.
fn guesser(args: &Args) -> Result<Guesser> {
    let Some(train) = &args.train else {
        let (flow, heads) = args.common.heads()?;
        let player = Player::new(flow, heads);
        return Ok(Box::new(move |row| {
            let told = player.play(&row.asked);
            let best = told.best_intent().map(|best| best.name.clone());
            Ok(Guess { best: told.intent.clone().or(best), score: told.confidence, found: told.intent })
        }));
    };
    let names = args.common.names()?;
    let embedder = embedder()?;
    let mut examples: Vec<(String, Vec<String>)> = Vec::new();
    for row in sheet::read(train)? {
        let Some(Some(label)) = row.wanted(&names) else { continue };
        let text = row.asked.shown();
        match examples.iter_mut().find(|(known, _)| *known == label) {
            Some((_, sentences)) => sentences.push(text),
            None => examples.push((label, vec![text])),
        }
    }
    let mut embedded = Vec::new();
    for (label, sentences) in &examples {
        embedded.push((label.clone(), embedder.embed_all(sentences)?));
    }
    let head = IntentHead::train("en", &embedded, &[])?;
    let threshold = args.threshold;
    Ok(Box::new(move |row| {
        let scores = head.scores(&embedder.embed(&row.asked.shown())?);
        let (best, score) = scores.first().map(|best| (Some(best.label.clone()), best.score)).unwrap_or_default();
        Ok(Guess { found: best.clone().filter(|_| score >= threshold), best, score })
    }))
}
