//! The voice.

use warmline_models::{resample, speakable};

use crate::{ENGINES, word_errors, words};

const TEXTS: [&str; 6] = [
    "Thank you for calling, how can I help you?",
    "Your order number is 457129.",
    "On Saturday we are open from 9:30 to 17:00.",
    "It costs €12.50.",
    "Your parcel will arrive on March 12.",
    "I will connect you with a colleague now, please stay on the line.",
];

fn decibels(value: f32) -> f32 {
    20.0 * value.log10()
}

#[test]
fn loudness_is_even_and_nothing_clips() {
    for text in TEXTS {
        let audio = ENGINES.voice.speak(&speakable(text, "en"), 1.0).unwrap();
        let frame = ENGINES.voice.rate() as usize / 50;
        let level = |part: &[f32]| (part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32).sqrt();
        let frames: Vec<f32> = audio.chunks(frame).map(level).collect();
        let loudest = frames.iter().copied().fold(0.0, f32::max);
        let active: Vec<f32> = frames.iter().copied().filter(|level| *level > loudest / 10.0).collect();
        let speech = decibels((active.iter().map(|level| level * level).sum::<f32>() / active.len() as f32).sqrt());
        assert!((-22.0..-18.0).contains(&speech), "{text}: {speech} dBFS");
        assert!(audio.iter().all(|sample| sample.abs() < 0.999), "{text} clips");
        // No more than a tenth of a second of silence at either end.
        let quiet = |frames: &mut dyn Iterator<Item = &f32>| frames.take_while(|level| **level < loudest / 30.0).count();
        assert!(quiet(&mut frames.iter()) <= 5 && quiet(&mut frames.iter().rev()) <= 5, "{text} has silence around it");
    }
}

#[test]
fn the_same_text_gives_the_same_sound_and_no_text_gives_none() {
    let speak = |text| ENGINES.voice.speak(text, 1.0).unwrap();
    assert_eq!(speak("One moment, please."), speak("One moment, please."));
    assert_ne!(speak("One moment, please."), speak("One moment please?"));
    assert!(speak("").is_empty() && speak(" ... ?! ").is_empty());
}

#[test]
fn a_higher_tempo_is_shorter() {
    let length = |tempo| ENGINES.voice.speak(TEXTS[0], tempo).unwrap().len();
    assert!(length(1.3) < length(1.0) && length(1.0) < length(0.8));
}

#[test]
fn what_the_voice_says_over_the_telephone_is_understood() {
    let expected = [
        "thank you for calling how can I help you",
        "your order number is four five seven one two nine",
        "on saturday we are open from nine thirty to five p m",
        "it costs twelve euros and fifty cents",
        "your parcel will arrive on march twelfth",
        "I will connect you with a colleague now please stay on the line",
    ];
    let mut errors = 0;
    for (text, said) in TEXTS.iter().zip(expected) {
        let audio = ENGINES.voice.speak(&speakable(text, "en"), 1.0).unwrap();
        let line = resample(&resample(&audio, ENGINES.voice.rate(), 8_000).unwrap(), 8_000, 16_000).unwrap();
        let heard = ENGINES.recogniser.transcribe(&line, &|| false).unwrap().text;
        // The recogniser writes figures again; both are turned into what is said.
        let wrong =
            word_errors(&words(said), &words(&speakable(&heard.replace("p.m.", "pm").replace('-', ""), "en").replace("pee em", "p m")));
        println!("{wrong}: {said} | {heard}");
        errors += wrong;
    }
    // Measured: 4 of 51 words.
    assert!(errors <= 8, "{errors} words wrong");
}
