//! The bot has the caller: turns go to the escalation policy, then to the flow, and the flow's steps are done.

mod ahead;
mod consult;
mod keys;
mod look_up;
mod troubles;

use std::sync::Arc;

use crate::call::{
    action::Action,
    base::Base,
    bot::{ahead::Ahead, keys::Keys, look_up::Pending},
    caller::Caller,
    escalation::{Escalation, TurnSeen},
    event::{Failure, Found},
    flow::{
        Flow,
        definition::ConsentTo,
        dialogue::{Dialogue, Meanwhile},
        prompt::PromptKey,
        step::{Expect, Input, Interrupt, Step},
    },
    ids::RequestId,
    outcome::Outcome,
    record::{Care, Fact, Signal, What},
    then::Then,
    time::{Time, WallTime},
    turn::{ear::Turn, overlap, words},
    understanding::Transcript,
};

pub(crate) use troubles::Troubles;

/// What the bot is doing.
#[derive(Debug)]
enum Mode {
    /// It talks, and listens for the caller's next turn.
    Listening,
    /// A service is being asked. A turn that came meanwhile waits.
    LookingUp { pending: Pending, waiting: Option<Box<Turn>> },
    /// It says goodbye.
    Leaving(Outcome),
}

/// The bot's side of the call.
#[derive(Debug)]
pub(crate) struct Bot {
    dialogue: Dialogue,
    escalation: Escalation,
    mode: Mode,
    ahead: Option<Ahead>,
    keys: Keys,
    silences: u32,
    troubles: Troubles,
    /// No human could be had before.
    came_back: bool,
    /// A human has spoken with the caller.
    helped: bool,
    /// Its pace, as a share of the voice's own.
    percent: u32,
    /// What the caller has to be told in this language before the first answer.
    notices: Vec<Step>,
}

/// More words than these are no hum.
const HUMMED_WORDS: usize = 2;

/// Each time the caller asks for it the bot speaks a sixth slower, down to this.
const SLOWEST_PERCENT: u32 = 70;
const SLOWER_PERCENT: u32 = 15;

impl Bot {
    /// A bot that has not said anything.
    pub(crate) fn new(flow: &Arc<Flow>, wall: WallTime, caller: &Caller) -> Self {
        Self {
            dialogue: Dialogue::new(Arc::clone(flow), wall, caller),
            escalation: Escalation::for_caller(Arc::clone(flow), caller),
            mode: Mode::Listening,
            ahead: None,
            keys: Keys::default(),
            silences: 0,
            troubles: Troubles::default(),
            came_back: false,
            helped: false,
            percent: 100,
            notices: Vec::new(),
        }
    }

    /// A bot that goes on with a call whose caller speaks another language than the one who greeted: of its greeting only the notices are said.
    pub(crate) fn taking_over(flow: &Arc<Flow>, wall: WallTime, caller: &Caller) -> Self {
        let mut bot = Self::new(flow, wall, caller);
        bot.notices = bot.dialogue.notices();
        bot
    }

    /// It is known now who calls.
    pub(crate) fn caller_is_known(&mut self, base: &Base) {
        self.dialogue.caller_is_known(&base.caller);
        self.escalation.caller_is_known(&base.caller);
    }

    /// Has the first words of the call made ready while the phone still rings.
    pub(crate) fn prepare_greeting(&self, base: &mut Base) {
        let steps = self.dialogue.clone().start();
        ahead::prepare(base, &steps);
    }

    /// The first words of the call.
    pub(crate) fn greet(&mut self, base: &mut Base) -> Then {
        let steps = self.dialogue.start();
        self.perform(base, steps)
    }

    /// What the caller is expected to say now.
    pub(crate) fn expects(&self) -> Expect {
        self.dialogue.expects()
    }

    /// How much longer than usual a pause of the caller may be now.
    pub(crate) fn patience(&self) -> f32 {
        self.dialogue.patience()
    }

    /// Silence of the caller until the bot says something.
    pub(crate) fn silence_ms(&self, base: &Base) -> u64 {
        if self.dialogue.is_holding_on() { base.flow.turn.hold_on_ms } else { base.flow.turn.silence_ms }
    }

    /// The caller is asked for something that nobody else may know.
    pub(crate) fn is_private(&self) -> bool {
        self.leaving().is_none() && self.dialogue.is_private()
    }

    /// What the caller was asked to agree to, and what they said.
    pub(crate) fn consents(&self) -> Vec<(ConsentTo, Option<bool>)> {
        self.dialogue.consents()
    }

    /// What the caller is about, as far as the flow knows.
    pub(crate) fn intent(&self) -> Option<&str> {
        self.dialogue.intent()
    }

