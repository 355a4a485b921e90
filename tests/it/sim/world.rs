//! The drivers of a simulated call: they do what actions ask, after some time, and report. Faults make them worse than the world.

use std::collections::BTreeMap;

use warmline::call::{
    action::Action,
    event::{Agent as Reserved, DialFailure, Event, Failure, FarEndSign, Found, LegEnd, SpeechEnd, Supervisor},
    ids::{AgentId, LegId, RequestId},
    media::playout::Loudness,
    outcome::TransferOutcome,
    understanding::Transcript,
};

use super::{
    agents::{Agent, Does, Moment, Phone, failing},
    faults::{Fault, Faults},
    flow, meaning,
    player::Playing,
    prng::Prng,
    random_many,
};

/// The one who watches over everybody; their telephone is one of those outside.
pub(crate) const BOSS: &str = "~eva";

/// More legs than these no call needs.
const TIRED: u32 = 12;

/// What the caller's side does when it is asked to call somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refers {
    /// It says after this many milliseconds what came of it.
    Says(TransferOutcome, u64),
    /// It tries, and ends our call after this many milliseconds.
    HangsUp(u64),
    /// It tries, and never says anything more.
    Forgets,
}

/// Something said on a leg.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) leg: LegId,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) text: String,
    pub(crate) confidence: f32,
    pub(crate) complete: Option<f32>,
}

/// What will happen.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// The call is told this.
    Tell(Event),
    /// The caller does the step that is armed, if it still is the one with this number.
    Caller(usize),
    /// An agent does something on their leg.
    Agent(LegId, Does),
}

