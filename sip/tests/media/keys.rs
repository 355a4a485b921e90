//! Keys through a bad network: each one exactly once, in order.

use warmline_sip::codec::{Codec, Frame};
use warmline_sip::dtmf::{Digit, Receiver, SendError};
use warmline_sip::media::{Outgoing, Received};
use warmline_sip::sdp::{Negotiated, PayloadKind, PayloadMap};
use warmline_sip::tone::DtmfDetector;

use crate::line::{FAR, Line, NEAR, agreed, session, tone};
use crate::network::{Random, Weather};

#[test]
fn keys_arrive_once_each_in_thousands_of_calls() {
    let mut random = Random::new(1);
    for run in 0..2_000 {
        // Each press is seven packets; a burst of three and 5 % loss leave some of them.
        let weather = Weather { delay_ms: 20, jitter_ms: random.below(60), loss: 0.02, burst: 3, duplicate: 0.05, reorder: 0.05 };
        let mut line = Line::new(weather, run);
        let keys: Vec<Digit> = (0..6).map(|_| Digit::from_code(random.below(12) as u8).unwrap()).collect();
        line.run(20, |_| 0);
        for &key in &keys {
            line.speaker.send_dtmf(key).unwrap();
        }
        line.run(90, |_| 0);
        assert!(!line.speaker.is_sending_dtmf());
        let heard: Vec<Digit> =
            line.received.iter().filter_map(|received| if let Received::Digit(digit) = received { Some(*digit) } else { None }).collect();
        assert_eq!(heard, keys, "run {run}");
    }
}

#[test]
fn any_single_packet_of_a_press_is_enough_with_or_without_markers() {
    let mut sender = session(NEAR, 1, 20);
    let mut out = Outgoing::default();
    sender.push_frame(&[0; 160], &mut out);
    let key = Digit::from_char('4').unwrap();
    let mut presses: Vec<Vec<Vec<u8>>> = Vec::new();
    for _ in 0..2 {
        sender.send_dtmf(key).unwrap();
        let mut press = Vec::new();
        for _ in 0..11 {
            sender.push_frame(&[0; 160], &mut out);
            press.extend(out.iter().filter(|datagram| datagram[1] & 0x7f == 101).map(|datagram| {
                let mut datagram = datagram.to_vec();
                datagram[1] &= 0x7f;
                datagram
            }));
        }
        assert_eq!(press.len(), 7);
        presses.push(press);
    }
    for first in 0..7 {
        for second in 0..7 {
            let mut listener = session(NEAR, 2, 20);
            let survivors = [&presses[0][first], &presses[1][second]];
            let digits = survivors
                .into_iter()
                .filter(|datagram| listener.on_datagram(std::time::Duration::ZERO, NEAR, &mut datagram.to_vec()) == Received::Digit(key));
            assert_eq!(digits.count(), 2, "{first} {second}");
        }
    }
}

#[test]
fn whoever_takes_no_events_hears_the_tones_of_each_key_in_the_sound_and_no_other() {
    for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
        let deaf = |to| {
            let (mut receive, payload_type) = (PayloadMap::default(), codec.offered_payload_type());
            receive.insert(payload_type, PayloadKind::Audio(codec));
            Negotiated { codec, payload_type, receive, dtmf_payload_type: None, ..agreed(to, 20) }
        };
        let mut line = Line::between(deaf(FAR), deaf(NEAR), Weather { delay_ms: 20, ..Weather::default() }, 4);
        line.run(20, tone);
        let keys = "0123456789*#ABCD";
        for key in keys.chars().map(|key| Digit::from_char(key).unwrap()) {
            assert_eq!(line.speaker.send_dtmf(key), Err(SendError::NotNegotiated));
            line.speaker.send_tones(key).unwrap();
        }
        line.run(220, tone);
        assert!(!line.speaker.is_sending_dtmf());
        let mut detector = DtmfDetector::default();
        let frames = line.heard.chunks_exact(160).map(|frame| <&Frame>::try_from(frame).unwrap());
        let heard: String = frames.filter_map(|frame| detector.frame(frame)).map(Digit::to_char).collect();
        assert_eq!(heard, keys, "{codec:?}");
        assert!(!line.received.iter().any(|received| matches!(received, Received::Digit(_))));
    }
}

#[test]
fn random_event_packets_never_report_a_press_twice() {
    let mut random = Random::new(3);
    for _ in 0..2_000 {
        let mut receiver = Receiver::default();
        let start = random.next() as u32;
        let mut reported = 0;
        for _ in 0..40 {
            let duration = (random.below(65_536) as u16).to_be_bytes();
            let end = if random.chance(0.3) { 0x80 } else { 0 };
            reported += u32::from(receiver.packet(7, start, &[5, end, duration[0], duration[1]]).is_some());
        }
        assert_eq!(reported, 1);
    }
}
