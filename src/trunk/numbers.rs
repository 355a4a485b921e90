//! Numbers as a trunk writes them, and as we do.

use std::iter;

use regex::{Captures, Regex, RegexBuilder};

use super::pattern;

/// Characters of a number or SIP user that are looked at; a longer one is left as it is, and a rule never makes one.
pub const LONGEST_NUMBER: usize = 128;
/// Bytes that a compiled regular expression may take.
const REGEX_BYTES: usize = 256 * 1_024;

/// Why a rule is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// It would fit nothing but an empty number.
    #[error("an empty pattern")]
    Empty,
    /// `replace` has more `*` than the pattern.
    #[error("there are more `*` in `replace` than in `match`")]
    TooManyStars,
    /// The regular expression cannot be used.
    #[error("no regular expression: {0}")]
    Regex(String),
    /// `$2`, and there is no second group.
    #[error("`${0}` stands for a group that the regular expression does not have")]
    NoGroup(usize),
}

/// One rule: what it fits, and what it makes of it.
#[derive(Debug, Clone)]
pub struct Rule {
    find: Find,
    replace: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Find {
    Pattern(String),
    Regex(Regex),
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    /// What a `*` or a group stood for, from 0; in a regular expression 0 is the whole.
    Found(usize),
}

/// Rules, of which the first that fits is used.
#[derive(Debug, Clone, Default)]
pub struct Rewriter(Vec<Rule>);

impl Rule {
    /// A pattern in which `*` stands for anything; a `*` in `replace` stands for the same.
    ///
    /// # Errors
    /// Why it is no rule.
    pub fn pattern(find: &str, replace: &str) -> Result<Self, BadRule> {
        if find.is_empty() {
            return Err(BadRule::Empty);
        }
        let stars = |text: &str| text.matches('*').count();
        if stars(replace) > stars(find) {
            return Err(BadRule::TooManyStars);
        }
        let texts = replace.split('*').map(|text| Piece::Text(text.to_owned()));
        let replace = texts.enumerate().flat_map(|(n, text)| n.checked_sub(1).map(Piece::Found).into_iter().chain(iter::once(text)));
        Ok(Self { find: Find::Pattern(find.to_owned()), replace: replace.collect() })
    }

    /// A regular expression that fits a whole number; `$1` to `$9` in `replace` stand for its groups.
    ///
    /// # Errors
    /// Why it is no rule.
    pub fn regex(find: &str, replace: &str) -> Result<Self, BadRule> {
        if find.is_empty() {
            return Err(BadRule::Empty);
        }
        let last_line = |error: regex::Error| error.to_string().lines().last().unwrap_or_default().trim().to_owned();
        // By itself first, so that `a)(b` is not made right by what is put around it.
        Regex::new(find).map_err(|error| BadRule::Regex(last_line(error)))?;
        let built = RegexBuilder::new(&format!("^(?:{find})$")).size_limit(REGEX_BYTES).build();
        let regex = built.map_err(|error| BadRule::Regex(last_line(error)))?;
        let replace = pieces(replace);
        let missing = replace.iter().find_map(|piece| match piece {
            Piece::Found(group) => Some(*group).filter(|group| *group >= regex.captures_len()),
            Piece::Text(_) => None,
        });
        missing.map_or(Ok(Self { find: Find::Regex(regex), replace }), |group| Err(BadRule::NoGroup(group)))
    }

    fn apply(&self, number: &str) -> Option<String> {
        let fill = |found: &dyn Fn(usize) -> String| {
            let of = |piece: &Piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Found(index) => found(*index),
            };
            self.replace.iter().map(of).collect::<String>()
        };
        match &self.find {
            Find::Pattern(find) => {
                let found = pattern::captures(find, number)?;
                Some(fill(&|index| found.get(index).copied().unwrap_or_default().to_owned()))
            }
            Find::Regex(regex) => {
                let found: Captures<'_> = regex.captures(number)?;
                Some(fill(&|index| found.get(index).map_or("", |group| group.as_str()).to_owned()))
            }
        }
    }
}

/// "+40$1" as a text and a group. A `$` without a digit is itself.
fn pieces(replace: &str) -> Vec<Piece> {
    let mut parts = replace.split('$');
    let mut found = vec![Piece::Text(parts.next().unwrap_or_default().to_owned())];
    for part in parts {
        match part.chars().next().and_then(|first| first.to_digit(10)) {
            Some(group) => found.extend([Piece::Found(group as usize), Piece::Text(part[1..].to_owned())]),
            None => found.push(Piece::Text(format!("${part}"))),
        }
    }
    found
}

impl Rewriter {
    /// Rules in their order.
    #[must_use]
    pub const fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// The number after the first rule that fits; as it is if none does.
    #[must_use]
    pub fn rewrite(&self, number: &str) -> String {
        let fits = |text: &str| text.chars().take(LONGEST_NUMBER + 1).count() <= LONGEST_NUMBER;
        let rewritten = fits(number).then(|| self.0.iter().find_map(|rule| rule.apply(number))).flatten();
        rewritten.filter(|rewritten| fits(rewritten)).unwrap_or_else(|| number.to_owned())
    }
}