    /// The question that has no answer yet.
    pub(crate) fn open_question(&self) -> Option<String> {
        self.dialogue.open_question()
    }

    /// The questions that are still open for the people of a queue.
    pub(crate) fn questions_for(&self, queue: &str) -> Meanwhile {
        self.dialogue.meanwhile(queue)
    }

    /// What another call of this caller has found out is known here, too.
    pub(crate) fn know_facts(&mut self, facts: &[Fact]) {
        self.dialogue.know_facts(facts);
    }

    /// The caller could say something now.
    pub(crate) fn is_listening(&self) -> bool {
        matches!(self.mode, Mode::Listening) && self.keys.is_empty()
    }

    /// The goodbye is being said; the call ends like this.
    pub(crate) fn leaving(&self) -> Option<Outcome> {
        match self.mode {
            Mode::Leaving(outcome) => Some(outcome),
            Mode::Listening | Mode::LookingUp { .. } => None,
        }
    }

    /// A service is being asked.
    pub(crate) fn is_looking_up(&self) -> bool {
        matches!(self.mode, Mode::LookingUp { .. })
    }

    /// How the call ends if the caller hangs up now.
    pub(crate) fn outcome_of_hang_up(&self, base: &Base) -> Outcome {
        let served = base.io.entries().iter().any(|entry| matches!(entry.what, What::Tried { .. }));
        match self.mode {
            Mode::Leaving(outcome) => outcome,
            Mode::Listening | Mode::LookingUp { .. } if self.helped => Outcome::HandedOver,
            Mode::Listening | Mode::LookingUp { .. } if served => Outcome::Contained,
            Mode::Listening | Mode::LookingUp { .. } => Outcome::Abandoned,
        }
    }

    /// The words of the turn so far are known: is it a turn at all? "mhm", a cough, and the bot's own echo over its answer are not.
    pub(crate) fn is_no_turn(&self, base: &Base, heard: &Transcript, over_bot: bool) -> bool {
        let text = heard.text.as_str();
        if text.trim().is_empty() {
            return true;
        }
        if !over_bot || matches!(self.dialogue.expects(), Expect::YesNo) {
            return over_bot && words::is_echo(text, &base.mouth.text(), words::CALLERS_ECHO);
        }
        // A hum of which the recogniser makes a word or two, or words that nobody would bet on.
        let hum = base.meant < base.flow.turn.barge_in_meant && text.split_whitespace().count() <= HUMMED_WORDS;
        let guess = heard.confidence < base.flow.understanding.hearing;
        let looks = &base.lasting.looks;
        let misheard = base.expects_sentence()
            && (overlap::only_nods(heard, looks, base.language)
                || overlap::is_misheard(&base.flow.turn, (text, heard.confidence), (looks, base.lasting.ms), base.language));
        hum || guess
            || misheard
            || words::is_back_channel(text, base.language)
            || words::is_echo(text, &base.mouth.text(), words::CALLERS_ECHO)
    }

    /// The turn is over.
    pub(crate) fn turn(&mut self, base: &mut Base, turn: Turn) -> Then {
        base.turn += 1;
        base.reply_after = Some(turn.to);
        self.silences = 0;
        self.troubles.heard_well();
        base.io.record(What::CallerTurn {
            turn: base.turn,
            text: turn.heard.text.clone(),
            confidence: turn.heard.confidence,
            from: turn.from,
            to: turn.to,
            understood: turn.understanding.as_ref().map(|understood| base.flow.meaning(understood)),
        });
        self.note_turn(&turn, base.cut_in);
        if self.troubles.is_baffled() {
            return self.give_in(base, "understanding");
        }
        match &mut self.mode {
            Mode::Leaving(_) => Then::Stay,
            Mode::LookingUp { waiting, .. } => {
                *waiting = Some(Box::new(turn));
                self.weigh(base, &[], ("", Time::ZERO, Time::ZERO))
            }
            Mode::Listening => self.answer(base, &turn),
        }
    }

    fn answer(&mut self, base: &mut Base, turn: &Turn) -> Then {
        let ready = self.ahead.take().filter(|ahead| ahead.is_for(turn));
        let (dialogue, steps) = match ready {
            Some(ahead) => ahead.take(),
            None => self.think(base.io.now, &input_of(turn)),
        };
        self.adopt(base, dialogue, steps, (&turn.heard.text, turn.from, turn.to))
    }

    /// What the flow would do, without doing it.
    fn think(&self, now: Time, input: &Input) -> (Dialogue, Vec<Step>) {
        let mut dialogue = self.dialogue.clone();
        let steps = dialogue.handle(now, input);
        (dialogue, steps)
    }

