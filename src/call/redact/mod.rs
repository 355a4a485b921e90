//! What nobody may read or hear later although nobody asked for it: card numbers, personal codes, passwords, and what an operator's own patterns find.
//! It is struck out of whatever is written down; the flow goes on with what it was told.
//!
//! What the flow asks for as `private` never comes here: see `private`.

mod checks;
mod rules;
mod text;
mod words;

use std::ops::Range;

use regex::Regex;

use crate::call::{language::Language, record::CONCEALED, time::Time};

pub use rules::{Kind, Rules};
pub use words::PrivacyWords;

use text::{Number, Part, Placed};

/// Card, and the longest number that the checks know.
const LONGEST_CARD: usize = 19;
const LONGEST_CODE: usize = 13;

/// So long after "my card number" figures are a card's.
const CARD_TALK_MS: u64 = 30_000;
/// Fewest figures that are struck out then: a security code.
const CARD_TALK_FIGURES: usize = 3;
/// From so many figures on a number that a caller says is a card's even without the check figure: two of sixteen may have been missed, others misheard.
const SPOKEN_CARD_FIGURES: usize = 14;
/// So long after "my password is" at the end of a turn the next one is the password.
const SECRET_TALK_MS: u64 = 20_000;
/// So long the figures of one turn may go on in the next.
const TAIL_MS: u64 = 15_000;

/// Figures from which on a number that is not whole yet may be a card's or a person's: of a card six may be shown (PCI DSS 3.4.1).
const DOUBTFUL_FIGURES: usize = 7;
const DOUBTFUL_FIGURES_CODES: usize = 5;

/// A text without what nobody may read, and what that was: one word for each place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Struck {
    /// What is left.
    pub text: String,
    /// The kinds, in the order of the text.
    pub kinds: Vec<String>,
    /// What was struck out: it may come again.
    pub secrets: Vec<String>,
    /// Figures of an earlier turn belong to it: that turn began then.
    pub since: Option<Time>,
}

impl Struck {
    /// Nothing was struck out.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// Are these figures of a kind?
type Check = fn(&[u8]) -> bool;

/// Each kind of number, its longest form, and what shows it.
const CHECKS: [(Kind, usize, Check); 3] = [
    (Kind::Cards, LONGEST_CARD, checks::is_card),
    (Kind::Cnp, LONGEST_CODE, checks::is_cnp),
    (Kind::BirthNumbers, LONGEST_CODE, checks::is_birth_number),
];

/// A place of a text that is struck out.
type Place = (Range<usize>, String);

/// The end of somebody's turn that was figures.
#[derive(Debug, Clone)]
struct Tail {
    parts: Vec<Part>,
    from: Time,
    at: Time,
}

/// Strikes out what nobody may read later.
#[derive(Debug, Clone)]
pub struct Redactor {
    rules: Rules,
    patterns: Vec<(String, Regex)>,
    language: &'static Language,
    card_until: Option<Time>,
    secret_until: Option<Time>,
    tail: Option<Tail>,
    /// The same of the agent, who may say each part of a number after the caller.
    agents_tail: Option<Tail>,
}

impl Redactor {
    /// For a call in a language.
    #[must_use]
    pub fn new(rules: &Rules, language: &'static Language) -> Self {
        Self {
            rules: rules.clone(),
            patterns: rules.patterns(),
            language,
            card_until: None,
            secret_until: None,
            tail: None,
            agents_tail: None,
        }
    }

    /// The caller speaks another one.
    pub fn follow(&mut self, language: &'static Language) {
        self.language = language;
    }

    /// Something that the caller said from then to then. What was said before it counts: "my card number is", and then the number.
    pub fn said(&mut self, text: &str, from: Time, to: Time) -> Struck {
        if self.rules.is_empty() {
            return Struck { text: text.to_owned(), ..Struck::default() };
        }
        let placed = Placed::of(text);
        let numbers = placed.numbers(&self.language.lexicon);
        let mut found = self.found(text, &placed, &numbers);
        let secret_is_next = self.secret_until.take().is_some_and(|until| from < until);
        if secret_is_next && !placed.words.is_empty() {
            found.push((placed.place(&(0..placed.words.len())), Kind::Passwords.word().to_owned()));
        }
        found.extend(self.secrets(&placed, to));
        found.extend(self.card_talk(&placed, &numbers, from, to));
        let (goes_on, since) = self.goes_on(&placed, &numbers, from);
        found.extend(goes_on);
        self.keep_tail(&placed, &numbers, from, to);
        Struck { since, ..strike(text, found) }
    }

