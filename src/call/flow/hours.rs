//! Opening hours as data, and the answers that are computed from them: "on Saturday", "tomorrow", "now", "on Sunday morning".

use jiff::{ToSpan, civil::Date};

use crate::call::{
    flow::{
        definition::HoursDef,
        lexicon::{Lexicon, filled},
        prompt::PromptKey,
        slot::date,
        text,
    },
    language::{self, lists::Words},
    time::WallTime,
};

/// From and to, in minutes since midnight.
pub type Opening = (u32, u32);

/// Days in which the next opening is looked for.
const LOOK_AHEAD_DAYS: i64 = 30;

/// Opening hours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours {
    /// Monday first.
    weekly: [Vec<Opening>; 7],
    exceptions: Vec<Exception>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    /// None: every year.
    year: Option<i16>,
    month: i8,
    day: i8,
    open: Vec<Opening>,
    name: Option<String>,
}

/// A sentence to say: a prompt and what fills it.
pub type Sentence = (PromptKey, Vec<(&'static str, String)>);

/// Something wrong in the hours: the keys that lead there under `hours`, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadHours {
    /// `weekly` or `exceptions`.
    pub part: &'static str,
    /// The key in it.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

/// The civil date of a moment.
#[must_use]
pub fn date_of(wall: WallTime) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    epoch.checked_add(wall.day.days()).unwrap_or(epoch)
}

impl Hours {
    /// Reads what the flow file says.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(file: &HoursDef, lexicon: &Lexicon) -> Result<Self, Vec<BadHours>> {
        let (mut hours, mut bad) = (Self::default(), Vec::new());
        let mut named = [false; 7];
        for (days, times) in &file.weekly {
            let wrong = |message: String| BadHours { part: "weekly", key: days.clone(), message };
            match (weekday_range(days, lexicon), openings(times)) {
                (Some(range), Ok(open)) => {
                    for weekday in range {
                        if std::mem::replace(&mut named[weekday], true) {
                            bad.push(wrong(format!("{} is given twice", lexicon.hours.alone[weekday])));
                        }
                        hours.weekly[weekday].clone_from(&open);
                    }
                }
                (None, _) => bad.push(wrong("not a day or a range of days; write `monday`, `monday-friday`".to_owned())),
                (_, Err(message)) => bad.push(wrong(message)),
            }
        }
        for (date, exception) in &file.exceptions {
            let wrong = |message: String| BadHours { part: "exceptions", key: date.clone(), message };
            match (calendar_date(date), openings(&exception.open)) {
                (Some((year, month, day)), Ok(open)) => {
                    hours.exceptions.push(Exception { year, month, day, open, name: exception.name.clone() });
                }
                (None, _) => bad.push(wrong("not a date; write \"2026-12-24\", or \"12-25\" for every year".to_owned())),
                (_, Err(message)) => bad.push(wrong(message)),
            }
        }
        if bad.is_empty() { Ok(hours) } else { Err(bad) }
    }

    /// When it is open on a day, and what the day is called if it is not like others. A date goes before a yearly date.
    #[must_use]
    pub fn on(&self, day: Date) -> (&[Opening], Option<&str>) {
        let fits = |exception: &&Exception| exception.month == day.month() && exception.day == day.day();
        let dated = self.exceptions.iter().filter(fits).find(|exception| exception.year == Some(day.year()));
        match dated.or_else(|| self.exceptions.iter().filter(fits).find(|exception| exception.year.is_none())) {
            Some(exception) => (&exception.open, exception.name.as_deref()),
            None => (&self.weekly[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())], None),
        }
    }

    /// Does the turn name a day or a time that hours could be asked for?
    #[must_use]
    pub fn names_a_day(words: &[String], lexicon: &Lexicon) -> bool {
        let epoch = Date::constant(2024, 1, 1);
        date::read(words, epoch, lexicon).is_some()
            || [&lexicon.weekend, &lexicon.holidays].iter().any(|phrases| phrases.iter().any(|phrase| text::find(words, phrase).is_some()))
    }

    /// The answer to a question about opening hours.
    #[must_use]
    pub fn answer(&self, words: &[String], now: WallTime, lexicon: &Lexicon) -> Vec<Sentence> {
        let today = date_of(now);
        let says = |phrases: &Words| phrases.iter().any(|phrase| text::find(words, phrase).is_some());
        let then = asked_time(words, lexicon);
        let mut days: Vec<Date> =
            date::relative(words, today, lexicon).or_else(|| date::of_month(words, today, lexicon)).into_iter().collect();
        if days.is_empty() {
            days = date::weekdays(words, today, lexicon);
        }
        if days.is_empty() && says(&lexicon.weekend) {
            days = (0..7_i64)
                .filter_map(|ahead| today.checked_add(ahead.days()).ok())
                .filter(|day| day.weekday().to_monday_zero_offset() >= 5)
                .collect();
        }
        if days.is_empty() && says(&lexicon.holidays) {
            return self.holidays(today, lexicon);
        }
        let about_now = says(&lexicon.now) || text::is_one_of(words, &lexicon.are_you_open, &lexicon.fillers);
        if days.is_empty() && then.is_none() && about_now {
            return vec![self.now(now, lexicon)];
        }
        match (days.as_slice(), then) {
            ([], None) => vec![self.week(lexicon)],
            ([], Some(then)) => vec![self.day(today, today, Some(then), lexicon)],
            (days, then) => days.iter().map(|day| self.day(*day, today, then, lexicon)).collect(),
        }
    }

    /// That it is closed now, and when it opens; none: it is open.
    #[must_use]
    pub fn closed(&self, now: WallTime, lexicon: &Lexicon) -> Option<Sentence> {
        Some(self.now(now, lexicon)).filter(|(key, _)| *key != PromptKey::HoursOpenNow)
    }

    fn now(&self, now: WallTime, lexicon: &Lexicon) -> Sentence {
        let today = date_of(now);
        let minute = u32::try_from(now.ms_of_day / 60_000).unwrap_or_default();
        if let Some((_, until)) = self.on(today).0.iter().find(|(from, to)| (*from..*to).contains(&minute)) {
            return (PromptKey::HoursOpenNow, vec![("until", clock(*until, lexicon))]);
        }
        for ahead in 0..LOOK_AHEAD_DAYS {
            let Ok(day) = today.checked_add(ahead.days()) else { break };
            if let Some((from, _)) = self.on(day).0.iter().find(|(from, _)| ahead > 0 || *from > minute) {
                return (
                    PromptKey::HoursClosedNow,
                    vec![("day", lower_first(&day_name(day, today, lexicon))), ("time", clock(*from, lexicon))],
                );
            }
        }
        (PromptKey::HoursClosed, vec![("day", day_name(today, today, lexicon)), ("reason", String::new())])
    }

    fn day(&self, day: Date, today: Date, then: Option<Opening>, lexicon: &Lexicon) -> Sentence {
        let (open, name) = self.on(day);
        let spoken = day_name(day, today, lexicon);
        if open.is_empty() {
            return (PromptKey::HoursClosed, vec![("day", spoken), ("reason", name.unwrap_or_default().to_owned())]);
        }
        let overlaps = |(from, to): Opening| open.iter().any(|(opens, closes)| from < *closes && to > *opens);
        let key = if then.is_none_or(overlaps) { PromptKey::HoursOpen } else { PromptKey::HoursNotThen };
        (key, vec![("day", spoken), ("times", times(open, lexicon))])
    }

    /// The exceptions of the next twelve months, three at most: more is not listened to.
    fn holidays(&self, today: Date, lexicon: &Lexicon) -> Vec<Sentence> {
        let days = (0..365_i64).filter_map(|ahead| today.checked_add(ahead.days()).ok());
        let special: Vec<Sentence> =
            days.filter(|day| self.on(*day).1.is_some()).take(3).map(|day| self.day(day, today, None, lexicon)).collect();
        if special.is_empty() { vec![self.week(lexicon)] } else { special }
    }

    fn week(&self, lexicon: &Lexicon) -> Sentence {
        let mut parts = Vec::new();
        let mut first = 0;
        while first < 7 {
            let last = (first..7).take_while(|day| self.weekly[*day] == self.weekly[first]).last().unwrap_or(first);
            if !self.weekly[first].is_empty() {
                let said = &lexicon.hours;
                let days = if first == last {
                    said.alone[first].clone()
                } else {
                    filled(&said.days, &[("first", &said.first[first]), ("last", &said.last[last])])
                };
                parts.push(format!("{days} {}", times(&self.weekly[first], lexicon)));
            }
            first = last + 1;
        }
        (PromptKey::HoursWeek, vec![("days", listed(&parts, &lexicon.and))])
    }
}

