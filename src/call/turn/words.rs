//! Small words that decide turns: "mhm", "yes", "accept", "never mind", and endings that promise more.

/// The languages whose small words are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Romanian,
}

impl Language {
    /// The language of a flow, by its code ("en", "ro", "ro-RO"); English for any other.
    pub(crate) fn of(code: &str) -> Self {
        if code.to_ascii_lowercase().starts_with("ro") { Self::Romanian } else { Self::English }
    }

    const fn lists(self) -> &'static Lists {
        match self {
            Self::English => &ENGLISH,
            Self::Romanian => &ROMANIAN,
        }
    }
}

struct Lists {
    back_channels: &'static [&'static str],
    yes: &'static [&'static str],
    no: &'static [&'static str],
    accept: &'static [&'static str],
    decline: &'static [&'static str],
    never_mind: &'static [&'static str],
    unfinished: &'static [&'static str],
    /// Endings of several words that promise more.
    promises: &'static [&'static str],
    /// Of the unfinished ones, those that no question ends with either.
    joins: &'static [&'static str],
    digits: &'static [&'static str],
    /// A repetition word and how many digits it stands for.
    repeats: &'static [(&'static str, usize)],
}

const ENGLISH: Lists = Lists {
    back_channels: &[
        "mhm", "mm", "mmm", "mmhm", "hm", "hmm", "uh", "huh", "um", "ah", "aha", "oh", "ok", "okay", "yeah", "yep", "yup", "yes", "right",
        "sure", "alright", "good", "great", "fine", "cool", "i", "see", "got", "it", "all", "thanks", "thank", "you", "mm-hmm", "uh-huh",
    ],
    yes: &[
        "yes",
        "yeah",
        "yep",
        "yup",
        "sure",
        "correct",
        "right",
        "ok",
        "okay",
        "please do",
        "of course",
        "certainly",
        "absolutely",
        "that's fine",
        "go ahead",
        "that would be great",
        "that would be good",
        "please",
    ],
    no: &["no", "nope", "nah", "not", "don't", "never", "wrong", "incorrect"],
    accept: &[
        "accept",
        "accepted",
        "yes",
        "yeah",
        "yep",
        "ok",
        "okay",
        "sure",
        "connect",
        "put them through",
        "put her through",
        "put him through",
        "go ahead",
    ],
    decline: &["decline", "declined", "no", "not", "can't", "cannot", "busy", "reject", "refuse", "nope"],
    never_mind: &[
        "never mind",
        "nevermind",
        "forget it",
        "forget about it",
        "don't need a person",
        "i don't need anybody",
        "back to the bot",
        "back to the assistant",
        "you can answer",
        "cancel the transfer",
        "don't transfer me",
        "stop the transfer",
    ],
    unfinished: &[
        "and",
        "or",
        "but",
        "so",
        "because",
        "if",
        "when",
        "that",
        "the",
        "a",
        "an",
        "my",
        "is",
        "are",
        "was",
        "to",
        "of",
        "for",
        "with",
        "from",
        "in",
        "on",
        "at",
        "about",
        "um",
        "uh",
        "er",
        "it's",
        "i'm",
        "i",
        "your",
        "which",
        "where",
        "by",
        "number",
        "than",
        "like",
        "would",
        "could",
        "can",
        "please can",
    ],
    promises: &[
        "tell me",
        "to know",
        "to ask",
        "i was told",
        "i think",
        "i would like",
        "i'd like",
        "i want",
        "i need",
        "i wanted",
        "please tell",
        "there is",
        "there are",
        "there has been",
        "i am looking",
        "i'm looking",
        "i have been",
        "i've been",
        "it says",
        "they said",
        "he said",
        "she said",
        "the one",
    ],
    joins: &["and", "or", "but", "so", "because", "if", "when", "the", "a", "an", "my", "your", "than"],
    digits: &["zero", "oh", "o", "nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    repeats: &[("double", 2), ("triple", 3)],
};

const ROMANIAN: Lists = Lists {
    back_channels: &[
        "mhm",
        "mm",
        "hm",
        "aha",
        "ah",
        "a",
        "ok",
        "okay",
        "da",
        "bine",
        "sigur",
        "asa",
        "inteleg",
        "am",
        "inteles",
        "exact",
        "desigur",
        "perfect",
        "multumesc",
        "mersi",
        "mda",
        "ihi",
        "corect",
        "bun",
        "super",
        "in",
        "regula",
        "stiu",
        "vad",
        "of",
    ],
    yes: &["da", "sigur", "desigur", "bine", "corect", "exact", "ok", "okay", "va rog", "de acord", "perfect", "in regula", "se poate"],
    no: &["nu", "gresit", "incorect", "niciodata", "n-am", "n-as", "nici"],
    accept: &["accept", "da", "ok", "okay", "sigur", "primesc", "preiau", "fa legatura"],
    decline: &["refuz", "nu", "ocupat", "ocupata", "resping"],
    never_mind: &["las-o balta", "lasa", "nu mai e nevoie", "nu mai este nevoie", "nu mai trebuie", "renunt"],
    unfinished: &[
        "si", "sau", "dar", "ca", "pentru", "daca", "cand", "de", "la", "cu", "din", "pe", "un", "o", "este", "e", "sunt", "meu", "mea",
        "al", "a", "ai", "in", "numarul", "numar", "aaa", "pai", "deci",
    ],
    promises: &[
        "spuneti mi",
        "spuneti-mi",
        "sa stiu",
        "sa intreb",
        "mi s-a spus",
        "as vrea",
        "as dori",
        "vreau",
        "am nevoie",
        "caut",
        "cred",
    ],
    joins: &["si", "sau", "dar", "ca", "pentru", "daca", "cand", "un", "o"],
    digits: &["zero", "unu", "una", "doi", "doua", "trei", "patru", "cinci", "sase", "sapte", "opt", "noua"],
    repeats: &[("dublu", 2), ("triplu", 3)],
};

/// Lower-case words without punctuation, Romanian letters folded to their plain forms.
pub(crate) fn plain(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|word| word.chars().flat_map(char::to_lowercase).map(fold).collect::<String>())
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

const fn fold(letter: char) -> char {
    match letter {
        'ă' | 'â' => 'a',
        'î' => 'i',
        'ș' | 'ş' => 's',
        'ț' | 'ţ' => 't',
        '’' => '\'',
        other => other,
    }
}

fn contains_phrase(words: &[String], phrase: &str) -> bool {
    let parts: Vec<&str> = phrase.split(' ').collect();
    words.windows(parts.len()).any(|window| window.iter().zip(&parts).all(|(word, part)| word == part))
}

fn contains_any(words: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| contains_phrase(words, phrase))
}

