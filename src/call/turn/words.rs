//! Small words that decide turns: "mhm", "yes", "accept", "never mind", and endings that promise more.

use serde::Deserialize;

use crate::call::{
    event::{AgentChoice, DeclineReason},
    flow::text::plain_letters,
    language::{self, lists::Words},
};

/// A language, whose words decide here.
pub(crate) type Language = &'static language::Language;

/// The words of one language: the part `turn` of its file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnWords {
    back_channels: Words,
    yes: Words,
    no: Words,
    beginnings: Words,
    claims: Words,
    accept: Words,
    decline: Words,
    again: Words,
    more: Words,
    busy: Words,
    not_my_skill: Words,
    /// What answering machines say and people at a telephone do not.
    machines: Words,
    never_mind: Words,
    call_back: Words,
    leave_message: Words,
    unfinished: Words,
    /// Endings of several words that promise more.
    promises: Words,
    /// Of the unfinished ones, those that no question ends with either.
    joins: Words,
}

/// Lower-case words without punctuation, and without accents.
pub(crate) fn plain(text: &str) -> Vec<String> {
    plain_letters(text)
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Words of fewer letters are too alike.
const SLIP_FROM: usize = 5;

/// And shorter ones rhyme with too many.
const RHYMES_FROM: usize = 4;

fn contains_phrase(words: &[String], phrase: &str) -> bool {
    let parts: Vec<&str> = phrase.split(' ').collect();
    words.windows(parts.len()).any(|window| window.iter().zip(&parts).all(|(word, part)| word == part))
}

fn contains_any(words: &[String], phrases: &Words) -> bool {
    phrases.iter().any(|phrase| contains_phrase(words, phrase))
}

/// More of them in a row say something.
const LISTENING: usize = 3;

/// How far words are made of "mhm", "oh" and "that's fine", one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Listening {
    Not,
    /// They may become it: "that's f".
    Begun,
    Whole,
}

fn listening(words: &[String], left: usize, language: Language) -> Listening {
    if words.is_empty() {
        return Listening::Whole;
    }
    if left == 0 {
        return Listening::Not;
    }
    let from = |phrase: &str| {
        let parts: Vec<&str> = phrase.split(' ').collect();
        if parts.len() <= words.len() && parts.iter().zip(words).all(|(part, word)| part == word) {
            return listening(&words[parts.len()..], left - 1, language);
        }
        // One letter begins anything, but "oh, I".
        let last = words.last().filter(|word| words.len() > 1 || left < LISTENING || word.chars().nth(1).is_some());
        let begun = last.zip(parts.get(words.len() - 1)).is_some_and(|(word, part)| part.starts_with(word.as_str()));
        let before = &words[..words.len() - 1];
        if begun && parts.iter().zip(before).all(|(part, word)| part == word) { Listening::Begun } else { Listening::Not }
    };
    language.turn.back_channels.iter().map(from).max().unwrap_or(Listening::Not)
}

/// All of them, and how many may follow one another.
pub(crate) fn back_channels(language: Language) -> (impl Iterator<Item = &'static str>, usize) {
    (language.turn.back_channels.iter(), LISTENING)
}

/// "mhm", "yeah", "oh, that's fine": the listener says that they listen, and wants no turn.
pub(crate) fn is_back_channel(text: &str, language: Language) -> bool {
    let words = plain(text);
    !words.is_empty() && listening(&words, LISTENING, language) == Listening::Whole
}

/// What was said so far may become one: "that's f", "under".
pub(crate) fn begins_back_channel(text: &str, language: Language) -> bool {
    let words = plain(text);
    !words.is_empty() && listening(&words, LISTENING, language) >= Listening::Begun
}

/// The same while it sounds: a telephone lets little through of a first consonant ("pure" was "sure").
pub(crate) fn may_be_back_channel(text: &str, language: Language) -> bool {
    let rest = |word: &str| word.char_indices().nth(1).filter(|_| word.len() >= RHYMES_FROM).map(|(at, _)| word[at..].to_owned());
    let rhymes =
        |word: &String| rest(word).is_some_and(|end| language.turn.back_channels.iter().any(|known| rest(known).as_ref() == Some(&end)));
    is_back_channel(text, language) || matches!(plain(text).as_slice(), [word] if rhymes(word))
}

