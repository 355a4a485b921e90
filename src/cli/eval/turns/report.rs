//! The figures.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

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
    /// Shares of them: the bot spoke lower, was still for a moment however short, stopped (see `Overlap`), gave up what it said.
    lower: f64,
    still: f64,
    stopped: f64,
    gave_up: f64,
    /// Of those in which it went on: how long it was still, on average.
    still_ms: f64,
}

/// What became of interruptions.
#[derive(Debug, Default, Serialize)]
struct Interruptions {
    /// From an interruption's first sound until the bot spoke lower, and to its last sound.
    lower_ms_p95: Option<u64>,
    stop_ms_p50: Option<u64>,
    stop_ms_p95: Option<u64>,
    /// The same without those whose first word may be a back-channel ("yes, but"), and how many these are.
    plain_stop_ms_p95: Option<u64>,
    agree_first: usize,
    recall: Option<f64>,
    recall_with_echo: Option<f64>,
    precision: Option<f64>,
}

/// Everything.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    by_witnesses: Ends,
    by_silence: Ends,
    #[serde(flatten)]
    interruptions: Interruptions,
    in_other_languages: BTreeMap<String, Interruptions>,
    effects: BTreeMap<String, Effects>,
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
        let of = |language: &str| overlaps.iter().filter(|overlap| overlap.language == language).collect::<Vec<_>>();
        report.interruptions = interruptions(&of("en"));
        let languages: BTreeSet<&str> = overlaps.iter().map(|overlap| overlap.language.as_str()).filter(|it| *it != "en").collect();
        report.in_other_languages = languages.into_iter().map(|language| (language.to_owned(), interruptions(&of(language)))).collect();
        for overlap in overlaps {
            report.effects.entry(sort(overlap)).or_insert_with(|| effects(overlaps, &sort(overlap)));
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
        let _ = writeln!(out, "interruptions: {}", self.interruptions.text());
        for (language, interruptions) in &self.in_other_languages {
            let _ = writeln!(out, "interruptions, {language}: {}", interruptions.text());
        }
        for (kind, effects) in &self.effects {
            let Effects { scenes, still_ms, .. } = effects;
            let [lower, still, stopped, gave_up] =
                [effects.lower, effects.still, effects.stopped, effects.gave_up].map(|share| percent(Some(share)));
            let _ = writeln!(
                out,
                "{kind} ({scenes}): spoke lower {lower}, still {still} (for {still_ms:.0} ms), stopped {stopped}, gave up {gave_up}"
            );
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

impl Interruptions {
    fn text(&self) -> String {
        let ms = |value: Option<u64>| value.map_or("-".to_owned(), |ms| format!("{ms} ms"));
        let (lower, middle, most) = (ms(self.lower_ms_p95), ms(self.stop_ms_p50), ms(self.stop_ms_p95));
        let (plain, agree) = (ms(self.plain_stop_ms_p95), self.agree_first);
        let [recall, echo, precision] = [self.recall, self.recall_with_echo, self.precision].map(percent);
        format!(
            "stopped after {middle} (p50), {most} (p95), {plain} (p95) without the {agree} that begin with a yes, lower after {lower} (p95)\n  recall {recall}, over an echo {echo}, precision {precision}"
        )
    }
}

fn interruptions(overlaps: &[&Overlap]) -> Interruptions {
    let all: Vec<&&Overlap> = overlaps.iter().filter(|overlap| overlap.kind.interrupts()).collect();
    let sorted = |mut times: Vec<u64>| {
        times.sort_unstable();
        times
    };
    let lower = sorted(all.iter().filter_map(|overlap| overlap.lower_after_ms).collect());
    let times = sorted(all.iter().filter(|overlap| stopped(overlap)).filter_map(|overlap| overlap.still_after_ms).collect());
    let plain = all.iter().filter(|overlap| stopped(overlap) && !overlap.agrees_first);
    let plain = sorted(plain.filter_map(|overlap| overlap.still_after_ms).collect());
    let over_echo = all.iter().filter(|overlap| overlap.echo);
    let caught = all.iter().filter(|overlap| stopped(overlap));
    let wrong = overlaps.iter().filter(|overlap| !overlap.kind.interrupts() && overlap.gave_up).count();
    Interruptions {
        lower_ms_p95: percentile(&lower, 95),
        stop_ms_p50: percentile(&times, 50),
        stop_ms_p95: percentile(&times, 95),
        plain_stop_ms_p95: percentile(&plain, 95),
        agree_first: all.iter().filter(|overlap| overlap.agrees_first).count(),
        recall: share(times.len(), all.len()),
        recall_with_echo: share(caught.filter(|overlap| overlap.echo).count(), over_echo.count()),
        precision: share(times.len(), times.len() + wrong),
    }
}

fn stopped(overlap: &Overlap) -> bool {
    overlap.gave_up && overlap.still_after_ms.is_some_and(|ms| ms <= STOPPED_MS)
}

fn is_wrong(overlap: &Overlap) -> bool {
    if overlap.kind.interrupts() { !stopped(overlap) } else { overlap.has_stopped() || overlap.kind == Kind::Echo && overlap.stills > 0 }
}

/// Kind and language.
fn sort(overlap: &Overlap) -> String {
    let kind = format!("{:?}", overlap.kind);
    if overlap.language == "en" { kind } else { format!("{kind}, {}", overlap.language) }
}

fn effects(overlaps: &[Overlap], of: &str) -> Effects {
    let all: Vec<&Overlap> = overlaps.iter().filter(|overlap| sort(overlap) == of).collect();
    let part = |is: &dyn Fn(&Overlap) -> bool| share(all.iter().filter(|overlap| is(overlap)).count(), all.len()).unwrap_or_default();
    let went_on: Vec<f64> = all.iter().filter(|overlap| overlap.stills > 0 && !overlap.gave_up).map(|it| it.still_ms as f64).collect();
    Effects {
        scenes: all.len(),
        lower: part(&|overlap| overlap.lower_after_ms.is_some()),
        still: part(&|overlap| overlap.stills > 0),
        stopped: part(&Overlap::has_stopped),
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
