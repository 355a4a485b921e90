//! Two sides that agree by offer and answer, and then talk: every codec, every protection, also over a bad network.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use warmline_sip::codec::{Codec, FRAME_SAMPLES, Frame};
use warmline_sip::dtls::Identity;
use warmline_sip::dtmf::Digit;
use warmline_sip::ice;
use warmline_sip::jitter::JitterConfig;
use warmline_sip::media::{Dropped, DtlsContext, MediaConfig, MediaSession, Outgoing, Pulled, Received};
use warmline_sip::sdp::{
    Direction, Encryption, LocalMedia, Negotiated, OfferedProtection, Policy, Protection, SdpError, SdpSession, Secret,
};

use crate::line::{FAR, Line, NEAR, percentile, tone, tone_snr};
use crate::network::Weather;

fn policy(codecs: &[Codec], seed: u8) -> Policy {
    Policy::plain(codecs.to_vec(), Secret::new([seed; 32]))
}

fn local(address: SocketAddr) -> LocalMedia {
    LocalMedia { address: address.ip(), other: None, rtp_port: address.port() }
}

/// What the caller (near) and the callee (far) agree on.
fn agree(caller: Policy, callee: Policy) -> (Negotiated, Negotiated) {
    let mut near = SdpSession::new(1, local(NEAR), caller);
    let mut far = SdpSession::new(2, local(FAR), callee);
    let offer = near.offer(Direction::SendRecv);
    let (answer, to_near) = far.answer(offer.as_bytes(), Direction::SendRecv).unwrap();
    (near.accept(answer.as_bytes()).unwrap(), to_near)
}

fn bad_weather() -> Weather {
    Weather { delay_ms: 30, jitter_ms: 10, loss: 0.02, burst: 1, duplicate: 0.01, reorder: 0.01 }
}

#[test]
fn every_codec_carries_speech_over_a_bad_network() {
    for (codec, floor) in [(Codec::Opus, 12.0), (Codec::G722, 15.0), (Codec::Pcmu, 25.0), (Codec::Pcma, 25.0)] {
        let (to_far, to_near) = agree(policy(&[codec], 1), policy(&Codec::ALL, 2));
        assert_eq!((to_far.codec, to_near.codec), (codec, codec));
        let mut line = Line::between(to_far, to_near, bad_weather(), 9);
        line.run(1_000, tone);
        let snr = tone_snr(&line.heard[FRAME_SAMPLES * 50..]);
        assert!(percentile(&snr, 50) > floor, "{codec:?}: {:.1} dB", percentile(&snr, 50));
        assert!(line.share(50, Pulled::Silence) < 0.01, "{codec:?}");
        let stats = line.listener.stats();
        assert_eq!((stats.unknown_payload, stats.malformed, stats.jitter.resets), (0, 0, 0), "{codec:?}");
    }
}

/// An RTP packet of the caller's: sound, or the level of its noise.
fn packet(payload_type: u8, number: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend(number.to_be_bytes());
    packet.extend((u32::from(number) * 160).to_be_bytes());
    packet.extend([0, 0, 0, 7]);
    packet.extend(payload);
    packet
}