/// The user part of a SIP or tel address as a plain number or name: escapes undone (RFC 3261 §25.1), parameters (`;phone-context=…`) and
/// control characters left out, and, if only digits are left then, without the blanks, dots, dashes and brackets that people put between
/// them (RFC 3966 §5.1.1).
#[must_use]
pub fn plain_number(user: &str) -> String {
    let user = user.split(';').next().unwrap_or_default();
    let plain: String = unescaped(user).chars().filter(|letter| !letter.is_control()).take(LONGEST_NUMBER).collect();
    let separator = |letter: char| matches!(letter, ' ' | '-' | '.' | '(' | ')');
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    let number =
        digits.chars().all(|letter| letter.is_ascii_digit() || separator(letter)) && digits.contains(|letter: char| !separator(letter));
    if number { plain.replace(separator, "") } else { plain }
}

/// Undoes `%2B`; what is not UTF-8 then becomes U+FFFD.
fn unescaped(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
    let bytes = text.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                plain.push(high * 16 + low);
                at += 3;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn romania() -> Rewriter {
        Rewriter::new(vec![
            Rule::pattern("00*", "+*").unwrap(),
            Rule::pattern("0*", "+40*").unwrap(),
            Rule::regex("([1-9][0-9]{8})", "+40$1").unwrap(),
            Rule::pattern("*#*", "*").unwrap(),
        ])
    }

    #[test]
    fn the_first_rule_that_fits_makes_the_number() {
        for (number, rewritten) in [
            ("0049301234", "+49301234"),
            ("0213000000", "+40213000000"),
            ("721000111", "+40721000111"),
            ("+40721000111", "+40721000111"),
            ("12#34", "12"),
            ("support", "support"),
            ("", ""),
        ] {
            assert_eq!(romania().rewrite(number), rewritten, "{number}");
        }
    }

    #[test]
    fn groups_and_dollars() {
        let swap = Rewriter::new(vec![Rule::regex("(a+)(b*)", "$2-$1$0$").unwrap()]);
        assert_eq!(swap.rewrite("aab"), "b-aaaab$");
        assert_eq!(swap.rewrite("xaab"), "xaab", "an expression fits the whole number");
        assert_eq!(Rewriter::new(vec![Rule::regex("a|ab", "$0$0").unwrap()]).rewrite("ab"), "abab");
    }

    #[test]
    fn rules_that_cannot_be() {
        assert_eq!(Rule::pattern("", "1").unwrap_err(), BadRule::Empty);
        assert_eq!(Rule::pattern("00*", "+**").unwrap_err(), BadRule::TooManyStars);
        assert_eq!(Rule::regex("(1)", "$2").unwrap_err(), BadRule::NoGroup(2));
        for bad in ["(", "a)(b", "[", "a{1000}{1000}"] {
            assert!(matches!(Rule::regex(bad, "").unwrap_err(), BadRule::Regex(_)), "{bad}");
        }
    }

    #[test]
    fn users_become_plain_numbers() {
        for (user, plain) in [
            ("+40 (21) 300-00.00", "+40213000000"),
            ("%2B40213000000;phone-context=example.com", "+40213000000"),
            ("maria.pop-ionescu", "maria.pop-ionescu"),
            ("a%00b%0d%0ac", "abc"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("%ff", "\u{fffd}"),
            ("---", "---"),
            ("*100#", "*100#"),
        ] {
            assert_eq!(plain_number(user), plain, "{user}");
        }
    }

    /// Numbers of a small generator: letters that matter to the rules, blanks, escapes, and letters of several bytes.
    fn odd(seed: u64) -> String {
        const LETTERS: [char; 16] = ['0', '1', '9', '+', '*', '#', '%', ';', '$', '\0', ' ', '-', 'a', 'ă', '€', '😀'];
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % 1_024).unwrap()
        };
        let length = next() % 200;
        (0..length).map(|_| LETTERS[next() % LETTERS.len()]).collect()
    }

    #[test]
    fn odd_numbers_do_no_harm() {
        let (rewriter, any) = (romania(), Rule::regex("(.)(.*)", "").unwrap());
        for seed in 0..20_000 {
            let (number, replace) = (odd(seed), odd(seed + 1_000_000));
            let plain = plain_number(&number);
            assert!(plain.chars().count() <= LONGEST_NUMBER && !plain.contains(char::is_control), "{number:?}");
            let rewritten = rewriter.rewrite(&plain);
            assert!(rewritten.chars().count() <= LONGEST_NUMBER, "{number:?}");
            let Ok(rule) = Rule::pattern(&number, &replace) else { continue };
            let regex = Rule { replace: pieces(&replace), ..any.clone() };
            for rule in [rule, regex] {
                let rewritten = Rewriter::new(vec![rule]).rewrite(&plain);
                assert!(rewritten.chars().count() <= LONGEST_NUMBER, "{number:?} {replace:?}");
            }
        }
        let long = "0".repeat(100_000);
        assert_eq!(rewriter.rewrite(&long), long);
        assert_eq!(plain_number(&long).len(), LONGEST_NUMBER);
    }
}
