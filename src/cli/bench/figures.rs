//! Figures, their limits, and the table.

use std::{fmt::Write as _, time::Duration};

use serde::Serialize;

/// One measured value.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// What was measured, as a stable key.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: f64,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// How many single values it is made of.
    pub(crate) samples: usize,
    /// The most that it should be here, if there is such a limit.
    pub(crate) limit: Option<f64>,
}

impl Figure {
    fn met(&self) -> Option<bool> {
        self.limit.map(|limit| self.value <= limit)
    }
}

/// All figures of a run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Figures {
    /// The machine.
    pub(crate) machine: String,
    /// The values, in the order of measuring.
    pub(crate) figures: Vec<Figure>,
    /// What helps to read them.
    pub(crate) notes: Vec<String>,
    /// What could not be measured, and why.
    pub(crate) missing: Vec<String>,
}

impl Figures {
    /// One value.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &'static str, samples: usize, limit: Option<f64>) {
        self.figures.push(Figure { name: name.to_owned(), value, unit, samples, limit });
    }

    /// Some of the percentiles of many times, in milliseconds; `wanted` gives each its limit.
    pub(crate) fn add_times(&mut self, name: &str, times: &[Duration], wanted: &[(u32, Option<f64>)]) {
        if times.is_empty() {
            self.missing.push(format!("{name}: nothing was measured"));
            return;
        }
        let mut sorted = times.to_vec();
        sorted.sort_unstable();
        for (percent, limit) in wanted {
            let value = percentile(&sorted, *percent).as_secs_f64() * 1_000.0;
            self.add(&format!("{name}_p{percent}"), value, "ms", times.len(), *limit);
        }
    }

    /// What is wrong with them, if anything is: limits that were missed, and what could not be measured.
    pub(crate) fn wrong(&self) -> Option<String> {
        let missed: Vec<&str> =
            self.figures.iter().filter(|figure| figure.met() == Some(false)).map(|figure| figure.name.as_str()).collect();
        let said = [("missed their limits", missed.join(", ")), ("could not be measured", self.missing.join("; "))];
        let said: Vec<String> =
            said.iter().filter(|(_, what)| !what.is_empty()).map(|(verdict, what)| format!("{verdict}: {what}")).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// The table for people.
    pub(crate) fn text(&self) -> String {
        let mut out = format!("\n{}\n\n", self.machine);
        for figure in &self.figures {
            let verdict = match (figure.limit, figure.met()) {
                (Some(limit), Some(true)) => format!("≤ {} met", rounded(limit)),
                (Some(limit), _) => format!("≤ {} MISSED", rounded(limit)),
                (None, _) => String::new(),
            };
            let _ = writeln!(out, "{:<36} {:>10.2} {:<10} n={:<6} {verdict}", figure.name, figure.value, figure.unit, figure.samples);
        }
        for note in &self.notes {
            let _ = writeln!(out, "{note}");
        }
        for missing in &self.missing {
            let _ = writeln!(out, "not measured: {missing}");
        }
        out
    }
}

/// A limit in two places, as the values are.
fn rounded(limit: f64) -> f64 {
    (limit * 100.0).round() / 100.0
}

/// The smallest value that is not below `percent` percent of them (nearest rank); the values are sorted and not none.
fn percentile(sorted: &[Duration], percent: u32) -> Duration {
    let rank = (sorted.len() * percent as usize).div_ceil(100).max(1);
    sorted[rank - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let sorted: Vec<Duration> = (1..=40).map(Duration::from_millis).collect();
        assert_eq!(percentile(&sorted, 50), Duration::from_millis(20));
        assert_eq!(percentile(&sorted, 95), Duration::from_millis(38));
        assert_eq!(percentile(&sorted, 100), Duration::from_millis(40));
        assert_eq!(percentile(&sorted[..1], 99), Duration::from_millis(1));
    }

    #[test]
    fn a_limit_that_is_missed_is_said() {
        let mut figures = Figures::default();
        figures.add_times("reply", &[Duration::from_millis(950)], &[(50, Some(900.0))]);
        assert!(figures.text().contains("MISSED"));
        figures.add_times("other", &[], &[(50, None)]);
        assert!(figures.text().contains("other: nothing was measured"));
    }

    #[test]
    fn whatever_is_missed_or_missing_is_wrong() {
        let measured = |value: f64| {
            let mut figures = Figures::default();
            figures.add("met", 1.0, "ms", 1, Some(1.0));
            figures.add("unlimited", 9.0, "ms", 1, None);
            figures.add("reply", value, "ms", 1, Some(900.0));
            figures
        };
        assert_eq!(measured(900.0).wrong(), None);
        assert_eq!(measured(900.5).wrong().unwrap(), "missed their limits: reply");
        assert_eq!(measured(f64::NAN).wrong().unwrap(), "missed their limits: reply");
        let mut missing = measured(1.0);
        missing.missing.push("the crowd: no file handles".to_owned());
        assert_eq!(missing.wrong().unwrap(), "could not be measured: the crowd: no file handles");
    }
}
