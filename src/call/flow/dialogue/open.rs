//! A spoken turn: what it means, and where the flow goes.

use crate::call::{
    flow::{
        Flow, Node,
        dialogue::{Asking, Dialogue, State, control},
        hours::Hours,
        prompt::PromptKey,
        slot::Reading,
        step::Step,
    },
    record::{Care, FactSource},
    understanding::{Scored, Understanding},
};

/// Words up to which a turn that names a day is a follow-up ("and on Sunday?", "what about tomorrow then").
const FOLLOW_UP_WORDS: usize = 6;

/// What a turn is about.
enum Topic {
    Intent(String),
    Knowledge(String),
}

impl Flow {
    /// The intent whose node answers from the opening hours.
    pub(super) fn hours_intent(&self) -> Option<&str> {
        self.intents.iter().find(|(_, intent)| matches!(self.nodes.get(&intent.go), Some(Node::Hours))).map(|(name, _)| name.as_str())
    }
}

impl Dialogue {
    pub(super) fn said(&mut self, understanding: &Understanding) -> Vec<Step> {
        if self.turn.words.is_empty() {
            return if matches!(self.state, State::LookingUp { .. }) { Vec::new() } else { self.not_understood(PromptKey::HearingTrouble) };
        }
        match self.state.clone() {
            State::Asking(asking) => self.answer_slot(asking, understanding),
            State::Confirming { asking, value, confidence } => self.answer_read_back(asking, &value, confidence, understanding),
            State::Open { .. } => self.any_subject(understanding),
            State::Offered => self.after_offer(understanding),
            // The answer is on its way.
            State::LookingUp { .. } | State::Done => Vec::new(),
        }
    }

    fn any_subject(&mut self, understanding: &Understanding) -> Vec<Step> {
        let lexicon = self.flow.lexicon();
        if let Some(steps) = self.go_on(control::of(&self.turn.words, lexicon)) {
            self.misses = 0;
            return steps;
        }
        if let Some(control) = control::of(&self.turn.words, lexicon)
            && let Some(steps) = self.control(control)
        {
            self.misses = 0;
            return steps;
        }
        if let Some(steps) = self.corrected_slot() {
            return steps;
        }
        let unsure = self.turn.confidence < self.flow.understanding.hearing;
        match self.topic(understanding, 0.0) {
            Some(topic) if !unsure => {
                self.later = self.second(understanding, &topic);
                self.serve(topic)
            }
            Some(_) => self.not_understood(PromptKey::HearingTrouble),
            None => self.not_understood(if unsure { PromptKey::HearingTrouble } else { PromptKey::NotUnderstood }),
        }
    }

    /// The turn after "shall I bring in a colleague?".
    fn after_offer(&mut self, understanding: &Understanding) -> Vec<Step> {
        self.state = State::Open { follows_answer: true };
        let mut steps = Vec::new();
        match control::of(&self.turn.words, self.flow.lexicon()) {
            Some(control::Control::Yes) => self.give_up("the caller was offered a colleague and accepted", &mut steps),
            Some(control::Control::No) => {
                self.state = State::Open { follows_answer: false };
                steps.extend([Step::Declined, self.say_prompt(PromptKey::HowCanIHelp, &[]), Step::Listen]);
            }
            Some(_) | None => return self.any_subject(understanding),
        }
        steps
    }

    /// What is said besides to a caller who stays: words of regret before the answer, the offer of a colleague after it. Says whether it was.
    pub fn take_care(&mut self, care: Care, steps: &mut Vec<Step>) -> bool {
        if steps.iter().any(|step| matches!(step, Step::Human { .. })) {
            return false;
        }
        match care {
            Care::Soothe if steps.iter().any(|step| matches!(step, Step::Say { .. })) => {
                steps.insert(0, self.say_prompt(PromptKey::SorryForTrouble, &[]));
                true
            }
            Care::Offer => self.offer_colleague(steps),
            Care::Soothe | Care::None => false,
        }
    }

