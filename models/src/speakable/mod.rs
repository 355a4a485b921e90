//! What people say for what is written: "17:00" is "five pee em", order numbers go digit by digit. Plain rules, word by word.
//!
//! Only English has rules yet; other languages come back as they were.

mod codes;
mod dates;
mod money;
mod numbers;
mod times;
mod words;

/// A written word with what stands around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word<'a> {
    lead: &'a str,
    core: &'a str,
    tail: &'a str,
}

/// What a rule made of the first words it was given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spoken {
    words: usize,
    text: String,
    /// The full stop behind it belongs to an abbreviation and ends no sentence.
    own_stop: bool,
}

impl Spoken {
    fn one(text: impl Into<String>) -> Option<Self> {
        Self::of(1, text)
    }

    fn of(words: usize, text: impl Into<String>) -> Option<Self> {
        Some(Self { words, text: text.into(), own_stop: false })
    }
}

/// A rule looks at the words from one on, and at the word before it.
type Rule = fn(&[Word<'_>], Option<Word<'_>>) -> Option<Spoken>;

/// In this order: a rule only sees what those before it refused.
const ENGLISH: [Rule; 12] = [
    codes::address,
    times::clock,
    money::amount,
    dates::date,
    codes::phone,
    dates::ordinal,
    words::ratio,
    words::range,
    money::percent,
    codes::code,
    numbers::number,
    words::abbreviation,
];

/// `text` as it is spoken in `language` ("en").
#[must_use]
pub fn speakable(text: &str, language: &str) -> String {
    if !language.starts_with("en") {
        return text.to_owned();
    }
    let words: Vec<Word<'_>> = text.split_whitespace().map(Word::split).collect();
    let mut spoken: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(first) = words.get(at) {
        let before = at.checked_sub(1).map(|index| words[index]);
        let plain = || Spoken { words: 1, text: first.core.to_owned(), own_stop: false };
        let found = ENGLISH.iter().find_map(|rule| rule(&words[at..], before)).unwrap_or_else(plain);
        at += found.words;
        let tail = words[at - 1].tail;
        let tail = if found.own_stop && at < words.len() { tail.strip_prefix('.').unwrap_or(tail) } else { tail };
        spoken.push(format!("{}{}{tail}", first.lead, found.text));
    }
    spoken.join(" ")
}

/// The silence after a clause when it is followed by another one, in milliseconds: longer after a sentence than after a comma.
#[must_use]
pub fn pause_after_ms(clause: &str) -> u32 {
    match clause.trim_end().trim_end_matches(['"', '\u{201D}', '\'', ')']).chars().last() {
        Some('.' | '!' | '?' | '…') => 280,
        Some(',' | ';' | ':') => 130,
        _ => 60,
    }
}

impl<'a> Word<'a> {
    fn split(word: &'a str) -> Self {
        let is_lead = |character: char| matches!(character, '"' | '\'' | '(' | '[' | '“' | '‘');
        let is_tail = |character: char| matches!(character, '"' | '\'' | ')' | ']' | '”' | '’' | '.' | ',' | ';' | ':' | '!' | '?' | '…');
        let from = word.len() - word.trim_start_matches(is_lead).len();
        let to = word.trim_end_matches(is_tail).len().max(from);
        Self { lead: &word[..from], core: &word[from..to], tail: &word[to..] }
    }

    /// Whether the next word continues this one: no punctuation in between.
    fn flows(&self) -> bool {
        self.tail.is_empty()
    }
}

/// The words that follow one another without punctuation, at most `most`, as their cores.
fn run<'a>(words: &[Word<'a>], most: usize) -> Vec<&'a str> {
    let mut cores = Vec::new();
    for word in words.iter().take(most) {
        cores.push(word.core);
        if !word.flows() {
            break;
        }
    }
    cores
}

/// Whether all characters are digits, and there is one.
fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line: what is written, what is said.
    const CASES: &[(&str, &str)] = &[
        ("We open at 9:30.", "We open at nine thirty."),
        ("From 9:00 to 17:00, closed 13:05.", "From nine o'clock to five pee em, closed one oh five pee em."),
        ("at 9:30 am or 5 pm or 8a.m. sharp", "at nine thirty ay em or five pee em or eight ay em sharp"),
        ("open 9:00-14:00", "open nine o'clock to two pee em"),
        ("Order 457129 was sent.", "Order four five seven, one two nine was sent."),
        ("number 12345678", "number one two three four, five six seven eight"),
        ("ref WL-20394.", "ref double-u ell, two oh three nine four."),
        ("code 0042", "code zero zero four two"),
        ("It costs €12.50, not $1,250.", "It costs twelve euros and fifty cents, not one thousand two hundred fifty dollars."),
        ("£1 or 3 USD or $2.5 million", "one pound or three dollars or two point five million dollars"),
        ("15% of 3.5 kg", "fifteen percent of three point five kilograms"),
        ("on March 12, 2026", "on March twelfth, twenty twenty six"),
        ("on 2026-11-22 or 22.11.2026", "on November twenty second, twenty twenty six or November twenty second, twenty twenty six"),
        ("the 1st, 2nd and 23rd", "the first, second and twenty third"),
        ("on 3 May", "on the third of May"),
        ("since 1999 and in 2005", "since nineteen ninety nine and in two thousand five"),
        ("Call +40 721 234 567.", "Call plus four zero, seven two one, two three four, five six seven."),
        ("Call 555-0142 now", "Call five five five, zero one four two now"),
        ("Write to j.smith_2@example.com.", "Write to j dot smith underscore two at example dot com."),
        ("see www.example.com/help", "see example dot com slash help"),
        ("Mr. Jones & Dr. Smith, e.g. no. 5", "Mister Jones and Doctor Smith, for example number five"),
        ("24/7, Mon-Fri, 2-3 days", "twenty four seven, Monday to Friday, two to three days"),
        ("You have 3 items and 110 points", "You have three items and one hundred ten points"),
        ("\"Hello,\" she said (twice).", "\"Hello,\" she said (twice)."),
        ("Is it -5 degrees?", "Is it minus five degrees?"),
    ];

    #[test]
    fn what_is_written_becomes_what_is_said() {
        let wrong: Vec<_> = CASES.iter().map(|(text, said)| (speakable(text, "en"), said)).filter(|(got, said)| got != *said).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn no_digit_is_left_and_no_text_panics() {
        for text in
            ["1:2:3", "12:99", "99/99/9999", "€", "%", "1,2,3", "1.2.3.4", "+", "--", "@", "a@", "1e9", "½", "9.", "#", "20-", "-", "1/0"]
        {
            let said = speakable(text, "en");
            assert!(!said.contains(|c: char| c.is_ascii_digit()), "{text} became {said}");
        }
        assert_eq!(speakable("ora 17:00", "ro"), "ora 17:00");
    }

    #[test]
    fn sentences_pause_longer_than_commas() {
        assert!(pause_after_ms("Yes.") > pause_after_ms("Yes,") && pause_after_ms("Yes,") > pause_after_ms("Yes"));
    }
}
