//! One line asked of an agent by ear: the bot rings a desk telephone (baresip), says the question, hears the answer, says it back, and tells the caller in its own
//! voice. The caller never hears the agent, nor the agent the caller.

use std::{fs, io::Write as _, path::Path, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::Child,
};
use warmline::{
    clock,
    config::{RouteConfig, Transfer},
    phone::{Sound, free_port},
};

use super::{
    Folder, LIMIT,
    baresip::{configure, heard, start},
    codecs::words,
    correlation::{leaked, likeness},
    hear_greeting, maria, newest_call, phone, said, start_with,
};

/// The flow of the stories: it asks whether something can be repaired, by ear.
const FLOW: &str = include_str!("../../data/flows/stories.en.yaml");
const ASKS: &str = "Can it be repaired?";
const ANSWERS: &str = "Yes, we repair lamps like this one in our own workshop.";
/// Longer than the test: baresip hangs up where its sound ends.
const REST_MS: u32 = 240_000;

/// A desk telephone that says what it is told to say.
pub(super) struct Desk {
    control: u16,
    _baresip: Child,
}

impl Desk {
    pub(super) fn start(folder: &Path, port: u16) -> Self {
        configure(folder, "maria", port, &Sound::silence(REST_MS), "11300-11349");
        let control = free_port().unwrap();
        let mut config = fs::File::options().append(true).open(folder.join("config")).unwrap();
        writeln!(config, "module_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}").unwrap();
        Self { control, _baresip: start(folder, &[]) }
    }

    /// Calls somebody, as soon as it has started.
    pub(super) async fn dials(&self, uri: &str) {
        let (deadline, mut look) = (clock::now() + LIMIT, tokio::time::interval(Duration::from_millis(50)));
        while let Err(error) = TcpStream::connect(("127.0.0.1", self.control)).await {
            assert!(clock::now() < deadline, "baresip takes no commands: {error}");
            look.tick().await;
        }
        let told = self.command("dial", uri).await;
        assert_eq!(told["ok"], true, "{told}");
    }

    /// Says a sound from now on, and nothing after it.
    pub(super) async fn says(&self, sound: &Sound, file: &Path) {
        let silent = Sound::silence(REST_MS).samples;
        Sound { samples: [sound.samples.clone(), silent].concat() }.write(file).unwrap();
        let told = self.command("ausrc", &format!("aufile,{}", file.display())).await;
        assert_eq!(told["ok"], true, "{told}");
    }

    /// A command to baresip, as a netstring of JSON, and its answer; what it tells of events meanwhile is passed over.
    async fn command(&self, command: &str, params: &str) -> Value {
        let mut control = TcpStream::connect(("127.0.0.1", self.control)).await.unwrap();
        let text = json!({"command": command, "params": params, "token": "test"}).to_string();
        control.write_all(format!("{}:{text},", text.len()).as_bytes()).await.unwrap();
        loop {
            let mut length = Vec::new();
            loop {
                match control.read_u8().await.unwrap() {
                    b':' => break,
                    figure => length.push(figure),
                }
            }
            let length: usize = String::from_utf8(length).unwrap().parse().unwrap();
            let mut message = vec![0; length + 1];
            control.read_exact(&mut message).await.unwrap();
            let message: Value = serde_json::from_slice(&message[..length]).unwrap();
            if message["response"] == true {
                return message;
            }
        }
    }
}

/// The first entry about the question of which that is true.
fn inquiry<'v>(seen: &'v Value, did: &str) -> Option<&'v Value> {
    steps(seen).filter(|step| step["step"] == "inquiry").map(|step| &step["inquiry"]).find(|inquiry| inquiry["did"] == did)
}

