//! How figures are read in a language, as its file tells it: forms by gender, by number and behind prepositions.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    call::{flow::lexicon::unknown, language::lists::Words},
    yaml::Path,
};

/// Everything that is needed to read figures aloud.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Which number takes which form of what is counted.
    pub plural: Plural,
    /// Between groups of three digits ("."), and before a fraction (",").
    pub thousands: char,
    /// Before a fraction.
    pub decimal: char,
    /// The numbers.
    pub numbers: Numbers,
    /// Other words for numbers, by gender.
    pub genders: Genders,
    /// Thousands, millions and so on.
    pub scales: Vec<Scale>,
    /// The forms of numbers and times behind some words.
    pub behind: Vec<Behind>,
    /// Before a number below zero.
    pub minus: String,
    /// Between a number and its fraction.
    pub point: Counted,
    /// Digits one by one.
    pub digits: [String; 10],
    /// Signs of codes and addresses by their names.
    pub signs: BTreeMap<char, String>,
    /// What a sign or an abbreviation behind a number stands for.
    pub units: Vec<Unit>,
    /// Words that are counted, by gender.
    pub counted: BTreeMap<String, Words>,
    /// Days.
    pub dates: Dates,
    /// Times.
    pub times: Times,
    /// From a number to a number: `{from}`, `{to}`.
    pub range: String,
    /// Abbreviations without their full stop.
    pub abbreviations: BTreeMap<String, String>,
}

/// A rule that says which form a number takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plural {
    /// Always the same.
    None,
    /// 1, and all others.
    OneOther,
    /// 0 and 1, and all others.
    ZeroOneOther,
    /// 1; 2 to 4; all others.
    OneFew,
    /// 1; numbers that end in 2 to 4, but not in 12 to 14; all others.
    OneFewEnding,
    /// Numbers that end in 1, in 2 to 4, but not in 11 to 14; all others.
    OneEndingFewEnding,
    /// 1; 0 and numbers that end in 01 to 19; all others.
    OneSmall,
}

/// The forms of something that is counted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forms {
    /// For one.
    pub one: String,
    /// For few.
    pub few: String,
    /// For many.
    pub many: String,
    /// Behind a fraction; the form for few if it is not given.
    #[serde(default)]
    pub part: Option<String>,
}

impl Plural {
    /// The form for a number.
    pub(super) fn of(self, count: u64, forms: &Forms) -> &str {
        let (units, ending) = (count % 10, count % 100);
        let few_ending = (2..=4).contains(&units) && !(12..=14).contains(&ending);
        let (one, few) = match self {
            Self::None => (true, false),
            Self::OneOther => (count == 1, false),
            Self::ZeroOneOther => (count < 2, false),
            Self::OneFew => (count == 1, (2..=4).contains(&count)),
            Self::OneFewEnding => (count == 1, few_ending),
            Self::OneEndingFewEnding => (units == 1 && ending != 11, few_ending),
            Self::OneSmall => (count == 1, count == 0 || (1..20).contains(&ending)),
        };
        match (one, few) {
            (true, _) => &forms.one,
            (false, true) => &forms.few,
            (false, false) => &forms.many,
        }
    }
}

/// Whole numbers below a thousand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// 0 to 19.
    pub small: [String; 20],
    /// 20, 30 to 90.
    pub tens: [String; 8],
    /// Between tens and units.
    pub joint: String,
    /// The units come before the tens.
    pub units_first: bool,
    /// 100, 200 to 900.
    pub hundreds: [String; 9],
    /// Between hundreds and the rest.
    pub hundreds_joint: String,
}

/// For each gender, the numbers that have another word in it.
pub type Genders = BTreeMap<String, Vec<Own>>;

/// A number that has a word of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// The number, below a thousand.
    pub number: u64,
    /// Its word.
    pub word: String,
}

/// Something with a gender that is counted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// Its gender; empty: the plain numbers.
    pub gender: String,
    /// Its forms.
    pub forms: Forms,
}

/// A power of ten with a name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// 1000, 1000000.
    pub from: u64,
    /// What is said for one of it.
    pub single: String,
    /// More of it.
    pub counted: Counted,
}

/// The forms of numbers and times behind some words ("from", "until").
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behind {
    /// The words.
    pub words: Words,
    /// The numbers.
    pub numbers: Numbers,
    /// Other words for them, by gender.
    pub genders: Genders,
    /// Hours.
    pub hours: Forms,
    /// Minutes.
    pub minutes: Forms,
}

/// What stands behind a number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// As it is written: "kg", "€".
    pub written: Vec<String>,
    /// As it is said.
    pub counted: Counted,
    /// Hundredths of it, where it is money.
    #[serde(default)]
    pub hundredths: Option<Counted>,
}

/// How days are said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dates {
    /// The month comes first in "11/22/2026".
    pub month_first: bool,
    /// The first to the thirty-first.
    pub days: Vec<String>,
    /// January to December.
    pub months: [String; 12],
    /// A day without its year: `{day}`, `{month}`.
    pub day: String,
    /// A day with it: these, `{year}`.
    pub full: String,
}

/// How times are said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// Hours.
    pub hours: Counted,
    /// Minutes.
    pub minutes: Counted,
    /// A full hour: `{hour}`, `{hours}`.
    pub whole: String,
    /// Any other time: these, `{minute}`, `{minutes}`.
    pub part: String,
    /// From a time to a time: `{from}`, `{to}`.
    pub range: String,
}

impl Table {
    /// What is wrong with it: where, and what.
    pub(super) fn wrong(&self, at: &Path) -> Vec<(Path, String)> {
        let mut wrong = Vec::new();
        let (dates, times) = (at.clone().key("dates"), at.clone().key("times"));
        for (path, template, names) in [
            (at.clone().key("range"), &self.range, &["from", "to"][..]),
            (dates.clone().key("day"), &self.dates.day, &["day", "month"]),
            (dates.clone().key("full"), &self.dates.full, &["day", "month", "year"]),
            (times.clone().key("whole"), &self.times.whole, &["hour", "hours"]),
            (times.clone().key("part"), &self.times.part, &["hour", "hours", "minute", "minutes"]),
            (times.clone().key("range"), &self.times.range, &["from", "to"]),
        ] {
            wrong.extend(
                unknown(template, names).map(|name| (path, format!("there is no `{{{name}}}` here; there are {}", names.join(", ")))),
            );
        }
        if self.dates.days.len() != 31 {
            wrong.push((dates.key("days"), format!("a month has 31 days, here are {}", self.dates.days.len())));
        }
        let scales = at.clone().key("scales");
        if self.scales.iter().any(|scale| scale.from < 1_000) || !self.scales.is_sorted_by(|a, b| a.from > b.from) {
            wrong.push((scales, "from the largest to the smallest, none below 1000".to_owned()));
        }
        let counted = [&self.point, &self.times.hours, &self.times.minutes];
        let used = self.units.iter().flat_map(|unit| [Some(&unit.counted), unit.hundredths.as_ref()]).flatten().chain(counted);
        let used = used.chain(self.scales.iter().map(|scale| &scale.counted)).map(|counted| &counted.gender).chain(self.counted.keys());
        for gender in used.filter(|gender| !gender.is_empty() && !self.genders.contains_key(*gender)) {
            let message = format!("there is no gender `{gender}` here");
            if !wrong.iter().any(|(_, known)| *known == message) {
                wrong.push((at.clone().key("genders"), message));
            }
        }
        wrong
    }
}
