//! Keys heard in the sound itself (ITU-T Q.23 for the tones, Q.24 for what a receiver must and must not take).
//!
//! Every 5 ms a window of 20 ms is measured at the eight tones. It counts when one row and one column together are nearly all that is
//! heard, both are steady, both are in tune (from how their phases advance), neither is too weak against the other, and neither has the
//! harmonics of a voice. A key is reported once, as soon as enough windows in a row agree; it is over when it has been gone for 20 ms.

use super::goertzel::{Bank, Hann, Phasor};
use super::level::{dbm0, decibels};
use crate::codec::{FRAME_SAMPLES, Frame, SAMPLE_RATE};
use crate::dtmf::Digit;

pub(super) const RATE: f32 = SAMPLE_RATE as f32;
const WINDOW: usize = 160;
const HOP: usize = 40;
/// Sound kept from the last frame, so that the windows overlap across frames.
const KEPT: usize = WINDOW - HOP;
/// Rows, then columns (Q.23 §2).
pub(super) const TONES: [f32; 8] = [697.0, 770.0, 852.0, 941.0, 1_209.0, 1_336.0, 1_477.0, 1_633.0];
pub(super) const KEYS: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// Windows that must agree before a key is believed. A tone of 20 ms fills no more than three, one of 40 ms at least six (Q.24: 40 ms
/// shall be taken, 20 ms shall not).
const NEEDED: u8 = 5;
/// Windows without the key that end it: 20 ms. A break of 10 ms spoils two (Q.24: no second key), a pause of 40 ms seven.
const GONE: u8 = 4;
/// Each tone's weakest level. Q.24 asks for −29 dBm0 at the latest; a weak line with twist is lower.
const WEAKEST_DBM0: f32 = -44.0;
/// In tune within this share of the frequency: Q.24 takes 1.5 % and 2 Hz, refuses 3.5 %.
const TUNE: f32 = 0.025;
/// Q.24: the column may be 4 dB stronger or 8 dB weaker than the row; and what a line adds.
const TWIST_DB: std::ops::RangeInclusive<f32> = -9.5..=5.5;
/// Row and column together are this share of everything heard: 0.91 at a signal-to-noise ratio of 10 dB.
const PURE: f32 = 0.84;
/// A key that is already down stays down as long as its tones are this share.
const STILL_THERE: f32 = 0.4;
/// From one window to the next neither tone changes by more.
const STEADY_DB: f32 = 2.5;
/// A second harmonic is at least this much weaker than its tone: a voice's is not.
const HARMONIC_DB: f32 = -14.0;
/// A row's harmonic this near to the column cannot be told from it.
const TOO_NEAR_HZ: f32 = 130.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// As many windows as counted agreed on the key.
    Rising {
        key: Key,
        windows: u8,
    },
    /// The key was reported; as many windows as counted were without it.
    Down {
        key: Key,
        missing: u8,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    row: usize,
    column: usize,
}

impl Key {
    fn digit(self) -> Option<Digit> {
        Digit::from_char(KEYS[self.row][self.column - 4])
    }
}

/// What one window says.
#[derive(Debug, Clone, Copy)]
struct Window {
    key: Key,
    /// All of the tests passed.
    strict: bool,
    /// Enough of a key that is already down.
    still_there: bool,
}

/// Finds keys in one stream of sound.
#[derive(Debug, Clone)]
pub struct DtmfDetector {
    bank: Bank<8>,
    harmonics: Bank<8>,
    hann: Hann<WINDOW>,
    sound: [f32; KEPT + FRAME_SAMPLES],
    before: [Phasor; 8],
    state: State,
}

impl Default for DtmfDetector {
    fn default() -> Self {
        Self {
            bank: Bank::new(TONES, RATE),
            harmonics: Bank::new(TONES.map(|hz| 2.0 * hz), RATE),
            hann: Hann::new(),
            sound: [0.0; KEPT + FRAME_SAMPLES],
            before: [Phasor::default(); 8],
            state: State::Idle,
        }
    }
}

