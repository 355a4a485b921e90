//! Which code means which call, for how long, and who may try how often. Pure: the time is a parameter, and so is chance.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use crate::{
    accounts::{Patience, Throttle},
    call::ids::CallId,
};

/// Codes that are kept; the oldest of a call that is over goes first.
const KEPT: usize = 20_000;

/// How often a code is drawn until it means nothing else.
const DRAWS: u32 = 64;

/// One who tries: a few mistypings are free.
const SOURCE: Patience = Patience { tries: 5, first: Duration::from_secs(5), longest: Duration::from_secs(900) };

/// All together: a house full of people who mistype now and then, and no more.
const EVERYBODY: Patience = Patience { tries: 60, first: Duration::from_secs(5), longest: Duration::from_secs(60) };

/// What all together are counted under.
const ALL: &str = "*";

/// How codes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Figures of a code.
    pub figures: usize,
    /// So long a code is good after its call's end.
    pub after_call: Duration,
    /// Whoever has a code may see its call, without an account.
    pub open: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { figures: 6, after_call: Duration::from_secs(900), open: false }
    }
}

/// Why a code shows no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It means none, or no longer.
    Unknown,
    /// Too many were wrong: this one was not looked at.
    Wait(Duration),
}

/// The codes.
#[derive(Debug)]
pub(super) struct Book {
    settings: Settings,
    codes: HashMap<String, Claim>,
    /// The code of each call that goes on.
    going: HashMap<CallId, String>,
    /// When the codes of calls that are over cease to be good, the first one first.
    over: VecDeque<(Instant, String)>,
    sources: Throttle,
    everybody: Throttle,
}

#[derive(Debug)]
struct Claim {
    call: CallId,
    /// When it ceases to be good; none while the call goes on.
    until: Option<Instant>,
}

