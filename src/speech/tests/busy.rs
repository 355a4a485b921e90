//! More to do than the workers can, or workers that hang: what is left out, and what callers hear. Through the scheduler, and with the real models.

use std::sync::{Arc, atomic::AtomicU64, mpsc};

use tokio::sync::{Semaphore, oneshot};
use warmline_models::{read_wav, to_pcm};

use super::{SPEECH, Setting};
use crate::{
    call::{
        Call, Caller, Setup,
        action::Action,
        event::{Event, Failure, SpeechEnd},
        flow::Flow,
        ids::{CallId, LegId, RequestId},
        media::frame::{FRAME_MS, FRAME_SAMPLES, Frame},
        redact::Rules,
        time::{Time, WallTime},
    },
    clock,
    speech::{
        Inner, Said, Speech,
        listener::Listener,
        priority,
        scheduler::{Class, Go, Job, Scheduler},
    },
};

/// A driver with two workers of its own, and the engines of all tests: what hangs here hangs nowhere else.
fn alone() -> Speech {
    let shared = &SPEECH.0.inner;
    Speech {
        inner: Arc::new(Inner {
            engines: Arc::clone(&shared.engines),
            scheduler: Scheduler::start(2),
            listener: Listener::start(Arc::clone(&shared.engines), priority::LISTENER),
            notes: Listener::start(Arc::clone(&shared.engines), priority::NOTES),
            voice: Arc::clone(&shared.voice),
            remote: None,
            preparing: Arc::clone(&shared.preparing),
            // Their clauses are kept in the same place: nobody else has such numbers.
            calls: AtomicU64::new(1_000_000),
        }),
    }
}

/// What comes though workers hang. A minute is for a test that fails.
async fn soon<T>(comes: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(60), comes).await.expect("it does not come")
}

