//! An agent says what becomes of an offer while they are briefed: on desk telephones (baresip), in words that are really heard. One asks for the briefing again, for
//! more, and passes the call on with a reason; the next one picks up as people do, and takes it. The caller hears nothing of what they say before the bridge.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Value, json};
use warmline::{
    config::{ConfigFile, RouteConfig, Transfer},
    phone::{Agent, Sound, Voice, free_port},
};

use super::{
    Folder, LIMIT,
    codecs::words,
    consult::{Desk, steps},
    correlation::{leaked, likeness},
    gateway_of, hear_greeting, maria, newest_call, phone,
    romanian::utterance,
    said, start_with,
};

/// A person says little and waits, before they go on.
const PAUSE_MS: u32 = 2_000;

/// The choices on record: who, what, and in which words.
fn chosen(seen: &Value) -> Vec<(String, String, String)> {
    let word = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    let chosen = steps(seen).filter(|step| step["step"] == "chose" && step["by"] == "word");
    chosen.map(|step| (word(step, "agent"), word(step, "choice"), word(step, "words").to_lowercase())).collect()
}

/// Two agents, and the folders of their telephones.
struct Agents {
    ids: [&'static str; 2],
    desks: [Desk; 2],
    folders: [PathBuf; 2],
}

impl Agents {
    fn start(folder: &Path) -> (Self, Vec<Agent>) {
        let ids = ["maria", "dan"];
        let folders = ids.map(|id| folder.join(id));
        let ports = [free_port().unwrap(), free_port().unwrap()];
        let desks = [Desk::start(&folders[0], ports[0]), Desk::start(&folders[1], ports[1])];
        let at = |port: u16| format!("sip:maria@127.0.0.1:{port}");
        let dan = Agent { id: "dan".to_owned(), name: "Dan".to_owned(), ..maria(&at(ports[1]), Transfer::Bridge) };
        (Self { ids, desks, folders }, vec![maria(&at(ports[0]), Transfer::Bridge), dan])
    }

