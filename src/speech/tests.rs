//! The driver with the real models: frames in, reports and speech out. No test waits for a time, only for reports.

mod busy;

use std::{
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use tokio::sync::mpsc;
use warmline_models::{ModelsDir, read_wav, resample, to_pcm};

use super::{CallSpeech, Heads, Options, Said, Speech, Tongue, voice::Manner};
use crate::call::{
    event::{Event, Failure},
    flow::Flow,
    ids::{LegId, RequestId},
    media::frame::{FRAME_MS, FRAME_SAMPLES, Frame},
    time::Time,
};

const FLOW: &str = include_str!("../../config/flows/support.en.yaml");

/// One driver for all tests: the models are loaded once.
static SPEECH: LazyLock<(Speech, Arc<Heads>)> = LazyLock::new(|| {
    let cache = std::env::temp_dir().join(format!("warmline-speech-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&cache);
    let options = Options { models: ModelsDir::of_user().unwrap(), cache: Some(cache), cache_bytes: 10_000_000, workers: 2, remote: None };
    let flow = Arc::new(Flow::parse(FLOW, "support.en.yaml").expect("the example flow is right"));
    let started = Speech::start(&options, &[flow]);
    let (speech, mut heads) = started.unwrap_or_else(|error| panic!("run `warmline models pull` first: {error}"));
    (speech, heads.remove(0))
});

struct Setting {
    call: CallSpeech,
    events: mpsc::Receiver<Event>,
}

impl Setting {
    fn new() -> Self {
        Self::of(&SPEECH.0)
    }

    fn of(speech: &Speech) -> Self {
        let (sender, events) = mpsc::channel(1_024);
        let call = speech.call(vec![Tongue { language: "en".to_owned(), heads: Arc::clone(&SPEECH.1) }], sender);
        Self { call, events }
    }

    /// Feeds an utterance as the media engine does; gives the time of its end. The listener's queue holds two seconds, so the frames wait for it.
    async fn hear(&mut self, file: &str, from: Time) -> (Time, Vec<Event>) {
        self.hear_on(LegId::CALLER, file, from).await
    }

    async fn hear_on(&mut self, leg: LegId, file: &str, from: Time) -> (Time, Vec<Event>) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/speech").join(file);
        let mut samples = to_pcm(&read_wav(&path).unwrap().samples);
        samples.extend([0; 8_000]);
        let (ear, mut at, mut seen) = (self.call.ear(), from, Vec::new());
        for samples in samples.as_chunks::<FRAME_SAMPLES>().0 {
            while ear.waiting() > 50 {
                tokio::task::yield_now().await;
            }
            ear.hear(leg, Frame { at, samples: *samples, concealed: false }, &[0; FRAME_SAMPLES]);
            at = at.plus(FRAME_MS);
        }
        while !seen.iter().any(|event| matches!(event, Event::VoiceStopped { .. })) {
            seen.push(self.events.recv().await.unwrap());
        }
        (at, seen)
    }

    async fn next(&mut self) -> Event {
        loop {
            match self.events.recv().await.unwrap() {
                // A hint: it comes before the words, after them, or never.
                Event::Sounded { complete, .. } => assert!((0.0..=1.0).contains(&complete), "{complete}"),
                Event::Partial { .. } | Event::VoiceLasting { .. } | Event::VoiceStarted { .. } | Event::VoiceStopped { .. } => {}
                answer => return answer,
            }
        }
    }

    /// Each clause with its length.
    async fn said(&mut self, id: RequestId) -> Vec<(usize, usize)> {
        let mut clauses: Vec<(usize, usize)> = Vec::new();
        loop {
            match self.call.said().await.unwrap() {
                Said::Chunk { leg, chunk } => {
                    assert_eq!((leg, chunk.id), (LegId::CALLER, id));
                    match clauses.last_mut().filter(|(clause, _)| *clause == chunk.clause) {
                        Some((_, length)) => *length += chunk.samples.len(),
                        None => clauses.push((chunk.clause, chunk.samples.len())),
                    }
                    if chunk.last {
                        return clauses;
                    }
                }
                Said::Failed { id } => panic!("{id:?} failed"),
            }
        }
    }
}

#[tokio::test]
async fn an_utterance_is_noticed_written_down_and_understood() {
    let mut setting = Setting::new();
    let (_, seen) = setting.hear("03.wav", Time(5_000)).await;
    let Some(Event::VoiceStarted { at: from, .. }) = seen.iter().find(|event| matches!(event, Event::VoiceStarted { .. })) else {
        panic!("no voice: {seen:?}")
    };
    let Some(Event::VoiceStopped { at: to, .. }) = seen.last() else { panic!("{seen:?}") };
    // The file holds 0.3 s of silence, 1.1 s of speech, 0.4 s of silence.
    assert!((5_100..5_400).contains(&from.0) && (6_100..6_700).contains(&to.0), "{from:?} to {to:?}");
    assert!(seen.iter().any(|event| matches!(event, Event::VoiceLasting { at, ms, .. } if at == from && *ms >= 200)), "{seen:?}");

    setting.call.transcribe(RequestId(1), LegId::CALLER, (*from, *to), None);
    let Event::Heard { id: RequestId(1), transcript } = setting.next().await else { panic!("not heard") };
    assert_eq!(transcript.text, "Where is my order?");
    assert!(transcript.confidence > 0.8, "{transcript:?}");

    setting.call.understand(RequestId(2), &transcript.text);
    let Event::Understood { id: RequestId(2), understanding } = setting.next().await else { panic!("not understood") };
    assert_eq!(understanding.intents[0].name, "order_status", "{understanding:?}");
    assert!(understanding.intents[0].score > 0.5 && understanding.tone.anger < 0.3, "{understanding:?}");
}

#[tokio::test]
async fn what_two_people_say_to_each_other_is_written_down_and_nothing_else_of_it() {
    let mut setting = Setting::new();
    for (leg, file, words, id) in [(LegId::CALLER, "03.wav", "Where is my order?", 1), (LegId(1), "03.wav", "Where is my order?", 2)] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/speech").join(file);
        let mut samples = to_pcm(&read_wav(&path).unwrap().samples);
        samples.extend([0; 8_000]);
        let (ear, mut at) = (setting.call.ear(), Time(5_000));
        for samples in samples.as_chunks::<FRAME_SAMPLES>().0 {
            while ear.notes_waiting() > 50 {
                tokio::task::yield_now().await;
            }
            ear.write_down(leg, Frame { at, samples: *samples, concealed: false }, &[0; FRAME_SAMPLES]);
            at = at.plus(FRAME_MS);
        }
        let Some(Event::VoiceStarted { leg: on, at: from }) = setting.events.recv().await else { panic!("no voice") };
        let Some(Event::VoiceStopped { leg: off, at: to }) = setting.events.recv().await else {
            panic!("nothing but beginning and end is told")
        };
        assert_eq!((on, off), (leg, leg));
        setting.call.write_down(RequestId(id), leg, (from, to));
        let Some(Event::WrittenDown { id: answered, text, confidence }) = setting.events.recv().await else { panic!("not written down") };
        assert_eq!((answered, text.as_str()), (RequestId(id), words));
        assert!(confidence > 0.8, "{confidence}");
    }
}

#[tokio::test]
async fn speech_comes_clause_by_clause_and_again_from_the_cache() {
    let mut setting = Setting::new();
    let clauses = ["Thank you.".to_owned(), String::new(), "Your number is 457129, is that right?".to_owned()];
    setting.call.speak(RequestId(1), LegId::CALLER, &clauses);
    let first = setting.said(RequestId(1)).await;
    assert_eq!(first.iter().map(|(clause, _)| *clause).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(first[0].1 > 4_000 && first[1].1 == 0 && first[2].1 > 16_000, "{first:?}");
    setting.call.speak(RequestId(2), LegId::CALLER, &clauses);
    assert_eq!(setting.said(RequestId(2)).await, first);
}

#[tokio::test]
async fn a_clause_that_comes_in_pieces_is_the_same_as_in_one() {
    let mut setting = Setting::new();
    let long = "It comes in one big piece, or in several smaller ones that follow each other without a gap.";
    let mut said = Vec::new();
    for id in [1, 2] {
        setting.call.speak(RequestId(id), LegId::CALLER, &[long.to_owned()]);
        let mut whole = Vec::new();
        loop {
            let Some(Said::Chunk { chunk, .. }) = setting.call.said().await else { panic!("it cannot be said") };
            whole.extend_from_slice(&chunk.samples);
            if chunk.last {
                break;
            }
        }
        said.push(whole);
    }
    assert!(said[0] == said[1], "{} samples, and then {}", said[0].len(), said[1].len());
    // The borders of the pieces are not to be heard.
    let audio: Vec<f32> = said[0].iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    let heard = SPEECH.0.inner.engines.transcribe("en", &resample(&audio, 8_000, 16_000).unwrap(), &|| false).unwrap();
    assert_eq!(heard.text, long);
}

#[tokio::test]
async fn what_only_one_call_says_is_forgotten_with_it() {
    let (always, once) = ("Is there anything else I can help you with?", "Your order number is 4 5 7 1 9 9.");
    let mut setting = Setting::new();
    setting.call.speak(RequestId(1), LegId::CALLER, &[always.to_owned(), once.to_owned()]);
    setting.said(RequestId(1)).await;
    let manner = Manner { language: "en".to_owned(), percent: 100 };
    let voice = &SPEECH.0.inner.voice;
    assert!(voice.is_at_hand(always, &manner, false) && voice.is_at_hand(once, &manner, false));
    assert!(voice.is_on_disk(always, &manner) && !voice.is_on_disk(once, &manner));
    drop(setting);
    // Its last sound was heard a moment before it is kept, or would be.
    while voice.is_at_hand(once, &manner, false) {
        tokio::task::yield_now().await;
    }
    assert!(voice.is_at_hand(always, &manner, false));
}

#[tokio::test]
async fn what_is_forgotten_is_not_answered_and_what_is_unknown_is_empty() {
    let mut setting = Setting::new();
    // Both workers are kept busy, so that the request still waits when it is forgotten.
    for id in 10..20 {
        setting.call.understand(RequestId(id), "where is my order");
    }
    setting.call.transcribe(RequestId(1), LegId::CALLER, (Time(0), Time(1_000)), None);
    setting.call.understand(RequestId(2), "forget me");
    setting.call.forget(RequestId(2));
    setting.call.understand(RequestId(3), "");
    let mut answered = Vec::new();
    while !answered.contains(&RequestId(3)) || answered.len() < 12 {
        match setting.next().await {
            Event::Understood { id, .. } => answered.push(id),
            Event::Heard { id, transcript } => {
                assert_eq!((transcript.text.as_str(), transcript.confidence), ("", 0.0));
                answered.push(id);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(!answered.contains(&RequestId(2)), "{answered:?}");
}

#[tokio::test]
async fn too_much_at_once_is_refused_with_its_id() {
    let mut setting = Setting::new();
    for id in 0..400 {
        setting.call.understand(RequestId(id), "where is my order");
    }
    let (mut refused, mut understood) = (0, 0);
    while refused + understood < 400 {
        match setting.next().await {
            Event::Failed { why: Failure::Overloaded | Failure::TimedOut, .. } => refused += 1,
            Event::Understood { .. } => understood += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(refused > 0 && understood > 0, "{refused} refused, {understood} understood");
}

#[tokio::test]
async fn a_hole_in_the_sound_ends_the_voice() {
    let mut setting = Setting::new();
    let (end, _) = setting.hear("16.wav", Time(0)).await;
    let ear = setting.call.ear();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/speech/16.wav");
    let samples = to_pcm(&read_wav(&path).unwrap().samples);
    let mut at = end.plus(10_000);
    // A second and a half of speech, then nothing more for ten seconds.
    for samples in samples.as_chunks::<FRAME_SAMPLES>().0.iter().take(75) {
        ear.hear(LegId::CALLER, Frame { at, samples: *samples, concealed: false }, &[0; FRAME_SAMPLES]);
        at = at.plus(FRAME_MS);
    }
    ear.hear(LegId::CALLER, Frame { at: at.plus(10_000), samples: [0; FRAME_SAMPLES], concealed: true }, &[0; FRAME_SAMPLES]);
    let stopped = loop {
        if let Event::VoiceStopped { at, .. } = setting.events.recv().await.unwrap()
            && at > end
        {
            break at;
        }
    };
    assert!(stopped <= at && at.since(stopped) < 400, "{stopped:?} of {at:?}");
}

#[tokio::test]
async fn only_the_callers_voice_is_measured() {
    let mut setting = Setting::new();
    let agent = LegId(1);
    let (caller_end, _) = setting.hear("03.wav", Time(5_000)).await;
    let (agent_end, _) = setting.hear_on(agent, "03.wav", Time(5_000)).await;
    setting.call.transcribe(RequestId(1), LegId::CALLER, (Time(5_000), caller_end), None);
    let Event::Heard { transcript: caller, .. } = setting.next().await else { panic!("the caller was not heard") };
    setting.call.transcribe(RequestId(2), agent, (Time(5_000), agent_end), None);
    let Event::Heard { transcript: other, .. } = setting.next().await else { panic!("the agent was not heard") };
    assert_eq!((caller.text.as_str(), other.text.as_str()), ("Where is my order?", "Where is my order?"));
    assert!(caller.voice.as_ref().is_some_and(|voice| voice.voiced_ms > 300 && voice.pitch_hz > 60.0), "{caller:?}");
    assert_eq!(other.voice, None);
}
