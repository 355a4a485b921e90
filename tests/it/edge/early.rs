//! Sound before the answer: the network's tones are understood, nobody hears them, and the answer may say anything else.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use warmline::{
    call::{
        event::{DialFailure, Event},
        ids::{AgentId, LegId},
        media::patch::{Ear, Patch, Under},
    },
    telephony::{Lines, Outward, over, registered},
};

use super::{
    rtp::{Rtp, cadence, tone},
    support::{Caller, Edge, Peer, Request, Taken, offer, phones, sound_of},
};

const AGENT: LegId = LegId(1);

/// A caller is on the line, and a telephone is rung: 4021 over a trunk, or one that has registered. Both would hear each other.
pub(super) struct Ringing {
    _edge: Edge,
    pub(super) calling: Caller,
    /// The gateway's To tag.
    pub(super) tag: String,
    pub(super) caller: Rtp,
    pub(super) taken: Taken,
    peer: Peer,
    invite: Request,
    /// The peer's sound.
    pub(super) rtp: Rtp,
}

impl Ringing {
    pub(super) async fn start(ports: RangeInclusive<u16>, media_timeout: Duration, under: Under) -> Self {
        let peer = Peer::new().await;
        let outward = Outward { peers: vec![peer.uri()], ..Outward::default() };
        let lines = Lines { outward: BTreeMap::from([("isp".to_owned(), outward)]), ..Lines::default() };
        let edge = Edge::over(lines, ports, media_timeout).await;
        Self::rung(edge, peer, &over("isp", "4021"), under).await
    }

