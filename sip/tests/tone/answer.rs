//! Who answers: a person, a machine, a fax.

use std::time::Duration;

use warmline_sip::codec::{Codec, Frame};
use warmline_sip::tone::{FarEnd, FarEndConfig, Fax, Progress};

use crate::signals::{Random, Sound, recordings, speech_like};

/// Answered at once.
fn heard_with(config: FarEndConfig, frames: &[Frame]) -> Vec<(Progress, u128)> {
    let mut far_end = FarEnd::new(config);
    far_end.answered();
    let mut all = Vec::new();
    for frame in frames {
        far_end.frame(frame);
        all.extend(std::iter::from_fn(|| far_end.poll()).map(|heard| (heard.progress, heard.at.as_millis())));
    }
    all
}

fn heard(sound: &Sound) -> Vec<(Progress, u128)> {
    let plain = heard_with(FarEndConfig::default(), &sound.frames());
    let coded = heard_with(FarEndConfig::default(), &sound.coded(Codec::Pcma));
    let names = |all: &[(Progress, u128)]| all.iter().map(|(progress, _)| *progress).collect::<Vec<_>>();
    assert_eq!(names(&plain), names(&coded));
    plain
}

/// So many ms of something like speech without any pause.
fn voice(seed: u32, ms: usize) -> Sound {
    let spoken = speech_like(seed, 30);
    Sound { samples: spoken.samples.into_iter().filter(|sample| sample.abs() > 4.0).take(ms * 8).collect() }
}

#[test]
fn a_short_hello_and_silence_is_a_person() {
    for seed in 1..=20 {
        let found = heard(&Sound::default().silence(400).then(&voice(seed, 600)).silence(3_000));
        assert!(matches!(found[..], [(Progress::Human, 1_700..=1_900)]), "{seed} {found:?}");
        let found = heard(&Sound::default().silence(400).then(&voice(seed, 600)).silence(3_000).noise(seed, -45.0));
        assert!(matches!(found[..], [(Progress::Human, 1_500..=2_000)]), "{seed} {found:?}");
    }
}

#[test]
fn a_greeting_with_short_pauses_is_a_machine_before_it_ends() {
    for seed in 1..=20 {
        let greeting = voice(seed, 900).silence(500).then(&voice(seed + 50, 1_500)).silence(400).then(&voice(seed + 90, 1_500));
        let found = heard(&Sound::default().silence(600).then(&greeting).silence(3_000));
        assert!(matches!(found[..], [(Progress::MachineSuspected, 2_700..=3_300)]), "{seed} {found:?}");
    }
}

#[test]
fn who_listens_first_is_no_machine_however_long_they_speak_then() {
    for seed in 1..=20 {
        let found = heard(&Sound::default().silence(6_000).then(&voice(seed, 4_000)).silence(2_000));
        assert!(found.is_empty(), "{seed} {found:?}");
        let found = heard(&Sound::default().silence(4_000).then(&voice(seed, 4_000)).silence(2_000));
        assert!(matches!(found[..], [(Progress::MachineSuspected, _)]), "{seed} {found:?}");
    }
}

#[test]
fn the_beep_after_the_greeting_is_reported_each_time_it_comes() {
    for hz in [350.0, 480.0, 852.0, 1_000.0, 1_400.0, 2_000.0, 2_200.0_f32] {
        for ms in [120, 250, 900] {
            let beep = Sound::default().tones(ms, &[(hz.clamp(355.0, 2_195.0), -14.0)]);
            let found = heard(&Sound::default().silence(300).then(&voice(9, 4_000)).silence(253).then(&beep).silence(2_000));
            assert!(matches!(found[..], [(Progress::MachineSuspected, _), (Progress::Beep, 4_600..=4_720)]), "{hz} {ms} {found:?}");
        }
    }
}

#[test]
fn a_beep_that_could_be_something_else_is_reported_when_nothing_follows() {
    for (hz, ms) in [(425.0, 300), (440.0, 500), (1_100.0, 500), (2_100.0, 300)] {
        let beep = Sound::default().tones(ms, &[(hz, -14.0)]);
        let found = heard(&Sound::default().silence(300).then(&voice(9, 4_000)).silence(253).then(&beep).silence(3_000));
        let end = 4_553 + ms as u128;
        assert!(matches!(found[..], [_, (Progress::Beep, at)] if at > end && at < end + 800), "{hz} {found:?}");
    }
}

