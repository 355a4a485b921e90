//! The state machine of one call: reports and time go in, actions come out.

use std::sync::Arc;

use crate::call::{
    action::{Action, AgentAfter},
    base::Base,
    bot::Bot,
    caller::Caller,
    event::{Engine, Event, Failure, FarEndSign, TransferTo},
    flow::{Destination, Flow, prompt::PromptKey},
    handoff::{AgentVoice, Farewell, Handoff, Matter, Promise},
    ids::{CallId, LegId, RequestId},
    known_caller,
    other_language::Others,
    outcome::Outcome,
    record::{Owner, Party, What},
    redact::Rules,
    then::Then,
    time::{Time, WallTime},
    timer::Timer,
};

/// The caller's ACK is waited for at most this long (RFC 3261 section 13.3.1.4: 64 × T1), with a second for the driver that watches it.
const ACK_MS: u64 = 33_000;

/// No call is longer.
const LONGEST_CALL_MS: u64 = 4 * 60 * 60 * 1_000;

/// What a call begins with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Its name.
    pub call: CallId,
    /// What it follows.
    pub flow: Arc<Flow>,
    /// The civil time at the company's place when it arrived.
    pub wall: WallTime,
    /// Who calls.
    pub caller: Caller,
    /// What is struck out of what is written down.
    pub redact: Rules,
    /// Flows of other languages, one of which takes the call if the caller's first words are in its language.
    pub others: Vec<Arc<Flow>>,
    /// Nobody has called: this promise is kept.
    pub promise: Option<Box<Promise>>,
}

/// Where the call stands. Each state owns what is valid in it.
#[derive(Debug)]
pub(super) enum Phase {
    /// The caller's leg is not up yet.
    Arrived(Box<Bot>),
    /// The bot has the caller.
    Talking(Box<Bot>),
    /// The caller waits for a human, or has one. The bot is there if nobody comes.
    HandingOver { bot: Box<Bot>, handoff: Box<Handoff> },
    /// The last words to the caller.
    Closing(Outcome),
    /// The caller has gone; what was said is written down, and an agent on the line is told.
    Parting { outcome: Outcome, farewell: Option<Box<Farewell>> },
    /// Nothing follows.
    Ended,
}

/// One call.
#[derive(Debug)]
pub struct Call {
    pub(super) base: Base,
    pub(super) phase: Phase,
    pub(super) others: Others,
    /// What is asked about the caller.
    pub(super) asked: Option<known_caller::Asked>,
}

