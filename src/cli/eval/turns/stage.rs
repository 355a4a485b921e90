//! A call on a stage: the real brain, playout, ears and models; the line, the caller and time are made.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use anyhow::{Result, anyhow};
use warmline_models::{EspeakVoice, Glimpse, RECOGNISER_RATE, SpokenPhrases, manifest::is_english, resample, to_float, to_pcm};

use super::{Bench, label::Scene, line::Line, overlaps::Overlap};
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
        redact::Rules,
        time::{Time, WallTime},
        turn::words::{Language, is_back_channel, yes_or_no},
        understanding::{Before, Transcript, Understanding},
    },
    phone,
    speech::{ear::LegEar, gate::Noticed, glimpse::Glimpses, heads::back_channels},
    understand::overheard,
};

/// The flow of the stage, without its words.
const FLOW: &str = include_str!("stage.yaml");
/// What the bot says while it is interrupted, unless the scene says what: half a minute.
const BOT: &str = "You can set a new password on our website. \
                   Choose sign in, then forgot password, and we will send you a link by e-mail. \
                   On Saturday we are open from ten in the morning until two in the afternoon, and on Sunday, as always, we are closed. \
                   You can send anything back within thirty days. \
                   The return label is in the parcel. \
                   Shipping costs four euros, and it is free from fifty euros on.";
const NOTICES: [(&str, &str); 2] =
    [("en", "Hello, you are speaking with an automated assistant."), ("ro", "Bună ziua, vorbiți cu un asistent automat.")];
/// How long a scene is watched after the caller's last sound.
const WATCHED_MS: u64 = 4_000;
/// No scene is longer.
const LONGEST_MS: u64 = 60_000;
const BEFORE_MS: u64 = 300;
const AFTER_MS: u64 = 60;
const UNDERSTAND_MS: u64 = 20;
/// What the recogniser of other languages takes.
const OTHERS_TAKE_MS: u64 = 260;

/// The flow of the stage.
pub(super) fn flow(language: &str, bot: &str) -> Result<Arc<Flow>> {
    let notice = NOTICES.iter().find(|(of, _)| *of == language).map_or(NOTICES[0].1, |(_, notice)| *notice);
    let bot = if bot.is_empty() { BOT } else { bot };
    let text = FLOW.replace("LANGUAGE", language).replace("NOTICE", notice).replace("BOT", bot);
    Flow::parse(&text, "stage.yaml").map(Arc::new).map_err(|mistakes| anyhow!("the stage's flow: {mistakes:?}"))
}

/// Plays scenes one after the other.
pub(super) struct Theatre<'a> {
    bench: &'a Bench,
    /// What was made before: flows by language and words, clauses by language and text.
    flows: HashMap<(String, String), Arc<Flow>>,
    clips: HashMap<(String, String), Arc<[i16]>>,
}

impl<'a> Theatre<'a> {
    pub(super) fn new(bench: &'a Bench) -> Self {
        Self { bench, flows: HashMap::new(), clips: HashMap::new() }
    }

    /// Plays a scene.
    pub(super) fn play(&mut self, scene: &Scene) -> Result<Overlap> {
        let flow = self.flow(scene)?;
        let mut stage = Stage::new(self, scene, flow);
        while !stage.is_over() {
            stage.tick()?;
        }
        Ok(stage.seen)
    }

    /// Turn-taking, and what a meaning must have to count, are the chosen flow's; words and notices are the stage's.
    fn flow(&mut self, scene: &Scene) -> Result<Arc<Flow>> {
        let key = (scene.label.language.clone(), scene.label.bot.clone());
        if let Some(known) = self.flows.get(&key) {
            return Ok(Arc::clone(known));
        }
        let mut flow = flow(&key.0, &key.1)?;
        let (made, chosen) = (Arc::make_mut(&mut flow), &self.bench.flow);
        made.turn = chosen.turn.clone();
        (made.understanding.intent, made.understanding.knowledge) = (chosen.understanding.intent, chosen.understanding.knowledge);
        self.flows.insert(key, Arc::clone(&flow));
        Ok(flow)
    }

    fn clip(&mut self, language: &str, clause: &str) -> Result<Arc<[i16]>> {
        let key = (language.to_owned(), clause.to_owned());
        if let Some(known) = self.clips.get(&key) {
            return Ok(Arc::clone(known));
        }
        let voice = &self.bench.engines.synthesiser;
        let (sound, rate) = if is_english(language) {
            (voice.speak(clause, 1.0)?, voice.rate())
        } else {
            let voice = EspeakVoice::new(language);
            (voice.speak(clause, 1.0)?, voice.rate())
        };
        let mut samples = to_pcm(&resample(&sound, rate, 8_000)?);
        samples.extend([0; 1_600]);
        let clip: Arc<[i16]> = samples.into();
        self.clips.insert(key, Arc::clone(&clip));
        Ok(clip)
    }
}