    /// The same of the agent. "What is your card number?" counts, and so does reading it back.
    pub fn agent_said(&mut self, text: &str, from: Time, to: Time) -> Struck {
        std::mem::swap(&mut self.tail, &mut self.agents_tail);
        let struck = self.said(text, from, to);
        std::mem::swap(&mut self.tail, &mut self.agents_tail);
        struck
    }

    /// Something else that is written down: the bot's words, a value.
    #[must_use]
    pub fn written(&self, text: &str) -> Struck {
        if self.rules.is_empty() {
            return Struck { text: text.to_owned(), ..Struck::default() };
        }
        let placed = Placed::of(text);
        let numbers = placed.numbers(&self.language.lexicon);
        strike(text, self.found(text, &placed, &numbers))
    }

    /// Words in the making: besides, figures that may become something are struck out.
    #[must_use]
    pub fn growing(&self, text: &str, now: Time) -> Struck {
        if self.rules.is_empty() {
            return Struck { text: text.to_owned(), ..Struck::default() };
        }
        let mut ahead = self.clone();
        let mut struck = ahead.said(text, now, now);
        let placed = Placed::of(&struck.text);
        let doubtful = placed.numbers(&self.language.lexicon).into_iter().filter(|number| number.count() >= self.doubtful_from());
        let places: Vec<Place> = doubtful.map(|number| (placed.place(&number.words()), Kind::Cards.word().to_owned())).collect();
        if !places.is_empty() {
            struck = strike(&struck.text.clone(), places);
        }
        struck
    }

    /// May words in the making, or keys, become something that is struck out?
    #[must_use]
    pub fn is_doubtful(&self, text: &str, now: Time) -> bool {
        !self.growing(text, now).is_nothing() || self.waits(now) || self.is_secret_talk(text)
    }

    /// Are these keys such a number?
    #[must_use]
    pub fn keyed(&self, keys: &str) -> Option<&'static str> {
        let digits: Vec<u8> = keys.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect();
        (0..digits.len()).find_map(|from| self.kind_of(&digits[from..])).map(Kind::word)
    }

    /// From how many figures on a number is doubtful while it is not whole.
    #[must_use]
    pub fn doubtful_from(&self) -> usize {
        let codes = self.rules.strikes(Kind::Cnp) || self.rules.strikes(Kind::BirthNumbers);
        match (codes, self.rules.strikes(Kind::Cards)) {
            (true, _) => DOUBTFUL_FIGURES_CODES,
            (false, true) => DOUBTFUL_FIGURES,
            (false, false) => usize::MAX,
        }
    }

    /// Are numbers of some kind struck out?
    #[must_use]
    pub fn strikes_numbers(&self) -> bool {
        self.doubtful_from() < usize::MAX
    }

    /// A card number or a password was announced, or begun in the last turn.
    fn waits(&self, now: Time) -> bool {
        [self.card_until, self.secret_until].into_iter().flatten().any(|until| now < until)
            || self.tail.as_ref().is_some_and(|tail| now < tail.at.plus(TAIL_MS) && count(&tail.parts) >= self.doubtful_from())
    }

    fn kind_of(&self, digits: &[u8]) -> Option<Kind> {
        CHECKS.into_iter().find(|(kind, _, is)| self.rules.strikes(*kind) && is(digits)).map(|(kind, ..)| kind)
    }

    /// What shows by itself what it is.
    fn found(&self, text: &str, placed: &Placed, numbers: &[Number]) -> Vec<Place> {
        let mut found: Vec<Place> = self
            .patterns
            .iter()
            .flat_map(|(name, pattern)| pattern.find_iter(text).map(move |found| (found.range(), name.clone())))
            .collect();
        for (kind, longest, is) in CHECKS.into_iter().filter(|(kind, ..)| self.rules.strikes(*kind)) {
            for number in numbers {
                for parts in number.find(longest, &is) {
                    let words = number.0[parts.start].words.start..number.0[parts.end - 1].words.end;
                    found.push((placed.place(&words), kind.word().to_owned()));
                }
            }
        }
        found
    }