impl Call {
    /// A call that has arrived: it is answered, and the greeting made ready.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let Setup { call, flow, wall, caller, redact, others, promise } = setup;
        let bot = Bot::new(&flow, wall, &caller);
        let mut base = Base::new(&call, flow, caller, wall);
        base.io.strike_out(&redact, base.language);
        base.io.record(What::Arrived {
            caller: base.caller.number.clone(),
            caller_name: base.caller.name.clone(),
            called: base.caller.called.clone(),
            flow: base.flow.name.clone(),
            language: base.flow.language.clone(),
        });
        if let Some(promise) = promise {
            return Self::calling_back(base, bot, others, wall, *promise);
        }
        base.io.record(What::Owner { owner: Owner::Bot });
        base.io.act(Action::Answer { leg: LegId::CALLER });
        bot.prepare_greeting(&mut base);
        let asked = known_caller::ask(&mut base);
        base.io.timers.set(Timer::CallerAck, Time(ACK_MS));
        base.io.timers.set(Timer::CallLimit, Time(LONGEST_CALL_MS));
        Self { base, phase: Phase::Arrived(Box::new(bot)), others: Others::new(others, wall), asked }
    }

    /// A call that keeps a promise. The bot is there if the agent sends the caller to it.
    fn calling_back(mut base: Base, mut bot: Bot, others: Vec<Arc<Flow>>, wall: WallTime, promise: Promise) -> Self {
        base.caller_up = false;
        base.io.timers.set(Timer::CallLimit, Time(LONGEST_CALL_MS));
        bot.know_facts(&promise.summary.facts);
        let nothing_open = bot.questions_for(&promise.queue).without_questions();
        let handoff = Box::new(Handoff::keep_promise(&mut base, promise, nothing_open));
        let mut call =
            Self { base, phase: Phase::HandingOver { bot: Box::new(bot), handoff }, others: Others::new(others, wall), asked: None };
        call.settle();
        call
    }

    /// Tells the call what has happened.
    pub fn handle(&mut self, event: Event, now: Time) {
        if matches!(self.phase, Phase::Ended) {
            return;
        }
        self.base.io.now = self.base.io.now.max(now);
        self.dispatch(event);
        self.settle();
    }

    /// Tells the call that its deadline has passed. Too early is harmless.
    pub fn handle_timeout(&mut self, now: Time) {
        self.base.io.now = self.base.io.now.max(now);
        while let Some(timer) = self.base.io.timers.pop(self.base.io.now) {
            self.fire(timer);
            self.settle();
        }
    }

    /// The next thing to be done.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.base.io.poll()
    }

    /// The next deadline, and why; none if and only if the call has ended.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Time, Timer)> {
        self.base.io.timers.next()
    }

    fn dispatch(&mut self, event: Event) {
        match event {
            Event::LegRinging { leg } => _ = self.with_handoff(|handoff, base| handoff.ringing(base, leg)),
            Event::LegAnswered { leg: LegId::CALLER } => self.caller_answered(),
            Event::LegAnswered { leg } => _ = self.with_handoff(|handoff, base| handoff.answered(base, leg)),
            Event::LegFailed { leg: LegId::CALLER, why } => self.handoff_then(|handoff, base| handoff.caller_not_reached(base, why)),
            Event::LegFailed { leg, why } => self.handoff_then(|handoff, base| handoff.dial_failed(base, leg, why)),
            Event::LegEnded { leg: LegId::CALLER, why } => self.caller_left(why),
            Event::LegEnded { leg, why } => self.other_leg_ended(leg, why),
            // A report that comes twice changes nothing.
            Event::LegCause { leg, cause } if self.base.explained.insert((leg, cause)) => {
                self.base.io.record(What::Cause { who: Party::of(leg), cause });
            }
            Event::LegCause { .. } => {}
            Event::LegHeld { leg, held } => self.held(leg, held),
            Event::Digit { leg, digit } => self.digit(leg, digit),
            Event::FarEnd { leg, sign } => self.far_end(leg, sign),
            Event::LegQuality { leg, quality } => _ = self.base.qualities.insert(leg, quality),

            Event::VoiceStarted { leg, at } if self.base.scribe.follows(leg) => self.base.scribe.voice_started(&mut self.base.io, leg, at),
            Event::VoiceStopped { leg, at } if self.base.scribe.follows(leg) => self.base.scribe.voice_stopped(&mut self.base.io, leg, at),
            Event::VoiceStarted { leg: LegId::CALLER, at } => self.voice_started(at),
            Event::VoiceStarted { leg, at } => self.agent_voice(Some(leg), &AgentVoice::VoiceStarted { at }),
            Event::VoiceLasting { leg, at, ms, meant } => self.voice_lasting(leg, at, ms, meant),
            Event::VoiceStopped { leg: LegId::CALLER, at } => self.voice_stopped(at),
            Event::VoiceStopped { leg, at } => self.agent_voice(Some(leg), &AgentVoice::VoiceStopped { at }),
            Event::Partial { leg, from, text, guessed, back_channel } => self.partial(leg, from, text, (guessed, back_channel)),
            Event::OtherLanguage { language, .. } => self.other_language(&language),
            Event::Heard { id, transcript } => {
                self.heard(id, transcript.clone());
                self.agent_voice(None, &AgentVoice::Heard { id, heard: transcript });
            }
            Event::WrittenDown { id, text, confidence } => self.written_down(id, &text, confidence),
            Event::AsksFor { id, values } => self.asks_for(id, &values),
            Event::Sounded { id, complete } => self.sounded(id, complete),
            Event::Understood { id, understanding } => self.understood(id, understanding),

            Event::SpeechStarted { id, at } => {
                self.speech_started(id, at);
                self.agent_voice(None, &AgentVoice::Started { id, at });
            }
            Event::SpeechEnded { id, why, clauses, fraction } => {
                self.speech_ended(id, why, clauses, fraction);
                self.agent_voice(None, &AgentVoice::Ended { id, why, clauses, fraction });
            }

            Event::LookedUp { id, found } => {
                if !self.is_about_caller(id, Ok(&found)) {
                    self.bot_then(|bot, base| bot.looked_up(base, id, Ok(found)));
                }
            }

            Event::AgentReserved { id, agent } => self.agent_reserved(id, agent),
            Event::Queued { id, position, estimate_s } => self.handoff_then(|handoff, base| handoff.queued(base, id, position, estimate_s)),
            Event::NobodyToAsk { id } => self.handoff_then(|handoff, base| handoff.nobody_to_ask(base, id)),
            Event::PageClosed { agent } => self.handoff_then(|handoff, base| handoff.page_closed(base, &agent)),
            Event::TransferProgress { id } => _ = self.with_handoff(|handoff, _| handoff.transfer_goes_on(id)),
            Event::TransferEnded { id, outcome } => self.handoff_then(|handoff, base| handoff.transfer_ended(base, id, outcome)),
            Event::TransferAsked { leg, to } => self.transfer_asked(leg, to),
            Event::LegTakenOver { leg, agent, name } => _ = self.with_handoff(|handoff, base| handoff.taken_over(base, leg, agent, name)),
            Event::AgentChose { agent, choice } => self.handoff_then(|handoff, base| handoff.agent_chose(base, &agent, choice)),

            Event::Supervise { by, wish } => _ = self.with_handoff(|handoff, base| handoff.supervise(base, by, wish)),
            Event::Failed { id, why } if self.is_about_caller(id, Err(why)) => {}
            Event::Failed { id, why } => {
                self.unwritten(id);
                self.base.questions.remove(&id);
                self.ear_failed(id, why);
                self.speech_failed(id);
                self.bot_then(|bot, base| bot.looked_up(base, id, Err(why)));
                self.handoff_then(|handoff, base| handoff.nobody_to_ask(base, id));
                self.agent_voice(None, &AgentVoice::Failed { id });
            }
            Event::FellBack { engine, why } => self.fell_back(engine, why),
            Event::EndCall => self.wind_up(PromptKey::Goodbye, None),
            Event::Drain => self.wind_up(PromptKey::Drained, Some(Outcome::Drained)),
        }
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::CallerAck => {
                if matches!(self.phase, Phase::Arrived(_)) {
                    self.finish(Outcome::Lost);
                }
            }
            Timer::CallLimit => self.wind_up(PromptKey::Goodbye, None),
            Timer::Silence => {
                self.bot_then(|bot, base| bot.silence(base));
                self.handoff_then(|handoff, base| handoff.caller_is_silent(base));
            }
            Timer::Comfort => self.base.comfort = true,
            Timer::BargeIn => self.barge_in(),
            Timer::EndOfTurn => self.pause_over(),
            Timer::Recogniser => self.recogniser_late(),
            Timer::LongestTurn => self.turn_too_long(),
            Timer::KeyPause => {
                self.bot_then(|bot, base| bot.keys_over(base));
                self.handoff_then(|handoff, base| handoff.caller_keys_over(base));
            }
            Timer::CallerSpeech => self.speech_late(),
            Timer::LookUp => self.bot_then(|bot, base| bot.look_up_late(base)),
            Timer::Filler => self.bot_then(|bot, base| bot.say_filler(base)),

            Timer::FindAgent => self.handoff_then(|handoff, base| handoff.find_late(base)),
            Timer::AgentAnswer => self.handoff_then(|handoff, base| handoff.answer_late(base)),
            Timer::AgentSpeech => self.agent_voice(None, &AgentVoice::SpeechLate),
            Timer::AgentEndOfTurn => self.agent_voice(None, &AgentVoice::PauseOver),
            Timer::AgentRecogniser => self.agent_voice(None, &AgentVoice::RecogniserLate),
            Timer::AgentLongestTurn => self.agent_voice(None, &AgentVoice::TooLong),
            Timer::AgentChoose => self.handoff_then(|handoff, base| handoff.choice_late(base)),
            Timer::CallerAnswer => self.handoff_then(|handoff, base| handoff.caller_answer_late(base)),
            Timer::Connect => _ = self.with_handoff(|handoff, base| handoff.connect_late(base)),
            Timer::Supervisor => _ = self.with_handoff(|handoff, base| handoff.supervisor_late(base)),
            Timer::Third => _ = self.with_handoff(|handoff, base| handoff.third_late(base)),
            Timer::Transfer => self.handoff_then(|handoff, base| handoff.transfer_late(base)),
            Timer::Update => _ = self.with_handoff(|handoff, base| handoff.update(base)),
            Timer::Question => _ = self.with_handoff(|handoff, base| handoff.ask_meanwhile(base)),
            Timer::Voicemail => self.handoff_then(|handoff, base| handoff.message_timed_out(base)),
            Timer::QueueWait => self.handoff_then(|handoff, base| handoff.waited_too_long(base)),
            Timer::Farewell => self.end_farewell(true),
            Timer::Scribe => self.base.scribe.due(&mut self.base.io),
        }
    }

    /// Does something with the bot, if the bot has the caller.
    pub(super) fn bot_then(&mut self, what: impl FnOnce(&mut Bot, &mut Base) -> Then) {
        let then = match &mut self.phase {
            Phase::Talking(bot) => what(bot, &mut self.base),
            Phase::Arrived(_) | Phase::HandingOver { .. } | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => return,
        };
        self.follow(then);
    }

    pub(super) fn with_handoff<R>(&mut self, what: impl FnOnce(&mut Handoff, &mut Base) -> R) -> Option<R> {
        match &mut self.phase {
            Phase::HandingOver { handoff, .. } => Some(what(handoff, &mut self.base)),
            Phase::Arrived(_) | Phase::Talking(_) | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => None,
        }
    }

    /// Does something with the handoff, if there is one.
    pub(super) fn handoff_then(&mut self, what: impl FnOnce(&mut Handoff, &mut Base) -> Then) {
        if let Some(then) = self.with_handoff(what) {
            self.follow(then);
        }
    }

    fn follow(&mut self, then: Then) {
        match then {
            Then::Stay => {}
            Then::Human { to, why } => self.call_a_human(to, &why),
            Then::Ask(ask) => self.ask_one_line(*ask),
            Then::Asked { node, result } => self.asked_one_line(node, result),
            Then::Bot => self.back_to_bot(),
            Then::BotAt { node } => {
                self.back_to_bot();
                self.bot_then(|bot, base| bot.goes_on_at(base, node.as_deref()));
            }
            Then::Close(outcome) => {
                // Nobody listens in the goodbye; a voice that goes on must not look like one for ever.
                self.base.ear.discard(&mut self.base.io);
                self.phase = Phase::Closing(outcome);
            }
            Then::End(outcome) => self.end_conversation(outcome),
            Then::Part(outcome, farewell) => {
                self.base.mouth.silence(&mut self.base.io);
                self.phase = Phase::Parting { outcome, farewell: Some(farewell) };
            }
        }
    }

    fn caller_answered(&mut self) {
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Arrived(bot) => {
                self.base.io.timers.stop(Timer::CallerAck);
                self.base.io.record(What::Answered);
                self.phase = Phase::Talking(bot);
                self.bot_then(|bot, base| bot.greet(base));
            }
            Phase::HandingOver { bot, mut handoff } => {
                handoff.caller_reached(&mut self.base);
                self.phase = Phase::HandingOver { bot, handoff };
            }
            other => self.phase = other,
        }
    }

    fn call_a_human(&mut self, to: Destination, why: &str) {
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Talking(mut bot) => {
                let base = &mut self.base;
                bot.hand_on(base);
                let open = bot.open_question().map(|words| base.io.told(&words));
                let matter = Matter::new(bot.intent().map(str::to_owned), open, base.io.told(why));
                let questions = bot.questions_for(&to.queue);
                let handoff = Box::new(Handoff::start(base, to, matter, questions));
                self.phase = Phase::HandingOver { bot, handoff };
                self.handoff_then(Handoff::closed);
            }
            other => self.phase = other,
        }
    }

    fn back_to_bot(&mut self) {
        match std::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::HandingOver { mut bot, handoff } => {
                bot.take_back(self.base.io.now, handoff.into_gathered());
                self.base.io.record(What::Owner { owner: Owner::Bot });
                self.phase = Phase::Talking(bot);
            }
            other => self.phase = other,
        }
    }

    fn agent_reserved(&mut self, id: RequestId, agent: crate::call::event::Agent) {
        // Told before, or for a request that was never made: nothing to give back.
        if !self.base.finds.remove(&id) {
            return;
        }
        let left = match &mut self.phase {
            Phase::HandingOver { handoff, .. } => handoff.reserved(&mut self.base, id, agent).err(),
            Phase::Arrived(_) | Phase::Talking(_) | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => Some(agent),
        };
        if let Some(agent) = left {
            self.base.io.act(Action::ReleaseAgent { agent: agent.id, after: AgentAfter::Free });
        }
    }

    /// Only whoever has the caller may hand them on.
    fn transfer_asked(&mut self, leg: LegId, to: TransferTo) {
        if matches!(self.phase, Phase::HandingOver { .. }) {
            self.handoff_then(|handoff, base| handoff.transfer_asked(base, leg, to));
        } else {
            self.base.io.act(Action::AnswerTransfer { leg, granted: false });
        }
    }

    fn held(&mut self, leg: LegId, held: bool) {
        if leg != LegId::CALLER || matches!(self.phase, Phase::Ended) {
            return;
        }
        self.base.held = held;
        self.base.held_until = self.base.io.now;
        self.base.mouth.on_hold(&mut self.base.io, held);
    }

    /// A machine at the far end: a fax has nothing to say to us, and a caller is never connected to an answering machine.
    fn far_end(&mut self, leg: LegId, sign: FarEndSign) {
        if !self.base.signs.insert((leg, sign)) {
            return;
        }
        self.base.io.record(What::FarEnd { who: Party::of(leg), sign });
        if leg != LegId::CALLER {
            return self.handoff_then(|handoff, base| handoff.machine(base, leg, sign));
        }
        self.handoff_then(|handoff, base| handoff.caller_is_machine(base, sign));
        if sign == FarEndSign::Fax
            && let Phase::Talking(bot) = &mut self.phase
        {
            bot.hand_on(&mut self.base);
            self.base.mouth.silence(&mut self.base.io);
            self.finish(Outcome::Fax);
        }
    }

    /// The record says once of each engine elsewhere that it was no help.
    fn fell_back(&mut self, engine: Engine, why: Failure) {
        if self.base.fallen.insert(engine) {
            let (what, then) = match engine {
                Engine::Recogniser => ("recogniser", "heard with the built-in one"),
                Engine::Voice => ("voice", "spoke with the built-in one"),
                Engine::Chat => ("chat model", "did without"),
            };
            let why = match why {
                Failure::TimedOut => "no answer in time",
                Failure::Overloaded => "asked too much",
                Failure::Broken => "broken",
                Failure::BadAnswer => "a wrong answer",
            };
            self.base.io.record(What::Trouble { what_failed: format!("remote {what}: {why}"), then: then.to_owned() });
        }
    }

    fn digit(&mut self, leg: LegId, digit: char) {
        if leg == LegId::CALLER {
            match &self.phase {
                Phase::Talking(_) => self.bot_then(|bot, base| bot.key(base, digit)),
                Phase::HandingOver { .. } => self.handoff_then(|handoff, base| handoff.caller_key(base, digit)),
                Phase::Arrived(_) | Phase::Closing(_) | Phase::Parting { .. } | Phase::Ended => {}
            }
        } else {
            self.handoff_then(|handoff, base| handoff.agent_key(base, leg, digit));
        }
    }

    /// A report about an agent's leg or mouth; `leg` if the report names it.
    fn agent_voice(&mut self, leg: Option<LegId>, what: &AgentVoice) {
        match &mut self.phase {
            Phase::HandingOver { handoff, .. } => {
                let ours = leg.is_none_or(|leg| handoff.agent_leg().is_some_and(|(agent, _)| agent == leg));
                if ours {
                    let then = handoff.agent_voice(&mut self.base, what);
                    self.follow(then);
                }
            }
            Phase::Parting { farewell: Some(farewell), .. } => farewell.voice(&mut self.base, what),
            Phase::Arrived(_) | Phase::Talking(_) | Phase::Closing(_) | Phase::Parting { farewell: None, .. } | Phase::Ended => {}
        }
    }
}
