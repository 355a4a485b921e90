//! A call on a stage: the real brain, playout, ears and models; the line, the caller and time are made.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc};

use anyhow::{Result, anyhow};
use warmline_models::{RECOGNISER_RATE, resample, to_float, to_pcm};

use super::{
    Bench,
    label::{EchoPath, Scene},
    make::Chance,
    overlaps::Overlap,
};
use crate::{
    call::{
        Call, Caller, Setup,
        action::Action,
        event::Event,
        flow::Flow,
        ids::{CallId, LegId, RequestId},
        media::{
            frame::{FRAME_MS, FRAME_SAMPLES, Frame, Samples},
            playout::{Chunk, Loudness, Playout, PlayoutEvent},
        },
        record::What,
        time::{Time, WallTime},
        understanding::{Transcript, Understanding},
    },
    phone,
    speech::{ear::LegEar, gate::Noticed},
};

/// What the bot says while it is interrupted: half a minute.
const FLOW: &str = include_str!("stage.yaml");
/// How long a scene is watched after the caller's last sound.
const WATCHED_MS: u64 = 4_000;
/// No scene is longer.
const LONGEST_MS: u64 = 60_000;
const BEFORE_MS: u64 = 300;
const AFTER_MS: u64 = 60;
const UNDERSTAND_MS: u64 = 20;

/// The flow of the stage.
pub(super) fn flow() -> Result<Arc<Flow>> {
    Flow::parse(FLOW, "stage.yaml").map(Arc::new).map_err(|mistakes| anyhow!("the stage's flow: {mistakes:?}"))
}

/// Plays scenes one after the other.
pub(super) struct Theatre<'a> {
    bench: &'a Bench,
    flow: Arc<Flow>,
    /// Clauses that were spoken before.
    clips: HashMap<String, Arc<[i16]>>,
}

impl<'a> Theatre<'a> {
    pub(super) fn new(bench: &'a Bench) -> Result<Self> {
        // Turn-taking is the chosen flow's, words and notices are the stage's.
        let mut flow = flow()?;
        Arc::make_mut(&mut flow).turn = bench.flow.turn.clone();
        Ok(Self { bench, flow, clips: HashMap::new() })
    }

    /// Plays a scene.
    pub(super) fn play(&mut self, scene: &Scene) -> Result<Overlap> {
        let mut stage = Stage::new(self, scene);
        while !stage.is_over() {
            stage.tick()?;
        }
        Ok(stage.seen)
    }

    fn clip(&mut self, clause: &str) -> Result<Arc<[i16]>> {
        if let Some(known) = self.clips.get(clause) {
            return Ok(Arc::clone(known));
        }
        let voice = &self.bench.engines.synthesiser;
        let mut samples = to_pcm(&resample(&voice.speak(clause, 1.0)?, voice.rate(), 8_000)?);
        samples.extend([0; 1_600]);
        let clip: Arc<[i16]> = samples.into();
        self.clips.insert(clause.to_owned(), Arc::clone(&clip));
        Ok(clip)
    }
}

struct Stage<'t, 'a> {
    theatre: &'t mut Theatre<'a>,
    scene: &'t Scene,
    call: Call,
    playout: Playout,
    ear: LegEar,
    now: Time,
    /// What the call will be told.
    events: BTreeMap<(Time, u64), Event>,
    sequence: u64,
    /// The bot's long speech, and when it began.
    speech: Option<RequestId>,
    began: Option<Time>,
    line: Line,
    still_since: Option<Time>,
    done: bool,
    seen: Overlap,
}

/// The way back from the caller's telephone.
struct Line {
    taps: Vec<(usize, f32)>,
    sent: Vec<i16>,
}

impl Line {
    /// A room: the first sound, and reflections that die away.
    fn new(path: Option<EchoPath>, name: &str) -> Self {
        let Some(path) = path else { return Self { taps: Vec::new(), sent: Vec::new() } };
        let mut chance = Chance::new(name.bytes().fold(7, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte)));
        let first = (path.ms * 8) as usize;
        let mut taps = vec![(first, 1.0)];
        let reflections = path.tail_ms as usize * 8;
        taps.extend((8..reflections).step_by(5).map(|late| {
            let dies = (-3.0 * late as f32 / reflections as f32).exp();
            (first + late, (chance.share() - 0.5) * 0.8 * dies)
        }));
        let loud = taps.iter().map(|(_, tap)| tap * tap).sum::<f32>().sqrt();
        let gain = 10_f32.powf(path.db / 20.0) / loud;
        taps.iter_mut().for_each(|(_, tap)| *tap *= gain);
        Self { taps, sent: Vec::new() }
    }

    /// What comes back with the frame that is sent now.
    fn back(&mut self, sent: &Samples) -> [f32; FRAME_SAMPLES] {
        let start = self.sent.len();
        self.sent.extend(phone::over_g711(*sent));
        std::array::from_fn(|index| {
            let taps = self.taps.iter().filter_map(|(late, tap)| Some(f32::from(self.sent[(start + index).checked_sub(*late)?]) * tap));
            taps.sum()
        })
    }
}

