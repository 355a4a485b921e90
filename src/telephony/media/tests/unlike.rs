//! Two legs that do not speak alike: other codecs, one encrypted and one not.

use super::{
    bridged::{Bridged, are_carried},
    *,
};

const fn plain(codec: Codec) -> Voice {
    Voice { codec, suite: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_of_codecs_is_heard_both_ways_and_keys_come_across_in_the_others_clock() {
    for (one, other) in [(Codec::Opus, Codec::Pcma), (Codec::G722, Codec::Pcmu), (Codec::Opus, Codec::G722), (Codec::Pcma, Codec::Pcmu)] {
        let mut call = Bridged::between(plain(one), plain(other));
        for _ in 0..3 {
            call.caller.press(5);
        }
        call.converse(20);
        call.agent.press(7);
        call.converse(20);
        // What the gateway sends itself lasts 100 ms at least.
        for (name, keys, key) in [("caller", &call.caller.keys, 7), ("agent", &call.agent.keys, 5)] {
            assert!(keys.iter().all(|(pressed, _)| *pressed == key), "{one:?} {other:?}, the {name} got {keys:?}");
            let longest = keys.iter().map(|(_, ms)| *ms).max().unwrap();
            assert!((80..=200).contains(&longest), "{one:?} {other:?}, the {name} got {keys:?}");
        }
        call.forget();
        call.converse(40);
        call.assert_heard();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_to_the_others_codec_gets_its_packets_as_they_are() {
    let mut call = Bridged::between(plain(Codec::Pcmu), plain(Codec::Opus));
    assert!(!are_carried(&mut call));
    let agent = &mut call.agent;
    agent.agreed = agreed(agent.agreed.remote_rtp, Direction::SendRecv);
    agent.encoder = Encoder::new(Codec::Pcmu);
    call.media.send(Command::UpdateLeg { leg: AGENT, negotiated: Box::new(agent.agreed.clone()) }).unwrap();
    call.converse(40);
    call.forget();
    call.converse(40);
    call.assert_heard();
    assert!(are_carried(&mut call));
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_are_carried_from_key_to_key_and_from_a_leg_without_keys_to_one_that_has_them() {
    let keyed = |suite| Voice { suite: Some(suite), ..PLAIN };
    let (usual, best) = (keyed(Suite::AesCm128Sha1_80), keyed(Suite::AeadAes256Gcm));
    for (caller, agent) in [(PLAIN, usual), (usual, PLAIN), (usual, best), (best, PLAIN)] {
        let mut call = Bridged::between(caller, agent);
        assert!(are_carried(&mut call), "{caller:?} {agent:?}");
        call.converse(40);
        call.assert_heard();
        // In clear, a packet that is meant for somebody with keys is nobody's.
        if caller.suite.is_some() {
            let shield = call.caller.shield.take();
            call.caller.hertz = 2_000.0;
            call.caller.speak();
            (call.caller.shield, call.caller.hertz) = (shield, 440.0);
            call.converse(40);
            assert!(best_share(&call.agent.heard, 2_000.0) < 0.1);
        }
        call.media.send(Command::RemoveLeg { leg: CALLER }).unwrap();
        let closed = |event| if let MediaEvent::LegClosed { stats, .. } = event { Some(stats) } else { None };
        let stats = event(&mut call.events, closed).await;
        assert_eq!((stats.protection, stats.forged), if caller.suite.is_some() { ("sdes", 1) } else { ("none", 0) }, "{stats:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_leg_of_another_codec_is_heard_too() {
    let opus = Voice { codec: Codec::Opus, suite: Some(Suite::AesCm128Sha1_80) };
    let mut call = Bridged::between(opus, plain(Codec::Pcma));
    assert_eq!(call.caller.keys, []);
    call.agent.press(9);
    call.converse(20);
    assert!(call.caller.keys.len() > 3 && call.caller.keys.iter().all(|(key, _)| *key == 9), "{:?}", call.caller.keys);
}
