//! A queue of another telephone system (`transfer: invite`): it is called with what the call is about beside it, both talk as soon as it answers, and where it
//! does not the caller goes on as the flow says.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use warmline::{
    config::{ConfigFile, HeadersConfig, RouteConfig, Transfer, TrunkConfig},
    phone::{Agent, Line, Phone},
};

use super::{Folder, Gateway, LIMIT, hear_greeting, newest_call, phone, said, start_with, tones::hums};

const CALLER_HZ: f64 = 700.0;
const QUEUE_HZ: f64 = 1_300.0;
/// A flow that goes on by itself where nobody can be had, and does not let a queue elsewhere ring for long.
const FLOW: &str = include_str!("../../../config/flows/support.en.yaml");

/// A gateway whose only human is the queue 700 behind this trunk.
async fn gateway(name: &str, folder: &Folder, pbx: &Phone) -> Gateway {
    let flow = FLOW.replace("  ring_ms: 20000\n", "  ring_ms: 4000\n").replace("  fallback: callback\n", "  fallback: bot\n");
    assert!(flow.contains("ring_ms: 4000") && flow.contains("fallback: bot"), "the example flow has other words now");
    let file = folder.0.join("flow.yaml");
    fs::write(&file, flow).unwrap();
    let peer = pbx.address().rsplit('@').next().unwrap().parse().unwrap();
    let send = [("X-Call", "{{ call_id }}"), ("X-Reason", "{{ reason }}"), ("X-Claim", "{{ claim_code }}"), ("X-Tenant", "north")];
    let headers = HeadersConfig { send: send.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), uui: true, stripped: false };
    let trunk = TrunkConfig { headers, health_s: 0, ..TrunkConfig::to(vec![peer]) };
    let queue = Agent { id: "pbx".to_owned(), name: "our service desk".to_owned(), target: "700".to_owned(), transfer: Transfer::Invite };
    let adjusted = |config: &mut ConfigFile| {
        config.trunks.insert("pbx".to_owned(), trunk);
        config.agents.get_mut("pbx").unwrap().via = Some("pbx".to_owned());
        config.desk.resting_ms = 1;
        config.routes = vec![RouteConfig::to("*", &file.display().to_string())];
    };
    start_with(name, vec![queue], false, 0, adjusted).await
}

/// A caller who wants a person, and the address of their record.
async fn wants_a_person(gateway: &Gateway, caller: &Phone) -> (Line, String) {
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    (line, record)
}

fn steps(seen: &Value) -> impl Iterator<Item = &Value> {
    seen["entries"].as_array().into_iter().flatten().filter(|entry| entry["what"] == "handoff").map(|entry| &entry["step"])
}

/// What the page of claim codes answers.
async fn claim(gateway: &Gateway, code: &str) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(gateway.rig.api().address("/api/v1/claims")).json(&json!({"code": code})).send().await.unwrap();
    answer.json().await.unwrap()
}