fn begins_as_back_channel(scene: &Scene, language: Language) -> bool {
    let first = scene.label.text.split_whitespace().next().unwrap_or_default();
    scene.label.kind.interrupts() && is_back_channel(first, language) && yes_or_no(first, language) == Some(true)
}

struct Stage<'t, 'a> {
    theatre: &'t mut Theatre<'a>,
    scene: &'t Scene,
    call: Call,
    back_channels: SpokenPhrases,
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
    glimpses: Glimpses,
    /// The words that are being looked at will be known then.
    glimpsed: Time,
    still_since: Option<Time>,
    last_clause: Option<String>,
    /// The long speech is over: what is said now is something else.
    over: bool,
    done: bool,
    seen: Overlap,
}

impl<'t, 'a> Stage<'t, 'a> {
    fn new(theatre: &'t mut Theatre<'a>, scene: &'t Scene, flow: Arc<Flow>) -> Self {
        let language = flow.words();
        let (agrees_first, back_channels) = (begins_as_back_channel(scene, language), back_channels(language));
        let setup = Setup {
            call: CallId("stage".to_owned()),
            flow,
            others: Vec::new(),
            promise: None,
            wall: WallTime { day: 20_000, ms_of_day: 36_000_000 },
            caller: Caller::default(),
            redact: Rules::default(),
        };
        let seen = Overlap {
            name: scene.name.clone(),
            kind: scene.label.kind,
            language: scene.label.language.clone(),
            agrees_first,
            echo: scene.label.echo.is_some(),
            still_after_ms: None,
            lower_after_ms: None,
            stills: 0,
            still_ms: 0,
            longest_still_ms: 0,
            glimpsed: Vec::new(),
            heard: Vec::new(),
            gave_up: false,
            spoken_ms: 0,
        };
        Self {
            line: Line::new(scene.label.echo, &scene.name),
            theatre,
            scene,
            call: Call::new(setup),
            back_channels,
            playout: Playout::default(),
            ear: LegEar::default(),
            now: Time::ZERO,
            events: BTreeMap::new(),
            sequence: 0,
            speech: None,
            began: None,
            glimpses: Glimpses::default(),
            glimpsed: Time::ZERO,
            still_since: None,
            last_clause: None,
            over: false,
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
        self.ear.hear(&frame, &out, &self.theatre.bench.engines.vad, &mut |what| noticed.push(what));
        for what in noticed {
            let event = match what {
                Noticed::Fades(_) => {
                    self.glimpse(Glimpses::is_due_at_end)?;
                    continue;
                }
                Noticed::Started(at) => Event::VoiceStarted { leg: LegId::CALLER, at },
                // Early words are in the time that the recogniser is said to need.
                Noticed::Hushed(..) => continue,
                Noticed::Lasting(at, ms, meant) => {
                    self.glimpse(Glimpses::is_due)?;
                    Event::VoiceLasting { leg: LegId::CALLER, at, ms, meant }
                }
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
                self.over |= self.speech == Some(id);
            }
            Action::Loudness { loudness, .. } => self.loudness(loudness),
            Action::Transcribe { id, from, to, .. } => self.transcribe(id, from, to)?,
            Action::Understand { id, text, .. } => {
                let understanding = self.understand(&text)?;
                self.tell(now.plus(UNDERSTAND_MS), Event::Understood { id, understanding });
            }
            Action::Record(entry) => {
                if let What::CallerTurn { understood: Some(_), .. } = &entry.what {
                    self.seen.gave_up = true;
                }
            }
            Action::End { .. } | Action::FindAgent { .. } => self.done = true,
            Action::Reject { .. }
            | Action::LookUpCaller { .. }
            | Action::Dial { .. }
            | Action::CallBack { .. }
            | Action::Transfer { .. }
            | Action::AnswerTransfer { .. }
            | Action::TransferDone { .. }
            | Action::HangUp { .. }
            | Action::Patch(_)
            | Action::Prepare { .. }
            | Action::Pace { .. }
            | Action::HoldIn { .. }
            | Action::Forget { .. }
            | Action::WriteDown { .. }
            | Action::AskedFor { .. }
            | Action::LookUp { .. }
            | Action::LeaveQueue { .. }
            | Action::ReleaseAgent { .. }
            | Action::Private { .. }
            | Action::Unrecord
            | Action::Strike { .. } => {}
        }
        Ok(())
    }

    fn speak(&mut self, id: RequestId, clauses: &[String]) -> Result<()> {
        // The first sentence is the notice; what follows may be interrupted.
        if clauses.len() > 1 && self.speech.is_none() {
            self.speech = Some(id);
            self.last_clause = clauses.last().cloned();
        } else if self.over && self.last_clause.as_ref() == clauses.last() {
            // What was stopped for long is taken up again.
            (self.speech, self.over) = (Some(id), false);
            self.sounds_again();
        }
        self.playout.announce(id);
        for (clause, text) in clauses.iter().enumerate() {
            let samples = self.theatre.clip(&self.scene.label.language, text)?;
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
                self.sounds_again();
            }
            Loudness::Full => self.sounds_again(),
        }
    }

