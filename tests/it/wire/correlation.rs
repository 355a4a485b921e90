//! Is one sound in another? Normalised cross-correlation over all lags.

use rustfft::{FftPlanner, num_complex::Complex};

/// The highest magnitude of the correlation between `probe` and each stretch of `tape` of its length, 0..=1, and where that stretch begins. Stretches
/// in which the tape has less than a thousandth of its mean energy say nothing.
pub(super) fn highest(probe: &[i16], tape: &[i16]) -> (f64, usize) {
    assert!(!probe.is_empty() && tape.len() >= probe.len(), "the tape is shorter than what is looked for");
    let products = products(probe, tape);
    let own = energy(probe).sqrt();
    let mean = energy(tape) * probe.len() as f64 / tape.len() as f64;
    let mut inside = energy(&tape[..probe.len()]);
    let mut best = (0.0, 0);
    for lag in 0..=tape.len() - probe.len() {
        if inside > mean / 1_000.0 && own > 0.0 {
            let likeness = products[lag].abs() / (own * inside.sqrt());
            if likeness > best.0 {
                best = (likeness, lag);
            }
        }
        if let Some(next) = tape.get(lag + probe.len()) {
            inside += f64::from(*next).powi(2) - f64::from(tape[lag]).powi(2);
        }
    }
    best
}

/// The same where the tape may be shorter than what is looked for: how much of it is there, 0..=1.
pub(super) fn likeness(probe: &[i16], tape: &[i16]) -> f64 {
    let mut tape = tape.to_vec();
    tape.resize(tape.len().max(probe.len() + 1), 0);
    highest(probe, &tape).0
}

/// The tape with a sound mixed into its end, so many times softer than it was: what a leak would be like.
pub(super) fn leaked(probe: &[i16], tape: &[i16], softer: i16) -> Vec<i16> {
    let at = tape.len() - probe.len().min(tape.len());
    let mut leaked = tape.to_vec();
    leaked.iter_mut().skip(at).zip(probe).for_each(|(sample, probe)| *sample = sample.saturating_add(probe / softer));
    leaked
}

fn energy(samples: &[i16]) -> f64 {
    samples.iter().map(|sample| f64::from(*sample).powi(2)).sum()
}

/// The sum of products at each lag.
fn products(probe: &[i16], tape: &[i16]) -> Vec<f64> {
    let length = (probe.len() + tape.len()).next_power_of_two();
    let mut planner = FftPlanner::<f64>::new();
    let spectrum = |samples: &[i16], planner: &mut FftPlanner<f64>| {
        let mut all: Vec<Complex<f64>> = samples.iter().map(|sample| Complex::new(f64::from(*sample), 0.0)).collect();
        all.resize(length, Complex::default());
        planner.plan_fft_forward(length).process(&mut all);
        all
    };
    let (probe, mut both) = (spectrum(probe, &mut planner), spectrum(tape, &mut planner));
    both.iter_mut().zip(&probe).for_each(|(tape, probe)| *tape *= probe.conj());
    planner.plan_fft_inverse(length).process(&mut both);
    both.iter().map(|sum| sum.re / length as f64).collect()
}

#[test]
fn a_sound_is_found_where_it_is() {
    let noise = |seed: u64, count: usize| -> Vec<i16> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 52) as i16 - 2_048
        };
        (0..count).map(|_| next()).collect()
    };
    let (probe, mut tape) = (noise(1, 4_000), noise(2, 20_000));
    assert!(highest(&probe, &tape).0 < 0.1);
    tape.iter_mut().skip(7_000).zip(&probe).for_each(|(tape, probe)| *tape += probe / 2);
    let (likeness, lag) = highest(&probe, &tape);
    assert_eq!(lag, 7_000);
    assert!((0.35..0.55).contains(&likeness), "{likeness}");
}