#[test]
fn between_words_there_is_the_noise_that_the_caller_tells_of() {
    let offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 13\r\n";
    let mut far = SdpSession::new(2, local(FAR), policy(&Codec::ALL, 2));
    let (answer, to_near) = far.answer(offer.as_bytes(), Direction::SendRecv).unwrap();
    assert!(answer.contains(" RTP/AVP 0 13\r\n"), "{answer}");
    let mut listener = crate::line::session_with(to_near, 2);
    let mut heard: Vec<Vec<i16>> = vec![Vec::new(); 3];
    // A second of sound, one of which it says no more than that it is −40 dBov (RFC 3389 §3.1), and sound again.
    for number in 0..150_u16 {
        let (second, at) = (usize::from(number / 50), Duration::from_millis(u64::from(number) * 20));
        let mut datagram = match (second, number % 50) {
            (1, 0) => packet(13, number, &[40]),
            (1, _) => Vec::new(),
            // μ-law: loud, and quiet.
            (_, even) => packet(0, number, &[if even % 2 == 0 { 0x80 } else { 0x00 }; 160]),
        };
        if !datagram.is_empty() {
            listener.on_datagram(at, NEAR, &mut datagram);
        }
        let mut frame = [0; FRAME_SAMPLES];
        listener.pull_frame(at + Duration::from_millis(7), &mut frame);
        heard[second].extend(frame);
    }
    let dbov = |samples: &[i16]| {
        let power = samples.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / samples.len() as f64;
        10.0 * (power / 32_767_f64.powi(2)).log10()
    };
    // The end of the sound, and the fade behind it, take a while.
    let levels = [&heard[0][4_000..], &heard[1][4_000..], &heard[2][4_000..]].map(dbov);
    assert!(levels[0] > -10.0 && (levels[1] + 40.0).abs() < 2.0 && levels[2] > -10.0, "{levels:.1?}");
    let stats = listener.stats();
    assert_eq!((stats.unknown_payload, stats.malformed), (0, 0), "{stats:?}");
}

#[test]
fn opus_says_lost_packets_again() {
    let (to_far, to_near) = agree(policy(&[Codec::Opus], 1), policy(&[Codec::Opus], 2));
    let mut line = Line::between(to_far, to_near, Weather { delay_ms: 40, jitter_ms: 5, loss: 0.05, burst: 1, ..Weather::default() }, 4);
    line.run(2_000, tone);
    let stats = line.listener.stats();
    assert!(stats.jitter.recovered > stats.source.lost() * FRAME_SAMPLES as u64 / 2, "{stats:?}");
}

#[test]
fn keys_of_the_description_encrypt_both_ways_for_every_suite_that_is_offered() {
    let offering = |offer| Policy { offer, encryption: Encryption::Required, ..policy(&[Codec::Pcmu], 3) };
    let (to_far, to_near) = agree(offering(OfferedProtection::Sdes), policy(&[Codec::Pcmu], 4));
    let (Protection::Srtp { ours, theirs }, Protection::Srtp { ours: far, theirs: near }) = (&to_far.protection, &to_near.protection)
    else {
        panic!("{:?}", to_far.protection);
    };
    assert!(ours == near && theirs == far && ours != theirs);
    let mut line = Line::between(to_far, to_near, bad_weather(), 5);
    line.run(1_000, tone);
    assert!(line.share(50, Pulled::Silence) < 0.01);
    assert_eq!(line.listener.stats().protection, "sdes");
    // A stranger who guesses the port, the source and the number is not heard.
    let mut forged = vec![0x80, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1];
    forged.extend_from_slice(&[0x55; 170]);
    let refused = line.listener.on_datagram(Duration::from_secs(30), NEAR, &mut forged);
    assert_eq!(refused, Received::Dropped(Dropped::Forged));
}

