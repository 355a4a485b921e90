//! Offers and answers as telephones and attackers write them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::*;

const LOCAL: LocalMedia = LocalMedia { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 50)), other: None, rtp_port: 20_000 };

const LAWS: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

fn policy(codecs: &[Codec]) -> Policy {
    Policy::plain(codecs.to_vec(), Secret::new([7; 32]))
}

fn session() -> SdpSession {
    SdpSession::new(1_000, LOCAL, policy(&LAWS))
}

fn offer(media: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}")
}

fn answer(media: &str) -> Result<(String, Negotiated), SdpError> {
    session().answer(offer(media).as_bytes(), Direction::SendRecv)
}

fn media_lines(body: &str) -> Vec<&str> {
    body.lines().filter(|line| line.starts_with("m=")).collect()
}

#[test]
fn a_plain_offer_is_answered_with_one_codec_and_events() {
    let (body, agreed) = answer(
        "m=audio 4000 RTP/AVP 18 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:30\r\na=maxptime:40\r\n",
    )
    .unwrap();
    assert_eq!(agreed.codec, Codec::Pcma);
    assert_eq!(agreed.payload_type, 8);
    assert_eq!(agreed.dtmf_payload_type, Some(101));
    assert_eq!(agreed.packet_ms, 30);
    assert_eq!(agreed.remote_rtp.to_string(), "192.0.2.1:4000");
    assert_eq!(agreed.remote_rtcp.to_string(), "192.0.2.1:4001");
    assert_eq!(agreed.direction, Direction::SendRecv);
    assert_eq!(
        body,
        "v=0\r\no=- 1000 1000 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\nm=audio 20000 RTP/AVP 8 101\r\n\
         a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:30\r\na=maxptime:60\r\na=sendrecv\r\n"
    );
}

#[test]
fn whoever_tells_of_the_noise_between_words_may_do_so() {
    for (media, types) in [
        ("m=audio 4000 RTP/AVP 0 13\r\n", "0 13"),
        ("m=audio 4000 RTP/AVP 13 8 101\r\na=rtpmap:13 cn/8000\r\na=rtpmap:101 telephone-event/8000\r\n", "8 101 13"),
        ("m=audio 4000 RTP/AVP 0\r\n", "0"),
        // Another clock, and another meaning.
        ("m=audio 4000 RTP/AVP 0 13\r\na=rtpmap:13 CN/16000\r\n", "0"),
        ("m=audio 4000 RTP/AVP 0 13\r\na=rtpmap:13 telephone-event/8000\r\n", "0 13"),
    ] {
        let mut session = session();
        let (body, agreed) = session.answer(offer(media).as_bytes(), Direction::SendRecv).unwrap();
        assert_eq!(media_lines(&body), [format!("m=audio 20000 RTP/AVP {types}")], "{media}");
        let noise = agreed.receive.get(13) == Some(PayloadKind::ComfortNoise);
        assert_eq!(body.contains("a=rtpmap:13 CN/8000\r\n"), noise && types.contains("13"), "{body}");
        // It stays agreed.
        assert_eq!(session.offer(Direction::SendRecv).contains("a=rtpmap:13 CN/8000\r\n"), noise && types.contains("13"), "{media}");
    }
    assert!(!session().offer(Direction::SendRecv).contains("CN"), "we offer none: we send all the time");
}

#[test]
fn dynamic_payload_types_and_a_false_static_one() {
    // 0 is said to be something else here, and G.711 has a dynamic number.
    let (_, agreed) =
        answer("m=audio 4000 RTP/AVP 0 97 96\r\na=rtpmap:0 L16/44100/2\r\na=rtpmap:97 pcmu/8000/1\r\na=rtpmap:96 telephone-event/8000\r\n")
            .unwrap();
    assert_eq!((agreed.codec, agreed.payload_type, agreed.dtmf_payload_type), (Codec::Pcmu, 97, Some(96)));
    assert_eq!(agreed.receive.get(97), Some(PayloadKind::Audio(Codec::Pcmu)));
    assert_eq!(agreed.receive.get(96), Some(PayloadKind::TelephoneEvent));
    assert_eq!(agreed.receive.get(98), None);
}

