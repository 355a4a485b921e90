//! One call through a flow: what came from the caller goes in, steps come out.

mod consult;
mod control;
mod factor;
mod meanwhile;
mod nodes;
mod open;
mod pieces;
mod slots;
mod values;

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;

pub use meanwhile::{Answered, Meanwhile};

use crate::call::{
    caller::Caller,
    event::{Failure, Found},
    flow::{
        Flow, Greeting, Slot,
        definition::ConsentTo,
        hours,
        prompt::PromptKey,
        slot::digits,
        step::{Expect, Input, Interrupt, Step},
        text,
    },
    outcome::Outcome,
    record::Fact,
    time::{Time, WallTime},
    understanding::{Phrased, Understanding},
};

/// Where a call is in its flow. Cloned to prepare an answer before the turn is certain to be over.
#[derive(Debug, Clone)]
pub struct Dialogue {
    flow: Arc<Flow>,
    wall: WallTime,
    caller: Caller,
    state: State,
    /// Slots that are known.
    known: BTreeMap<String, String>,
    /// What look-ups found that may not be said before the caller has given the second factor.
    held: BTreeMap<String, BTreeMap<String, String>>,
    /// Second factors that were wrong, for each look-up.
    wrong_factors: BTreeMap<String, u32>,
    /// What look-ups found.
    found: BTreeMap<String, BTreeMap<String, String>>,
    facts: Vec<Fact>,
    /// What the caller wants, the last that was clear.
    intent: Option<String>,
    /// The caller's question that has no answer yet.
    open_question: Option<String>,
    /// What the caller asked for in the same breath, and gets when the first thing is answered.
    later: Option<String>,
    /// The turn that is being served.
    turn: Turn,
    /// Answers that were given, to notice a question that is asked again.
    answers: Vec<String>,
    /// The rest of a long answer, until the caller has said whether it is wanted.
    rest: Vec<Step>,
    /// What was said last, for "can you repeat that".
    last_said: Vec<Step>,
    /// Turns in a row that could not be used.
    misses: u32,
    silences: u32,
    /// The caller has asked for a moment.
    holds_on: bool,
    lookups: u32,
    now: Time,
}

/// The caller's turn that is being served.
#[derive(Debug, Clone, Default)]
struct Turn {
    text: String,
    words: Vec<String>,
    confidence: f32,
    span: Option<(Time, Time)>,
    /// Values in it may still be taken for slots.
    fresh: bool,
    /// What a chat model made of it.
    phrased: Option<Box<Phrased>>,
}

#[derive(Debug, Clone, PartialEq)]
enum State {
    /// Anything may be said. `anything_else` was asked if it follows an answer.
    Open { follows_answer: bool },
    /// It was asked whether a colleague should be brought in; anything else may be said too.
    Offered,
    /// A slot was asked for.
    Asking(Asking),
    /// A value was read back.
    Confirming { asking: Asking, value: String, confidence: f32 },
    /// A service was asked.
    LookingUp { node: String },
    /// Nothing follows.
    Done,
}

/// A slot that is being asked for.
#[derive(Debug, Clone, PartialEq)]
struct Asking {
    slot: String,
    /// The node to go on with.
    next: String,
    /// Answers that could not be read.
    tries: u32,
    /// The part of the value that was said already.
    so_far: String,
    /// What may interrupt the question.
    by: Interrupt,
    /// How much longer than usual a pause may be.
    patience: f32,
}

impl Dialogue {
    /// A call that begins.
    #[must_use]
    pub fn new(flow: Arc<Flow>, wall: WallTime, caller: &Caller) -> Self {
        Self {
            flow,
            wall,
            caller: caller.clone(),
            state: State::Open { follows_answer: false },
            known: BTreeMap::new(),
            held: BTreeMap::new(),
            wrong_factors: BTreeMap::new(),
            found: BTreeMap::new(),
            facts: Vec::new(),
            intent: None,
            open_question: None,
            later: None,
            turn: Turn::default(),
            answers: Vec::new(),
            rest: Vec::new(),
            last_said: Vec::new(),
            misses: 0,
            silences: 0,
            holds_on: false,
            lookups: 0,
            now: Time::ZERO,
        }
    }

