//! Fax machines by the figures of ITU-T T.30 and V.8.

use std::f32::consts::{PI, TAU};

use warmline_sip::codec::{Codec, Frame};
use warmline_sip::tone::{Ear, Fax, FaxDetector};

use crate::signals::{Sound, amplitude, music_like, recordings, speech_like};

/// What is found, and in which millisecond.
fn heard(frames: &[Frame], spoken: bool) -> Vec<(Fax, usize)> {
    let (mut ear, mut detector) = (Ear::default(), FaxDetector::default());
    let mut find = |(index, frame): (usize, &Frame)| detector.hear(&ear.frame(frame), spoken).map(|fax| (fax, 20 * (index + 1)));
    frames.iter().enumerate().filter_map(&mut find).collect()
}

fn cng(hz: f32, on: usize, off: usize, dbm0: f32) -> Sound {
    (0..2).fold(Sound::default().silence(333), |sound, _| sound.tones(on, &[(hz, dbm0)]).silence(off))
}

/// ANSam (V.8 §3): 2100 Hz, modulated by 20 % at 15 Hz, its phase turned every 450 ms.
fn ansam(ms: usize, hz: f32, reversals: bool) -> Sound {
    let sample = |n: usize| {
        let t = n as f32 / 8_000.0;
        let turned = if reversals && (n / 3_600) % 2 == 1 { PI } else { 0.0 };
        amplitude(-14.0) * (1.0 + 0.2 * (TAU * 15.0 * t).sin()) * (TAU * hz * t + turned).sin()
    };
    Sound { samples: (0..ms * 8).map(sample).collect() }
}

#[test]
fn a_calling_fax_is_found_at_its_first_tone() {
    for hz in [1_062.0, 1_100.0, 1_138.0] {
        for (on, off) in [(425, 2_550), (500, 3_000), (575, 3_450)] {
            for level in [-8.0, -38.0] {
                let sound = cng(hz, on, off, level);
                for frames in [sound.frames(), sound.coded(Codec::Pcma), sound.clone().noise(3, level - 18.0).coded(Codec::Pcmu)] {
                    let found = heard(&frames, false);
                    assert!(found.first().is_some_and(|(fax, at)| *fax == Fax::Cng && *at < 1_600), "{hz} {on} {level} {found:?}");
                }
            }
        }
    }
}

#[test]
fn after_a_voice_only_the_second_tone_in_rhythm_is_a_fax() {
    let found = heard(&cng(1_100.0, 500, 3_000, -12.0).coded(Codec::Pcma), true);
    assert!(matches!(found[..], [(Fax::Cng, 3_800..=4_000)]), "{found:?}");
    assert!(heard(&cng(1_100.0, 500, 1_500, -12.0).frames(), true).is_empty());
}

#[test]
fn other_tones_of_that_kind_are_no_fax() {
    for (hz, on) in [(1_000.0, 500), (1_200.0, 500), (1_100.0, 250), (1_100.0, 900), (1_100.0, 5_000), (2_040.0, 3_000), (2_150.0, 3_000)] {
        assert!(heard(&cng(hz, on, 3_000, -12.0).frames(), false).is_empty(), "{hz} {on}");
    }
    let two = Sound::default().tones(500, &[(1_100.0, -10.0), (1_300.0, -10.0)]).silence(3_000);
    assert!(heard(&two.frames(), false).is_empty());
}

#[test]
fn an_answering_fax_is_found_with_and_without_modulation() {
    for hz in [2_085.0, 2_100.0, 2_115.0] {
        for tone in [Sound::default().tones(3_300, &[(hz, -12.0)]), ansam(3_300, hz, false), ansam(3_300, hz, true)] {
            let sound = Sound::default().silence(1_007).then(&tone).silence(500);
            for frames in [sound.frames(), sound.coded(Codec::Pcmu), sound.clone().noise(3, -34.0).coded(Codec::Pcma)] {
                let found = heard(&frames, false);
                assert!(matches!(found[..], [(Fax::Ced, 1_600..=2_100)]), "{hz} {found:?}");
            }
        }
    }
}

#[test]
fn speech_and_music_are_no_fax() {
    for seed in 1..=10 {
        assert!(heard(&speech_like(seed * 104_729, 60).coded(Codec::Pcma), false).is_empty(), "speech {seed}");
        assert!(heard(&music_like(seed * 15_485, 60).coded(Codec::Pcmu), false).is_empty(), "music {seed}");
    }
    for (name, sound) in recordings() {
        assert!(heard(&sound.frames(), false).is_empty(), "{name}");
    }
}