impl<'t, 'a> Stage<'t, 'a> {
    fn new(theatre: &'t mut Theatre<'a>, scene: &'t Scene) -> Self {
        let setup = Setup {
            call: CallId("stage".to_owned()),
            flow: Arc::clone(&theatre.flow),
            others: Vec::new(),
            wall: WallTime { day: 20_000, ms_of_day: 36_000_000 },
            caller: Caller::default(),
        };
        let seen = Overlap {
            name: scene.name.clone(),
            kind: scene.label.kind,
            echo: scene.label.echo.is_some(),
            still_after_ms: None,
            lower_after_ms: None,
            stills: 0,
            still_ms: 0,
            heard: Vec::new(),
            gave_up: false,
            spoken_ms: 0,
        };
        Self {
            line: Line::new(scene.label.echo, &scene.name),
            theatre,
            scene,
            call: Call::new(setup),
            playout: Playout::default(),
            ear: LegEar::default(),
            now: Time::ZERO,
            events: BTreeMap::new(),
            sequence: 0,
            speech: None,
            began: None,
            still_since: None,
            done: false,
            seen,
        }
    }

    /// The time of the caller's first sound, once it is known.
    fn sound_at(&self) -> Option<Time> {
        let began = self.began?;
        let (from, _) = self.scene.label.voices.first().copied().unwrap_or_default();
        Some(began.plus(self.scene.label.after_ms + from))
    }

    fn is_over(&self) -> bool {
        let last = self.scene.label.voices.last().map(|(_, to)| *to);
        let watched =
            last.zip(self.began).is_some_and(|(last, began)| self.now > began.plus(self.scene.label.after_ms + last + WATCHED_MS));
        self.done || watched || self.now.0 > LONGEST_MS
    }

    fn tell(&mut self, at: Time, event: Event) {
        self.sequence += 1;
        self.events.insert((at, self.sequence), event);
    }

    fn tick(&mut self) -> Result<()> {
        self.work()?;
        let mut out = [0; FRAME_SAMPLES];
        let speaking = self.playout.pull(&mut out);
        self.seen.spoken_ms += u64::from(speaking) * FRAME_MS;
        self.reports();
        let back = self.line.back(&out);
        let own = self.own_sound();
        let sum = std::array::from_fn(|index| (back[index] + f32::from(own[index])).clamp(-32_768.0, 32_767.0) as i16);
        let samples = phone::over_g711(sum);
        let frame = Frame { at: self.now, samples, concealed: false };
        self.now = self.now.plus(FRAME_MS);
        let (now, mut noticed) = (self.now, Vec::new());
        self.ear.hear(&frame, &out, &self.theatre.bench.engines.vad, &mut |what| noticed.push(what))?;
        for what in noticed {
            let event = match what {
                Noticed::Started(at) => Event::VoiceStarted { leg: LegId::CALLER, at },
                Noticed::Lasting(at, ms, meant) => Event::VoiceLasting { leg: LegId::CALLER, at, ms, meant },
                Noticed::Fading(..) => continue,
                Noticed::Stopped(at) => Event::VoiceStopped { leg: LegId::CALLER, at },
            };
            self.tell(now, event);
        }
        Ok(())
    }

    /// The caller's own sound in this frame.
    fn own_sound(&self) -> Samples {
        let Some(began) = self.began else { return [0; FRAME_SAMPLES] };
        let begins = began.plus(self.scene.label.after_ms);
        if self.now < begins {
            return [0; FRAME_SAMPLES];
        }
        let from = (self.now.since(begins) * 8) as usize;
        std::array::from_fn(|index| self.scene.samples.get(from + index).copied().unwrap_or_default())
    }

    /// What the playout reports.
    fn reports(&mut self) {
        while let Some(report) = self.playout.poll_event() {
            let now = self.now;
            match report {
                PlayoutEvent::Started { id } => self.tell(now, Event::SpeechStarted { id, at: now }),
                PlayoutEvent::Ended { id, why, heard } => {
                    self.done |= self.speech == Some(id) && self.scene.label.voices.is_empty();
                    self.tell(now, Event::SpeechEnded { id, why, clauses: heard.clauses, fraction: heard.fraction() });
                }
            }
        }
    }

