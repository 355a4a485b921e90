//! Clauses: the pieces in which a text is spoken, cached, and cut when the caller interrupts.

/// A sentence longer than this when spoken is cut at its commas too, so that its beginning is ready sooner.
const LONG_SENTENCE: usize = 70;

/// A figure is spoken as a word of about this many letters.
const LETTERS_OF_A_DIGIT: usize = 5;

/// No clause that is cut at a comma is shorter than this: shorter ones sound chopped.
const SHORTEST_CLAUSE: usize = 24;

/// The clauses of a text, in order. Joined by blanks they are the text again.
#[must_use]
pub fn split(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut clauses = Vec::new();
    let mut sentence: Vec<&str> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        sentence.push(word);
        if ends_sentence(word, words.get(index + 1).copied()) {
            cut_at_commas(&sentence, &mut clauses);
            sentence.clear();
        }
    }
    cut_at_commas(&sentence, &mut clauses);
    clauses
}

/// A full stop before a small letter or after an abbreviation such as "a.m." does not end a sentence.
fn ends_sentence(word: &str, next: Option<&str>) -> bool {
    let Some(next) = next else { return true };
    let bare = word.trim_end_matches(['"', '”', '’', ')']);
    if bare.ends_with(['?', '!', '…']) {
        return true;
    }
    let Some(stem) = bare.strip_suffix('.') else { return false };
    let abbreviation = stem.contains('.') || stem.chars().count() == 1 || matches!(stem, "No" | "Nr" | "St" | "Mr" | "Mrs" | "Ms" | "Dr");
    !abbreviation && !next.starts_with(char::is_lowercase)
}

/// The letters of a text as it is read out.
pub(crate) fn spoken_letters(text: &str) -> usize {
    text.chars().map(|letter| if letter.is_ascii_digit() { LETTERS_OF_A_DIGIT } else { 1 }).sum()
}

fn cut_at_commas(sentence: &[&str], clauses: &mut Vec<String>) {
    if sentence.is_empty() {
        return;
    }
    let whole = sentence.join(" ");
    if spoken_letters(&whole) <= LONG_SENTENCE {
        clauses.push(whole);
        return;
    }
    let mut clause = String::new();
    let mut left = whole.len();
    for word in sentence {
        if !clause.is_empty() {
            clause.push(' ');
        }
        clause.push_str(word);
        left = left.saturating_sub(word.len() + 1);
        if word.ends_with([',', ';', ':']) && clause.len() >= SHORTEST_CLAUSE && left >= SHORTEST_CLAUSE {
            clauses.push(std::mem::take(&mut clause));
        }
    }
    if !clause.is_empty() {
        clauses.push(clause);
    }
}

/// The words that were really heard: `whole` clauses and `fraction` of the next one, in whole words.
#[must_use]
pub fn heard(clauses: &[String], whole: usize, fraction: f32) -> String {
    let mut heard: Vec<&str> = clauses.iter().take(whole).map(String::as_str).collect();
    let part = clauses.get(whole).map(|clause| words_within(clause, fraction)).unwrap_or_default();
    if !part.is_empty() {
        heard.push(part);
    }
    heard.join(" ")
}

/// The leading words that end within the fraction of the clause, by letters: speech is close to even.
fn words_within(clause: &str, fraction: f32) -> &str {
    let letters = clause.chars().count() as f32 * fraction.clamp(0.0, 1.0);
    let mut end = 0;
    let mut count = 0_usize;
    for (index, letter) in clause.char_indices() {
        if count as f32 > letters {
            return &clause[..end];
        }
        if letter.is_whitespace() {
            end = index;
        }
        count += 1;
    }
    if count as f32 <= letters { clause } else { &clause[..end] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_clauses() {
        assert_eq!(split("Hello. How can I help? Go on!"), ["Hello.", "How can I help?", "Go on!"]);
        assert_eq!(split("We open at 9 a.m. on Saturday. Closed on Sunday."), ["We open at 9 a.m. on Saturday.", "Closed on Sunday."]);
        assert_eq!(split("It costs 4.50 today"), ["It costs 4.50 today"]);
        assert!(split("  ").is_empty());
    }

    #[test]
    fn long_sentences_are_cut_at_commas_but_not_into_crumbs() {
        let text = "On Saturday we are open from nine in the morning until two in the afternoon, and on Sunday, as always, we are closed.";
        let clauses = split(text);
        assert_eq!(clauses.len(), 2, "{clauses:?}");
        assert_eq!(clauses.join(" "), text);
        let with_numbers = "Your order 457129 is on its way, and should be with you on 2026-11-27.";
        assert_eq!(split(with_numbers), ["Your order 457129 is on its way,", "and should be with you on 2026-11-27."]);
    }

    #[test]
    fn heard_keeps_whole_words_only() {
        let clauses = split("We are open. On Saturday we close at two.");
        assert_eq!(heard(&clauses, 0, 0.0), "");
        assert_eq!(heard(&clauses, 1, 0.4), "We are open. On Saturday");
        assert_eq!(heard(&clauses, 1, 0.5), "We are open. On Saturday we");
        assert_eq!(heard(&clauses, 1, 1.0), "We are open. On Saturday we close at two.");
        assert_eq!(heard(&clauses, 2, 0.0), "We are open. On Saturday we close at two.");
    }
}
