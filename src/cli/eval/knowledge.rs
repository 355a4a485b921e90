//! `warmline eval knowledge`: questions with a fixed answer.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::{
    call::understanding::Before,
    cli::eval::{Common, report, scores, scores::Judged, sheet, table::Table},
    clock,
};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let common = &args.common;
    let names = common.names()?;
    let meant = |row: &sheet::Row| match &row.knowledge {
        Some(key) => Some(key.clone()),
        None => row.labels().first().map(|label| names.of(label)),
    };
    let rows: Vec<(sheet::Row, Option<String>)> =
        common.rows()?.into_iter().filter_map(|row| meant(&row).map(|wanted| (row, wanted))).collect();
    ensure!(!rows.is_empty(), "no line says which entry answers it (`knowledge` or `label`)");
    let (flow, heads) = common.heads()?;
    let (mut table, mut judged, mut misses) = (Table::default(), Vec::new(), Vec::new());
    let began = clock::now();
    for (row, wanted) in &rows {
        let understanding = heads.understand(&Before::default(), &row.asked.shown())?;
        let best = understanding.knowledge.first();
        let intent = flow.intent_of(&understanding).map_or(0.0, |intent| intent.score);
        let found = best.filter(|best| best.score >= flow.understanding.knowledge && best.score > intent).map(|best| best.name.clone());
        table.add(wanted.as_deref(), found.as_deref());
        let right = best.map(|best| &best.name) == wanted.as_ref();
        judged.push(Judged { score: best.map_or(0.0, |best| best.score), wanted: wanted.is_some(), right });
        if found != *wanted {
            let (wanted, found) = (wanted.as_deref().unwrap_or("none"), found.as_deref().unwrap_or("none"));
            misses.push(format!("{wanted} → {found} ({best:?}): {}", row.asked.shown()));
        }
    }
    let ms = report::ms_each(began.elapsed(), rows.len());
    let mut lines = vec![
        format!("{} sentences, {ms:.1} ms a sentence", rows.len()),
        format!("answered rightly {}, left alone rightly {}", report::percent(table.in_scope()), report::percent(table.out_of_scope())),
        String::new(),
    ];
    lines.extend(table.lines());
    lines.push(String::new());
    lines.extend(scores::lines(&judged, 1.0, true));
    let figures = json!({ "part": "knowledge", "ms_each": ms, "table": table.json(), "scores": scores::json(&judged, 1.0) });
    report::finish(common, &lines, &misses, &figures)
}
