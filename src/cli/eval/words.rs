//! Word errors: how many words must be changed, added or left out.

/// Written in one way, so that only what was heard counts: figures are words, contractions are apart.
pub(super) fn plain(words: &[String]) -> Vec<String> {
    const FIGURES: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    const SAME: [(&str, &str); 16] = [
        ("it's", "it is"),
        ("i'm", "i am"),
        ("i've", "i have"),
        ("i'd", "i would"),
        ("don't", "do not"),
        ("can't", "can not"),
        ("cannot", "can not"),
        ("what's", "what is"),
        ("that's", "that is"),
        ("okay", "ok"),
        ("email", "e mail"),
        ("anymore", "any more"),
        ("into", "in to"),
        ("somebody", "some body"),
        ("anybody", "any body"),
        ("oh", "o"),
    ];
    let mut plain = Vec::new();
    for word in words {
        if let Some((_, long)) = SAME.iter().find(|(short, _)| short == word) {
            plain.extend(long.split(' ').map(str::to_owned));
        } else if word.chars().all(|c| c.is_ascii_digit()) {
            plain.extend(word.bytes().map(|digit| FIGURES[usize::from(digit - b'0')].to_owned()));
        } else {
            // "Colour" and "color", but not "hour" and "your".
            let stem = word.strip_suffix("our").filter(|stem| stem.len() > 2);
            plain.push(stem.map_or_else(|| word.clone(), |stem| format!("{stem}or")));
        }
    }
    plain
}

/// The edit distance in words.
pub(super) fn errors(expected: &[String], heard: &[String]) -> usize {
    strsim::generic_levenshtein(&expected.to_vec(), &heard.to_vec())
}

#[cfg(test)]
mod tests {
    use super::{errors, plain};
    use crate::call::flow::text::words;

    #[test]
    fn what_is_the_same_when_spoken_is_no_error() {
        assert_eq!(
            errors(
                &plain(&words("I cannot log in to it any more, the colour")),
                &plain(&words("I can not log into it anymore, the color"))
            ),
            0
        );
        assert_eq!(errors(&plain(&words("It's four five.")), &plain(&words("It is 45"))), 0);
        assert_eq!(errors(&plain(&words("where is my order")), &plain(&words("where's the order now"))), 4);
    }
}
