//! Two legs whose packets go across: strangers, a peer that moves, one that falls silent.

use super::*;
use crate::call::media::round::{Line, Round, With};

/// A call of two phones whose packets have been going across for a while.
pub(super) struct Bridged {
    pool: MediaPool,
    pub(super) media: CallMedia,
    pub(super) events: Receiver<MediaEvent>,
    pub(super) caller: Phone,
    pub(super) agent: Phone,
    metronome: Metronome,
}

impl Bridged {
    fn new() -> Self {
        Self::between(PLAIN, PLAIN)
    }

    pub(super) fn between(caller: Voice, agent: Voice) -> Self {
        let pool = pool();
        let (media, events) = pool.open_call(clock::now());
        media.send(Command::Patch(Patch { listen: vec![], ..bridge() })).unwrap();
        let caller = Phone::add_with(caller, &pool, &media, (CALLER, Listening::CALLER), 440.0);
        let agent = Phone::add_with(agent, &pool, &media, (AGENT, Listening::CALLER), 1_000.0);
        let metronome = Metronome::new(&pool);
        let mut call = Self { pool, media, events, caller, agent, metronome };
        call.converse(40);
        call.assert_heard();
        call
    }

    /// Both hear the other, and nothing else.
    pub(super) fn assert_heard(&mut self) {
        let heard = [(&self.caller.heard, 1_000.0), (&self.agent.heard, 440.0)].map(|(heard, hertz)| best_share(heard, hertz));
        assert!(heard.iter().all(|share| *share > 0.95), "{heard:?}");
        self.forget();
    }

    pub(super) fn converse(&mut self, packets: usize) {
        self.metronome.converse(&mut self.caller, &mut self.agent, packets);
    }

