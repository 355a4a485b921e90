//! What every phase of a call shares: the way out, the flow, and the caller's mouth and ear.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::call::{
    asked_again::OnCard,
    caller::Caller,
    claim, clauses,
    consent::Consent,
    event::{Engine, FarEndSign, LegCause, LegQuality},
    flow::{
        Flow,
        prompt::PromptKey,
        step::{Expect, Interrupt},
    },
    ids::{CallId, LegId, RequestId},
    io::Io,
    measured::Measured,
    media::patch::Patch,
    record::{HandoffStep, Party, What},
    scribe::Scribe,
    silence::SilenceMeter,
    time::{Time, WallTime},
    timer::Timer,
    turn::{
        ear::{CALLER_TIMERS, Ear},
        line::Line,
        mouth::Mouth,
        overlap::Looks,
        words::Language,
    },
    written::Question,
};

/// A voice that goes on.
#[derive(Debug, Default)]
pub(crate) struct Lasting {
    pub(crate) at: Time,
    pub(crate) ms: u64,
    /// When that was said last.
    pub(crate) told: Time,
    pub(crate) looks: Looks,
    /// The bot was still for it, and went on.
    pub(crate) let_go: bool,
}

impl Lasting {
    /// Another voice is weighed by itself.
    pub(crate) fn of(&mut self, at: Time) -> &mut Self {
        if self.at != at {
            *self = Self { at, ..Self::default() };
        }
        self
    }
}

/// The shared part of a call.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) io: Io,
    pub(crate) flow: Arc<Flow>,
    pub(crate) caller: Caller,
    /// The civil time at the company's place when the call arrived.
    wall: WallTime,
    pub(crate) language: Language,
    /// What is said to the caller.
    pub(crate) mouth: Mouth,
    /// What the caller says.
    pub(crate) ear: Ear,
    /// What the caller is expected to say now.
    pub(crate) expect: Expect,
    /// The caller's voice began while the bot could be heard.
    pub(crate) over_bot: bool,
    /// How likely that voice is meant for us, as the listener said last.
    pub(crate) meant: f32,
    /// The caller's last turn began like that.
    pub(crate) cut_in: bool,
    /// The voice that sounds over the bot's words: when it began, for how long it has sounded, and its words as far as they are known.
    pub(crate) lasting: Lasting,
    /// The caller's turns so far.
    pub(crate) turn: u32,
    /// The caller's last sound of the turn that has no reply yet.
    pub(crate) reply_after: Option<Time>,
    /// The caller's leg has not ended.
    pub(crate) caller_up: bool,
    /// The caller has put us on hold, or took us back then.
    pub(crate) held: bool,
    pub(crate) held_until: Time,
    /// Who hears whom, as last stated.
    pub(crate) patch: Patch,
    /// The calm sound is on because an answer takes long.
    pub(crate) comfort: bool,
    /// Since when we owe the caller a sound.
    pub(crate) owed_since: Option<Time>,
    pub(crate) silence: SilenceMeter,
    /// What the caller was asked to agree to.
    pub(crate) consent: Consent,
    /// What is counted of the handoff that goes on.
    pub(crate) handoff: Measured,
    /// What is written down of caller and agent.
    pub(crate) scribe: Scribe,
    /// What the agent could read when they took the call, and their questions of which it is not known yet what they are after.
    pub(crate) on_card: OnCard,
    pub(crate) questions: BTreeMap<RequestId, Question>,
    /// Some of it could not be.
    pub(crate) unwritten: bool,
    /// The record says that the call has ended.
    pub(super) over: bool,
    /// Requests to the queue for which no agent has been told yet.
    pub(crate) finds: BTreeSet<RequestId>,
    /// What was heard on which leg besides words: each counts once.
    pub(crate) signs: BTreeSet<(LegId, FarEndSign)>,
    /// How each leg has sounded so far.
    pub(crate) qualities: BTreeMap<LegId, LegQuality>,
    /// What the network has said of legs that are over.
    pub(crate) explained: BTreeSet<(LegId, LegCause)>,
    /// Engines elsewhere that the record says were no help.
    pub(crate) fallen: BTreeSet<Engine>,
    /// The claim code, figure by figure.
    pub(crate) claim: String,
    last_leg: u32,
}

