//! `warmline eval escalation`: when a human is called, and why.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::{
    cli::{
        eval::{Common, report, scores, scores::Judged, sheet, table::ratio},
        understand::Player,
    },
    clock,
};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

/// Counts of one reason.
#[derive(Debug, Default)]
struct Counts {
    due: usize,
    called: usize,
    for_this: usize,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let common = &args.common;
    let rows: Vec<(sheet::Row, bool)> = common.rows()?.into_iter().filter_map(|row| row.escalate.map(|due| (row, due))).collect();
    ensure!(!rows.is_empty(), "no line says whether a human should be called (`escalate`)");
    let (flow, heads) = common.heads()?;
    let threshold = f64::from(flow.escalation.threshold);
    let player = Player::new(flow, heads);
    let (mut judged, mut misses, mut by_reason) = (Vec::new(), Vec::new(), BTreeMap::<&str, Counts>::new());
    let (mut hits, mut alarms) = (0, 0);
    let began = clock::now();
    for (row, due) in &rows {
        let told = player.play(&row.asked);
        judged.push(Judged { score: told.score, wanted: *due, right: *due });
        hits += usize::from(*due && told.escalate);
        alarms += usize::from(!*due && told.escalate);
        if *due {
            let counts = by_reason.entry(row.reason.as_deref().unwrap_or("(no reason given)")).or_default();
            counts.due += 1;
            counts.called += usize::from(told.escalate);
            counts.for_this += usize::from(told.escalate && row.reason.as_ref().is_none_or(|reason| told.reasons.contains(reason)));
        }
        if told.escalate != *due {
            let what = if *due { "missed" } else { "false alarm" };
            misses.push(format!("{what} {:.2} {:?}: {}", told.score, told.reasons, row.asked.shown()));
        }
    }
    let ms = report::ms_each(began.elapsed(), rows.len());
    let due = rows.iter().filter(|(_, due)| *due).count();
    let (recall, false_alarms) = (ratio(hits, due), ratio(alarms, rows.len() - due));
    let mut lines = vec![
        format!("{} lines, {ms:.1} ms each", rows.len()),
        format!("recall {}, false alarms {}", report::percent(recall), report::percent(false_alarms)),
        String::new(),
        format!("{:<28} {:>5} {:>8} {:>12}", "reason", "due", "called", "for this"),
    ];
    lines.extend(by_reason.iter().map(|(reason, it)| {
        let share = |part| report::percent(ratio(part, it.due));
        format!("{reason:<28} {:>5} {:>8} {:>12}", it.due, share(it.called), share(it.for_this))
    }));
    lines.push(String::new());
    lines.extend(scores::lines(&judged, threshold * 2.0, false));
    let reasons: Vec<_> = by_reason
        .iter()
        .map(|(reason, it)| json!({ "reason": reason, "due": it.due, "called": it.called, "for_this": it.for_this }))
        .collect();
    let figures = json!({
        "part": "escalation", "lines": rows.len(), "ms_each": ms, "recall": recall, "false_alarms": false_alarms, "reasons": reasons,
        "scores": scores::json(&judged, threshold * 2.0),
    });
    report::finish(common, &lines, &misses, &figures)
}