#[test]
fn other_streams_are_refused_in_their_place() {
    let (body, _) =
        answer("m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 0\r\nm=image 6000 udptl t38\r\nm=text x y\r\n")
            .unwrap();
    assert_eq!(
        media_lines(&body),
        ["m=video 0 RTP/AVP 31", "m=audio 20000 RTP/AVP 0", "m=audio 0 RTP/AVP 0", "m=image 0 udptl t38", "m=text 0 y 0"]
    );
}

#[test]
fn every_spelling_of_hold_is_understood() {
    for (lines, ours, line) in [
        ("m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", Direction::RecvOnly, "a=recvonly"),
        ("m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n", Direction::SendOnly, "a=sendonly"),
        ("m=audio 4000 RTP/AVP 0\r\na=inactive\r\n", Direction::Inactive, "a=inactive"),
        ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", Direction::RecvOnly, "a=recvonly"),
        ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n", Direction::Inactive, "a=inactive"),
    ] {
        let (body, agreed) = answer(lines).unwrap();
        assert_eq!(agreed.direction, ours, "{lines}");
        assert!(body.contains(line), "{body}");
    }
    let held_by_session = offer("a=inactive\r\nm=audio 4000 RTP/AVP 0\r\n");
    let (_, agreed) = session().answer(held_by_session.as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!(agreed.direction, Direction::Inactive);
}

#[test]
fn our_own_hold_limits_the_answer() {
    let (body, agreed) = session().answer(offer("m=audio 4000 RTP/AVP 0\r\n").as_bytes(), Direction::SendOnly).unwrap();
    assert_eq!(agreed.direction, Direction::SendOnly);
    assert!(body.contains("a=sendonly"));
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    for (media, reason) in [
        ("", SdpError::NoAudio),
        ("m=video 4000 RTP/AVP 31\r\n", SdpError::NoAudio),
        ("m=audio 0 RTP/AVP 0\r\n", SdpError::NoAudio),
        ("m=audio 4000 RTP/AVP 18\r\n", SdpError::NoCommonCodec),
        ("m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/0\r\n", SdpError::NoCommonCodec),
        ("m=audio 4000 RTP/SAVP 0\r\n", SdpError::EncryptedOnly),
        ("m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n", SdpError::EncryptedOnly),
        ("m=audio 4000 TCP 0\r\n", SdpError::NoRtp),
        ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 phone.example.net\r\n", SdpError::BadAddress),
        ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n", SdpError::BadAddress),
        ("m=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n", SdpError::BadAddress),
    ] {
        let error = answer(media).unwrap_err();
        assert_eq!(error, reason, "{media}");
        assert_eq!(error.status_code(), 488);
    }
    assert_eq!(session().answer(b"hello", Direction::SendRecv).unwrap_err().status_code(), 400);
}

#[test]
fn encrypted_audio_beside_plain_audio_is_only_refused_itself() {
    let (body, _) = answer("m=audio 4000 RTP/SAVP 0\r\nm=audio 4002 RTP/AVP 0\r\n").unwrap();
    assert_eq!(media_lines(&body), ["m=audio 0 RTP/SAVP 0", "m=audio 20000 RTP/AVP 0"]);
}

#[test]
fn sloppy_writers_are_understood() {
    let body = "v=0\no=John Doe 99999999999999999999999999 -7 IN IP4 host\nc=IN IP4 192.0.2.9\n\
                m=audio 4000/2 RTP/AVP 0 999 x\na=ptime:20.0\na=rtcp:4500 IN IP4 192.0.2.10\nnonsense\n=\na=\n\u{fffd}\n";
    let (_, agreed) = session().answer(body.as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!(agreed.remote_rtp.to_string(), "192.0.2.9:4000");
    assert_eq!(agreed.remote_rtcp.to_string(), "192.0.2.10:4500");
    assert_eq!(agreed.packet_ms, 20);
    let mut latin = offer("m=audio 4000 RTP/AVP 0\r\n").into_bytes();
    latin.extend_from_slice(b"i=Caf\xe9\r\n");
    session().answer(&latin, Direction::SendRecv).unwrap();
}

#[test]
fn packet_lengths_stay_on_the_grid() {
    for (attributes, ms) in
        [("ptime:0", 20), ("ptime:5", 10), ("ptime:25", 20), ("ptime:200", 60), ("maxptime:10", 10), ("maxptime:0", 20), ("ptime:-3", 20)]
    {
        let (_, agreed) = answer(&format!("m=audio 4000 RTP/AVP 0\r\na={attributes}\r\n")).unwrap();
        assert_eq!(agreed.packet_ms, ms, "{attributes}");
    }
}

#[test]
fn keys_are_understood_of_those_who_announce_none() {
    // Many send events with the usual number all the same; to them we send none.
    let (_, agreed) = answer("m=audio 4000 RTP/AVP 0\r\n").unwrap();
    assert_eq!((agreed.receive.get(101), agreed.dtmf_payload_type), (Some(PayloadKind::TelephoneEvent), None));
}

#[test]
fn one_number_has_one_meaning() {
    // The first meaning counts, for sound and for events.
    let twice = offer("m=audio 4000 RTP/AVP 9 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:9 telephone-event/8000\r\n");
    let mut session = SdpSession::new(1, LOCAL, policy(&[Codec::G722]));
    let (_, agreed) = session.answer(twice.as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!((agreed.receive.get(9), agreed.dtmf_payload_type), (Some(PayloadKind::Audio(Codec::G722)), None));
    // The peer's sound has the number of our events: it is sound, and our next offer says nothing else.
    let taken = offer("m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 G722/8000\r\n");
    let mut session = SdpSession::new(1, LOCAL, policy(&[Codec::G722]));
    let (_, agreed) = session.answer(taken.as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!(agreed.receive.get(101), Some(PayloadKind::Audio(Codec::G722)));
    assert!(!session.offer(Direction::SendRecv).contains("telephone-event"));
    // The peer's events have the number of our Opus.
    let events = offer("m=audio 4000 RTP/AVP 0 111\r\na=rtpmap:111 telephone-event/8000\r\n");
    let mut session = SdpSession::new(1, LOCAL, policy(&[Codec::Pcmu, Codec::Opus]));
    session.answer(events.as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!(media_lines(&session.offer(Direction::SendRecv)), ["m=audio 20000 RTP/AVP 0 111"]);
}

#[test]
fn a_word_of_nothing_printable_moves_no_other_word() {
    let mut session = SdpSession::new(1, LOCAL, policy(&[Codec::Pcmu]));
    let strange = offer("m=audio 4000 RTP/AVP 0\r\nm=\u{1} 6000 \u{2} \u{3}\r\n");
    let (answer, _) = session.answer(strange.as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!(media_lines(&answer), ["m=audio 20000 RTP/AVP 0", "m=- 0 - -"]);
}

#[test]
fn bombs_are_refused_without_being_read_through() {
    let many_media = offer(&"m=audio 4000 RTP/AVP 0\r\n".repeat(1_000));
    let many_attributes = offer(&format!("m=audio 4000 RTP/AVP 0\r\n{}", "a=x\r\n".repeat(9_000)));
    let candidates = offer(&format!("m=audio 4000 RTP/AVP 0\r\n{}", "a=candidate:1 1 UDP 1 10.0.0.1 5 typ host\r\n".repeat(900)));
    let long = offer(&format!("m=audio 4000 RTP/AVP 0\r\na=fmtp:0 {}\r\n", "x".repeat(40_000)));
    for bomb in [many_media, many_attributes, candidates, long] {
        let error = session().answer(bomb.as_bytes(), Direction::SendRecv).unwrap_err();
        assert!(matches!(error, SdpError::TooMany | SdpError::TooLarge), "{error:?}");
    }
}

#[test]
fn our_offer_and_its_answer() {
    let mut caller = session();
    let body = caller.offer(Direction::SendRecv);
    assert_eq!(media_lines(&body), ["m=audio 20000 RTP/AVP 0 8 101"]);
    let mut callee = SdpSession::new(5, LocalMedia { rtp_port: 30_000, ..LOCAL }, policy(&[Codec::Pcma]));
    let (reply, theirs) = callee.answer(body.as_bytes(), Direction::SendRecv).unwrap();
    let ours = caller.accept(reply.as_bytes()).unwrap();
    assert_eq!((ours.codec, theirs.codec), (Codec::Pcma, Codec::Pcma));
    assert_eq!(ours.remote_rtp.port(), 30_000);
    assert_eq!(caller.accept(reply.as_bytes()), Err(SdpError::NoOffer));
}

#[test]
fn an_answer_with_other_numbers_is_followed_both_ways() {
    let mut caller = session();
    caller.offer(Direction::SendRecv);
    let agreed = caller.accept(offer("m=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 telephone-event/8000\r\n").as_bytes()).unwrap();
    assert_eq!(agreed.dtmf_payload_type, Some(96));
    assert_eq!(agreed.receive.get(101), Some(PayloadKind::TelephoneEvent));
    assert_eq!(agreed.receive.get(96), Some(PayloadKind::TelephoneEvent));
}

#[test]
fn the_version_counts_changes_only() {
    let mut ours = session();
    let offered = offer("m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0\r\n");
    let (first, _) = ours.answer(offered.as_bytes(), Direction::SendRecv).unwrap();
    let (again, _) = ours.answer(offered.as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!(first, again);
    let held = ours.offer(Direction::SendOnly);
    assert!(held.contains("o=- 1000 1001 "), "{held}");
    // The refused video keeps its place in our offers (RFC 3264 §8).
    assert_eq!(media_lines(&held), ["m=video 0 RTP/AVP 31", "m=audio 20000 RTP/AVP 0 8 101"]);
    ours.accept(offer("m=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n").as_bytes()).unwrap();
    ours.set_local(LocalMedia { rtp_port: 22_000, ..LOCAL });
    assert!(ours.offer(Direction::SendRecv).contains("o=- 1000 1002 "));
}

#[test]
fn a_broken_reoffer_changes_nothing() {
    let mut ours = session();
    let good = offer("m=audio 4000 RTP/AVP 0\r\n");
    let (first, _) = ours.answer(good.as_bytes(), Direction::SendRecv).unwrap();
    ours.answer(offer("m=audio 4000 RTP/AVP 18\r\n").as_bytes(), Direction::SendRecv).unwrap_err();
    ours.answer(b"\0\0", Direction::SendRecv).unwrap_err();
    assert_eq!(ours.answer(good.as_bytes(), Direction::SendRecv).unwrap().0, first);
}

#[test]
fn version_six_addresses() {
    let local = LocalMedia { address: IpAddr::V6(Ipv6Addr::LOCALHOST), other: None, rtp_port: 20_000 };
    let mut ours = SdpSession::new(1, local, policy(&LAWS));
    let body = "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 2001:db8::7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let (reply, agreed) = ours.answer(body.as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!(agreed.remote_rtp.to_string(), "[2001:db8::7]:4000");
    assert!(reply.contains("c=IN IP6 ::1\r\n"));
}

#[test]
fn with_an_address_of_each_family_the_peer_says_which() {
    let six: IpAddr = "2001:db8::50".parse().unwrap();
    let four = LOCAL.address;
    let both = LocalMedia { other: Some(six), ..LOCAL };
    let at = |at: &str| format!("v=0\r\no=- 1 1 IN {at}\r\ns=-\r\nc=IN {at}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n");
    let (from_four, from_six) = (at("IP4 192.0.2.1"), at("IP6 2001:db8::7"));
    for (peer, other, ours, says) in [(&from_four, &from_six, four, "IP4 192.0.2.50"), (&from_six, &from_four, six, "IP6 2001:db8::50")] {
        let mut answering = SdpSession::new(1, both, policy(&LAWS));
        let (answer, agreed) = answering.answer(peer.as_bytes(), Direction::SendRecv).unwrap();
        assert!(answer.contains(&format!("o=- 1 1 IN {says}\r\n")) && answer.contains(&format!("c=IN {says}\r\n")), "{answer}");
        assert_eq!(agreed.remote_rtp.is_ipv6(), ours.is_ipv6());
        // It stays there, and a refused change changes nothing.
        assert_eq!(answering.answer(other.as_bytes(), Direction::SendRecv).unwrap_err(), SdpError::BadAddress);
        assert_eq!(*answering.local(), LocalMedia { address: ours, other: None, ..LOCAL });

        let mut offering = SdpSession::new(1, both, policy(&LAWS));
        let (first, second) = (offering.offer(Direction::SendRecv), offering.offer_from_other(Direction::SendRecv).unwrap());
        assert_eq!(second, first.replace("IP4 192.0.2.50", "IP6 2001:db8::50"));
        // What comes before the answer settles nothing.
        offering.clone().accept(other.as_bytes()).unwrap();
        offering.accept(peer.as_bytes()).unwrap();
        assert_eq!(*offering.local(), LocalMedia { address: ours, other: None, ..LOCAL });
    }
    assert_eq!(session().offer_from_other(Direction::SendRecv), None);
}

#[test]
fn a_browser_is_told_a_candidate_of_either_family_its_own_first() {
    let both = LocalMedia { other: Some("2001:db8::50".parse().unwrap()), ..LOCAL };
    let browser = Policy { ice: true, ..policy(&LAWS) };
    let at = |at: &str| format!("v=0\r\nc=IN {at}\r\nm=audio 9 RTP/AVP 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n");
    let candidates =
        |answer: &str| -> Vec<String> { answer.lines().filter_map(|line| line.strip_prefix("a=candidate:")).map(str::to_owned).collect() };
    let (four, six) = ("192.0.2.50", "2001:db8::50");
    for (says, first, second) in [("IP6 2001:db8::7", six, four), ("IP4 192.0.2.7", four, six), ("IP4 0.0.0.0", four, six)] {
        let mut session = SdpSession::new(1, both, browser.clone());
        let (answer, _) = session.answer(at(says).as_bytes(), Direction::SendRecv).unwrap();
        let expected = [
            format!("1 1 udp 2130706431 {first} 20000 typ host"),
            format!("1 2 udp 2130706430 {first} 20001 typ host"),
            format!("2 1 udp 2130706175 {second} 20000 typ host"),
            format!("2 2 udp 2130706174 {second} 20001 typ host"),
        ];
        assert_eq!(candidates(&answer), expected);
        // It may come back from a network of the other family (ICE restart).
        let (answer, _) = session.answer(at("IP6 2001:db8::8").as_bytes(), Direction::SendRecv).unwrap();
        assert_eq!(candidates(&answer).len(), 4, "{answer}");
    }
    let (answer, _) = SdpSession::new(1, LOCAL, browser).answer(at("IP4 192.0.2.7").as_bytes(), Direction::SendRecv).unwrap();
    assert_eq!(candidates(&answer).len(), 2, "{answer}");
}

#[test]
fn random_bytes_and_random_lines_never_panic() {
    let mut random = 0x9e37_79b9_u32;
    let mut draw = move || {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random
    };
    let pieces =
        ["v=0", "m=audio ", "m=", "a=rtpmap:", "a=ptime:", "c=IN IP4 ", "\r\n", "\n", "4000", " RTP/AVP ", "0", "101", ":", "/", "-1", "é"];
    for _ in 0..20_000 {
        let text: String = (0..draw() % 40).map(|_| pieces[draw() as usize % pieces.len()]).collect();
        let mut bytes = text.into_bytes();
        if !bytes.is_empty() && draw() % 2 == 0 {
            let place = draw() as usize % bytes.len();
            bytes[place] = draw() as u8;
        }
        if let Ok((body, _)) = session().answer(&bytes, Direction::SendRecv) {
            assert!(Description::parse(body.as_bytes()).is_ok());
        }
    }
}