/// The world around one call.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) agents: Vec<Agent>,
    /// People at numbers outside.
    pub(crate) outside: Vec<Agent>,
    pub(crate) refers: Refers,
    /// What the caller's telephone does when they are called back, and whether a machine answers, so long after.
    pub(crate) called_back: Phone,
    pub(crate) machine: Option<u64>,
    /// The desk knows how long conversations take.
    pub(crate) estimates: bool,
    pub(crate) said: Vec<Segment>,
    pub(crate) playing: Vec<Playing>,
    pub(crate) hears: Faults,
    pub(crate) writes: Faults,
    pub(crate) understands: Faults,
    pub(crate) speaks: Faults,
    /// What the voice has ready: it can be said whatever is wrong with the voice.
    standby: Vec<String>,
    /// Speech that will never be heard.
    dead: Vec<RequestId>,
    pub(crate) looks_up: Faults,
    /// What the company knows of the caller, when it says so, and what goes wrong.
    pub(crate) known: Option<BTreeMap<String, String>>,
    pub(crate) crm_ms: u64,
    pub(crate) crm: Fault,
    pub(crate) finds: Faults,
    /// What the service answers: order number → fields; a number that is missing is not found.
    pub(crate) orders: BTreeMap<String, BTreeMap<String, String>>,
    /// Reports come late, twice and out of order.
    pub(crate) chaos: Option<Prng>,
    /// The caller's phone never acknowledges our answer.
    pub(crate) never_acks: bool,
    /// The listener tells how long voice lasts.
    pub(crate) tells_lasting: bool,
    /// The recogniser still listens for other languages.
    pub(crate) listens_for_others: bool,
    pub(crate) unsure_of: Option<&'static str>,
    /// How likely the listener finds it that voices are meant for us.
    pub(crate) meant: f32,
    /// What the recogniser makes of voices before they pause: so long after they began.
    pub(crate) glimpses: Vec<(u64, &'static str)>,
    /// They are no more than guesses.
    pub(crate) guesses: bool,
    pub(crate) legs: BTreeMap<LegId, AgentId>,
    /// The desk is one of many calls: what this one asks and tells it, in order, for whoever joins them.
    pub(crate) desk: Option<Vec<Action>>,
    up: Vec<LegId>,
    reserved: BTreeMap<RequestId, AgentId>,
    waiting: Option<RequestId>,
    heap: BTreeMap<(u64, u64), Happening>,
    sequence: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let fields = [("status", "shipped"), ("item", "lamp"), ("expected", "2026-11-27")];
        let order = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self {
            now: 0,
            agents: vec![Agent::accepting("maria", "Maria")],
            outside: Vec::new(),
            refers: Refers::Says(TransferOutcome::Refused, 50),
            called_back: Phone::Answers(4_000),
            machine: None,
            estimates: true,
            said: Vec::new(),
            playing: Vec::new(),
            hears: Faults::default(),
            writes: Faults::default(),
            understands: Faults::default(),
            speaks: Faults::default(),
            standby: flow().standby_clauses(),
            dead: Vec::new(),
            looks_up: Faults::default(),
            known: None,
            crm_ms: 250,
            crm: Fault::None,
            finds: Faults::default(),
            orders: BTreeMap::from([("457129".to_owned(), order)]),
            chaos: None,
            never_acks: false,
            tells_lasting: true,
            listens_for_others: false,
            unsure_of: None,
            meant: 1.0,
            glimpses: Vec::new(),
            guesses: false,
            legs: BTreeMap::new(),
            desk: None,
            up: Vec::new(),
            reserved: BTreeMap::new(),
            waiting: None,
            heap: BTreeMap::new(),
            sequence: 0,
        }
    }

    pub(crate) fn next_time(&self) -> Option<u64> {
        self.heap.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn pop(&mut self) -> Option<Happening> {
        self.heap.pop_first().map(|((at, _), happening)| {
            self.now = self.now.max(at);
            happening
        })
    }

    pub(crate) fn at(&mut self, at: u64, happening: Happening) {
        self.sequence += 1;
        self.heap.insert((at.max(self.now), self.sequence), happening);
    }

    /// A report, as late and as often as the world makes it.
    pub(crate) fn tell(&mut self, at: u64, event: Event) {
        let mut at = at;
        let mut again = None;
        // Keys are events of their own: one that is reported twice was pressed twice.
        if let Some(chaos) = self.chaos.as_mut().filter(|_| !matches!(event, Event::Digit { .. })) {
            if chaos.chance(10) {
                at += chaos.below(400);
            }
            if chaos.chance(8) {
                again = Some(at + chaos.below(3_000));
            }
        }
        if let Some(again) = again {
            self.at(again, Happening::Tell(event.clone()));
        }
        self.at(at, Happening::Tell(event));
    }

    pub(crate) fn in_ms(&mut self, ms: u64, event: Event) {
        self.tell(self.now + ms, event);
    }

    fn served(&mut self, fault: Fault, id: RequestId, ms: u64, event: Event) {
        match fault {
            Fault::None => self.in_ms(ms, event),
            Fault::Slow(more) => self.in_ms(ms + more, event),
            Fault::Fails => self.in_ms(20, Event::Failed { id, why: Failure::Broken }),
            Fault::Overloaded => self.in_ms(1, Event::Failed { id, why: Failure::Overloaded }),
            Fault::Dies => {}
        }
    }

    /// A person speaks on a leg from now on.
    pub(crate) fn speaks_up(&mut self, leg: LegId, ms: u64, text: &str, confidence: f32, complete: Option<f32>) {
        let from = self.now;
        let to = from + ms;
        self.said.push(Segment { leg, from, to, text: text.to_owned(), confidence, complete });
        let at = warmline::call::time::Time(from);
        self.tell(from + 80, Event::VoiceStarted { leg, at });
        if self.tells_lasting {
            for ms in (100..=ms).step_by(100) {
                self.tell(from + ms + 40, Event::VoiceLasting { leg, at, ms, meant: self.meant });
            }
        }
        for (ms, text) in self.glimpses.clone().into_iter().filter(|(ms, _)| from + ms <= to) {
            self.tell(from + ms, Event::Partial { leg, from: at, text: text.to_owned(), guessed: self.guesses, back_channel: None });
        }
        self.tell(to + 200, Event::VoiceStopped { leg, at: warmline::call::time::Time(to) });
    }

    /// The leg ends, for whatever is played on it too.
    pub(crate) fn leg_ends(&mut self, leg: LegId, why: LegEnd) {
        self.up.retain(|up| *up != leg);
        self.in_ms(5, Event::LegEnded { leg, why });
        self.cut_players(leg, SpeechEnd::Failed, 12);
    }

    fn cut_players(&mut self, leg: LegId, why: SpeechEnd, after_ms: u64) {
        let now = self.now;
        let cut: Vec<_> = self.playing.iter_mut().filter(|playing| playing.leg == leg && playing.over.is_none()).collect();
        let ended: Vec<_> = cut
            .into_iter()
            .map(|playing| {
                playing.over = Some(now);
                (playing.id, playing.heard(now))
            })
            .collect();
        for (id, (clauses, fraction)) in ended {
            self.forget_speech(id);
            self.in_ms(after_ms, Event::SpeechEnded { id, why, clauses, fraction });
        }
    }

    fn forget_speech(&mut self, id: RequestId) {
        self.heap.retain(|_, happening| {
            !matches!(happening, Happening::Tell(Event::SpeechStarted { id: other, .. } | Event::SpeechEnded { id: other, .. }) if *other == id)
        });
    }

    /// Does what an action asks.
    pub(crate) fn perform(&mut self, action: &Action) {
        if let Some(desk) = &mut self.desk
            && random_many::is_for_desk(action)
        {
            desk.push(action.clone());
            if matches!(action, Action::FindAgent { .. } | Action::LeaveQueue { .. }) {
                return;
            }
        }
        match action {
            Action::Answer { leg } => {
                if !self.never_acks {
                    self.up.push(*leg);
                    self.in_ms(50, Event::LegAnswered { leg: *leg });
                }
            }
            Action::Dial { leg, agent, .. } => self.dial(*leg, agent),
            Action::CallBack { leg, .. } => self.call_back(*leg),
            Action::HangUp { leg } => {
                self.up.retain(|up| up != leg);
                self.forget_leg(*leg);
                self.cut_players(*leg, SpeechEnd::Failed, 10);
            }
            Action::Speak { id, leg, clauses } => self.speak(*id, *leg, clauses),
            Action::StopSpeaking { id } => self.stop(*id),
            Action::Loudness { leg, loudness } => self.loudness(*leg, *loudness == Loudness::Paused),
            Action::Transcribe { id, leg, from, to, .. } => {
                let mut transcript = self.transcript(*leg, from.0, to.0);
                let ms = 180 + to.since(*from) / 20;
                let fault = self.hears.next();
                // "[ro] unde": said in Romanian.
                if let Some((language, text)) = transcript.text.strip_prefix('[').and_then(|text| text.split_once("] ")) {
                    let (language, text) = (language.to_owned(), text.to_owned());
                    if self.listens_for_others {
                        self.served(fault, *id, ms - 1, Event::OtherLanguage { id: *id, language });
                    }
                    transcript.text = text;
                }
                self.served(fault, *id, ms, Event::Heard { id: *id, transcript });
            }
            Action::WriteDown { id, leg, from, to } => {
                let Transcript { text, confidence, .. } = self.transcript(*leg, from.0, to.0);
                let fault = self.writes.next();
                self.served(fault, *id, 600, Event::WrittenDown { id: *id, text, confidence });
            }
            Action::AskedFor { id, question } => {
                let values = meaning::asks_for(question);
                self.in_ms(40, Event::AsksFor { id: *id, values });
            }
            Action::Understand { id, text } => {
                let fault = self.understands.next();
                self.served(fault, *id, 30, Event::Understood { id: *id, understanding: meaning::of(text) });
            }
            Action::LookUp { id, request } => {
                let number = request.url.rsplit('/').next().unwrap_or_default();
                let found = self.orders.get(number).map_or(Found::Nothing, |fields| Found::Fields { fields: fields.clone() });
                let fault = self.looks_up.next();
                self.served(fault, *id, 150, Event::LookedUp { id: *id, found });
            }
            Action::LookUpCaller { id, .. } => {
                let found = self.known.clone().map_or(Found::Nothing, |fields| Found::Fields { fields });
                self.served(self.crm, *id, self.crm_ms, Event::LookedUp { id: *id, found });
            }
            Action::Transfer { id, replaces, .. } => self.transfer(*id, *replaces),
            Action::FindAgent { id, not, who, .. } => self.find(*id, not, who.as_ref()),
            Action::LeaveQueue { id } => {
                self.waiting = self.waiting.filter(|waiting| waiting != id);
                self.reserved.remove(id);
            }
            Action::HoldIn { .. } => self.listens_for_others = false,
            Action::ReleaseAgent { .. } => {}
            Action::Reject { .. }
            | Action::AnswerTransfer { .. }
            | Action::TransferDone { .. }
            | Action::Patch(_)
            | Action::Prepare { .. }
            | Action::Pace { .. }
            | Action::Forget { .. }
            | Action::Private { .. }
            | Action::Unrecord
            | Action::Strike { .. }
            | Action::Record(_)
            | Action::End { .. } => {}
        }
    }

    fn transcript(&self, leg: LegId, from: u64, to: u64) -> Transcript {
        let said: Vec<&Segment> = self.said.iter().filter(|said| said.leg == leg && said.from < to && said.to > from).collect();
        let text = said.iter().map(|said| said.text.as_str()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        let confidence = if text.is_empty() { 0.0 } else { said.iter().map(|said| said.confidence).fold(1.0, f32::min) };
        Transcript {
            text,
            confidence,
            back_channel: None,
            complete: said.last().and_then(|said| said.complete),
            voice: Some(Box::new(meaning::voice_of(leg))),
        }
    }

    fn speak(&mut self, id: RequestId, leg: LegId, clauses: &[String]) {
        let is_ready = clauses.iter().all(|clause| self.standby.contains(clause));
        let late = match if is_ready { Fault::None } else { self.speaks.next() } {
            Fault::None => 0,
            Fault::Slow(ms) => ms,
            Fault::Fails | Fault::Overloaded => return self.in_ms(20, Event::Failed { id, why: Failure::Broken }),
            Fault::Dies => return self.dead.push(id),
        };
        let free = self.playing.iter().filter(|playing| playing.leg == leg).map(|playing| playing.over.unwrap_or(playing.end())).max();
        let start = (self.now + 120 + late).max(free.unwrap_or(0));
        let playing = Playing::new(id, leg, clauses.to_vec(), start);
        let end = playing.end();
        self.playing.push(playing);
        self.tell(start + 5, Event::SpeechStarted { id, at: warmline::call::time::Time(start) });
        self.tell(end + 5, Event::SpeechEnded { id, why: SpeechEnd::Finished, clauses: clauses.len(), fraction: 0.0 });
    }

    /// What a leg is being played waits, or goes on from the same place.
    fn loudness(&mut self, leg: LegId, paused: bool) {
        let now = self.now;
        let ids: Vec<RequestId> = self.playing.iter().filter(|one| one.leg == leg && one.over.is_none()).map(|one| one.id).collect();
        for id in ids {
            let Some(playing) = self.playing.iter_mut().find(|one| one.id == id) else { continue };
            if paused && playing.paused.is_none() && playing.end() > now {
                playing.paused = Some(now);
                let begun = playing.start <= now;
                self.heap.retain(|_, happening| match happening {
                    Happening::Tell(Event::SpeechStarted { id: other, .. }) => *other != id || begun,
                    Happening::Tell(Event::SpeechEnded { id: other, .. }) => *other != id,
                    Happening::Tell(_) | Happening::Caller(_) | Happening::Agent(..) => true,
                });
            } else if !paused && let Some(since) = playing.paused.take() {
                playing.wait(since, now - since);
                let (start, end, clauses) = (playing.start, playing.end(), playing.clauses.len());
                if start > now {
                    self.tell(start + 5, Event::SpeechStarted { id, at: warmline::call::time::Time(start) });
                }
                self.tell(end + 5, Event::SpeechEnded { id, why: SpeechEnd::Finished, clauses, fraction: 0.0 });
            }
        }
    }

    fn stop(&mut self, id: RequestId) {
        let now = self.now;
        // Whoever sends speech to the leg lives, also when whoever makes it has died.
        if self.dead.contains(&id) {
            self.dead.retain(|dead| *dead != id);
            return self.in_ms(15, Event::SpeechEnded { id, why: SpeechEnd::Stopped, clauses: 0, fraction: 0.0 });
        }
        let Some(playing) = self.playing.iter_mut().find(|playing| playing.id == id && playing.over.is_none()) else { return };
        if playing.end() <= now && playing.paused.is_none() {
            return;
        }
        let until = playing.paused.unwrap_or(now);
        playing.over = Some(until);
        let (clauses, fraction) = playing.heard(until);
        self.forget_speech(id);
        self.in_ms(15, Event::SpeechEnded { id, why: SpeechEnd::Stopped, clauses, fraction });
    }

    /// The caller's side is asked to call somebody, perhaps in place of a leg of ours.
    fn transfer(&mut self, id: RequestId, replaces: Option<LegId>) {
        match self.refers {
            Refers::Says(TransferOutcome::Refused, ms) => {
                return self.in_ms(ms, Event::TransferEnded { id, outcome: TransferOutcome::Refused });
            }
            Refers::Says(outcome, ms) => {
                if let Some(leg) = replaces.filter(|_| outcome == TransferOutcome::Connected) {
                    self.at(self.now + ms.saturating_sub(20), Happening::Agent(leg, Does::HangUp));
                }
                self.in_ms(ms, Event::TransferEnded { id, outcome });
            }
            Refers::HangsUp(ms) => {
                self.at(self.now + ms, Happening::Agent(LegId::CALLER, Does::HangUp));
            }
            Refers::Forgets => {}
        }
        self.in_ms(40, Event::TransferProgress { id });
    }

    fn find(&mut self, id: RequestId, not: &[AgentId], who: Option<&AgentId>) {
        match self.finds.next() {
            Fault::None | Fault::Slow(_) => {}
            Fault::Fails | Fault::Overloaded => return self.in_ms(20, Event::Failed { id, why: Failure::Broken }),
            Fault::Dies => return,
        }
        let right = |agent: &&Agent| who.is_none_or(|who| who.0 == agent.id) && !not.iter().any(|id| id.0 == agent.id);
        let willing = self.agents.iter().filter(right);
        let Some(agent) = willing.min_by_key(|agent| agent.busy_until) else { return self.in_ms(20, Event::NobodyToAsk { id }) };
        let reserved = as_reserved(agent);
        let wait = agent.busy_until.saturating_sub(self.now);
        if wait > 0 {
            self.waiting = Some(id);
            self.in_ms(20, Event::Queued { id, position: 2, estimate_s: self.estimates.then_some(90) });
            self.in_ms(20 + wait / 2, Event::Queued { id, position: 1, estimate_s: self.estimates.then_some(60) });
        }
        self.reserved.insert(id, reserved.id.clone());
        self.in_ms(20 + wait, Event::AgentReserved { id, agent: reserved });
    }

    fn agent_of(&self, leg: LegId) -> Option<&Agent> {
        let id = self.legs.get(&leg)?;
        self.agents.iter().chain(&self.outside).find(|agent| agent.id == id.0)
    }

    fn dial(&mut self, leg: LegId, agent: &AgentId) {
        self.legs.insert(leg, agent.clone());
        let phone = self.agent_of(leg).map_or(Phone::Fails(DialFailure::Unreachable, 10), |agent| agent.phone);
        match phone {
            Phone::Answers(ms) => {
                self.in_ms(100, Event::LegRinging { leg });
                self.up.push(leg);
                self.in_ms(ms, Event::LegAnswered { leg });
            }
            Phone::Fails(why, ms) => {
                if matches!(why, DialFailure::NoAnswer | DialFailure::Declined) {
                    self.in_ms(100, Event::LegRinging { leg });
                }
                failing(leg, why).for_each(|event| self.in_ms(ms, event));
            }
            Phone::Forgotten => self.in_ms(100, Event::LegRinging { leg }),
        }
    }

    fn call_back(&mut self, leg: LegId) {
        match self.called_back {
            Phone::Answers(ms) => {
                self.in_ms(100, Event::LegRinging { leg });
                self.up.push(leg);
                self.in_ms(ms, Event::LegAnswered { leg });
                if let Some(after) = self.machine {
                    self.in_ms(ms + after, Event::FarEnd { leg, sign: FarEndSign::Beep });
                }
            }
            Phone::Fails(why, ms) => failing(leg, why).for_each(|event| self.in_ms(ms, event)),
            Phone::Forgotten => self.in_ms(100, Event::LegRinging { leg }),
        }
    }

    /// The desk has one reserved for this request.
    pub(crate) fn reserved(&mut self, id: RequestId, agent: &Reserved) {
        self.reserved.insert(id, agent.id.clone());
    }

    /// An agent as the desk hands them out.
    pub(crate) fn reserve(&mut self, id: RequestId, agent: &'static str) -> Reserved {
        let agent = self.agents.iter().find(|known| known.id == agent).expect("an agent of the world");
        let reserved = as_reserved(agent);
        self.reserved.insert(id, reserved.id.clone());
        reserved
    }

    /// The card is on an agent's page.
    pub(crate) fn shown(&mut self, agent: &AgentId) {
        let steps: Vec<_> = self.agents.iter().filter(|known| known.id == agent.0).flat_map(|known| known.steps.clone()).collect();
        for (_, after_ms, does) in steps.into_iter().filter(|(when, ..)| *when == Moment::Offered) {
            does.on_page(agent).into_iter().for_each(|event| self.in_ms(after_ms, event));
        }
    }

    /// A moment in the life of an agent's leg.
    pub(crate) fn moment(&mut self, leg: LegId, moment: Moment) {
        // Two who give a caller to each other again and again have had enough of it one day.
        if leg.0 > TIRED && (moment == Moment::Bridged || leg.0 > 4 * TIRED) {
            return self.at(self.now + 4_000, Happening::Agent(leg, Does::HangUp));
        }
        let steps: Vec<_> = self.agent_of(leg).map(|agent| agent.steps.clone()).unwrap_or_default();
        for (when, after_ms, does) in steps {
            if when == moment {
                self.at(self.now + after_ms, Happening::Agent(leg, does));
            }
        }
    }

    /// An agent does something, if their leg is still up.
    pub(crate) fn agent_does(&mut self, leg: LegId, does: &Does) {
        if !self.up.contains(&leg) {
            return;
        }
        match does {
            Does::Press(digit) => self.in_ms(20, Event::Digit { leg, digit: *digit }),
            Does::Say(text) => self.speaks_up(leg, 600, text, if self.unsure_of == Some(*text) { 0.1 } else { 0.9 }, None),
            Does::Beeps => self.in_ms(0, Event::FarEnd { leg, sign: FarEndSign::Beep }),
            Does::SoundsLikeAMachine => self.in_ms(0, Event::FarEnd { leg, sign: FarEndSign::MachineSuspected }),
            Does::HangUp => self.leg_ends(leg, LegEnd::HungUp),
            Does::IsLost => self.leg_ends(leg, LegEnd::MediaLost),
            Does::HandsOn(to) => self.in_ms(20, Event::TransferAsked { leg, to: to.clone() }),
            Does::Supervised(wish) => {
                let (who, name, target) = (AgentId(BOSS.to_owned()), "Eva".to_owned(), format!("sip:{BOSS}@127.0.0.1"));
                let by = Supervisor { who, name, target, agent: None };
                self.in_ms(20, Event::Supervise { by, wish: *wish });
            }
            Does::TakenOver(id) => {
                let name = self.agents.iter().find(|agent| agent.id == *id).map_or("", |agent| agent.name).to_owned();
                self.in_ms(20, Event::LegTakenOver { leg, agent: AgentId((*id).to_owned()), name });
            }
            Does::Page(_) | Does::ClosesPage => {
                let event = self.legs.get(&leg).and_then(|agent| does.on_page(agent));
                event.into_iter().for_each(|event| self.in_ms(20, event));
            }
        }
    }

    /// What was still to be reported of a leg that we hung up. Reports on their way still come.
    fn forget_leg(&mut self, leg: LegId) {
        let soon = self.now + 30;
        self.heap.retain(|(at, _), happening| {
            let of_leg = match happening {
                Happening::Tell(
                    Event::LegRinging { leg: other } | Event::LegAnswered { leg: other } | Event::LegFailed { leg: other, .. },
                ) => *other == leg,
                Happening::Tell(Event::LegEnded { leg: other, .. }) => *other == leg,
                Happening::Agent(other, _) => *other == leg,
                Happening::Tell(_) | Happening::Caller(_) => false,
            };
            !of_leg || *at <= soon
        });
    }

    pub(crate) fn is_up(&self, leg: LegId) -> bool {
        self.up.contains(&leg)
    }
}

fn as_reserved(agent: &Agent) -> Reserved {
    Reserved {
        id: AgentId(agent.id.to_owned()),
        name: agent.name.to_owned(),
        target: format!("sip:{}@127.0.0.1", agent.id),
        transfer: agent.transfer,
        spoken_claim: agent.spoken_claim,
    }
}