fn submit(speech: &Speech, class: Class, work: impl FnOnce(Go<'_>) + Send + 'static) {
    let deadline = clock::now() + std::time::Duration::from_secs(600);
    speech.inner.scheduler.submit(Job { class, call: 0, deadline, forgotten: Arc::default(), work: Box::new(work) });
}

/// Both workers hang until what this gives is dropped.
async fn hang(speech: &Speech) -> Vec<mpsc::Sender<()>> {
    let begun = Arc::new(Semaphore::new(0));
    let hung = [(); 2].map(|()| {
        let (release, released) = mpsc::channel::<()>();
        let begun = Arc::clone(&begun);
        submit(speech, Class::Final, move |_| {
            begun.add_permits(1);
            // Nothing is ever sent: the other end is dropped.
            let _ = released.recv();
        });
        release
    });
    let _both = begun.acquire_many(2).await.expect("nobody closes it");
    hung.into()
}

/// Waits until the workers have done all that was submitted before.
async fn all_done(speech: &Speech) {
    let (done, is_done) = oneshot::channel();
    // The last class but one, and patient: one of them runs at a time, after those that came before it.
    submit(speech, Class::Prepare, move |_| _ = done.send(()));
    is_done.await.expect("the job runs");
}

#[tokio::test]
async fn what_is_ready_is_said_while_every_worker_hangs() {
    let speech = alone();
    let mut setting = Setting::of(&speech);
    let clauses = ["One moment, it is ready.".to_owned(), "And this one was never said before.".to_owned()];
    setting.call.speak(RequestId(1), LegId::CALLER, &clauses[..1]);
    let first = setting.said(RequestId(1)).await;
    let hung = hang(&speech).await;
    setting.call.speak(RequestId(2), LegId::CALLER, &clauses);
    let Some(Said::Chunk { chunk, .. }) = soon(setting.call.said()).await else { panic!("not said") };
    assert_eq!((chunk.id, chunk.clause, chunk.samples.len()), (RequestId(2), 0, first[0].1));
    drop(hung);
    // Behind it come its pause and the other one.
    assert_eq!(setting.said(RequestId(2)).await.last().map(|(clause, _)| *clause), Some(1));
}

fn setup() -> Setup {
    let flow = Arc::new(Flow::parse(super::FLOW, "support.en.yaml").expect("the example flow is right"));
    let flow =
        Arc::new(Arc::unwrap_or_clone(flow).bind(&[("orders".to_owned(), "http://127.0.0.1:9".to_owned())].into()).expect("one service"));
    Setup {
        call: CallId("busy".to_owned()),
        flow,
        others: Vec::new(),
        promise: None,
        wall: WallTime { day: 20_782, ms_of_day: 10 * 3_600_000 },
        caller: Caller { number: "+40721000111".to_owned(), ..Caller::default() },
        redact: Rules::default(),
    }
}

/// A call with the real driver for its ears, and a telephone that plays everything at once.
struct Told {
    call: Call,
    now: Time,
    said: Vec<String>,
    asked: Vec<Action>,
}

impl Told {
    fn tell(&mut self, event: Event) {
        self.call.handle(event, self.now);
        while let Some(action) = self.call.poll_action() {
            if let Action::Speak { id, clauses, .. } = action {
                self.said.push(clauses.join(" "));
                self.now = self.now.plus(2_000);
                self.call.handle(Event::SpeechStarted { id, at: self.now }, self.now);
                self.call.handle(Event::SpeechEnded { id, why: SpeechEnd::Finished, clauses: clauses.len(), fraction: 0.0 }, self.now);
            } else {
                self.asked.push(action);
            }
        }
    }
}

#[tokio::test]
async fn a_call_that_cannot_be_served_in_time_says_so_and_calls_a_human() {
    let speech = alone();
    let hung = hang(&speech).await;
    // Turns of other callers, until no more can be done in time.
    let (refused, is_refused) = mpsc::channel();
    while is_refused.try_recv().is_err() {
        let refused = refused.clone();
        submit(&speech, Class::Final, move |go| {
            if matches!(go, Go::Refused(Failure::Overloaded)) {
                refused.send(()).expect("the test goes on");
            }
        });
    }
    let mut setting = Setting::of(&speech);
    let mut told = Told { call: Call::new(setup()), now: Time(100), said: Vec::new(), asked: Vec::new() };
    told.tell(Event::LegAnswered { leg: LegId::CALLER });
    assert!(told.said.iter().any(|text| text.contains("help you")), "{:?}", told.said);
    let (end, seen) = setting.hear("03.wav", told.now.plus(1_000)).await;
    told.now = end;
    seen.into_iter().for_each(|event| told.tell(event));
    let asked = told.asked.iter().find_map(|action| match action {
        Action::Transcribe { id, leg, from, to, digits } => Some((*id, *leg, (*from, *to), *digits)),
        _ => None,
    });
    let (id, leg, span, digits) = asked.expect("the words are asked for");
    setting.call.transcribe(id, leg, span, digits);
    told.tell(soon(setting.next()).await);
    assert!(told.said.iter().any(|text| text.contains("too many people are calling")), "{:?}", told.said);
    assert!(told.asked.iter().any(|action| matches!(action, Action::FindAgent { .. })), "{:?}", told.asked);
    drop(hung);
}

/// A tenth of a second.
const FRAMES: usize = 5;

/// Somebody who talks for three seconds and a half, in frames; gives how long the voice had lasted at each partial text. `idle`: the workers are done with
/// each tenth of a second before the next one comes.
async fn talks(speech: &Speech, setting: &mut Setting, from: Time, idle: bool) -> Vec<u64> {
    // Half a second before it: whoever speaks at once speaks over the bot, perhaps.
    let mut samples = vec![0; 4_000];
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/speech/16.wav");
    samples.extend(to_pcm(&read_wav(&path).expect("it is there").samples));
    samples.extend([0; 8_000]);
    let (ear, mut at, mut lasting, mut partials, mut over) = (setting.call.ear(), from, 0, Vec::new(), false);
    let mut take = |event: Event, over: &mut bool| match event {
        Event::VoiceLasting { ms, .. } => lasting = ms,
        Event::Partial { .. } => partials.push(lasting),
        Event::VoiceStopped { .. } => *over = true,
        _ => {}
    };
    for (number, samples) in samples.as_chunks::<FRAME_SAMPLES>().0.iter().enumerate() {
        ear.hear(LegId::CALLER, Frame { at, samples: *samples, concealed: false }, &[0; FRAME_SAMPLES]);
        at = at.plus(FRAME_MS);
        while ear.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        if idle && number % FRAMES == 0 {
            all_done(speech).await;
        }
        while let Ok(event) = setting.events.try_recv() {
            take(event, &mut over);
        }
    }
    while !over {
        take(setting.events.recv().await.expect("the call is open"), &mut over);
    }
    partials
}

#[tokio::test]
async fn partial_texts_come_once_a_second_and_not_while_somebody_waits_for_their_words() {
    let speech = alone();
    let mut setting = Setting::of(&speech);
    // On a machine that is busy otherwise a text may take longer than anybody waits for it; then it is left out.
    let mut is_steady = false;
    for round in 0..5 {
        let all = talks(&speech, &mut setting, Time(round * 20_000), true).await;
        assert!(all.first().is_none_or(|first| *first >= 1_000) && all.windows(2).all(|pair| pair[1] - pair[0] >= 800), "{all:?}");
        is_steady = all.len() >= 2 && all[0] < 1_300 && all.windows(2).all(|pair| pair[1] - pair[0] < 1_300);
        if is_steady {
            break;
        }
    }
    assert!(is_steady, "a second apart");

    let hung = hang(&speech).await;
    submit(&speech, Class::Final, |_| {});
    let mut none = talks(&speech, &mut setting, Time(200_000), false).await;
    drop(hung);
    all_done(&speech).await;
    while let Ok(event) = setting.events.try_recv() {
        none.extend(matches!(event, Event::Partial { .. }).then_some(0));
    }
    assert!(none.is_empty(), "somebody waited for their words: {none:?}");

    // They come back.
    let mut back = Vec::new();
    for round in 0..5 {
        back.extend(talks(&speech, &mut setting, Time(300_000 + round * 20_000), true).await);
    }
    assert!(!back.is_empty());
}
