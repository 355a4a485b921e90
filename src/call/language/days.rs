//! Days and times as services and readers give them ("2026-11-29", ISO 8601) become what people write in a language: "Sunday 29 November". How that is
//! read aloud is the matter of the figures.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use serde::Deserialize;

use super::lists::Words;
use crate::{
    call::flow::{
        lexicon::{filled, unknown},
        text,
    },
    yaml::Path,
};

/// Half a year: a day that is further away keeps its year, and needs no weekday.
const NEAR_DAYS: i32 = 183;

/// How a language writes the days that are near, and moments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// A day of the half year before or behind today: `{weekday}`, `{day}`, `{month}`.
    pub near: String,
    /// A day and a time: `{date}`, `{time}`.
    pub moment: String,
    /// Monday first.
    pub weekdays: [String; 7],
    /// Other forms of them behind some words.
    pub behind: Vec<Behind>,
}

/// The forms of the weekdays behind some words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behind {
    /// "Until", "from".
    pub words: Words,
    /// Monday first.
    pub weekdays: [String; 7],
}

/// What "near" means: today, and where.
#[derive(Debug, Clone)]
pub struct Today {
    /// The day.
    pub date: Date,
    /// The zone in which moments with an offset are told.
    pub zone: TimeZone,
}

impl Today {
    /// The day at a moment, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn at(unix_ms: i64, zone: TimeZone) -> Self {
        let moment = Timestamp::from_millisecond(unix_ms).unwrap_or_default();
        Self { date: zone.to_datetime(moment).date(), zone }
    }
}

impl Days {
    /// What is wrong with the templates: where, and what.
    pub(super) fn wrong(&self) -> Vec<(Path, String)> {
        let at = Path::of(&["days"]);
        let templates = [("near", &self.near, &["weekday", "day", "month"][..]), ("moment", &self.moment, &["date", "time"])];
        let wrong = templates.into_iter().filter_map(|(key, template, names)| {
            let name = unknown(template, names)?;
            Some((at.clone().key(key), format!("there is no `{{{name}}}` here; there are {}", names.join(", "))))
        });
        wrong.collect()
    }

    /// A text in which its days and moments are written as people write them. `months` are those of a date, January first.
    pub(super) fn written(&self, text: &str, months: &[String; 12], today: &Today) -> String {
        let mut before = "";
        let words = text.split(' ').map(|word| {
            let behind = std::mem::replace(&mut before, word);
            // What stands around it: quotes before, stops behind.
            let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let said = core.starts_with(|c: char| c.is_ascii_digit()).then(|| self.one(core, behind, months, today)).flatten();
            said.map_or_else(|| word.to_owned(), |said| word.replacen(core, &said, 1))
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// A word that is a day, a moment or a time with its seconds.
    fn one(&self, core: &str, behind: &str, months: &[String; 12], today: &Today) -> Option<String> {
        match core.len() {
            8 => clock(core),
            10 => self.day(day(core)?, behind, months, today),
            _ => {
                let moment = moment(core, &today.zone)?;
                let date = self.day(moment.date(), behind, months, today).unwrap_or_else(|| moment.date().to_string());
                Some(filled(&self.moment, &[("date", &date), ("time", &written(moment.time()))]))
            }
        }
    }

    /// A day that is near.
    fn day(&self, day: Date, behind: &str, months: &[String; 12], today: &Today) -> Option<String> {
        ((day - today.date).get_days().abs() <= NEAR_DAYS).then(|| {
            let behind = text::folded(behind);
            let weekdays = self.behind.iter().find(|forms| forms.words.contains(&behind)).map_or(&self.weekdays, |forms| &forms.weekdays);
            let weekday = &weekdays[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())];
            let month = &months[usize::from((day.month() - 1).unsigned_abs())];
            filled(&self.near, &[("weekday", weekday), ("day", &day.day().to_string()), ("month", month)])
        })
    }
}

/// "2026-11-29", and nothing shorter or longer.
fn day(text: &str) -> Option<Date> {
    let dashed = text.char_indices().all(|(at, c)| if matches!(at, 4 | 7) { c == '-' } else { c.is_ascii_digit() });
    if dashed { text.parse().ok() } else { None }
}

/// "2026-11-29T17:00", "2026-11-29T15:00:00Z", "2026-11-29T17:00:00.000+02:00".
fn moment(text: &str, zone: &TimeZone) -> Option<DateTime> {
    let (date, time) = text.split_at_checked(10)?;
    day(date)?;
    if !time.starts_with(['T', 't']) {
        return None;
    }
    text.parse::<Timestamp>().map(|moment| zone.to_datetime(moment)).or_else(|_| text.parse::<DateTime>()).ok()
}

/// "17:00:00": seconds are not said.
fn clock(text: &str) -> Option<String> {
    let timed = text.char_indices().all(|(at, c)| if matches!(at, 2 | 5) { c == ':' } else { c.is_ascii_digit() });
    if timed { text.parse::<Time>().ok().map(written) } else { None }
}

fn written(time: Time) -> String {
    format!("{}:{:02}", time.hour(), time.minute())
}
