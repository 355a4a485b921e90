//! How a language answers about opening hours: its own order of words, in templates with `{names}`.

use serde::Deserialize;

use crate::{
    call::language::lists::{ClockTime, Words},
    yaml::Path,
};

/// The part `hours` of a lexicon.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourWords {
    /// Before an hour that is asked for: "at", "until".
    pub asked: Words,
    /// "On Monday", Monday first.
    pub on_day: [String; 7],
    /// A day alone in a list of days.
    pub alone: [String; 7],
    /// The first day of a range.
    pub first: [String; 7],
    /// The last one.
    pub last: [String; 7],
    /// January first, as they stand in a date.
    pub months: [String; 12],
    /// "Today".
    pub today: String,
    /// Tomorrow: `{on_day}`, `{alone}`.
    pub tomorrow: String,
    /// A day of the next six: `{on_day}`, `{alone}`.
    pub this_week: String,
    /// A later day: these, `{day}`, `{month}`.
    pub later: String,
    /// From a day to a day: `{first}`, `{last}`.
    pub days: String,
    /// From a time to a time: `{from}`, `{to}`.
    pub from_to: String,
    /// Times.
    pub clock: ClockWords,
}

/// How a time is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockWords {
    /// 12 or 24.
    pub hours: u32,
    /// Before noon, if there are 12.
    pub am: String,
    /// After noon.
    pub pm: String,
    /// A full hour: `{hour}`, `{half}`.
    pub whole: String,
    /// Any other time: these, `{minutes}`.
    pub part: String,
    /// Times with a name of their own.
    pub named: Vec<NamedTime>,
}

/// A time with a name of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedTime {
    /// When.
    pub at: ClockTime,
    /// Its name: "noon".
    pub name: String,
}

impl HourWords {
    /// What is wrong with its templates: where, and what.
    pub(in crate::call) fn wrong(&self) -> Vec<(Path, String)> {
        let at = Path::of(&["lexicon", "hours"]);
        let clock = at.clone().key("clock");
        let mut wrong = Vec::new();
        for (path, template, names) in [
            (at.clone().key("tomorrow"), &self.tomorrow, &["on_day", "alone"][..]),
            (at.clone().key("this_week"), &self.this_week, &["on_day", "alone"]),
            (at.clone().key("later"), &self.later, &["on_day", "alone", "day", "month"]),
            (at.clone().key("days"), &self.days, &["first", "last"]),
            (at.key("from_to"), &self.from_to, &["from", "to"]),
            (clock.clone().key("whole"), &self.clock.whole, &["hour", "half"]),
            (clock.clone().key("part"), &self.clock.part, &["hour", "minutes", "half"]),
        ] {
            wrong.extend(
                unknown(template, names).map(|name| (path, format!("there is no `{{{name}}}` here; there are {}", names.join(", ")))),
            );
        }
        if ![12, 24].contains(&self.clock.hours) {
            wrong.push((clock.key("hours"), "must be 12 or 24".to_owned()));
        }
        wrong
    }
}

/// A name that a template uses and is not given.
pub(in crate::call) fn unknown<'t>(template: &'t str, names: &[&str]) -> Option<&'t str> {
    let mut used = template.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or_default());
    used.find(|name| !names.contains(name))
}

/// A template with its names filled in.
#[must_use]
pub(in crate::call) fn filled(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
