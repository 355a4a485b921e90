//! Voice activity and the end of a turn.

use warmline_models::{VAD_WINDOW, VadState};

use crate::{ENGINES, UTTERANCES, at_16k, noise};

/// The share of windows that are speech with probability above a half.
fn voiced(samples: &[f32]) -> f32 {
    let mut state = VadState::default();
    let windows: Vec<bool> =
        samples.chunks_exact(VAD_WINDOW).map(|window| ENGINES.vad.probability(&mut state, window.first_chunk().unwrap()) > 0.5).collect();
    windows.iter().filter(|voiced| **voiced).count() as f32 / windows.len() as f32
}

#[test]
fn speech_is_voice_and_silence_and_noise_are_not() {
    let lowest = UTTERANCES.iter().map(|utterance| voiced(&utterance.samples)).fold(1.0, f32::min);
    println!("least voiced utterance {lowest:.2}");
    // Measured: 0.58, of files that hold 0.4 s of silence.
    assert!(lowest > 0.4, "{lowest}");
    assert_eq!(voiced(&vec![0.0; 8_000]), 0.0);
    let hiss: Vec<f32> = noise(16_000).iter().map(|sample| sample * 0.05).collect();
    assert!(voiced(&hiss) < 0.05, "{}", voiced(&hiss));
}

#[test]
fn two_streams_do_not_disturb_each_other() {
    let speech = &UTTERANCES[0].samples;
    let alone = |state: &mut VadState, n: usize| {
        let window = speech[n * VAD_WINDOW..].first_chunk().unwrap();
        ENGINES.vad.probability(state, window)
    };
    let (mut a, mut b, mut c) = (VadState::default(), VadState::default(), VadState::default());
    for n in 0..20 {
        let first = alone(&mut a, n);
        let _other = ENGINES.vad.probability(&mut b, &[0.3; VAD_WINDOW]);
        assert_eq!(first, alone(&mut c, n), "window {n}");
    }
}

#[test]
fn whole_sentences_seem_more_complete_than_cut_ones() {
    let mean = |share: f32| {
        let completeness = UTTERANCES.iter().map(|utterance| {
            let audio = at_16k(&utterance.samples);
            ENGINES.turn.completeness(&audio[..(audio.len() as f32 * share) as usize]).unwrap()
        });
        completeness.sum::<f32>() / UTTERANCES.len() as f32
    };
    let (whole, cut) = (mean(1.0), mean(0.55));
    println!("complete: whole {whole:.2}, cut {cut:.2}");
    // Measured: 0.76 and 0.31. A hint, no more.
    assert!(whole > 0.6 && whole - cut > 0.15, "{whole} and {cut}");
}

/// What ONNX Runtime gives for the file as its makers publish it, window by window of [`syllables`].
const PUBLISHED: [f32; 20] = [
    0.5569, 0.1478, 0.0928, 0.0565, 0.0133, 0.0135, 0.0223, 0.0969, 0.2435, 0.1948, 0.2094, 0.1570, 0.1122, 0.0761, 0.0575, 0.1365, 0.2785,
    0.0366, 0.0126, 0.0114,
];

/// A hum of 130 Hz that wobbles, with formants near 700 and 1,200 Hz, twice a second.
fn syllables(at: usize) -> f32 {
    let t = at as f64 / 8_000.0;
    let turns = |hertz: f64| std::f64::consts::TAU * hertz * t;
    let partial = |number: u32| {
        let (number, hertz) = (f64::from(number), 130.0 * f64::from(number));
        let formant = |middle: f64| (-((hertz - middle) / 300.0).powi(2)).exp();
        (formant(700.0) + 0.5 * formant(1_200.0)) * (turns(hertz) + 3.0 * number * turns(3.0).sin()).sin()
    };
    (0.1 * turns(2.0).sin().max(0.0) * (1..=20).map(partial).sum::<f64>()) as f32
}

#[test]
fn the_detector_gives_what_its_makers_file_gives() {
    let mut state = VadState::default();
    for (number, published) in PUBLISHED.into_iter().enumerate() {
        let window = std::array::from_fn(|sample| syllables(number * VAD_WINDOW + sample));
        let probability = ENGINES.vad.probability(&mut state, &window);
        assert!((probability - published).abs() < 0.001, "window {number}: {probability}, not {published}");
    }
}
