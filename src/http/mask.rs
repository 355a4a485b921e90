//! Coarse words on pages: the record keeps what was said, the screen shows its first letter.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use serde::Serialize;
use serde_json::Value;

use crate::call::{flow::text::plain_letters, language::Language};

/// Coarse words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Coarse {
    whole: HashSet<String>,
    beginnings: Vec<String>,
}

impl Coarse {
    /// A word, or the beginning of words with `*` behind it. Letters are compared without their marks.
    fn new(words: &[String]) -> Self {
        let mut coarse = Self::default();
        for word in words {
            match word.strip_suffix('*') {
                Some(beginning) => coarse.beginnings.push(plain_letters(beginning)),
                None => _ = coarse.whole.insert(plain_letters(word)),
            }
        }
        coarse
    }

    /// `word` without its marks.
    fn has(&self, word: &str) -> bool {
        self.whole.contains(word) || self.beginnings.iter().any(|beginning| word.starts_with(beginning))
    }
}

/// Which words are masked: what is coarse in one language means something else in another one ("curve").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    by_language: BTreeMap<String, Coarse>,
    /// In calls of every language.
    further: Coarse,
}

impl Mask {
    /// The coarse words of these languages, and `further` ones, written like them: a word, or the beginning of words with `*` behind it.
    #[must_use]
    pub fn new<'l>(further: &[String], languages: impl IntoIterator<Item = &'l Language>) -> Self {
        let of = |language: &Language| (language.code.clone(), Coarse::new(&language.privacy.coarse));
        Self { by_language: languages.into_iter().map(of).collect(), further: Coarse::new(further) }
    }

    /// What a page is shown of a call in this language: every text in it without its coarse words. Names of fields stay.
    pub(super) fn shown(&self, language: &str, data: &impl Serialize) -> Value {
        // Our own shapes have string keys only, so they are always JSON.
        let mut value = serde_json::to_value(data).unwrap_or_default();
        if *self != Self::default() {
            self.walk(language, &mut value);
        }
        value
    }

    fn walk(&self, language: &str, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(masked) = self.text(language, text) {
                    *text = masked;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(language, item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.walk(language, field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text<'t>(&self, language: &str, text: &'t str) -> Cow<'t, str> {
        let is_letter = |c: char| c.is_alphabetic();
        let mut masked = String::new();
        let mut rest = text;
        let mut found = false;
        while let Some(start) = rest.find(is_letter) {
            let (between, word) = rest.split_at(start);
            let (word, after) = word.split_at(word.find(|c| !is_letter(c)).unwrap_or(word.len()));
            masked.push_str(between);
            if self.is_coarse(language, word) {
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

    fn is_coarse(&self, language: &str, word: &str) -> bool {
        let word = plain_letters(word);
        self.further.has(&word) || self.by_language.get(language).is_some_and(|coarse| coarse.has(&word))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call::language::Languages;

    fn mask(further: &[&str]) -> Mask {
        let further: Vec<String> = further.iter().map(|word| (*word).to_owned()).collect();
        let known = Languages::built_in();
        Mask::new(&further, known.codes().into_iter().filter_map(|code| known.of(code)))
    }

    #[test]
    fn coarse_words_keep_their_first_letter() {
        let mask = mask(&["numpty", "blith*"]);
        for (language, said, shown) in [
            ("en", "Where is my fucking order?", "Where is my f****** order?"),
            ("en", "Shit. SHIT!", "S***. S***!"),
            ("ro", "Ce căcat e asta, pizdă?", "Ce c**** e asta, p****?"),
            ("ro", "Ce curve! What the fuck?", "Ce c****! What the f***?"),
            ("cs", "To je kurva zase pozdě.", "To je k**** zase pozdě."),
            ("en", "You blithering numpty", "You b********* n*****"),
            ("cs", "You blithering numpty", "You b********* n*****"),
        ] {
            assert_eq!(mask.text(language, said), shown);
        }
        for fine in ["Scunthorpe", "I ordered a pulover and a picture.", "mishit", ""] {
            assert_eq!(mask.text("en", fine), fine);
        }
        assert_eq!(mask.text("ro", "Am curățat masa."), "Am curățat masa.");
    }

    #[test]
    fn what_is_coarse_in_one_language_is_not_in_another() {
        let mask = mask(&[]);
        for (language, fine) in [
            ("en", "The lorry left the road in a curve."),
            ("ro", "Îmi pică internetul, și e slut ambalajul."),
            ("en", "He has a pica and a pula."),
            ("cs", "Curve, prosím."),
        ] {
            assert_eq!(mask.text(language, fine), fine, "{language}");
        }
    }

    #[test]
    fn every_text_is_masked_and_no_field() {
        let data = json!({"text": "oh shit", "facts": [{"shit": "no", "value": "bullshit", "n": 1}], "none": null});
        let shown = json!({"text": "oh s***", "facts": [{"shit": "no", "value": "b*******", "n": 1}], "none": null});
        assert_eq!(mask(&[]).shown("en", &data), shown);
        assert_eq!(mask(&[]).shown("qaa", &data), data);
        assert_eq!(Mask::default().shown("en", &data), data);
    }
}
