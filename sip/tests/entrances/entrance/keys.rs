//! Keys: telephone events and the bodies of INFO.

use std::time::Duration;

use warmline_sip::dtmf::{Merger, Receiver, Way, info};

use super::pieces::Pieces;

/// Pieces are payloads; what is said about them is when they were made.
pub(crate) fn events(bytes: &[u8]) {
    let (mut receiver, mut merger) = (Receiver::default(), Merger::default());
    let (mut reported, mut ignored) = (0, receiver.ignored());
    for (at, (about, payload)) in Pieces(bytes).take(500).enumerate() {
        let timestamp = u32::from(about & 63) << 26 | u32::from(about >> 6);
        let digit = receiver.packet(u32::from(about & 1), timestamp, payload);
        // The same packet again is never another press.
        assert!(receiver.ignored() > ignored || receiver.packet(u32::from(about & 1), timestamp, payload).is_none());
        ignored = receiver.ignored();
        if let Some(digit) = digit {
            reported += 1;
            let _ = merger.press(Duration::from_millis(at as u64), Way::Event, digit);
        }
    }
    assert!(reported * 3 <= bytes.len());
}

/// The content type ends at the first line end.
pub(crate) fn info(bytes: &[u8]) {
    let cut = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (kind, body) = (String::from_utf8_lossy(&bytes[..cut]), bytes.get(cut + 1..).unwrap_or_default());
    let Some((digit, duration)) = info::parse(&kind, body) else { return };
    assert!((Duration::from_millis(40)..=Duration::from_secs(8)).contains(&duration));
    let written = format!("Signal={}\r\nDuration={}\r\n", digit.to_char(), duration.as_millis());
    assert_eq!(info::parse("application/dtmf-relay", written.as_bytes()), Some((digit, duration)));
}
