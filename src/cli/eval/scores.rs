//! What scores are worth: thresholds, calibration, order.

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::eval::table::ratio;

/// Bins of the reliability table.
const BINS: usize = 10;
/// Steps of the threshold sweep.
const STEPS: u8 = 20;

/// A score with what became of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged {
    /// The score, 0..=1 where it is calibrated.
    pub(super) score: f32,
    /// Should it have been accepted (a sentence that has an intent; a call for a human that was due)?
    pub(super) wanted: bool,
    /// Was what the score belongs to right?
    pub(super) right: bool,
}

/// What a threshold would have given.
#[derive(Debug, Serialize)]
pub(super) struct AtThreshold {
    threshold: f64,
    /// Of what should be accepted: accepted, and right.
    right: Option<f64>,
    /// Of what should not be accepted: not accepted.
    rejected: Option<f64>,
}

/// The threshold from 0 to `most`, in even steps.
pub(super) fn sweep(judged: &[Judged], most: f64) -> Vec<AtThreshold> {
    let (wanted, unwanted): (Vec<&Judged>, Vec<&Judged>) = judged.iter().partition(|it| it.wanted);
    let at = |step: u8| {
        let threshold = most * f64::from(step) / f64::from(STEPS);
        let accepted = |it: &Judged| f64::from(it.score) >= threshold;
        AtThreshold {
            threshold,
            right: ratio(wanted.iter().filter(|it| accepted(it) && it.right).count(), wanted.len()),
            rejected: ratio(unwanted.iter().filter(|it| !accepted(it)).count(), unwanted.len()),
        }
    };
    (1..STEPS).map(at).collect()
}

/// One row of the reliability table.
#[derive(Debug, Serialize)]
pub(super) struct Bin {
    from: f64,
    count: usize,
    mean_score: f64,
    right: f64,
}

/// Scores in bins against how often they were right.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "ten bins of scores from 0 to 1")]
pub(super) fn reliability(judged: &[Judged]) -> Vec<Bin> {
    let bin_of = |it: &Judged| ((f64::from(it.score.clamp(0.0, 1.0)) * BINS as f64) as usize).min(BINS - 1);
    (0..BINS)
        .filter_map(|bin| {
            let inside: Vec<&Judged> = judged.iter().filter(|it| bin_of(it) == bin).collect();
            let right = ratio(inside.iter().filter(|it| it.wanted && it.right).count(), inside.len())?;
            let mean_score = inside.iter().map(|it| f64::from(it.score)).sum::<f64>() / inside.len() as f64;
            Some(Bin { from: bin as f64 / BINS as f64, count: inside.len(), mean_score, right })
        })
        .collect()
}

/// The mean distance between a score and how often it was right, weighted by how many there are.
#[expect(clippy::cast_precision_loss, reason = "sentences are few")]
pub(super) fn calibration_error(bins: &[Bin]) -> f64 {
    let all: usize = bins.iter().map(|bin| bin.count).sum();
    bins.iter().map(|bin| (bin.mean_score - bin.right).abs() * bin.count as f64).sum::<f64>() / all.max(1) as f64
}

/// How often a wanted one has a higher score than an unwanted one (the area under the ROC curve).
pub(super) fn auc(judged: &[Judged]) -> Option<f64> {
    let mut sorted: Vec<&Judged> = judged.iter().collect();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    let (mut below, mut wins, mut wanted) = (0_usize, 0_usize, 0_usize);
    // Equal scores are half a win: counted twice, then halved.
    for same in sorted.chunk_by(|a, b| a.score == b.score) {
        let high = same.iter().filter(|it| it.wanted).count();
        wins += high * (2 * below + same.len() - high);
        wanted += high;
        below += same.len() - high;
    }
    ratio(wins, 2 * wanted * below)
}

/// As lines for people.
pub(super) fn lines(judged: &[Judged], most: f64, calibrated: bool) -> Vec<String> {
    let percent = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let mut lines = vec![format!("{:>9} {:>10} {:>10}", "threshold", "right", "rejected")];
    lines.extend(
        sweep(judged, most).iter().map(|at| format!("{:>9.2} {:>10} {:>10}", at.threshold, percent(at.right), percent(at.rejected))),
    );
    if calibrated {
        let bins = reliability(judged);
        lines.extend([String::new(), format!("{:>9} {:>10} {:>10} {:>10}", "score", "sentences", "mean", "right")]);
        lines.extend(bins.iter().map(|bin| format!("{:>8.1}+ {:>10} {:>10.2} {:>10.2}", bin.from, bin.count, bin.mean_score, bin.right)));
        lines.push(format!("calibration error {:.3}", calibration_error(&bins)));
    }
    lines
}

/// As JSON.
pub(super) fn json(judged: &[Judged], most: f64) -> Value {
    let bins = reliability(judged);
    json!({ "sweep": sweep(judged, most), "calibration_error": calibration_error(&bins), "reliability": bins, "auc": auc(judged) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn it(score: f32, wanted: bool) -> Judged {
        Judged { score, wanted, right: wanted }
    }

    #[test]
    fn order_is_worth_what_it_says() {
        assert_eq!(auc(&[it(0.9, true), it(0.1, false)]), Some(1.0));
        assert_eq!(auc(&[it(0.5, true), it(0.5, false)]), Some(0.5));
        assert_eq!(auc(&[it(0.2, true), it(0.8, false), it(0.1, false)]), Some(0.5));
        assert_eq!(auc(&[it(0.2, true)]), None);
    }

    #[test]
    fn bins_say_how_often_a_score_is_right() {
        let bins = reliability(&[it(0.95, true), it(0.91, false), it(0.05, false)]);
        assert_eq!((bins.len(), bins[1].count, bins[1].right), (2, 2, 0.5));
        assert!(calibration_error(&bins) > 0.0);
    }
}