/// The time of day that a turn asks for: a part ("morning") or an hour ("at five", "until 6 p.m.").
fn asked_time(words: &[String], lexicon: &Lexicon) -> Option<Opening> {
    let named = lexicon
        .parts
        .iter()
        .filter_map(|(phrase, part)| text::find(words, phrase).map(|_| (phrase.len(), (part.0, part.1))))
        .max_by_key(|(len, _)| *len);
    named.map(|(_, part)| part).or_else(|| asked_hour(words, lexicon))
}

/// "at five", "at 7 p m", "at 17 30": the half hour from there. Without "a.m." hours below 8 are meant in the afternoon.
fn asked_hour(words: &[String], lexicon: &Lexicon) -> Option<Opening> {
    let at = words.iter().position(|word| lexicon.hours.asked.contains(word))?;
    let number = |word: &String| word.parse().ok().or_else(|| lexicon.numbers.of(word).copied());
    let hour = number(words.get(at + 1)?).filter(|hour| *hour < 24)?;
    let minutes = words.get(at + 2).and_then(number).filter(|minutes| *minutes < 60).unwrap_or_default();
    let rest = words[at + 1..].join("");
    let afternoon = rest.contains("pm") || (hour < 8 && !rest.contains("am"));
    let hour = if afternoon && hour < 12 { hour + 12 } else { hour };
    let from = hour * 60 + minutes;
    Some((from, from + 1))
}

