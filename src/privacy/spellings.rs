//! The ways in which a number may stand in the record: as it was typed, and as each trunk's rules make it.

use crate::trunk::{LONGEST_NUMBER, Rewriter, plain_number};

/// The number is none that one person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongNumber {
    /// Too short or too long.
    #[error("a number has 3 to {LONGEST_NUMBER} characters")]
    NoNumber,
    /// Everybody who withholds their number has this one.
    #[error("this stands for everybody who withholds their number")]
    Withheld,
}

/// The rules of all trunks for numbers of callers.
#[derive(Debug, Clone, Default)]
pub struct Spellings(Vec<Rewriter>);

impl Spellings {
    /// The rules of each trunk for calls that come in.
    #[must_use]
    pub const fn new(inbound: Vec<Rewriter>) -> Self {
        Self(inbound)
    }

    /// All spellings of a number, each once.
    ///
    /// # Errors
    /// It is no number that one person has.
    pub fn of(&self, typed: &str) -> Result<Vec<String>, WrongNumber> {
        let typed = typed.trim();
        let plain = plain_number(typed);
        if !(3..=LONGEST_NUMBER).contains(&plain.chars().count()) {
            return Err(WrongNumber::NoNumber);
        }
        if ["anonymous", "unknown", "restricted", "unavailable"].iter().any(|word| plain.eq_ignore_ascii_case(word)) {
            return Err(WrongNumber::Withheld);
        }
        let is_number = plain.strip_prefix('+').unwrap_or(&plain).bytes().all(|byte| byte.is_ascii_digit());
        // A user's name may have dots and dashes in it.
        let mut first = vec![typed.to_owned()];
        if is_number {
            let other = match (plain.strip_prefix("00"), plain.strip_prefix('+')) {
                (Some(rest), _) => Some(format!("+{rest}")),
                (None, Some(rest)) => Some(format!("00{rest}")),
                (None, None) => None,
            };
            first.extend([plain].into_iter().chain(other));
        }
        let rewritten: Vec<String> = self.0.iter().flat_map(|rules| first.iter().map(|number| rules.rewrite(number))).collect();
        let mut all: Vec<String> = Vec::new();
        for number in first.into_iter().chain(rewritten) {
            if !all.contains(&number) {
                all.push(number);
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trunk::Rule;

    #[test]
    fn a_number_is_found_however_it_is_typed_and_however_a_trunk_writes_it() {
        let rules = vec![Rule::pattern("00*", "+*").unwrap(), Rule::pattern("0*", "+40*").unwrap()];
        let spellings = Spellings::new(vec![Rewriter::new(rules)]);
        for typed in ["0721 000-111", " 0040 (721) 000.111", "+40721000111", "+40 721 000 111"] {
            assert!(spellings.of(typed).unwrap().contains(&"+40721000111".to_owned()), "{typed}: {:?}", spellings.of(typed));
        }
        assert_eq!(Spellings::default().of("ana.pop").unwrap(), ["ana.pop"]);
        assert_eq!(Spellings::default().of("0040721").unwrap(), ["0040721", "+40721"]);
        for (typed, wrong) in [("", WrongNumber::NoNumber), ("+4", WrongNumber::NoNumber), ("Anonymous", WrongNumber::Withheld)] {
            assert_eq!(spellings.of(typed), Err(wrong), "{typed}");
        }
    }
}
