//! The figures.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;

use super::{
    label::Kind,
    overlaps::Overlap,
    pauses::{Ended, Turn},
};
use crate::call::flow::policy::TurnPolicy;

/// Mean delays for which the false cut-offs are told.
const DELAYS_MS: [u64; 3] = [300, 500, 800];
/// Share of false cut-offs for which the delay is told.
const CUT_OFFS: f64 = 0.05;
/// Patience is looked through from a fifth to five times, silence from 100 ms to 3 s.
const PATIENCES: std::ops::RangeInclusive<u32> = 4..=100;
const SILENCES_MS: std::ops::RangeInclusive<u64> = 4..=120;
/// A stop that takes longer was none of this interruption.
const STOPPED_MS: u64 = 1_500;

/// What turns come to at one patience.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Point {
    delay_ms: f64,
    cut_off: f64,
}

/// The ends of turns.
#[derive(Debug, Default, Serialize)]
struct Ends {
    turns: usize,
    /// With the flow's own pauses.
    as_it_is: Option<Point>,
    /// False cut-offs at mean delays in milliseconds; none: that soon no turn ends.
    at_delay: BTreeMap<u64, Option<f64>>,
    /// Mean delay at 5 % false cut-offs.
    delay_at_5_percent: Option<f64>,
}

/// What one kind of sound did to the bot.
#[derive(Debug, Default, Serialize)]
struct Effects {
    scenes: usize,
    /// Shares of them: the bot spoke lower, was still for a moment, gave up what it said.
    lower: f64,
    still: f64,
    gave_up: f64,
    /// Of those in which it went on: how long it was still, on average.
    still_ms: f64,
}

/// Everything.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    by_witnesses: Ends,
    by_silence: Ends,
    /// From an interruption's first sound to the bot's last one.
    stop_ms_p50: Option<u64>,
    stop_ms_p95: Option<u64>,
    recall: Option<f64>,
    recall_with_echo: Option<f64>,
    precision: Option<f64>,
    effects: BTreeMap<Kind, Effects>,
    echo_hours: f64,
    /// Times that the bot was still because of its own echo, in an hour of its speech.
    echo_stills_per_hour: Option<f64>,
    misses: Vec<String>,
    /// Every scene as it was heard.
    turns: Vec<Turn>,
    overlaps: Vec<Overlap>,
}

impl Report {
    pub(super) fn of(policy: &TurnPolicy, turns: &[Turn], overlaps: &[Overlap]) -> Self {
        let mut report = Self {
            by_witnesses: witnesses(policy, turns),
            by_silence: silence(turns),
            turns: turns.to_vec(),
            overlaps: overlaps.to_vec(),
            ..Self::default()
        };
        report.interruptions(overlaps);
        for kind in overlaps.iter().map(|overlap| overlap.kind) {
            report.effects.entry(kind).or_insert_with(|| effects(overlaps, kind));
        }
        let echoes: Vec<&Overlap> = overlaps.iter().filter(|overlap| overlap.kind == Kind::Echo).collect();
        report.echo_hours = echoes.iter().map(|overlap| overlap.spoken_ms as f64).sum::<f64>() / 3_600_000.0;
        let stills = echoes.iter().map(|overlap| f64::from(overlap.stills)).sum::<f64>();
        report.echo_stills_per_hour = (report.echo_hours > 0.0).then(|| stills / report.echo_hours);
        let cut = turns.iter().filter(|turn| turn.by_witnesses(policy, 1.0) == Ended::CutOff).map(|turn| {
            let pause = turn.pauses.first().map(|pause| (pause.heard.text.as_str(), pause.complete));
            format!("{} cut off: {pause:?}", turn.name)
        });
        let wrong = overlaps.iter().filter(|overlap| is_wrong(overlap)).map(|overlap| format!("{}: {overlap:?}", overlap.name));
        report.misses = cut.chain(wrong).collect();
        report
    }

    fn interruptions(&mut self, overlaps: &[Overlap]) {
        let all: Vec<&Overlap> = overlaps.iter().filter(|overlap| overlap.kind.interrupts()).collect();
        let mut times: Vec<u64> = all.iter().filter(|overlap| stopped(overlap)).filter_map(|overlap| overlap.still_after_ms).collect();
        times.sort_unstable();
        self.stop_ms_p50 = percentile(&times, 50);
        self.stop_ms_p95 = percentile(&times, 95);
        let recall = |of: &[&Overlap]| share(of.iter().filter(|overlap| stopped(overlap)).count(), of.len());
        self.recall = recall(&all);
        self.recall_with_echo = recall(&all.iter().copied().filter(|overlap| overlap.echo).collect::<Vec<_>>());
        let wrong = overlaps.iter().filter(|overlap| !overlap.kind.interrupts() && overlap.gave_up).count();
        self.precision = share(times.len(), times.len() + wrong);
    }

