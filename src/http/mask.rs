//! Coarse words on pages: the record keeps what was said, the screen shows its first letter.

use std::{borrow::Cow, collections::HashSet};

use serde::Serialize;
use serde_json::Value;

use crate::call::flow::text::plain_letters;

/// Coarse words in English, Romanian and Czech. Those that end in `*` stand for every word that begins so. Letters are compared without their marks.
const COARSE: &[&str] = &[
    "fuck*",
    "motherfuck*",
    "shit",
    "shits",
    "shitty",
    "bullshit",
    "cunt*",
    "bastard*",
    "bitch*",
    "wank*",
    "twat*",
    "arsehole*",
    "asshole*",
    "dickhead*",
    "bollocks",
    "piss",
    "pissed",
    "pissing",
    "slut*",
    "whore*", // English
    "fut",
    "fute",
    "futu*",
    "futut*",
    "pula",
    "pulii",
    "pizda",
    "pizde*",
    "muie",
    "cacat*",
    "curva",
    "curve",
    "curvele", // Romanian
    "kurv*",
    "pica",
    "pici",
    "picus*",
    "hovno",
    "srac",
    "zmrd*",
    "kokot*",
    "mrdat",
    "jebat*",
    "jeban*",
    "zasran*", // Czech
];

/// Which words are masked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    whole: HashSet<String>,
    beginnings: Vec<String>,
}

impl Mask {
    /// The coarse words that everybody knows, and `further` ones, written like them: a word, or the beginning of words with `*` behind it.
    #[must_use]
    pub fn new(further: &[String]) -> Self {
        let mut mask = Self::default();
        for word in COARSE.iter().copied().chain(further.iter().map(String::as_str)) {
            match word.strip_suffix('*') {
                Some(beginning) => mask.beginnings.push(plain_letters(beginning)),
                None => _ = mask.whole.insert(plain_letters(word)),
            }
        }
        mask
    }

    /// What a page is shown: every text in it without its coarse words. Names of fields stay.
    pub(super) fn shown(&self, data: &impl Serialize) -> Value {
        // Our own shapes have string keys only, so they are always JSON.
        let mut value = serde_json::to_value(data).unwrap_or_default();
        if !(self.whole.is_empty() && self.beginnings.is_empty()) {
            self.walk(&mut value);
        }
        value
    }

    fn walk(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(masked) = self.text(text) {
                    *text = masked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.walk(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let is_letter = |c: char| c.is_alphabetic();
        let mut masked = String::new();
        let mut rest = text;
        let mut found = false;
        while let Some(start) = rest.find(is_letter) {
            let (between, word) = rest.split_at(start);
            let (word, after) = word.split_at(word.find(|c| !is_letter(c)).unwrap_or(word.len()));
            masked.push_str(between);
            if self.is_coarse(word) {
                found = true;
                masked.extend(word.chars().take(1));
                masked.extend(word.chars().skip(1).map(|_| '*'));
            } else {
                masked.push_str(word);
            }
            rest = after;
        }
        if !found {
            return Cow::Borrowed(text);
        }
        masked.push_str(rest);
        Cow::Owned(masked)
    }

    fn is_coarse(&self, word: &str) -> bool {
        let word = plain_letters(word);
        self.whole.contains(&word) || self.beginnings.iter().any(|beginning| word.starts_with(beginning))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn coarse_words_keep_their_first_letter() {
        let mask = Mask::new(&["numpty".to_owned(), "blith*".to_owned()]);
        for (said, shown) in [
            ("Where is my fucking order?", "Where is my f****** order?"),
            ("Shit. SHIT!", "S***. S***!"),
            ("Ce căcat e asta, pizdă?", "Ce c**** e asta, p****?"),
            ("To je kurva zase pozdě.", "To je k**** zase pozdě."),
            ("You blithering numpty", "You b********* n*****"),
        ] {
            assert_eq!(mask.text(said), shown);
        }
        for fine in ["Scunthorpe", "I ordered a pulover and a picture.", "mishit", "Am curățat masa.", ""] {
            assert_eq!(mask.text(fine), fine);
        }
    }

    #[test]
    fn every_text_is_masked_and_no_field() {
        let data = json!({"text": "oh shit", "facts": [{"shit": "no", "value": "bullshit", "n": 1}], "none": null});
        let shown = json!({"text": "oh s***", "facts": [{"shit": "no", "value": "b*******", "n": 1}], "none": null});
        assert_eq!(Mask::new(&[]).shown(&data), shown);
        assert_eq!(Mask::default().shown(&data), data);
    }
}
