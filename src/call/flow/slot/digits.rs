//! Numbers digit by digit, as people say them and as recognisers write them: "4 5 7 1 2 9", "four five seven, one two nine", "457,129", "forty-five seventy-one
//! twenty-nine", "double four", "oh", and corrections in the middle ("four five seven, no, four nine seven").

use std::ops::Range;

use crate::call::flow::{lexicon::Lexicon, slot::Reading};

/// One piece of a turn.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// Digits; `doubtful` if the word could be something else ("to", "oh").
    Digits { digits: String, doubtful: bool },
    /// "no", "sorry", "I mean".
    Correction,
    /// Any other word.
    Other,
}

/// Reads a number of `least..=most` digits for which `fits` holds.
#[must_use]
pub fn read(words: &[String], so_far: &str, (least, most): (usize, usize), lexicon: &Lexicon, fits: &dyn Fn(&str) -> bool) -> Reading {
    let pieces = pieces(words, lexicon);
    let good = |value: &str| (least..=most).contains(&value.len()) && fits(value);
    for (candidates, certainty) in candidates(&pieces, so_far) {
        if let Some(value) = candidates.into_iter().find(|value| good(value)) {
            return Reading::Value { value, certainty };
        }
    }
    let heard = format!("{so_far}{}", all(&pieces, true));
    if heard.is_empty() || heard.len() >= least || heard == so_far { Reading::Nothing } else { Reading::Part { value: heard } }
}

/// Digits, but not the number that is expected, nor simply a part of it: something of it was probably taken for other words.
#[must_use]
pub fn is_misheard(words: &[String], (least, most): (usize, usize), lexicon: &Lexicon) -> bool {
    if matches!(read(words, "", (least, most), lexicon, &|_| true), Reading::Value { .. }) {
        return false;
    }
    let pieces = pieces(words, lexicon);
    let count = all(&pieces, true).len();
    let corrected = pieces.contains(&Piece::Correction);
    !corrected && count * 2 >= least && (count > most || pieces.contains(&Piece::Other))
}

/// How many digits were said, as figures or as words ("four 57, double one").
#[must_use]
pub fn count(words: &[String], lexicon: &Lexicon) -> usize {
    all(&pieces(words, lexicon), true).len()
}

/// Everything that `old` may become when the caller says only what is wrong with it, best first.
#[must_use]
pub fn correct(old: &str, words: &[String], lexicon: &Lexicon) -> Vec<String> {
    let new = all(&pieces(words, lexicon), true);
    if new.is_empty() || new.len() > old.len() { Vec::new() } else { merges(old, &new) }
}

/// Are these words digits and nothing else worth mentioning?
#[must_use]
pub fn only_digits(words: &[String], lexicon: &Lexicon) -> bool {
    let pieces = pieces(words, lexicon);
    let digits = pieces.iter().filter(|piece| matches!(piece, Piece::Digits { .. })).count();
    digits > 0 && pieces.iter().all(|piece| *piece != Piece::Other)
}

/// Values that the pieces may mean, in groups of falling certainty.
fn candidates(pieces: &[Piece], so_far: &str) -> Vec<(Vec<String>, f32)> {
    let plain = all(pieces, false);
    let doubtful = all(pieces, true);
    let mut runs: Vec<String> =
        pieces.split(|piece| !matches!(piece, Piece::Digits { .. })).map(|run| all(run, true)).filter(|run| !run.is_empty()).collect();
    runs.reverse();
    let corrected = corrected(pieces);
    let restart: Vec<String> = corrected.iter().take(1).cloned().collect();
    let joined = vec![format!("{so_far}{doubtful}"), format!("{so_far}{plain}")];
    if corrected.is_empty() {
        let whole = if doubtful == plain { 1.0 } else { 0.85 };
        vec![(vec![doubtful, plain], whole), (joined, 0.9), (runs, 0.75)]
    } else {
        vec![(restart, 0.85), (corrected, 0.7), (joined, 0.6), (runs, 0.6)]
    }
}

/// What the number is when the last correction replaces a part of what came before it: what was said after it alone, first.
fn corrected(pieces: &[Piece]) -> Vec<String> {
    let Some(cut) = pieces.iter().rposition(|piece| *piece == Piece::Correction) else { return Vec::new() };
    let (before, after) = (all(&pieces[..cut], true), all(&pieces[cut..], true));
    if after.is_empty() || before.is_empty() {
        return Vec::new();
    }
    let mut values = vec![after.clone()];
    // "four five seven, no, four nine, one two nine": only the group after the correction replaces, the rest goes on.
    let groups: Vec<&str> = pieces[cut..]
        .iter()
        .filter_map(|piece| if let Piece::Digits { digits, .. } = piece { Some(digits.as_str()) } else { None })
        .collect();
    for count in 1..=groups.len() {
        let (fix, rest) = (groups[..count].concat(), groups[count..].concat());
        values.extend(merges(&before, &fix).into_iter().map(|value| value + &rest));
    }
    values
}

/// `old` with a part replaced by `fix`: where the first digit of `fix` stands in `old` (the last such place first), and at the end.
fn merges(old: &str, fix: &str) -> Vec<String> {
    let mut values: Vec<String> = (0..old.len())
        .rev()
        .filter(|at| old[*at..].starts_with(&fix[..1]) && at + fix.len() <= old.len())
        .map(|at| format!("{}{fix}{}", &old[..at], &old[at + fix.len()..]))
        .collect();
    if fix.len() <= old.len() {
        values.push(format!("{}{fix}", &old[..old.len() - fix.len()]));
    }
    values
}

