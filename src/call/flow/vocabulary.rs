//! Names and products of the flow: what the recogniser made of them is repaired by how it sounds ("north wind" → "Northwind").

use crate::call::flow::text;

/// Words of a turn that one name may have been taken for.
const MOST_WORDS: usize = 4;
/// Names shorter than this when they are written as sounds are only found if every sound is there.
const LONG: usize = 5;
/// Share of the sounds that must be there.
const ALIKE: f64 = 0.8;

/// The names of a flow.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    names: Vec<Name>,
}

#[derive(Debug, Clone)]
struct Name {
    written: String,
    folded: String,
    sounds: String,
}

impl Vocabulary {
    /// Names as they are written.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        let name =
            |written: &String| Name { written: written.clone(), folded: text::folded(written), sounds: sounds(&text::words(written)) };
        Self { names: names.iter().map(name).filter(|name| !name.sounds.is_empty()).collect() }
    }

    /// The names, folded.
    pub(in crate::call) fn folded(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| name.folded.as_str())
    }

    /// The text with everything that sounds like a name replaced by it.
    #[must_use]
    pub fn repair(&self, said: &str) -> String {
        if self.names.is_empty() {
            return said.to_owned();
        }
        let words: Vec<&str> = said.split_whitespace().collect();
        let mut repaired: Vec<String> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let found =
                (1..=MOST_WORDS.min(words.len() - at)).filter_map(|count| self.like(&words[at..at + count]).map(|hit| (hit, count)));
            match found.max_by(|((_, a), _), ((_, b), _)| a.total_cmp(b)) {
                Some(((name, _), count)) => {
                    let last = words[at + count - 1];
                    let tail = &last[last.trim_end_matches(|c: char| !c.is_alphanumeric()).len()..];
                    repaired.push(format!("{}{tail}", name.written));
                    at += count;
                }
                None => {
                    repaired.push(words[at].to_owned());
                    at += 1;
                }
            }
        }
        repaired.join(" ")
    }

    /// The name that these words sound like, and how much.
    fn like(&self, words: &[&str]) -> Option<(&Name, f64)> {
        // Words of two sentences are no name.
        if words.len() > 1 && words[..words.len() - 1].iter().any(|word| word.ends_with(['.', '?', '!', ','])) {
            return None;
        }
        let words = text::words(&words.join(" "));
        let (folded, sounds) = (words.join(" "), sounds(&words));
        let alike = |name: &Name| {
            if folded.replace(' ', "") == name.folded.replace(' ', "") {
                return 2.0;
            }
            // The first sound is rarely misheard, and common words end alike.
            if sounds.chars().next() != name.sounds.chars().next() {
                return 0.0;
            }
            let share = strsim::normalized_levenshtein(&sounds, &name.sounds);
            let whole = share >= 1.0 && sounds.len() > 2;
            if whole || (name.sounds.len() >= LONG && share >= ALIKE) { share } else { 0.0 }
        };
        self.names.iter().map(|name| (name, alike(name))).filter(|(_, share)| *share > 0.0).max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// How words sound, roughly: consonants that are easily taken for one another are one, vowels only count at the beginning.
fn sounds(words: &[String]) -> String {
    let text = words.concat();
    let pairs =
        [("ph", "f"), ("th", "t"), ("ck", "k"), ("ch", "x"), ("sh", "x"), ("qu", "kv"), ("wh", "v"), ("gh", ""), ("kn", "n"), ("wr", "r")];
    let text = pairs.iter().fold(text, |text, (from, to)| text.replace(from, to));
    let mut sounds = String::new();
    for (index, letter) in text.chars().enumerate() {
        let sound = match letter {
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' => {
                if index > 0 {
                    continue;
                }
                'a'
            }
            'b' | 'p' => 'p',
            'c' | 'g' | 'k' | 'q' => 'k',
            'd' | 't' => 't',
            'f' | 'v' | 'w' => 'v',
            's' | 'z' => 's',
            'j' | 'x' => 'x',
            'm' | 'n' => 'n',
            'h' if index > 0 => continue,
            letter if letter.is_alphanumeric() => letter,
            _ => continue,
        };
        if !sounds.ends_with(sound) {
            sounds.push(sound);
        }
    }
    sounds
}

#[cfg(test)]
mod tests {
    use super::Vocabulary;

    fn names() -> Vocabulary {
        Vocabulary::new(&["Northwind".to_owned(), "Zephyr lamp".to_owned(), "Kowalski".to_owned()])
    }

    #[test]
    fn what_sounds_like_a_name_is_the_name() {
        for (heard, is) in [
            ("I ordered from north wind.", "I ordered from Northwind."),
            ("the zefer lamp, please", "the Zephyr lamp, please"),
            ("This is Mister Covalsky", "This is Mister Kowalski"),
            ("northwind", "Northwind"),
        ] {
            assert_eq!(names().repair(heard), is);
        }
    }

    #[test]
    fn other_words_stay() {
        for said in
            ["Where is my order?", "It goes north. Wind is strong.", "I need another one, and a new lamp.", "four five seven one two nine"]
        {
            assert_eq!(names().repair(said), said);
        }
    }
}
