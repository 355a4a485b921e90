//! A started gateway whose recogniser and voice are elsewhere, until they are gone in the middle of a call.

use std::time::Duration;

use serde_json::Value;
use warmline::{
    config::{SoundFormat, TranscriptionConfig, VoiceConfig},
    phone::Sound,
};

use super::{LIMIT, hear_greeting, maria, newest_call, phone, said, start_with};
use crate::remote::server::{Does, Server};

const VOICE_HZ: f64 = 700.0;
const VOICE_RATE: u32 = 8_000;
/// What the recogniser elsewhere makes of whatever is said.
const ELSEWHERE: &str = "When are you open on Mondays?";
const REALLY: &str = "How long does delivery take?";
/// Half a second.
const PART: usize = 4_000;

/// A second of a tone is what everything sounds like there.
fn voice() -> Does {
    let tone = Sound::tone(VOICE_HZ, 1_000);
    Does::Answers(200, "audio/pcm", tone.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect())
}

/// The tone is all that sounds somewhere in it; something sounds and the tone does not.
fn has_tone(heard: &Sound) -> bool {
    parts(heard).any(|part| part.strength(VOICE_HZ) > 0.8)
}

fn has_words(heard: &Sound) -> bool {
    let is_loud = |part: &Sound| part.samples.iter().any(|sample| sample.unsigned_abs() > 1_000);
    parts(heard).any(|part| is_loud(&part) && part.strength(VOICE_HZ) < 0.2)
}

fn parts(heard: &Sound) -> impl Iterator<Item = Sound> {
    heard.samples.chunks_exact(PART).map(|part| Sound { samples: part.to_vec() })
}

/// What callers have said, by the record.
fn turns(seen: &Value) -> Vec<String> {
    let entries = seen["entries"].as_array().into_iter().flatten();
    entries.filter(|entry| entry["what"] == "caller_turn").filter_map(|turn| turn["text"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_with_the_built_in_engines_when_those_elsewhere_are_gone() {
    let heard = serde_json::json!({ "text": ELSEWHERE, "segments": [{ "avg_logprob": -0.05 }] });
    let (recogniser, speaker) = (Server::start(&[Does::json(&heard.to_string())]).await, Server::start(&[voice()]).await);
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("key");
    std::fs::write(&key_file, "open-sesame\n").unwrap();
    let (recogniser_url, voice_url) = (recogniser.url.clone(), speaker.url.clone());
    let agents = vec![maria("sip:maria@127.0.0.1:9", warmline::config::Transfer::Bridge)];
    let gateway = start_with("elsewhere", agents, false, 0, |file| {
        let remote = &mut file.speech.remote;
        remote.transcription = Some(TranscriptionConfig {
            url: recogniser_url,
            model: "whisper-1".to_owned(),
            key: None,
            key_env: None,
            key_file: Some(key_file),
            timeout_ms: 2_000,
        });
        remote.voice = Some(VoiceConfig {
            url: voice_url,
            model: "tts-1".to_owned(),
            voice: "alloy".to_owned(),
            format: SoundFormat::Pcm,
            rate: VOICE_RATE,
            key: None,
            key_env: None,
            key_file: None,
            timeout_ms: 2_000,
        });
    })
    .await;
    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let greeting = line.media.heard_since(line.answered);
    assert!(has_tone(&greeting) && !has_words(&greeting), "the greeting comes from the voice elsewhere, all of it");

    let path = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let api = gateway.rig.api();
    line.media.say(&said(REALLY).await).await.unwrap();
    let first = api.until(&path, LIMIT, |seen| turns(seen).into_iter().next()).await.unwrap();
    assert_eq!(first, ELSEWHERE);
    let asked = recogniser.asked();
    assert!(
        asked.iter().all(|asked| asked.line == "POST /v1/audio/transcriptions" && asked.header("authorization") == "Bearer open-sesame")
    );
    line.media.wait_for_silence_of(Duration::from_millis(1_500), line.media.now(), LIMIT).await.unwrap();

    recogniser.does(Does::Dies);
    speaker.does(Does::Dies);
    let from = line.media.now();
    line.media.say(&said(REALLY).await).await.unwrap();
    let second = api.until(&path, LIMIT, |seen| turns(seen).into_iter().nth(1)).await.unwrap();
    assert!(second.to_lowercase().contains("delivery"), "{second}");
    let answered = |seen: &Value| {
        let mut entries = seen["entries"].as_array()?.iter();
        entries
            .any(|entry| entry["what"] == "bot_turn" && entry["text"].as_str().is_some_and(|text| text.contains("working days")))
            .then_some(())
    };
    // The record has the answer, and the caller has heard words and not the voice elsewhere.
    api.until(&path, LIMIT, |seen| answered(seen).filter(|()| has_words(&line.media.heard_since(from)))).await.unwrap();
    let trouble = |seen: &Value| {
        let entries = seen["entries"].as_array()?.iter().filter(|entry| entry["what"] == "trouble");
        let mut failed: Vec<String> = entries.filter_map(|entry| entry["what_failed"].as_str().map(str::to_owned)).collect();
        failed.sort();
        (failed.len() > 1).then_some(failed)
    };
    let failed = api.until(&path, LIMIT, trouble).await.unwrap();
    assert!(failed[0].starts_with("remote recogniser: ") && failed[1].starts_with("remote voice: "), "{failed:?}");
    line.hang_up().await.unwrap();
}
