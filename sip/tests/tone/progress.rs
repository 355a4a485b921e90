//! The network's tones.

use warmline_sip::codec::{Codec, Frame};
use warmline_sip::tone::{FarEnd, FarEndConfig, Progress};

use crate::signals::{Sound, music_like, recordings, speech_like};

fn heard(frames: &[Frame]) -> Vec<(Progress, u128)> {
    let mut far_end = FarEnd::new(FarEndConfig::default());
    let mut all = Vec::new();
    for frame in frames {
        far_end.frame(frame);
        all.extend(std::iter::from_fn(|| far_end.poll()).map(|heard| (heard.progress, heard.at.as_millis())));
    }
    all
}

/// A rhythm of (on, off) in ms, three times.
fn rhythm(tones: &[(f32, f32)], times: &[(usize, usize)]) -> Sound {
    let all = times.iter().cycle().take(times.len() * 4);
    all.fold(Sound::default().silence(310), |sound, (on, off)| sound.tones(*on, tones).silence(*off))
}

/// Plain, coded, in noise 20 dB below: the same signal each time, once, by then.
fn assert_heard(name: &str, sound: &Sound, expected: Progress, latest_ms: u128) {
    for frames in [sound.frames(), sound.coded(Codec::Pcmu), sound.clone().noise(7, -36.0).coded(Codec::Pcma)] {
        let found = heard(&frames);
        assert!(matches!(found[..], [(progress, at)] if progress == expected && at <= latest_ms), "{name}: {found:?}");
    }
}

#[test]
fn ring_back_of_three_continents() {
    for hz in [400.0, 425.0, 450.0] {
        assert_heard("Europe", &rhythm(&[(hz, -12.0)], &[(1_000, 4_000)]), Progress::RingBack, 5_500);
    }
    assert_heard("North America", &rhythm(&[(440.0, -16.0), (480.0, -16.0)], &[(2_000, 4_000)]), Progress::RingBack, 3_500);
    assert_heard("United Kingdom", &rhythm(&[(400.0, -16.0), (450.0, -16.0)], &[(400, 200), (400, 2_000)]), Progress::RingBack, 2_200);
}

#[test]
fn busy_and_congestion() {
    let american = [(480.0, -16.0), (620.0, -16.0)];
    assert_heard("Europe, busy", &rhythm(&[(425.0, -12.0)], &[(500, 500)]), Progress::Busy, 2_500);
    assert_heard("North America, busy", &rhythm(&american, &[(500, 500)]), Progress::Busy, 2_500);
    assert_heard("United Kingdom, busy", &rhythm(&[(400.0, -12.0)], &[(375, 375)]), Progress::Busy, 2_000);
    assert_heard("Europe, congestion", &rhythm(&[(425.0, -12.0)], &[(250, 250)]), Progress::Congestion, 2_000);
    assert_heard("North America, reorder", &rhythm(&american, &[(250, 250)]), Progress::Congestion, 2_000);
}

#[test]
fn dial_tone_is_a_tone_that_stays() {
    for tones in [&[(425.0, -12.0)][..], &[(350.0, -15.0), (440.0, -15.0)], &[(350.0, -15.0), (450.0, -15.0)]] {
        let sound = Sound::default().silence(205).tones(6_000, tones);
        assert_heard("dial", &sound, Progress::DialTone, 3_500);
    }
}

#[test]
fn special_information_tones() {
    let variants = [
        [(950.0, 330), (1_400.0, 330), (1_800.0, 330)],
        [(913.8, 274), (1_370.6, 274), (1_776.7, 380)],
        [(985.2, 380), (1_428.5, 274), (1_776.7, 380)],
        [(950.0, 380), (1_400.0, 380), (1_800.0, 380)],
    ];
    for tones in variants {
        for gap in [0, 30] {
            let sound = tones.iter().fold(Sound::default().silence(207), |sound, (hz, ms)| sound.tones(*ms, &[(*hz, -14.0)]).silence(gap));
            assert_heard("SIT", &sound.silence(900), Progress::Sit, 1_500);
        }
    }
    let falling = Sound::default().tones(330, &[(1_800.0, -14.0)]).tones(330, &[(1_400.0, -14.0)]).tones(330, &[(950.0, -14.0)]);
    assert!(heard(&falling.silence(500).frames()).is_empty());
}

#[test]
fn tones_in_a_wrong_rhythm_and_other_sound_are_none() {
    assert!(heard(&rhythm(&[(425.0, -12.0)], &[(100, 900)]).frames()).is_empty());
    assert!(heard(&rhythm(&[(600.0, -12.0)], &[(500, 500)]).frames()).is_empty());
    assert!(heard(&rhythm(&[(425.0, -12.0), (700.0, -12.0)], &[(500, 500)]).frames()).is_empty());
    assert!(heard(&Sound::default().silence(20_000).noise(5, -20.0).frames()).is_empty());
    for seed in 1..=10 {
        assert!(heard(&speech_like(seed * 6_007, 60).coded(Codec::Pcma)).is_empty(), "speech {seed}");
        assert!(heard(&music_like(seed * 911, 60).coded(Codec::Pcmu)).is_empty(), "music {seed}");
    }
    for (name, sound) in recordings() {
        assert!(heard(&sound.frames()).is_empty(), "{name}");
    }
}
