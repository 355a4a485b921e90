//! One simulated call: a script for the caller, agents, faults; then the call in virtual time, and what came of it.

use std::{collections::VecDeque, sync::Arc};

use warmline::call::{
    Call,
    action::Action,
    event::{DialFailure, Event, LegEnd},
    flow::{Flow, policy::Fallback},
    ids::LegId,
    record::{Entry, HandoffStep, What},
    replay::Told,
    time::Time,
};

use super::{
    agents::{Agent, Moment},
    checker::Checker,
    flow, setup, trace,
    world::{Fault, Faults, Happening, World},
};

/// When the caller does something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cue {
    /// At this time of the call.
    At(u64),
    /// This long after the bot has said something and has fallen silent.
    AfterBot(u64),
    /// This long after the bot has begun a clause with these words.
    Over(&'static str, u64),
    /// This long after the caller's last step.
    Then(u64),
    /// This long after a line with these words has come into the trace.
    When(&'static str, u64),
}

/// What the caller does.
#[derive(Debug, Clone)]
pub(crate) enum CallerDoes {
    Says {
        text: String,
        ms: u64,
        confidence: f32,
        complete: Option<f32>,
    },
    Presses(&'static str),
    HangsUp,
    IsLost,
    Holds(bool),
    /// Not the caller: the gateway shuts down.
    Drains,
}

/// A call that is told and then run.
#[derive(Debug)]
pub(crate) struct Sim {
    flow: Arc<Flow>,
    pub(crate) world: World,
    script: VecDeque<(Cue, CallerDoes)>,
    number: Option<String>,
}

/// No call takes longer than this.
const LONGEST_MS: u64 = 5 * 3_600_000;

impl Sim {
    pub(crate) fn new() -> Self {
        Self::with_flow(flow())
    }

    pub(crate) fn step(mut self, cue: Cue, does: CallerDoes) -> Self {
        self.script.push_back((cue, does));
        self
    }

    /// The caller says this, 0.8 s after the bot has fallen silent.
    pub(crate) fn says(self, text: &str) -> Self {
        self.says_on(Cue::AfterBot(800), text)
    }

    pub(crate) fn says_on(self, cue: Cue, text: &str) -> Self {
        let ms = 200 + 60 * text.len() as u64;
        self.says_for(cue, text, ms)
    }

    pub(crate) fn says_for(self, cue: Cue, text: &str, ms: u64) -> Self {
        self.step(cue, CallerDoes::Says { text: text.to_owned(), ms, confidence: 0.9, complete: None })
    }

    pub(crate) fn says_badly(self, text: &str, confidence: f32) -> Self {
        self.step(Cue::AfterBot(800), CallerDoes::Says { text: text.to_owned(), ms: 1_500, confidence, complete: None })
    }

    pub(crate) fn presses(self, cue: Cue, keys: &'static str) -> Self {
        self.step(cue, CallerDoes::Presses(keys))
    }

    pub(crate) fn hangs_up(self, cue: Cue) -> Self {
        self.step(cue, CallerDoes::HangsUp)
    }

    pub(crate) fn agents(mut self, agents: Vec<Agent>) -> Self {
        self.world.agents = agents;
        self
    }

    pub(crate) fn agent(self, agent: Agent) -> Self {
        self.agents(vec![agent])
    }

    pub(crate) fn fallback(mut self, fallback: Fallback) -> Self {
        // Copying a flow takes longer than a call.
        if self.flow.handoff.fallback != fallback {
            Arc::make_mut(&mut self.flow).handoff.fallback = fallback;
        }
        self
    }

    pub(crate) fn longest_wait(mut self, ms: u64) -> Self {
        Arc::make_mut(&mut self.flow).handoff.wait_ms = ms;
        self
    }

    pub(crate) fn with_flow(flow: Arc<Flow>) -> Self {
        Self { flow, world: World::new(), script: VecDeque::new(), number: None }
    }

    pub(crate) fn number(mut self, number: &str) -> Self {
        self.number = Some(number.to_owned());
        self
    }

    pub(crate) fn recogniser(mut self, faults: &[Fault]) -> Self {
        self.world.hears = Faults(faults.iter().copied().collect());
        self
    }

    pub(crate) fn understanding(mut self, faults: &[Fault]) -> Self {
        self.world.understands = Faults(faults.iter().copied().collect());
        self
    }

    pub(crate) fn voice(mut self, faults: &[Fault]) -> Self {
        self.world.speaks = Faults(faults.iter().copied().collect());
        self
    }

    pub(crate) fn service(mut self, faults: &[Fault]) -> Self {
        self.world.looks_up = Faults(faults.iter().copied().collect());
        self
    }

    pub(crate) fn queue(mut self, faults: &[Fault]) -> Self {
        self.world.finds = Faults(faults.iter().copied().collect());
        self
    }

    pub(crate) fn run(self) -> Run {
        let mut setup = setup(self.flow);
        if let Some(number) = self.number {
            setup.caller.number = number;
            setup.caller.name = None;
        }
        // Reports of a chaotic world come late; two of them in a row may both be.
        let checker = Checker::new(if self.world.chaos.is_some() { 900 } else { 0 });
        let mut run = Run {
            call: Call::new(setup.clone()),
            setup,
            world: self.world,
            script: self.script,
            step: 0,
            armed: false,
            bot_spoke: false,
            lines: Vec::new(),
            record: Vec::new(),
            told: Vec::new(),
            done: Vec::new(),
            checker,
        };
        run.go();
        run
    }
}

/// A call that is over, and everything that is known of it.
pub(crate) struct Run {
    call: Call,
    pub(crate) setup: warmline::call::Setup,
    pub(crate) world: World,
    script: VecDeque<(Cue, CallerDoes)>,
    /// The number of the caller's next step, and whether it is on its way.
    step: usize,
    armed: bool,
    /// The bot has said something since the caller's last step.
    bot_spoke: bool,
    pub(crate) lines: Vec<String>,
    pub(crate) record: Vec<Entry>,
    pub(crate) told: Vec<(Time, Told)>,
    pub(crate) done: Vec<(Time, Action)>,
    pub(crate) checker: Checker,
}

impl Run {
    fn go(&mut self) {
        self.drain();
        self.arm_by_time(0);
        for _ in 0..20_000 {
            let Some((deadline, _)) = self.call.poll_timeout() else { return self.check_end() };
            match self.world.next_time() {
                Some(next) if next < deadline.0 => self.happen(),
                Some(_) | None => {
                    self.world.now = self.world.now.max(deadline.0);
                    let now = Time(self.world.now);
                    self.told.push((now, Told::Timeout));
                    self.call.handle_timeout(now);
                    self.drain();
                }
            }
            assert!(self.world.now < LONGEST_MS, "the call does not end:\n{}", self.text());
        }
        panic!("the call goes round in circles:\n{}", self.text());
    }

    fn happen(&mut self) {
        match self.world.pop() {
            Some(Happening::Tell(event)) => self.tell(event),
            Some(Happening::Caller(step)) if step == self.step && self.armed => self.caller_acts(),
            Some(Happening::Agent(leg, does)) => {
                if self.world.is_up(leg) {
                    self.line(format!("< {} {does:?}", trace::leg(leg)));
                }
                self.world.agent_does(leg, &does);
            }
            Some(Happening::Caller(_)) | None => {}
        }
    }

    fn tell(&mut self, event: Event) {
        let now = Time(self.world.now);
        if let Event::LegFailed { .. } | Event::LegEnded { .. } | Event::LegAnswered { .. } | Event::LegRinging { .. } = &event {
            self.line(format!("< {event:?}"));
        }
        self.checker.told(&event);
        self.told.push((now, Told::Event { event: event.clone() }));
        self.call.handle(event.clone(), now);
        self.drain();
        self.after(&event);
    }

    /// What an event means to the people in the call.
    fn after(&mut self, event: &Event) {
        match event {
            Event::SpeechStarted { id, .. } => {
                let Some(playing) = self.world.playing.iter().find(|playing| playing.id == *id).cloned() else { return };
                if playing.leg != LegId::CALLER {
                    return;
                }
                self.bot_spoke = true;
                if let Some((Cue::Over(words, ms), _)) = self.script.front().filter(|_| !self.armed)
                    && let Some(begin) = playing.begin_of(words)
                {
                    self.arm(begin + ms);
                }
            }
            Event::SpeechEnded { id, .. } => {
                let Some(playing) = self.world.playing.iter().find(|playing| playing.id == *id) else { return };
                let leg = playing.leg;
                if leg == LegId::CALLER {
                    self.arm_after_bot();
                } else if playing.clauses.iter().any(|clause| clause.contains("Press one")) {
                    self.world.moment(leg, Moment::Briefed);
                }
            }
            Event::LegAnswered { leg } if *leg != LegId::CALLER => self.world.moment(*leg, Moment::Answered),
            Event::LegRinging { leg } => self.world.moment(*leg, Moment::Rung),
            _ => {}
        }
    }

    fn arm(&mut self, at: u64) {
        self.armed = true;
        let step = self.step;
        self.world.at(at, Happening::Caller(step));
    }

    fn arm_by_time(&mut self, ended: u64) {
        match self.script.front() {
            Some((Cue::At(at), _)) => self.arm(*at),
            Some((Cue::Then(ms), _)) => self.arm(ended + ms),
            Some((Cue::AfterBot(_) | Cue::Over(..) | Cue::When(..), _)) | None => {}
        }
    }

    fn bot_is_silent(&self) -> bool {
        !self.world.playing.iter().any(|playing| playing.leg == LegId::CALLER && playing.over.is_none() && playing.end() > self.world.now)
    }

    fn arm_after_bot(&mut self) {
        if let Some((Cue::AfterBot(ms), _)) = self.script.front()
            && self.bot_spoke
            && self.bot_is_silent()
        {
            let at = self.world.now + ms;
            self.arm(at);
        }
    }

    fn caller_acts(&mut self) {
        // The bot has gone on meanwhile: a polite caller waits.
        if matches!(self.script.front(), Some((Cue::AfterBot(_), _))) && !self.bot_is_silent() {
            self.armed = false;
            return;
        }
        let Some((_, does)) = self.script.pop_front() else { return };
        self.step += 1;
        self.armed = false;
        self.bot_spoke = false;
        let mut ended = self.world.now;
        match does {
            CallerDoes::Says { text, ms, confidence, complete } => {
                self.line(format!("< caller: {text}"));
                self.world.speaks_up(LegId::CALLER, ms, &text, confidence, complete);
                ended += ms;
            }
            CallerDoes::Presses(keys) => {
                self.line(format!("< caller presses {keys}"));
                for (index, digit) in keys.chars().enumerate() {
                    self.world.in_ms(200 * index as u64, Event::Digit { leg: LegId::CALLER, digit });
                }
                ended += 200 * keys.len() as u64;
            }
            CallerDoes::HangsUp => self.world.leg_ends(LegId::CALLER, LegEnd::HungUp),
            CallerDoes::IsLost => self.world.leg_ends(LegId::CALLER, LegEnd::MediaLost),
            CallerDoes::Holds(held) => self.world.in_ms(5, Event::LegHeld { leg: LegId::CALLER, held }),
            CallerDoes::Drains => self.world.in_ms(0, Event::Drain),
        }
        self.arm_by_time(ended);
    }

    fn drain(&mut self) {
        while let Some(action) = self.call.poll_action() {
            let now = Time(self.world.now);
            self.checker.action(now, &action);
            if let Some(line) = trace::action(&action) {
                self.line(line);
            }
            if let Action::Record(entry) = &action {
                if matches!(entry.what, What::Handoff { step: HandoffStep::Bridged { .. } })
                    && let Some(leg) = self.world.legs.keys().last().copied()
                {
                    self.world.moment(leg, Moment::Bridged);
                }
                self.record.push(entry.clone());
            }
            self.world.perform(&action);
            self.done.push((now, action));
        }
    }

    fn line(&mut self, text: String) {
        if let Some((Cue::When(words, ms), _)) = self.script.front().filter(|_| !self.armed)
            && text.contains(words)
        {
            let at = self.world.now + ms;
            self.arm(at);
        }
        let now = self.world.now;
        self.lines.push(format!("{:>8.3} {text}", now as f64 / 1_000.0));
    }

    fn check_end(&mut self) {
        self.checker.end(&self.world);
        // Whatever still comes in after the end changes nothing.
        while self.world.next_time().is_some() {
            if let Some(Happening::Tell(event)) = self.world.pop() {
                self.call.handle(event, Time(self.world.now));
            }
        }
        self.call.handle_timeout(Time(self.world.now + 1));
        assert_eq!(self.call.poll_action(), None, "an action after the end:\n{}", self.text());
        assert_eq!(self.call.poll_timeout(), None, "a deadline after the end");
    }

    /// The trace.
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// These lines come in this order; others may come between them.
    #[track_caller]
    pub(crate) fn tells(&self, parts: &[&str]) -> &Self {
        let mut lines = self.lines.iter();
        for part in parts {
            assert!(lines.any(|line| line.contains(part)), "no {part:?} (or not in this order) in\n{}", self.text());
        }
        self.checker.assert_sound(&self.text());
        self
    }

    #[track_caller]
    pub(crate) fn never(&self, part: &str) -> &Self {
        assert!(!self.lines.iter().any(|line| line.contains(part)), "{part:?} in\n{}", self.text());
        self
    }

    pub(crate) fn count(&self, part: &str) -> usize {
        self.lines.iter().filter(|line| line.contains(part)).count()
    }

    /// The time in milliseconds at which a line first came.
    #[track_caller]
    pub(crate) fn time_of(&self, part: &str) -> u64 {
        let line = self.lines.iter().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part:?} in\n{}", self.text()));
        let seconds: f64 = line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a line begins with its time");
        (seconds * 1_000.0).round() as u64
    }
}

/// How a phone that cannot be had fails.
pub(crate) fn fails(id: &'static str, name: &'static str, why: DialFailure) -> Agent {
    let ms = if why == DialFailure::NoAnswer { 20_000 } else { 1_000 };
    Agent::with(id, name, super::agents::Phone::Fails(why, ms))
}