    /// For people.
    pub(super) fn text(&self, misses: bool) -> String {
        let mut out = String::new();
        for (name, ends) in [("words, sound, meaning", &self.by_witnesses), ("silence alone", &self.by_silence)] {
            let _ = writeln!(out, "end of turn by {name} ({} turns)", ends.turns);
            for (ms, cut) in &ends.at_delay {
                let _ = writeln!(out, "  false cut-offs at {ms} ms mean delay   {}", percent(*cut));
            }
            let delay = ends.delay_at_5_percent.map_or("-".to_owned(), |ms| format!("{ms:.0} ms"));
            let _ = writeln!(out, "  mean delay at 5 % false cut-offs    {delay}");
            if let Some(point) = ends.as_it_is {
                let _ = writeln!(out, "  as the flow has it: {:.0} ms, {}", point.delay_ms, percent(Some(point.cut_off)));
            }
        }
        let ms = |value: Option<u64>| value.map_or("-".to_owned(), |ms| format!("{ms} ms"));
        let _ = writeln!(out, "interruptions: stopped after {} (p50), {} (p95)", ms(self.stop_ms_p50), ms(self.stop_ms_p95));
        let (recall, echo) = (percent(self.recall), percent(self.recall_with_echo));
        let _ = writeln!(out, "  recall {recall}, over an echo {echo}, precision {}", percent(self.precision));
        for (kind, effects) in &self.effects {
            let Effects { scenes, lower, still, gave_up, still_ms } = effects;
            let (lower, still, gave_up) = (percent(Some(*lower)), percent(Some(*still)), percent(Some(*gave_up)));
            let _ = writeln!(out, "{kind:?} ({scenes}): spoke lower {lower}, still {still} (for {still_ms:.0} ms), gave up {gave_up}");
        }
        if let Some(stills) = self.echo_stills_per_hour {
            let _ = writeln!(out, "own echo: {stills:.1} false stops an hour ({:.2} hours)", self.echo_hours);
        }
        if misses {
            self.misses.iter().for_each(|miss| _ = writeln!(out, "  {miss}"));
        }
        out
    }
}

fn stopped(overlap: &Overlap) -> bool {
    overlap.gave_up && overlap.still_after_ms.is_some_and(|ms| ms <= STOPPED_MS)
}

fn is_wrong(overlap: &Overlap) -> bool {
    if overlap.kind.interrupts() { !stopped(overlap) } else { overlap.stills > 0 || overlap.gave_up }
}

fn effects(overlaps: &[Overlap], kind: Kind) -> Effects {
    let all: Vec<&Overlap> = overlaps.iter().filter(|overlap| overlap.kind == kind).collect();
    let part = |is: &dyn Fn(&Overlap) -> bool| share(all.iter().filter(|overlap| is(overlap)).count(), all.len()).unwrap_or_default();
    let went_on: Vec<f64> = all.iter().filter(|overlap| overlap.stills > 0 && !overlap.gave_up).map(|it| it.still_ms as f64).collect();
    Effects {
        scenes: all.len(),
        lower: part(&|overlap| overlap.lower_after_ms.is_some()),
        still: part(&|overlap| overlap.stills > 0),
        gave_up: part(&|overlap| overlap.gave_up),
        still_ms: if went_on.is_empty() { 0.0 } else { went_on.iter().sum::<f64>() / went_on.len() as f64 },
    }
}

fn witnesses(policy: &TurnPolicy, turns: &[Turn]) -> Ends {
    let curve = PATIENCES.map(|twentieths| point(turns, |turn| turn.by_witnesses(policy, twentieths as f32 / 20.0)));
    Ends { as_it_is: point(turns, |turn| turn.by_witnesses(policy, 1.0)), ..ends(turns.len(), &curve.flatten().collect::<Vec<_>>()) }
}

fn silence(turns: &[Turn]) -> Ends {
    let curve = SILENCES_MS.map(|steps| point(turns, |turn| turn.by_silence(steps * 25)));
    ends(turns.len(), &curve.flatten().collect::<Vec<_>>())
}

/// What comes of all turns by one rule. The delay is that of the turns which were not cut off.
fn point(turns: &[Turn], rule: impl Fn(&Turn) -> Ended) -> Option<Point> {
    let ended: Vec<Ended> = turns.iter().map(rule).filter(|ended| *ended != Ended::Unheard).collect();
    let delays: Vec<f64> = ended.iter().filter_map(|ended| if let Ended::After(ms) = ended { Some(*ms as f64) } else { None }).collect();
    let cut_off = share(ended.len() - delays.len(), ended.len())?;
    (!delays.is_empty()).then(|| Point { delay_ms: delays.iter().sum::<f64>() / delays.len() as f64, cut_off })
}

fn ends(turns: usize, curve: &[Point]) -> Ends {
    // The most patient rule that is as fast as wanted, and the fastest that cuts off as few as wanted.
    let best =
        |within: &dyn Fn(&Point) -> bool| curve.iter().filter(|point| within(point)).map(|point| point.cut_off).min_by(f64::total_cmp);
    let at_delay = DELAYS_MS.map(|ms| (ms, best(&|point| point.delay_ms <= ms as f64))).into();
    let few = curve.iter().filter(|point| point.cut_off <= CUT_OFFS).map(|point| point.delay_ms).min_by(f64::total_cmp);
    Ends { turns, as_it_is: None, at_delay, delay_at_5_percent: few }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// The nearest rank; the values are sorted.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_rule_within_a_delay_counts() {
        let point = |delay_ms, cut_off| Point { delay_ms, cut_off };
        let ends = ends(10, &[point(250.0, 0.4), point(480.0, 0.12), point(700.0, 0.04), point(1_200.0, 0.0)]);
        assert_eq!(ends.at_delay, BTreeMap::from([(300, Some(0.4)), (500, Some(0.12)), (800, Some(0.04))]));
        assert_eq!(ends.delay_at_5_percent, Some(700.0));
        assert_eq!(percentile(&[10, 20, 30, 40], 50), Some(20));
        assert_eq!(percentile(&[], 95), None);
    }
}