/// "mhm", "yeah", "ok, right": the listener says that they listen, and wants no turn.
pub(crate) fn is_back_channel(text: &str, language: Language) -> bool {
    let words = plain(text);
    !words.is_empty() && words.len() <= 3 && words.iter().all(|word| language.lists().back_channels.contains(&word.as_str()))
}

/// What was heard is a piece of what is being said: the bot hears itself on a speakerphone. One or two words may be a caller's own.
pub(crate) fn is_echo(heard: &str, said: &str) -> bool {
    let (heard, said) = (plain(heard), plain(said));
    heard.len() >= 3 && said.windows(heard.len()).any(|window| window == heard)
}

/// Yes or no, none if it is neither. A "no" beside a "yes" wins: a promise needs a clear yes.
pub(crate) fn yes_or_no(text: &str, language: Language) -> Option<bool> {
    let words = plain(text);
    let lists = language.lists();
    if contains_any(&words, lists.no) {
        return Some(false);
    }
    contains_any(&words, lists.yes).then_some(true)
}

/// The agent takes the call (`true`), passes it on (`false`), or said something else.
pub(crate) fn accepts(text: &str, language: Language) -> Option<bool> {
    let words = plain(text);
    let lists = language.lists();
    if contains_any(&words, lists.decline) {
        return Some(false);
    }
    contains_any(&words, lists.accept).then_some(true)
}

/// The caller no longer wants a human.
pub(crate) fn is_never_mind(text: &str, language: Language) -> bool {
    contains_any(&plain(text), language.lists().never_mind)
}

