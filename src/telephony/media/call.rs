//! One call's media: all its legs, joined at every tick.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::mpsc;
use tracing::warn;
use warmline_sip::{
    jitter::JitterConfig,
    media::{DtlsContext, Pulled},
    sdp::Negotiated,
};

use super::{
    command::{Command, MediaEvent},
    early::Early,
    heard::{HeardFrame, HeardQueue},
    leg::{Leg, Noticed, Scratch},
    listening::Listening,
    pacing::Pacing,
    ports::LegSockets,
    recorder::{Recording, RecordingState},
    rest::{Stir, Turn, until_next},
};
use crate::call::{
    event::SpeechEnd,
    ids::{LegId, RequestId},
    media::{
        frame::{FRAME_SAMPLES, Frame, Samples},
        mix,
        patch::Patch,
        playout::{Chunk, Heard, PlayoutEvent},
        record::StereoFrame,
    },
    time::Time,
};

/// Slow conditions are looked at every 200 ms.
const SLOW_TICKS: u64 = 10;
/// How the legs sound is told after 2 s, and then every 5 s.
const FIRST_QUALITY: u64 = 100;
/// See [`FIRST_QUALITY`].
const QUALITY_TICKS: u64 = 250;
/// Samples for which a recording stays silent after what was private: one second.
const PRIVATE_TAIL: u64 = 8_000;

/// One tick's times, all since the pool's start except `civil`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tick {
    /// When it should happen.
    pub(super) nominal: Duration,
    /// When it happens.
    pub(super) now: Duration,
    /// The civil time of `now`.
    pub(super) civil: Duration,
    /// Ticks that were given up just before it.
    pub(super) skipped: u32,
    /// How it finds the call.
    pub(super) turn: Turn,
}

/// Counts an open call; dropped before the events end, so that whoever sees the end sees the right count.
pub(super) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(super) fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// What a call is opened with.
pub(super) struct CallStart {
    #[expect(dead_code, reason = "held for its drop")]
    pub(super) counted: Counted,
    /// When the call arrived: zero of its timeline.
    pub(super) arrived: Duration,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) events: mpsc::Sender<MediaEvent>,
    pub(super) heard: Arc<HeardQueue>,
    pub(super) stir: Arc<Stir>,
    pub(super) media_timeout: Duration,
    pub(super) jitter: JitterConfig,
    pub(super) dtls: DtlsContext,
}

pub(super) struct Call {
    start: CallStart,
    /// Its place on its thread.
    pub(super) place: u64,
    pub(super) legs: Vec<Leg>,
    /// Legs that were not answered yet, and already send sound.
    pub(super) early: Vec<Early>,
    patch: Patch,
    pub(super) recording: Option<Recording>,
    /// Events that the call was too busy to take: kept, never dropped.
    pub(super) unsent: VecDeque<MediaEvent>,
    ticks: u64,
    closed: bool,
    /// Something in it has panicked: it ends at the next tick.
    pub(super) failed: bool,
    /// Every leg's packets go across to another one, and nothing has changed since.
    pub(super) is_settled: bool,
    position: u64,
    /// The recording has silence: still, or at least up to there.
    private: bool,
    private_until: u64,
}

impl Call {
    pub(super) fn new(start: CallStart) -> Self {
        Self {
            start,
            place: 0,
            legs: Vec::new(),
            early: Vec::new(),
            patch: Patch::default(),
            recording: None,
            unsent: VecDeque::new(),
            ticks: 0,
            closed: false,
            failed: false,
            is_settled: false,
            position: 0,
            private: false,
            private_until: 0,
        }
    }

