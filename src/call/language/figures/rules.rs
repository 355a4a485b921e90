//! What the words of a text are read as: the first rule that fits takes as many of them as it needs.

use super::{
    Table,
    numbers::is_digits,
    table::{Behind, Counted},
};
use crate::call::flow::{lexicon::filled, text};

/// From so many digits on a number is read digit by digit.
const CODE_DIGITS: usize = 5;
/// So many digits in groups are a telephone number.
const PHONE_DIGITS: usize = 7;
/// More groups than this have no number.
const PHONE_GROUPS: usize = 8;

/// A word with what stands around it.
#[derive(Clone, Copy)]
struct Word<'t> {
    lead: &'t str,
    core: &'t str,
    tail: &'t str,
}

impl<'t> Word<'t> {
    fn split(word: &'t str) -> Self {
        let is_lead = |c: char| "\"'([“‘„«".contains(c);
        let is_tail = |c: char| "\"')]”’“».,;:!?…".contains(c);
        let from = word.len() - word.trim_start_matches(is_lead).len();
        let to = word.trim_end_matches(is_tail).len().max(from);
        Self { lead: &word[..from], core: &word[from..to], tail: &word[to..] }
    }
}

/// What the first words are read as: how many, and what is said; `stop` if their full stop is a part of them.
struct Said {
    words: usize,
    text: String,
    stop: bool,
}

fn said(words: usize, text: String) -> Option<Said> {
    Some(Said { words, text, stop: false })
}

/// A text with its figures in words.
pub(super) fn spoken(text: &str, table: &Table) -> String {
    let words: Vec<Word<'_>> = text.split_whitespace().map(Word::split).collect();
    let mut spoken: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(first) = words.get(at) {
        let before = at.checked_sub(1).map(|before| text::folded(words[before].core)).unwrap_or_default();
        let reader = Reader { table, words: &words[at..], behind: table.behind.iter().find(|behind| behind.words.contains(&before)) };
        let plain = || Said { words: 1, text: first.core.to_owned(), stop: false };
        let found = reader.read().unwrap_or_else(plain);
        at += found.words;
        let tail = words[at - 1].tail;
        let tail = if found.stop && at < words.len() { tail.strip_prefix('.').unwrap_or(tail) } else { tail };
        spoken.push(format!("{}{}{tail}", first.lead, found.text));
    }
    spoken.join(" ")
}

struct Reader<'t> {
    table: &'t Table,
    words: &'t [Word<'t>],
    behind: Option<&'t Behind>,
}