    /// Asks whether a colleague should be brought in, in the place of "is there anything else". Only where nothing else is being asked.
    fn offer_colleague(&mut self, steps: &mut Vec<Step>) -> bool {
        if !matches!(self.state, State::Open { .. }) || steps.iter().any(|step| matches!(step, Step::Consult(_) | Step::End(_))) {
            return false;
        }
        let anything_else = self.ask_anything_else();
        steps.retain(|step| *step != anything_else && *step != Step::Listen);
        steps.extend([self.say_prompt(PromptKey::OfferColleague, &[]), Step::Listen]);
        self.state = State::Offered;
        true
    }

    /// The subject that is taken for meant, if its score is at least `needed`.
    fn topic(&self, understanding: &Understanding, needed: f32) -> Option<Topic> {
        if self.is_about_hours(&self.turn.words, understanding) {
            return self.flow.hours_intent().map(|intent| Topic::Intent(intent.to_owned()));
        }
        let intent = self.flow.intent_of(understanding).filter(|intent| intent.score >= needed);
        let entry = understanding
            .knowledge
            .first()
            .filter(|entry| self.flow.knowledge.contains_key(&entry.name) && entry.score >= self.flow.understanding.knowledge.max(needed));
        match (intent, entry) {
            (Some(Scored { score, .. }), Some(entry)) if entry.score > *score => Some(Topic::Knowledge(entry.name.clone())),
            (Some(intent), _) => Some(Topic::Intent(intent.name.clone())),
            (None, Some(entry)) => Some(Topic::Knowledge(entry.name.clone())),
            (None, None) => None,
        }
    }

    /// "And on Sunday?" after a question about opening hours.
    pub(super) fn is_about_hours(&self, words: &[String], understanding: &Understanding) -> bool {
        let Some(hours_intent) = self.flow.hours_intent() else { return false };
        let other = self
            .flow
            .intent_of(understanding)
            .is_some_and(|intent| intent.name != hours_intent && intent.score >= self.flow.understanding.change_of_subject);
        self.intent.as_deref() == Some(hours_intent)
            && matches!(self.state, State::Open { .. })
            && words.len() <= FOLLOW_UP_WORDS
            && !other
            && Hours::names_a_day(words, self.flow.lexicon())
    }

    fn serve(&mut self, topic: Topic) -> Vec<Step> {
        self.misses = 0;
        self.open_question = Some(self.turn.text.clone());
        let mut steps = Vec::new();
        match topic {
            Topic::Intent(intent) => {
                let Some(go) = self.flow.intents.get(&intent).map(|intent| intent.go.clone()) else { return steps };
                // A human is asked for about something: what it is about stays.
                if !matches!(self.flow.nodes.get(&go), Some(Node::Human { queue: None, .. })) {
                    self.intent = Some(intent);
                }
                self.run(&go, &mut steps);
            }
            Topic::Knowledge(key) => {
                self.say_knowledge(&key, &mut steps);
                self.intent = Some(key);
                self.listen_again(&mut steps);
            }
        }
        steps
    }

    /// What else the turn asks for, if it is something else that the flow can serve.
    fn second(&self, understanding: &Understanding, first: &Topic) -> Option<String> {
        let name = understanding.second.as_ref().map(|second| second.name.clone())?;
        let (Topic::Intent(first) | Topic::Knowledge(first)) = first;
        let is_served = self.flow.intents.contains_key(&name) || self.flow.knowledge.contains_key(&name);
        (is_served && name != *first && !self.flow.is_human_intent(&name)).then_some(name)
    }

    /// Serves what was asked for in the same breath, if something was.
    pub(super) fn serve_later(&mut self) -> Option<Vec<Step>> {
        let name = self.later.take()?;
        // The words of the turn were for both; values in them were taken for the first.
        self.turn.fresh = false;
        let topic = if self.flow.knowledge.contains_key(&name) { Topic::Knowledge(name) } else { Topic::Intent(name) };
        Some(self.serve(topic))
    }