    /// What stands behind "my password is", to the end: a password may have blanks and full stops in it.
    fn secrets(&mut self, placed: &Placed, to: Time) -> Option<Place> {
        let starts = self.secret_starts(placed);
        let first = *starts.iter().min()?;
        if first == placed.words.len() {
            self.secret_until = Some(to.plus(SECRET_TALK_MS));
            return None;
        }
        Some((placed.place(&(first..placed.words.len())), Kind::Passwords.word().to_owned()))
    }

    fn secret_starts(&self, placed: &Placed) -> Vec<usize> {
        if !self.rules.strikes(Kind::Passwords) {
            return Vec::new();
        }
        let words = &self.language.privacy;
        let is_none = |at: &usize| placed.words.get(*at).is_some_and(|word| words.no_passwords.contains(word));
        words.passwords.iter().flat_map(|phrase| placed.behind(phrase)).filter(|at| !is_none(at)).collect()
    }

    fn is_secret_talk(&self, text: &str) -> bool {
        !self.secret_starts(&Placed::of(text)).is_empty()
    }

    /// Figures near the words for a card (its number misheard, its date, its security code), and what is as long as a card's number.
    fn card_talk(&mut self, placed: &Placed, numbers: &[Number], from: Time, to: Time) -> Vec<Place> {
        if !self.rules.strikes(Kind::Cards) {
            return Vec::new();
        }
        let named = self.language.privacy.cards.iter().any(|phrase| placed.behind(phrase).next().is_some());
        let on = named || self.card_until.is_some_and(|until| from < until);
        if named {
            self.card_until = Some(to.plus(CARD_TALK_MS));
        }
        let misheard = |number: &&Number| number.count() >= SPOKEN_CARD_FIGURES && number.find(LONGEST_CARD, &checks::is_card).is_empty();
        let long = numbers.iter().filter(|number| on && number.count() >= CARD_TALK_FIGURES || misheard(number));
        long.map(|number| (placed.place(&number.words()), Kind::Cards.word().to_owned())).collect()
    }

    /// The rest of a number that began in an earlier turn, and when that turn began.
    fn goes_on(&self, placed: &Placed, numbers: &[Number], from: Time) -> (Option<Place>, Option<Time>) {
        let Some((tail, first)) = self.tail.as_ref().filter(|tail| from < tail.at.plus(TAIL_MS)).zip(numbers.first()) else {
            return (None, None);
        };
        let parts: Vec<Part> = tail.parts.iter().chain(&first.0).cloned().collect();
        for start in 0..tail.parts.len() {
            let mut digits: Vec<u8> = parts[start..tail.parts.len()].iter().flat_map(|part| part.digits.clone()).collect();
            for (at, part) in first.0.iter().enumerate() {
                digits.extend_from_slice(&part.digits);
                if let Some(kind) = self.kind_of(&digits) {
                    let words = first.words().start..first.0[at].words.end;
                    return (Some((placed.place(&words), kind.word().to_owned())), Some(tail.from));
                }
            }
        }
        (None, None)
    }

    /// Figures at the end of a turn may go on in the next.
    fn keep_tail(&mut self, placed: &Placed, numbers: &[Number], from: Time, to: Time) {
        let last = numbers.last().filter(|number| number.words().end == placed.words.len());
        let before = self.tail.take().filter(|tail| from < tail.at.plus(TAIL_MS));
        self.tail = last.map(|number| {
            // A turn of nothing but figures goes on with those before it.
            let goes_on = before.filter(|before| number.words().start == 0 && count(&before.parts) + number.count() <= LONGEST_CARD);
            let since = goes_on.as_ref().map_or(from, |before| before.from);
            let parts = goes_on.into_iter().flat_map(|before| before.parts).chain(number.0.iter().cloned()).collect();
            Tail { parts, from: since, at: to }
        });
    }
}

fn count(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.digits.len()).sum()
}

/// Puts dots in the place of what was found; places that overlap are one.
fn strike(text: &str, mut found: Vec<Place>) -> Struck {
    found.sort_by_key(|(place, _)| (place.start, std::cmp::Reverse(place.end)));
    let mut struck = Struck::default();
    let mut at = 0;
    for (place, kind) in found {
        if place.start < at {
            // Overlaps with the one before.
            at = at.max(place.end);
            continue;
        }
        struck.text.push_str(&text[at..place.start]);
        struck.text.push_str(CONCEALED);
        struck.secrets.push(text[place.clone()].to_owned());
        struck.kinds.push(kind);
        at = place.end;
    }
    struck.text.push_str(text.get(at..).unwrap_or_default());
    struck
}

#[cfg(test)]
mod tests;
