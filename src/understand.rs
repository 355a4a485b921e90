//! What a sentence means to a flow: the embedder's vector, through the heads that are built from the flow's examples.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use warmline_models::{Embedder, Embedding, Heard, IntentHead, LabelScore, ModelError, Speaker, ToneScores, listening, wholeness};

use crate::call::{
    asked_again::{MATTER, NAME},
    elsewhere::{Asked, OF_BUSINESS},
    flow::Flow,
    language::lists::Words,
    understanding::{Before, Scored, Tone, Understanding},
};

/// Words with this many digits are numbers of something.
const LONG_NUMBER: usize = 3;
/// Score from which a turn is certain to mean it; below, a clause that is certain says what the turn means.
const SURE: f32 = 0.85;
/// Score from which a clause is certain to be a wish of its own beside what the turn means: a clause says less than a turn.
const SURE_BESIDE: f32 = 0.95;
/// What is left of a score where nothing was asked of us: below every threshold that a flow has reason to set.
const NOT_OURS: f32 = 0.3;
/// Matters below this are not written down.
const NOTED: f32 = 0.05;
/// So many clauses of a long turn are looked at alone, the last ones.
const MOST_CLAUSES: usize = 4;
/// Values that a question may be after.
const MOST_VALUES: usize = 3;
/// Shorter clauses mean nothing alone.
const CLAUSE_WORDS: usize = 3;

/// Of more words than these nobody asks whether they only listen.
const LISTENING_WORDS: usize = 6;

/// Intents, knowledge entries, and a second wish.
type Meaning = (Vec<Scored>, Vec<Scored>, Option<Scored>);

/// The heads of one flow. Intents and knowledge entries share a head, so that each is weighed against all others.
pub struct Understander {
    flow: Arc<Flow>,
    embedder: Arc<Embedder>,
    head: IntentHead,
    /// Which value an agent's question is after; made when the first one is asked.
    asked: OnceLock<IntentHead>,
}

impl Understander {
    /// Builds the heads: some 6 ms for each example sentence of the flow that no earlier start has seen.
    ///
    /// # Errors
    /// When the model fails, or the flow has fewer than two intents.
    pub fn new(flow: &Arc<Flow>, embedder: &Arc<Embedder>) -> Result<Self, ModelError> {
        let intents = flow.intents.iter().map(|(name, intent)| (name, &intent.examples));
        let knowledge = flow.knowledge.iter().map(|(key, entry)| (key, &entry.questions));
        let labelled: Vec<_> = intents.chain(knowledge).collect();
        let sentences: Vec<&String> = labelled.iter().flat_map(|(_, sentences)| *sentences).chain(&flow.understanding.others).collect();
        let mut vectors = embedder.embed_all(&sentences)?.into_iter();
        let mut of = |(name, sentences): (&String, &Vec<String>)| (name.clone(), vectors.by_ref().take(sentences.len()).collect());
        let examples: Vec<(String, Vec<Embedding>)> = labelled.into_iter().map(&mut of).collect();
        let others: Vec<Embedding> = vectors.collect();
        let head = IntentHead::train(&flow.written_in, &examples, &others)?;
        let head = if flow.written_in == flow.language { head } else { head.for_another_language() };
        Ok(Self { flow: Arc::clone(flow), embedder: Arc::clone(embedder), head, asked: OnceLock::new() })
    }

    /// The flow that it listens for.
    #[must_use]
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The flow says that the caller's tone is looked at.
    #[must_use]
    pub fn looks_at_tone(&self) -> bool {
        self.flow.escalation.tone
    }