    /// Weighs what the flow would do, and does it if the bot keeps the caller.
    fn adopt(&mut self, base: &mut Base, dialogue: Dialogue, mut steps: Vec<Step>, said: (&str, Time, Time)) -> Then {
        let (next, care) = self.weigh_with_care(base, &steps, said);
        self.dialogue = dialogue;
        // The flow itself may say something before it calls a human; the policy cuts the flow short.
        if matches!(next, Then::Stay) || steps.iter().any(|step| matches!(step, Step::Human { .. })) {
            if self.dialogue.take_care(care, &mut steps) {
                self.escalation.cared();
            }
            steps.splice(..0, std::mem::take(&mut self.notices));
            return self.perform(base, steps);
        }
        // The human must know what was said in this turn; the bot's own words are no longer wanted.
        for step in steps {
            if let Step::Know(fact) = step {
                base.io.record(What::Fact { fact });
            }
        }
        next
    }

    /// Shows the policy a turn of the caller.
    fn note_turn(&mut self, turn: &Turn, cut_in: bool) {
        let understanding = turn.understanding.clone().unwrap_or_default();
        let intent = self.dialogue.intent_of(&turn.heard.text, &understanding);
        self.escalation.turn(&TurnSeen {
            text: &turn.heard.text,
            confidence: turn.heard.confidence,
            span: (turn.from, turn.to),
            understanding: &understanding,
            intent: intent.as_deref(),
            is_value: self.dialogue.is_value(&turn.heard.text),
        });
        if let Some(voice) = &turn.heard.voice {
            self.escalation.voice(voice, cut_in, (turn.from, turn.to));
        }
    }

    /// Shows the policy what the flow noticed in a turn. Returns what the flow itself wants, if it wants a human.
    fn note_steps(&mut self, base: &Base, steps: &[Step], (quote, from, to): (&str, Time, Time)) -> Option<Then> {
        let intent = self.dialogue.intent().map(str::to_owned);
        self.escalation.see_queue(intent.as_deref(), base.wall_now());
        let mut wish = None;
        for step in steps {
            match step {
                Step::NotUnderstood => self.escalation.note(Signal::NotUnderstood, quote, (from, to)),
                Step::Repeated => self.escalation.note(Signal::Repeated, quote, (from, to)),
                Step::Declined => self.escalation.declined(base.io.now),
                Step::Human { queue, why } => {
                    // What calls a human anyway needs no second reason.
                    if !self.escalation.decide(base.io.now).escalate {
                        self.escalation.note(Signal::FlowAsked, why, (base.io.now, base.io.now));
                    }
                    wish = Some(Then::Human { to: base.flow.destination(queue), why: why.clone() });
                }
                Step::Say { .. }
                | Step::Know(_)
                | Step::Slower
                | Step::LookUp { .. }
                | Step::Answered { .. }
                | Step::Consult(_)
                | Step::Listen
                | Step::End(_) => {}
            }
        }
        wish
    }

    /// Asks the policy, with what the flow noticed in this turn.
    fn weigh(&mut self, base: &mut Base, steps: &[Step], said: (&str, Time, Time)) -> Then {
        self.weigh_with_care(base, steps, said).0
    }

    fn weigh_with_care(&mut self, base: &mut Base, steps: &[Step], said: (&str, Time, Time)) -> (Then, Care) {
        let wish = self.note_steps(base, steps, said);
        for evidence in self.escalation.drain_evidence() {
            base.io.record(What::Evidence { evidence });
        }
        let decision = self.escalation.decide(base.io.now);
        let escalate = decision.escalate;
        let (why, care) = (base.io.told(&decision.why), decision.care);
        base.io.record(What::Decision { decision });
        let next = match wish {
            Some(human) => human,
            None if escalate => Then::Human { to: self.escalation.destination(self.intent()), why },
            None => Then::Stay,
        };
        (next, care)
    }

    fn perform(&mut self, base: &mut Base, steps: Vec<Step>) -> Then {
        self.mode = Mode::Listening;
        for step in steps {
            match step {
                Step::Say { node, text, by, notice } => base.say(node, &text, by, notice),
                Step::Slower => self.speak_slower(base),
                Step::Know(fact) => base.io.record(What::Fact { fact }),
                Step::LookUp { request, filler, filler_after_ms } => {
                    let pending = Pending::ask(&mut base.io, request, filler, filler_after_ms);
                    self.mode = Mode::LookingUp { pending, waiting: None };
                }
                Step::Answered { line } => {
                    if !base.mouth.answers(&line) {
                        base.io.record(What::Tried { line });
                    }
                }
                Step::End(outcome) => self.mode = Mode::Leaving(outcome),
                Step::Consult(ask) => return Then::Ask(ask),
                Step::Human { queue, why } => return Then::Human { to: base.flow.destination(&queue), why },
                Step::NotUnderstood | Step::Repeated | Step::Declined | Step::Listen => {}
            }
        }
        Then::Stay
    }

