//! The recogniser of many languages, on Romanian phone audio (synthesised with an Italian voice of Kokoro from Romanian phonemes, G.711): it has an accent
//! that no caller has, and is still the best that can be made here.

use std::{path::PathBuf, sync::LazyLock};

use warmline_models::{ModelError, ModelsDir, Runtime, Whisper, read_wav};

use crate::{at_16k, noise, word_errors, words};

static WHISPER: LazyLock<Whisper> = LazyLock::new(|| {
    let load = || Whisper::load(&Runtime::load(&ModelsDir::of_user()?)?, 1);
    load().unwrap_or_else(|error: ModelError| panic!("run `warmline models pull --lang ro` first ({error})"))
});

/// What is said, and its sound at 16 kHz.
fn utterances() -> Vec<(String, Vec<f32>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/speech/ro");
    let list = std::fs::read_to_string(folder.join("utterances.tsv")).unwrap();
    let read = |(number, line): (usize, &str)| {
        let audio = read_wav(&folder.join(format!("{:02}.wav", number + 1))).unwrap();
        (line.rsplit('\t').next().unwrap().to_owned(), at_16k(&audio.samples))
    };
    list.lines().enumerate().map(read).collect()
}

#[test]
fn romanian_is_written_down() {
    let (mut errors, mut said, mut numbers) = (0, 0, 0);
    for (text, audio) in utterances() {
        let heard = WHISPER.transcribe("ro-RO", &audio, &|| false).unwrap();
        println!("{:.2} {text} | {}", heard.confidence, heard.text);
        assert!(!heard.text.is_empty() && heard.confidence > 0.3 && !heard.cut, "{text}: {heard:?}");
        numbers += usize::from(heard.text.contains("457129"));
        if !text.contains("cinci") {
            errors += word_errors(&words(&text), &words(&heard.text));
            said += words(&text).len();
        }
    }
    let rate = errors as f32 / said as f32;
    println!("word error rate {rate:.3}");
    // Measured: 0.24.
    assert!(rate < 0.45, "{rate}");
    assert_eq!(numbers, 1);
}

#[test]
fn nothing_is_made_up_where_nobody_speaks() {
    let second = 16_000;
    let tone: Vec<f32> = (0..2 * second).map(|n| 0.2 * (n as f32 * 0.17).sin()).collect();
    let hiss: Vec<f32> = noise(2 * second).iter().map(|sample| sample * 0.02).collect();
    for (what, audio) in [("silence", vec![0.0; 2 * second]), ("hiss", hiss), ("a tone", tone), ("nothing", Vec::new())] {
        let heard = WHISPER.transcribe("ro", &audio, &|| false).unwrap();
        assert_eq!((heard.text.as_str(), heard.confidence), ("", 0.0), "in {what}");
    }
}

#[test]
fn languages_it_does_not_know_and_askers_who_gave_up_get_an_error() {
    let (_, audio) = utterances().swap_remove(0);
    assert!(WHISPER.knows("cs") && !WHISPER.knows("tlh"));
    assert!(matches!(WHISPER.transcribe("tlh", &audio, &|| false), Err(ModelError::Language(_))));
    assert!(matches!(WHISPER.transcribe("ro", &audio, &|| true), Err(ModelError::Cancelled)));
}
