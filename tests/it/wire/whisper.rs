//! A whisper is heard by the agent and by nobody else, and what the caller hears meanwhile is not heard by the agent: shown by correlation of what both
//! telephones received, and of the recording.
//!
//! How much correlation says "it is there"? What is surely not there says it, by the length of what is looked for, since longer sounds are less like others by
//! chance: the whisper beside the greeting in the same voice and beside the music before, and a sentence that nobody said beside the whisper. Twice the highest
//! of these is the limit. And the test can see: the whisper mixed into what the caller heard, 20 dB softer than it was, lies above the limit.

use std::{process::Stdio, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::process::Command;
use warmline::{
    call::flow::Flow,
    clock,
    phone::{Phone, Sound},
};

use crate::sim::story_whisper::full;

use super::{
    ANY, Folder, LIMIT,
    correlation::{leaked, likeness},
    gateway, hear_greeting, newest_call, said,
};

/// 20 dB softer.
const SOFTER: i16 = 10;

/// What the telephones and the recording have of one handoff.
struct Heard {
    /// What the agent received from the answer until the briefing was over.
    briefing: Vec<i16>,
    /// What the caller received from then on until it was over, and what before: the greeting, and what followed the wish.
    company: Vec<i16>,
    greeting: Vec<i16>,
    before: Vec<i16>,
    /// What the caller said meanwhile.
    words: Vec<i16>,
    /// The whole call, as the caller received it.
    caller: Vec<i16>,
    /// The recording's channels.
    left: Vec<i16>,
    right: Vec<i16>,
    /// The first sentences of the summary.
    spoken: Vec<String>,
}

async fn hand_over() -> Heard {
    let origin = clock::now();
    let agent = Phone::bind("maria", ANY, origin).await.unwrap();
    let gateway = gateway("whisper", &agent.address()).await;
    let caller = Phone::bind("caller", ANY, origin).await.unwrap();
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let wished = line.media.now();
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let call = newest_call(&gateway.rig).await;

    let words = said("While I am waiting I may as well say that the parcel was meant for my grandmother.").await;
    let agents = agent.ring(LIMIT).await.unwrap().answer().await.unwrap();
    let answered = agents.answered;
    agents.media.wait_for_sound_of(Duration::from_millis(300), answered, LIMIT).await.unwrap();
    line.media.say(&words).await.unwrap();
    let over = agents.media.wait_for_silence_of(Duration::from_millis(1_500), answered, LIMIT).await.unwrap();
    let briefing = agents.media.heard_between(answered, over + Duration::from_millis(300)).samples;
    agents.media.press('1').await.unwrap();
    let path = format!("/api/v1/calls/{call}");
    let bridged = |seen: &Value| seen["entries"].as_array()?.iter().any(|entry| entry["step"]["step"] == "bridged").then_some(());
    gateway.rig.api().until(&path, LIMIT, bridged).await.unwrap();
    line.hang_up().await.unwrap();

    let told = |seen: &Value| {
        let started = seen["entries"].as_array()?.iter().find(|entry| entry["step"]["step"] == "started")?;
        (seen["head"]["recording"] == true).then(|| started["step"]["summary"]["spoken"].clone())
    };
    let spoken: Vec<String> = serde_json::from_value(gateway.rig.api().until(&path, LIMIT, told).await.unwrap()).unwrap();
    let wav = gateway.rig.api().bytes(&format!("{path}/recording")).await.unwrap();
    let both: Vec<i16> = hound::WavReader::new(wav.as_slice()).unwrap().into_samples::<i16>().map(Result::unwrap).collect();
    let channel = |first: usize| both.iter().skip(first).step_by(2).copied().collect();
    let heard = |from: Duration, to: Duration| line.media.heard_between(from, to).samples;
    Heard {
        briefing,
        company: heard(answered, over),
        greeting: heard(line.answered, wished),
        before: heard(wished, answered),
        words: words.samples,
        caller: heard(line.answered, over + Duration::from_secs(1)),
        left: channel(0),
        right: channel(1),
        spoken,
    }
}

/// The words as the gateway's voice says them, made apart from the call.
async fn said_apart(text: &str) -> Sound {
    said_apart_in("en", text).await
}

/// The same in the voice of a language. As long as on a call, however slow the machine is.
pub(super) async fn said_apart_in(language: &str, text: &str) -> Sound {
    let folder = Folder::new(&format!("whisper-{language}"));
    let file = folder.0.join("said.wav");
    let mut speak = Command::new(env!("CARGO_BIN_EXE_warmline"));
    let speak = speak.args(["speak", "--lang", language, "--out"]).arg(&file).arg(text).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(speak.status().await.unwrap().success());
    Sound::read(&file).unwrap().trimmed()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whisper_is_in_the_agents_ear_and_in_no_other_and_the_company_in_the_callers() {
    let heard = hand_over().await;
    let whisper = Sound { samples: heard.briefing.clone() }.trimmed().samples;
    keeps_to_its_time("en", &format!("Hello Maria, a caller for you. {}", heard.spoken.join(" "))).await;
    // That it is the briefing: a sentence of it, spoken by the same voice apart from the call, is in what the agent's telephone received.
    let longest = heard.spoken.iter().max_by_key(|clause| clause.len()).expect("there is a briefing");
    let apart = said_apart(longest).await;
    let there = likeness(&apart.samples, &heard.briefing);

    let never = said("The old lighthouse keeper wound the clock every evening before the ships came in.").await;
    let unrelated = [
        ("the greeting in the same voice, in the whisper", likeness(&heard.greeting, &whisper)),
        ("the whisper, in the music and words before", likeness(&whisper, &heard.before)),
        ("what nobody said, in the whisper", likeness(&never.samples, &heard.briefing)),
    ];
    let long = unrelated[0].1.max(unrelated[1].1) * 2.0;
    let short = unrelated[2].1 * 2.0;
    let leaks = [
        ("the whisper in what the caller heard", likeness(&whisper, &heard.caller), long),
        ("the whisper in the recording, left", likeness(&whisper, &heard.left), long),
        ("the whisper in the recording, right", likeness(&whisper, &heard.right), long),
        ("the caller's company in what the agent heard", likeness(&heard.company, &heard.briefing), long),
        ("the caller's words in what the agent heard", likeness(&heard.words, &heard.briefing), short),
    ];
    let seen = likeness(&whisper, &leaked(&whisper, &heard.caller, SOFTER));

    println!("a sentence of the briefing in what the agent heard: {there:.3}");
    unrelated.iter().for_each(|(what, likeness)| println!("unrelated: {what}: {likeness:.3}"));
    println!("the whisper 20 dB softer in what the caller heard would be {seen:.3}");
    leaks.iter().for_each(|(what, likeness, limit)| println!("{what}: {likeness:.3}, limit {limit:.3}"));
    assert!(there > 0.9, "the agent did not hear the briefing: {there:.3}");
    assert!(seen > long, "a leak would not be seen: {seen:.3} against {long:.3}");
    // The recording has the caller's words and the company: the test looks where something is.
    assert!(likeness(&heard.words, &heard.left) > 0.4 && likeness(&heard.company, &heard.right) > 0.8);
    for (what, likeness, limit) in leaks {
        assert!(likeness <= limit, "{what}: {likeness:.3}");
    }
}

/// The default of `handoff.briefing_s`.
const LONGEST: Duration = Duration::from_secs(12);

/// Says what an agent hears before the choice, in the real voice, and holds it to its time.
pub(super) async fn keeps_to_its_time(language: &str, briefing: &str) {
    let took = Duration::from_millis(said_apart_in(language, briefing).await.ms());
    println!("{language}: {:.2} s: {briefing}", took.as_secs_f64());
    assert!(took <= LONGEST, "{took:?}: {briefing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn briefings_with_more_to_tell_than_there_is_time_for_keep_to_twelve_seconds_in_every_voice() {
    for language in ["en", "ro", "cs"] {
        let path = format!("{}/config/flows/support.{language}.yaml", env!("CARGO_MANIFEST_DIR"));
        let flow = Flow::parse(&std::fs::read_to_string(&path).unwrap(), &path).unwrap();
        assert_eq!(flow.handoff.briefing_s, LONGEST.as_secs(), "by default");
        let flow = Arc::new(flow.bind(&[("orders".to_owned(), "http://127.0.0.1:9/api".to_owned())].into()).unwrap());
        let briefings = full(&flow);
        for briefing in &briefings {
            keeps_to_its_time(language, briefing).await;
        }
    }
}