    /// The greeting.
    pub fn start(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for greeting in &self.flow.greeting {
            let text = self.fill(&greeting.template).unwrap_or_default();
            steps.push(Step::Say { node: "greeting".to_owned(), text, by: greeting.by, notice: greeting.notice.clone() });
        }
        match self.flow.begin.clone() {
            Some(node) => self.run(&node, &mut steps),
            None => steps.push(Step::Listen),
        }
        self.remember(&steps);
        steps
    }

    /// What the caller is told before anything else, and no step that follows it.
    pub fn notices(&self) -> Vec<Step> {
        let notice = |greeting: &Greeting| {
            let text = self.fill(&greeting.template).unwrap_or_default();
            Step::Say { node: "greeting".to_owned(), text, by: greeting.by, notice: greeting.notice.clone() }
        };
        self.flow.greeting.iter().filter(|greeting| greeting.notice.is_some()).map(notice).collect()
    }

    /// What the caller was asked to agree to, and what they said; none: nothing yet.
    #[must_use]
    pub fn consents(&self) -> Vec<(ConsentTo, Option<bool>)> {
        let asked = match &self.state {
            State::Asking(asking) | State::Confirming { asking, .. } => Some(asking.slot.as_str()),
            State::Open { .. } | State::Offered | State::LookingUp { .. } | State::Done => None,
        };
        let of = |(name, slot): (&String, &Slot)| {
            let answer = self.known.get(name).map(|value| value == "yes");
            Some((slot.consent?, answer)).filter(|_| answer.is_some() || asked == Some(name.as_str()))
        };
        self.flow.slots.iter().filter_map(of).collect()
    }

    /// What the flow does on what came from the caller.
    pub fn handle(&mut self, now: Time, input: &Input) -> Vec<Step> {
        self.now = now;
        if self.state == State::Done {
            return Vec::new();
        }
        let steps = match input {
            Input::Said { text, confidence, understanding, span } => {
                self.silences = 0;
                self.holds_on = false;
                self.turn = Turn {
                    text: text.clone(),
                    words: text::words(text),
                    confidence: *confidence,
                    span: Some(*span),
                    fresh: true,
                    phrased: understanding.phrased.clone(),
                };
                self.said(understanding)
            }
            Input::Keyed { digits } => {
                self.silences = 0;
                self.holds_on = false;
                let words = text::words(digits);
                self.turn = Turn { text: digits.clone(), words, confidence: 1.0, span: None, fresh: true, phrased: None };
                self.keyed(digits)
            }
            Input::Silence => self.silence(),
            Input::LookedUp { name, result } => self.looked_up(name, result),
            Input::Consulted { node, result } => self.after_consult(node, result),
        };
        let steps = if self.rest.is_empty() { self.in_pieces(steps) } else { steps };
        self.remember(&steps);
        steps
    }

    /// Goes on at a node, whatever was said before.
    pub fn go_to(&mut self, now: Time, node: &str) -> Vec<Step> {
        self.now = now;
        self.turn = Turn::default();
        self.rest.clear();
        self.later = None;
        let mut steps = Vec::new();
        self.run(node, &mut steps);
        self.remember(&steps);
        steps
    }

    /// What the caller is expected to say next.
    #[must_use]
    pub fn expects(&self) -> Expect {
        match &self.state {
            State::Asking(asking) => match self.flow.slots.get(&asking.slot).map(|slot| slot.reader.expects()) {
                // A part is known already: so many fewer are to come.
                Some(Expect::Digits { least, most }) if asking.so_far.len() < most => {
                    Expect::Digits { least: least.saturating_sub(asking.so_far.len()).max(1), most: most - asking.so_far.len() }
                }
                Some(expect) => expect,
                None => Expect::Sentence,
            },
            State::Confirming { .. } | State::Offered => Expect::YesNo,
            State::Open { .. } if !self.rest.is_empty() => Expect::YesNo,
            State::Open { .. } | State::LookingUp { .. } | State::Done => Expect::Sentence,
        }
    }

    /// How much longer than usual a pause of the caller may be now: a factor.
    #[must_use]
    pub fn patience(&self) -> f32 {
        match &self.state {
            State::Asking(asking) | State::Confirming { asking, .. } => asking.patience,
            State::Open { .. } | State::Offered | State::LookingUp { .. } | State::Done => 1.0,
        }
    }

    /// Has the caller asked for a moment?
    #[must_use]
    pub fn is_holding_on(&self) -> bool {
        self.holds_on
    }

