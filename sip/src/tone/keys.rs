//! Keys as sound: the two tones of each (ITU-T Q.23), for peers that take them in no other way.

use std::f32::consts::TAU;

use super::dtmf::{KEYS, RATE, TONES};
use super::level::amplitude;
use crate::codec::{FRAME_SAMPLES, Frame};
use crate::dtmf::Digit;

/// The lower tone, and the upper one, which lines weaken more: what telephones send (ETSI ES 201 235-2 §4.2.3 has them 2 dB apart).
const ROW_DBM0: f32 = -9.0;
const COLUMN_DBM0: f32 = -7.0;

/// Both tones of the key that is being pressed.
#[derive(Debug, Clone, Default)]
pub struct KeyTones {
    /// Samples since it was pressed.
    sample: u16,
}

impl KeyTones {
    /// The next 20 ms of a key; `first`: it is pressed just now.
    pub fn frame(&mut self, digit: Digit, first: bool) -> Frame {
        if first {
            self.sample = 0;
        }
        let start = self.sample;
        self.sample = start.wrapping_add(FRAME_SAMPLES as u16);
        let [row, column] = pair(digit);
        std::array::from_fn(|index| {
            let turn = TAU * f32::from(start.wrapping_add(index as u16)) / RATE;
            ((turn * row).sin() * amplitude(ROW_DBM0) + (turn * column).sin() * amplitude(COLUMN_DBM0)) as i16
        })
    }
}

/// The frequencies of a key in Hz.
fn pair(digit: Digit) -> [f32; 2] {
    let at = |row: usize| Some([TONES[row], TONES[4 + KEYS[row].iter().position(|key| *key == digit.to_char())?]]);
    (0..KEYS.len()).find_map(at).expect("every key has its place")
}
