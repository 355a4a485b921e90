//! Keys across the bridge: however one side presses them, the other side, or the machine behind it, gets each of them once.

use std::time::Duration;

use warmline::call::{
    event::Event,
    ids::{AgentId, LegId},
};
use warmline_sip::{
    codec::{FRAME_SAMPLES, Frame},
    dtmf::Digit,
    tone::DtmfDetector,
};

use super::{
    rtp::{Rtp, assert_joined, tone},
    support::{Caller, Edge, Peer, Request, Taken, joined, offer, sound_of},
};

const AGENT: LegId = LegId(1);
/// Ten seconds: far more than a key takes on the slowest machine.
const MOST_STEPS: usize = 500;

/// The payload type that an offer gives to an encoding.
fn payload_type(offer: &str, encoding: &str) -> u8 {
    let named = |line: &str| line.strip_prefix("a=rtpmap:")?.split_once(' ').filter(|(_, name)| name.starts_with(encoding))?.0.parse().ok();
    offer.lines().find_map(named).unwrap_or_else(|| panic!("no {encoding} in {offer}"))
}

struct Bridged {
    calling: Caller,
    /// Our tag in the caller's call.
    tag: String,
    caller: Rtp,
    taken: Taken,
    desk: Peer,
    invite: Request,
    agent: Rtp,
    // The driver stays.
    _edge: Edge,
}

/// How the agent's telephone answers.
#[derive(Debug, Clone, Copy)]
struct Answers {
    codec: &'static str,
    /// Ticks a second of its telephone events; none: it agrees to none.
    events_hz: Option<u32>,
    /// What it says that it takes.
    allow: &'static str,
}

impl Bridged {
    /// A caller with G.711, and an agent.
    async fn with(agent_answers: Answers, first_port: u16) -> Self {
        let Answers { codec, events_hz, allow } = agent_answers;
        let mut edge = Edge::start(first_port..=first_port + 7, Duration::from_secs(30)).await;
        let (calling, desk) = (Caller::new(edge.address()).await, Peer::new().await);
        let (mut caller, mut agent) = (Rtp::bind().await, Rtp::bind().await);
        let keys = "a=rtpmap:101 telephone-event/8000\r\n";
        calling.send("INVITE", "keys", 1, "", "", &(offer(caller.address(), "0 101") + keys)).await;
        let mut taken = edge.answer().await;
        let answer = calling.answer_to("keys", "1 INVITE").await;
        let tag = calling.confirm("keys", &answer).await;
        caller.to = sound_of(&answer);
        taken.legs.dial(AGENT, (AgentId("maria".to_owned()), desk.uri().to_string()), 20_000, String::new(), None).await;
        let invite = desk.expect("INVITE").await;
        let sound = payload_type(&invite.text, codec);
        let (mut types, mut maps) = (sound.to_string(), format!("a=rtpmap:{sound} {codec}\r\n"));
        if let Some(hz) = events_hz {
            let name = format!("telephone-event/{hz}");
            agent.keys = payload_type(&invite.text, &name);
            types += &format!(" {}", agent.keys);
            maps += &format!("a=rtpmap:{} {name}\r\n", agent.keys);
        }
        agent.to = sound_of(&invite.text);
        let more = format!("Contact: <sip:desk@{}>\r\n{allow}", desk.address());
        desk.respond_with(&invite, "200 OK", &more, &(offer(agent.address(), &types) + &maps)).await;
        while !matches!(taken.next().await, Event::LegAnswered { leg: AGENT }) {}
        taken.legs.patch(joined(LegId::CALLER, AGENT));
        desk.expect("ACK").await;
        let mut bridged = Self { calling, tag, caller, taken, desk, invite, agent, _edge: edge };
        bridged.goes_on().await;
        bridged
    }

    /// Thirty packets each way.
    async fn goes_on(&mut self) {
        for _ in 0..30 {
            self.step().await;
        }
    }

    /// 20 ms of it.
    async fn step(&mut self) {
        self.caller.drain();
        self.caller.say(tone(440.0)).await;
        self.agent.hear().await;
        self.agent.say(tone(1_000.0)).await;
        self.caller.drain();
    }

    /// Until each side has got so many keys; and longer, in case that another one comes.
    async fn have(&mut self, caller: usize, agent: usize) {
        let mut steps = 0;
        while (self.caller.pressed.len(), self.agent.pressed.len()) != (caller, agent) && steps < MOST_STEPS {
            self.step().await;
            steps += 1;
        }
        self.goes_on().await;
    }

    /// What the brain has been told of since.
    async fn told(&mut self, key: char) -> LegId {
        loop {
            if let Event::Digit { leg, digit } = self.taken.next().await {
                assert_eq!(digit, key);
                return leg;
            }
        }
    }
}

/// A body that says a key (RFC 6086 leaves it to others; this is what telephones send).
fn relay(key: u8) -> String {
    format!("Signal={key}\r\nDuration=160\r\n")
}

fn keys(side: &Rtp) -> Vec<u8> {
    side.pressed.values().map(|(key, _)| *key).collect()
}