    /// The speech that was interrupted is to be heard again: it was no stop for good.
    fn sounds_again(&mut self) {
        // Behind a turn it is the answer: "can you repeat that?"
        if self.over || self.seen.gave_up {
            return;
        }
        if let Some(since) = self.still_since.take() {
            let ms = self.now.since(since);
            self.seen.still_ms += ms;
            self.seen.longest_still_ms = self.seen.longest_still_ms.max(ms);
            self.seen.still_after_ms = None;
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
        let audio = self.audio(from, to.plus(AFTER_MS))?;
        let times = Cell::new(1);
        let again = || {
            times.set(times.get() + 1);
            true
        };
        let heard = engines.transcribe_well(&self.scene.label.language, &audio, &again, &|| false)?;
        let complete = engines.end_of_turn.completeness(&audio)?;
        let back_channel = if self.ear.was_over_bot(from, to) {
            engines.back_channel(&self.scene.label.language, &self.back_channels, (&heard.text, &audio), &|| false)?
        } else {
            None
        };
        let transcript = Transcript { text: heard.text, confidence: heard.confidence, complete: None, back_channel, voice: None };
        let likely = back_channel.map_or(String::new(), |likely| format!(", back-channel {likely:.1}"));
        self.seen.heard.push(format!("{} ({:.2}, {}..{}{likely})", transcript.text, transcript.confidence, from.0, to.0));
        let known = self.now.plus(self.takes_ms(to.since(from)) * times.get());
        self.tell(known, Event::Heard { id, transcript });
        self.tell(known, Event::Sounded { id, complete });
        Ok(())
    }

    /// What the words mean to the chosen flow, if it is of their language.
    fn understand(&self, text: &str) -> Result<Understanding> {
        let Bench { embedder, heads, .. } = self.theatre.bench;
        Ok(match heads.as_ref().filter(|heads| heads.flow().language == self.scene.label.language) {
            Some(heads) => heads.understand(&Before::default(), text)?,
            None => overheard(embedder, text)?,
        })
    }

    /// Looks at the words of a voice that goes on, as the driver does.
    fn glimpse(&mut self, is_due: fn(&mut Glimpses, Time, Time, bool) -> bool) -> Result<()> {
        let Some((from, to)) = self.ear.voice() else { return Ok(()) };
        let over_bot = self.ear.is_over_bot() && is_english(&self.scene.label.language);
        if self.glimpsed > self.now || !is_due(&mut self.glimpses, from, to, over_bot) {
            return Ok(());
        }
        let (engines, language) = (&self.theatre.bench.engines, self.scene.label.language.as_str());
        let audio = self.audio(from, to)?;
        let Glimpse { text, guessed, phrase } = if over_bot {
            engines.glimpse(language, &self.back_channels, &audio, &|| false)?
        } else {
            Glimpse { text: engines.transcribe(language, &audio, &|| false)?.text, ..Glimpse::default() }
        };
        let likely = phrase.map_or(String::new(), |likely| format!(" {likely:.1}"));
        self.seen.glimpsed.push(if guessed { format!("({text}){likely}") } else { format!("{text}{likely}") });
        self.glimpsed = self.now.plus(self.takes_ms(to.since(from)));
        if over_bot || !text.is_empty() {
            self.tell(self.glimpsed, Event::Partial { leg: LegId::CALLER, from, text, guessed, back_channel: phrase });
        }
        Ok(())
    }

    fn audio(&self, from: Time, to: Time) -> Result<Vec<f32>> {
        let sound = self.ear.between(Time(from.0.saturating_sub(BEFORE_MS)), to);
        Ok(resample(&to_float(&sound), 8_000, RECOGNISER_RATE)?)
    }

    /// The recogniser of other languages takes its time whatever it hears.
    fn takes_ms(&self, ms: u64) -> u64 {
        if is_english(&self.scene.label.language) { self.theatre.bench.takes_ms(ms + BEFORE_MS) } else { OTHERS_TAKE_MS }
    }
}
