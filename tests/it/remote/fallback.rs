//! In the middle of a call an engine elsewhere fails: the built-in one does the work, and the call is told. With the real models.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{runtime::Handle, sync::mpsc};
use warmline::{
    call::{
        event::{Engine, Event, Failure},
        flow::Flow,
        ids::{LegId, RequestId},
        media::frame::{FRAME_MS, FRAME_SAMPLES, Frame},
        time::Time,
    },
    speech::{
        CallSpeech, Options, Said, Speech, Tongue,
        remote::{
            BreakerOptions, Chat, ChatMode, ChatOptions, Guarded, Remote, StreamOptions, Streams, Transcription, TranscriptionOptions,
            VoiceFormat, VoiceOptions, VoiceService,
        },
    },
};
use warmline_models::{read_wav, to_pcm};

use super::{
    server::{Does, Server, patient},
    streaming::{self, Noticed},
};

const FLOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/flows/support.en.yaml");

struct Setting<const SERVERS: usize> {
    call: CallSpeech,
    events: mpsc::Receiver<Event>,
    servers: [Server; SERVERS],
}

/// A call whose recogniser, voice and chat model are elsewhere.
async fn setting(recogniser: &[Does], voice: &[Does], chat: &[Does]) -> Setting<3> {
    let servers = [Server::start(recogniser).await, Server::start(voice).await, Server::start(chat).await];
    let breaker = BreakerOptions { failures: 5, rest: Duration::from_secs(3_600) };
    let [recogniser, voice, chat] = [0, 1, 2].map(|n: usize| patient(&servers[n].url, "Bearer"));
    let name = || "m".to_owned();
    let transcription = Transcription::new(recogniser, TranscriptionOptions { model: name() });
    let voice = VoiceService::new(voice, VoiceOptions { model: name(), voice: name(), format: VoiceFormat::Pcm { rate: 8_000 } });
    let chat = Chat::new(chat, ChatOptions { model: name(), mode: ChatMode::Phrase });
    let remote = Remote {
        runtime: Handle::current(),
        transcription: Some(Arc::new(Guarded::new("transcription", transcription, breaker))),
        stream: None,
        voice: Some(Arc::new(Guarded::new("voice", voice, breaker))),
        chat: Some(Arc::new(Guarded::new("chat", chat, breaker))),
    };
    let (call, events) = open(remote).await;
    Setting { call, events, servers }
}

/// A call with these engines elsewhere.
async fn open(remote: Remote) -> (CallSpeech, mpsc::Receiver<Event>) {
    open_with(Some(remote)).await
}

/// A call with the real models, and these engines elsewhere, if any.
pub(super) async fn open_with(remote: Option<Remote>) -> (CallSpeech, mpsc::Receiver<Event>) {
    let options = Options { cache: None, remote, ..Options::of_user().unwrap() };
    let flow = Arc::new(Flow::parse(&std::fs::read_to_string(FLOW).unwrap(), "support.en.yaml").unwrap());
    let started = tokio::task::spawn_blocking(move || Speech::start(&options, &[flow])).await.unwrap();
    let (speech, mut heads) = started.unwrap_or_else(|error| panic!("run `warmline models pull` first: {error}"));
    let (sender, events) = mpsc::channel(1_024);
    (speech.call(vec![Tongue { language: "en".to_owned(), heads: heads.remove(0) }], sender), events)
}

/// A call with a recogniser elsewhere that listens along.
async fn streaming(does: streaming::Does) -> (Setting<0>, mpsc::Receiver<Noticed>) {
    let (url, noticed) = streaming::service(does).await;
    let options = StreamOptions { model: "m".to_owned(), query: Vec::new() };
    let breaker = BreakerOptions { failures: 1, rest: Duration::from_secs(3_600) };
    let streams = Arc::new(Guarded::new("streaming", Streams::new(patient(&url, "Token"), options), breaker));
    let remote = Remote { runtime: Handle::current(), transcription: None, stream: Some(streams), voice: None, chat: None };
    let (call, events) = open(remote).await;
    (Setting { call, events, servers: [] }, noticed)
}

impl<const SERVERS: usize> Setting<SERVERS> {
    /// The caller or an agent says "Where is my order?".
    async fn hear(&self, leg: LegId) -> Time {
        self.hear_at(leg, Time(5_000)).await
    }