    /// One tick; how many of the next ones may go by without this call, and none when it has ended and everything has been said.
    pub(super) fn tick(&mut self, tick: Tick, scratch: &mut Scratch, pacing: &Pacing, mut clock: impl FnMut() -> Duration) -> Option<u32> {
        self.position = position(tick.nominal.saturating_sub(self.start.arrived));
        let ticks = 1 + tick.turn.rested;
        self.ticks += u64::from(ticks);
        let slow = self.ticks.is_multiple_of(SLOW_TICKS);
        // Whoever drops the other end stirs nobody.
        if tick.turn.stirred || slow {
            self.take_commands(tick, scratch);
        }
        self.plan_passing(scratch.watch.as_ref());
        self.listen_early(tick, slow, scratch);
        for index in 0..self.legs.len() {
            self.receive(index, tick, slow, scratch);
        }
        for index in 0..self.legs.len() {
            let leg = &mut self.legs[index];
            let is_wanted = leg.listened_to || leg.id == LegId::CALLER && self.recording.is_some();
            if leg.rests(ticks) && !is_wanted {
                self.legs[index].report(tick.now, scratch);
                continue;
            }
            let heard = self.speak(index, tick, scratch);
            pacing.sent(clock().saturating_sub(tick.nominal));
            self.hand_on(index, &heard, pacing);
        }
        if slow {
            self.carry_what_is_left((tick.now, tick.civil), scratch);
            self.look_after(tick);
        }
        self.flush_events();
        (!self.closed || !self.unsent.is_empty()).then(|| if self.may_rest() { until_next(self.ticks) } else { 0 })
    }

    /// Does everything go by itself?
    fn may_rest(&self) -> bool {
        self.is_settled
            && self.early.is_empty()
            && self.recording.is_none()
            && self.unsent.is_empty()
            && self.legs.iter().all(Leg::may_rest)
    }

    /// Something has happened between two ticks that the next one must see.
    pub(super) fn unsettle(&mut self) {
        self.is_settled = false;
        self.start.stir.stir();
    }

    /// Says that there is something to do for it.
    pub(super) fn stir(&self) -> Arc<Stir> {
        Arc::clone(&self.start.stir)
    }

    /// Ends every leg.
    pub(super) fn close(&mut self, now: Duration, scratch: &mut Scratch) {
        let legs: Vec<LegId> = self.early.iter().map(|early| &early.leg).chain(&self.legs).map(|leg| leg.id).collect();
        legs.into_iter().rev().for_each(|leg| self.remove_leg(leg, now, scratch));
        self.recording = None;
        self.closed = true;
        self.start.heard.close();
        self.flush_events();
    }

    fn now(&self) -> Time {
        Time(self.position / 8)
    }

    fn take_commands(&mut self, tick: Tick, scratch: &mut Scratch) {
        while !self.closed {
            match self.start.commands.try_recv() {
                Ok(command) => self.command(command, tick, scratch),
                Err(mpsc::error::TryRecvError::Empty) => return,
                Err(mpsc::error::TryRecvError::Disconnected) => self.close(tick.now, scratch),
            }
        }
    }

    fn command(&mut self, command: Command, tick: Tick, scratch: &mut Scratch) {
        self.is_settled = false;
        match command {
            Command::AddLeg { leg, sockets, negotiated, listening } => {
                let leg = self.new_leg(leg, (sockets, listening), *negotiated, tick, scratch);
                self.join(leg, scratch);
            }
            Command::AddEarlyLeg { leg, sockets, negotiated, listening } => {
                let leg = self.new_leg(leg, (sockets, listening), *negotiated, tick, scratch);
                self.early.push(Early::new(leg));
            }
            Command::AnsweredLeg { leg } => self.answered(leg, tick, scratch),
            Command::UpdateLeg { leg, negotiated } => {
                let early = self.early.iter_mut().map(|early| &mut early.leg);
                if let Some(leg) = early.chain(&mut self.legs).find(|known| known.id == leg) {
                    leg.update(tick.now, *negotiated, &mut scratch.inbox);
                }
            }
            Command::RemoveLeg { leg } => self.remove_leg(leg, tick.now, scratch),
            Command::Patch(patch) => {
                self.legs.iter_mut().for_each(|leg| leg.patch(&patch));
                self.patch = patch;
            }
            Command::Announce { leg, id } => match self.leg(leg) {
                Some(leg) => leg.playout.announce(id),
                None => self.fail(id),
            },
            Command::Play { leg, chunk } => self.play(leg, chunk),
            Command::Stop { id } => self.legs.iter_mut().for_each(|leg| leg.playout.stop(id)),
            Command::Fail { id } => self.legs.iter_mut().for_each(|leg| leg.playout.fail(id)),
            Command::Loudness { leg, loudness } => {
                if let Some(leg) = self.leg(leg) {
                    leg.playout.set_loudness(loudness);
                }
            }
            Command::Key { leg, digit } => {
                if let Some(digit) = self.leg(leg).and_then(|leg| leg.key(tick.now, digit)) {
                    self.pressed(leg, digit);
                }
            }
            Command::Tones { leg, digit } => {
                // More than a few at a time are nobody's fingers.
                let _ = self.leg(leg).map(|leg| leg.session.send_tones(digit));
            }
            Command::Record(recording) => self.recording = Some(recording),
            Command::Private { on } => (self.private, self.private_until) = (on, self.position + PRIVATE_TAIL),
            Command::Strike { positions } => {
                if let Some(recording) = &self.recording {
                    recording.strike(positions);
                }
            }
            Command::Unrecord => {
                if let Some(recording) = self.recording.take() {
                    recording.discard();
                }
            }
            Command::StopRecording => self.recording = None,
            Command::Close => self.close(tick.now, scratch),
        }
    }

