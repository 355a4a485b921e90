//! Keys in INFO requests. No RFC defines the two bodies; these are what senders write.

use std::time::Duration;

use super::Digit;

/// The content type of the body that most telephones write, and read.
pub const RELAY: &str = "application/dtmf-relay";
/// A longer body is none of ours.
const LONGEST_BODY: usize = 512;
/// Where no duration is given, or none that could be.
const USUAL: Duration = Duration::from_millis(160);
/// Taken as the nearest of these: some senders count in RTP units.
const SHORTEST: Duration = Duration::from_millis(40);
/// See [`SHORTEST`].
const LONGEST: Duration = Duration::from_secs(8);
/// The event code of a hook flash (RFC 4733 §3.2): not a key.
const FLASH: u8 = 16;

/// The key of an INFO body: `application/dtmf-relay` (`Signal=5`, `Duration=160`) or `application/dtmf` (`5`). Blanks, case, line ends and
/// parameters of the content type do not matter. `None` for every other body, and for what is no key.
#[must_use]
pub fn parse(content_type: &str, body: &[u8]) -> Option<(Digit, Duration)> {
    let kind = content_type.split(';').next()?.trim();
    let relay = kind.eq_ignore_ascii_case(RELAY);
    if !(relay || kind.eq_ignore_ascii_case("application/dtmf")) || body.len() > LONGEST_BODY {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?;
    // Some write the one body under the other's name.
    if text.contains('=') { relay_body(text) } else { Some((key(text, false)?, USUAL)) }
}

/// The body that says a key under [`RELAY`].
#[must_use]
pub fn relay(digit: Digit) -> String {
    format!("Signal={}\r\nDuration={}\r\n", digit.to_char(), USUAL.as_millis())
}

fn relay_body(text: &str) -> Option<(Digit, Duration)> {
    let (mut digit, mut duration) = (None, USUAL);
    for line in text.split(['\r', '\n']) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim();
        if name.eq_ignore_ascii_case("signal") && digit.is_none() {
            digit = Some(key(value, true)?);
        } else if name.eq_ignore_ascii_case("duration") {
            duration = value.trim().parse().map_or(USUAL, |ms| Duration::from_millis(ms).clamp(SHORTEST, LONGEST));
        }
    }
    Some((digit?, duration))
}

/// One key; where `codes` are usual, also the number of its event (`10` for `*`, `11` for `#`).
fn key(text: &str, codes: bool) -> Option<Digit> {
    let text = text.trim();
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(key), None) => Digit::from_char(key),
        (Some('1'), Some(_)) if codes => text.parse().ok().filter(|code| (10..FLASH).contains(code)).and_then(Digit::from_code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(content_type: &str, body: &str) -> Option<(char, u128)> {
        parse(content_type, body.as_bytes()).map(|(digit, duration)| (digit.to_char(), duration.as_millis()))
    }

    #[test]
    fn the_relay_body_in_every_writing() {
        for (body, expected) in [
            ("Signal=5\r\nDuration=160\r\n", ('5', 160)),
            ("Signal= 5\nDuration= 250\n", ('5', 250)),
            ("  signal = *  \r\n  DURATION = 100", ('*', 100)),
            ("SIGNAL=#", ('#', 160)),
            ("Duration=200\r\nSignal=d", ('D', 200)),
            ("Signal=10", ('*', 160)),
            ("Signal=11\rDuration=90", ('#', 90)),
            ("Signal=1\r\nDuration=0", ('1', 40)),
            ("Signal=1\r\nDuration=99999999999999999999", ('1', 160)),
            ("Signal=1\r\nDuration=960000", ('1', 8_000)),
            ("Signal=1\r\nDuration=long\r\nX=y\r\nnothing", ('1', 160)),
        ] {
            assert_eq!(parsed("application/dtmf-relay", body), Some(expected), "{body:?}");
        }
    }

    #[test]
    fn the_short_body() {
        assert_eq!(parsed("application/dtmf", "5"), Some(('5', 160)));
        assert_eq!(parsed("Application/DTMF;charset=utf-8", " # \r\n"), Some(('#', 160)));
        assert_eq!(parsed("application/dtmf", "Signal=7\r\nDuration=80"), Some(('7', 80)));
    }

    #[test]
    fn what_we_write_is_read_as_it_was_meant() {
        for digit in (0..16).filter_map(Digit::from_code) {
            assert_eq!(parse(RELAY, relay(digit).as_bytes()), Some((digit, USUAL)));
        }
    }

    #[test]
    fn what_is_no_key() {
        for body in [
            "",
            " ",
            "Signal=",
            "Signal=flash",
            "Signal=16",
            "Signal=55",
            "Signal=012",
            "Signal=E",
            "Duration=100",
            "12",
            "=",
            "é",
            "Signal=é1",
        ] {
            assert_eq!(parsed("application/dtmf-relay", body), None, "{body:?}");
        }
        assert_eq!(parsed("application/sdp", "5"), None);
        assert_eq!(parsed("", "5"), None);
        assert_eq!(parse("application/dtmf", &[0xff, 0xfe]), None);
        assert_eq!(parsed("application/dtmf", &format!("5{}", " ".repeat(600))), None);
    }

    #[test]
    fn garbage_never_panics() {
        let mut random = 7_u32;
        for _ in 0..20_000 {
            let mut body = *b"Signal=5\r\nDuration=160\r\n";
            for _ in 0..3 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                body[(random >> 8) as usize % body.len()] = (random >> 24) as u8;
            }
            let _ = parse("application/dtmf-relay", &body);
        }
    }
}
