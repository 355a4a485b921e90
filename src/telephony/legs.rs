//! What a call's task can ask of its legs.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use tokio::sync::mpsc;
use warmline_sip::user_agent::LegId as WireLeg;

use super::{
    Arrival, Telephony,
    counts::dropped,
    media::{Command as MediaCommand, HeardQueue, MediaEvent},
    switchboard::{About, Command, Dial, Link},
    transfers::Wanted,
};
use crate::call::{
    event::Event,
    ids::{AgentId, CallId, LegId, RequestId},
    media::{
        patch::Patch,
        playout::{Chunk, Loudness},
    },
    time::Time,
};

/// What a call brings to its legs.
#[derive(Debug)]
pub struct CallOptions {
    /// When the call arrived: zero of its timeline.
    pub started: std::time::Instant,
    /// Where everything that happens is told. Never blocks: a call that takes nothing any more is broken.
    pub events: mpsc::Sender<Event>,
    /// The call's id, for those whom it is offered to.
    pub call: CallId,
    /// Its claim code, for the same.
    pub claim_code: String,
    /// Where to record, if it is to be recorded.
    pub recording: Option<PathBuf>,
}

/// The legs of one call. Dropping it hangs up whatever is left.
#[derive(Debug)]
pub struct CallLegs {
    commands: mpsc::Sender<Command>,
    user_agent: warmline_sip::user_agent::UserAgent,
    link: Arc<Link>,
    call: CallId,
    claim_code: String,
    wire: HashMap<LegId, WireLeg>,
}

pub(super) async fn take(telephony: &Telephony, arrival: Arrival, options: CallOptions) -> CallLegs {
    let Arrival { caller, leg, offer, source, permit, .. } = arrival;
    let mut legs = open(telephony, options);
    legs.wire.insert(LegId::CALLER, leg);
    legs.send(Command::Take { leg, offer, source, link: Arc::clone(&legs.link), trunk: caller.trunk, permit }).await;
    legs
}

/// The legs of a call that nobody has placed: none yet.
pub(super) fn open(telephony: &Telephony, options: CallOptions) -> CallLegs {
    let (media, media_events) = telephony.media.open_call(options.started);
    if let Some(path) = options.recording {
        match telephony.media.record(path, Time::ZERO) {
            Some(recording) => _ = media.send(MediaCommand::Record(recording)),
            None => tracing::warn!("the recorder is behind: this call is not recorded"),
        }
    }
    let link = Arc::new(Link { media, events: options.events });
    tokio::spawn(tell(Arc::downgrade(&link), media_events, options.call.clone(), telephony.commands.clone(), link.events.clone()));
    CallLegs {
        commands: telephony.commands.clone(),
        user_agent: telephony.user_agent.clone(),
        link: Arc::clone(&link),
        call: options.call,
        claim_code: options.claim_code,
        wire: HashMap::new(),
    }
}

/// Passes on what the media reports, until it is closed.
async fn tell(
    link: std::sync::Weak<Link>,
    mut reports: mpsc::Receiver<MediaEvent>,
    call: CallId,
    commands: mpsc::Sender<Command>,
    events: mpsc::Sender<Event>,
) {
    while let Some(report) = reports.recv().await {
        match &report {
            MediaEvent::LegClosed { leg, stats } => {
                dropped(stats);
                tracing::debug!(call = call.0, leg = leg.0, ?stats, "leg closed");
            }
            MediaEvent::RecordingFailed => {
                tracing::error!(call = call.0, "the disk does not take the recording; the call goes on without it");
            }
            MediaEvent::MediaLost { leg } => {
                // The peer may still be there for signalling: it is told that we are gone.
                if let Some(link) = link.upgrade() {
                    let _ = commands.send(Command::MediaLost { link, leg: *leg }).await;
                }
            }
            MediaEvent::ToneBeforeAnswer { leg, why } => {
                if let Some(link) = link.upgrade() {
                    let _ = commands.send(Command::ToneBeforeAnswer { link, leg: *leg, why: *why }).await;
                }
            }
            MediaEvent::KeyLeft { leg, digit } => {
                if let Some(link) = link.upgrade() {
                    let _ = commands.send(Command::Key { link, leg: *leg, digit: *digit }).await;
                }
            }
            MediaEvent::Quality { leg, quality } => {
                let whose = if *leg == LegId::CALLER { "caller" } else { "agent" };
                metrics::histogram!("warmline_leg_mos", "leg" => whose).record(f64::from(quality.mos));
            }
            MediaEvent::FirstRtp { .. }
            | MediaEvent::FarEnd { .. }
            | MediaEvent::Digit { .. }
            | MediaEvent::SpeechStarted { .. }
            | MediaEvent::SpeechEnded { .. } => {}
        }
        if let Some(event) = report.to_call_event()
            && events.send(event).await.is_err()
        {
            return;
        }
    }
}

impl CallLegs {
    /// Frames of the legs that the patch listens to.
    #[must_use]
    pub fn heard(&self) -> Arc<HeardQueue> {
        self.link.media.heard()
    }

