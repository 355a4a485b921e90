//! The only loop that joins one call with the drivers.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::{sync::mpsc, task::JoinSet, time::sleep_until};

use crate::{
    call::{
        Call, Setup,
        action::Action,
        event::{Event, Found, Supervisor},
        ids::{AgentId, CallId},
        record::{HandoffStep, Supervised, ThirdStep, What},
        time::Time,
    },
    clock,
    desk::{DeskHandle, Request},
    live::LiveCall,
    lookup::{Crm, LookUps},
    speech::{CallSpeech, Said},
    store::CallLog,
    telephony::CallLegs,
};

/// Reports that may wait for a call. A call is quick; one that is this far behind is broken.
pub(crate) const EVENTS: usize = 1_024;

/// Everything that one call needs of the world.
pub(crate) struct CallTask {
    pub(crate) id: CallId,
    pub(crate) setup: Setup,
    /// Zero of the call's timeline.
    pub(crate) started: Instant,
    pub(crate) legs: CallLegs,
    pub(crate) speech: CallSpeech,
    pub(crate) desk: DeskHandle,
    pub(crate) lookups: LookUps,
    pub(crate) crm: Option<Crm>,
    pub(crate) log: CallLog,
    pub(crate) live: LiveCall,
    pub(crate) events: (mpsc::Sender<Event>, mpsc::Receiver<Event>),
}

impl CallTask {
    /// Runs the call to its end.
    pub(crate) async fn run(self) {
        // However the call ends, even by a fault of its task: it keeps no agent.
        let _at_the_desk = self.desk.enter(self.id.clone());
        let language = self.setup.flow.language.clone();
        let mut running =
            Running { call: Call::new(self.setup.clone()), language, asked: JoinSet::new(), followers: HashMap::new(), task: self };
        running.run().await;
    }
}

struct Running {
    call: Call,
    language: String,
    /// Look-ups under way; they end with the call.
    asked: JoinSet<()>,
    /// Supervisors who wanted to follow the conversation, and as which agents they work.
    followers: HashMap<AgentId, AgentId>,
    task: CallTask,
}

impl Running {
    async fn run(&mut self) {
        loop {
            while let Some(action) = self.call.poll_action() {
                self.perform(action).await;
            }
            let Some((deadline, _why)) = self.call.poll_timeout() else { break };
            let deadline = self.task.started + Duration::from_millis(deadline.0);
            tokio::select! {
                Some(event) = self.task.events.1.recv() => {
                    let now = self.now();
                    self.notice(&event);
                    self.task.log.event(now, &event);
                    self.call.handle(event, now);
                }
                Some(said) = self.task.speech.said() => self.play(said),
                () = sleep_until(deadline.into()) => {
                    let now = self.now();
                    self.task.log.timeout(now);
                    self.call.handle_timeout(now);
                }
            }
        }
    }

    fn now(&self) -> Time {
        Time(u64::try_from(clock::now().saturating_duration_since(self.task.started).as_millis()).unwrap_or(u64::MAX))
    }

