//! A language is data: one file with every word that the brain of a call takes from it. Those of the project are compiled in; more are read at the start.

pub mod days;
pub mod figures;
pub mod lists;

use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock, PoisonError},
};

use serde::Deserialize;

use crate::{
    call::{
        asked_again::AskedAgain,
        elsewhere::Elsewhere,
        escalation::lexicon::Lexicon as Signals,
        flow::{lexicon::Lexicon, prompt::PromptKey, template::Templates},
        handoff::phrases::Phrases,
        language::{
            days::{Days, Today},
            figures::Figures,
        },
        redact::PrivacyWords,
        turn::words::TurnWords,
    },
    yaml::{self, Mistake, Path, Read},
};

/// The files of the project. A folder of the configuration adds to them, or replaces them.
const BUILT_IN: [(&str, &str); 3] = [
    ("en.yaml", include_str!("../../../config/languages/en.yaml")),
    ("ro.yaml", include_str!("../../../config/languages/ro.yaml")),
    ("cs.yaml", include_str!("../../../config/languages/cs.yaml")),
];

/// Different files that one process may read: each is kept until it ends.
const MOST_KEPT: usize = 200;

/// Everything that a language file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Its code: "en".
    #[serde(rename = "language")]
    pub code: String,
    /// Small words that decide turns.
    pub turn: TurnWords,
    /// What the dialogue and its readers know.
    pub lexicon: Lexicon,
    /// What calls a human.
    pub escalation: Signals,
    /// Whose business something is.
    pub(in crate::call) elsewhere: Elsewhere,
    /// What callers say before something that nobody may read later.
    pub privacy: PrivacyWords,
    /// What the machine says outside the nodes of a flow.
    pub prompts: BTreeMap<PromptKey, String>,
    /// What stands around the facts of a summary.
    pub(in crate::call) handoff: Phrases,
    /// How agents ask for what they could read.
    pub asked_again: AskedAgain,
    /// How days and moments are written that services give.
    pub days: Days,
    /// How figures are read aloud.
    pub figures: Figures,
}

impl Language {
    /// Reads a language file. `file` only names it in mistakes.
    ///
    /// # Errors
    /// Every mistake in it, in the order of the file.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        let read = yaml::read::<Self>(text, file).map_err(|mistake| vec![*mistake])?;
        let mut mistakes = read.mistakes.clone();
        if let Some(language) = &read.value {
            mistakes.extend(language.wrong(&read));
        }
        mistakes.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
        match read.value {
            Some(language) if mistakes.is_empty() => Ok(language),
            Some(_) | None => Err(mistakes),
        }
    }

    /// What the types cannot know: prompts that are missing, or use what they are not given.
    fn wrong(&self, read: &Read<Self>) -> Vec<Mistake> {
        let mut wrong = Vec::new();
        let at = Path::of(&["prompts"]);
        for key in PromptKey::ALL {
            let word = key.word();
            let path = at.clone().key(&word);
            match self.prompts.get(&key).map(|text| fits(key, text)) {
                Some(Ok(())) => {}
                Some(Err(message)) => wrong.push(read.tree.mistake(&path, message, None)),
                None if read.was_cut(&path) => {}
                None => wrong.push(read.tree.mistake(&at, format!("`{word}` is missing"), Some(format!("add `{word}:`")))),
            }
        }
        for (path, message) in self.lexicon.hours.wrong().into_iter().chain(self.days.wrong()).chain(self.figures.wrong()) {
            wrong.push(read.tree.mistake(&path, message, None));
        }
        if self.code.is_empty() || !self.code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            wrong.push(read.tree.mistake(&Path::of(&["language"]), "a code is letters, like `en` or `pt-BR`", None));
        }
        wrong
    }

    /// A text as the voice is to say it: days and moments as people write them, and figures in words where the language has a table of them.
    #[must_use]
    pub fn spoken(&self, text: &str, today: &Today) -> String {
        self.figures.spoken(&self.days.written(text, &self.lexicon.hours.months, today))
    }

    /// A prompt of the language.
    #[must_use]
    pub fn prompt(&self, key: PromptKey) -> &str {
        self.prompts.get(&key).map(String::as_str).unwrap_or_default()
    }
}

/// Is it a template of what the prompt is given?
fn fits(key: PromptKey, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("the text is empty".to_owned());
    }
    let mut templates = Templates::default();
    templates.add("prompt".to_owned(), text.to_owned()).map_err(|error| format!("not a template: {error}"))?;
    match templates.names("prompt").into_iter().find(|name| !key.variables().contains(&name.as_str())) {
        Some(name) => Err(format!("there is no `{name}` here; it may use: {}", key.variables().join(", "))),
        None => Ok(()),
    }
}

/// The languages that flows may be for.
#[derive(Debug, Clone)]
pub struct Languages(Vec<&'static Language>);

impl Languages {
    /// Those that are compiled in.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static BUILT: OnceLock<Languages> = OnceLock::new();
        BUILT.get_or_init(|| {
            BUILT_IN.iter().try_fold(Self(Vec::new()), |all, (file, text)| all.with(text, file)).unwrap_or_else(|mistakes| {
                let listed: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
                panic!("the languages of the project are read in a test: {}", listed.join("\n"))
            })
        })
    }

    /// These, and the language of one more file; it takes the place of one with the same code.
    ///
    /// # Errors
    /// Every mistake in the file.
    pub fn with(mut self, text: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        let language = kept(text, file)?;
        self.0.retain(|known| known.code != language.code);
        self.0.push(language);
        Ok(self)
    }

    /// The language of a code ("en").
    #[must_use]
    pub fn of(&self, code: &str) -> Option<&'static Language> {
        self.0.iter().copied().find(|language| language.code == code)
    }

    /// The codes of all of them, sorted.
    #[must_use]
    pub fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<&str> = self.0.iter().map(|language| language.code.as_str()).collect();
        codes.sort_unstable();
        codes
    }
}

/// English: what is not said otherwise is said in it.
#[must_use]
pub fn english() -> &'static Language {
    Languages::built_in().of("en").expect("English is compiled in")
}

/// The language of a text. Calls hold on to it, so it is kept for good: once for each different text, and for a limited number of them.
fn kept(text: &str, file: &str) -> Result<&'static Language, Vec<Mistake>> {
    static KEPT: Mutex<BTreeMap<String, &'static Language>> = Mutex::new(BTreeMap::new());
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(language) = all.get(text) {
        return Ok(language);
    }
    let language = Language::parse(text, file)?;
    if all.len() >= MOST_KEPT {
        let message = format!("this process has read {MOST_KEPT} different language files: start it anew");
        return Err(vec![Mistake { file: file.to_owned(), place: yaml::Place::default(), key: String::new(), message, hint: None }]);
    }
    let language: &'static Language = Box::leak(Box::new(language));
    all.insert(text.to_owned(), language);
    Ok(language)
}
