//! Every way in which a telephone holds, resumes, moves, offers nothing or talks nonsense in the middle of a call: by what is heard.

use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};

use warmline::{
    call::{
        event::{Event, LegEnd},
        ids::LegId,
        media::patch::{Ear, Patch, Under},
    },
    telephony::media::HeardQueue,
};

use super::{
    rtp::{Rtp, strength, tone},
    support::{Caller, Edge, HERE, Taken, offer, sound_of},
};

const ID: &str = "hold";

/// A call in which the gateway plays music and listens, and a second one whose packets measure the time.
struct Talking {
    edge: Edge,
    caller: Caller,
    taken: Taken,
    rtp: Rtp,
    clock: Rtp,
    _clock: Taken,
    /// The gateway's To tag.
    tag: String,
    cseq: u32,
}

/// What a while of the call is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// Music comes.
    hears: bool,
    /// What the caller says is heard.
    is_heard: bool,
}

const NORMAL: Seen = Seen { hears: true, is_heard: true };

impl Talking {
    /// A call whose INVITE has this body.
    async fn start(ports: RangeInclusive<u16>, body: impl FnOnce(SocketAddr) -> String) -> (Self, String) {
        let mut edge = Edge::start(ports, Duration::from_secs(30)).await;
        let (waiting, mut clock) = (Caller::new(edge.address()).await, Rtp::bind().await);
        waiting.send("INVITE", "clock", 1, "", "", &offer(clock.address(), "0")).await;
        let clock_call = edge.answer().await;
        let answer = waiting.hears().await;
        waiting.confirm("clock", &answer).await;
        clock.to = sound_of(&answer);

        let (caller, mut rtp) = (Caller::new(edge.address()).await, Rtp::bind().await);
        caller.send("INVITE", ID, 1, "", "", &body(rtp.address())).await;
        let taken = edge.answer().await;
        let music = Ear { leg: LegId::CALLER, hears: vec![], under: Under::Hold };
        taken.legs.patch(Patch { ears: vec![music], listen: vec![LegId::CALLER], ..Patch::default() });
        let answer = caller.hears().await;
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        rtp.to = sound_of(&answer);
        let tag = Caller::tag_of(&answer);
        (Self { edge, caller, taken, rtp, clock, _clock: clock_call, tag, cseq: 1 }, answer)
    }

    async fn usual(ports: RangeInclusive<u16>) -> Self {
        let (talking, _) = Self::start(ports, |rtp| offer(rtp, "0")).await;
        talking.acknowledge("").await;
        talking
    }

    async fn acknowledge(&self, body: &str) {
        self.caller.send("ACK", ID, self.cseq, &self.tag, "", body).await;
    }

    /// Sends a request with this body; its final answer.
    async fn ask(&mut self, method: &str, body: &str) -> String {
        self.cseq += 1;
        self.caller.send(method, ID, self.cseq, &self.tag, "", body).await;
        let answer = self.caller.answer_to(ID, &format!("{} {method}", self.cseq)).await;
        if method == "INVITE" && answer.starts_with("SIP/2.0 200") && !body.is_empty() {
            self.acknowledge("").await;
        }
        answer
    }

    /// 400 ms: the first half for what is still on its way.
    async fn see(&mut self) -> Seen {
        self.pass(10).await;
        self.rtp.forget();
        let queue = self.taken.legs.heard();
        said(&queue);
        self.pass(10).await;
        let packets = self.rtp.drain();
        let hears = packets > 0;
        assert_eq!(hears, self.rtp.peak() > 100, "{packets} packets, and no music in them");
        Seen { hears, is_heard: strength(&said(&queue), 440.0) > 0.9 }
    }

    /// Waits until the call is like that for a while; a busy machine may need more than one.
    async fn becomes(&mut self, wanted: Seen, after: &str) {
        let mut seen = self.see().await;
        for _ in 0..10 {
            if seen == wanted {
                return;
            }
            seen = self.see().await;
        }
        panic!("{seen:?} and not {wanted:?} after {after}");
    }