    fn say_knowledge(&mut self, key: &str, steps: &mut Vec<Step>) {
        let phrased = self.turn.phrased.take().filter(|phrased| phrased.entries.iter().any(|entry| entry == key));
        let own = || self.fill(&format!("knowledge.{key}")).unwrap_or_default();
        let answer = phrased.and_then(|phrased| phrased.text).unwrap_or_else(own);
        steps.push(self.say(&format!("knowledge.{key}"), answer.clone()));
        self.answered(&answer, format!("{}: {answer}", key.replace('_', " ")), steps);
    }

    /// A turn while a slot is asked for that is about something else: an answer in between, or another subject altogether.
    pub(super) fn another_subject(&mut self, asking: &Asking, understanding: &Understanding) -> Option<Vec<Step>> {
        let needed = self.flow.understanding.change_of_subject;
        let topic = self.topic(understanding, needed)?;
        let mut steps = Vec::new();
        match topic {
            // The same wish again while we ask for what it needs.
            Topic::Intent(intent) if self.intent.as_deref() == Some(intent.as_str()) => {
                steps.extend([Step::Repeated, self.question(asking), Step::Listen]);
            }
            Topic::Intent(intent) if self.flow.hours_intent() == Some(intent.as_str()) => {
                self.say_hours(&mut steps);
                steps.extend([self.question(asking), Step::Listen]);
            }
            Topic::Knowledge(key) => {
                self.say_knowledge(&key, &mut steps);
                steps.extend([self.question(asking), Step::Listen]);
            }
            Topic::Intent(intent) => return Some(self.serve(Topic::Intent(intent))),
        }
        Some(steps)
    }

    pub(super) fn changes_subject(&self, understanding: &Understanding) -> bool {
        self.topic(understanding, self.flow.understanding.change_of_subject).is_some()
    }

    /// "No, it is four five seven one two eight" after the answer: the value that was understood was wrong.
    fn corrected_slot(&mut self) -> Option<Vec<Step>> {
        let flow = std::sync::Arc::clone(&self.flow);
        let said = self
            .facts
            .iter()
            .rev()
            .find(|fact| matches!(fact.source, FactSource::Said | FactSource::Keyed))
            .map(|fact| fact.name.clone())?;
        let slot = flow.slots.get(&said)?;
        if !slot.reader.recognises_itself() {
            return None;
        }
        let Reading::Value { value, certainty } = slot.reader.read(&self.turn.text, "", self.today(), flow.lexicon()) else { return None };
        if self.known.get(&said) == Some(&value) {
            return None;
        }
        let (next, by, patience) = flow.nodes.values().find_map(|node| match node {
            Node::Ask { slot, next, by, patience } if *slot == said => Some((next.clone(), *by, *patience)),
            _ => None,
        })?;
        let asking = Asking { slot: said.clone(), next, tries: 0, so_far: String::new(), by, patience };
        let mut steps = Vec::new();
        self.misses = 0;
        self.turn.fresh = false;
        if let Some(next) = self.take(asking, value, certainty * self.turn.confidence, FactSource::Said, &mut steps) {
            self.run(&next, &mut steps);
        }
        Some(steps)
    }

    /// The turn could not be used.
    pub(super) fn not_understood(&mut self, prompt: PromptKey) -> Vec<Step> {
        let mut steps = vec![Step::NotUnderstood];
        self.misses += 1;
        let enough = self.misses >= self.flow.understanding.tries;
        if let State::Asking(asking) = self.state.clone()
            && !enough
        {
            steps.extend([self.say_prompt(prompt, &[]), self.question(&asking), Step::Listen]);
            return steps;
        }
        if !self.turn.text.is_empty() {
            self.open_question = Some(self.turn.text.clone());
        }
        if enough {
            self.give_up("several turns could not be understood", &mut steps);
        } else {
            steps.extend([self.say_prompt(prompt, &[]), Step::Listen]);
        }
        steps
    }
}
