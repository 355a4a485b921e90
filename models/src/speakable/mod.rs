//! What people say for what is written: "17:00" is "five pee em", order numbers go digit by digit. Plain rules, word by word.
//!
//! One folder for each language. Text in a language without rules comes back as it was: its voice reads figures in its own way.

mod en;
mod ro;
mod shapes;

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

/// The rules of each language. In this order: a rule only sees what those before it refused.
const LANGUAGES: [(&str, &[Rule]); 2] = [("en", &en::RULES), ("ro", &ro::RULES)];

/// `text` as it is spoken in `language` ("en", "ro-RO").
#[must_use]
pub fn speakable(text: &str, language: &str) -> String {
    let code = language.split(['-', '_']).next().unwrap_or_default();
    let Some((_, rules)) = LANGUAGES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)) else { return text.to_owned() };
    let words: Vec<Word<'_>> = text.split_whitespace().map(Word::split).collect();
    let mut spoken: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(first) = words.get(at) {
        let before = at.checked_sub(1).map(|index| words[index]);
        let plain = || Spoken { words: 1, text: first.core.to_owned(), own_stop: false };
        let found = rules.iter().find_map(|rule| rule(&words[at..], before)).unwrap_or_else(plain);
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
        let is_lead = |character: char| matches!(character, '"' | '\'' | '(' | '[' | '“' | '‘' | '„');
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

/// Digits in groups as people read them out: threes, fours where that comes out even.
fn groups(digits: &str) -> Vec<&str> {
    let sizes: Vec<usize> = match digits.len() {
        0..=5 => vec![digits.len()],
        7 => vec![3, 4],
        8 => vec![4, 4],
        10 => vec![3, 3, 4],
        length if length % 3 == 0 => vec![3; length / 3],
        length if length % 4 == 0 => vec![4; length / 4],
        length => [vec![3; length / 3], vec![length % 3]].concat(),
    };
    let mut rest = digits;
    let mut groups = Vec::with_capacity(sizes.len());
    for size in sizes {
        let (group, after) = rest.split_at(size.min(rest.len()));
        groups.push(group);
        rest = after;
    }
    groups
}

/// Whether all characters are digits, and there is one.
fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_pause_longer_than_commas() {
        assert!(pause_after_ms("Yes.") > pause_after_ms("Yes,") && pause_after_ms("Yes,") > pause_after_ms("Yes"));
    }
}