/// One word that may become a back-channel or anything else: "I see", "I want".
pub(crate) fn is_beginning(text: &str, language: Language) -> bool {
    matches!(plain(text).as_slice(), [word] if language.turn.beginnings.contains(word))
}

/// Fewer words may be a caller's own, though the bot is saying them; an agent, who is told what to say, has two of their own.
pub(crate) const CALLERS_ECHO: usize = 3;
pub(crate) const AGENTS_ECHO: usize = 2;

/// "Stop", "wait", "a human": so few words, and yet they want the turn.
pub(crate) fn claims_turn(text: &str, language: Language) -> bool {
    contains_any(&plain(text), &language.turn.claims)
}

/// All that was said differs by one letter from what wants the turn: the recogniser's slip ("told on").
pub(crate) fn nearly_claims(text: &str, language: Language) -> bool {
    let said: Vec<char> = plain(text).concat().chars().collect();
    let slip = |phrase: &str| {
        let phrase: Vec<char> = phrase.chars().filter(|c| *c != ' ').collect();
        phrase.len() >= SLIP_FROM && phrase.len() == said.len() && phrase.iter().zip(&said).filter(|(a, b)| a != b).count() <= 1
    };
    language.turn.claims.iter().any(slip)
}

/// What was heard is a piece of what is being said, of so many words at least: the bot hears itself on a loudspeaker.
pub(crate) fn is_echo(heard: &str, said: &str, least: usize) -> bool {
    let (heard, said) = (plain(heard), plain(said));
    heard.len() >= least && said.windows(heard.len()).any(|window| window == heard)
}

/// Yes or no, none if it is neither. A "no" beside a "yes" wins: a promise needs a clear yes.
pub(crate) fn yes_or_no(text: &str, language: Language) -> Option<bool> {
    let words = plain(text);
    let lists = &language.turn;
    if contains_any(&words, &lists.no) {
        return Some(false);
    }
    contains_any(&words, &lists.yes).then_some(true)
}

/// More words than these take no call: somebody tells a story, or it is a greeting that a machine plays.
const MOST_ACCEPTING: usize = 8;

/// What an agent says to an offer; none if it is something else. Whoever says why they do not take it may do so at any length.
pub(crate) fn chooses(text: &str, language: Language) -> Option<AgentChoice> {
    let said = plain(text);
    let lists = &language.turn;
    // "No problem" is no no.
    let words = without(&said, &lists.back_channels);
    let of_several = |phrases: &Words| phrases.iter().any(|phrase| phrase.contains(' ') && contains_phrase(&words, phrase));
    let short = said.len() <= MOST_ACCEPTING;
    let reason = if contains_any(&words, &lists.not_my_skill) {
        Some(DeclineReason::NotMySkill)
    } else if contains_any(&words, &lists.busy) {
        Some(DeclineReason::Busy)
    } else {
        // "I can't hear you" asks for it again.
        (declines(&words, language) && !of_several(&lists.again)).then_some(DeclineReason::Other)
    };
    if let Some(reason) = reason {
        return Some(AgentChoice::Decline { reason });
    }
    if short && contains_any(&words, &lists.again) {
        return Some(AgentChoice::Repeat);
    }
    if short && contains_any(&words, &lists.more) {
        return Some(AgentChoice::More);
    }
    let strange = strangers(&said, language);
    let accepts =
        contains_any(&said, &lists.accept) && !contains_any(&words, &lists.no) && strange <= usize::from(accepts_outright(&said, language));
    (short && accepts).then_some(AgentChoice::Accept)
}

/// Words of several of which none counts are left out.
fn without(words: &[String], phrases: &Words) -> Vec<String> {
    let several = |rest: &[String]| phrases.iter().filter(|phrase| phrase.contains(' ')).map(|phrase| begins_with(rest, phrase)).max();
    let (mut left, mut at) = (Vec::new(), 0);
    while at < words.len() {
        match several(&words[at..]).filter(|length| *length > 0) {
            Some(length) => at += length,
            None => {
                left.push(words[at].clone());
                at += 1;
            }
        }
    }
    left
}

/// How many words these begin with the phrase's; none if they do not.
fn begins_with(words: &[String], phrase: &str) -> usize {
    let length = phrase.split(' ').count();
    let same = words.len() >= length && words.iter().zip(phrase.split(' ')).all(|(word, part)| word == part);
    if same { length } else { 0 }
}