    pub(super) fn forget(&mut self) {
        self.caller.heard.clear();
        self.agent.heard.clear();
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((HERE, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_neither_heard_nor_spoken_to() {
    let mut call = Bridged::new();
    let gateway = call.caller.gateway;
    let mut stranger = Phone::speaking(PLAIN, gateway, 2_000.0);
    for _ in 0..40 {
        stranger.speak();
        call.converse(1);
    }
    assert!(best_share(&call.agent.heard, 440.0) > 0.95 && best_share(&call.agent.heard, 2_000.0) < 0.1);
    assert!(best_share(&call.caller.heard, 1_000.0) > 0.95);
    stranger.drain();
    assert!(stranger.numbers.is_empty(), "a stranger got the sound of the call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_moves_is_heard_at_its_new_place_and_no_more_at_the_old_one() {
    let mut call = Bridged::new();
    let left = std::mem::replace(&mut call.caller.socket, socket());
    let negotiated = Box::new(agreed(call.caller.socket.local_addr().unwrap(), Direction::SendRecv));
    call.media.send(Command::UpdateLeg { leg: CALLER, negotiated }).unwrap();
    call.converse(10);
    call.forget();
    left.set_nonblocking(true).unwrap();
    while left.recv(&mut [0; 512]).is_ok() {}
    call.converse(40);
    assert!(best_share(&call.agent.heard, 440.0) > 0.95);
    assert!(best_share(&call.caller.heard, 1_000.0) > 0.95);
    assert!(left.recv(&mut [0; 512]).is_err(), "sound for where the caller was");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_talks_to_a_phone_that_falls_silent_still_gets_packets_and_hears_it_again() {
    let mut call = Bridged::new();
    // The agent's phone sends nothing for half a second: what the caller's gets is the gateway's own.
    call.caller.talk(25);
    call.forget();
    call.converse(60);
    assert!(best_share(&call.caller.heard, 1_000.0) > 0.95 && best_share(&call.agent.heard, 440.0) > 0.95);
    let numbers = &call.caller.numbers;
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn speech_for_one_of_them_comes_at_once_and_they_hear_each_other_afterwards() {
    let mut call = Bridged::new();
    let chunk = Chunk { id: RequestId(1), clause: 0, samples: vec![9_000; 3_200].into(), last: true };
    call.media.send(Command::Play { leg: CALLER, chunk }).unwrap();
    call.converse(40);
    // The sound is mixed with the agent's tone, which swings around its level.
    let level = call.caller.heard.iter().filter(|&&sample| sample > 12_000).count();
    assert!(level > 500, "{level}");
    call.forget();
    call.converse(40);
    assert!(best_share(&call.caller.heard, 1_000.0) > 0.95 && best_share(&call.agent.heard, 440.0) > 0.95);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_down_is_heard_aside_and_packets_go_across_all_the_same() {
    let mut call = Bridged::new();
    let queue = call.media.heard();
    call.media.send(Command::Patch(Patch { listen: vec![], written: vec![CALLER, AGENT], ..bridge() })).unwrap();
    call.converse(60);
    call.forget();
    call.converse(40);
    // The packets themselves: their sound is not decoded and coded again, so that its loudest sample is the sender's.
    let loudest = |samples: &[i16]| samples.iter().copied().max();
    assert!(best_share(&call.agent.heard, 440.0) > 0.95 && best_share(&call.caller.heard, 1_000.0) > 0.95);
    assert_eq!(loudest(&call.agent.heard), loudest(&call.caller.heard));
    let heard: Vec<_> = std::iter::from_fn(|| queue.try_next()).collect();
    assert!(heard.iter().all(|frame| frame.written));
    for (leg, own, other) in [(CALLER, 440.0, 1_000.0), (AGENT, 1_000.0, 440.0)] {
        let frames = heard.iter().filter(|frame| frame.leg == leg);
        let (said, sent): (Vec<_>, Vec<_>) = frames.map(|frame| (frame.frame.samples, frame.sent)).unzip();
        // What was sent to the leg comes with it: that is its echo.
        assert!(best_share(&said.concat(), own) > 0.95 && best_share(&sent.concat(), other) > 0.95, "{leg:?}");
    }
    call.media.send(Command::Patch(Patch { listen: vec![], ..bridge() })).unwrap();
    call.converse(20);
    while queue.try_next().is_some() {}
    call.converse(20);
    assert!(queue.try_next().is_none(), "nobody listens any more");
}

/// The loudest packet there is, and no tone.
fn shout(phone: &mut Phone) {
    send(phone, 0x80);
}

/// A packet of one code.
fn send(phone: &mut Phone, code: u8) {
    phone.send(phone.agreed.payload_type, &[code; FRAME_SAMPLES]);
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_that_come_together_are_all_carried_though_nothing_comes_after_them() {
    let mut call = Bridged::new();
    for round in 0..30 {
        if round % 5 == 0 {
            call.caller.speak();
        }
        call.converse(1);
    }
    call.caller.speak();
    shout(&mut call.caller);
    let shouted = |sample: &i16| *sample > 30_000;
    // Then the gateway's own packets.
    for _ in 0..100 {
        if call.agent.heard.iter().any(shouted) {
            break;
        }
        call.agent.hear();
    }
    assert!(call.agent.heard.iter().any(shouted));
    let numbers = &call.agent.numbers;
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
}

/// Nothing, from below zero: decoded and encoded again it is nothing from above.
const BELOW_ZERO: u8 = 0x7f;

/// Do the caller's packets come to the agent as they are?
pub(super) fn are_carried(call: &mut Bridged) -> bool {
    call.agent.drain();
    call.agent.socket.set_nonblocking(true).unwrap();
    let (mut carried, mut datagram) = (false, [0; 512]);
    for _ in 0..40 {
        call.metronome.phone.talk(1);
        send(&mut call.caller, BELOW_ZERO);
        call.agent.speak();
        while let Ok((length, _)) = call.agent.socket.recv_from(&mut datagram) {
            carried |= open(&mut call.agent.shield, &mut datagram[..length]).payload == [BELOW_ZERO; FRAME_SAMPLES];
        }
    }
    call.agent.socket.set_nonblocking(false).unwrap();
    call.caller.drain();
    carried
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_phone_is_mixed_in_and_packets_go_across_again_when_it_has_gone() {
    const THIRD: LegId = LegId(2);
    let mut call = Bridged::new();
    assert!(are_carried(&mut call));
    let mut third = Phone::add(&call.pool, &call.media, THIRD, 2_000.0);
    let alone = Round { agent: AGENT, line: Line::default(), third: None, supervisor: None, rings: false };
    let all = Round { third: Some((THIRD, With::Everybody)), ..alone };
    call.media.send(Command::Patch(all.patch())).unwrap();
    let mut three = |call: &mut Bridged, packets: usize| {
        for _ in 0..packets {
            call.converse(1);
            third.drain();
            third.speak();
        }
    };
    three(&mut call, 20);
    call.forget();
    three(&mut call, 40);
    // Two tones of the same strength: each has half of the sound.
    for (heard, notes) in
        [(&call.caller.heard, [1_000.0, 2_000.0]), (&call.agent.heard, [440.0, 2_000.0]), (&third.heard, [440.0, 1_000.0])]
    {
        assert!(notes.iter().all(|note| best_share(heard, *note) > 0.35), "{notes:?}");
    }
    assert!(!are_carried(&mut call), "the agent hears two of them");
    call.media.send(Command::Patch(alone.patch())).unwrap();
    call.media.send(Command::RemoveLeg { leg: THIRD }).unwrap();
    call.converse(40);
    call.forget();
    call.converse(40);
    assert!(best_share(&call.caller.heard, 1_000.0) > 0.95 && best_share(&call.agent.heard, 440.0) > 0.95);
    assert!(are_carried(&mut call), "they are two again");
}
