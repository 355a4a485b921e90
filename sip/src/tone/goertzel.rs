//! How much of some known tones is in a window of sound: Goertzel's filter, several tones side by side.

use std::f32::consts::{PI, TAU};

/// A tone of the window as a complex number: its size, and its phase at the window's last sample.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Phasor {
    re: f32,
    im: f32,
}

impl Phasor {
    pub(super) fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// How far the sound is from the measured tone of `hz`, when `earlier` is the same measurement `hop` samples before. Unambiguous
    /// within half a turn a hop: ±100 Hz for 5 ms.
    pub(super) fn offset_hz(self, earlier: Self, hz: f32, hop: usize, rate: f32) -> f32 {
        let expected = TAU * hz * hop as f32 / rate;
        let (sin, cos) = expected.sin_cos();
        let re = self.re * earlier.re + self.im * earlier.im;
        let im = self.im * earlier.re - self.re * earlier.im;
        let turned = (im * cos - re * sin).atan2(re * cos + im * sin);
        turned * rate / (TAU * hop as f32)
    }
}

/// `N` tones measured at once.
#[derive(Debug, Clone)]
pub(super) struct Bank<const N: usize> {
    cos: [f32; N],
    sin: [f32; N],
}

impl<const N: usize> Bank<N> {
    /// Tones in Hz at a sample rate.
    pub(super) fn new(hz: [f32; N], rate: f32) -> Self {
        let angles = hz.map(|hz| TAU * hz / rate);
        Self { cos: angles.map(f32::cos), sin: angles.map(f32::sin) }
    }

    pub(super) fn measure(&self, window: &[f32]) -> [Phasor; N] {
        let (mut last, mut before) = ([0.0_f32; N], [0.0_f32; N]);
        let twice = self.cos.map(|cos| 2.0 * cos);
        for &sample in window {
            for tone in 0..N {
                let next = sample + twice[tone] * last[tone] - before[tone];
                before[tone] = last[tone];
                last[tone] = next;
            }
        }
        std::array::from_fn(|tone| Phasor { re: last[tone] - before[tone] * self.cos[tone], im: before[tone] * self.sin[tone] })
    }
}

/// The window of von Hann: a tone leaks into nothing that is more than two bins away.
#[derive(Debug, Clone)]
pub(super) struct Hann<const N: usize>([f32; N]);

impl<const N: usize> Hann<N> {
    /// What a phasor's power is for one unit of a tone's mean square: (Σw / 2)² · 2.
    const TONE_GAIN: f32 = (N * N) as f32 / 8.0;
    /// The same for sound of any kind, summed over the window: Σw².
    const ENERGY_GAIN: f32 = 3.0 * N as f32 / 8.0;

    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|index| 0.5 - 0.5 * (TAU * (index as f32 + 0.5) / N as f32).cos()))
    }

    /// Puts the window over `samples`; returns the windowed sound and its mean square.
    pub(super) fn over(&self, samples: &[f32]) -> ([f32; N], f32) {
        let mut windowed = [0.0; N];
        let mut energy = 0.0;
        for ((out, weight), sample) in windowed.iter_mut().zip(&self.0).zip(samples) {
            *out = weight * sample;
            energy += *out * *out;
        }
        (windowed, energy / Self::ENERGY_GAIN)
    }

    /// The mean square of the tone that made `phasor`, when the tone is `offset_hz` beside the measured one.
    pub(super) fn mean_square(phasor: Phasor, offset_hz: f32, rate: f32) -> f32 {
        let gain = response(offset_hz * N as f32 / rate);
        phasor.power() / (Self::TONE_GAIN * gain * gain)
    }
}

/// The window's answer to a tone this many bins away. Beyond one and a half bins it would blow up what is only leakage: held there.
fn response(bins: f32) -> f32 {
    let bins = bins.abs().min(1.5);
    if bins < 0.01 {
        return 1.0;
    }
    if (bins - 1.0).abs() < 0.01 {
        return 0.5;
    }
    (PI * bins).sin() / (PI * bins * (1.0 - bins * bins))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, from: usize) -> Vec<f32> {
        (from..from + 160).map(|n| 1_000.0 * (TAU * hz * n as f32 / 8_000.0 + 0.3).sin()).collect()
    }

    #[test]
    fn a_tone_beside_the_measured_one_is_found_with_its_place_and_power() {
        let (bank, hann) = (Bank::new([1_000.0], 8_000.0), Hann::<160>::new());
        for offset in [-60.0, -20.0, 0.0, 5.0, 45.0, 60.0] {
            let [earlier] = bank.measure(&hann.over(&tone(1_000.0 + offset, 0)).0);
            let (window, power) = hann.over(&tone(1_000.0 + offset, 40));
            let [later] = bank.measure(&window);
            let found = later.offset_hz(earlier, 1_000.0, 40, 8_000.0);
            assert!((found - offset).abs() < 0.5, "{offset} {found}");
            let tone = Hann::<160>::mean_square(later, found, 8_000.0);
            assert!((tone / 500_000.0 - 1.0).abs() < 0.03, "{offset} {tone}");
            assert!((power / 500_000.0 - 1.0).abs() < 0.03, "{offset} {power}");
        }
    }
}
