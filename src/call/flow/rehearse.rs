//! A call without a telephone: what the caller would say goes through dialogue and escalation policy as in a real call, in virtual time.

use std::{collections::BTreeMap, sync::Arc};

use crate::call::{
    caller::Caller,
    escalation::{Escalation, TurnSeen},
    event::{Failure, Found},
    flow::{
        Destination, Flow,
        dialogue::Dialogue,
        step::{Consult, Consulted, Input, Step},
    },
    record::{Decision, Signal},
    time::{Time, WallTime},
    understanding::{Before, Spoken, Understanding},
};

/// Milliseconds that a letter takes to say, by man or machine.
const LETTER_MS: u64 = 65;
/// Milliseconds between what one says and what the other says.
const GAP_MS: u64 = 600;

/// What happens next on the caller's side.
#[derive(Debug, Clone, PartialEq)]
pub enum Cue {
    /// The caller says this.
    Says(String),
    /// The caller presses these keys.
    Keys(String),
    /// The caller says nothing.
    Silence,
    /// The service that was asked answers.
    Service(Result<Found, Failure>),
    /// The human who was asked answers, or does not.
    Colleague(Consulted),
}

/// What came of a cue.
#[derive(Debug, Clone)]
pub struct Beat {
    /// When the caller had finished.
    pub at: Time,
    /// What was understood, of a spoken turn.
    pub understanding: Option<Understanding>,
    /// What the flow took it to mean.
    pub intent: Option<String>,
    /// What the flow did; nothing if a human was called before it stepped.
    pub steps: Vec<Step>,
    /// What the policy decided last.
    pub decision: Decision,
    /// Where the caller goes if a human is called, by the policy or by the flow.
    pub human: Option<Destination>,
}

impl Beat {
    /// What was answered, if something was: the sentences before "is there anything else".
    #[must_use]
    pub fn answer(&self) -> Option<String> {
        self.steps.iter().any(|step| matches!(step, Step::Answered { .. })).then(|| {
            let said = self.steps.iter().take_while(|step| !matches!(step, Step::Answered { .. }));
            said.filter_map(|step| if let Step::Say { text, .. } = step { Some(text.as_str()) } else { None }).collect::<Vec<_>>().join(" ")
        })
    }

    /// Is the call over, or somebody else's?
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.human.is_some() || self.steps.iter().any(|step| matches!(step, Step::End(_)))
    }
}

/// A call that is played through.
pub struct Rehearsal<'u> {
    flow: Arc<Flow>,
    wall: WallTime,
    dialogue: Dialogue,
    escalation: Escalation,
    understand: &'u dyn Fn(&Before, &str) -> Understanding,
    spoken: Spoken,
    now: Time,
    asked: Option<String>,
    asked_human: Option<Box<Consult>>,
}

impl<'u> Rehearsal<'u> {
    /// A call that arrives at `wall`. `understand` says what a sentence means after what was said before.
    #[must_use]
    pub fn new(flow: &Arc<Flow>, wall: WallTime, understand: &'u dyn Fn(&Before, &str) -> Understanding) -> Self {
        Self {
            flow: Arc::clone(flow),
            wall,
            dialogue: Dialogue::new(Arc::clone(flow), wall, &Caller::default()),
            escalation: Escalation::new(Arc::clone(flow)),
            understand,
            spoken: Spoken::default(),
            now: Time::ZERO,
            asked: None,
            asked_human: None,
        }
    }

    /// The greeting.
    pub fn start(&mut self) -> Vec<Step> {
        let steps = self.dialogue.start();
        self.pass(&steps);
        steps
    }

    /// Is a service being waited for? Its fields, if so.
    #[must_use]
    pub fn waits_for(&self) -> Option<&str> {
        self.asked.as_deref()
    }

    /// Is a human asked? What, if so.
    #[must_use]
    pub fn asks(&self) -> Option<&Consult> {
        self.asked_human.as_deref()
    }

    /// The dialogue as it is now.
    #[must_use]
    pub fn dialogue(&self) -> &Dialogue {
        &self.dialogue
    }

    /// Plays one cue.
    pub fn cue(&mut self, cue: &Cue) -> Beat {
        match cue {
            Cue::Says(text) => self.says(text),
            Cue::Keys(digits) => {
                let mut beat = self.step(&Input::Keyed { digits: digits.clone() });
                if digits == "0" && beat.human.is_some() {
                    self.escalation.note(Signal::AskedForHuman, "pressed 0", (self.now, self.now));
                    beat.decision = self.escalation.decide(self.now);
                }
                beat
            }
            Cue::Silence => {
                self.now = self.now.plus(self.flow.turn.silence_ms);
                self.escalation.note(Signal::Silence, "nothing was heard", (self.now, self.now));
                self.step(&Input::Silence)
            }
            Cue::Service(result) => {
                let Some(name) = self.asked.take() else { return self.beat(None, None, Vec::new()) };
                if result.is_err() {
                    self.escalation.note(Signal::ServiceFailed, &format!("{name} failed"), (self.now, self.now));
                }
                self.step(&Input::LookedUp { name, result: result.clone() })
            }
            Cue::Colleague(result) => self.consulted(result),
        }
    }

