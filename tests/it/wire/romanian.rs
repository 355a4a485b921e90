//! Calls in Romanian, chosen by the number that is called or by the caller's first words: answered, understood and handed over.

use std::{path::PathBuf, time::Duration};

use serde_json::Value;
use warmline::{
    config::{RouteConfig, Transfer},
    phone::{Line, Sound},
};
use warmline_models::{read_wav, to_pcm};

use super::{LIMIT, hear_greeting, maria, newest_call, phone, start_with, whisper::keeps_to_its_time};

/// An utterance of `tests/data/speech/ro`.
pub(super) fn utterance(number: usize) -> Sound {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/speech/ro/{number:02}.wav"));
    Sound { samples: to_pcm(&read_wav(&file).unwrap().samples) }
}

/// Says it, and waits until the bot has answered and is silent.
async fn exchange(line: &Line, number: usize) {
    let said = line.media.say(&utterance(number)).await.unwrap();
    line.media.wait_for_silence_of(Duration::from_millis(1_500), said.end, LIMIT).await.unwrap();
}

/// The texts of the turns of one side.
fn texts(seen: &Value, turn: &str) -> String {
    let entries = seen["entries"].as_array().into_iter().flatten();
    entries.filter(|entry| entry["what"] == turn).filter_map(|entry| entry["text"].as_str()).collect::<Vec<_>>().join(" | ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_romanian_caller_is_answered_understood_and_handed_over() {
    let agent = phone("maria").await;
    let by_number = |file: &mut warmline::config::ConfigFile| {
        file.routes = vec![RouteConfig::to("asistenta", "support.ro.yaml"), RouteConfig::to("*", "support.en.yaml")];
    };
    let gateway = start_with("romanian", vec![maria(&agent.address(), Transfer::Bridge)], false, 0, by_number).await;
    let caller = phone("caller").await;
    let line = caller.call("asistenta", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);

    // "Unde este comanda mea?", and the number by keys: the recogniser now and then takes one figure of it for another.
    exchange(&line, 1).await;
    for key in "457129".chars() {
        line.media.press(key).await.unwrap();
    }
    line.media.wait_for_silence_of(Duration::from_millis(1_500), line.media.now(), LIMIT).await.unwrap();
    // "Vreau să vorbesc cu un om real."
    line.media.say(&utterance(4)).await.unwrap();
    let theirs = agent.ring(LIMIT * 2).await.unwrap().answer().await.unwrap();
    theirs.media.wait_for_sound_of(Duration::from_millis(500), theirs.answered, LIMIT).await.unwrap();
    theirs.media.press('1').await.unwrap();
    let bridged = |seen: &Value| {
        let entries = seen["entries"].as_array().into_iter().flatten();
        entries.filter(|entry| entry["what"] == "handoff").any(|entry| entry["step"]["step"] == "bridged").then(|| seen.clone())
    };
    let seen = gateway.rig.api().until(&record, LIMIT, bridged).await.unwrap();
    assert_eq!(seen["head"]["language"], "ro");
    let heard = texts(&seen, "caller_turn");
    assert!(heard.contains("comanda mea") && heard.contains("un om"), "{heard}");
    let told = texts(&seen, "bot_turn");
    assert!(told.contains("numărul comenzii") && told.contains("Comanda 457129"), "{told}");
    let started = seen["entries"].as_array().unwrap().iter().find(|entry| entry["step"]["step"] == "started").unwrap();
    let spoken: Vec<String> = serde_json::from_value(started["step"]["summary"]["spoken"].clone()).unwrap();
    keeps_to_its_time("ro", &format!("Bună, Maria, un apel pentru tine. {}", spoken.join(" "))).await;
    line.hang_up().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_words_of_a_caller_choose_the_language() {
    let both = |file: &mut warmline::config::ConfigFile| {
        let route = RouteConfig::to("*", "support.en.yaml");
        file.routes = vec![RouteConfig { other_languages: vec!["support.ro.yaml".into()], ..route }];
    };
    let agent = phone("maria").await;
    let gateway = start_with("languages", vec![maria(&agent.address(), Transfer::Bridge)], false, 0, both).await;
    let caller = phone("caller").await;
    for (file, language, asked) in [("ro/01.wav", "ro", "numărul comenzii"), ("03.wav", "en", "order number")] {
        let line = caller.call("support", gateway.rig.sip()).await.unwrap();
        hear_greeting(&line).await;
        let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/speech").join(file);
        let sound = Sound { samples: to_pcm(&read_wav(&path).unwrap().samples) };
        let said = line.media.say(&sound).await.unwrap();
        line.media.wait_for_silence_of(Duration::from_millis(1_500), said.end, LIMIT).await.unwrap();
        let told = |seen: &Value| texts(seen, "bot_turn").contains(asked).then(|| seen.clone());
        let seen = gateway.rig.api().until(&record, LIMIT, told).await.unwrap();
        assert_eq!(seen["head"]["language"], language);
        assert_eq!(
            texts(&seen, "bot_turn").contains("asistentul automat"),
            language == "ro",
            "the notices are told in the caller's language"
        );
        line.hang_up().await.unwrap();
    }
}