async fn each_key_comes_across_once(codec: &'static str, hz: u32, first_port: u16) {
    let mut call = Bridged::with(Answers { codec, events_hz: Some(hz), allow: "" }, first_port).await;
    // The caller: in a request, in a request and as events at once, which is one key, and as events.
    call.calling.send("INFO", "keys", 2, &call.tag, "", &relay(6)).await;
    assert_eq!(call.told('6').await, LegId::CALLER);
    call.have(0, 1).await;
    call.calling.send("INFO", "keys", 3, &call.tag, "", &relay(7)).await;
    call.caller.press(7, 8_000).await;
    assert_eq!(call.told('7').await, LegId::CALLER);
    call.have(0, 2).await;
    call.caller.press(5, 8_000).await;
    assert_eq!(call.told('5').await, LegId::CALLER);
    call.have(0, 3).await;
    assert_eq!((keys(&call.agent), keys(&call.caller)), (vec![6, 7, 5], vec![]), "{codec}");
    let lasted = call.agent.pressed.values().map(|(_, ticks)| u32::from(*ticks) * 1_000 / hz);
    assert!(lasted.clone().all(|ms| (80..=400).contains(&ms)), "{codec}: {:?}", lasted.collect::<Vec<_>>());

    // The agent, in the same ways.
    call.desk.tells(&call.invite, "INFO", "", &relay(8)).await;
    assert_eq!(call.told('8').await, AGENT);
    call.have(1, 3).await;
    call.agent.press(0, hz).await;
    call.desk.tells(&call.invite, "INFO", "", &relay(0)).await;
    assert_eq!(call.told('0').await, AGENT);
    call.have(2, 3).await;
    call.agent.press(9, hz).await;
    assert_eq!(call.told('9').await, AGENT);
    call.have(3, 3).await;
    assert_eq!((keys(&call.caller), keys(&call.agent)), (vec![8, 0, 9], vec![6, 7, 5]), "{codec}");
    if codec.starts_with("PCMU") {
        // Neither side's key is left in the other's ear, and the sound goes on behind it.
        call.caller.forget();
        call.agent.forget();
        assert_joined(&mut call.caller, &mut call.agent).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_comes_across_once_to_a_side_that_speaks_alike() {
    each_key_comes_across_once("PCMU/8000", 8_000, 17_980).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_comes_across_once_to_a_side_with_another_clock() {
    each_key_comes_across_once("opus/48000/2", 48_000, 17_988).await;
}

/// The keys in the sound that a side has heard.
fn tones(side: &Rtp) -> String {
    let mut detector = DtmfDetector::default();
    let frames = side.heard.chunks_exact(FRAME_SAMPLES).map(|frame| <&Frame>::try_from(frame).expect("a whole frame"));
    frames.filter_map(|frame| detector.frame(frame)).map(Digit::to_char).collect()
}

const NO_EVENTS: Answers = Answers { codec: "PCMU/8000", events_hz: None, allow: "" };

impl Bridged {
    /// Until the agent's telephone is told a key in a request.
    async fn tells_agent(&mut self) -> Request {
        let mut steps = 0;
        loop {
            let step = async {
                self.caller.drain();
                self.caller.say(tone(440.0)).await;
                self.agent.hear().await;
                self.agent.say(tone(1_000.0)).await;
            };
            tokio::select! {
                () = step => steps += 1,
                request = self.desk.expect("INFO") => return request,
            }
            assert!(steps < MOST_STEPS, "no key was told");
        }
    }

    /// Until the agent has heard these keys; and longer, in case that more come.
    async fn sounds(&mut self, keys: &str) {
        let mut steps = 0;
        while tones(&self.agent) != keys && steps < MOST_STEPS {
            self.step().await;
            steps += 1;
        }
        self.goes_on().await;
        assert_eq!(tones(&self.agent), keys);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_side_without_telephone_events_is_told_keys_in_requests_if_it_takes_these_and_hears_them_once_it_does_not() {
    let mut call = Bridged::with(Answers { allow: "Allow: INVITE, ACK, BYE, INFO\r\n", ..NO_EVENTS }, 18_520).await;
    call.calling.send("INFO", "keys", 2, &call.tag, "", &relay(6)).await;
    let told = call.tells_agent().await;
    assert!(told.text.contains("Content-Type: application/dtmf-relay\r\n") && told.text.contains("\r\nSignal=6\r\n"), "{}", told.text);
    call.desk.respond(&told, "200 OK", "").await;
    call.caller.press(5, 8_000).await;
    let told = call.tells_agent().await;
    assert!(told.text.contains("\r\nSignal=5\r\n"), "{}", told.text);
    call.desk.respond(&told, "200 OK", "").await;
    call.sounds("").await;
    assert!(call.agent.pressed.is_empty() && call.desk.is_quiet(), "a key came twice");
    // The next one it refuses: that one, and those after it, it hears.
    call.caller.press(7, 8_000).await;
    let told = call.tells_agent().await;
    call.desk.respond(&told, "415 Unsupported Media Type", "").await;
    call.sounds("7").await;
    call.caller.press(8, 8_000).await;
    call.sounds("78").await;
    assert!(call.agent.pressed.is_empty() && call.desk.is_quiet(), "a key came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_side_that_takes_keys_in_no_other_way_hears_each_of_them_once_and_the_sound_goes_on_behind_it() {
    let mut call = Bridged::with(NO_EVENTS, 18_530).await;
    call.calling.send("INFO", "keys", 2, &call.tag, "", &relay(1)).await;
    call.sounds("1").await;
    call.caller.press(2, 8_000).await;
    call.sounds("12").await;
    call.caller.press(11, 8_000).await;
    call.sounds("12#").await;
    assert!(call.agent.pressed.is_empty() && call.desk.is_quiet(), "a key came twice");
    // The way back has events, as before.
    call.desk.tells(&call.invite, "INFO", "", &relay(9)).await;
    call.have(1, 0).await;
    assert_eq!((keys(&call.caller), tones(&call.caller)), (vec![9], String::new()));
    call.caller.forget();
    call.agent.forget();
    assert_joined(&mut call.caller, &mut call.agent).await;
}
