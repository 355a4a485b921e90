//! The promises that every call keeps, checked against every simulated one (DESIGN, invariants 2 to 9).

use std::collections::{BTreeMap, BTreeSet};

use warmline::call::{
    action::Action,
    clauses,
    event::{AgentChoice, Event, LegEnd, TransferTo},
    ids::{AgentId, LegId, RequestId},
    media::patch::{Patch, Under},
    outcome::TransferOutcome,
    record::{HandoffStep, InquiryStep, Owner, Signal, Supervised, ThirdStep, What},
    time::Time,
};

use super::world::World;

/// Longest unexplained silence: the promise is three seconds; reports come up to this much late in the worst world.
const SILENCE_MS: u64 = 3_000;

/// The caller who waits is told how it stands at least this often.
const TOLD_MS: u64 = 20_000;

/// More actions in one second come from a loop, not from a call.
const MOST_ACTIONS: u32 = 150;

#[derive(Debug, Default)]
pub(crate) struct Checker {
    pub(crate) broken: Vec<String>,
    /// How late the world's reports are.
    slack_ms: u64,
    up: BTreeSet<LegId>,
    dialled: BTreeMap<LegId, AgentId>,
    gone: BTreeSet<LegId>,
    /// Reservations that the call was told of and has not given back.
    holds: BTreeMap<RequestId, AgentId>,
    told_of: BTreeSet<RequestId>,
    owner: Option<Owner>,
    spans: Vec<(u64, Owner)>,
    patch: Patch,
    heard_by_caller: Vec<(u64, Patch)>,
    briefing: Vec<String>,
    requests: BTreeSet<RequestId>,
    told_at: Vec<(u64, RequestId)>,
    asks_callback_from: Option<u64>,
    answered: Option<u64>,
    ended: Option<u64>,
    /// When the caller has put us on hold, and when they came back.
    on_hold: Vec<(u64, Option<u64>)>,
    /// Actions in this second of the call.
    busy: (u64, u32),
    agent_transcripts: BTreeSet<RequestId>,
    agent_words: BTreeSet<String>,
    /// Numbers outside that agents have wanted.
    outside: BTreeSet<AgentId>,
    /// When we have hung up on the caller.
    let_go: Option<u64>,
    /// There is a leg of the caller's.
    caller_exists: bool,
    /// Agents with whom the caller's own side has connected them, and telephones that have taken an agent's place.
    elsewhere: BTreeSet<AgentId>,
    /// Third persons whom the caller must not hear, and who must not hear the caller.
    apart: BTreeSet<AgentId>,
    /// When the bot has asked somebody for the caller, and when that was over.
    asks: Vec<(u64, Option<u64>)>,
    /// To whom the call is offered.
    offered: Option<AgentId>,
    /// Supervisors, and what they last did.
    supervisors: BTreeMap<AgentId, Supervised>,
}

impl Checker {
    pub(crate) fn new(slack_ms: u64) -> Self {
        Self { slack_ms, ..Self::default() }
    }

    fn broke(&mut self, what: String) {
        self.broken.push(what);
    }

    /// An event reaches the call.
    pub(crate) fn told(&mut self, now: Time, event: &Event) {
        match event {
            Event::LegHeld { leg: LegId::CALLER, held } => match self.on_hold.last_mut() {
                Some((_, back @ None)) => *back = (!held).then_some(now.0),
                _ if *held => self.on_hold.push((now.0, None)),
                _ => {}
            },
            Event::LegAnswered { leg } if !self.gone.contains(leg) => _ = self.up.insert(*leg),
            Event::LegEnded { leg, why: LegEnd::HungUp | LegEnd::MediaLost | LegEnd::SignallingLost } | Event::LegFailed { leg, .. } => {
                self.up.remove(leg);
                self.gone.insert(*leg);
            }
            Event::TransferAsked { to: TransferTo::Number { number, .. }, .. }
            | Event::AgentChose {
                choice:
                    AgentChoice::Transfer { to: TransferTo::Number { number, .. } }
                    | AgentChoice::Consult { to: TransferTo::Number { number, .. } }
                    | AgentChoice::Add { to: TransferTo::Number { number, .. } },
                ..
            } => {
                _ = self.outside.insert(AgentId(number.clone()));
            }
            Event::Supervise { by, .. } => _ = self.outside.insert(by.who.clone()),
            Event::LegTakenOver { agent, .. } => _ = self.elsewhere.insert(agent.clone()),
            Event::AgentReserved { id, agent } if self.told_of.insert(*id) => _ = self.holds.insert(*id, agent.id.clone()),
            Event::WrittenDown { id, text, .. } if self.agent_transcripts.contains(id) => _ = self.agent_words.insert(text.clone()),
            Event::Heard { id, transcript } if self.agent_transcripts.contains(id) => _ = self.agent_words.insert(transcript.text.clone()),
            _ => {}
        }
    }