impl Reader<'_> {
    fn read(&self) -> Option<Said> {
        let has_figures = self.words[0].core.contains(|c: char| c.is_ascii_digit());
        if !has_figures {
            return self.address().or_else(|| self.abbreviation());
        }
        self.address()
            .or_else(|| self.time())
            .or_else(|| self.amount())
            .or_else(|| self.date())
            .or_else(|| self.phone())
            .or_else(|| self.code())
            .or_else(|| self.number())
    }

    fn core(&self, at: usize) -> &str {
        self.words.get(at).map(|word| word.core).unwrap_or_default()
    }

    /// Mail and web addresses, sign by sign.
    fn address(&self) -> Option<Said> {
        let core = self.core(0);
        let bare = core.strip_prefix("https://").or_else(|| core.strip_prefix("http://"));
        let web = bare.unwrap_or(core);
        let web = web.strip_prefix("www.").unwrap_or(web);
        let is_mail = core.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        (is_mail || web.len() < core.len()).then(|| Said { words: 1, text: self.signs(web.trim_end_matches('/')), stop: false })
    }

    /// Letters as they are, digits and signs by their names.
    fn signs(&self, text: &str) -> String {
        let mut said = String::new();
        for sign in text.chars() {
            let name = match sign.to_digit(10) {
                Some(digit) => Some(&self.table.digits[digit as usize]),
                None => self.table.signs.get(&sign),
            };
            match name {
                Some(name) => said = format!("{} {name} ", said.trim_end()),
                None if sign.is_alphanumeric() => said.push(sign),
                None => said.push(' '),
            }
        }
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// "9:30", "9:00-17:00".
    fn time(&self) -> Option<Said> {
        let core = self.core(0);
        if let Some((from, to)) = core.split_once(['-', '–']).filter(|(from, _)| from.contains(':')) {
            let (from, to) = (self.clock(from)?, self.clock(to)?);
            return said(1, filled(&self.table.times.range, &[("from", &from), ("to", &to)]));
        }
        said(1, self.clock(core)?)
    }

    fn clock(&self, text: &str) -> Option<String> {
        let (hour, minute) = text.split_once(':')?;
        if !(is_digits(hour) && hour.len() <= 2 && is_digits(minute) && minute.len() == 2) {
            return None;
        }
        let (hour, minute) = (hour.parse::<u64>().ok()?, minute.parse::<u64>().ok()?);
        if hour > 24 || minute > 59 {
            return None;
        }
        let (table, times) = (self.table, &self.table.times);
        let (hours, minutes) = self.behind.map_or((&times.hours.forms, &times.minutes.forms), |behind| (&behind.hours, &behind.minutes));
        let values = [
            ("hours", table.plural.of(hour, hours).to_owned()),
            ("hour", table.cardinal(hour, &times.hours.gender, self.behind)),
            ("minutes", table.plural.of(minute, minutes).to_owned()),
            ("minute", table.cardinal(minute, &times.minutes.gender, self.behind)),
        ];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        Some(filled(if minute == 0 { &times.whole } else { &times.part }, &values))
    }

    /// A number with its unit: "12,50 Kč", "1 250 Kč", "€4", "15%", "20 kg".
    fn amount(&self) -> Option<Said> {
        let core = self.core(0);
        let from = core.find(|c: char| c.is_ascii_digit())?;
        let to = core.rfind(|c: char| c.is_ascii_digit())? + 1;
        let number = &core[from..to];
        for (sign, rest) in [(&core[..from], &core[to..]), (&core[to..], &core[..from])] {
            if let Some(unit) = self.unit(sign).filter(|_| rest.is_empty()) {
                return said(1, self.measured(number, unit)?);
            }
        }
        if number.len() < core.len() || !self.words[0].tail.is_empty() {
            return None;
        }
        // Groups of three belong to one number where a unit follows.
        let mut joined = number.to_owned();
        let mut used = 1;
        while self.core(used).len() == 3 && is_digits(self.core(used)) && is_digits(&joined) && self.words[used].tail.is_empty() {
            joined.push_str(self.core(used));
            used += 1;
        }
        if let Some((whole, cents)) = self.core(used).split_once(self.table.decimal).filter(|(whole, _)| used == 1 && whole.len() == 3) {
            joined = format!("{joined}{whole}{}{cents}", self.table.decimal);
            used += 1;
        }
        let unit = self.unit(self.core(used))?;
        said(used + 1, self.measured(&joined, unit)?)
    }

    fn unit(&self, written: &str) -> Option<(&Counted, Option<&Counted>)> {
        let unit = self.table.units.iter().find(|unit| unit.written.iter().any(|known| known == written))?;
        Some((&unit.counted, unit.hundredths.as_ref()))
    }

    fn measured(&self, number: &str, (unit, hundredths): (&Counted, Option<&Counted>)) -> Option<String> {
        let table = self.table;
        // A service writes "12.50", or "12.5".
        let parts = number.split_once(table.decimal).or_else(|| number.split_once('.'));
        let money = parts.filter(|(_, cents)| cents.len() <= 2 && is_digits(cents)).zip(hundredths);
        if let Some(((whole, cents), hundredths)) = money {
            let (whole, cents) = (table.whole(whole)?, format!("{cents:0<2}").parse::<u64>().ok()?);
            return Some(match (whole, cents) {
                (_, 0) => table.counted(whole, unit),
                (0, _) => table.counted(cents, hundredths),
                _ => format!("{} {}", table.counted(whole, unit), table.counted(cents, hundredths)),
            });
        }
        Some(format!("{} {}", table.written(number, &unit.gender, None)?, table.form(number, &unit.forms)))
    }

    /// "2026-11-22", "22.11.2026", "22. 11. 2026", "22. listopadu".
    fn date(&self) -> Option<Said> {
        let core = self.core(0);
        let separator = core.chars().find(|c| matches!(c, '-' | '.' | '/'));
        if let Some(separator) = separator {
            let parts: Vec<&str> = core.split(separator).collect();
            let [a, b, c] = parts[..] else { return None };
            let (day, month, year) = match (separator, a.len(), c.len()) {
                ('-', 4, _) => (c, b, a),
                ('/', _, 4) if self.table.dates.month_first => (b, a, c),
                (_, 1..=2, 4) => (a, b, c),
                _ => return None,
            };
            return said(1, self.day(day, month, Some(year))?);
        }
        if !self.words[0].tail.starts_with('.') {
            return None;
        }
        let month = self.core(1);
        let named = self.table.dates.months.iter().position(|name| name == month);
        let number = named.map_or_else(|| month.to_owned(), |index| (index + 1).to_string());
        // "3. 4." is a day; "3. 4" is a list.
        if named.is_none() && self.words.get(1).is_none_or(|word| !word.tail.starts_with('.')) {
            return None;
        }
        let year = Some(self.core(2)).filter(|year| year.len() == 4 && is_digits(year));
        let text = self.day(core, &number, year)?;
        let words = if year.is_some() { 3 } else { 2 };
        Some(Said { words, text, stop: named.is_none() && year.is_none() })
    }

    fn day(&self, day: &str, month: &str, year: Option<&str>) -> Option<String> {
        if ![day, month].iter().all(|part| is_digits(part) && part.len() <= 2) || year.is_some_and(|year| !is_digits(year)) {
            return None;
        }
        let dates = &self.table.dates;
        let index = |text: &str| text.parse::<usize>().ok()?.checked_sub(1);
        let (day, month) = (dates.days.get(index(day)?)?, dates.months.get(index(month)?)?);
        let year = year.and_then(|year| year.parse::<u64>().ok()).map(|year| self.table.cardinal(year, "", None));
        let template = if year.is_some() { &dates.full } else { &dates.day };
        Some(filled(template, &[("day", day), ("month", month), ("year", year.as_deref().unwrap_or_default())]))
    }

    /// A plus sign, or groups of digits with seven or more in all.
    fn phone(&self) -> Option<Said> {
        let plus = self.core(0).starts_with('+');
        let mut groups: Vec<&str> = Vec::new();
        let mut used = 0;
        for (index, word) in self.words.iter().take(PHONE_GROUPS).enumerate() {
            let core = if index == 0 { word.core.strip_prefix('+').unwrap_or(word.core) } else { word.core };
            if !core.split(['-', '/']).all(is_digits) {
                break;
            }
            groups.extend(core.split(['-', '/']));
            used = index + 1;
            if !word.tail.is_empty() {
                break;
            }
        }
        let digits: usize = groups.iter().map(|group| group.len()).sum();
        let enough = digits >= PHONE_DIGITS && (plus || (groups.len() > 1 && groups.iter().all(|group| group.len() <= 5)));
        if used == 0 || !enough {
            return None;
        }
        let read: Vec<String> = groups.iter().map(|group| self.grouped(group)).collect();
        let plus = if plus { self.table.signs.get(&'+').map(|name| format!("{name} ")) } else { None };
        said(used, format!("{}{}", plus.unwrap_or_default(), read.join(", ")))
    }

    /// Digits in threes; a comma makes the pause.
    fn grouped(&self, digits: &str) -> String {
        if digits.len() <= CODE_DIGITS {
            return self.table.digit_by_digit(digits);
        }
        let (count, size) = if digits.len() % 3 == 1 { (digits.len() / 2, 2) } else { (digits.len() / 3, 3) };
        let mut groups: Vec<String> = (0..count).map(|at| self.table.digit_by_digit(&digits[at * size..(at + 1) * size])).collect();
        groups.extend(Some(self.table.digit_by_digit(&digits[count * size..])).filter(|rest| !rest.is_empty()));
        groups.join(", ")
    }

    /// Five digits or more, digits behind a leading zero, capital letters and digits mixed.
    fn code(&self) -> Option<Said> {
        let core = self.core(0).strip_prefix('#').unwrap_or(self.core(0));
        if is_digits(core) {
            let is_code = core.len() >= CODE_DIGITS || (core.len() > 1 && core.starts_with('0'));
            return is_code.then(|| Said { words: 1, text: self.grouped(core), stop: false });
        }
        let digits = core.bytes().filter(u8::is_ascii_digit).count();
        let letters = core.bytes().filter(u8::is_ascii_uppercase).count();
        let sign = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "-/_".contains(c);
        if digits < 2 || letters == 0 || !core.chars().all(sign) {
            return None;
        }
        let part = |part: &str| {
            if is_digits(part) {
                self.grouped(part)
            } else {
                part.chars().map(|c| self.signs(&c.to_string())).collect::<Vec<_>>().join(" ")
            }
        };
        said(1, core.split(['-', '/', '_']).map(part).collect::<Vec<_>>().join(", "))
    }

    /// "3", "-5", "2-3", "3,5"; what still holds digits is read sign by sign.
    fn number(&self) -> Option<Said> {
        let (core, table) = (self.core(0), self.table);
        if let Some(positive) = core.strip_prefix(['-', '\u{2212}'])
            && let Some(read) = table.written(positive, "", None)
        {
            return said(1, format!("{} {read}", table.minus));
        }
        let gender = self.gender();
        if let Some((from, to)) = core.split_once(['-', '–'])
            && let (Some(from), Some(to)) = (table.written(from, gender, self.behind), table.written(to, gender, None))
        {
            return said(1, filled(&table.range, &[("from", &from), ("to", &to)]));
        }
        said(1, table.written(core, gender, self.behind).unwrap_or_else(|| self.signs(core)))
    }

    /// The gender of what the number counts.
    fn gender(&self) -> &str {
        if !self.words[0].tail.is_empty() {
            return "";
        }
        let noun = text::plain_letters(self.core(1));
        self.table.counted.iter().find(|(_, nouns)| nouns.contains(&noun)).map(|(gender, _)| gender.as_str()).unwrap_or_default()
    }

    /// "ul." is "ulice"; its full stop ends no sentence.
    fn abbreviation(&self) -> Option<Said> {
        let core = self.core(0);
        if !self.words[0].tail.starts_with('.') {
            return None;
        }
        let read = self.table.abbreviations.get(core).or_else(|| self.table.abbreviations.get(&core.to_lowercase()))?;
        Some(Said { words: 1, text: read.clone(), stop: true })
    }
}
