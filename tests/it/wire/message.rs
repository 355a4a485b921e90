//! Somebody else's telephone (baresip) wants a human, then does not ("never mind"), then does again, and leaves a message for an agent who has no time.

use std::{fs, time::Duration};

use serde_json::Value;
use warmline::{
    config::{RouteConfig, Transfer},
    phone::{Phone, Sound, Voice, free_port},
};

use super::{
    Folder, Gateway, LIMIT,
    baresip::heard,
    codecs::words,
    consult::{Desk, steps},
    maria, newest_call, phone, said, start_with,
};

/// A flow that takes a message where nobody can be had.
const FLOW: &str = include_str!("../../../config/flows/support.en.yaml");
const WISH: &str = "I want to talk to a person, please.";
/// Of what the caller heard, the last eight seconds.
const LAST_SAMPLES: usize = 64_000;
const MESSAGE: &str = "My grandmother's lamp has arrived broken, please send me another one.";

/// Waits until the bot has said that to its end.
async fn told(gateway: &Gateway, record: &str, what: &str) {
    let says = |entry: &&Value| {
        let whole = entry["what"] == "bot_turn" && entry["interrupted"] == false;
        whole && entry["text"].as_str().is_some_and(|text| text.contains(what))
    };
    let told = |seen: &Value| seen["entries"].as_array()?.iter().find(says).map(drop);
    gateway.rig.api().until(record, LIMIT, told).await.unwrap_or_else(|error| panic!("“{what}”: {error}"));
}

/// The agent hears the briefing, hears it again, hears more, and passes the call on: all by word.
async fn asks_twice_and_declines(agent: &Phone) {
    let line = agent.ring(LIMIT).await.unwrap().answer().await.unwrap();
    let mut since = line.answered;
    for words in ["Once more.", "Tell me everything.", "I am in a meeting."] {
        line.media
            .wait_for_silence_of(Duration::from_millis(1_500), since, LIMIT)
            .await
            .unwrap_or_else(|error| panic!("“{words}”: {error}"));
        line.media.say(&Voice::Rms.or_any().await.say(words).await.unwrap()).await.unwrap();
        since = line.media.now();
    }
    line.wait_for_hang_up(LIMIT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_never_mind_has_the_bot_again_and_who_is_declined_leaves_a_message() {
    let folder = Folder::new("message");
    let (flow, at_caller) = (folder.0.join("flow.yaml"), folder.0.join("caller"));
    assert!(FLOW.contains("  fallback: callback\n"));
    fs::write(&flow, FLOW.replace("  fallback: callback\n", "  fallback: voicemail\n")).unwrap();
    let agent = phone("maria").await;
    let route = RouteConfig::to("*", &flow.display().to_string());
    let agents = vec![maria(&agent.address(), Transfer::Bridge)];
    let gateway = start_with("message-gateway", agents, false, 0, |file| file.routes = vec![route]).await;

    let caller = Desk::start(&at_caller, free_port().unwrap());
    caller.dials(&format!("sip:support@{}", gateway.rig.sip())).await;
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let says = async |name: &str, text: &str| caller.says(&said(text).await, &at_caller.join(name)).await;
    told(&gateway, &record, "How can I help you?").await;
    says("wish.wav", WISH).await;
    let ringing = agent.ring(LIMIT).await.unwrap();
    says("never-mind.wav", "Never mind, I don't need a person.").await;
    assert!(!ringing.let_ring(LIMIT).await.unwrap(), "nobody is rung any more");
    told(&gateway, &record, "you have me again").await;

    says("again.wav", WISH).await;
    asks_twice_and_declines(&agent).await;
    told(&gateway, &record, "leave your message now").await;
    says("message.wav", MESSAGE).await;
    // Nobody presses a key: they have stopped speaking.
    let ended = |seen: &Value| (seen["head"]["state"] == "ended").then(|| seen.clone());
    let seen = gateway.rig.api().until(&record, LIMIT, ended).await.unwrap();
    let all =
        |kind: &str| steps(&seen).filter(|step| step["step"] == kind).map(|step| step["outcome"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!((all("offer_ended"), all("ended")), (vec!["withdrawn", "declined_busy"], vec!["back_to_bot", "voicemail"]));
    let repeats: Vec<&Value> = steps(&seen).filter(|step| step["step"] == "ended").map(|step| &step["repeats"]).collect();
    assert_eq!((&seen["head"]["outcome"], repeats), (&"voicemail_left".into(), vec![&0.into(), &2.into()]));

    // Those who come back find it in their list, and hear it.
    let list = gateway.rig.api().json("/api/v1/voicemails").await.unwrap()["voicemails"].clone();
    let [message] = &list.as_array().unwrap()[..] else { panic!("one message is left, but {list}") };
    assert!(record.ends_with(message["call"]["id"].as_str().unwrap()), "{message}");
    let text = steps(&seen).find(|step| step["step"] == "voicemail").unwrap()["text"].as_str().unwrap().to_lowercase();
    assert!(text.contains("lamp") && text.contains("broken"), "“{text}” is written down");
    let stretch = format!("{record}/recording?from={}&to={}", message["from"], message["to"]);
    let sound = gateway.rig.api().bytes(&stretch).await.unwrap();
    let samples = hound::WavReader::new(std::io::Cursor::new(sound)).unwrap().into_samples().map(Result::unwrap);
    let left = words(&Sound { samples: samples.step_by(2).collect() }, &folder).await;
    assert!(left.contains("lamp") && left.contains("broken") && !left.contains("person"), "“{left}” is heard");

    // And the caller was told that it is kept.
    let all = heard(&at_caller).await.samples;
    let thanked = words(&Sound { samples: all[all.len().saturating_sub(LAST_SAMPLES)..].to_vec() }, &folder).await;
    assert!(thanked.contains("message is kept"), "the caller heard “{thanked}”");
}
