//! Malformed packets by the hundred thousand: counted and dropped, never a panic, and the call lives on.

use std::time::Duration;

use warmline_sip::media::{Dropped, Outgoing, Pulled, Received};
use warmline_sip::rtcp::{Compound, ReportBlock, SenderInfo, write_compound, write_goodbye};

use crate::line::{Line, NEAR, session, tone};
use crate::network::{Random, Weather};

#[test]
fn noise_on_both_ports_does_no_harm() {
    let mut random = Random::new(1);
    let mut line = Line::new(Weather { delay_ms: 20, ..Weather::default() }, 1);
    line.run(100, tone);
    for round in 0..100_000_u64 {
        let length = random.below(80) as usize;
        let mut noise: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        if random.chance(0.7) && !noise.is_empty() {
            noise[0] = noise[0] & 0x3f | 0x80;
        }
        let now = Duration::from_millis(2_000) + Duration::from_micros(round);
        line.listener.on_rtcp(now, NEAR, &mut noise.clone());
        // From elsewhere: dropped, whatever it says.
        let result = line.listener.on_datagram(now, "203.0.113.1:9".parse().unwrap(), &mut noise.clone());
        assert!(matches!(result, Received::Dropped(Dropped::Malformed | Dropped::Stranger)), "{result:?}");
    }
    let start = line.kinds.len();
    line.run(100, tone);
    assert_eq!(line.share(start, Pulled::Frame), 1.0);
}

#[test]
fn noise_from_the_peer_itself_never_panics_and_sound_comes_back() {
    let mut random = Random::new(2);
    let mut line = Line::new(Weather { delay_ms: 20, ..Weather::default() }, 2);
    line.run(100, tone);
    let mut sender = session(NEAR, 9, 20);
    let mut out = Outgoing::default();
    for round in 0..200_000_u64 {
        sender.push_frame(&[1_000; 160], &mut out);
        let mut packet = out.iter().next().unwrap().to_vec();
        for _ in 0..random.below(6) {
            let place = if random.chance(0.7) { random.below(12) } else { random.below(packet.len() as u64) } as usize;
            packet[place] = random.next() as u8;
        }
        packet.truncate(random.below(400) as usize);
        let now = Duration::from_millis(2_007) + Duration::from_micros(round);
        line.listener.on_datagram(now, NEAR, &mut packet.clone());
        if round % 50 == 0 {
            line.listener.pull_frame(now, &mut [0; 160]);
        }
    }
    // Afterwards the good stream is heard again within 200 ms.
    line.run(150, tone);
    let start = line.kinds.len() - 120;
    assert_eq!(line.share(start, Pulled::Frame), 1.0, "{:?}", line.listener.stats());
}

#[test]
fn mutated_reports_never_panic() {
    let mut random = Random::new(3);
    let info = SenderInfo { ntp: 1, rtp_timestamp: 2, packets: 3, octets: 4 };
    let block = ReportBlock { ssrc: 2, fraction_lost: 1, lost: 5, highest: 6, jitter: 7, last_report: 8, delay: 9 };
    let mut leg = session(NEAR, 2, 20);
    for _ in 0..100_000 {
        let mut bytes = Vec::new();
        write_compound(&mut bytes, 1, Some(&info), Some(&block), "somebody@somewhere");
        write_goodbye(&mut bytes, 1);
        for _ in 0..=random.below(4) {
            let place = random.below(bytes.len() as u64) as usize;
            bytes[place] = random.next() as u8;
        }
        bytes.truncate(random.below(bytes.len() as u64 + 20) as usize);
        if let Ok(compound) = Compound::parse(&bytes) {
            assert!(compound.items().count() > 0);
        }
        leg.on_rtcp(Duration::from_secs(1), NEAR, &mut bytes.clone());
        assert!(leg.stats().round_trip.is_none_or(|time| time < Duration::from_secs(10)));
    }
}

#[test]
fn a_goodbye_ends_nothing() {
    let mut line = Line::new(Weather { delay_ms: 20, ..Weather::default() }, 4);
    line.run(50, tone);
    let mut bye = Vec::new();
    line.speaker.write_goodbye(Duration::from_secs(1), &mut bye);
    let from = "192.0.2.1:4001".parse().unwrap();
    assert_eq!(line.listener.on_rtcp(Duration::from_secs(1), from, &mut bye.clone()), Received::Control { goodbye: true });
    let start = line.kinds.len();
    line.run(50, tone);
    assert_eq!(line.share(start, Pulled::Frame), 1.0);
}