#[test]
fn after_the_greeting_a_busy_tone_is_busy_and_no_beep() {
    let busy = (0..5).fold(voice(4, 3_000).silence(300), |sound, _| sound.tones(500, &[(425.0, -12.0)]).silence(500));
    let found = heard(&busy);
    assert!(matches!(found[..], [(Progress::MachineSuspected, _), (Progress::Busy, _)]), "{found:?}");
    let congestion = (0..9).fold(voice(4, 3_000).silence(300), |sound, _| sound.tones(250, &[(425.0, -12.0)]).silence(250));
    let found = heard(&congestion);
    assert!(matches!(found[..], [(Progress::MachineSuspected, _), (Progress::Congestion, _)]), "{found:?}");
}

#[test]
fn a_fax_that_answers_is_a_fax_and_nothing_else() {
    let fax = Sound::default().silence(1_800).tones(3_000, &[(2_100.0, -12.0)]).silence(500);
    assert!(matches!(heard(&fax)[..], [(Progress::Fax(Fax::Ced), _)]));
    let after_greeting = voice(4, 3_000).silence(300).tones(3_000, &[(2_100.0, -12.0)]).silence(1_500);
    assert!(matches!(heard(&after_greeting)[..], [(Progress::MachineSuspected, _), (Progress::Fax(Fax::Ced), _)]));
}

#[test]
fn clicks_silence_noise_and_ringing_are_nobody() {
    let clicks = (0..20).fold(Sound::default(), |sound, n| sound.silence(500).then(&voice(n, 40)));
    assert!(heard(&clicks).is_empty());
    assert!(heard(&Sound::default().silence(20_000).noise(3, -35.0)).is_empty());
    let ringing = (0..3).fold(Sound::default(), |sound, _| sound.tones(2_000, &[(440.0, -16.0), (480.0, -16.0)]).silence(4_000));
    assert!(matches!(heard(&ringing)[..], [(Progress::RingBack, _)]));
}

#[test]
fn time_starts_at_the_answer() {
    let mut far_end = FarEnd::new(FarEndConfig::default());
    Sound::default().silence(5_000).then(&voice(3, 600)).frames().iter().for_each(|frame| far_end.frame(frame));
    assert_eq!(far_end.poll(), None, "nobody speaks before the answer");
    far_end.answered();
    voice(3, 600).silence(2_000).frames().iter().for_each(|frame| far_end.frame(frame));
    let heard = far_end.poll().unwrap();
    assert_eq!(heard.progress, Progress::Human);
    assert!(heard.at < Duration::from_millis(1_600), "{heard:?}");
}

#[test]
fn speech_has_no_beep() {
    for seed in 1..=10 {
        let found = heard_with(FarEndConfig::default(), &speech_like(seed * 3_571, 60).coded(Codec::Pcma));
        assert!(found.iter().all(|(progress, _)| *progress != Progress::Beep), "{seed} {found:?}");
    }
    for (name, sound) in recordings() {
        let found = heard_with(FarEndConfig::default(), &sound.frames());
        assert!(matches!(found[..], [] | [(Progress::Human | Progress::MachineSuspected, _)]), "{name} {found:?}");
    }
}

#[test]
fn the_wildest_sound_does_no_harm() {
    let mut random = Random(77);
    let mut far_end =
        FarEnd::new(FarEndConfig { longest_human_greeting: Duration::MAX, shortest_beep: Duration::ZERO, ..FarEndConfig::default() });
    far_end.answered();
    for round in 0..5_000 {
        let frame: Frame = match round / 50 % 5 {
            0 => [i16::MIN; 160],
            1 => [i16::MAX; 160],
            2 => std::array::from_fn(|n| if n % 2 == 0 { i16::MIN } else { i16::MAX }),
            3 => std::array::from_fn(|_| random.between(-32_768.0, 32_767.0) as i16),
            _ => [0; 160],
        };
        far_end.frame(&frame);
        if round % 3 == 0 {
            let _ = far_end.poll();
        }
    }
}
