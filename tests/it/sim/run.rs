//! A simulated call as it runs in virtual time, and what came of it.

use std::collections::VecDeque;

use warmline::call::{
    Call, Setup,
    action::Action,
    event::{Event, Failure, FarEndSign, LegEnd},
    ids::{LegId, RequestId},
    record::{Entry, HandoffStep, ThirdStep, What},
    replay::Told,
    time::Time,
};

use super::{
    agents::Moment,
    checker::Checker,
    script::{CallerDoes, Cue},
    trace,
    world::{Happening, World},
};

/// No call takes longer than this.
const LONGEST_MS: u64 = 5 * 3_600_000;

/// A call that is over, and everything that is known of it.
pub(crate) struct Run {
    call: Call,
    pub(crate) setup: Setup,
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
    /// Runs a call.
    pub(crate) fn of(setup: Setup, world: World, script: VecDeque<(Cue, CallerDoes)>) -> Self {
        let mut run = Self::begin(setup, world, script);
        run.go();
        run
    }

    /// A call that goes on with each [`Self::step`].
    pub(crate) fn begin(setup: Setup, world: World, script: VecDeque<(Cue, CallerDoes)>) -> Self {
        // Reports of a chaotic world come late; two of them in a row may both be.
        let mut checker = Checker::new(if world.chaos.is_some() { 900 } else { 0 });
        if let Some(promise) = &setup.promise {
            checker.holds(RequestId(0), promise.agent.id.clone());
        }
        let mut run = Self {
            call: Call::new(setup.clone()),
            setup,
            world,
            script,
            step: 0,
            armed: false,
            bot_spoke: false,
            lines: Vec::new(),
            record: Vec::new(),
            told: Vec::new(),
            done: Vec::new(),
            checker,
        };
        run.drain();
        run.arm_by_time(0);
        run
    }

    fn go(&mut self) {
        for _ in 0..20_000 {
            if self.due().is_none() {
                return self.check_end();
            }
            self.step();
        }
        panic!("the call goes round in circles:\n{}", self.text());
    }

    /// When the next thing happens; none: the call is over.
    pub(crate) fn due(&self) -> Option<u64> {
        let (deadline, _) = self.call.poll_timeout()?;
        Some(self.world.next_time().map_or(deadline.0, |next| next.min(deadline.0)).max(self.world.now))
    }

    /// It happens.
    pub(crate) fn step(&mut self) {
        let Some((deadline, _)) = self.call.poll_timeout() else { return };
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

    fn happen(&mut self) {
        match self.world.pop() {
            Some(Happening::Tell(event)) => self.tell(&event),
            Some(Happening::Caller(step)) if step == self.step && self.armed => self.caller_acts(),
            Some(Happening::Agent(leg, does)) => {
                if self.world.is_up(leg) {
                    self.line(&format!("< {} {does:?}", trace::leg(leg)));
                }
                self.world.agent_does(leg, &does);
            }
            Some(Happening::Caller(_)) | None => {}
        }
    }

    fn tell(&mut self, event: &Event) {
        let now = Time(self.world.now);
        if let Event::LegFailed { .. } | Event::LegEnded { .. } | Event::LegAnswered { .. } | Event::LegRinging { .. } = event {
            self.line(&format!("< {event:?}"));
        }
        self.checker.told(now, event);
        self.told.push((now, Told::Event { event: event.clone() }));
        self.call.handle(event.clone(), now);
        self.drain();
        self.after(event);
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
                } else if playing.clauses.iter().any(|clause| clause.contains("Key one")) {
                    self.world.moment(leg, Moment::SaidBack);
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
                self.line(&format!("< caller: {text}"));
                self.world.speaks_up(LegId::CALLER, ms, &text, confidence, complete);
                ended += ms;
            }
            CallerDoes::Presses(keys) => {
                self.line(&format!("< caller presses {keys}"));
                for (index, digit) in keys.chars().enumerate() {
                    self.world.in_ms(200 * index as u64, Event::Digit { leg: LegId::CALLER, digit });
                }
                ended += 200 * keys.len() as u64;
            }
            CallerDoes::HangsUp => self.world.leg_ends(LegId::CALLER, LegEnd::HungUp),
            CallerDoes::IsLost => self.world.leg_ends(LegId::CALLER, LegEnd::MediaLost),
            CallerDoes::Holds(held) => self.world.in_ms(5, Event::LegHeld { leg: LegId::CALLER, held }),
            CallerDoes::IsFax => self.world.in_ms(0, Event::FarEnd { leg: LegId::CALLER, sign: FarEndSign::Fax }),
            CallerDoes::Drains => self.world.in_ms(0, Event::Drain),
            CallerDoes::IsEnded => self.world.in_ms(0, Event::EndCall),
            CallerDoes::FallsBack(engine) => self.world.in_ms(0, Event::FellBack { engine, why: Failure::TimedOut }),
        }
        self.arm_by_time(ended);
    }

    fn drain(&mut self) {
        while let Some(action) = self.call.poll_action() {
            let now = Time(self.world.now);
            self.checker.action(now, &action);
            if let Some(line) = trace::action(&action) {
                self.line(&line);
            }
            if let Action::Record(entry) = &action {
                if matches!(entry.what, What::Handoff { step: HandoffStep::Bridged { .. } })
                    && let Some(leg) = self.world.legs.keys().last().copied()
                {
                    self.world.moment(leg, Moment::Bridged);
                }
                if let What::Handoff { step: HandoffStep::Offered { agent, .. } } = &entry.what {
                    self.world.shown(agent);
                }
                if let What::Handoff { step: HandoffStep::Third { third: ThirdStep::HasCaller { who, .. }, .. } } = &entry.what
                    && let Some(leg) = self.world.legs.iter().rev().find(|(_, agent)| *agent == who).map(|(leg, _)| *leg)
                {
                    self.world.moment(leg, Moment::Bridged);
                }
                self.record.push(entry.clone());
            }
            self.world.perform(&action);
            self.done.push((now, action));
        }
    }

    fn line(&mut self, text: &str) {
        if let Some((Cue::When(words, ms), _)) = self.script.front().filter(|_| !self.armed)
            && text.contains(words)
        {
            let at = self.world.now + ms;
            self.arm(at);
        }
        let now = self.world.now;
        self.lines.push(format!("{:>8.3} {text}", now as f64 / 1_000.0));
    }

    /// The call is over: its promises at the end.
    pub(crate) fn check_end(&mut self) {
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
        self.time(part, self.lines.iter().find(|line| line.contains(part)))
    }

    /// The time in milliseconds at which it last came.
    #[track_caller]
    pub(crate) fn time_of_last(&self, part: &str) -> u64 {
        self.time(part, self.lines.iter().rfind(|line| line.contains(part)))
    }

    #[track_caller]
    fn time(&self, part: &str, line: Option<&String>) -> u64 {
        let line = line.unwrap_or_else(|| panic!("no {part:?} in\n{}", self.text()));
        let seconds: f64 = line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a line begins with its time");
        (seconds * 1_000.0).round() as u64
    }
}
