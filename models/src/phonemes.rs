//! Text to the sounds that a voice knows, by `espeak-ng`, and the voice's table from sounds to numbers.

use std::collections::HashMap;

use crate::{
    error::ModelError,
    espeak::{LONGEST_TEXT, espeak},
};

/// One number for each sound, from the voice's JSON file (`phoneme_id_map`).
pub(crate) struct PhonemeTable {
    ids: HashMap<char, i64>,
}

impl PhonemeTable {
    pub(crate) fn new(map: &HashMap<String, Vec<i64>>) -> Self {
        let ids = map.iter().filter_map(|(sound, numbers)| Some((sound.chars().next()?, *numbers.first()?))).collect();
        Self { ids }
    }

    /// The numbers of a phoneme string as the voice was trained on them: begin, a blank after every sound, end. Sounds that the
    /// voice does not know are left out.
    pub(crate) fn sequence(&self, phonemes: &str) -> Vec<i64> {
        let id = |sound| self.ids.get(&sound).copied();
        let blank = id('_').unwrap_or(0);
        let mut sequence = Vec::with_capacity(phonemes.len() * 2 + 3);
        sequence.extend([id('^').unwrap_or(1), blank]);
        for sound in phonemes.chars().filter_map(id) {
            sequence.extend([sound, blank]);
        }
        sequence.push(id('$').unwrap_or(2));
        sequence
    }
}

/// The sounds of `text` in `voice` (an espeak-ng name such as `en-us`), with its punctuation kept, because the voice makes its
/// pauses and its melody from it. Empty when the text has nothing to say.
pub(crate) fn phonemes(text: &str, voice: &str) -> Result<String, ModelError> {
    let text: String = text.chars().take(LONGEST_TEXT).collect();
    let clauses = clauses(&text);
    if clauses.is_empty() {
        return Ok(String::new());
    }
    // An empty line is the one break that espeak-ng always honours, so it gives one line back for each clause.
    let input = clauses.iter().map(|clause| clause.words.as_str()).collect::<Vec<_>>().join("\n\n");
    let output = espeak(&["-q", "--ipa", "-v", voice], &input)?;
    let output = String::from_utf8_lossy(&output);
    let lines: Vec<String> = output.lines().map(spoken_line).filter(|line| !line.is_empty()).collect();
    if lines.len() != clauses.len() {
        return Ok(lines.join(", ") + ".");
    }
    let mut phonemes = String::new();
    for (line, clause) in lines.iter().zip(&clauses) {
        if !phonemes.is_empty() {
            phonemes.push(' ');
        }
        phonemes.push_str(line);
        phonemes.push(clause.mark);
    }
    Ok(phonemes)
}

struct Clause {
    words: String,
    mark: char,
}

/// Words up to each punctuation mark that is heard. A full stop inside a word ("e.g", "3.5") is none.
fn clauses(text: &str) -> Vec<Clause> {
    let mut clauses = Vec::new();
    let mut words = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let ends_word = characters.peek().is_none_or(|next| !next.is_alphanumeric());
        match character {
            '.' | '!' | '?' | ',' | ';' | ':' if ends_word => close(&mut clauses, &mut words, character),
            '\u{2013}' | '\u{2014}' => close(&mut clauses, &mut words, ','),
            '\n' | '\r' => words.push(' '),
            // Brackets and quotes make espeak-ng break the clause, or say the sign's name.
            '(' | ')' | '[' | ']' | '{' | '}' | '"' | '\u{201C}' | '\u{201D}' | '«' | '»' | '<' | '>' | '\\' => words.push(' '),
            other => words.push(other),
        }
    }
    close(&mut clauses, &mut words, '.');
    clauses
}

fn close(clauses: &mut Vec<Clause>, words: &mut String, mark: char) {
    let taken = std::mem::take(words);
    let trimmed = taken.split_whitespace().collect::<Vec<_>>().join(" ");
    if trimmed.chars().any(char::is_alphanumeric) {
        clauses.push(Clause { words: trimmed, mark });
    } else if let Some(last) = clauses.last_mut()
        && matches!(mark, '?' | '!')
    {
        last.mark = mark;
    }
}

/// Drops the language marks that espeak-ng puts around foreign words: `(fr)kafe(en-us)`.
fn spoken_line(line: &str) -> String {
    let mut depth = 0;
    let kept: String = line
        .chars()
        .filter(|character| {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => return depth == 0,
            }
            false
        })
        .collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_comes_back_where_it_was() {
        let sounds = phonemes("Hello, \"world\"! Is it (really) you?", "en-us").unwrap();
        let marks: String = sounds.chars().filter(char::is_ascii_punctuation).collect();
        assert_eq!(marks, ",!?", "{sounds}");
    }

    #[test]
    fn text_without_words_has_no_sounds() {
        assert_eq!(phonemes(" … !? -- ", "en-us").unwrap(), "");
    }

    #[test]
    fn a_text_cannot_become_an_option() {
        assert!(phonemes("--help -f /etc/passwd", "en-us").unwrap().contains('h'));
    }

    #[test]
    fn the_sequence_has_blanks_between_sounds() {
        let map = HashMap::from([("_".into(), vec![0]), ("^".into(), vec![1]), ("$".into(), vec![2]), ("a".into(), vec![14])]);
        assert_eq!(PhonemeTable::new(&map).sequence("a☃a"), [1, 0, 14, 0, 14, 0, 2]);
    }
}
