//! When a route is open: a window of civil time on some days of the week, in a time zone.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// Why a window is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWindow {
    /// No day.
    #[error("no day: it would never be open")]
    NoDay,
    /// It ends where it begins.
    #[error("it ends when it begins: it would never be open")]
    Empty,
}

/// A window of time. One that ends before it begins goes on over midnight, and belongs to the day on which it began.
#[derive(Debug, Clone)]
pub struct Window {
    /// Monday first.
    days: [bool; 7],
    /// Minutes since midnight.
    from: u32,
    to: u32,
    zone: TimeZone,
}

impl Window {
    /// A window from one minute of the day to another (1440 is the midnight after it), on some days, Monday first.
    ///
    /// # Errors
    /// It would never be open.
    pub fn new(days: [bool; 7], from: u32, to: u32, zone: TimeZone) -> Result<Self, BadWindow> {
        match (days.contains(&true), from == to) {
            (false, _) => Err(BadWindow::NoDay),
            (true, true) => Err(BadWindow::Empty),
            (true, false) => Ok(Self { days, from: from.min(DAY), to: to.min(DAY), zone }),
        }
    }

    /// Is it open at a moment, milliseconds since 1970-01-01 UTC?
    #[must_use]
    pub fn contains(&self, unix_ms: i64) -> bool {
        let moment = Timestamp::from_millisecond(unix_ms).unwrap_or_default();
        let today = self.zone.to_datetime(moment).date();
        let yesterday = today.checked_sub(1.day()).ok();
        yesterday.into_iter().chain([today]).any(|began| self.is_on(began) && self.begun_on(began, moment))
    }

    fn is_on(&self, day: Date) -> bool {
        self.days[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs() % 7)]
    }

    /// The window that began on a day, as points in time: however long the night of a changed clock is, it opens once and closes once.
    fn begun_on(&self, day: Date, moment: Timestamp) -> bool {
        let to = if self.to > self.from { self.to } else { self.to + DAY };
        let (Some(begin), Some(end)) = (self.moment(day, self.from), self.moment(day, to)) else { return false };
        (begin..end).contains(&moment)
    }

    /// When a minute of a day is. One that the clock shows twice is the first of the two; one that it leaps over is the moment of the leap.
    fn moment(&self, day: Date, minute: u32) -> Option<Timestamp> {
        let day = day.checked_add(i64::from(minute / DAY).days()).ok()?;
        let minute = i64::from(minute % DAY);
        let civil: DateTime = day.to_datetime(jiff::civil::Time::midnight()).checked_add(minute.minutes()).ok()?;
        let ambiguous = self.zone.to_ambiguous_timestamp(civil);
        let leaps = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
        let moment = ambiguous.compatible().ok()?;
        let leap = leaps.then(|| self.zone.preceding(moment).next()).flatten();
        Some(leap.map_or(moment, |leap| leap.timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZoneDatabase;

    use super::*;

    const WEEKDAYS: [bool; 7] = [true, true, true, true, true, false, false];
    const ALL: [bool; 7] = [true; 7];

    fn window(days: [bool; 7], from: u32, to: u32) -> Window {
        Window::new(days, from * 60, to * 60, TimeZoneDatabase::bundled().get("Europe/Bucharest").unwrap()).unwrap()
    }

    fn open(window: &Window, utc: &str) -> bool {
        window.contains(utc.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn office_hours_in_summer_and_in_winter() {
        let office = window(WEEKDAYS, 8, 18);
        for (utc, is) in [
            ("2026-07-06T04:59:59Z", false),
            ("2026-07-06T05:00:00Z", true),
            ("2026-07-06T14:59:59Z", true),
            ("2026-07-06T15:00:00Z", false),
            ("2026-01-05T05:59:59Z", false),
            ("2026-01-05T06:00:00Z", true),
            ("2026-01-05T15:59:59Z", true),
            ("2026-01-05T16:00:00Z", false),
            ("2026-07-11T09:00:00Z", false),
            ("2026-07-12T09:00:00Z", false),
        ] {
            assert_eq!(open(&office, utc), is, "{utc}");
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_began() {
        let nights = window(WEEKDAYS, 22, 6);
        for (utc, is) in [
            ("2026-07-10T19:00:00Z", true),  // Friday 22:00
            ("2026-07-11T02:59:59Z", true),  // Saturday 05:59:59
            ("2026-07-11T03:00:00Z", false), // Saturday 06:00
            ("2026-07-11T19:30:00Z", false), // Saturday 22:30
            ("2026-07-12T21:30:00Z", false), // Monday 00:30, of Sunday's night
            ("2026-07-13T21:30:00Z", true),  // Tuesday 00:30
        ] {
            assert_eq!(open(&nights, utc), is, "{utc}");
        }
        let day = window(ALL, 0, 24);
        assert!(open(&day, "2026-07-10T20:59:59Z") && open(&day, "2026-07-10T21:00:00Z"));
    }

    #[test]
    fn a_repeated_hour_opens_and_closes_once() {
        // In Bucharest the clock goes back on 2026-10-25 from 04:00 to 03:00: 03:30 is at 00:30 and at 01:30 UTC.
        let zone = || TimeZoneDatabase::bundled().get("Europe/Bucharest").unwrap();
        let until = Window::new(ALL, 60, 210, zone()).unwrap();
        let after = Window::new(ALL, 210, 300, zone()).unwrap();
        for (utc, before, behind) in [
            ("2026-10-25T00:29:59Z", true, false),
            ("2026-10-25T00:30:00Z", false, true),
            ("2026-10-25T01:00:00Z", false, true),
            ("2026-10-25T01:45:00Z", false, true),
            ("2026-10-25T03:00:00Z", false, false),
        ] {
            assert_eq!((open(&until, utc), open(&after, utc)), (before, behind), "{utc}");
        }
    }

    #[test]
    fn an_hour_that_does_not_exist_begins_with_the_leap() {
        // … and forward on 2026-03-29 from 03:00 to 04:00, at 01:00 UTC.
        let zone = || TimeZoneDatabase::bundled().get("Europe/Bucharest").unwrap();
        let half_past = Window::new(ALL, 210, 300, zone()).unwrap();
        assert!(!open(&half_past, "2026-03-29T00:59:59Z") && open(&half_past, "2026-03-29T01:00:00Z"));
        let gone = Window::new(ALL, 190, 230, zone()).unwrap();
        assert!(!open(&gone, "2026-03-29T00:59:59Z") && !open(&gone, "2026-03-29T01:00:00Z") && !open(&gone, "2026-03-29T01:15:00Z"));
        let night = window(ALL, 22, 6);
        assert!(open(&night, "2026-03-29T02:59:59Z") && !open(&night, "2026-03-29T03:00:00Z"));
    }

    #[test]
    fn windows_that_would_never_be_open() {
        let new = |days, from, to| Window::new(days, from, to, TimeZone::UTC).unwrap_err();
        assert_eq!(new([false; 7], 0, 60), BadWindow::NoDay);
        assert_eq!(new(ALL, 60, 60), BadWindow::Empty);
        let extremes = Window::new(ALL, 0, 1, TimeZone::UTC).unwrap();
        assert!(!extremes.contains(i64::MAX) || extremes.contains(0));
        _ = (extremes.contains(i64::MIN), extremes.contains(253_402_207_200_000));
    }
}
