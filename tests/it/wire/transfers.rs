//! Transfers with the telephones of others: baresip follows our REFER, and PJSIP and Linphone as agents' telephones send us one.

use std::{path::Path, time::Duration};

use serde_json::Value;
use warmline::{
    config::{ConfigFile, Transfer},
    phone::{Agent, Sound, free_port},
};

use super::{
    Folder, LIMIT,
    baresip::{configure, start},
    gateway_of, hear_greeting, linphone, maria, newest_call, phone, pjsip, said, start_with,
};

const CALLER_HZ: f64 = 1_300.0;
const MARIAS_HZ: f64 = 900.0;

fn steps(seen: &Value) -> Vec<&Value> {
    let entries = seen["entries"].as_array().into_iter().flatten();
    entries.filter(|entry| entry["what"] == "handoff").map(|entry| &entry["step"]).collect()
}

fn outcome(seen: &Value) -> Option<String> {
    (seen["head"]["state"] == "ended").then(|| seen["head"]["outcome"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_follows_a_refer_and_the_record_says_so() {
    let folder = Folder::new("refer");
    let agent = phone("maria").await;
    let gateway = gateway_of("refer-gateway", vec![maria(&agent.address(), Transfer::Blind)]).await;
    let caller = folder.0.join("caller");
    let mut voice = Sound::silence(16_000);
    voice.samples.extend(said("I want to talk to a person, please.").await.samples);
    voice.samples.extend(Sound::tone(CALLER_HZ, 120_000).samples);
    configure(&caller, "caller", free_port().unwrap(), &voice, "10800-10900");
    let _calling = start(&caller, &["-e", &format!("/dial sip:support@{}", gateway.rig.sip())]);

    // It is baresip that rings, with its own sound.
    let line = agent.ring(LIMIT * 2).await.unwrap().answer().await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    assert_eq!(gateway.rig.api().until(&record, LIMIT, outcome).await.unwrap(), "handed_over");
    let connected = |seen: &Value| {
        let ended = steps(seen).into_iter().any(|step| step["step"] == "transfer_ended" && step["outcome"] == "connected");
        (ended && seen["head"]["handoff_outcome"] == "transferred").then_some(())
    };
    gateway.rig.api().until(&record, LIMIT, connected).await.unwrap();
    let since = line.media.now();
    // Its words, and then its tone.
    line.media.wait_for_sound_of(Duration::from_secs(6), since, LIMIT).await.unwrap();
    let heard = line.media.heard_since(line.media.now().saturating_sub(Duration::from_secs(1)));
    assert!(heard.strength(CALLER_HZ) > 0.5, "the agent hears the caller, and not through us");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_on_pjsip_hands_the_caller_on() {
    let folder = Folder::new("pjsip-transfer");
    let (port, dan) = (free_port().unwrap(), phone("dan").await);
    let agents = vec![
        maria(&format!("sip:maria@127.0.0.1:{port}"), Transfer::Bridge),
        Agent { id: "dan".to_owned(), name: "Dan".to_owned(), target: dan.address(), transfer: Transfer::Bridge },
    ];
    // Dan serves no queue: he is rung because Maria wants him. She accepts, speaks a little, and sends the caller on.
    let alone = |file: &mut ConfigFile| file.agents.get_mut("dan").unwrap().queues.clear();
    let gateway = start_with("pjsip-transfer-gateway", agents, false, 0, alone).await;
    let send = format!("14:refer=sip:dan@{}", gateway.rig.sip());
    let (target, folder_of) = (format!("answer={port}"), folder.0.clone());
    let telephone = tokio::spawn(async move { pjsip::run(&target, &folder_of, port, &["6:dtmf=1", &send]).await });
    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let taken = dan.ring(LIMIT * 2).await.unwrap().answer().await.unwrap();
    taken.media.wait_for_sound_of(Duration::from_millis(500), taken.answered, LIMIT).await.unwrap();
    taken.media.press('1').await.unwrap();
    let with_dan = |seen: &Value| {
        let steps = steps(seen);
        let asked = steps.iter().any(|step| step["step"] == "transfer_asked" && step["agent"] == "maria" && step["to"] == "dan");
        (asked && steps.iter().any(|step| step["step"] == "bridged" && step["agent"] == "dan")).then_some(())
    };
    gateway.rig.api().until(&record, LIMIT, with_dan).await.unwrap();
    let told = telephone.await.unwrap();
    assert!(told.contains("transfer 200"), "PJSIP heard what came of it: {told}");
    line.hang_up().await.unwrap();
    assert_eq!(gateway.rig.api().until(&record, LIMIT, outcome).await.unwrap(), "handed_over");
    assert!(Path::new(gateway.rig.folder()).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_speaks_with_the_next_one_before_handing_the_caller_on() {
    let (marias, dans) = (Folder::new("attended-maria"), Folder::new("attended-dan"));
    let (maria_port, dan_port) = (free_port().unwrap(), free_port().unwrap());
    let (at_dan, bridge) = (format!("sip:dan@127.0.0.1:{dan_port}"), Transfer::Bridge);
    let agents = vec![
        maria(&format!("sip:maria@127.0.0.1:{maria_port}"), bridge),
        Agent { id: "dan".to_owned(), name: "Dan".to_owned(), target: at_dan.clone(), transfer: bridge },
    ];
    let alone = |file: &mut ConfigFile| file.agents.get_mut("dan").unwrap().queues.clear();
    let gateway = start_with("attended-gateway", agents, false, 0, alone).await;
    let path = dans.0.clone();
    let dan = tokio::spawn(async move { pjsip::run("answer", &path, dan_port, &[]).await });
    let path = marias.0.clone();
    let plan = ["6:dtmf=1".to_owned(), format!("10:consult={at_dan}"), "14:attended".to_owned()];
    let maria = tokio::spawn(async move { pjsip::run("answer", &path, maria_port, &plan.each_ref().map(String::as_str)).await });

    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let with_dan = |seen: &Value| steps(seen).iter().any(|step| step["step"] == "bridged" && step["agent"] == "dan").then_some(());
    gateway.rig.api().until(&record, LIMIT * 2, with_dan).await.unwrap();
    line.media.say(&Sound::tone(CALLER_HZ, 3_000)).await.unwrap();
    let told = maria.await.unwrap();
    assert!(told.contains("transfer 200"), "PJSIP heard what came of it: {told}");
    line.hang_up().await.unwrap();
    assert_eq!(gateway.rig.api().until(&record, LIMIT, outcome).await.unwrap(), "handed_over");
    let told = dan.await.unwrap();
    assert!(told.contains("replaced"), "the caller took the place of Maria's call: {told}");
    let heard = Sound::read(&dans.0.join("heard.wav-2.wav")).unwrap();
    assert!(heard.strength(CALLER_HZ) > 0.2, "Dan heard the caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_on_linphone_speaks_with_the_next_one_on_pjsip_before_handing_the_caller_on() {
    let (marias, dans) = (Folder::new("linphone-maria"), Folder::new("linphone-dan"));
    let (maria_port, dan_port) = (free_port().unwrap(), free_port().unwrap());
    let (at_dan, bridge) = (format!("sip:dan@127.0.0.1:{dan_port}"), Transfer::Bridge);
    let agents = vec![
        maria(&format!("sip:maria@127.0.0.1:{maria_port}"), bridge),
        Agent { id: "dan".to_owned(), name: "Dan".to_owned(), target: at_dan.clone(), transfer: bridge },
    ];
    let alone = |file: &mut ConfigFile| file.agents.get_mut("dan").unwrap().queues.clear();
    let gateway = start_with("linphone-gateway", agents, false, 0, alone).await;
    let path = dans.0.clone();
    let dan = tokio::spawn(async move { pjsip::run("answer", &path, dan_port, &[]).await });
    let mut maria = linphone::start(&marias.0, "maria", maria_port, 10_910, &Sound::tone(MARIAS_HZ, 120_000)).await;

    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let bridged_with = |agent: &'static str| {
        move |seen: &Value| steps(seen).iter().any(|step| step["step"] == "bridged" && step["agent"] == agent).then_some(())
    };
    maria.says("for call 1 (audio)").await;
    maria.tell("1");
    gateway.rig.api().until(&record, LIMIT, bridged_with("maria")).await.unwrap();
    let since = line.media.now();
    line.media.wait_for_sound_of(Duration::from_secs(1), since, LIMIT).await.unwrap();
    let heard = line.media.heard_since(line.media.now().saturating_sub(Duration::from_millis(500)));
    assert!(heard.strength(MARIAS_HZ) > 0.5, "the caller hears Maria");

    // The caller waits; Maria talks with Dan straight, and then asks us to put the caller in her place there.
    maria.tell("pause");
    maria.says("is now paused").await;
    maria.tell(&format!("call {at_dan}"));
    maria.says("for call 2 (audio)").await;
    let heard = dans.0.join("heard.wav");
    two_seconds_of(&heard).await;
    maria.tell("transfer 1 --to-call 2");
    gateway.rig.api().until(&record, LIMIT, bridged_with("dan")).await.unwrap();
    line.media.say(&Sound::tone(CALLER_HZ, 3_000)).await.unwrap();
    line.hang_up().await.unwrap();
    assert_eq!(gateway.rig.api().until(&record, LIMIT, outcome).await.unwrap(), "handed_over");
    let seen = gateway.rig.api().json(&record).await.unwrap();
    let asked = |step: &&Value| step["step"] == "transfer_asked" && step["agent"] == "maria" && step["to"] == "dan";
    assert!(steps(&seen).iter().any(asked), "{seen}");
    let told = dan.await.unwrap();
    assert!(told.contains("replaced"), "the caller took the place of Maria's call: {told}");
    assert!(Sound::read(&heard).unwrap().strength(MARIAS_HZ) > 0.2, "Dan heard Maria first");
    assert!(Sound::read(&dans.0.join("heard.wav-2.wav")).unwrap().strength(CALLER_HZ) > 0.2, "Dan heard the caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_on_linphone_is_sent_to_an_agent_on_pjsip_and_takes_our_place_there() {
    let (callers, marias) = (Folder::new("replaces-caller"), Folder::new("replaces-maria"));
    let (caller_port, maria_port) = (free_port().unwrap(), free_port().unwrap());
    let at_maria = format!("sip:maria@127.0.0.1:{maria_port}");
    let gateway = gateway_of("replaces-gateway", vec![maria(&at_maria, Transfer::Attended)]).await;
    let path = marias.0.clone();
    let maria = tokio::spawn(async move { pjsip::run("answer", &path, maria_port, &["6:dtmf=1"]).await });
    let mut voice = Sound::silence(14_000);
    voice.samples.extend(said("I want to talk to a person, please.").await.samples);
    voice.samples.extend(Sound::silence(60_000).samples);
    let mut caller = linphone::start(&callers.0, "ana", caller_port, 10_950, &voice).await;
    caller.tell(&format!("call sip:support@{}", gateway.rig.sip()));
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let briefed = |seen: &Value| steps(seen).iter().any(|step| step["step"] == "briefing").then_some(());
    gateway.rig.api().until(&record, LIMIT, briefed).await.unwrap();
    // From now on it hums, in this call and in the next one.
    let hum = callers.0.join("hum.wav");
    Sound::tone(CALLER_HZ, 60_000).write(&hum).unwrap();
    caller.tell(&format!("play {}", hum.display()));
    assert_eq!(gateway.rig.api().until(&record, LIMIT, outcome).await.unwrap(), "handed_over");
    let connected = |seen: &Value| {
        let ended = steps(seen).into_iter().any(|step| step["step"] == "transfer_ended" && step["outcome"] == "connected");
        (ended && seen["head"]["handoff_outcome"] == "transferred").then_some(())
    };
    gateway.rig.api().until(&record, LIMIT, connected).await.unwrap();
    // What Maria hears of the caller, and not through us.
    let heard = marias.0.join("heard.wav-2.wav");
    two_seconds_of(&heard).await;
    caller.tell("terminate all");
    let told = maria.await.unwrap();
    assert!(told.contains("replaced"), "the caller took our place at Maria's: {told}");
    assert!(Sound::read(&heard).unwrap().strength(CALLER_HZ) > 0.2, "Maria heard the caller");
}

/// Waits until PJSIP has recorded so much of what it hears (16 bits, 16 kHz).
async fn two_seconds_of(heard: &Path) {
    let mut look = tokio::time::interval(Duration::from_millis(100));
    let grown = async {
        while std::fs::metadata(heard).map_or(0, |file| file.len()) < 2 * 2 * 16_000 {
            look.tick().await;
        }
    };
    tokio::time::timeout(LIMIT, grown).await.expect("somebody is heard");
}
