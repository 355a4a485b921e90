//! The engines with the real models, on the utterances of `tests/data/speech` (synthesised with voices that are not the bot's, G.711).
//!
//! Margins leave room for another processor's arithmetic; the measured figures stand beside them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod hearing;
mod languages;
mod meaning;
mod speaking;
mod voices;

use std::{path::PathBuf, sync::LazyLock};

use warmline_models::{
    Embedder, EndOfTurn, ModelError, ModelsDir, RECOGNISER_RATE, Recogniser, Runtime, Synthesiser, Vad, read_wav, resample,
};

struct Engines {
    vad: Vad,
    turn: EndOfTurn,
    recogniser: Recogniser,
    voice: Synthesiser,
    embedder: Embedder,
}

static ENGINES: LazyLock<Engines> = LazyLock::new(|| match load() {
    Ok(engines) => engines,
    Err(error) => panic!("the models are missing or broken: run `warmline models pull` first ({error})"),
});

fn load() -> Result<Engines, ModelError> {
    let dir = ModelsDir::of_user()?;
    let runtime = Runtime::load(&dir)?;
    Ok(Engines {
        vad: Vad::load(&dir)?,
        turn: EndOfTurn::load(&runtime)?,
        recogniser: Recogniser::load(&runtime, 1)?,
        voice: Synthesiser::load(&runtime, 1)?,
        embedder: Embedder::load(&runtime, 2)?,
    })
}

/// A line of `utterances.tsv` with its sound.
struct Utterance {
    intent: String,
    text: String,
    /// 8 kHz.
    samples: Vec<f32>,
}

static UTTERANCES: LazyLock<Vec<Utterance>> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/speech");
    let list = std::fs::read_to_string(folder.join("utterances.tsv")).unwrap();
    let read = |(number, line): (usize, &str)| {
        let [_voice, intent, text] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("line {line}") };
        let audio = read_wav(&folder.join(format!("{:02}.wav", number + 1))).unwrap();
        assert_eq!(audio.rate, 8_000);
        Utterance { intent: intent.into(), text: text.into(), samples: audio.samples }
    };
    list.lines().enumerate().map(read).collect()
});

fn at_16k(samples: &[f32]) -> Vec<f32> {
    resample(samples, 8_000, RECOGNISER_RATE).unwrap()
}

/// Lower-case words without punctuation, figures as spoken digits.
fn words(text: &str) -> Vec<String> {
    const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    let mut plain = String::new();
    for character in text.to_lowercase().chars() {
        match character.to_digit(10) {
            Some(digit) => plain.push_str(&format!(" {} ", DIGITS[digit as usize])),
            None if character.is_alphanumeric() || character == '\'' => plain.push(character),
            None => plain.push(' '),
        }
    }
    plain.split_whitespace().map(str::to_owned).collect()
}

/// Words inserted, left out or replaced (Levenshtein).
fn word_errors(said: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in said.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in heard.iter().enumerate() {
            let cost = diagonal + usize::from(word != other);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[heard.len()]
}

/// Numbers that look random but are the same everywhere (SplitMix64), in −1..1.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 42u64;
    let next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}
