//! What happens in a simulated call: a script for the caller, agents, faults.

use std::{collections::VecDeque, sync::Arc};

use warmline::call::{
    Caller, Setup,
    event::{DialFailure, Engine},
    flow::{
        Flow,
        policy::{Fallback, Mode, Transcribe},
    },
    handoff::Promise,
    ids::{CallId, RequestId},
    record::{Fact, FactSource, Summary},
    redact::Rules,
};

use super::{
    agents::{Agent, Phone},
    faults::{Fault, Faults},
    flow,
    run::Run,
    setup,
    world::{Refers, World},
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
    /// It is a fax machine.
    IsFax,
    /// Not the caller: the gateway shuts down.
    Drains,
    /// Nor this: a supervisor ends the call.
    IsEnded,
    /// Nor this: an engine elsewhere is no help.
    FallsBack(Engine),
}

/// A call that is told and then run.
#[derive(Debug)]
pub(crate) struct Sim {
    flow: Arc<Flow>,
    pub(crate) world: World,
    script: VecDeque<(Cue, CallerDoes)>,
    number: Option<String>,
    redact: Option<Rules>,
    others: Vec<Arc<Flow>>,
    promise: Option<Box<Promise>>,
    looked_up: bool,
    waited_ms: u64,
    network: Caller,
}

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

    /// Somebody outside, whom an agent may call.
    pub(crate) fn outside(mut self, person: Agent) -> Self {
        self.world.outside.push(person);
        self
    }

    pub(crate) fn refers(mut self, refers: Refers) -> Self {
        self.world.refers = refers;
        self
    }

    pub(crate) fn fallback(mut self, fallback: Fallback) -> Self {
        // Copying a flow takes longer than a call.
        if self.flow.handoff.fallback != fallback {
            Arc::make_mut(&mut self.flow).handoff.fallback = fallback;
        }
        self
    }

    /// People of this queue are glad to know these slots.
    pub(crate) fn useful(mut self, queue: &str, slots: &[&str]) -> Self {
        let flow = Arc::make_mut(&mut self.flow);
        flow.queues.get_mut(queue).expect("a queue of the flow").useful = slots.iter().map(|slot| (*slot).to_owned()).collect();
        self
    }

    /// Nobody calls: a promise is kept, for which this agent is reserved.
    pub(crate) fn keeps_promise(mut self, agent: &'static str) -> Self {
        let fact = Fact {
            name: "order_number".to_owned(),
            label: "order number".to_owned(),
            value: "457129".to_owned(),
            confidence: 0.9,
            confirmed: true,
            source: FactSource::Said,
            span: None,
        };
        let summary = Summary {
            who: "Ioana Pop".to_owned(),
            intent: Some("complaint".to_owned()),
            reason: "Wants to complain.".to_owned(),
            facts: vec![fact],
            spoken: vec!["The caller is Ioana Pop.".to_owned(), "Wants to complain.".to_owned()],
            ..Summary::default()
        };
        self.promise = Some(Box::new(Promise {
            of: CallId("call-0".to_owned()),
            queue: "complaints".to_owned(),
            target: "via:isp/+40721000111".to_owned(),
            summary,
            agent: self.world.reserve(RequestId(0), agent),
            waited_ms: 90_000,
        }));
        self
    }

    /// What the caller's telephone does when they are called back.
    pub(crate) fn called_back(mut self, phone: Phone) -> Self {
        self.world.called_back = phone;
        self
    }

    pub(crate) fn longest_message(mut self, seconds: u64) -> Self {
        Arc::make_mut(&mut self.flow).handoff.voicemail_s = seconds;
        self
    }

    /// Whose words are written down after the bridge.
    pub(crate) fn transcribe(mut self, whose: Transcribe) -> Self {
        Arc::make_mut(&mut self.flow).handoff.transcribe = whose;
        self
    }

    /// Agents may send callers back to this node.
    pub(crate) fn send_back(mut self, node: &str) -> Self {
        Arc::make_mut(&mut self.flow).handoff.send_back.push(node.to_owned());
        self
    }

    /// How agents learn of calls with this intent or for this reason.
    pub(crate) fn mode(mut self, of: &str, mode: Mode) -> Self {
        Arc::make_mut(&mut self.flow).handoff.modes.insert(of.to_owned(), mode);
        self
    }

    pub(crate) fn longest_wait(mut self, ms: u64) -> Self {
        Arc::make_mut(&mut self.flow).handoff.wait_ms = ms;
        self
    }

    pub(crate) fn with_flow(flow: Arc<Flow>) -> Self {
        Self {
            flow,
            world: World::new(),
            script: VecDeque::new(),
            number: None,
            redact: None,
            others: Vec::new(),
            promise: None,
            looked_up: false,
            waited_ms: 0,
            network: Caller::default(),
        }
    }

    /// What the network says of the caller beside number and name.
    pub(crate) fn network(mut self, network: Caller) -> Self {
        self.network = network;
        self
    }

    /// Flows of other languages that may take the call.
    pub(crate) fn others(mut self, flows: Vec<Arc<Flow>>) -> Self {
        self.world.listens_for_others = !flows.is_empty();
        self.others = flows;
        self
    }

    pub(crate) fn number(mut self, number: &str) -> Self {
        self.number = Some(number.to_owned());
        self
    }

    /// A callback is owed to them for so long.
    pub(crate) fn waited(mut self, ms: u64) -> Self {
        self.waited_ms = ms;
        self
    }

    /// What is struck out of the record, instead of the usual.
    pub(crate) fn redact(mut self, rules: Rules) -> Self {
        self.redact = Some(rules);
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

    /// The company knows this of the caller, and says so so many milliseconds after the call has arrived.
    pub(crate) fn known(mut self, fields: &[(&str, &str)], ms: u64) -> Self {
        self.world.known = Some(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        self.world.crm_ms = ms;
        self.looked_up = true;
        self
    }

    /// The company is asked about the caller, and this goes wrong.
    pub(crate) fn unknown(mut self, fault: Fault) -> Self {
        self.world.crm = fault;
        self.looked_up = true;
        self
    }

    pub(crate) fn queue(mut self, faults: &[Fault]) -> Self {
        self.world.finds = Faults(faults.iter().copied().collect());
        self
    }

    pub(crate) fn run(self) -> Run {
        let (setup, world, script) = self.parts();
        Run::of(setup, world, script)
    }

    /// One of many calls, of this name.
    pub(crate) fn begin(mut self, call: &CallId) -> Run {
        self.world.desk = Some(Vec::new());
        let (setup, world, script) = self.parts();
        Run::begin(Setup { call: call.clone(), ..setup }, world, script)
    }

    fn parts(self) -> (Setup, World, VecDeque<(Cue, CallerDoes)>) {
        let mut setup = setup(self.flow);
        setup.others = self.others;
        setup.promise = self.promise;
        setup.caller.looked_up = self.looked_up;
        setup.caller.waited_ms = self.waited_ms;
        let Caller { asserted, diverted_from, signed, trunk, .. } = self.network;
        setup.caller = Caller { asserted, diverted_from, signed, trunk, ..setup.caller };
        setup.redact = self.redact.unwrap_or_default();
        if let Some(number) = self.number {
            setup.caller.number = number;
            setup.caller.name = None;
        }
        (setup, self.world, self.script)
    }
}

/// How a phone that cannot be had fails.
pub(crate) fn fails(id: &'static str, name: &'static str, why: DialFailure) -> Agent {
    let ms = if why == DialFailure::NoAnswer { 20_000 } else { 1_000 };
    Agent::with(id, name, Phone::Fails(why, ms))
}
