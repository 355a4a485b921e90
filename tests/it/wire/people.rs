//! Three and four people on a call: who hears whom, told apart by their tones, and what of it is in the caller's recording.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use serde_json::{Value, json};
use warmline::{
    config::{ConfigFile, MayCallConfig, Transfer, TrunkConfig},
    phone::{Agent, Line, Phone, Sound, Voice as Speaker},
};

use super::{Gateway, LIMIT, hear_greeting, newest_call, phone, said, start_with};

/// Everybody hums on a note of their own; none is a multiple of another.
const CALLER: u32 = 700;
const MARIA: u32 = 1_130;
const DAN: u32 = 1_610;
const EVA: u32 = 2_270;

/// A note is heard when it has this share of the sound: music has all notes a little, and four notes share one sound.
const HEARD: f64 = 0.12;
const HUM_MS: u32 = 1_500;
const PART: usize = 4_000;

/// Somebody on the line, and their note.
struct Voice<'l> {
    line: &'l Line,
    hz: u32,
}

/// What each of them hears while all of them hum: of a hum of a second and a half the half second in its middle.
async fn all_hum(people: &[Voice<'_>]) -> Vec<BTreeSet<u32>> {
    let starts: Vec<Duration> = people.iter().map(|one| one.line.media.now()).collect();
    let hums = people.iter().map(|one| async move { one.line.media.say(&Sound::tone(f64::from(one.hz), HUM_MS)).await.unwrap() });
    join_all(hums).await;
    let heard = people.iter().zip(starts).map(|(one, start)| {
        let heard = one.line.media.heard_between(start + Duration::from_millis(700), start + Duration::from_millis(1_200));
        [CALLER, MARIA, DAN, EVA].into_iter().filter(|hz| heard.strength(f64::from(*hz)) > HEARD).collect()
    });
    heard.collect()
}

/// Waits until everybody hears just whom they should. A leak would go on, and so would silence: neither is ever what is waited for.
async fn hear(people: &[Voice<'_>], wanted: &[&[u32]], when: &str) {
    let wanted: Vec<BTreeSet<u32>> = wanted.iter().map(|notes| notes.iter().copied().collect()).collect();
    let deadline = people[0].line.media.now() + LIMIT;
    let mut last = Vec::new();
    while people[0].line.media.now() < deadline {
        last = all_hum(people).await;
        // Twice: what was on its way when it changed is over by then.
        if last == wanted && all_hum(people).await == wanted {
            return;
        }
    }
    panic!("{when}: they heard {last:?}, not {wanted:?}");
}

struct Call {
    gateway: Gateway,
    phones: Vec<Phone>,
    line: Line,
    maria: Line,
    id: String,
}

/// A caller who has Maria, and the telephones of Dan and Eva, who serve no queue.
async fn with_maria(name: &str) -> Call {
    with_maria_where(name, |_| {}).await
}

/// The same, with an adjusted configuration.
async fn with_maria_where(name: &str, adjusted: impl FnOnce(&mut ConfigFile)) -> Call {
    let (marias, dans, evas) = (phone("maria").await, phone("dan").await, phone("eva").await);
    let agent = |id: &str, name: &str, phone: &Phone| Agent {
        id: id.to_owned(),
        name: name.to_owned(),
        target: phone.address(),
        transfer: Transfer::Bridge,
    };
    let agents = vec![agent("maria", "Maria", &marias), agent("dan", "Dan", &dans), agent("eva", "Eva", &evas)];
    let alone = |file: &mut ConfigFile| {
        for id in ["dan", "eva"] {
            file.agents.get_mut(id).unwrap().queues.clear();
        }
        adjusted(file);
    };
    let gateway = start_with(name, agents, false, 0, alone).await;
    let caller = phone("caller").await;
    let line = caller.call("support", gateway.rig.sip()).await.unwrap();
    hear_greeting(&line).await;
    line.media.say(&said("I want to talk to a person, please.").await).await.unwrap();
    let maria = marias.ring(LIMIT).await.unwrap().answer().await.unwrap();
    maria.media.wait_for_silence_of(Duration::from_millis(1_500), maria.answered, LIMIT).await.unwrap();
    maria.media.press('1').await.unwrap();
    let id = newest_call(&gateway.rig).await;
    let call = Call { gateway, phones: vec![dans, evas, marias, caller], line, maria, id };
    call.until(|entry| entry["step"]["step"] == "bridged").await;
    call
}

impl Call {
    async fn post(&self, what: &str, body: Value) {
        let address = self.gateway.rig.api().address(&format!("/api/v1/calls/{}/{what}", self.id));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(address).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 202, "{body}: {}", answer.text().await.unwrap());
    }

    async fn choose(&self, choice: &str, to: Option<&str>) {
        let mut body = json!({"agent": "maria", "choice": choice});
        if let Some(agent) = to {
            body["to"] = json!({"agent": agent});
        }
        self.post("choice", body).await;
    }

    /// Waits until somebody's words are on record.
    async fn until_said(&self, turn: &str, words: &str) {
        self.until(|entry| entry["what"] == turn && entry["text"].as_str().is_some_and(|text| text.to_lowercase().contains(words))).await;
    }

    async fn supervise(&self, mode: &str) {
        self.post("supervision", json!({"mode": mode, "phone": "desk_phone", "agent": "eva"})).await;
    }

    async fn until(&self, found: impl Fn(&Value) -> bool) {
        let path = format!("/api/v1/calls/{}", self.id);
        let seen = |seen: &Value| seen["entries"].as_array()?.iter().any(&found).then_some(());
        self.gateway.rig.api().until(&path, LIMIT, seen).await.unwrap();
    }

    /// The caller's recording: what they said, and what they heard.
    async fn recording(&self) -> [Sound; 2] {
        let path = format!("/api/v1/calls/{}", self.id);
        let ready = |seen: &Value| (seen["head"]["recording"] == true).then_some(());
        self.gateway.rig.api().until(&path, LIMIT, ready).await.unwrap();
        let bytes = self.gateway.rig.api().bytes(&format!("{path}/recording")).await.unwrap();
        let samples: Vec<i16> = hound::WavReader::new(std::io::Cursor::new(bytes)).unwrap().into_samples().map(Result::unwrap).collect();
        [0, 1].map(|channel| Sound { samples: samples.iter().copied().skip(channel).step_by(2).collect() })
    }
}

/// Is a note in any half second of it?
fn has(sound: &Sound, hz: u32) -> bool {
    sound.samples.chunks_exact(PART).any(|part| Sound { samples: part.to_vec() }.strength(f64::from(hz)) > 0.5)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consultation_and_a_whisper_never_reach_the_caller_nor_their_recording() {
    let call = with_maria("people-private").await;
    let (dans, evas) = (&call.phones[0], &call.phones[1]);
    let (caller, maria) = (Voice { line: &call.line, hz: CALLER }, Voice { line: &call.maria, hz: MARIA });
    hear(&[caller, maria], &[&[MARIA], &[CALLER]], "bridged").await;

    call.choose("consult", Some("dan")).await;
    let dan = dans.ring(LIMIT).await.unwrap().answer().await.unwrap();
    let three = [Voice { line: &call.line, hz: CALLER }, Voice { line: &call.maria, hz: MARIA }, Voice { line: &dan, hz: DAN }];
    hear(&three, &[&[], &[DAN], &[MARIA]], "consulting").await;
    call.choose("part", None).await;
    dan.wait_for_hang_up(LIMIT).await.unwrap();
    hear(&three[..2], &[&[MARIA], &[CALLER]], "after the consultation").await;

    call.supervise("listen").await;
    let eva = evas.ring(LIMIT).await.unwrap().answer().await.unwrap();
    let three = [Voice { line: &call.line, hz: CALLER }, Voice { line: &call.maria, hz: MARIA }, Voice { line: &eva, hz: EVA }];
    hear(&three, &[&[MARIA], &[CALLER], &[CALLER, MARIA]], "listening").await;
    call.supervise("whisper").await;
    hear(&three, &[&[MARIA], &[CALLER, EVA], &[CALLER, MARIA]], "whispering").await;
    call.supervise("end").await;
    eva.wait_for_hang_up(LIMIT).await.unwrap();

    call.line.hang_up().await.unwrap();
    let [said, heard] = call.recording().await;
    assert!(has(&said, CALLER) && has(&heard, MARIA), "both are in the recording");
    for (name, hz) in [("Dan", DAN), ("Eva", EVA)] {
        assert!(!has(&said, hz) && !has(&heard, hz), "{name} is in the caller's recording");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_conference_all_hear_each_other_and_two_of_them_go_on_alone() {
    let call = with_maria("people-conference").await;
    let (dans, evas) = (&call.phones[0], &call.phones[1]);
    call.choose("consult", Some("dan")).await;
    let dan = dans.ring(LIMIT).await.unwrap().answer().await.unwrap();
    call.until(|entry| entry["step"]["third"]["did"] == "answered").await;
    call.choose("conference", None).await;
    let voice = |line, hz| Voice { line, hz };
    let three = [voice(&call.line, CALLER), voice(&call.maria, MARIA), voice(&dan, DAN)];
    hear(&three, &[&[MARIA, DAN], &[CALLER, DAN], &[CALLER, MARIA]], "in conference").await;

    call.supervise("join").await;
    let eva = evas.ring(LIMIT).await.unwrap().answer().await.unwrap();
    let four = [voice(&call.line, CALLER), voice(&call.maria, MARIA), voice(&dan, DAN), voice(&eva, EVA)];
    hear(&four, &[&[MARIA, DAN, EVA], &[CALLER, DAN, EVA], &[CALLER, MARIA, EVA], &[CALLER, MARIA, DAN]], "all four").await;
    call.supervise("end").await;
    eva.wait_for_hang_up(LIMIT).await.unwrap();

    // Maria leaves the caller to Dan: they are two again, and their packets pass across as before.
    call.choose("complete", None).await;
    call.maria.wait_for_hang_up(LIMIT).await.unwrap();
    hear(&[voice(&call.line, CALLER), voice(&dan, DAN)], &[&[DAN], &[CALLER]], "handed over").await;
    dan.hang_up().await.unwrap();
    call.line.wait_for_hang_up(LIMIT).await.unwrap();
    let [_, heard] = call.recording().await;
    assert!(has(&heard, DAN), "whom the caller hears is in the recording");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_does_with_a_caller_from_the_hold_to_the_bot() {
    let outside = phone("0212000000").await;
    let peer = outside.address().rsplit('@').next().unwrap().parse().unwrap();
    let call = with_maria_where("people-desk", |file| {
        file.trunks.insert("isp".to_owned(), TrunkConfig::to(vec![peer]));
        let may_call = MayCallConfig { numbers: vec!["0212*".to_owned()], via: "isp".to_owned() };
        file.agents.get_mut("maria").unwrap().may_call = Some(may_call);
    })
    .await;
    let two = [Voice { line: &call.line, hz: CALLER }, Voice { line: &call.maria, hz: MARIA }];
    hear(&two, &[&[MARIA], &[CALLER]], "bridged").await;

    // What both say is written down while their packets pass across.
    call.line.media.say(&said("The parcel was meant for my grandmother.").await).await.unwrap();
    call.until_said("caller_turn", "grandmother").await;
    let answer = Speaker::Rms.or_any().await.say("We are going to send you another one tomorrow.").await.unwrap();
    call.maria.media.say(&answer).await.unwrap();
    call.until_said("agent_turn", "tomorrow").await;

    call.choose("hold", None).await;
    hear(&two, &[&[], &[]], "on hold").await;
    call.line.media.wait_for_sound_of(Duration::from_secs(1), call.line.media.now(), LIMIT).await.unwrap();
    call.choose("resume", None).await;
    hear(&two, &[&[MARIA], &[CALLER]], "resumed").await;
    call.choose("mute", None).await;
    hear(&two, &[&[], &[CALLER]], "muted").await;
    call.choose("unmute", None).await;
    hear(&two, &[&[MARIA], &[CALLER]], "not muted any more").await;

    call.post("choice", json!({"agent": "maria", "choice": "add", "to": {"number": "0212000000"}})).await;
    let third = outside.ring(LIMIT).await.unwrap().answer().await.unwrap();
    call.until(|entry| entry["step"]["third"]["did"] == "joined").await;
    let three = [Voice { line: &call.line, hz: CALLER }, Voice { line: &call.maria, hz: MARIA }, Voice { line: &third, hz: EVA }];
    hear(&three, &[&[MARIA, EVA], &[CALLER, EVA], &[CALLER, MARIA]], "with somebody outside").await;
    third.hang_up().await.unwrap();
    hear(&two, &[&[MARIA], &[CALLER]], "two again").await;

    call.choose("transfer", Some("dan")).await;
    let dan = call.phones[0].ring(LIMIT).await.unwrap().answer().await.unwrap();
    dan.media.wait_for_silence_of(Duration::from_millis(1_500), dan.answered, LIMIT).await.unwrap();
    dan.media.press('1').await.unwrap();
    call.maria.wait_for_hang_up(LIMIT).await.unwrap();
    hear(&[Voice { line: &call.line, hz: CALLER }, Voice { line: &dan, hz: DAN }], &[&[DAN], &[CALLER]], "with Dan").await;

    // The packets pass across no more, and the caller is listened to again.
    call.post("choice", json!({"agent": "dan", "choice": "to_bot"})).await;
    dan.wait_for_hang_up(LIMIT).await.unwrap();
    let back = call.line.media.now();
    call.line.media.wait_for_sound_of(Duration::from_millis(500), back, LIMIT).await.unwrap();
    call.line.media.wait_for_silence_of(Duration::from_millis(1_000), back, LIMIT).await.unwrap();
    call.line.media.say(&said("Where is my order?").await).await.unwrap();
    call.until_said("caller_turn", "where is my order").await;
    call.until_said("bot_turn", "order number").await;
    call.line.hang_up().await.unwrap();
}
