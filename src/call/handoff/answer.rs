//! The words of a human's answer: text and nothing else, of one line, and which suggestion it comes to.

use crate::call::{
    flow::text,
    handoff::summary::shortened,
    record::Suggestion,
    turn::words::{self, Language},
};

/// The letters of an answer; what is said beyond them is left out.
pub(crate) const MOST_LETTERS: usize = 300;

/// One line without anything that is no text.
pub(super) fn clean(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    shortened(&plain.split_whitespace().collect::<Vec<_>>().join(" "), MOST_LETTERS)
}

/// What was written, or the suggestion that was chosen; none if it is neither.
pub(super) fn of_page(
    text: &str,
    suggestion: Option<&str>,
    suggestions: &[Suggestion],
    language: Language,
) -> Option<(String, Option<String>)> {
    if let Some(name) = suggestion {
        let chosen = suggestions.iter().find(|known| known.name == name)?;
        return Some((clean(&chosen.text), Some(chosen.name.clone())));
    }
    let text = clean(text);
    (!text.is_empty()).then(|| (text.clone(), choice(&text, suggestions, language)))
}

/// The suggestion that the words are; or `yes` or `no`, where there is one of that name and that is what they say.
pub(super) fn choice(said: &str, suggestions: &[Suggestion], language: Language) -> Option<String> {
    let folded = text::folded(said);
    let same = suggestions.iter().find(|known| text::folded(&known.text) == folded || text::folded(&known.name) == folded);
    let meant = || {
        let name = if words::yes_or_no(said, language)? { "yes" } else { "no" };
        suggestions.iter().find(|known| known.name == name)
    };
    same.or_else(meant).map(|known| known.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::language::english;

    fn suggestions() -> Vec<Suggestion> {
        let one = |(name, text): (&str, &str)| Suggestion { name: name.to_owned(), text: text.to_owned() };
        [("yes", "Yes, until Friday."), ("later", "Ask again next week.")].map(one).to_vec()
    }

    #[test]
    fn an_answer_is_one_line_of_text() {
        assert_eq!(clean("  Yes,\r\n until\u{0} <b>Friday</b>. "), "Yes, until <b>Friday</b>.");
        assert_eq!(clean("\u{7}\t \n"), "");
        assert!(clean(&"word ".repeat(200)).chars().count() <= MOST_LETTERS);
    }

    #[test]
    fn words_come_to_a_suggestion_or_to_none() {
        let choice = |said: &str| choice(said, &suggestions(), english());
        assert_eq!(choice("yes until friday").as_deref(), Some("yes"));
        assert_eq!(choice("Ask again next week").as_deref(), Some("later"));
        assert_eq!(choice("Yes, that is fine with us").as_deref(), Some("yes"));
        // There is no answer of that name.
        assert_eq!(choice("No, it is too late"), None);
        let page = |suggestion| of_page("", suggestion, &suggestions(), english());
        assert_eq!(page(Some("later")), Some(("Ask again next week.".to_owned(), Some("later".to_owned()))));
        assert_eq!((page(Some("never")), page(None)), (None, None));
    }
}
