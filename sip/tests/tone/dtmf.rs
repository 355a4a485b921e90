//! Keys in the sound, by the figures of ITU-T Q.24.

use warmline_sip::codec::{Codec, Frame};
use warmline_sip::dtmf::Digit;
use warmline_sip::tone::{DtmfDetector, KeyTones};

use crate::signals::{Random, Sound, recordings, speech_like};

const ALL: &str = "123A456B789C*0#D";
const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];

/// How keys are pressed.
#[derive(Debug, Clone, Copy)]
struct Press {
    on: usize,
    off: usize,
    row_dbm0: f32,
    column_dbm0: f32,
    row_tune: f32,
    column_tune: f32,
}

const NORMAL: Press = Press { on: 70, off: 70, row_dbm0: -10.0, column_dbm0: -9.0, row_tune: 1.0, column_tune: 1.0 };

fn pressed(keys: &str, press: Press, lead_ms: usize) -> Sound {
    keys.chars().fold(Sound::default().silence(lead_ms), |sound, key| {
        let place = ALL.find(key).expect("a key");
        let row = (ROWS[place / 4] * press.row_tune, press.row_dbm0);
        let column = (COLUMNS[place % 4] * press.column_tune, press.column_dbm0);
        sound.tones(press.on, &[row, column]).silence(press.off)
    })
}

fn heard(frames: &[Frame]) -> String {
    let mut detector = DtmfDetector::default();
    frames.iter().filter_map(|frame| detector.frame(frame)).map(|digit| digit.to_char()).collect()
}

/// Every key, at every place of the 5 ms raster, plain and through both codecs.
fn assert_heard(what: &str, press: Press, expected: &str) {
    for lead in [40, 41, 43, 44, 47, 51, 58] {
        let sound = pressed(ALL, press, lead).silence(60);
        for (way, frames) in [("plain", sound.frames()), ("µ-law", sound.coded(Codec::Pcmu)), ("A-law", sound.coded(Codec::Pcma))] {
            assert_eq!(heard(&frames), expected, "{what}, {way}, {lead} ms before");
        }
    }
}

#[test]
fn our_own_keys_are_heard_once_each() {
    let mut tones = KeyTones::default();
    let mut pressed = Sound::default();
    for key in ALL.chars() {
        let digit = Digit::from_char(key).unwrap();
        let samples = (0..7).flat_map(|tick| tones.frame(digit, tick == 0)).map(f32::from).collect();
        pressed = pressed.then(&Sound { samples }).silence(80);
    }
    for (way, frames) in [("plain", pressed.frames()), ("µ-law", pressed.coded(Codec::Pcmu)), ("A-law", pressed.coded(Codec::Pcma))] {
        assert_eq!(heard(&frames), ALL, "{way}");
    }
}

#[test]
fn all_keys_are_heard_once() {
    assert_heard("normal", NORMAL, ALL);
    assert_heard("long", Press { on: 700, off: 300, ..NORMAL }, ALL);
}

#[test]
fn all_keys_survive_g722_and_opus() {
    for codec in [Codec::G722, Codec::Opus] {
        for lead in [40, 47, 58] {
            let press = Press { on: 100, off: 100, ..NORMAL };
            assert_eq!(heard(&pressed(ALL, press, lead).silence(100).coded(codec)), ALL, "{codec:?} {lead}");
        }
    }
}

#[test]
fn forty_milliseconds_are_enough_and_twenty_are_not() {
    assert_heard("40 on, 40 off", Press { on: 40, off: 40, ..NORMAL }, ALL);
    assert_heard("20 on", Press { on: 20, ..NORMAL }, "");
}