    /// The call does something.
    pub(crate) fn action(&mut self, now: Time, action: &Action) {
        let second = now.0 / 1_000;
        self.busy = if self.busy.0 == second { (second, self.busy.1 + 1) } else { (second, 1) };
        if self.busy.1 == MOST_ACTIONS {
            self.broke(format!("round in circles at {}", now.0));
        }
        if self.ended.is_some() {
            self.broke(format!("after the end: {action:?}"));
        }
        match action {
            Action::Dial { leg, agent, .. } => self.dial(*leg, agent),
            Action::CallBack { leg, .. } => {
                self.caller_exists = true;
                if !self.dialled.keys().any(|leg| self.up.contains(leg)) {
                    self.broke("the caller is rung, and no agent is there".to_owned());
                }
                if self.gone.contains(leg) {
                    self.broke("a caller who is gone is rung".to_owned());
                }
            }
            Action::HangUp { leg } => {
                if self.gone.contains(leg) {
                    self.broke(format!("{leg:?} is hung up and gone already"));
                }
                if *leg == LegId::CALLER {
                    self.let_go = Some(now.0);
                }
                self.up.remove(leg);
                self.gone.insert(*leg);
            }
            Action::Reject { leg, .. } => {
                self.caller_exists = true;
                self.gone.insert(*leg);
            }
            Action::Patch(patch) => self.patched(now, patch),
            Action::Speak { id, leg, clauses } => self.speak(now, *id, *leg, clauses),
            Action::Transcribe { id, leg, .. } => {
                self.request(*id);
                if !self.patch.listen.contains(leg) {
                    self.broke(format!("{leg:?} is transcribed and not listened to"));
                }
                if *leg != LegId::CALLER {
                    self.agent_transcripts.insert(*id);
                }
            }
            Action::WriteDown { id, leg, from, to } => {
                self.request(*id);
                self.written(*leg, from.0, to.0);
                if *leg != LegId::CALLER {
                    self.agent_transcripts.insert(*id);
                }
            }
            Action::Understand { id, text } => {
                self.request(*id);
                if self.agent_words.contains(text) {
                    self.broke(format!("the agent's words are analysed: {text}"));
                }
            }
            Action::LookUp { id, .. } | Action::LookUpCaller { id, .. } | Action::FindAgent { id, .. } | Action::AskedFor { id, .. } => {
                self.request(*id);
            }
            Action::ReleaseAgent { agent, .. } => {
                let held = self.holds.iter().find(|(_, held)| *held == agent).map(|(id, _)| *id);
                match held {
                    Some(id) => _ = self.holds.remove(&id),
                    None => self.broke(format!("{} is released and not held", agent.0)),
                }
            }
            Action::Record(entry) => self.record(now, &entry.what),
            Action::End { .. } => self.ended = Some(now.0),
            Action::Transfer { id, leg, replaces, .. } => {
                self.request(*id);
                if !self.up.contains(leg) || replaces.is_some_and(|other| !self.up.contains(&other)) {
                    self.broke(format!("{leg:?} is transferred, and a leg is dead"));
                }
            }
            Action::Answer { .. } => self.caller_exists = true,
            Action::AnswerTransfer { .. }
            | Action::TransferDone { .. }
            | Action::Private { .. }
            | Action::Unrecord
            | Action::Strike { .. }
            | Action::Prepare { .. }
            | Action::StopSpeaking { .. }
            | Action::Loudness { .. }
            | Action::Pace { .. }
            | Action::HoldIn { .. }
            | Action::Forget { .. }
            | Action::LeaveQueue { .. } => {}
        }
    }

    fn request(&mut self, id: RequestId) {
        if !self.requests.insert(id) {
            self.broke(format!("{id:?} is used twice"));
        }
    }