    /// What the sentence means, after what was said before. The tone is only computed where the flow announces it.
    ///
    /// # Errors
    /// When the model fails.
    pub fn understand(&self, before: &Before, text: &str) -> Result<Understanding, ModelError> {
        let asked = self.flow.asked(text);
        let said = match &asked {
            Asked::This(said) => said,
            Asked::Nothing => text,
        };
        let whole = self.heard(text)?;
        let meant = if said == text { None } else { Some(self.heard(said)?) };
        let (mut intents, mut knowledge, second) = self.meaning(said, &meant.as_ref().unwrap_or(&whole).vector)?;
        let felt = self.embedder.feel(&[], &whole)?;
        let mut matters = felt.matters;
        if let Some(meant) = &meant {
            // Danger and need count wherever they are.
            matters.retain(|matter| !of_business(matter));
            let of_part = self.embedder.feel(&[], meant)?.matters;
            raise(&mut matters, &of_part);
            matters.extend(of_part.into_iter().filter(of_business));
        }
        if asked == Asked::Nothing {
            intents.iter_mut().chain(&mut knowledge).for_each(|scored| scored.score *= NOT_OURS);
            matters.iter_mut().filter(|matter| of_business(matter)).for_each(|matter| matter.score *= NOT_OURS);
        }
        let tone = if self.flow.escalation.tone { self.tone(before, &whole, felt.tone)? } else { Tone::default() };
        let listens = is_short(text).then(|| listening(&whole.vector));
        let whole = Some(wholeness(text, &whole.vector));
        let second = second.filter(|_| asked != Asked::Nothing);
        Ok(Understanding { intents, knowledge, second, tone, matters: noted(matters), phrased: None, whole, listens })
    }

    fn heard(&self, text: &str) -> Result<Arc<Heard>, ModelError> {
        self.embedder.hear(Speaker::Caller, &without_numbers(text))
    }

    /// The tone of a sentence: whether it is meant is told by what was said before, too.
    fn tone(&self, before: &Before, heard: &Heard, alone: ToneScores) -> Result<Tone, ModelError> {
        let mut tone = of_words(alone);
        if !before.caller.is_empty() && !before.bot.is_empty() {
            let caller = self.heard(&before.caller)?;
            let bot = self.embedder.hear(Speaker::Bot, &without_numbers(&before.bot))?;
            tone.sarcasm = f32::midpoint(tone.sarcasm, self.embedder.feel(&[&caller, &bot], heard)?.tone.sarcasm);
        }
        Ok(tone)
    }

    /// What is asked: intents and knowledge entries, each best first, and what another clause surely means besides.
    fn meaning(&self, text: &str, vector: &Embedding) -> Result<Meaning, ModelError> {
        let (mut intents, mut knowledge) = self.apart(self.head.scores(vector));
        // "I was told to cancel my appointment, but where is my order?": what the whole is not about, a clause may be.
        let sure = |scored: &[Scored]| scored.first().is_some_and(|best| best.score >= SURE);
        let mut whole_is_sure = sure(&intents) || sure(&knowledge);
        let mut said: Vec<Scored> = Vec::new();
        for clause in clauses(text, &self.flow.lexicon().but) {
            let vector = self.embedder.embed(&without_numbers(clause))?;
            let (of_clause, known) = self.apart(self.head.scores_of_part(&vector));
            said.extend(self.besides(&of_clause, &known));
            if !whole_is_sure && (sure(&of_clause) || sure(&known)) {
                (intents, knowledge, whole_is_sure) = (of_clause, known, true);
            }
        }
        let first = best(&intents, &knowledge).filter(|best| best.score >= SURE);
        let second = first.and_then(|first| said.into_iter().rev().find(|it| it.name != first.name));
        Ok((intents, knowledge, second))
    }

    /// What a clause asks for by itself, if that is certain.
    fn besides(&self, intents: &[Scored], knowledge: &[Scored]) -> Option<Scored> {
        best(intents, knowledge).filter(|best| best.score >= SURE_BESIDE)
    }

    /// Which value of the flow a question of an agent is after (a slot, the caller's name, what they want), the likeliest first.
    ///
    /// # Errors
    /// When the model fails.
    pub fn asks_for(&self, question: &str) -> Result<Vec<Scored>, ModelError> {
        let head = match self.asked.get() {
            Some(head) => head,
            None => {
                let head = self.asking()?;
                self.asked.get_or_init(|| head)
            }
        };
        let scores = head.scores(&self.embedder.embed(&without_numbers(question))?);
        Ok(scores.into_iter().take(MOST_VALUES).map(|it| Scored { name: it.label, score: it.score }).collect())
    }