impl DtmfDetector {
    /// The next 20 ms. Returns a key in the frame in which it is first certain, about 45 ms after it was pressed; once a press.
    pub fn frame(&mut self, frame: &Frame) -> Option<Digit> {
        self.sound.copy_within(FRAME_SAMPLES.., 0);
        for (kept, &sample) in self.sound[KEPT..].iter_mut().zip(frame) {
            *kept = f32::from(sample);
        }
        let mut pressed = None;
        for start in (0..FRAME_SAMPLES).step_by(HOP) {
            let window = self.look(start);
            pressed = pressed.or(self.step(window));
        }
        pressed
    }

    fn step(&mut self, window: Window) -> Option<Digit> {
        let (state, pressed) = match self.state {
            State::Rising { key, windows } if window.strict && window.key == key => {
                if windows + 1 < NEEDED {
                    (State::Rising { key, windows: windows + 1 }, None)
                } else {
                    (State::Down { key, missing: 0 }, key.digit())
                }
            }
            State::Idle | State::Rising { .. } if window.strict => (State::Rising { key: window.key, windows: 1 }, None),
            State::Idle | State::Rising { .. } => (State::Idle, None),
            State::Down { key, .. } if window.still_there && window.key == key => (State::Down { key, missing: 0 }, None),
            State::Down { key, missing } if missing + 1 < GONE => (State::Down { key, missing: missing + 1 }, None),
            State::Down { .. } => (State::Idle, None),
        };
        self.state = state;
        pressed
    }

    fn look(&mut self, start: usize) -> Window {
        let (windowed, total) = self.hann.over(&self.sound[start..start + WINDOW]);
        let now = self.bank.measure(&windowed);
        let before = std::mem::replace(&mut self.before, now);
        let key = Key { row: strongest(&now, 0), column: strongest(&now, 4) };
        let [row, column] = [key.row, key.column].map(|tone| Heard::new(tone, &now, &before));
        let share = (row.power + column.power) / total.max(1.0);
        let loud = dbm0(row.power.min(column.power)) >= WEAKEST_DBM0;
        let strict = loud
            && share >= PURE
            && [row, column].iter().all(Heard::is_steady_and_in_tune)
            && TWIST_DB.contains(&decibels(column.power / row.power.max(1.0)))
            && !self.has_harmonics(key, &windowed, [row.power, column.power]);
        Window { key, strict, still_there: loud && share >= STILL_THERE }
    }

    /// Does either tone have a second harmonic, as a voice would?
    fn has_harmonics(&self, key: Key, windowed: &[f32], powers: [f32; 2]) -> bool {
        let harmonics = self.harmonics.measure(windowed);
        [key.row, key.column].into_iter().zip(powers).any(|(tone, power)| {
            let hidden = (2.0 * TONES[tone] - TONES[key.column]).abs() < TOO_NEAR_HZ;
            let harmonic = Hann::<WINDOW>::mean_square(harmonics[tone], 0.0, RATE);
            !hidden && decibels(harmonic / power) > HARMONIC_DB
        })
    }
}

/// One tone of a window, and how it was one hop before.
#[derive(Debug, Clone, Copy)]
struct Heard {
    hz: f32,
    offset: f32,
    power: f32,
    power_before: f32,
}

impl Heard {
    fn new(tone: usize, now: &[Phasor; 8], before: &[Phasor; 8]) -> Self {
        let hz = TONES[tone];
        let offset = now[tone].offset_hz(before[tone], hz, HOP, RATE);
        let [power, power_before] = [now, before].map(|phasors| Hann::<WINDOW>::mean_square(phasors[tone], offset, RATE));
        Self { hz, offset, power, power_before }
    }

    fn is_steady_and_in_tune(&self) -> bool {
        self.offset.abs() <= self.hz * TUNE && decibels(self.power / self.power_before.max(1.0)).abs() <= STEADY_DB
    }
}

/// The strongest of the four tones from `first` on.
fn strongest(phasors: &[Phasor; 8], first: usize) -> usize {
    (first + 1..first + 4).fold(first, |best, tone| if phasors[tone].power() > phasors[best].power() { tone } else { best })
}