    fn dial(&mut self, leg: LegId, agent: &AgentId) {
        if self.dialled.insert(leg, agent.clone()).is_some() {
            self.broke(format!("{leg:?} is dialled twice"));
        }
        if !self.outside.contains(agent) && !self.holds.values().any(|held| held == agent) {
            self.broke(format!("{} is dialled and not reserved", agent.0));
        }
        if self.gone.contains(&LegId::CALLER) {
            self.broke("an agent is dialled for a caller who is gone".to_owned());
        }
    }

    fn patched(&mut self, now: Time, patch: &Patch) {
        for ear in &patch.ears {
            for leg in ear.hears.iter().chain([&ear.leg]) {
                if !self.up.contains(leg) {
                    self.broke(format!("{leg:?} is patched and not up: {patch:?}"));
                }
            }
            let apart = |leg: &LegId| self.dialled.get(leg).is_some_and(|who| self.apart.contains(who));
            let hears_caller = apart(&ear.leg) && ear.hears.contains(&LegId::CALLER);
            if hears_caller || (ear.leg == LegId::CALLER && ear.hears.iter().any(apart)) {
                self.broke(format!("caller and third person hear each other too early: {patch:?}"));
            }
            if let Some(heard) = ear.hears.iter().find(|heard| !self.may_hear_supervisor(ear.leg, **heard)) {
                self.broke(format!("{:?} hears the supervisor {heard:?}: {patch:?}", ear.leg));
            }
            if !ear.hears.is_empty() && !matches!(self.owner, Some(Owner::Agent { .. })) {
                self.broke(format!("bridged while the owner is {:?}", self.owner));
            }
        }
        self.patch = patch.clone();
        self.heard_by_caller.push((now.0, patch.clone()));
    }

    /// Nothing is written down of whoever the other side did not hear all the time.
    fn written(&mut self, leg: LegId, from: u64, to: u64) {
        let heard = |patch: &Patch| {
            let mut others = patch.ears.iter().filter(|ear| (ear.leg == LegId::CALLER) != (leg == LegId::CALLER));
            others.any(|ear| ear.hears.contains(&leg))
        };
        let before = self.heard_by_caller.iter().rposition(|(at, _)| *at <= from).unwrap_or_default();
        if !self.heard_by_caller[before..].iter().take_while(|(at, _)| *at < to).all(|(_, patch)| heard(patch)) {
            self.broke(format!("{leg:?} is written down from {from} to {to}, and nobody hears it"));
        }
    }

    /// A supervisor who listens is heard by nobody, one who whispers by the agent who has the caller.
    fn may_hear_supervisor(&self, ear: LegId, heard: LegId) -> bool {
        let who = |leg: LegId| self.dialled.get(&leg);
        let Some(did) = who(heard).and_then(|who| self.supervisors.get(who)) else { return true };
        match did {
            Supervised::Joined => true,
            Supervised::Whispers => {
                matches!(&self.owner, Some(Owner::Agent { agent, .. }) if who(ear) == Some(agent) || self.elsewhere.contains(agent))
            }
            Supervised::Rung | Supervised::Listens | Supervised::Left | Supervised::NotReached => false,
        }
    }

    fn speak(&mut self, now: Time, id: RequestId, leg: LegId, clauses: &[String]) {
        self.request(id);
        if !self.up.contains(&leg) {
            self.broke(format!("{leg:?} is spoken to and not up"));
        }
        if clauses.is_empty() {
            self.broke("nothing is spoken".to_owned());
        }
        if leg == LegId::CALLER {
            self.told_at.push((now.0, id));
            // What an introduction says of the matter is for both.
            let introduces = clauses.iter().any(|clause| clause.contains("already has my note"));
            if !introduces && clauses.iter().any(|clause| self.briefing.contains(clause)) {
                self.broke(format!("the caller hears the briefing: {clauses:?}"));
            }
            if clauses.iter().any(|clause| clause.contains("call you back on")) {
                self.asks_callback_from.get_or_insert(now.0);
            }
        }
    }

