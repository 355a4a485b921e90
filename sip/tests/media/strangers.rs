//! RTP bleed and injection: somebody else sends with the caller's own source and numbers, also keys and reports.

use std::net::SocketAddr;
use std::time::Duration;

use warmline_sip::media::{Dropped, Pulled, Received};
use warmline_sip::rtcp::write_goodbye;
use warmline_sip::rtp::Header;

use crate::line::{Line, NEAR, tone};
use crate::network::Weather;

const SECONDS: u64 = 10;
/// The source of the line's speaker.
const CALLER: u32 = 1;

/// From another host, and from another port of the caller's own.
fn attackers() -> [SocketAddr; 2] {
    [SocketAddr::from(([198, 51, 100, 66], 4_000)), SocketAddr::new(NEAR.ip(), 4_444)]
}

/// A packet that the caller could have sent at that tick.
fn forged(tick: u64, payload_type: u8, payload: &[u8]) -> Vec<u8> {
    let sequence = 65_500_u16.wrapping_add(tick as u16);
    let timestamp = (u32::MAX - 8_000).wrapping_add(tick as u32 * 160);
    let mut packet = Vec::new();
    Header { marker: true, payload_type, sequence, timestamp, ssrc: CALLER }.write(&mut packet);
    packet.extend_from_slice(payload);
    packet
}

#[test]
fn sound_keys_and_reports_of_others_change_nothing() {
    for attacker in attackers() {
        let mut line = Line::new(Weather { delay_ms: 20, ..Weather::default() }, 31);
        let mut received = Vec::new();
        line.run(3, tone);
        for tick in 3..SECONDS * 50 {
            line.run(1, tone);
            let now = Duration::from_millis(tick * 20 + 8);
            // A loud square wave, and 9-1-1 over and over, a little ahead of the caller.
            let sound: Vec<u8> = (0..160).map(|sample| if sample / 4 % 2 == 0 { 0x80 } else { 0 }).collect();
            let key = [[9, 1, 1][tick as usize / 8 % 3], 0x8a, 3, 0x20];
            for mut packet in [forged(tick + 1, 0, &sound), forged(tick + 2, 101, &key), vec![0x80; 12]] {
                received.push(line.listener.on_datagram(now, attacker, &mut packet));
            }
            let mut goodbye = Vec::new();
            write_goodbye(&mut goodbye, CALLER);
            line.listener.on_rtcp(now, SocketAddr::new([198, 51, 100, 66].into(), 4_001), &mut goodbye);
            assert_eq!(line.listener.rtp_destination(), Some(NEAR), "RTP bleeds to {attacker}");
        }
        let harmless = |received: &Received| matches!(received, Received::Dropped(Dropped::Stranger | Dropped::Malformed));
        assert!(received.iter().all(harmless), "{attacker}");
        assert!(line.share(10, Pulled::Frame) >= 0.99, "{attacker}: {}", line.share(10, Pulled::Frame));
        assert_eq!(line.listener.stats().digits, 0);
        // Nothing of the square wave: no step is as high as its edges.
        let steps = line.heard[1_600..].windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs());
        assert!(steps.max().unwrap() < 20_000, "{attacker}");
    }
}

#[test]
fn somebody_who_was_quicker_than_the_caller_loses_the_call_to_it() {
    let mut line = Line::new(Weather { delay_ms: 20, ..Weather::default() }, 32);
    let attacker = attackers()[0];
    for tick in 0..50 {
        line.listener.on_datagram(Duration::ZERO, attacker, &mut forged(tick, 0, &[0x80; 160]));
    }
    assert_eq!(line.listener.rtp_destination(), Some(attacker), "until the caller speaks nobody can know better");
    line.run(200, tone);
    assert_eq!(line.listener.rtp_destination(), Some(NEAR));
    let start = line.kinds.len() - 100;
    assert!(line.share(start, Pulled::Frame) >= 0.99);
}