#[test]
fn a_leg_that_must_be_encrypted_refuses_what_is_not() {
    let mut strict = SdpSession::new(2, local(FAR), Policy { encryption: Encryption::Required, ..policy(&[Codec::Pcmu], 4) });
    let plain = SdpSession::new(1, local(NEAR), policy(&[Codec::Pcmu], 3)).offer(Direction::SendRecv);
    assert_eq!(strict.answer(plain.as_bytes(), Direction::SendRecv).unwrap_err(), SdpError::NotEncrypted);
    let mut never = SdpSession::new(2, local(FAR), Policy { encryption: Encryption::Never, ..policy(&[Codec::Pcmu], 4) });
    let sdes = Policy { offer: OfferedProtection::Sdes, ..policy(&[Codec::Pcmu], 3) };
    let encrypted = SdpSession::new(1, local(NEAR), sdes.clone()).offer(Direction::SendRecv);
    assert_eq!(never.answer(encrypted.as_bytes(), Direction::SendRecv).unwrap_err(), SdpError::EncryptedOnly);
    // An answer in clear to an encrypted offer is no agreement.
    let mut caller = SdpSession::new(1, local(NEAR), sdes);
    caller.offer(Direction::SendRecv);
    let (answer, _) = SdpSession::new(2, local(FAR), policy(&[Codec::Pcmu], 4)).answer(plain.as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!(caller.accept(answer.as_bytes()).unwrap_err(), SdpError::NotEncrypted);
}

/// A browser's part: full ICE and DTLS. It is played by a second session whose checks are written here.
struct Browser {
    session: MediaSession,
    username: String,
    password: String,
}

#[expect(clippy::disallowed_methods, reason = "DTLS wants a moment of the system's clock to count from")]
fn context(epoch: &mut Option<Instant>) -> DtlsContext {
    DtlsContext { identity: Arc::new(Identity::generate()), epoch: *epoch.get_or_insert_with(Instant::now) }
}

fn media(negotiated: Negotiated, ssrc: u32, dtls: DtlsContext) -> MediaSession {
    let config = MediaConfig {
        ssrc,
        first_sequence: 100,
        first_timestamp: 7,
        cname: "test".to_owned(),
        jitter: JitterConfig::default(),
        dtls: Some(dtls),
    };
    MediaSession::new(Duration::ZERO, config, negotiated)
}

/// A browser offers, the gateway answers.
fn browser_call() -> (Browser, MediaSession, SdpSession, SdpSession) {
    let mut epoch = None;
    let (here, there) = (context(&mut epoch), context(&mut epoch));
    let with = |identity: &Identity, seed| Policy {
        offer: OfferedProtection::Browser,
        fingerprint: Some(identity.fingerprint()),
        ice: true,
        ..policy(&[Codec::Opus, Codec::Pcmu], seed)
    };
    let mut browser = SdpSession::new(1, local(NEAR), with(&here.identity, 5));
    let mut gateway = SdpSession::new(2, local(FAR), with(&there.identity, 6));
    // A browser does not know its address yet.
    let offer = browser.offer(Direction::SendRecv).replace("a=ice-lite\r\n", "").replace(&NEAR.ip().to_string(), "0.0.0.0");
    let (answer, to_browser) = gateway.answer(offer.as_bytes(), Direction::SendRecv).unwrap();
    for wanted in ["a=ice-lite", "a=group:BUNDLE 0", "a=rtcp-mux", "a=setup:passive", "m=audio 5000 UDP/TLS/RTP/SAVPF 111 110", "a=mid:0"] {
        assert!(answer.contains(wanted), "{wanted} is missing in {answer}");
    }
    let to_gateway = Negotiated { ice: None, ..browser.accept(answer.as_bytes()).unwrap() };
    let names = to_browser.ice.clone().unwrap();
    let player = Browser {
        session: media(to_gateway, 1, here),
        username: format!("{}:{}", names.local.ufrag, names.remote.ufrag),
        password: names.local.password.to_string(),
    };
    (player, media(to_browser, 2, there), browser, gateway)
}

/// One tick of both sides; the browser speaks a tone from `address`. Returns what the gateway made of the datagrams.
fn tick(step: u64, browser: &mut Browser, gateway: &mut MediaSession, address: SocketAddr, heard: &mut Vec<i16>) -> Vec<Received> {
    let now = Duration::from_millis(step * 20);
    let mut received = Vec::new();
    let mut out = Outgoing::default();
    let frame: Frame = std::array::from_fn(|index| tone(step * FRAME_SAMPLES as u64 + index as u64));
    browser.session.tick(now);
    browser.session.push_frame(&frame, &mut out);
    let mut sent: Vec<Vec<u8>> = out.iter().map(<[u8]>::to_vec).collect();
    while let Some(control) = browser.session.poll_control() {
        sent.push(control.bytes);
    }
    for mut datagram in sent {
        received.push(gateway.on_datagram(now, address, &mut datagram));
    }
    gateway.tick(now);
    gateway.push_frame(&frame, &mut out);
    let mut back: Vec<Vec<u8>> = out.iter().map(<[u8]>::to_vec).collect();
    while let Some(control) = gateway.poll_control() {
        assert_eq!(control.to, address, "the gateway answers only who has asked");
        back.push(control.bytes);
    }
    for mut datagram in back {
        // Answers to checks are for the browser's ICE, which is not played here.
        browser.session.on_datagram(now, FAR, &mut datagram);
    }
    let mut pulled = [0; FRAME_SAMPLES];
    gateway.pull_frame(now, &mut pulled);
    heard.extend_from_slice(&pulled);
    received
}

fn check(browser: &Browser, gateway: &mut MediaSession, step: u64, from: SocketAddr, priority: u32) -> Received {
    let mut request = ice::binding_request([step as u8; 12], &browser.username, &browser.password, priority, true);
    gateway.on_datagram(Duration::from_millis(step * 20), from, &mut request)
}

#[test]
fn a_browser_is_found_by_its_check_shakes_hands_and_is_heard() {
    let (mut browser, mut gateway, ..) = browser_call();
    let mut heard = Vec::new();
    // Before its check nobody's handshake counts, whoever it is (a race that an attacker would win otherwise).
    let early = tick(0, &mut browser, &mut gateway, NEAR, &mut heard);
    assert!(early.iter().all(|received| *received == Received::Dropped(Dropped::Stranger)), "{early:?}");
    assert_eq!(gateway.rtp_destination(), None);
    assert_eq!(check(&browser, &mut gateway, 1, NEAR, 100), Received::Below);
    for step in 2..300 {
        tick(step, &mut browser, &mut gateway, NEAR, &mut heard);
    }
    assert_eq!(gateway.rtp_destination(), Some(NEAR));
    assert_eq!(gateway.stats().protection, "dtls");
    assert!(percentile(&tone_snr(&heard[FRAME_SAMPLES * 100..]), 50) > 12.0);
    // Keys too, at Opus's clock.
    browser.session.send_dtmf(Digit::from_char('7').unwrap()).unwrap();
    let keys: Vec<Received> = (300..330).flat_map(|step| tick(step, &mut browser, &mut gateway, NEAR, &mut heard)).collect();
    assert_eq!(keys.iter().filter(|received| matches!(received, Received::Digit(_))).count(), 1);
}

#[test]
fn sound_follows_a_browser_to_another_network_and_nobody_else() {
    let (mut browser, mut gateway, mut offering, mut answering) = browser_call();
    let mut heard = Vec::new();
    check(&browser, &mut gateway, 0, NEAR, 100);
    for step in 1..100 {
        tick(step, &mut browser, &mut gateway, NEAR, &mut heard);
    }
    let thief: SocketAddr = "203.0.113.66:6666".parse().unwrap();
    let mut stolen = ice::binding_request([1; 12], &browser.username, "guessed", u32::MAX, true);
    assert_eq!(gateway.on_datagram(Duration::from_secs(2), thief, &mut stolen), Received::Dropped(Dropped::Stranger));
    assert_eq!(gateway.rtp_destination(), Some(NEAR));
    // The browser comes back from elsewhere with new names (ICE restart): the handshake goes on as it was.
    let elsewhere: SocketAddr = "198.51.100.4:7000".parse().unwrap();
    let offer = offering.offer(Direction::SendRecv).replace("a=ice-lite\r\n", "").replace(&NEAR.ip().to_string(), "0.0.0.0");
    let ufrag = offer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap().to_owned();
    let (answer, again) = answering.answer(offer.replace(&ufrag, "fresh").as_bytes(), Direction::SendRecv).unwrap();
    let names = again.ice.clone().unwrap();
    assert!(answer.contains(&*names.local.ufrag) && !browser.username.contains(&*names.local.ufrag));
    gateway.update(Duration::from_secs(3), again);
    browser.username = format!("{}:fresh", names.local.ufrag);
    browser.password = names.local.password.to_string();
    assert_eq!(check(&browser, &mut gateway, 160, elsewhere, 50), Received::Below);
    assert_eq!(gateway.rtp_destination(), Some(elsewhere));
    heard.clear();
    for step in 161..260 {
        tick(step, &mut browser, &mut gateway, elsewhere, &mut heard);
    }
    assert!(percentile(&tone_snr(&heard[FRAME_SAMPLES * 40..]), 50) > 12.0);
}