/// One of the words that mean no by themselves comes first, or something that means it anywhere.
fn declines(words: &[String], language: Language) -> bool {
    let lists = &language.turn;
    let by_itself = |phrase: &str| lists.no.contains(phrase);
    let begins = |word: &&String| {
        let word = word.as_str();
        ![&lists.back_channels, &lists.again, &language.lexicon.fillers, &language.lexicon.hello].iter().any(|list| list.contains(word))
    };
    let first = words.iter().find(begins);
    lists.decline.iter().any(
        |phrase| {
            if by_itself(phrase) { first.is_some_and(|first| first == phrase) } else { contains_phrase(words, phrase) }
        },
    )
}

/// Words that have no place in an acceptance.
fn strangers(words: &[String], language: Language) -> usize {
    let (lists, lexicon) = (&language.turn, &language.lexicon);
    let known = [&lists.accept, &lists.back_channels, &lists.yes, &lexicon.fillers, &lexicon.thanks, &lexicon.hello];
    let (mut strangers, mut at) = (0, 0);
    while at < words.len() {
        let longest = known.iter().flat_map(|list| list.iter()).map(|phrase| begins_with(&words[at..], phrase)).max().unwrap_or(0);
        strangers += usize::from(longest == 0);
        at += longest.max(1);
    }
    strangers
}

/// "Put them through", "accept": nobody says that who only listens.
fn accepts_outright(words: &[String], language: Language) -> bool {
    let lists = &language.turn;
    lists.accept.iter().any(|phrase| !lists.back_channels.contains(phrase) && contains_phrase(words, phrase))
}

/// "Yes", "okay, right": it may mean that an agent takes the call, or that they listen.
pub(crate) fn only_listens(text: &str, language: Language) -> bool {
    !accepts_outright(&plain(text), language)
}

/// "Please leave a message after the tone."
pub(crate) fn greets_for_a_machine(text: &str, language: Language) -> bool {
    contains_any(&plain(text), &language.turn.machines)
}

/// The caller no longer wants a human.
pub(crate) fn is_never_mind(text: &str, language: Language) -> bool {
    contains_any(&plain(text), &language.turn.never_mind)
}

/// The caller would rather be called back than wait.
pub(crate) fn wants_callback(text: &str, language: Language) -> bool {
    contains_any(&plain(text), &language.turn.call_back)
}

/// The caller would rather leave a message than wait.
pub(crate) fn wants_voicemail(text: &str, language: Language) -> bool {
    contains_any(&plain(text), &language.turn.leave_message)
}

/// The words end in a way that promises more: "my number is", "and", a comma, dots.
pub(crate) fn is_unfinished(text: &str, language: Language) -> bool {
    let text = text.trim_end();
    if text.ends_with([',', '…', '-', '–', '—', ':']) || text.ends_with("...") {
        return true;
    }
    // A recogniser that writes a question mark has mostly heard a finished question ("what is it about?").
    let lists = &language.turn;
    let endings = if text.ends_with('?') { &lists.joins } else { &lists.unfinished };
    let words = plain(text);
    let promises = |phrase: &str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.len() >= phrase.len() && words[words.len() - phrase.len()..].iter().eq(phrase)
    };
    let goes_on = words.last().is_some_and(|last| endings.contains(last)) && !is_indirect_question(&words);
    goes_on || lists.promises.iter().any(promises)
}

/// A yes or no that goes on: "yes, but". Who answers what was asked may end on any other word ("no, that isn't the one").
pub(crate) fn is_half_answer(text: &str, language: Language) -> bool {
    let text = text.trim_end();
    let joined = || plain(text).last().is_some_and(|last| language.turn.joins.contains(last));
    if text.ends_with(['.', '!']) && !text.ends_with("...") { joined() } else { is_unfinished(text, language) }
}

/// "… what the status of my order is": in English the verb comes last.
fn is_indirect_question(words: &[String]) -> bool {
    let [_, middle @ .., last] = words else { return false };
    let asks = |word: &String| ["what", "where", "when", "who", "how", "which"].contains(&word.as_str());
    // Something must stand between: "I know what is".
    ["is", "are", "was"].contains(&last.as_str()) && middle.iter().rposition(asks).is_some_and(|at| at + 1 < middle.len())
}