impl Book {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            codes: HashMap::new(),
            going: HashMap::new(),
            over: VecDeque::new(),
            sources: Throttle::new(SOURCE),
            everybody: Throttle::new(EVERYBODY),
        }
    }

    /// A code that means this call and nothing else. `draw` gives chance for each try. None where every one of them meant something: then nothing does.
    pub(super) fn issue(&mut self, call: &CallId, now: Instant, draw: impl Fn(u32) -> u64) -> Option<String> {
        self.forget(now);
        let figures = self.settings.figures;
        let most = 10_u64.pow(u32::try_from(figures).unwrap_or(0));
        let code = (0..DRAWS).map(|again| format!("{:0figures$}", draw(again) % most)).find(|code| !self.codes.contains_key(code))?;
        self.codes.insert(code.clone(), Claim { call: call.clone(), until: None });
        self.going.insert(call.clone(), code.clone());
        Some(code)
    }

    /// A code of an earlier run that is still good until then.
    pub(super) fn restore(&mut self, code: String, call: CallId, until: Instant) {
        let place = self.over.partition_point(|(other, _)| *other <= until);
        self.over.insert(place, (until, code.clone()));
        self.codes.insert(code, Claim { call, until: Some(until) });
    }

    /// The call is over.
    pub(super) fn ended(&mut self, call: &CallId, now: Instant) {
        let Some(code) = self.going.remove(call) else { return };
        self.restore(code, call.clone(), now + self.settings.after_call);
    }

    /// The call that a code means, for somebody who asks from there.
    pub(super) fn look(&mut self, code: &str, source: &str, now: Instant) -> Result<CallId, Refused> {
        // Who has to wait costs nobody else a try.
        self.sources.begin(source, now).map_err(Refused::Wait)?;
        self.everybody.begin(ALL, now).map_err(Refused::Wait)?;
        let found = self.codes.get(code).filter(|claim| claim.until.is_none_or(|until| now < until));
        let Some(claim) = found else { return Err(Refused::Unknown) };
        // A right one costs nothing, and takes back nothing: whoever has one code guesses no others with it.
        self.sources.forgive(source);
        self.everybody.forgive(ALL);
        Ok(claim.call.clone())
    }

    /// Codes that are over mean nothing, and may mean something else.
    fn forget(&mut self, now: Instant) {
        while let Some((until, code)) = self.over.front()
            && (*until <= now || self.codes.len() >= KEPT)
        {
            self.codes.remove(code);
            self.over.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn call(number: u64) -> CallId {
        CallId(format!("call-{number}"))
    }

    fn book(figures: usize) -> Book {
        Book::new(Settings { figures, ..Settings::default() })
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_code_is_good_while_the_call_lasts_and_a_while_after() {
        let (mut book, now) = (book(6), clock::now());
        let code = book.issue(&call(1), now, |_| 1_012_345).unwrap();
        assert_eq!(code, "012345");
        let hour = now + s(3_600);
        assert_eq!(book.look(&code, "a", hour), Ok(call(1)));
        book.ended(&call(1), hour);
        assert_eq!(book.look(&code, "a", hour + s(899)), Ok(call(1)));
        assert_eq!(book.look(&code, "a", hour + s(900)), Err(Refused::Unknown));
        // Then it may mean another call.
        assert_eq!(book.issue(&call(2), hour + s(900), |_| 12_345).as_deref(), Some("012345"));
        assert_eq!(book.look(&code, "b", hour + s(901)), Ok(call(2)));
    }

    #[test]
    fn a_code_of_an_earlier_run_is_good_until_it_expires() {
        let (mut book, now) = (book(6), clock::now());
        book.restore("000000".to_owned(), call(1), now + s(60));
        assert_eq!(book.issue(&call(2), now, u64::from).as_deref(), Some("000001"), "it means one call");
        assert_eq!(book.look("000000", "a", now + s(59)), Ok(call(1)));
        assert_eq!(book.look("000000", "a", now + s(60)), Err(Refused::Unknown));
    }

    #[test]
    fn no_code_means_two_calls() {
        let (mut book, now) = (book(6), clock::now());
        let first = book.issue(&call(1), now, u64::from).unwrap();
        let second = book.issue(&call(2), now, u64::from).unwrap();
        assert_eq!((first.as_str(), second.as_str()), ("000000", "000001"));
        assert_eq!(book.issue(&call(3), now, |_| 1), None, "where chance gives nothing new there is no code");
    }

    /// Wrong codes of the right length that are looked at in a day.
    fn looked_at(book: &mut Book, sources: u64, per_s: u64) -> u64 {
        let start = clock::now();
        let mut looked = 0;
        for second in 0..86_400 {
            for one in 0..per_s {
                let source = format!("source {}", (second * per_s + one) % sources);
                looked += u64::from(book.look("none", &source, start + s(second)) == Err(Refused::Unknown));
            }
        }
        looked
    }

    #[test]
    fn guessing_comes_to_nothing() {
        let live = 200.0;
        // One who is signed in, and tries without end.
        let one = looked_at(&mut book(6), 1, 3);
        assert!(one < 130, "{one} codes of one source were looked at in a day");
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let chance = |tries: u64, figures: i32| tries as f64 * live / 10_f64.powi(figures);
        assert!(chance(one, 6) < 0.03, "{} of 200 calls in a day", chance(one, 6));
        // Any number of strangers, where codes are open and therefore longer.
        let many = looked_at(&mut book(10), 10_000, 3);
        assert!(many < 1_600, "{many} codes of many sources were looked at in a day");
        assert!(chance(many, 10) < 0.000_1, "{} of 200 calls in a day", chance(many, 10));
    }

    #[test]
    fn a_right_code_is_no_way_around_the_wait() {
        let (mut book, now) = (book(6), clock::now());
        let code = book.issue(&call(1), now, |_| 7).unwrap();
        let mut wrong = 0;
        for second in 0..600 {
            _ = book.look(&code, "a", now + s(second));
            wrong += u32::from(book.look("999999", "a", now + s(second)) == Err(Refused::Unknown));
        }
        assert!(wrong < 15, "{wrong} wrong ones in ten minutes");
    }
}