impl Base {
    /// The shared part at the beginning of a call.
    pub(crate) fn new(call: &CallId, flow: Arc<Flow>, caller: Caller, wall: WallTime) -> Self {
        let language = flow.words();
        let claim = if caller.claim_code.is_empty() { claim::code(&call.0) } else { caller.claim_code.clone() };
        let ear = Ear::new(LegId::CALLER, CALLER_TIMERS, flow.turn.clone(), language, Time::ZERO);
        Self {
            io: Io::default(),
            mouth: Mouth::new(LegId::CALLER, Timer::CallerSpeech, Time::ZERO),
            ear,
            flow,
            caller,
            wall,
            language,
            expect: Expect::Sentence,
            over_bot: false,
            meant: 1.0,
            cut_in: false,
            lasting: Lasting::default(),
            turn: 0,
            reply_after: None,
            caller_up: true,
            held: false,
            held_until: Time::ZERO,
            patch: Patch::default(),
            comfort: false,
            owed_since: None,
            silence: SilenceMeter::default(),
            consent: Consent::default(),
            handoff: Measured::default(),
            scribe: Scribe::default(),
            on_card: OnCard::default(),
            questions: BTreeMap::new(),
            unwritten: false,
            over: false,
            finds: BTreeSet::new(),
            signs: BTreeSet::new(),
            explained: BTreeSet::new(),
            qualities: BTreeMap::new(),
            fallen: BTreeSet::new(),
            claim: claim::spoken(&claim),
            last_leg: LegId::CALLER.0,
        }
    }

    /// The civil moment.
    pub(crate) fn wall_now(&self) -> WallTime {
        self.wall.after(self.io.now)
    }

    /// Another flow goes on with the call.
    pub(crate) fn follow(&mut self, flow: Arc<Flow>) {
        self.language = flow.words();
        self.ear.follow(flow.turn.clone(), self.language);
        self.io.follow(self.language);
        self.flow = flow;
    }

    /// The name of a leg that is about to be dialled.
    pub(crate) fn next_leg(&mut self) -> LegId {
        self.last_leg += 1;
        LegId(self.last_leg)
    }

    /// Says a text of the flow to the caller. `by`: what may interrupt it. Nothing is said to nobody: a caller who is to be called back.
    pub(crate) fn say(&mut self, node: String, text: &str, by: Interrupt, notice: Option<String>) {
        if !self.caller_up {
            return;
        }
        let after = self.reply_after.take();
        let line = Line { notice, after, ..self.line(node, text, by) };
        self.mouth.say(&mut self.io, line);
    }

    fn line(&self, node: String, text: &str, by: Interrupt) -> Line {
        Line {
            node,
            clauses: clauses::split(text),
            interruptible: by.voice,
            keys_interrupt: by.keys,
            in_doubt: by.in_doubt,
            notice: None,
            answers: None,
            late: false,
            at: self.io.now,
            turn: self.turn,
            after: None,
        }
    }

    /// Asks the caller for patience with words that the voice has ready: before the line that is late, or while theirs are.
    pub(crate) fn ask_for_a_moment(&mut self) {
        let text = self.flow.prompt(PromptKey::OneMoment, &[]);
        let line = Line { late: true, ..self.line(node_of(PromptKey::OneMoment), &text, Interrupt::all(true)) };
        self.mouth.stand_in(&mut self.io, line);
    }

    /// The caller hears nothing but that, or nothing at all.
    pub(crate) fn says_nothing_else(&self) -> bool {
        self.mouth.is_idle() || self.mouth.says_only(&node_of(PromptKey::OneMoment))
    }

    /// Says one of the brain's own sentences to the caller.
    pub(crate) fn say_prompt(&mut self, key: PromptKey, vars: &[(&str, &str)], interruptible: bool) {
        let text = self.flow.prompt(key, vars);
        self.say(node_of(key), &text, Interrupt::all(interruptible), None);
    }

    /// Tells a caller who waits for a human how it stands.
    pub(crate) fn tell(&mut self, key: PromptKey, vars: &[(&str, &str)]) {
        if !self.caller_up {
            return;
        }
        let text = self.flow.prompt(key, vars);
        self.say(node_of(key), &text, Interrupt::all(false), None);
        self.io.record(What::Handoff { step: HandoffStep::CallerTold { text } });
    }

    /// Writes down how the legs have sounded; at the end.
    pub(crate) fn record_qualities(&mut self) {
        for (leg, quality) in std::mem::take(&mut self.qualities) {
            self.io.record(What::Quality { who: Party::of(leg), quality });
        }
    }

    /// Whole sentences are expected: a short sound is no answer.
    pub(crate) const fn expects_sentence(&self) -> bool {
        matches!(self.expect, Expect::Sentence)
    }

    /// Nothing is said, nobody speaks, and nothing is being thought about; since then.
    pub(crate) fn quiet_since(&self) -> Option<Time> {
        if !self.mouth.is_idle() || self.held {
            return None;
        }
        let since = self.mouth.silent_since()?.max(self.ear.quiet_since()?);
        Some(since.max(self.held_until))
    }
}

/// The record's name for a prompt: `AreYouThere` → `are_you_there`.
pub(crate) fn node_of(key: PromptKey) -> String {
    let mut name = String::new();
    for letter in format!("{key:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