    /// The same with a telephone that has registered, and more of the same user.
    async fn registered(ports: RangeInclusive<u16>, more: &[&'static str]) -> (Self, Vec<Peer>) {
        let edge = Edge::with(ports, Duration::from_secs(30), |options| options.sip.registrar = Some(phones(&["maria"]))).await;
        let mut others = Vec::new();
        for tag in more {
            others.push(Caller::registered(edge.address(), "maria").await.into_peer(tag));
        }
        let phone = Caller::registered(edge.address(), "maria").await.into_peer("peer");
        (Self::rung(edge, phone, &registered("maria"), Under::Nothing).await, others)
    }

    async fn rung(mut edge: Edge, peer: Peer, target: &str, under: Under) -> Self {
        let (calling, mut caller, mut rtp) = (Caller::new(edge.address()).await, Rtp::bind().await, Rtp::bind().await);
        calling.send("INVITE", "early", 1, "", "", &offer(caller.address(), "0")).await;
        let mut taken = edge.answer().await;
        let answer = calling.hears().await;
        let tag = calling.confirm("early", &answer).await;
        caller.to = sound_of(&answer);
        taken.legs.patch(both(under));
        taken.legs.dial(AGENT, (AgentId("desk".to_owned()), target.to_owned()), 60_000, String::new(), None).await;
        let invite = peer.expect("INVITE").await;
        rtp.to = sound_of(&invite.text);
        caller.forget();
        Self { _edge: edge, calling, tag, caller, taken, peer, invite, rtp }
    }

    async fn progress(&self) {
        self.peer.respond(&self.invite, "183 Session Progress", &offer(self.rtp.address(), "0")).await;
    }

    /// The same, and the sound moves before the answer (RFC 3262, RFC 3311); returns where it was.
    async fn progress_and_move(&mut self) -> Rtp {
        let here = format!("Contact: <sip:4021@{}>\r\n", self.peer.address());
        let reliable = format!("{here}Require: 100rel\r\nRSeq: 1\r\n");
        self.peer.respond_with(&self.invite, "183 Session Progress", &reliable, &offer(self.rtp.address(), "0")).await;
        let prack = self.peer.expect("PRACK").await;
        self.peer.respond(&prack, "200 OK", "").await;
        self.rtp.talk(25, tone(1_000.0)).await;
        let first = std::mem::replace(&mut self.rtp, Rtp::bind().await);
        self.rtp.to = first.to;
        self.peer.tells(&self.invite, "UPDATE", &here, &offer(self.rtp.address(), "0")).await;
        let agreed = self.peer.expect("SIP/2.0").await;
        assert!(agreed.text.starts_with("SIP/2.0 200") && agreed.text.contains("m=audio"), "{}", agreed.text);
        first
    }

    /// It takes the call.
    pub(super) async fn answer(&mut self) {
        self.peer.respond(&self.invite, "200 OK", &offer(self.rtp.address(), "0")).await;
        assert_eq!(self.outcome().await, Ok(()));
    }

    /// Says this until the call is given up; what becomes of the attempt then.
    async fn given_up(&mut self, name: &str, sound: impl Fn(usize) -> i16) -> Result<(), DialFailure> {
        let cancel = loop {
            tokio::select! {
                () = self.rtp.hear() => {}
                cancel = self.peer.expect("CANCEL") => break cancel,
            }
            self.caller.say(tone(440.0)).await;
            self.rtp.say(&sound).await;
            // Ten seconds: no such tone takes longer to be known.
            assert!(self.rtp.numbers.len() < 500, "{name}: nothing was understood");
        };
        self.peer.respond(&cancel, "200 OK", "").await;
        self.peer.respond(&self.invite, "487 Request Terminated", "").await;
        self.outcome().await
    }

    /// What becomes of the attempt.
    async fn outcome(&mut self) -> Result<(), DialFailure> {
        loop {
            match self.taken.next().await {
                Event::LegAnswered { leg: AGENT } => return Ok(()),
                Event::LegFailed { leg: AGENT, why } => return Err(why),
                Event::LegEnded { leg, why } => panic!("{leg:?} ended: {why:?}"),
                _ => {}
            }
        }
    }

    /// Both talk, at the pace of what the agent's side gets.
    async fn converse(&mut self, packets: usize) {
        for _ in 0..packets {
            self.caller.drain();
            self.caller.say(tone(440.0)).await;
            self.rtp.talk(1, tone(1_000.0)).await;
        }
    }

    async fn assert_bridged(&mut self) {
        self.converse(20).await;
        self.caller.forget();
        self.rtp.forget();
        self.converse(40).await;
        assert!(self.caller.strength(1_000.0) > 0.95 && self.rtp.strength(440.0) > 0.95);
    }
}

fn both(under: Under) -> Patch {
    let ear = |leg, other, under| Ear { leg, hears: vec![other], under };
    Patch { ears: vec![ear(LegId::CALLER, AGENT, under), ear(AGENT, LegId::CALLER, Under::Nothing)], ..Patch::default() }
}

/// A sound, by the number of the sample.
type Made = Box<dyn Fn(usize) -> i16>;

/// The special information tones of "no such number" (ITU-T E.180).
fn special(index: usize) -> i16 {
    let hz = [950.0, 1_400.0, 1_800.0][index / (330 * 8) % 3];
    tone(hz)(index)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tone_of_the_network_ends_the_attempt_long_before_the_time_for_ringing() {
    let sounds: [(&str, Made, DialFailure); 4] = [
        ("busy", Box::new(cadence(425.0, 500, 500)), DialFailure::Busy),
        ("american busy", Box::new(|index| cadence(480.0, 500, 500)(index) / 2 + cadence(620.0, 500, 500)(index) / 2), DialFailure::Busy),
        ("congestion", Box::new(cadence(425.0, 250, 250)), DialFailure::Unreachable),
        ("no such number", Box::new(special), DialFailure::Unreachable),
    ];
    for (name, sound, why) in sounds {
        let mut ringing = Ringing::start(17_600..=17_607, Duration::from_secs(30), Under::Nothing).await;
        ringing.progress().await;
        assert_eq!(ringing.given_up(name, &sound).await, Err(why), "{name}");
        // Neither has heard the other, though both would.
        ringing.caller.drain();
        assert!(ringing.caller.numbers.len() > 20 && ringing.caller.peak() < 50, "{name}: the caller heard it");
        assert!(ringing.rtp.peak() < 50, "{name}: the caller was heard");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_before_the_answer_is_not_heard_and_an_answer_without_a_description_lets_it_through() {
    let mut ringing = Ringing::start(17_610..=17_617, Duration::from_secs(30), Under::Ringback).await;
    ringing.progress().await;
    ringing.rtp.talk(75, tone(1_000.0)).await;
    ringing.caller.drain();
    assert!(ringing.caller.strength(1_000.0) < 0.1, "an announcement was heard");
    assert!(ringing.caller.strength(425.0) > 0.9, "the ring-back tone does not go on");
    ringing.taken.legs.patch(both(Under::Nothing));
    ringing.peer.respond(&ringing.invite, "200 OK", "").await;
    assert_eq!(ringing.outcome().await, Ok(()));
    ringing.peer.expect("ACK").await;
    ringing.converse(40).await;
    // One stream, from before the answer on.
    let numbers = &ringing.rtp.numbers;
    assert!(numbers.len() > 100 && numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
    ringing.assert_bridged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_another_telephone_takes_the_sound_with_it() {
    let mut ringing = Ringing::start(17_620..=17_627, Duration::from_secs(30), Under::Nothing).await;
    ringing.progress().await;
    ringing.rtp.talk(30, cadence(425.0, 1_000, 4_000)).await;
    // A fork that rang without sound has it.
    let mut first = std::mem::replace(&mut ringing.rtp, Rtp::bind().await);
    (ringing.rtp.to, ringing.peer.tag) = (first.to, "another");
    ringing.answer().await;
    let ack = ringing.peer.expect("ACK").await;
    assert!(ack.text.contains(";tag=another"), "{}", ack.text);
    ringing.assert_bridged().await;
    first.drain();
    ringing.converse(10).await;
    assert_eq!(first.drain(), 0, "sound for the telephone that only rang");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_changes_its_address_before_the_answer_is_spoken_to_there() {
    let mut ringing = Ringing::start(18_490..=18_497, Duration::from_secs(30), Under::Nothing).await;
    let mut first = ringing.progress_and_move().await;
    ringing.peer.respond(&ringing.invite, "200 OK", "").await;
    assert_eq!(ringing.outcome().await, Ok(()));
    ringing.peer.expect("ACK").await;
    ringing.assert_bridged().await;
    first.drain();
    ringing.converse(10).await;
    assert_eq!(first.drain(), 0, "sound for where it was before");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_telephone_answers_our_offer_whatever_the_one_that_rang_has_changed() {
    let mut ringing = Ringing::start(18_500..=18_507, Duration::from_secs(30), Under::Nothing).await;
    ringing.progress_and_move().await;
    let mut rang = std::mem::replace(&mut ringing.rtp, Rtp::bind().await);
    (ringing.rtp.to, ringing.peer.tag) = (rang.to, "another");
    ringing.answer().await;
    ringing.peer.expect("ACK").await;
    ringing.assert_bridged().await;
    rang.drain();
    ringing.converse(10).await;
    assert_eq!(rang.drain(), 0, "sound for the telephone that only rang");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_answers_without_any_description_is_hung_up_on() {
    let mut ringing = Ringing::start(17_630..=17_637, Duration::from_secs(30), Under::Nothing).await;
    ringing.progress().await;
    ringing.rtp.talk(5, tone(1_000.0)).await;
    // What another fork has said does not count for this one.
    ringing.peer.tag = "another";
    ringing.peer.respond(&ringing.invite, "200 OK", "").await;
    ringing.peer.expect("BYE").await;
    assert_eq!(ringing.outcome().await, Err(DialFailure::Rejected));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_before_the_answer_is_no_lost_line() {
    let mut ringing = Ringing::start(17_640..=17_647, Duration::from_millis(400), Under::Nothing).await;
    ringing.progress().await;
    // A second, of the caller's and none of the peer's.
    for _ in 0..50 {
        ringing.rtp.hear().await;
        ringing.caller.say(tone(440.0)).await;
    }
    ringing.peer.respond(&ringing.invite, "200 OK", "").await;
    assert_eq!(ringing.outcome().await, Ok(()));
    ringing.assert_bridged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tone_of_a_telephone_that_registered_ends_the_attempt_once_no_other_one_rings() {
    let (mut ringing, _) = Ringing::registered(18_460..=18_467, &[]).await;
    ringing.progress().await;
    assert_eq!(ringing.given_up("alone", cadence(425.0, 500, 500)).await, Err(DialFailure::Busy));

    let (mut ringing, others) = Ringing::registered(18_470..=18_477, &["other"]).await;
    let invite = others[0].expect("INVITE").await;
    ringing.progress().await;
    // Half a second in which nothing is listened to: nothing is sent to where it would come from.
    for _ in 0..25 {
        ringing.caller.hear().await;
        ringing.caller.say(tone(440.0)).await;
        ringing.rtp.say(cadence(425.0, 500, 500)).await;
    }
    assert_eq!(ringing.rtp.drain(), 0, "one of two telephones was listened to");
    others[0].respond(&invite, "486 Busy Here", "").await;
    others[0].expect("ACK").await;
    ringing.progress().await;
    assert_eq!(ringing.given_up("the last one", cadence(425.0, 500, 500)).await, Err(DialFailure::Busy));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_that_registered_and_was_heard_before_its_answer_takes_the_call() {
    let (mut ringing, _) = Ringing::registered(18_480..=18_487, &[]).await;
    ringing.progress().await;
    ringing.rtp.talk(25, cadence(425.0, 1_000, 4_000)).await;
    ringing.answer().await;
    ringing.peer.expect("ACK").await;
    ringing.assert_bridged().await;
}