/// The recogniser wrote a question of three words or more: shorter ones ("What?") may only be its beginning.
pub(crate) fn is_whole_question(text: &str) -> bool {
    text.trim_end().ends_with('?') && text.split_whitespace().count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::language::{Languages, english};

    fn romanian() -> Language {
        Languages::built_in().of("ro").unwrap()
    }

    #[test]
    fn a_back_channel_wants_no_turn() {
        for text in ["Mhm.", "Yeah, okay.", "Right", "I see.", "Uh-huh.", "Fair enough.", "That makes sense."] {
            assert!(is_back_channel(text, english()), "{text}");
        }
        for text in ["", "No.", "Stop.", "Enough.", "Yes, but where is it?", "okay okay okay okay"] {
            assert!(!is_back_channel(text, english()), "{text}");
        }
        assert!(is_back_channel("Da, înțeleg.", romanian()));
        assert!(claims_turn("Hold on.", english()) && claims_turn("Stați puțin!", romanian()) && !claims_turn("You had.", english()));
        for text in ["Oh, that's good.", "That makes sense, yeah.", "Yes, of course."] {
            assert!(is_back_channel(text, english()), "{text}");
        }
        for text in ["That's f", "Under", "Oh, that's", "Fair", "I"] {
            assert!(begins_back_channel(text, english()) && !is_back_channel(text, english()) || text == "I", "{text}");
        }
        assert!(
            !begins_back_channel("Where", english()) && !begins_back_channel("Okay but", english()) && !begins_back_channel("W", english())
        );
        assert!(may_be_back_channel("Pure.", english()) && may_be_back_channel("Sure.", english()));
        assert!(!may_be_back_channel("Delivery.", english()) && !may_be_back_channel("Pure gold.", english()));
        assert!(is_beginning("I.", english()) && !is_beginning("I see.", english()));
    }

    #[test]
    fn an_echo_is_a_piece_of_what_is_said() {
        let said = "You can set a new password on our website.";
        assert!(is_echo("Set a new password.", said, CALLERS_ECHO));
        assert!(!is_echo("password", said, CALLERS_ECHO));
        assert!(!is_echo("Set a new one", said, CALLERS_ECHO));
    }

    #[test]
    fn a_promise_needs_a_clear_yes() {
        assert_eq!(yes_or_no("Yes, please do.", english()), Some(true));
        assert_eq!(yes_or_no("Yeah, no, don't.", english()), Some(false));
        assert_eq!(yes_or_no("What number?", english()), None);
        assert_eq!(yes_or_no("Da, vă rog.", romanian()), Some(true));
    }

    #[test]
    fn agents_accept_and_decline_in_words() {
        let says = |text: &str| chooses(text, english());
        let accepted = [
            "Accept.",
            "Yes.",
            "Okay.",
            "Put them through.",
            "I'll take it.",
            "Ok, go ahead.",
            "Yes, please, put her through.",
            "No problem, put them through.",
            "Sure, I will take the call.",
            "Hi, yes, I accept.",
            "Well, okay, connect us then. Thanks.",
        ];
        for text in accepted {
            assert_eq!(says(text), Some(AgentChoice::Accept), "{text}");
        }
        let declined = |reason| Some(AgentChoice::Decline { reason });
        for text in [
            "No.",
            "I can't right now",
            "Sorry, no, ask somebody else today, I have to leave in a minute.",
            "Decline.",
            "Hello? No, not now.",
        ] {
            assert_eq!(says(text), declined(DeclineReason::Other), "{text}");
        }
        for text in ["No, I'm busy.", "I can't, I'm at lunch."] {
            assert_eq!(says(text), declined(DeclineReason::Busy), "{text}");
        }
        assert_eq!(says("That is not my department"), declined(DeclineReason::NotMySkill));
        for text in ["Say that again please", "Again.", "Repeat that.", "Sorry?", "I can't hear you, once more?"] {
            assert_eq!(says(text), Some(AgentChoice::Repeat), "{text}");
        }
        for text in ["Tell me more.", "More.", "Details, please."] {
            assert_eq!(says(text), Some(AgentChoice::More), "{text}");
        }
    }

    #[test]
    fn greetings_choose_nothing() {
        let greetings = [
            "Hello?",
            "Warmline support, Maria speaking.",
            "Hello, this is Maria, how can I help you?",
            "Who is this?",
            "Hi, is somebody there?",
            "Yes, this is the office, we are at lunch today, leave your name, okay",
            "Please leave a message, yes.",
            "Go ahead and leave a message.",
            "Yes, you have reached Maria.",
            "Okay, and who is that?",
            "Don't put them through.",
        ];
        for text in greetings {
            assert!(!matches!(chooses(text, english()), Some(AgentChoice::Accept | AgentChoice::Repeat | AgentChoice::More)), "{text}");
        }
        assert!(greets_for_a_machine("Please leave a message, yes.", english()) && !greets_for_a_machine("I'll take it.", english()));
        assert!(only_listens("Yes. Okay.", english()) && !only_listens("Yes, go ahead.", english()));
        let choice = "Press one or say accept.";
        assert!(is_echo("Say accept.", choice, AGENTS_ECHO) && !is_echo("Accept.", choice, AGENTS_ECHO));
    }

    #[test]
    fn agents_choose_in_every_language() {
        let languages = Languages::built_in();
        let of = |code| languages.of(code).unwrap();
        let accepted = [
            ("ro", "Da, preiau."),
            ("ro", "Accept apelul."),
            ("ro", "Fă-mi legătura."),
            ("cs", "Přijímám."),
            ("cs", "Ano, přepojte ho."),
            ("cs", "Vezmu to."),
        ];
        for (code, text) in accepted {
            assert_eq!(chooses(text, of(code)), Some(AgentChoice::Accept), "{text}");
            assert!(!only_listens(text, of(code)), "{text}");
        }
        let declined = |code, text, reason| assert_eq!(chooses(text, of(code)), Some(AgentChoice::Decline { reason }), "{text}");
        declined("ro", "Nu pot, sunt la masă.", DeclineReason::Busy);
        declined("ro", "Păi nu.", DeclineReason::Other);
        declined("cs", "Ne, teď nemůžu.", DeclineReason::Other);
        declined("cs", "Nemůžu, mám oběd.", DeclineReason::Busy);
        for (code, text) in [("ro", "Încă o dată."), ("ro", "Nu am auzit."), ("ro", "Repetă."), ("cs", "Ještě jednou."), ("cs", "Cože?")]
        {
            assert_eq!(chooses(text, of(code)), Some(AgentChoice::Repeat), "{text}");
        }
        for (code, text) in [("ro", "Spune-mi mai multe."), ("cs", "Řekni mi víc.")] {
            assert_eq!(chooses(text, of(code)), Some(AgentChoice::More), "{text}");
        }
        for (code, text) in
            [("ro", "Alo?"), ("ro", "Bună ziua, Maria la telefon."), ("cs", "Haló?"), ("cs", "Dobrý den, u telefonu Marie.")]
        {
            assert_eq!(chooses(text, of(code)), None, "{text}");
        }
        // That is how a telephone is answered there.
        assert!(only_listens("Da?", of("ro")) && only_listens("Ano, prosím?", of("cs")));
        let machines = [("ro", "Lăsați un mesaj după semnal."), ("cs", "Zanechte vzkaz po zaznění tónu.")];
        assert!(machines.iter().all(|(code, text)| greets_for_a_machine(text, of(code))));
    }

    #[test]
    fn endings_promise_more() {
        assert!(is_unfinished("My order number is.", english()));
        assert!(is_unfinished("I ordered a lamp and", english()));
        assert!(is_unfinished("It is four five,", english()));
        assert!(is_unfinished("Can you tell me?", english()));
        assert!(!is_unfinished("I do not know.", english()));
        assert!(!is_unfinished("Where is my order?", english()));
        assert!(!is_unfinished("What is that for?", english()));
        assert!(is_unfinished("My daughter ordered a jacket and?", english()));
        assert!(!is_unfinished("I want to know where my parcel is.", english()));
        assert!(is_unfinished("I want to know what is", english()));
        assert!(is_unfinished("Numărul meu este", romanian()));
    }

    #[test]
    fn the_caller_may_change_their_mind() {
        assert!(is_never_mind("Oh, never mind.", english()));
        assert!(!is_never_mind("I mind waiting.", english()));
    }
}