    /// Takes the caller's call.
    pub async fn answer(&self, leg: LegId) {
        if let Some(&wire) = self.wire.get(&leg) {
            self.send(Command::Answer { leg: wire }).await;
        }
    }

    /// Refuses the caller's call.
    pub async fn reject(&self, leg: LegId, status: u16) {
        if let Some(&wire) = self.wire.get(&leg) {
            self.send(Command::Reject { leg: wire, status }).await;
        }
    }

    fn about(&self, reason: String) -> About {
        About { call: self.call.clone(), reason, claim_code: self.claim_code.clone() }
    }

    /// Rings somebody: `LegRinging`, `LegAnswered` or `LegFailed` follow.
    pub async fn dial(&mut self, leg: LegId, (agent, target): (AgentId, String), ring_ms: u64, reason: String, replaces: Option<String>) {
        let wire = self.user_agent.new_leg();
        self.wire.insert(leg, wire);
        let about = self.about(reason);
        let wanted = Dial { agent: Some(agent.0), target, ring_ms, replaces, about };
        self.send(Command::Dial { leg: wire, id: leg, wanted, link: Arc::clone(&self.link) }).await;
    }

    /// Rings the caller, who is called back: `LegRinging`, `LegAnswered` or `LegFailed` follow.
    pub async fn call_back(&mut self, leg: LegId, target: String, ring_ms: u64) {
        let wire = self.user_agent.new_leg();
        self.wire.insert(leg, wire);
        let about = self.about(String::new());
        let wanted = Dial { agent: None, target, ring_ms, replaces: None, about };
        self.send(Command::Dial { leg: wire, id: leg, wanted, link: Arc::clone(&self.link) }).await;
    }

    /// Asks the far end of a leg to call somebody: `TransferEnded` follows.
    pub async fn transfer(&self, id: RequestId, leg: LegId, target: String, replaces: Option<LegId>, reason: String) {
        let (Some(&wire), replaces) = (self.wire.get(&leg), replaces.and_then(|other| self.wire.get(&other)).copied()) else { return };
        let about = self.about(reason);
        let wanted = Wanted { id, target, replaces, about, link: Arc::clone(&self.link) };
        self.send(Command::Transfer { leg: wire, wanted }).await;
    }

    /// Lets the far end of a leg hand the caller on, or not.
    pub async fn answer_transfer(&self, leg: LegId, granted: bool) {
        if let Some(&wire) = self.wire.get(&leg) {
            self.send(Command::AnswerTransfer { leg: wire, granted }).await;
        }
    }

    /// Tells it what came of that.
    pub async fn transfer_done(&self, leg: LegId, connected: bool) {
        if let Some(&wire) = self.wire.get(&leg) {
            self.send(Command::TransferDone { leg: wire, connected }).await;
        }
    }

    /// Ends a leg in whatever state it is.
    pub async fn hang_up(&mut self, leg: LegId) {
        if let Some(wire) = self.wire.remove(&leg) {
            self.send(Command::HangUp { leg: wire }).await;
        }
    }

    /// Who hears whom.
    pub fn patch(&self, patch: Patch) {
        self.media(MediaCommand::Patch(patch));
    }

    /// From now on the recording has silence, or sound again.
    pub fn keep_private(&self, on: bool) {
        self.media(MediaCommand::Private { on });
    }

    /// The recording ends, and what there is of it is removed.
    pub fn unrecord(&self) {
        self.media(MediaCommand::Unrecord);
    }

    /// The recording has silence between these times.
    pub fn strike(&self, from: Time, to: Time) {
        self.media(MediaCommand::Strike { positions: from.samples_8k()..to.samples_8k() });
    }

    /// Keeps a speech's place in a leg's order.
    pub fn announce(&self, leg: LegId, id: RequestId) {
        self.media(MediaCommand::Announce { leg, id });
    }

    /// Plays a piece of speech.
    pub fn play(&self, leg: LegId, chunk: Chunk) {
        self.media(MediaCommand::Play { leg, chunk });
    }

    /// Stops a speech.
    pub fn stop(&self, id: RequestId) {
        self.media(MediaCommand::Stop { id });
    }

    /// Lowers, holds or restores the speech to a leg.
    pub fn loudness(&self, leg: LegId, loudness: Loudness) {
        self.media(MediaCommand::Loudness { leg, loudness });
    }

    /// A speech cannot be made.
    pub fn fail(&self, id: RequestId) {
        self.media(MediaCommand::Fail { id });
    }

    fn media(&self, command: MediaCommand) {
        if let Err(error) = self.link.media.send(command) {
            tracing::error!(%error, "the media engine did not take a command");
        }
    }

    async fn send(&self, command: Command) {
        // A stopped switchboard has no legs left.
        let _ = self.commands.send(command).await;
    }
}

impl Drop for CallLegs {
    fn drop(&mut self) {
        let _ = self.link.media.send(MediaCommand::Close);
        for &leg in self.wire.values() {
            if self.commands.try_send(Command::HangUp { leg }).is_err() {
                tracing::error!(leg = leg.0, "the switchboard is behind: a leg was not hung up");
            }
        }
    }
}