/// The words end in a way that promises more: "my number is", "and", a comma, dots.
pub(crate) fn is_unfinished(text: &str, language: Language) -> bool {
    let text = text.trim_end();
    if text.ends_with([',', '…', '-', '–', '—', ':']) || text.ends_with("...") {
        return true;
    }
    // A recogniser that writes a question mark has mostly heard a finished question ("what is it about?").
    let lists = language.lists();
    let endings = if text.ends_with('?') { lists.joins } else { lists.unfinished };
    let words = plain(text);
    let promises = |phrase: &&str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.len() >= phrase.len() && words[words.len() - phrase.len()..].iter().eq(phrase)
    };
    words.last().is_some_and(|last| endings.contains(&last.as_str())) || lists.promises.iter().any(promises)
}

/// The recogniser wrote a question of three words or more: shorter ones ("What?") may only be its beginning.
pub(crate) fn is_whole_question(text: &str) -> bool {
    text.trim_end().ends_with('?') && text.split_whitespace().count() >= 3
}

/// How many digits were said, as figures or as words ("four 57, double one").
pub(crate) fn count_digits(text: &str, language: Language) -> usize {
    let lists = language.lists();
    let mut count = 0;
    let mut times = 1;
    for word in plain(text) {
        if let Some((_, n)) = lists.repeats.iter().find(|(repeat, _)| *repeat == word) {
            times = *n;
            continue;
        }
        let figures = word.chars().filter(char::is_ascii_digit).count();
        let here = if figures > 0 { figures } else { word.split('-').filter(|part| lists.digits.contains(part)).count() };
        count += if here == 1 { times } else { here };
        times = 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Romanian};

    #[test]
    fn a_back_channel_wants_no_turn() {
        for text in ["Mhm.", "Yeah, okay.", "Right", "I see.", "Uh-huh."] {
            assert!(is_back_channel(text, English), "{text}");
        }
        for text in ["", "No.", "Stop.", "Yes, but where is it?", "okay okay okay okay"] {
            assert!(!is_back_channel(text, English), "{text}");
        }
        assert!(is_back_channel("Da, înțeleg.", Romanian));
    }

    #[test]
    fn an_echo_is_a_piece_of_what_is_said() {
        let said = "You can set a new password on our website.";
        assert!(is_echo("Set a new password.", said));
        assert!(!is_echo("password", said));
        assert!(!is_echo("Set a new one", said));
    }

    #[test]
    fn a_promise_needs_a_clear_yes() {
        assert_eq!(yes_or_no("Yes, please do.", English), Some(true));
        assert_eq!(yes_or_no("Yeah, no, don't.", English), Some(false));
        assert_eq!(yes_or_no("What number?", English), None);
        assert_eq!(yes_or_no("Da, vă rog.", Romanian), Some(true));
    }

    #[test]
    fn agents_accept_and_decline_in_words() {
        assert_eq!(accepts("Accept.", English), Some(true));
        assert_eq!(accepts("I can't right now", English), Some(false));
        assert_eq!(accepts("Hello?", English), None);
    }

    #[test]
    fn endings_promise_more() {
        assert!(is_unfinished("My order number is.", English));
        assert!(is_unfinished("I ordered a lamp and", English));
        assert!(is_unfinished("It is four five,", English));
        assert!(is_unfinished("Can you tell me?", English));
        assert!(!is_unfinished("I do not know.", English));
        assert!(!is_unfinished("Where is my order?", English));
        assert!(!is_unfinished("What is that for?", English));
        assert!(is_unfinished("My daughter ordered a jacket and?", English));
        assert!(is_unfinished("Numărul meu este", Romanian));
    }

    #[test]
    fn digits_are_counted_in_words_and_figures() {
        assert_eq!(count_digits("four five seven, one two nine", English), 6);
        assert_eq!(count_digits("It's 4571, double nine.", English), 6);
        assert_eq!(count_digits("457-129", English), 6);
        assert_eq!(count_digits("I don't have it", English), 0);
        assert_eq!(count_digits("patru cinci șapte", Romanian), 3);
    }

    #[test]
    fn the_caller_may_change_their_mind() {
        assert!(is_never_mind("Oh, never mind.", English));
        assert!(!is_never_mind("I mind waiting.", English));
    }
}