    fn record(&mut self, now: Time, what: &What) {
        match what {
            What::Owner { owner } => {
                if self.owner.as_ref() == Some(owner) {
                    self.broke(format!("owner twice: {owner:?}"));
                }
                if let Owner::Agent { agent, .. } = owner
                    && !self.elsewhere.contains(agent)
                {
                    let up = self.dialled.iter().any(|(leg, dialled)| dialled == agent && self.up.contains(leg));
                    if !up || !self.up.contains(&LegId::CALLER) {
                        self.broke(format!("{} has the caller, and a leg is dead", agent.0));
                    }
                }
                self.owner = Some(owner.clone());
                self.spans.push((now.0, owner.clone()));
            }
            What::Handoff { step: HandoffStep::TransferEnded { agent, outcome: TransferOutcome::Connected } } => {
                self.elsewhere.insert(agent.clone());
            }
            What::Handoff { step: HandoffStep::Third { third, .. } } => match third {
                ThirdStep::Offered { who, .. } => _ = self.apart.insert(who.clone()),
                ThirdStep::Joined { who } | ThirdStep::HasCaller { who, .. } | ThirdStep::Ended { who: Some(who), .. } => {
                    self.apart.remove(who);
                }
                ThirdStep::Asked { .. }
                | ThirdStep::Answered { .. }
                | ThirdStep::MachineSuspected { .. }
                | ThirdStep::Ended { who: None, .. } => {}
            },
            What::Handoff { step: HandoffStep::Offered { agent, .. } } => {
                self.apart.remove(agent);
                if let Some(other) = self.offered.replace(agent.clone()) {
                    self.broke(format!("offered to {} and {} at once", other.0, agent.0));
                }
            }
            What::Handoff { step: HandoffStep::OfferEnded { .. } } => self.offered = None,
            What::Handoff { step: HandoffStep::Inquiry { inquiry: InquiryStep::Asked { question, .. } } } => {
                self.briefing.extend(clauses::split(question));
                self.asks.push((now.0, None));
            }
            What::Handoff { step: HandoffStep::Inquiry { inquiry: InquiryStep::Ended { .. } } } => {
                if let Some((_, over)) = self.asks.last_mut() {
                    *over = Some(now.0);
                }
            }
            What::Supervised { who, did, .. } => _ = self.supervisors.insert(who.clone(), *did),
            What::Evidence { evidence } if evidence.signal == Signal::RaisedVoice => {
                self.broke(format!("a raised voice, where only agents raise theirs: {}", evidence.quote));
            }
            What::Answered => self.answered = Some(now.0),
            What::Handoff { step: HandoffStep::Started { summary, .. } } => self.briefing.extend(summary.spoken.clone()),
            _ => {}
        }
    }

    /// The desk has reserved an agent before the call began.
    pub(crate) fn holds(&mut self, id: RequestId, agent: AgentId) {
        self.holds.insert(id, agent);
    }

    /// The call is over.
    pub(crate) fn end(&mut self, world: &World) {
        if self.owner != Some(Owner::Ended) {
            self.broke(format!("the last owner is {:?}", self.owner));
        }
        if self.asks.iter().any(|(_, over)| over.is_none()) {
            self.broke("somebody is asked for ever".to_owned());
        }
        if !self.holds.is_empty() {
            self.broke(format!("never released: {:?}", self.holds));
        }
        let caller = self.caller_exists.then_some(LegId::CALLER);
        for leg in self.dialled.keys().chain(caller.as_ref()) {
            if !self.gone.contains(leg) {
                self.broken.push(format!("{leg:?} is never hung up"));
            }
        }
        let end = self.ended.unwrap_or(world.now);
        let heard = self.sounds(world, end);
        // Nobody waits in silence while they speak themselves.
        let own = world.said.iter().filter(|said| said.leg == LegId::CALLER).map(|said| (said.from, said.to));
        let mut heard_or_said: Vec<(u64, u64)> = heard.iter().copied().chain(own).collect();
        heard_or_said.sort_unstable();
        self.check_waiting(world, &heard_or_said, end);
        self.check_answers(world, &heard, self.let_go.unwrap_or(end));
    }