    async fn hear_at(&self, leg: LegId, from: Time) -> Time {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/speech/03.wav");
        let mut samples = to_pcm(&read_wav(&path).unwrap().samples);
        samples.extend([0; 4_000]);
        let (ear, mut at) = (self.call.ear(), from);
        for samples in samples.as_chunks::<FRAME_SAMPLES>().0 {
            while ear.waiting() > 50 {
                tokio::task::yield_now().await;
            }
            ear.hear(leg, Frame { at, samples: *samples, concealed: false }, &[0; FRAME_SAMPLES]);
            at = at.plus(FRAME_MS);
        }
        while ear.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        at
    }

    async fn next(&mut self) -> Event {
        loop {
            match self.events.recv().await.unwrap() {
                Event::Partial { .. }
                | Event::Sounded { .. }
                | Event::VoiceLasting { .. }
                | Event::VoiceStarted { .. }
                | Event::VoiceStopped { .. } => {}
                answer => return answer,
            }
        }
    }

    async fn words(&mut self, id: u64, leg: LegId, to: Time) -> (Option<Event>, String) {
        self.words_between(id, leg, Time(5_000), to).await
    }

    async fn words_between(&mut self, id: u64, leg: LegId, from: Time, to: Time) -> (Option<Event>, String) {
        self.call.transcribe(RequestId(id), leg, (from, to), None);
        let (mut fell, mut again) = (None, 1_000 + id);
        loop {
            match self.next().await {
                // A machine that is busy with other things: the deadline of an answer is not what is tested.
                Event::Failed { why: Failure::TimedOut | Failure::Overloaded, .. } => {
                    again += 1;
                    self.call.transcribe(RequestId(again), leg, (from, to), None);
                }
                Event::Heard { transcript, .. } => return (fell, transcript.text),
                other => fell = Some(other),
            }
        }
    }

    /// Lengths of the clauses of something that is said.
    async fn speak(&mut self, id: u64, clauses: &[&str]) -> Vec<usize> {
        let clauses: Vec<String> = clauses.iter().map(|clause| (*clause).to_owned()).collect();
        self.call.speak(RequestId(id), LegId::CALLER, &clauses);
        let mut lengths = vec![0; clauses.len()];
        loop {
            let Some(Said::Chunk { chunk, .. }) = self.call.said().await else { panic!("it cannot be said") };
            lengths[chunk.clause] += chunk.samples.len();
            if chunk.last {
                return lengths;
            }
        }
    }
}