fn all(pieces: &[Piece], with_doubtful: bool) -> String {
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Digits { digits, doubtful } if with_doubtful || !doubtful => Some(digits.as_str()),
            Piece::Digits { .. } | Piece::Correction | Piece::Other => None,
        })
        .collect()
}

/// The figures of a text, and in which of its words they stand, in their order.
pub(in crate::call) fn placed(words: &[String], lexicon: &Lexicon) -> Vec<(String, Range<usize>)> {
    let mut at = 0;
    let mut placed = Vec::new();
    for (piece, used) in counted(words, lexicon) {
        if let Piece::Digits { digits, .. } = piece {
            placed.push((digits, at..at + used));
        }
        at += used;
    }
    placed
}

fn pieces(words: &[String], lexicon: &Lexicon) -> Vec<Piece> {
    counted(words, lexicon).into_iter().map(|(piece, _)| piece).collect()
}

/// The pieces, and how many words each of them takes.
fn counted(words: &[String], lexicon: &Lexicon) -> Vec<(Piece, usize)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let word = words[at].as_str();
        if let Some((digits, used)) = repeated(&words[at..], lexicon).or_else(|| number(&words[at..], lexicon)) {
            let doubtful = lexicon.doubtful_digits.contains(word) && !beside_digits(words, at, lexicon);
            let piece = if doubtful && used == 1 {
                Piece::Other
            } else {
                Piece::Digits { digits, doubtful: lexicon.doubtful_digits.contains(word) && at == 0 }
            };
            pieces.push((piece, used));
            at += used;
            continue;
        }
        let alike = lexicon.sounds_like.of(word);
        let piece = match alike {
            Some(digit) if after_digits(words, at, lexicon) && (at + 1 == words.len() || is_number(&words[at + 1], lexicon)) => {
                Piece::Digits { digits: digit.to_string(), doubtful: true }
            }
            _ if lexicon.corrections.contains(word) => Piece::Correction,
            _ => Piece::Other,
        };
        pieces.push((piece, 1));
        at += 1;
    }
    pieces
}

fn is_number(word: &str, lexicon: &Lexicon) -> bool {
    word.chars().all(|c| c.is_ascii_digit()) || lexicon.numbers.of(word).is_some() || lexicon.repeats.of(word).is_some()
}

fn after_digits(words: &[String], at: usize, lexicon: &Lexicon) -> bool {
    at > 0 && (is_number(&words[at - 1], lexicon) || lexicon.sounds_like.of(&words[at - 1]).is_some())
}

fn beside_digits(words: &[String], at: usize, lexicon: &Lexicon) -> bool {
    after_digits(words, at, lexicon) || words.get(at + 1).is_some_and(|next| is_number(next, lexicon))
}

/// "double four", "triple zero".
fn repeated(words: &[String], lexicon: &Lexicon) -> Option<(String, usize)> {
    let times = lexicon.repeats.of(&words[0])?;
    let (digit, used) = number(words.get(1..).filter(|rest| !rest.is_empty())?, lexicon)?;
    (digit.len() == 1).then(|| (digit.repeat(*times), used + 1))
}

/// One number at the start of the words, and how many words it takes.
fn number(words: &[String], lexicon: &Lexicon) -> Option<(String, usize)> {
    if words[0].chars().all(|c| c.is_ascii_digit()) {
        return Some((words[0].clone(), 1));
    }
    let alone = || lexicon.hundred_alone.contains(&words[0]).then_some((1, 0));
    let (mut value, mut used) = below_hundred(words, lexicon).or_else(alone)?;
    let scale = |at: usize, scale: u32| words.get(at).is_some_and(|word| lexicon.scales.of(word) == Some(&scale));
    if value > 0 && scale(used, 100) {
        (value, used) = (value * 100, used + 1);
        let skip = usize::from(words.get(used).is_some_and(|word| lexicon.hundred_and.contains(word)));
        if let Some((more, count)) = words.get(used + skip..).and_then(|rest| below_hundred(rest, lexicon)) {
            (value, used) = (value + more, used + skip + count);
        }
    }
    if value > 0 && scale(used, 1_000) {
        (value, used) = (value * 1_000, used + 1);
        let skip = usize::from(words.get(used).is_some_and(|word| lexicon.hundred_and.contains(word)));
        if let Some((more, count)) = words.get(used + skip..).filter(|rest| !rest.is_empty()).and_then(|rest| number(rest, lexicon))
            && let Ok(more) = more.parse::<u32>()
            && more < 1_000
        {
            // "four thousand five" is 4005; "four thousand five hundred" 4500.
            (value, used) = (value + more, used + skip + count);
        }
    }
    Some((value.to_string(), used))
}

/// A number below a hundred: "seven", "twelve", "forty", "forty five".
fn below_hundred(words: &[String], lexicon: &Lexicon) -> Option<(u32, usize)> {
    let value = |word: &String| lexicon.numbers.of(word).copied();
    let first = value(words.first()?)?;
    let skip = usize::from(words.get(1).is_some_and(|word| lexicon.tens_and.contains(word)));
    match words.get(1 + skip).and_then(value) {
        Some(unit) if first >= 20 && first.is_multiple_of(10) && (1..10).contains(&unit) => Some((first + unit, 2 + skip)),
        _ => Some((first, 1)),
    }
}
