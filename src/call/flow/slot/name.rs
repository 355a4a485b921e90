//! Names: "my name is Jane Smith", "Smith, S M Y T H", "it's Jane, J as in Juliet, A, N, E".

use crate::call::flow::{
    lexicon::Lexicon,
    slot::spelling::{self, Piece},
    text,
};

/// More words than this are no name, but a sentence.
const MOST_WORDS: usize = 4;
/// Fewer letters than this were said, not spelled.
const SPELLED: usize = 3;

/// The name in a turn, and how sure it is: spelled ones are surer.
#[must_use]
pub fn read(said: &str, lexicon: &Lexicon) -> Option<(String, f32)> {
    let all = text::words(said);
    let words = after_leads(&all, lexicon);
    let pieces = spelling::pieces(words, false, lexicon);
    let (spoken, spelled) = apart(&pieces);
    let spoken: Vec<&str> = spoken.into_iter().filter(|word| !is_noise(word, lexicon)).collect();
    let spelled: Vec<&String> = spelled.iter().filter(|letters| letters.chars().count() >= SPELLED).collect();
    if spoken.len() > MOST_WORDS || (spoken.is_empty() && spelled.is_empty()) {
        return None;
    }
    let name = match spelled.as_slice() {
        [] => spoken.iter().map(|word| written(word, said)).collect::<Vec<_>>(),
        letters => repaired(&spoken, letters),
    };
    Some((name.join(" "), if spelled.is_empty() { 0.7 } else { 0.9 }))
}

/// What follows the last "my name is".
fn after_leads<'w>(words: &'w [String], lexicon: &Lexicon) -> &'w [String] {
    let mut rest = words;
    while let Some((_, end)) = lexicon
        .values
        .name_leads
        .iter()
        .filter_map(|lead| text::find(rest, lead))
        .filter(|(at, _)| *at <= 1)
        .max_by_key(|(at, end)| (std::cmp::Reverse(*at), *end))
    {
        if end >= rest.len() {
            break;
        }
        rest = &rest[end..];
    }
    rest
}

fn is_noise(word: &str, lexicon: &Lexicon) -> bool {
    lexicon.fillers.contains(word) || lexicon.values.name_stops.contains(word)
}

/// Whole words, and runs of letters.
fn apart(pieces: &[Piece]) -> (Vec<&str>, Vec<String>) {
    let (mut words, mut runs) = (Vec::new(), vec![String::new()]);
    for piece in pieces {
        match piece {
            Piece::Sign(sign) if sign.is_alphabetic() => runs.last_mut().expect("there is always a run").push(*sign),
            Piece::Sign(_) => {}
            Piece::Word(word) => {
                words.push(word.as_str());
                runs.push(String::new());
            }
        }
    }
    runs.retain(|run| !run.is_empty());
    (words, runs)
}

/// Spelled words take the place of the spoken ones that they are like; the others stand behind them.
fn repaired(spoken: &[&str], spelled: &[&String]) -> Vec<String> {
    let mut name: Vec<String> = spoken.iter().map(|word| capital(word)).collect();
    for letters in spelled {
        let distance = |word: &String| strsim::normalized_levenshtein(&word.to_lowercase(), letters);
        match name.iter_mut().max_by(|a, b| distance(a).total_cmp(&distance(b))) {
            Some(word) if distance(word) >= 0.4 => *word = capital(letters),
            _ => name.push(capital(letters)),
        }
    }
    name
}

/// A word as the recogniser wrote it ("O'Brien", "Müller"), with a capital.
fn written(word: &str, said: &str) -> String {
    let own = said.split(|c: char| c.is_whitespace() || ",.;:!?-".contains(c)).find(|own| text::folded(own) == *word);
    own.map_or_else(|| capital(word), capital)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