    fn speak_slower(&mut self, base: &mut Base) {
        self.percent = self.percent.saturating_sub(SLOWER_PERCENT).max(SLOWEST_PERCENT);
        base.io.act(Action::Pace { percent: self.percent });
    }

    /// The caller has said nothing for as long as the flow allows.
    pub(crate) fn silence(&mut self, base: &mut Base) -> Then {
        if self.dialogue.is_holding_on() {
            let (dialogue, steps) = self.think(base.io.now, &Input::Silence);
            self.dialogue = dialogue;
            return self.perform(base, steps);
        }
        self.silences += 1;
        if self.silences > base.flow.turn.silence_prompts {
            base.say_prompt(PromptKey::SilentGoodbye, &[], false);
            self.mode = Mode::Leaving(Outcome::CallerSilent);
            return Then::Stay;
        }
        let span = (base.mouth.silent_since().unwrap_or(base.io.now), base.io.now);
        self.escalation.note(Signal::Silence, "", span);
        let (dialogue, steps) = self.think(base.io.now, &Input::Silence);
        let next = self.adopt(base, dialogue, steps, ("", span.0, span.1));
        if matches!(next, Then::Stay) && base.mouth.is_idle() && self.is_listening() {
            base.say_prompt(PromptKey::AreYouThere, &[], true);
        }
        next
    }

    /// An answer of a service, or its failure; of the look-up that is waited for, not of any other.
    pub(crate) fn looked_up(&mut self, base: &mut Base, id: RequestId, result: Result<Found, Failure>) -> Then {
        let (pending, waiting) = match std::mem::replace(&mut self.mode, Mode::Listening) {
            Mode::LookingUp { pending, waiting } if pending.is(id) => (pending, waiting),
            other => {
                self.mode = other;
                return Then::Stay;
            }
        };
        let name = pending.end(&mut base.io, &result);
        if result.is_err() {
            self.escalation.note(Signal::ServiceFailed, &name, (base.io.now, base.io.now));
        }
        let (dialogue, steps) = self.think(base.io.now, &Input::LookedUp { name, result });
        let next = self.adopt(base, dialogue, steps, ("", base.io.now, base.io.now));
        match (next, waiting) {
            (Then::Stay, Some(turn)) if matches!(self.mode, Mode::Listening) => self.answer(base, &turn),
            (next, _) => next,
        }
    }

    /// The look-up has not answered in time.
    pub(crate) fn look_up_late(&mut self, base: &mut Base) -> Then {
        match &self.mode {
            Mode::LookingUp { pending, .. } => {
                let id = pending.id();
                self.looked_up(base, id, Err(Failure::TimedOut))
            }
            Mode::Listening | Mode::Leaving(_) => Then::Stay,
        }
    }

    /// The look-up takes long.
    pub(crate) fn say_filler(&mut self, base: &mut Base) -> Then {
        if let Mode::LookingUp { pending, .. } = &mut self.mode
            && let Some(filler) = pending.filler()
            && base.mouth.is_idle()
        {
            base.say("filler".to_owned(), &filler, Interrupt::all(true), None);
        }
        Then::Stay
    }

    /// The caller goes to a human, or goes away: what the bot was doing is over.
    pub(crate) fn hand_on(&mut self, base: &mut Base) {
        self.ahead = None;
        self.keys.forget(&mut base.io);
        if let Mode::LookingUp { pending, .. } = std::mem::replace(&mut self.mode, Mode::Listening) {
            pending.abandon(&mut base.io);
        }
    }

    /// A human has spoken with the caller, and sends them back to this step.
    pub(crate) fn goes_on_at(&mut self, base: &mut Base, node: Option<&str>) -> Then {
        self.helped = true;
        let Some(node) = node else { return Then::Stay };
        let steps = self.dialogue.go_to(base.io.now, node);
        self.perform(base, steps)
    }

    /// The caller comes back from the queue: no human could be had, or none is wanted any more.
    pub(crate) fn take_back(&mut self, now: Time, gathered: Meanwhile) {
        self.dialogue.know(gathered);
        self.escalation.settle(now);
        self.came_back = true;
        self.silences = 0;
        self.troubles = Troubles::default();
    }
}

fn input_of(turn: &Turn) -> Input {
    Input::Said {
        text: turn.heard.text.clone(),
        confidence: turn.heard.confidence,
        understanding: turn.understanding.clone().unwrap_or_default(),
        span: (turn.from, turn.to),
    }
}