/// The text of hexadecimal figures.
fn unhexed(figures: &str) -> String {
    let bytes = figures.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    String::from_utf8(bytes.collect()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_elsewhere_is_told_what_it_is_about_and_talks_at_once() {
    let folder = Folder::new("invite");
    let (pbx, caller) = (phone("700").await, phone("caller").await);
    let gateway = gateway("invite-gateway", &folder, &pbx).await;
    let (line, record) = wants_a_person(&gateway, &caller).await;
    let id = record.rsplit('/').next().unwrap();

    let ringing = pbx.ring(LIMIT).await.unwrap();
    assert!(ringing.uri().starts_with("sip:700@"), "{}", ringing.uri());
    let header = |name: &str| ringing.header(name).to_owned();
    assert_eq!((header("X-Call").as_str(), header("X-Tenant").as_str()), (id, "north"));
    // RFC 7433 §4.1: figures, and how they are to be read.
    let user_to_user = header("User-to-User");
    let (data, parameters) = user_to_user.split_once(';').unwrap();
    assert_eq!((unhexed(data).as_str(), parameters), (id, "encoding=hex"), "{user_to_user}");
    let reason = |seen: &Value| Some(steps(seen).find(|step| step["step"] == "started")?["summary"]["reason"].clone());
    assert_eq!(Value::from(header("X-Reason")), gateway.rig.api().until(&record, LIMIT, reason).await.unwrap());
    let code = header("X-Claim");
    assert!(code.len() == 6 && code.bytes().all(|figure| figure.is_ascii_digit()), "{code}");

    let queue = ringing.answer().await.unwrap();
    assert!(hums(&queue, &line, QUEUE_HZ).await, "the caller never heard the queue");
    assert!(hums(&line, &queue, CALLER_HZ).await, "the queue never heard the caller");
    // Whoever takes the call there finds it with the code.
    let claimed = claim(&gateway, &code).await;
    assert_eq!(claimed["call"]["id"], id, "{claimed}");
    let seen = gateway.rig.api().json(&record).await.unwrap();
    assert!(steps(&seen).any(|step| step["step"] == "bridged" && step["agent"] == "pbx"));
    assert!(!steps(&seen).any(|step| step["step"] == "briefed"), "nobody is briefed");
    queue.hang_up().await.unwrap();
    line.wait_for_hang_up(LIMIT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_given_before_a_restart_opens_its_call_after_it() {
    let folder = Folder::new("invite-restart");
    let (pbx, caller) = (phone("700").await, phone("caller").await);
    let mut gateway = gateway("invite-restart-gateway", &folder, &pbx).await;
    let (line, record) = wants_a_person(&gateway, &caller).await;
    let ringing = pbx.ring(LIMIT).await.unwrap();
    let code = ringing.header("X-Claim").to_owned();
    // What happens is written down some hundred milliseconds later.
    assert!(ringing.let_ring(Duration::from_secs(2)).await.unwrap());
    drop((ringing, line));
    gateway.rig.kill_and_restart().await.unwrap();
    let claimed = claim(&gateway, &code).await;
    assert_eq!(claimed["call"]["id"], record.rsplit('/').next().unwrap(), "{claimed}");
    assert!(claimed["said"].to_string().contains("person"), "{claimed}");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(claim(&gateway, wrong).await["error"]["code"], "no_such_claim");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_queue_does_not_answer_the_caller_goes_on_as_the_flow_says() {
    let folder = Folder::new("invite-fails");
    let (pbx, caller) = (phone("700").await, phone("caller").await);
    let gateway = gateway("invite-fails-gateway", &folder, &pbx).await;
    for (status, expected) in [(Some("486 Busy Here"), "busy"), (None, "no_answer"), (Some("503 Service Unavailable"), "unreachable")] {
        let (line, record) = wants_a_person(&gateway, &caller).await;
        let ringing = pbx.ring(LIMIT).await.unwrap();
        match status {
            Some(status) => ringing.refuse(status).await.unwrap(),
            None => assert!(!ringing.let_ring(LIMIT).await.unwrap(), "it is rung for ever"),
        }
        let offer = |seen: &Value| {
            let ended = steps(seen).find(|step| step["step"] == "offer_ended")?;
            Some(ended["outcome"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(gateway.rig.api().until(&record, LIMIT, offer).await.unwrap(), expected, "{status:?}");
        let handoff = |seen: &Value| {
            let ended = steps(seen).find(|step| step["step"] == "ended")?;
            Some(ended["outcome"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(gateway.rig.api().until(&record, LIMIT, handoff).await.unwrap(), "back_to_bot", "{status:?}");
        // The caller is told so, and is the bot's.
        let told = |seen: &Value| {
            let turns = seen["entries"].as_array()?.iter().filter(|entry| entry["what"] == "bot_turn");
            turns.filter_map(|turn| turn["text"].as_str()).any(|text| text.contains("nobody is free")).then(|| seen.clone())
        };
        let seen = gateway.rig.api().until(&record, LIMIT, told).await.unwrap();
        assert_eq!(seen["head"]["owner"]["who"], "bot", "{status:?}");
        let since = line.media.now();
        line.media.wait_for_silence_of(Duration::from_millis(1_000), since, LIMIT).await.unwrap();
        assert!(line.is_up(), "{status:?}: the caller was hung up on");
        line.hang_up().await.unwrap();
    }
}