    /// When the caller heard something.
    fn sounds(&self, world: &World, end: u64) -> Vec<(u64, u64)> {
        let mut sounds: Vec<(u64, u64)> = world
            .playing
            .iter()
            .filter(|playing| playing.leg == LegId::CALLER)
            .map(|playing| (playing.start, playing.over.unwrap_or(playing.end())))
            .filter(|(from, to)| to > from)
            .collect();
        for (index, (from, patch)) in self.heard_by_caller.iter().enumerate() {
            let to = self.heard_by_caller.get(index + 1).map_or(end, |(at, _)| *at);
            let ear = patch.ears.iter().find(|ear| ear.leg == LegId::CALLER);
            if ear.is_some_and(|ear| ear.under != Under::Nothing || !ear.hears.is_empty()) {
                sounds.push((*from, to));
            }
        }
        // Whoever has a human has an answer, also if that one is muted.
        for (index, (from, owner)) in self.spans.iter().enumerate() {
            if matches!(owner, Owner::Agent { .. }) {
                sounds.push((*from, self.spans.get(index + 1).map_or(end, |(at, _)| *at)));
            }
        }
        sounds.sort_unstable();
        sounds
    }

    /// A caller who waits for a human, or for what one says, hears something all the time, and is told how it stands.
    fn check_waiting(&mut self, world: &World, heard: &[(u64, u64)], end: u64) {
        let spans: Vec<(u64, u64)> = self
            .spans
            .iter()
            .enumerate()
            .filter(|(_, (_, owner))| matches!(owner, Owner::Queue { .. }))
            .map(|(index, (from, _))| {
                // Whoever is called back waits from their answer on.
                let from = from.max(self.answered.as_ref().unwrap_or(&u64::MAX));
                let to = self.spans.get(index + 1).map_or(end, |(at, _)| *at);
                (*from, self.asks_callback_from.filter(|asks| asks >= from).map_or(to, |asks| asks.min(to)))
            })
            .chain(self.asks.iter().map(|(from, over)| (*from, over.unwrap_or(end))))
            .collect();
        let until = self.let_go.unwrap_or(end);
        for (from, to) in spans.into_iter().map(|(from, to)| (from, to.min(until))).filter(|(from, to)| from < to) {
            let mut quiet = from;
            for (begin, finish) in heard.iter().filter(|(_, finish)| *finish > from) {
                if *begin.min(&to) > quiet + SILENCE_MS + self.slack_ms {
                    self.broken.push(format!("silence from {quiet} to {} while waiting", begin.min(&to)));
                }
                quiet = quiet.max(*finish);
            }
            if to > quiet + SILENCE_MS + self.slack_ms {
                self.broken.push(format!("silence from {quiet} to {to} while waiting"));
            }
            // From the end of one word to the caller to the next one.
            let mut told = from;
            let inside = self.told_at.iter().filter(|(at, _)| *at >= from && *at <= to);
            let ends = |id: &RequestId| {
                world.playing.iter().find(|playing| playing.id == *id).map(|playing| playing.over.unwrap_or(playing.end()))
            };
            for (at, end) in inside.map(|(at, id)| (*at, ends(id).unwrap_or(*at))).chain([(to, to)]) {
                if at > told + TOLD_MS + self.slack_ms + self.on_hold_between(told, at) {
                    self.broken.push(format!("told nothing from {told} to {at}"));
                }
                told = told.max(end);
            }
        }
    }

    /// Nothing reaches the caller meanwhile.
    fn on_hold_between(&self, from: u64, to: u64) -> u64 {
        self.on_hold.iter().map(|(begin, end)| end.unwrap_or(to).min(to).saturating_sub((*begin).max(from))).sum()
    }

    /// A caller who has said something hears something within three seconds, unless they go on talking, leave, or talk with a human.
    fn check_answers(&mut self, world: &World, heard: &[(u64, u64)], end: u64) {
        let Some(answered) = self.answered else { return };
        for said in
            world.said.iter().filter(|said| said.leg == LegId::CALLER && said.from >= answered && said.text.split_whitespace().count() >= 4)
        {
            let limit = said.to + SILENCE_MS + self.slack_ms;
            let again = world.said.iter().any(|other| other.leg == LegId::CALLER && other.from > said.from && other.from < limit);
            let sound = heard.iter().any(|(from, to)| *to > said.to && *from <= limit);
            if !again && !sound && end > limit {
                self.broken.push(format!("no answer to {:?} said until {}", said.text, said.to));
            }
        }
    }

    #[track_caller]
    pub(crate) fn assert_sound(&self, trace: &str) {
        assert!(self.broken.is_empty(), "broken promises: {:#?}\n{trace}", self.broken);
    }
}
