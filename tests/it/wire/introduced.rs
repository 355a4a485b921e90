//! The two ways in which an agent is not whispered to at the end: the bot introduces caller and agent to each other aloud, and the agent reads before they are
//! rung. The agent has a desk telephone (baresip).

use std::{fs, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use warmline::{
    config::{RouteConfig, Transfer},
    phone::{Events, Line, Phone, Sound, free_port},
};

use super::{
    Folder, Gateway, LIMIT,
    baresip::heard,
    codecs::words,
    consult::{Desk, steps},
    correlation::highest,
    hear_greeting, maria, newest_call, phone, said, start_with,
};

/// The flow of the stories, whose agents are introduced, and read complaints first.
const FLOW: &str = include_str!("../../data/flows/stories.en.yaml");
const MODES: &str = "handoff:\n  mode: introduction\n  modes: { complaint: screen }\n";
const THANKS: &str = "Thank you Maria, that is very kind of you.";
const HELLO: &str = "Hello, my name is Maria and I will help you.";

/// A call for a person, up to the offer.
struct Call {
    folder: Folder,
    at_desk: PathBuf,
    desk: Desk,
    gateway: Gateway,
    line: Line,
    record: String,
    // They stay: her page is open, and the caller's telephone is.
    _page: Events,
    _caller: Phone,
}

impl Call {
    async fn with(name: &str, wish: &str) -> Self {
        let folder = Folder::new(name);
        let (flow, at_desk) = (folder.0.join("stories.en.yaml"), folder.0.join("agent"));
        assert!(FLOW.contains("\nhandoff:\n"));
        fs::write(&flow, FLOW.replacen("handoff:\n", MODES, 1)).unwrap();
        let port = free_port().unwrap();
        let desk = Desk::start(&at_desk, port);
        let agents = vec![maria(&format!("sip:maria@127.0.0.1:{port}"), Transfer::Bridge)];
        let route = RouteConfig::to("*", &flow.display().to_string());
        let gateway = start_with(&format!("{name}-gateway"), agents, false, 0, |file| file.routes = vec![route]).await;
        let page = gateway.rig.api().follow("/api/v1/agents/maria/events", |_| {});
        let caller = phone("caller").await;
        let line = caller.call("support", gateway.rig.sip()).await.unwrap();
        hear_greeting(&line).await;
        line.media.say(&said(wish).await).await.unwrap();
        let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
        Self { folder, at_desk, desk, gateway, line, record, _page: page, _caller: caller }
    }

    /// Waits for a step of the handoff.
    async fn until(&self, step: &str) -> Value {
        let found = |seen: &Value| steps(seen).find(|found| found["step"] == step).cloned();
        self.gateway.rig.api().until(&self.record, LIMIT, found).await.unwrap()
    }

    async fn accept(&self) {
        let address = self.gateway.rig.api().address(&format!("{}/choice", self.record));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(address).json(&json!({"agent": "maria", "choice": "accept"})).send().await.unwrap();
        assert_eq!(answer.status(), 202, "{}", answer.text().await.unwrap());
    }

    /// The agent says this, and the caller hears it.
    async fn agent_speaks(&self) {
        let from = self.line.media.now();
        self.desk.says(&said(HELLO).await, &self.at_desk.join("hello.wav")).await;
        self.line.media.wait_for_sound_of(Duration::from_millis(300), from, LIMIT).await.unwrap();
        let over = self.line.media.wait_for_silence_of(Duration::from_millis(1_200), from, LIMIT).await.unwrap();
        let hello = words(&self.line.media.heard_between(from, over), &self.folder).await;
        assert!(hello.contains("help you"), "the caller heard “{hello}”");
    }
}

/// The first words of a sound: in longer ones a telephone's jitter buffer leaves out or repeats a packet.
const WORDS_SAMPLES: usize = 4_800;

/// In milliseconds, where it begins in what was heard, which it must be in.
fn place(sound: &Sound, tape: &[i16], what: &str) -> i64 {
    let (likeness, at) = highest(&sound.samples[..WORDS_SAMPLES], tape);
    println!("{what}: {likeness:.3} at {} ms", at / 8);
    assert!(likeness > 0.6, "{what}: {likeness:.3}");
    i64::try_from(at / 8).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bot_introduces_both_in_both_ears_at_once_and_leaves() {
    let call = Call::with("introduced", "I want to talk to a person, please.").await;
    call.until("briefing").await;
    let accepted = call.line.media.now();
    call.accept().await;
    call.until("bridged").await;
    let begun = call.line.media.now();
    let introduced = call.until("introduced").await;
    assert_eq!(introduced["whole"], true, "{introduced}");
    let over = call.line.media.now();
    let told = words(&call.line.media.heard_between(accepted, over), &call.folder).await;
    assert!(told.contains("this is maria from"), "the caller heard “{told}”");
    let introduction = call.line.media.heard_between(begun, over).trimmed();
    call.agent_speaks().await;

    let thanks = said(THANKS).await.trimmed();
    let thanked = call.line.media.say(&thanks).await.unwrap();
    let caller_heard = call.line.media.heard_between(accepted, thanked.end).samples;
    call.line.hang_up().await.unwrap();
    let desk_heard = heard(&call.at_desk).await;
    let both = words(&desk_heard, &call.folder).await;
    assert!(both.contains("this is maria from") && both.contains("very kind"), "the agent heard “{both}”");
    // The two voices of the bot say the same at the same time: so long before the caller's thanks in the one ear as in the other.
    let here = (thanked.start - accepted).as_millis() as i64 - place(&introduction, &caller_heard, "the introduction, the caller");
    let there = place(&thanks, &desk_heard.samples, "the caller's thanks, the agent")
        - place(&introduction, &desk_heard.samples, "the introduction, the agent");
    let apart = here - there;
    println!("apart: {apart} ms of {} ms", introduction.ms());
    assert!(apart.unsigned_abs() < introduction.ms() / 3, "{apart} ms apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_first_is_rung_when_they_take_the_call_and_hears_the_caller_at_once() {
    let call = Call::with("screen-first", "I would like to file a formal complaint.").await;
    call.until("offered").await;
    call.line.media.wait_for_sound_of(Duration::from_millis(500), call.line.media.now(), LIMIT).await.unwrap();
    let seen = call.gateway.rig.api().json(&call.record).await.unwrap();
    assert!(!steps(&seen).any(|step| step["step"] == "ringing"), "nobody is rung who reads");
    call.accept().await;
    call.until("ringing").await;
    call.until("bridged").await;
    call.agent_speaks().await;
    call.line.media.say(&said(THANKS).await).await.unwrap();
    call.line.hang_up().await.unwrap();
    let desk_heard = words(&heard(&call.at_desk).await, &call.folder).await;
    assert!(desk_heard.contains("very kind"), "the agent heard “{desk_heard}”");
    assert!(!desk_heard.contains("press") && !desk_heard.contains("a caller for you"), "nothing is whispered: “{desk_heard}”");
}