    fn asking(&self) -> Result<IntentHead, ModelError> {
        let words = &self.flow.words().asked_again;
        let mut ways: BTreeMap<String, Vec<String>> =
            BTreeMap::from([(MATTER.to_owned(), words.matter.clone()), (NAME.to_owned(), words.name.clone())]);
        let mut others = Vec::new();
        for (slot, label, asks) in self.flow.questions() {
            ways.entry(slot.to_owned()).or_default().extend(words.for_label(label).into_iter().chain(asks));
            others.extend(words.others.iter().filter(|way| way.contains("{label}")).map(|way| way.replace("{label}", label)));
        }
        others.extend(words.others.iter().filter(|way| !way.contains("{label}")).cloned());
        let embedded = |(name, ways): (String, Vec<String>)| Ok((name, self.embedder.embed_all(&ways)?));
        let examples = ways.into_iter().map(embedded).collect::<Result<Vec<_>, ModelError>>()?;
        IntentHead::train(&self.flow.language, &examples, &self.embedder.embed_all(&others)?)
    }

    /// Intents and knowledge entries.
    fn apart(&self, scores: Vec<LabelScore>) -> (Vec<Scored>, Vec<Scored>) {
        let scored = scores.into_iter().map(|it| Scored { name: it.label, score: it.score });
        scored.partition(|it| self.flow.intents.contains_key(&it.name))
    }
}

/// What words over the bot's own mean where no flow says what they could mean besides: somebody only listens, or is angry.
///
/// # Errors
/// When the model fails.
pub(crate) fn overheard(embedder: &Embedder, text: &str) -> Result<Understanding, ModelError> {
    let heard = embedder.hear(Speaker::Caller, &without_numbers(text))?;
    let tone = of_words(embedder.feel(&[], &heard)?.tone);
    Ok(Understanding { listens: is_short(text).then(|| listening(&heard.vector)), tone, ..Understanding::default() })
}

fn of_words(ToneScores { anger, frustration, sarcasm, gratitude }: ToneScores) -> Tone {
    Tone { anger, frustration, sarcasm, gratitude }
}

fn is_short(text: &str) -> bool {
    (1..=LISTENING_WORDS).contains(&text.split_whitespace().count())
}

/// The best of both.
fn best(intents: &[Scored], knowledge: &[Scored]) -> Option<Scored> {
    intents.first().into_iter().chain(knowledge.first()).max_by(|a, b| a.score.total_cmp(&b.score)).cloned()
}

/// Is it nothing to us where it is somebody else's?
fn of_business(matter: &LabelScore) -> bool {
    OF_BUSINESS.contains(&matter.label.as_str())
}

/// Raises the scores of matters to those of a part.
fn raise(matters: &mut [LabelScore], part: &[LabelScore]) {
    for of_part in part {
        if let Some(matter) = matters.iter_mut().find(|matter| matter.label == of_part.label) {
            matter.score = matter.score.max(of_part.score);
        }
    }
}

/// The matters that are worth writing down, best first; the best always is.
fn noted(matters: Vec<LabelScore>) -> Vec<Scored> {
    let mut noted: Vec<Scored> = matters.into_iter().map(|it| Scored { name: it.label, score: it.score }).collect();
    noted.sort_by(|a, b| b.score.total_cmp(&a.score));
    let worth = noted.iter().take_while(|it| it.score >= NOTED).count();
    noted.truncate(worth.max(1));
    noted
}

/// A text without long numbers: which order it is says nothing about what is wanted, and leads the embedder astray.
fn without_numbers(text: &str) -> String {
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).count();
    let kept: Vec<&str> = text.split_whitespace().filter(|word| digits(word) < LONG_NUMBER).collect();
    if kept.is_empty() { text.to_owned() } else { kept.join(" ") }
}

/// The clauses of a longer sentence, the last first: what is wanted comes at the end.
fn clauses<'t>(text: &'t str, but: &Words) -> Vec<&'t str> {
    let mut clauses: Vec<&str> = text.split([',', '.', ';', '?', '!']).collect();
    for word in but.iter() {
        let joint = format!(" {word} ");
        clauses = clauses.into_iter().flat_map(|clause| clause.split(joint.as_str()).collect::<Vec<_>>()).collect();
    }
    clauses.retain(|clause| clause.split_whitespace().count() >= CLAUSE_WORDS);
    clauses.reverse();
    clauses.truncate(MOST_CLAUSES);
    if clauses.len() > 1 || clauses.first().is_some_and(|clause| clause.len() + 2 < text.len()) { clauses } else { Vec::new() }
}