    /// Is a value asked for that nobody else may know?
    #[must_use]
    pub fn is_private(&self) -> bool {
        match &self.state {
            State::Asking(asking) | State::Confirming { asking, .. } => self.is_private_slot(&asking.slot),
            State::Open { .. } | State::Offered | State::LookingUp { .. } | State::Done => false,
        }
    }

    fn is_private_slot(&self, slot: &str) -> bool {
        self.flow.slots.get(slot).is_some_and(|slot| slot.private)
    }

    /// What the caller wants: the last intent or knowledge key that was clear.
    #[must_use]
    pub fn intent(&self) -> Option<&str> {
        self.intent.as_deref()
    }

    /// The caller's question that has no answer yet, in the caller's words.
    #[must_use]
    pub fn open_question(&self) -> Option<String> {
        self.open_question.clone()
    }

    /// What is known of the caller's matter.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// What a turn would be taken to mean now: none for a value that was asked for, for "yes", "repeat that", and for what no intent fits.
    #[must_use]
    pub fn intent_of(&self, said: &str, understanding: &Understanding) -> Option<String> {
        let words = text::words(said);
        if self.is_value(said) || control::of(&words, self.flow.lexicon()).is_some() {
            return None;
        }
        if self.is_about_hours(&words, understanding) {
            return self.flow.hours_intent().map(str::to_owned);
        }
        let needed =
            if matches!(self.state, State::Open { .. } | State::Offered) { 0.0 } else { self.flow.understanding.change_of_subject };
        self.flow.intent_of(understanding).filter(|intent| intent.score >= needed).map(|intent| intent.name.clone())
    }

    /// Is the turn an answer to what was asked: a value, or a part of one, or yes or no?
    #[must_use]
    pub fn is_value(&self, said: &str) -> bool {
        let words = text::words(said);
        if digits::only_digits(&words, self.flow.lexicon()) {
            return true;
        }
        match &self.state {
            State::Asking(asking) => self.read(asking, said),
            State::Confirming { asking, .. } => {
                crate::call::flow::slot::yes_no::read(&words, self.flow.lexicon()).is_some() || self.read(asking, said)
            }
            State::Open { .. } | State::Offered | State::LookingUp { .. } | State::Done => false,
        }
    }

    fn read(&self, asking: &Asking, said: &str) -> bool {
        let Some(slot) = self.flow.slots.get(&asking.slot) else { return false };
        slot.reader.recognises_itself()
            && matches!(
                slot.reader.read(said, &asking.so_far, self.today(), self.flow.lexicon()),
                crate::call::flow::slot::Reading::Value { .. }
            )
    }

    /// The civil moment.
    fn wall_now(&self) -> WallTime {
        self.wall.after(self.now)
    }

    fn today(&self) -> Date {
        hours::date_of(self.wall_now())
    }

    fn say(&self, node: &str, text: String) -> Step {
        Step::Say { node: node.to_owned(), text, by: Interrupt::all(true), notice: None }
    }

    fn say_prompt(&self, key: PromptKey, values: &[(&str, &str)]) -> Step {
        let name = format!("{key:?}");
        self.say(&name, self.flow.prompt(key, values))
    }

    /// Keeps what is said, so that it can be repeated.
    fn remember(&mut self, steps: &[Step]) {
        let said: Vec<Step> = steps.iter().filter(|step| matches!(step, Step::Say { .. })).cloned().collect();
        if !said.is_empty() {
            self.last_said = said;
        }
    }

    fn silence(&mut self) -> Vec<Step> {
        if matches!(self.state, State::LookingUp { .. }) {
            return Vec::new();
        }
        // Asked for a moment: a gentle word, and the next silence counts.
        if std::mem::take(&mut self.holds_on) {
            return vec![self.say_prompt(PromptKey::StillHere, &[]), Step::Listen];
        }
        self.silences += 1;
        if self.silences > self.flow.turn.silence_prompts {
            self.state = State::Done;
            return vec![self.say_prompt(PromptKey::SilentGoodbye, &[]), Step::End(Outcome::CallerSilent)];
        }
        let mut steps = vec![self.say_prompt(PromptKey::AreYouThere, &[])];
        if let State::Asking(asking) = &self.state {
            steps.push(self.question(asking));
        }
        steps.push(Step::Listen);
        steps
    }

    fn looked_up(&mut self, name: &str, result: &Result<Found, Failure>) -> Vec<Step> {
        let State::LookingUp { node } = &self.state else { return Vec::new() };
        let node = node.clone();
        self.after_lookup(&node, name, result)
    }
}