    /// Tells the call what is due by now, and does what it asks.
    fn work(&mut self) -> Result<()> {
        self.drain()?;
        loop {
            let told = self.events.first_key_value().map(|((at, _), _)| *at).filter(|at| *at <= self.now);
            let due = self.call.poll_timeout().map(|(at, _)| at).filter(|at| *at <= self.now);
            match (told, due) {
                (Some(told), due) if due.is_none_or(|due| told <= due) => {
                    if let Some(((at, _), event)) = self.events.pop_first() {
                        self.note(&event);
                        self.call.handle(event, at);
                    }
                }
                (_, Some(due)) => self.call.handle_timeout(due),
                (_, None) => return Ok(()),
            }
            self.drain()?;
        }
    }

    fn note(&mut self, event: &Event) {
        if let Event::SpeechStarted { id, at } = event
            && self.speech == Some(*id)
        {
            self.began.get_or_insert(*at);
        }
    }

    fn drain(&mut self) -> Result<()> {
        while let Some(action) = self.call.poll_action() {
            self.perform(action)?;
        }
        Ok(())
    }

    fn perform(&mut self, action: Action) -> Result<()> {
        let now = self.now;
        match action {
            Action::Answer { leg } => self.tell(now, Event::LegAnswered { leg }),
            Action::Speak { id, clauses, .. } => self.speak(id, &clauses)?,
            Action::StopSpeaking { id } => {
                self.playout.stop(id);
                self.be_still();
            }
            Action::Loudness { loudness, .. } => self.loudness(loudness),
            Action::Transcribe { id, from, to, .. } => self.transcribe(id, from, to)?,
            Action::Understand { id, .. } => {
                self.tell(now.plus(UNDERSTAND_MS), Event::Understood { id, understanding: Understanding::default() });
            }
            Action::Record(entry) => {
                if let What::CallerTurn { understood: Some(_), .. } = &entry.what {
                    self.seen.gave_up = true;
                }
            }
            Action::End { .. } | Action::FindAgent { .. } => self.done = true,
            Action::Reject { .. }
            | Action::Dial { .. }
            | Action::Transfer { .. }
            | Action::AnswerTransfer { .. }
            | Action::TransferDone { .. }
            | Action::HangUp { .. }
            | Action::Patch(_)
            | Action::Prepare { .. }
            | Action::Pace { .. }
            | Action::HoldIn { .. }
            | Action::Forget { .. }
            | Action::LookUp { .. }
            | Action::LeaveQueue { .. }
            | Action::ReleaseAgent { .. }
            | Action::Private { .. } => {}
        }
        Ok(())
    }

    fn speak(&mut self, id: RequestId, clauses: &[String]) -> Result<()> {
        // The first sentence is the notice; what follows may be interrupted.
        if clauses.len() > 1 && self.speech.is_none() {
            self.speech = Some(id);
        }
        self.playout.announce(id);
        for (clause, text) in clauses.iter().enumerate() {
            let samples = self.theatre.clip(text)?;
            // More than the playout takes is a mistake of the stage.
            self.playout.push(Chunk { id, clause, samples, last: clause + 1 == clauses.len() })?;
        }
        Ok(())
    }

    fn loudness(&mut self, loudness: Loudness) {
        self.playout.set_loudness(loudness);
        match loudness {
            Loudness::Paused => self.be_still(),
            Loudness::Ducked => {
                if let Some(at) = self.sound_at().filter(|at| self.now >= *at) {
                    self.seen.lower_after_ms.get_or_insert(self.now.since(at));
                }
            }
            Loudness::Full => {
                if let Some(since) = self.still_since.take() {
                    self.seen.still_ms += self.now.since(since);
                }
            }
        }
    }

    fn be_still(&mut self) {
        if self.began.is_none() || self.still_since.is_some() {
            return;
        }
        self.still_since = Some(self.now);
        self.seen.stills += 1;
        if let Some(at) = self.sound_at().filter(|at| self.now >= *at) {
            // The fade takes ten milliseconds.
            self.seen.still_after_ms.get_or_insert(self.now.since(at) + 10);
        }
    }

    fn transcribe(&mut self, id: RequestId, from: Time, to: Time) -> Result<()> {
        let engines = &self.theatre.bench.engines;
        let sound = self.ear.between(Time(from.0.saturating_sub(BEFORE_MS)), to.plus(AFTER_MS));
        let audio = resample(&to_float(&sound), 8_000, RECOGNISER_RATE)?;
        let heard = engines.recogniser.transcribe(&audio, &|| false)?;
        let complete = engines.end_of_turn.completeness(&audio)?;
        let transcript = Transcript { text: heard.text, confidence: heard.confidence, complete: None, voice: None };
        self.seen.heard.push(format!("{} ({:.2}, {}..{})", transcript.text, transcript.confidence, from.0, to.0));
        let known = self.now.plus(self.theatre.bench.takes_ms(to.since(from)));
        self.tell(known, Event::Heard { id, transcript });
        self.tell(known, Event::Sounded { id, complete });
        Ok(())
    }
}