    fn leg(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.id == id)
    }

    fn new_leg(
        &self,
        id: LegId,
        (sockets, listening): (LegSockets, Listening),
        negotiated: Negotiated,
        tick: Tick,
        scratch: &mut Scratch,
    ) -> Leg {
        let mut leg = Leg::new(tick.now, id, sockets, negotiated, self.start.jitter, self.start.dtls.clone(), listening);
        leg.forget_waiting(&mut scratch.inbox);
        leg
    }

    /// A leg whose negotiation is finished takes part.
    pub(super) fn join(&mut self, mut leg: Leg, scratch: &mut Scratch) {
        let id = leg.id;
        if self.leg(id).is_some() {
            warn!(leg = id.0, "leg added twice: the second one is ignored");
            return;
        }
        leg.settle();
        leg.patch(&self.patch);
        leg.watch_control(self.token(id), scratch.watch.as_ref());
        self.legs.push(leg);
    }

    fn remove_leg(&mut self, id: LegId, now: Duration, scratch: &mut Scratch) {
        let mut leg = if let Some(index) = self.legs.iter().position(|leg| leg.id == id) {
            let mut leg = self.legs.remove(index);
            leg.pass_to(None, false, self.token(id), scratch.watch.as_ref());
            // Places have changed: until the next plan nothing goes across.
            self.legs.iter_mut().for_each(|leg| leg.is_passed_to = false);
            leg
        } else if let Some(index) = self.early.iter().position(|early| early.leg.id == id) {
            self.early.swap_remove(index).leg
        } else {
            return;
        };
        leg.playout.fail_all();
        self.collect_speech(&mut leg);
        leg.say_goodbye(now, scratch);
        self.unsent.push_back(MediaEvent::LegClosed { leg: id, stats: Box::new(leg.session.stats()) });
    }

    fn play(&mut self, leg: LegId, chunk: Chunk) {
        let (id, last) = (chunk.id, chunk.last);
        match self.leg(leg) {
            Some(leg) => {
                if let Err(problem) = leg.playout.push(chunk) {
                    warn!(%problem, "speech dropped");
                }
            }
            None if last => self.fail(id),
            None => {}
        }
    }

    fn fail(&mut self, id: RequestId) {
        self.unsent.push_back(MediaEvent::SpeechEnded { id, why: SpeechEnd::Failed, heard: Heard::default() });
    }

    /// Reads a leg's sockets and takes its frame.
    fn receive(&mut self, index: usize, tick: Tick, slow: bool, scratch: &mut Scratch) {
        let at = self.now();
        let leg = &mut self.legs[index];
        if tick.skipped > 0 {
            leg.session.skip_ticks(tick.skipped);
        }
        let (id, mut first, mut keys) = (leg.id, false, Vec::new());
        leg.read(tick.now, tick.civil, &mut scratch.inbox, |noticed| match noticed {
            Noticed::FirstRtp => first = true,
            Noticed::Digit(digit) => keys.push(digit),
        });
        if slow && !leg.is_control_watched {
            leg.read_control(tick.now, tick.civil, &mut scratch.inbox);
        }
        let noted = leg.pull(tick.nominal);
        self.is_settled &= !noted.enough;
        self.unsent.extend(first.then_some(MediaEvent::FirstRtp { leg: id, at }));
        keys.into_iter().for_each(|digit| self.pressed(id, digit));
        // Keys in the sound are heard by others as sound.
        self.unsent.extend(noted.digit.map(|digit| MediaEvent::Digit { leg: id, digit: digit.to_char() }));
        self.unsent.extend(noted.sign.map(|sign| MediaEvent::FarEnd { leg: id, sign }));
    }

    /// Puts together what a leg hears, and sends it. Returns what the leg really hears.
    fn speak(&mut self, index: usize, tick: Tick, scratch: &mut Scratch) -> Samples {
        let mut out = [0; FRAME_SAMPLES];
        let speaking = self.legs[index].speech(&mut out);
        for source in 0..self.legs[index].hears.len() {
            let source = self.legs[index].hears[source];
            let other = self.legs.iter().enumerate().find(|(other, leg)| *other != index && leg.id == source);
            if let Some((_, other)) = other {
                mix::add(&mut out, &other.incoming);
            }
        }
        let leg = &mut self.legs[index];
        leg.add_under(&mut out, speaking);
        if !leg.is_resting {
            leg.send(&out, &mut scratch.outgoing);
        }
        leg.report(tick.now, scratch);
        if leg.is_deaf() {
            out.fill(0);
        }
        let at = self.now();
        while let Some(event) = self.legs[index].playout.poll_event() {
            self.unsent.push_back(speech_event(event, at));
        }
        out
    }

    fn collect_speech(&mut self, leg: &mut Leg) {
        let at = self.now();
        while let Some(event) = leg.playout.poll_event() {
            self.unsent.push_back(speech_event(event, at));
        }
    }

    /// The listener's and the recorder's copies.
    fn hand_on(&mut self, index: usize, heard: &Samples, pacing: &Pacing) {
        let leg = &self.legs[index];
        if leg.listened_to {
            let frame = Frame { at: self.now(), samples: leg.incoming, concealed: leg.pulled != Pulled::Frame };
            self.start.heard.push(HeardFrame { leg: leg.id, frame, sent: *heard, written: leg.written });
        }
        let private = self.private || self.position < self.private_until;
        let (caller, heard) = if private { ([0; FRAME_SAMPLES], [0; FRAME_SAMPLES]) } else { (leg.incoming, *heard) };
        if leg.id == LegId::CALLER
            && let Some(recording) = &self.recording
            && !recording.write(StereoFrame { position: self.position, caller, heard })
        {
            pacing.recording_dropped();
        }
    }

    fn look_after(&mut self, tick: Tick) {
        if self.ticks == FIRST_QUALITY || self.ticks.is_multiple_of(QUALITY_TICKS) {
            let qualities = self.legs.iter().filter_map(|leg| Some(MediaEvent::Quality { leg: leg.id, quality: leg.quality()? }));
            self.unsent.extend(qualities);
        }
        for leg in &mut self.legs {
            let lost = leg.session.idle_for(tick.now).is_some_and(|idle| idle >= self.start.media_timeout);
            if lost && !leg.lost_reported {
                leg.lost_reported = true;
                self.unsent.push_back(MediaEvent::MediaLost { leg: leg.id });
            }
        }
        if self.recording.as_ref().is_some_and(|recording| recording.state() == RecordingState::Failed) {
            self.recording = None;
            self.unsent.push_back(MediaEvent::RecordingFailed);
        }
    }

    fn flush_events(&mut self) {
        while let Some(event) = self.unsent.pop_front() {
            match self.start.events.try_send(event) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(event)) => {
                    self.unsent.push_front(event);
                    return;
                }
                Err(mpsc::error::TrySendError::Closed(_)) => self.unsent.clear(),
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // Also when a tick has panicked: the listener must not wait for ever.
        self.start.heard.close();
    }
}

fn speech_event(event: PlayoutEvent, at: Time) -> MediaEvent {
    match event {
        PlayoutEvent::Started { id } => MediaEvent::SpeechStarted { id, at },
        PlayoutEvent::Ended { id, why, heard } => MediaEvent::SpeechEnded { id, why, heard },
    }
}

/// Samples at 8 kHz. Ticks are exactly 20 ms apart, so positions are exactly 160 apart.
fn position(time: Duration) -> u64 {
    u64::try_from(time.as_micros() / 125).unwrap_or(u64::MAX)
}