/// "Today", "Tomorrow, Monday,", "On Saturday", "On Friday, December 25,".
fn day_name(day: Date, today: Date, lexicon: &Lexicon) -> String {
    let said = &lexicon.hours;
    let weekday = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
    let month = &said.months[usize::from((day.month() - 1).unsigned_abs())];
    let template = match (day - today).get_days() {
        0 => &said.today,
        1 => &said.tomorrow,
        2..=6 => &said.this_week,
        _ => &said.later,
    };
    let number = day.day().to_string();
    let values = [("on_day", said.on_day[weekday].as_str()), ("alone", &said.alone[weekday]), ("month", month), ("day", &number)];
    upper_first(&filled(template, &values))
}

fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn lower_first(text: &str) -> String {
    let mut letters = text.trim_end_matches(',').chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn times(open: &[Opening], lexicon: &Lexicon) -> String {
    let time = |(from, to): &Opening| filled(&lexicon.hours.from_to, &[("from", &clock(*from, lexicon)), ("to", &clock(*to, lexicon))]);
    let spoken: Vec<String> = open.iter().map(time).collect();
    listed(&spoken, &lexicon.and)
}

/// "9 AM", "2:30 PM", "noon"; in Romanian "9", "14:30".
fn clock(minute: u32, lexicon: &Lexicon) -> String {
    let said = &lexicon.hours.clock;
    if let Some(named) = said.named.iter().find(|named| named.at.0 == minute) {
        return named.name.clone();
    }
    let (hour, minutes) = (minute / 60, minute % 60);
    let half = if (12..24).contains(&hour) { &said.pm } else { &said.am };
    let hour = match (said.hours, hour) {
        (12, hour) if hour.is_multiple_of(12) => 12,
        (12, hour) => hour % 12,
        (_, hour) => hour,
    };
    let template = if minutes == 0 { &said.whole } else { &said.part };
    filled(template, &[("hour", &hour.to_string()), ("minutes", &format!("{minutes:02}")), ("half", half)])
}

/// "a", "a and b", "a, b, and c".
pub(crate) fn listed(parts: &[String], and: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} {and} {two}"),
        [first @ .., last] => format!("{}, {and} {last}", first.join(", ")),
    }
}

/// "monday", "monday-friday": days from Monday = 0.
pub(crate) fn weekday_range(text: &str, lexicon: &Lexicon) -> Option<Vec<usize>> {
    let english = &language::english().lexicon;
    let day = |name: &str| {
        let name = text::folded(name);
        [english, lexicon].iter().find_map(|lexicon| lexicon.weekdays.iter().position(|names| names.contains(&name)))
    };
    match text.split_once(['-', '–']) {
        None => Some(vec![day(text)?]),
        Some((from, to)) => {
            let (from, to) = (day(from)?, day(to)?);
            Some((0..=(to + 7 - from) % 7).map(|ahead| (from + ahead) % 7).collect())
        }
    }
}

/// "09:00-18:00", "09:00-12:00, 13:00-17:00", "closed".
fn openings(text: &str) -> Result<Vec<Opening>, String> {
    if text.trim() == "closed" {
        return Ok(Vec::new());
    }
    let mut open = Vec::new();
    for part in text.split(',') {
        let (from, to) =
            part.split_once(['-', '–']).ok_or_else(|| format!("“{}” is not a time like \"09:00-18:00\" or \"closed\"", part.trim()))?;
        let (from, to) = (clock_time(from)?, clock_time(to)?);
        if from >= to {
            return Err(format!("“{}” ends before it begins", part.trim()));
        }
        if open.last().is_some_and(|(_, before): &Opening| from < *before) {
            return Err(format!("“{}” begins before the one in front of it ends", part.trim()));
        }
        open.push((from, to));
    }
    Ok(open)
}

/// "09:00" in minutes since midnight; "24:00" is the end of the day.
pub(crate) fn clock_time(text: &str) -> Result<u32, String> {
    let bad = || format!("“{}” is not a time of day like \"09:00\"", text.trim());
    let (hour, minute) = text.trim().split_once(':').ok_or_else(bad)?;
    let (hour, minute): (u32, u32) = (hour.parse().map_err(|_| bad())?, minute.parse().map_err(|_| bad())?);
    if minute > 59 || hour * 60 + minute > 1_440 { Err(bad()) } else { Ok(hour * 60 + minute) }
}

/// "2026-12-24" or "12-25".
fn calendar_date(text: &str) -> Option<(Option<i16>, i8, i8)> {
    if let Ok(date) = text.parse::<Date>() {
        return Some((Some(date.year()), date.month(), date.day()));
    }
    let (month, day) = text.split_once('-')?;
    let date = Date::new(2024, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some((None, date.month(), date.day()))
}
