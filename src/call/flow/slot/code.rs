//! Codes of letters and figures: postcodes, booking references.

use crate::call::flow::{
    lexicon::Lexicon,
    slot::spelling::{self, Piece},
    text,
};

/// A word of letters and figures that recognisers write in one ("SW1A", "2AA") is no longer than this.
const LONGEST_PIECE: usize = 8;

/// Every code that the turn may hold, in capitals without blanks, the likeliest first.
#[must_use]
pub fn read(said: &str, lexicon: &Lexicon) -> Vec<String> {
    let words = text::words(said);
    let mut codes: Vec<String> = Vec::new();
    for loose in [true, false] {
        let pieces = spelling::pieces(&words, loose, lexicon);
        // The whole turn first, then what is left when words at its beginning are left out.
        let mut runs: Vec<String> = vec![String::new()];
        for piece in &pieces {
            let part = match piece {
                Piece::Sign(sign) => Some(sign.to_string()),
                Piece::Word(word) if mixed(word) => Some(word.clone()),
                Piece::Word(_) => None,
            };
            match part {
                Some(part) => runs.last_mut().expect("there is always a run").push_str(&part),
                None => runs.push(String::new()),
            }
        }
        runs.retain(|run| run.len() > 1);
        runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
        for run in runs {
            let code = run.to_uppercase();
            // "It is a S W 1": an article before a code is not a part of it.
            let starts = (0..code.len().min(3)).filter(|at| code.is_char_boundary(*at)).map(|at| code[at..].to_owned());
            codes.extend(starts);
        }
    }
    let joined: String = words.iter().filter(|word| mixed(word) || word.chars().count() == 1).map(String::as_str).collect();
    codes.push(joined.to_uppercase());
    codes.retain(|code| code.len() > 1);
    codes
}

fn mixed(word: &str) -> bool {
    word.len() <= LONGEST_PIECE && word.chars().all(char::is_alphanumeric) && word.chars().any(|c| c.is_ascii_digit())
}