#[test]
fn the_same_key_twice_is_two_and_a_break_of_ten_milliseconds_is_none() {
    let twice = pressed("55", Press { on: 40, off: 40, ..NORMAL }, 47).silence(60);
    assert_eq!(heard(&twice.frames()), "55");
    for lead in 40..60 {
        let broken = pressed("5", Press { on: 60, off: 10, ..NORMAL }, lead).then(&pressed("5", NORMAL, 0)).silence(60);
        assert_eq!(heard(&broken.frames()), "5", "{lead}");
    }
}

#[test]
fn twist_within_the_limits_is_taken_and_outside_refused() {
    assert_heard("row 8 dB stronger", Press { row_dbm0: -8.0, column_dbm0: -16.0, ..NORMAL }, ALL);
    assert_heard("column 4 dB stronger", Press { row_dbm0: -12.0, column_dbm0: -8.0, ..NORMAL }, ALL);
    assert_heard("row 13 dB stronger", Press { row_dbm0: -6.0, column_dbm0: -19.0, ..NORMAL }, "");
    assert_heard("column 9 dB stronger", Press { row_dbm0: -17.0, column_dbm0: -8.0, ..NORMAL }, "");
}

#[test]
fn keys_in_tune_are_taken_and_out_of_tune_refused() {
    for (row, column) in [(0.985, 0.985), (1.015, 1.015), (0.985, 1.015), (1.015, 0.985)] {
        assert_heard("1.5 %", Press { row_tune: row, column_tune: column, ..NORMAL }, ALL);
        assert_heard("1.5 %, 40 ms", Press { row_tune: row, column_tune: column, on: 40, off: 40, ..NORMAL }, ALL);
    }
    for (row, column) in [(0.965, 1.0), (1.035, 1.0), (1.0, 0.965), (1.0, 1.035), (0.965, 0.965), (1.035, 1.035)] {
        assert_heard("3.5 %", Press { row_tune: row, column_tune: column, ..NORMAL }, "");
    }
}

#[test]
fn loud_and_faint_keys() {
    for level in [0.0, -3.0, -20.0, -30.0, -36.0] {
        assert_heard("level", Press { row_dbm0: level, column_dbm0: level, ..NORMAL }, ALL);
    }
    assert_heard("too faint", Press { row_dbm0: -55.0, column_dbm0: -55.0, ..NORMAL }, "");
}

#[test]
fn keys_in_noise() {
    // Both tones together are at −7 dBm0.
    for (name, noise, press) in
        [("20 dB", -27.0, Press { on: 40, off: 40, ..NORMAL }), ("10 dB", -17.0, Press { on: 60, off: 60, ..NORMAL })]
    {
        let mut found = 0;
        for seed in 1..=20 {
            let sound = pressed(ALL, Press { row_dbm0: -10.0, column_dbm0: -10.0, ..press }, 40 + seed as usize)
                .silence(80)
                .noise(seed * 977, noise);
            found += usize::from(heard(&sound.coded(Codec::Pcmu)) == ALL);
        }
        assert_eq!(found, 20, "{name}");
    }
}

#[test]
fn twelve_minutes_of_something_like_speech_are_no_key() {
    for seed in 1..=12 {
        let sound = speech_like(seed * 7_919, 60);
        assert_eq!(heard(&sound.coded(Codec::Pcma)), "", "{seed}");
    }
}

#[test]
fn recorded_speech_is_no_key() {
    for (name, sound) in recordings() {
        assert_eq!(heard(&sound.frames()), "", "{name}");
    }
}

#[test]
fn noise_steps_and_silence_are_no_key() {
    assert_eq!(heard(&Sound::default().silence(20_000).noise(5, -10.0).frames()), "");
    let mut random = Random(3);
    let steps = Sound { samples: (0..80_000).map(|_| if random.unit() < 0.5 { 32_767.0 } else { -32_768.0 }).collect() };
    assert_eq!(heard(&steps.frames()), "");
    for hz in (300..3_400).step_by(37) {
        assert_eq!(heard(&Sound::default().silence(33).tones(200, &[(hz as f32, -6.0)]).silence(33).frames()), "", "{hz}");
    }
}