    /// A human has answered, or nobody has.
    fn consulted(&mut self, result: &Consulted) -> Beat {
        let Some(ask) = self.asked_human.take() else { return self.beat(None, None, Vec::new()) };
        self.step(&Input::Consulted { node: ask.node, result: result.clone() })
    }

    fn says(&mut self, text: &str) -> Beat {
        let from = self.now.plus(GAP_MS);
        self.now = from.plus(letters(text) * LETTER_MS);
        let span = (from, self.now);
        let understanding = (self.understand)(&self.spoken.said(text), text);
        let intent = self.dialogue.intent_of(text, &understanding);
        let is_value = self.dialogue.is_value(text);
        self.escalation.turn(&TurnSeen { text, confidence: 1.0, span, understanding: &understanding, intent: intent.as_deref(), is_value });
        self.see_queue();
        if self.escalation.decide(self.now).escalate {
            let named = || self.escalation.named_intent().map(str::to_owned);
            let intent = intent.or_else(named);
            return self.beat(Some(understanding), intent, Vec::new());
        }
        let input = Input::Said { text: text.to_owned(), confidence: 1.0, understanding: understanding.clone(), span };
        Beat { understanding: Some(understanding), intent, ..self.step_at(&input, span) }
    }

    fn step(&mut self, input: &Input) -> Beat {
        self.step_at(input, (self.now, self.now))
    }

    fn step_at(&mut self, input: &Input, span: (Time, Time)) -> Beat {
        let steps = self.dialogue.handle(self.now, input);
        let said = if let Input::Said { text, .. } = input { text.as_str() } else { "" };
        for step in &steps {
            match step {
                Step::NotUnderstood => self.escalation.note(Signal::NotUnderstood, said, span),
                Step::Repeated => self.escalation.note(Signal::Repeated, said, span),
                Step::Declined => self.escalation.declined(self.now),
                Step::LookUp { request, .. } => self.asked = Some(request.name.clone()),
                Step::Consult(ask) => self.asked_human = Some(ask.clone()),
                Step::Say { .. }
                | Step::Know(_)
                | Step::Slower
                | Step::Answered { .. }
                | Step::Human { .. }
                | Step::Listen
                | Step::End(_) => {}
            }
        }
        self.pass(&steps);
        self.beat(None, None, steps)
    }

    fn beat(&mut self, understanding: Option<Understanding>, intent: Option<String>, mut steps: Vec<Step>) -> Beat {
        self.see_queue();
        let decision = self.escalation.decide(self.now);
        if self.dialogue.take_care(decision.care, &mut steps) {
            self.escalation.cared();
        }
        let by_flow =
            steps.iter().find_map(|step| if let Step::Human { queue, .. } = step { Some(self.flow.destination(queue)) } else { None });
        let human = if decision.escalate { Some(self.escalation.destination(self.dialogue.intent())) } else { by_flow };
        Beat { at: self.now, understanding, intent, steps, decision, human }
    }

    fn see_queue(&mut self) {
        self.escalation.see_queue(self.dialogue.intent(), self.wall.after(self.now));
    }

    /// Time passes while the bot speaks.
    fn pass(&mut self, steps: &[Step]) {
        for step in steps {
            if let Step::Say { text, .. } = step {
                self.now = self.now.plus(letters(text) * LETTER_MS);
                self.spoken.answered(text);
            }
        }
    }

    /// What a service would answer if nobody says what: every field by its name.
    ///
    /// # Errors
    /// None: it is of the shape of an answer.
    pub fn made_up(&self) -> Result<Found, Failure> {
        let take = self.asked.as_ref().and_then(|name| self.flow.lookups.get(name)).map(|plan| plan.take.clone()).unwrap_or_default();
        let fields: BTreeMap<String, String> = take.into_keys().map(|name| (name.clone(), format!("<{name}>"))).collect();
        Ok(Found::Fields { fields })
    }
}

/// What a human would answer if nobody says what: the first suggestion.
#[must_use]
pub fn made_up_answer(ask: &Consult) -> Consulted {
    let first = ask.suggestions.first();
    let text = first.map_or_else(|| "<answer>".to_owned(), |first| first.text.clone());
    Consulted::Answer { name: "<colleague>".to_owned(), text, choice: first.map(|first| first.name.clone()) }
}

fn letters(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}