#[tokio::test]
async fn words_come_from_elsewhere_until_it_fails_and_never_an_agents_or_private_ones() {
    let heard = Does::json(r#"{"text":"from elsewhere"}"#);
    let broken = Does::Answers(500, "text/plain", Vec::new());
    let mut setting = setting(&[heard.clone(), broken.clone(), heard], &[Does::Hangs], &[Does::Hangs]).await;
    let to = setting.hear(LegId::CALLER).await;
    assert_eq!(setting.words(1, LegId::CALLER, to).await, (None, "from elsewhere".to_owned()));
    let fell = Event::FellBack { engine: Engine::Recogniser, why: Failure::Broken };
    assert_eq!(setting.words(2, LegId::CALLER, to).await, (Some(fell), "Where is my order?".to_owned()));
    assert_eq!(setting.words(3, LegId::CALLER, to).await, (None, "from elsewhere".to_owned()), "one failure is no reason to stop asking");
    assert_eq!(setting.servers[0].asked().len(), 3);

    let agent = LegId(1);
    let to = setting.hear(agent).await;
    assert_eq!(setting.words(4, agent, to).await.1, "Where is my order?");
    setting.call.keep_private(true);
    assert_eq!(setting.words(5, LegId::CALLER, to).await.1, "Where is my order?");
    assert_eq!(setting.servers[0].asked().len(), 3, "what an agent says, and what is private, stays here");
}

#[tokio::test]
async fn a_voice_that_fails_in_the_middle_is_replaced_for_the_rest() {
    let sound: Vec<u8> = (0..8_000i32).flat_map(|n| (((n % 40) * 100) as i16).to_le_bytes()).collect();
    let spoken = Does::Answers(200, "audio/pcm", sound);
    let mut setting = setting(&[Does::Hangs], &[spoken, Does::IsCrowded(60)], &[Does::Hangs]).await;
    let lengths = setting.speak(1, &["Hello there.", "Your order is on its way.", "Goodbye."]).await;
    assert!((7_000..12_000).contains(&lengths[0]), "a second from elsewhere: {lengths:?}");
    assert!(lengths[1] > 8_000 && lengths[2] > 1_600, "{lengths:?}");
    assert_eq!(setting.next().await, Event::FellBack { engine: Engine::Voice, why: Failure::Overloaded });
    assert_eq!(setting.servers[1].asked().len(), 2, "it is not asked again within a sentence");
    // It wants to be left alone for a minute.
    setting.speak(2, &["Thank you."]).await;
    assert_eq!(setting.servers[1].asked().len(), 2);
}

#[tokio::test]
async fn a_chat_model_is_asked_for_what_the_flow_does_not_understand_and_only_finds_what_is_there() {
    let content = r#"{"entries":["human_agent","NOT_THERE"],"answer":"I will transfer you."}"#;
    let none = serde_json::json!({"choices": [{"message": {"content": content}}]}).to_string();
    let mut setting = setting(&[Does::Hangs], &[Does::Hangs], &[Does::json(&none), Does::Answers(503, "text/plain", Vec::new())]).await;
    let odd = "My grandmother paints horses on Tuesdays";
    setting.call.understand(RequestId(1), odd);
    let Event::Understood { understanding, .. } = setting.next().await else { panic!("not understood") };
    assert_eq!(understanding.phrased, None);
    assert!(understanding.knowledge.iter().chain(&understanding.intents).all(|scored| scored.score < 0.7), "{understanding:?}");
    setting.call.understand(RequestId(2), odd);
    assert_eq!(setting.next().await, Event::FellBack { engine: Engine::Chat, why: Failure::Broken });
    assert!(matches!(setting.next().await, Event::Understood { id: RequestId(2), .. }));
    assert_eq!(setting.servers[2].asked().len(), 2);
    // Private words are no question for anybody else.
    setting.call.keep_private(true);
    setting.call.understand(RequestId(3), odd);
    assert!(matches!(setting.next().await, Event::Understood { id: RequestId(3), .. }));
    // What the flow understands by itself needs nobody.
    setting.call.keep_private(false);
    setting.call.understand(RequestId(4), "Where is my order?");
    assert!(matches!(setting.next().await, Event::Understood { id: RequestId(4), .. }));
    assert_eq!(setting.servers[2].asked().len(), 2);
}

#[tokio::test]
async fn a_stream_hears_the_caller_and_nothing_that_is_private() {
    let (mut setting, mut noticed) = streaming(streaming::Does::Hears).await;
    let to = setting.hear(LegId::CALLER).await;
    let (fell, text) = setting.words(1, LegId::CALLER, to).await;
    assert!(fell.is_none() && text.starts_with("W0 W1"), "{fell:?} {text}");
    setting.call.keep_private(true);
    let (from, to) = (Time(20_000), setting.hear_at(LegId::CALLER, Time(20_000)).await);
    assert_eq!(setting.words_between(2, LegId::CALLER, from, to).await.1, "Where is my order?");
    setting.call.keep_private(false);
    let (from, to) = (Time(40_000), setting.hear_at(LegId::CALLER, Time(40_000)).await);
    let (fell, text) = setting.words_between(3, LegId::CALLER, from, to).await;
    assert!(fell.is_none() && text.starts_with('W') && !text.contains("W0"), "{fell:?} {text}");
    let mut sounds = Vec::new();
    while sounds.len() < 2 {
        if let Noticed::Sound(samples, _) = noticed.recv().await.unwrap() {
            sounds.push(samples);
        }
    }
    assert_eq!(sounds[1], 2 * sounds[0], "two turns of three went out");
}

#[tokio::test]
async fn a_stream_that_is_gone_is_replaced_by_the_built_in_recogniser() {
    let (mut setting, _noticed) = streaming(streaming::Does::Dies).await;
    let to = setting.hear(LegId::CALLER).await;
    let (fell, text) = setting.words(1, LegId::CALLER, to).await;
    assert_eq!(text, "Where is my order?");
    assert!(matches!(fell, Some(Event::FellBack { engine: Engine::Recogniser, .. })), "{fell:?}");
}