    async fn perform(&mut self, action: Action) {
        if let Some(written) = self.task.log.action(self.now(), &action) {
            self.task.live.show(&written);
        }
        let task = &mut self.task;
        match action {
            Action::Answer { leg } => task.legs.answer(leg).await,
            Action::Reject { leg, status } => task.legs.reject(leg, status).await,
            Action::Dial { leg, agent, target, ring_ms, reason, replaces } => {
                task.legs.dial(leg, (agent, target), ring_ms, reason, replaces).await;
            }
            Action::CallBack { leg, target, ring_ms } => task.legs.call_back(leg, target, ring_ms).await,
            Action::Transfer { id, leg, target, replaces, reason } => task.legs.transfer(id, leg, target, replaces, reason).await,
            Action::AnswerTransfer { leg, granted } => task.legs.answer_transfer(leg, granted).await,
            Action::TransferDone { leg, connected } => task.legs.transfer_done(leg, connected).await,
            Action::HangUp { leg } => task.legs.hang_up(leg).await,
            Action::Patch(patch) => task.legs.patch(patch),
            Action::Speak { id, leg, clauses } => {
                task.legs.announce(leg, id);
                task.speech.speak(id, leg, &clauses);
            }
            Action::Prepare { clauses } => task.speech.prepare(&clauses),
            Action::StopSpeaking { id } => {
                task.speech.forget(id);
                task.legs.stop(id);
            }
            Action::Loudness { leg, loudness } => task.legs.loudness(leg, loudness),
            Action::Pace { percent } => task.speech.pace(percent),
            Action::HoldIn { language } => {
                task.speech.hold_in(&language);
                self.language = language;
            }
            Action::Transcribe { id, leg, from, to, digits } => task.speech.transcribe(id, leg, (from, to), digits),
            Action::WriteDown { id, leg, from, to } => task.speech.write_down(id, leg, (from, to)),
            Action::AskedFor { id, question } => task.speech.asked_for(id, &question),
            Action::Forget { id } => task.speech.forget(id),
            Action::Understand { id, text } => task.speech.understand(id, &text),
            Action::LookUp { id, request } => {
                let (lookups, events) = (task.lookups.clone(), task.events.0.clone());
                self.asked.spawn(async move {
                    // The call may be over by then.
                    let _ = events.send(lookups.ask(id, &request).await).await;
                });
            }
            Action::LookUpCaller { id, number } => {
                let (crm, events) = (task.crm.clone(), task.events.0.clone());
                self.asked.spawn(async move {
                    let answer = match crm {
                        Some(crm) => crm.ask(id, &number).await,
                        None => Event::LookedUp { id, found: Found::Nothing },
                    };
                    // The call may be over by then.
                    let _ = events.send(answer).await;
                });
            }
            Action::FindAgent { id, queue, not, who, ahead_ms, caller, prefer, reads } => {
                let language = Some(self.language.clone());
                let request = Request { call: task.id.clone(), id, queue, language, not, who, ahead_ms, caller, prefer, reads };
                task.desk.find(request, &task.events.0);
            }
            Action::LeaveQueue { id } => task.desk.leave(&task.id, id),
            Action::ReleaseAgent { agent, after } => task.desk.release(&task.id, &agent, after),
            Action::Private { on } => {
                task.legs.keep_private(on);
                task.speech.keep_private(on);
            }
            Action::Unrecord => task.legs.unrecord(),
            Action::Strike { from, to } => {
                task.legs.strike(from, to);
                task.live.strike(from, to);
            }
            Action::Record(entry) => match &entry.what {
                What::Handoff { step } => tell_desk(&task.desk, &task.id, step),
                What::Supervised { who, did, .. } => self.tell_of_follower(who, *did),
                _ => {}
            },
            Action::End { outcome } => tracing::info!(call = task.id.0, ?outcome, "call ended"),
        }
    }

    fn notice(&mut self, event: &Event) {
        if let Event::Supervise { by: Supervisor { who, agent: Some(agent), .. }, .. } = event {
            self.followers.insert(who.clone(), agent.clone());
        }
    }

    /// The desk knows who listens instead of taking calls.
    fn tell_of_follower(&self, who: &AgentId, did: Supervised) {
        if let Some(agent) = self.followers.get(who) {
            let follows = match did {
                Supervised::Rung | Supervised::Listens | Supervised::Whispers | Supervised::Joined => true,
                Supervised::Left | Supervised::NotReached => false,
            };
            self.task.desk.follows(&self.task.id, agent, follows);
        }
    }

    fn play(&self, said: Said) {
        match said {
            Said::Chunk { leg, chunk } => self.task.legs.play(leg, chunk),
            Said::Failed { id } => self.task.legs.fail(id),
        }
    }
}

/// The desk knows who talks.
fn tell_desk(desk: &DeskHandle, call: &CallId, step: &HandoffStep) {
    if let HandoffStep::Bridged { agent, .. }
    | HandoffStep::Third { third: ThirdStep::HasCaller { who: agent, .. } | ThirdStep::Joined { who: agent }, .. } = step
    {
        desk.bridged(call, agent);
    }
    if let HandoffStep::Third { third: ThirdStep::Answered { who }, .. } = step {
        desk.consulted(call, who);
    }
}