    async fn pass(&mut self, packets: usize) {
        for _ in 0..packets {
            self.clock.talk(1, |_| 0).await;
            self.rtp.say(tone(440.0)).await;
        }
    }

    /// Waits until the call is told that it is held, or not any more.
    async fn held(&mut self, wanted: bool) {
        loop {
            if let Event::LegHeld { leg: LegId::CALLER, held } = self.taken.next().await {
                return assert_eq!(held, wanted);
            }
        }
    }

    async fn hold_and_resume(&mut self, method: &str) {
        let at = self.rtp.address();
        let unspecified = SocketAddr::from(([0, 0, 0, 0], at.port()));
        let usual = offer(at, "0");
        // (how it is said, what we may do then, what is seen)
        let (stops, deaf) = (Seen { hears: false, is_heard: true }, Seen { hears: false, is_heard: false });
        let spellings = [
            (format!("{usual}a=sendonly\r\n"), "a=recvonly", &stops),
            (format!("{usual}a=inactive\r\n"), "a=inactive", &deaf),
            (offer(unspecified, "0"), "a=recvonly", &stops),
            (format!("{}a=inactive\r\n", offer(unspecified, "0")), "a=inactive", &deaf),
            (format!("{usual}c=IN IP4 0.0.0.0\r\n"), "a=recvonly", &stops),
            (usual.replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n"), "a=recvonly", &stops),
            (usual.replace("t=0 0\r\n", "t=0 0\r\na=inactive\r\n"), "a=inactive", &deaf),
        ];
        let resumed = [format!("{usual}a=sendrecv\r\n"), usual.clone(), usual.replace("t=0 0\r\n", "t=0 0\r\na=sendrecv\r\n")];
        for ((hold, ours, seen), resume) in spellings.iter().zip(resumed.iter().cycle()) {
            let answer = self.ask(method, hold).await;
            assert!(answer.starts_with("SIP/2.0 200") && answer.contains(ours), "{hold}\n{answer}");
            self.held(true).await;
            self.becomes(**seen, hold).await;
            let answer = self.ask(method, resume).await;
            assert!(answer.starts_with("SIP/2.0 200") && answer.contains("a=sendrecv"), "{resume}\n{answer}");
            self.held(false).await;
            self.becomes(NORMAL, &format!("{hold} and then {resume}")).await;
        }
        // Who only listens has not held.
        let answer = self.ask(method, &format!("{usual}a=recvonly\r\n")).await;
        assert!(answer.contains("a=sendonly"), "{answer}");
        self.becomes(Seen { hears: true, is_heard: false }, "recvonly").await;
    }
}

/// What the gateway has heard since the last time.
fn said(queue: &HeardQueue) -> Vec<i16> {
    std::iter::from_fn(|| queue.try_next()).flat_map(|heard| heard.frame.samples).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_spelling_of_hold_in_an_invite_stops_the_sound_and_every_resume_brings_it_back() {
    let mut talking = Talking::usual(17_650..=17_657).await;
    talking.becomes(NORMAL, "all that").await;
    talking.hold_and_resume("INVITE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_holds_and_resumes_as_well_and_says_nothing_without_a_description() {
    let mut talking = Talking::usual(17_660..=17_667).await;
    let answer = talking.ask("UPDATE", "").await;
    assert!(answer.starts_with("SIP/2.0 200") && answer.contains("Content-Length: 0\r\n"), "{answer}");
    talking.becomes(NORMAL, "all that").await;
    talking.hold_and_resume("UPDATE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_without_an_offer_gets_ours_at_the_start_and_again_later() {
    let (mut talking, ours) = Talking::start(17_670..=17_677, |_| String::new()).await;
    assert!(ours.contains("m=audio") && ours.contains(" RTP/AVP 0 8 "), "{ours}");
    // Nothing is agreed on before the answer in the ACK.
    talking.clock.talk(10, |_| 0).await;
    assert_eq!(talking.rtp.drain(), 0, "sound to nobody knows where");
    let usual = offer(talking.rtp.address(), "0");
    talking.acknowledge(&usual).await;
    talking.becomes(NORMAL, "all that").await;
    for (answer, held) in [(format!("{usual}a=sendonly\r\n"), true), (usual.clone(), false)] {
        let ours = talking.ask("INVITE", "").await;
        assert!(ours.starts_with("SIP/2.0 200") && ours.contains("a=sendrecv"), "{ours}");
        talking.acknowledge(&answer).await;
        talking.held(held).await;
        talking.becomes(Seen { hears: !held, is_heard: true }, &answer).await;
    }
    // Who then says nothing at all, or nothing that can be done, changes nothing.
    for answer in ["", "hello", &offer(talking.rtp.address(), "18")] {
        talking.ask("INVITE", "").await;
        talking.acknowledge(answer).await;
        talking.becomes(NORMAL, answer).await;
    }
    talking.hold_and_resume("INVITE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_our_offer_without_an_answer_is_hung_up_on() {
    for (body, ports) in [("", 17_680..=17_683), ("hello", 17_684..=17_687)] {
        let (mut talking, _) = Talking::start(ports, |_| String::new()).await;
        talking.acknowledge(body).await;
        let bye = talking.caller.hears().await;
        assert!(bye.starts_with("BYE ") && bye.contains("Reason: SIP;cause=488"), "{bye}");
        assert_eq!(talking.taken.ended().await, LegEnd::SignallingLost);
        assert!(talking.edge.is_quiet());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_description_is_refused_and_the_sound_goes_on() {
    let mut talking = Talking::usual(17_690..=17_697).await;
    let (usual, nowhere) = (offer(talking.rtp.address(), "0"), SocketAddr::new(HERE, 0));
    let broken = [
        (offer(talking.rtp.address(), "18"), "488"),
        (offer(nowhere, "0"), "488"),
        (offer(SocketAddr::from(([224, 0, 0, 1], 4_000)), "0"), "488"),
        (usual.replace("m=audio", "m=video"), "488"),
        (usual.replace("RTP/AVP", "RTP/SAVP"), "488"),
        (usual.replace("c=IN IP4 127.0.0.1", "c=IN IP6 ::1"), "488"),
        ("hello".to_owned(), "400"),
    ];
    for method in ["INVITE", "UPDATE"] {
        for (body, status) in &broken {
            let answer = talking.ask(method, body).await;
            assert!(answer.starts_with(&format!("SIP/2.0 {status}")), "{method} {body}\n{answer}");
            talking.becomes(NORMAL, body).await;
        }
    }
    talking.hold_and_resume("INVITE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_behind_a_translator_is_where_its_sound_comes_from() {
    let private = |port| SocketAddr::from(([10, 1, 2, 3], port));
    let (mut talking, _) = Talking::start(17_700..=17_707, |rtp| offer(private(rtp.port()), "0")).await;
    talking.acknowledge("").await;
    talking.clock.talk(10, |_| 0).await;
    assert_eq!(talking.rtp.drain(), 0, "nobody knows where the caller is");
    talking.becomes(NORMAL, "all that").await;
    // The description goes on naming the private address.
    let usual = offer(private(talking.rtp.address().port()), "0");
    talking.ask("INVITE", &format!("{usual}a=sendonly\r\n")).await;
    talking.becomes(Seen { hears: false, is_heard: true }, "sendonly").await;
    talking.ask("INVITE", &usual).await;
    talking.becomes(NORMAL, "all that").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_moves_takes_the_sound_along() {
    let mut talking = Talking::usual(17_710..=17_717).await;
    talking.becomes(NORMAL, "all that").await;
    let mut before = talking.rtp.move_on().await;
    talking.ask("INVITE", &offer(talking.rtp.address(), "0")).await;
    talking.becomes(NORMAL, "all that").await;
    before.drain();
    talking.becomes(NORMAL, "all that").await;
    assert_eq!(before.drain(), 0, "sound for where the caller was");
}