/// The steps of the handoff, or of the question, on record.
pub(super) fn steps(seen: &Value) -> impl Iterator<Item = &Value> {
    seen["entries"].as_array().into_iter().flatten().filter(|entry| entry["what"] == "handoff").map(|entry| &entry["step"])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_by_ear_and_the_bot_tells_the_caller() {
    let folder = Folder::new("consult");
    let (flow, at_desk) = (folder.0.join("stories.en.yaml"), folder.0.join("agent"));
    fs::write(&flow, FLOW).unwrap();
    let port = free_port().unwrap();
    let desk = Desk::start(&at_desk, port);
    let agents = vec![maria(&format!("sip:maria@127.0.0.1:{port}"), Transfer::Bridge)];
    let route = RouteConfig::to("*", &flow.display().to_string());
    let gateway = start_with("consult-gateway", agents, false, 0, |file| file.routes = vec![route]).await;

    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    let asks = said(ASKS).await;
    line.media.say(&asks).await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let asked = line.media.now();
    let until = async |did: &str| {
        let found = |seen: &Value| inquiry(seen, did).cloned();
        gateway.rig.api().until(&record, LIMIT, found).await.unwrap()
    };
    // So often they have heard everything, and are listened to.
    let told = async |times: usize| {
        let told = |seen: &Value| (steps(seen).filter(|step| step["step"] == "briefed").count() >= times).then_some(());
        gateway.rig.api().until(&record, LIMIT, told).await.unwrap();
    };
    told(1).await;
    let answer = said(ANSWERS).await;
    desk.says(&answer, &at_desk.join("answer.wav")).await;
    until("said_back").await;
    told(2).await;
    // By a word: who has listened before they speak is no answering machine.
    desk.says(&said("Yes, please.").await, &at_desk.join("yes.wav")).await;
    let answered = until("answered").await;
    let text = answered["text"].as_str().unwrap_or_default().to_lowercase();
    assert!(text.contains("repair") && text.contains("workshop"), "{answered}");
    assert_eq!((answered["by"].as_str(), answered["choice"].as_str()), (Some("ear"), Some("yes")), "{answered}");

    // What the caller hears is the bot, with those words.
    let said_to_caller = |seen: &Value| {
        let turns = seen["entries"].as_array()?.iter().filter(|entry| entry["what"] == "bot_turn");
        turns.filter_map(|turn| turn["text"].as_str()).any(|text| text.contains("anything else")).then_some(())
    };
    gateway.rig.api().until(&record, LIMIT, said_to_caller).await.unwrap();
    let over = line.media.wait_for_silence_of(Duration::from_millis(1_000), line.media.now(), LIMIT).await.unwrap();
    let company = line.media.heard_between(asked, over);
    let caller_heard = words(&company, &folder).await;
    assert!(caller_heard.contains("colleague") && caller_heard.contains("workshop"), "the caller heard “{caller_heard}”");
    // The question, as the desk telephone decoded it.
    let desk_heard = heard(&at_desk).await;
    let question = words(&desk_heard, &folder).await;
    assert!(question.contains("question") && question.contains("repair this"), "the agent heard “{question}”");

    private(&answer, &asks, &company.samples, &desk_heard.samples).await;
    assert!(line.is_up(), "the bot keeps the caller");
    line.hang_up().await.unwrap();
    let ended = |seen: &Value| (seen["head"]["state"] == "ended").then(|| seen.clone());
    let seen = gateway.rig.api().until(&record, LIMIT, ended).await.unwrap();
    assert_eq!(seen["head"]["outcome"], "contained");
    assert!(!steps(&seen).any(|step| step["step"] == "bridged" || step["step"] == "started"), "nobody was bridged");
    assert_eq!(inquiry(&seen, "ended").unwrap()["outcome"], "answered");
}

/// A patch that lets somebody hear lets them hear it as loud as it is: the sounds are too short to look for softer ones.
///
/// The agent's voice is not in what the caller heard, nor the caller's in what the agent heard; and a leak would be seen.
async fn private(answer: &Sound, asks: &Sound, caller_heard: &[i16], agent_heard: &[i16]) {
    let never = said("The old lighthouse keeper wound the clock every evening before the ships came in.").await;
    let limit = 2.0 * likeness(&never.samples, caller_heard).max(likeness(&never.samples, agent_heard));
    let seen = likeness(&answer.samples, &leaked(&answer.samples, caller_heard, 1));
    assert!(seen > limit, "a leak would not be seen: {seen:.3} against {limit:.3}");
    for (what, sound, tape) in [("the agent to the caller", answer, caller_heard), ("the caller to the agent", asks, agent_heard)] {
        let likeness = likeness(&sound.samples, tape);
        println!("{what}: {likeness:.3}, limit {limit:.3}, a leak {seen:.3}");
        assert!(likeness <= limit, "{what}: {likeness:.3}, limit {limit:.3}");
    }
}