    /// They have listened for a moment, and say something.
    async fn says(&self, who: usize, what: &Sound) {
        let before = Sound::silence(PAUSE_MS).samples;
        let file = self.folders[who].join(format!("{}.wav", what.samples.len()));
        self.desks[who].says(&Sound { samples: [before, what.samples.clone()].concat() }, &file).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_choose_in_words_while_they_are_briefed() {
    let folder = Folder::new("spoken-choice");
    let (agents, configured) = Agents::start(&folder.0);
    let gateway = gateway_of("spoken-choice-gateway", configured).await;
    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let asked = line.media.now();
    let until = async |done: &(dyn Fn(&Value) -> bool + Sync)| {
        let found = |seen: &Value| done(seen).then(|| seen.clone());
        gateway.rig.api().until(&record, LIMIT * 2, found).await.unwrap()
    };
    let briefed = |agent: &Value| steps(agent).filter(|step| step["step"] == "briefing").count();

    let seen = until(&|seen: &Value| briefed(seen) == 1).await;
    let offered = steps(&seen).find(|step| step["step"] == "offered").unwrap()["agent"].clone();
    let first = agents.ids.iter().position(|id| offered == *id).unwrap();
    let second = 1 - first;
    for (count, text) in ["Say that again.", "Tell me more.", "I can't, I'm at lunch."].into_iter().enumerate() {
        agents.says(first, &said(text).await).await;
        until(&|seen: &Value| chosen(seen).len() > count).await;
    }
    // The other one picks up as people do, which chooses nothing, and takes the call before they have heard it all.
    until(&|seen: &Value| briefed(seen) == 2).await;
    let (greets, takes) = (said("Warmline support, Dan speaking.").await, said("I'll take it. Put them through.").await);
    let pause = Sound::silence(PAUSE_MS);
    agents.says(second, &Sound { samples: [greets.samples.clone(), pause.samples, takes.samples.clone()].concat() }).await;
    let seen = until(&|seen: &Value| steps(seen).any(|step| step["step"] == "bridged")).await;
    let bridged = line.media.now();

    let all = chosen(&seen);
    println!("{all:?}");
    let what: Vec<(&str, &str)> = all.iter().map(|(agent, choice, _)| (agent.as_str(), choice.as_str())).collect();
    let (one, other) = (agents.ids[first], agents.ids[second]);
    assert_eq!(what, [(one, "repeat"), (one, "more"), (one, "decline"), (other, "accept")], "{all:?}");
    assert!(all[2].2.contains("lunch") && all[3].2.contains("take it"), "{all:?}");
    let outcomes: Vec<&Value> = steps(&seen).filter(|step| step["step"] == "offer_ended").map(|step| &step["outcome"]).collect();
    assert_eq!(outcomes, ["declined_busy", "accepted"]);
    // It was in the middle of the briefing.
    let told = |step: &&Value| step["step"] == "briefed" && step["agent"] == other;
    let took = steps(&seen).find(told).unwrap()["took_ms"].as_u64().unwrap();
    println!("the other one had enough of the briefing after {took} ms");
    private(&line.media.heard_between(asked, bridged), &[("the greeting", &greets), ("the acceptance", &takes)], &folder).await;
    line.hang_up().await.unwrap();
}

/// The caller has heard the bot, and neither the briefing nor what agents say to it; and a leak would be seen.
async fn private(company: &Sound, agents: &[(&str, &Sound)], folder: &Folder) {
    let heard = words(company, folder).await;
    assert!(heard.contains("picked up") && !heard.contains("say accept") && !heard.contains("press one"), "the caller heard “{heard}”");
    for (what, sound) in agents {
        let there = likeness(&sound.samples, &company.samples);
        let seen = likeness(&sound.samples, &leaked(&sound.samples, &company.samples, 1));
        println!("{what} in what the caller heard: {there:.3}, a leak would be {seen:.3}");
        // So short a sound is like others by chance.
        assert!(seen > 0.4 && there < seen / 2.0, "{what}: {there:.3}, a leak would be {seen:.3}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn choices_are_counted_by_what_they_are_and_how_they_were_made() {
    let agent = phone("maria").await;
    let gateway = gateway_of("choices", vec![maria(&agent.address(), Transfer::Bridge)]).await;
    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let theirs = agent.ring(LIMIT).await.unwrap().answer().await.unwrap();
    let until = async |by: &str, choice: &str| {
        let found =
            |seen: &Value| steps(seen).any(|step| step["step"] == "chose" && step["by"] == by && step["choice"] == choice).then_some(());
        gateway.rig.api().until(&record, LIMIT * 2, found).await.unwrap();
    };
    theirs.media.wait_for_sound_of(Duration::from_millis(500), theirs.answered, LIMIT).await.unwrap();
    theirs.media.press('2').await.unwrap();
    until("key", "repeat").await;
    let (address, client) =
        (gateway.rig.api().address(&format!("{record}/choice")), reqwest::Client::builder().no_proxy().build().unwrap());
    let more = client.post(address).json(&json!({"agent": "maria", "choice": "more"})).send().await.unwrap();
    assert_eq!(more.status(), 202, "{}", more.text().await.unwrap());
    until("page", "more").await;
    theirs.media.say(&said("I'll take it. Put them through.").await).await.unwrap();
    until("word", "accept").await;

    let figures = String::from_utf8(gateway.rig.api().bytes("/metrics").await.unwrap()).unwrap();
    let mut counted: Vec<&str> = figures.lines().filter_map(|line| line.strip_prefix("warmline_agent_choices_total")).collect();
    counted.sort_unstable();
    // Each was made once, in one way.
    let wanted = ["{choice=\"accept\",by=\"word\"} 1", "{choice=\"more\",by=\"page\"} 1", "{choice=\"repeat\",by=\"key\"} 1"];
    assert_eq!(counted, wanted);
    line.hang_up().await.unwrap();
}

/// So often does somebody say it, after so long.
const TRIES: usize = 4;
const AGAIN: Duration = Duration::from_secs(8);

/// "I am ready", in a robot's Romanian. Of it "da, preiau apelul" is heard as "sa preau pe luni", which chooses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn agents_choose_in_romanian() {
    let agent = phone("maria").await;
    let romanian = |file: &mut ConfigFile| file.routes = vec![RouteConfig::to("*", "support.ro.yaml")];
    let gateway = start_with("choices-ro", vec![maria(&agent.address(), Transfer::Bridge)], false, 0, romanian).await;
    let caller = phone("caller").await;
    let line = caller.call("asistenta", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    // "Vreau să vorbesc cu un om real."
    line.media.say(&utterance(4)).await.unwrap();
    let record = format!("/api/v1/calls/{}", newest_call(&gateway.rig).await);
    let theirs = agent.ring(LIMIT * 2).await.unwrap().answer().await.unwrap();
    theirs.media.wait_for_sound_of(Duration::from_millis(500), theirs.answered, LIMIT).await.unwrap();
    let words = Voice::EspeakRomanian.say("Sunt gata.").await.unwrap();
    let said = Sound { samples: [Sound::silence(PAUSE_MS).samples, words.samples].concat() };
    let found = |seen: &Value| (!chosen(seen).is_empty()).then_some(());
    // Whoever is not understood says it again.
    for _ in 0..TRIES {
        theirs.media.say(&said).await.unwrap();
        if gateway.rig.api().until(&record, AGAIN, found).await.is_ok() {
            break;
        }
    }
    let bridged = |seen: &Value| steps(seen).any(|step| step["step"] == "bridged").then(|| seen.clone());
    let seen = gateway.rig.api().until(&record, LIMIT, bridged).await.unwrap();
    let all = chosen(&seen);
    println!("{all:?}");
    let what: Vec<&str> = all.iter().map(|(_, choice, _)| choice.as_str()).collect();
    assert_eq!(what, ["accept"], "{all:?}");
    assert!(all[0].2.contains("gata"), "{all:?}");
    line.hang_up().await.unwrap();
}
