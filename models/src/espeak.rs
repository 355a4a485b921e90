//! `espeak-ng` as a subprocess (GPL, so never inside this process): the sounds of a text, and a plain voice for languages that have no other.

use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use crate::{error::ModelError, loudness};

/// A healthy `espeak-ng` answers in 10 ms.
const PATIENCE: Duration = Duration::from_secs(5);
/// More text than a clause or two is a mistake of the caller's.
pub(crate) const LONGEST_TEXT: usize = 4_000;
/// Samples per second of its voices.
const RATE: u32 = 22_050;
/// Words per minute at tempo 1. Of 125, 140 and 150, Whisper base understood this one best (20 Romanian sentences, character error rate 31 %).
const PACE: f32 = 150.0;
/// What it writes before the samples: a WAV header without the length, which it does not know yet.
const HEADER: usize = 44;

/// The voice of `espeak-ng` in a language. It sounds like a machine, but costs nothing to load, and speaks a hundred languages.
#[derive(Debug, Clone)]
pub struct EspeakVoice {
    language: String,
    name: String,
}

impl EspeakVoice {
    /// The voice for a language, by its code ("ro").
    #[must_use]
    pub fn new(language: &str) -> Self {
        // A code is letters and hyphens: nothing of it can become an option.
        let language: String = language.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let language = language.trim_start_matches('-').to_ascii_lowercase();
        Self { name: format!("espeak-ng {language} {PACE}"), language }
    }

    /// The voice's name: a part of every cache key.
    #[must_use]
    pub fn voice(&self) -> &str {
        &self.name
    }

    /// Samples per second of what [`speak`](Self::speak) gives: 22,050.
    #[must_use]
    pub fn rate(&self) -> u32 {
        RATE
    }

    /// Speaks `text` as it is written: mono samples in −1..1, speech at −20 dBFS, no silence before or after. Empty when there is nothing to say.
    ///
    /// # Errors
    /// When espeak-ng fails, or does not know the language.
    pub fn speak(&self, text: &str, tempo: f32) -> Result<Vec<f32>, ModelError> {
        if !text.chars().any(char::is_alphanumeric) {
            return Ok(Vec::new());
        }
        let pace = (PACE * tempo.clamp(0.5, 2.0)).round().to_string();
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        let wav = espeak(&["--stdout", "-s", &pace, "-v", &self.language], &text)?;
        let header = wav.get(..HEADER).ok_or_else(|| ModelError::Phonemes("no sound came".into()))?;
        let rate = u32::from_le_bytes([header[24], header[25], header[26], header[27]]);
        if &header[..4] != b"RIFF" || rate != RATE {
            return Err(ModelError::Phonemes(format!("a sound of {rate} Hz came")));
        }
        let mut audio: Vec<f32> =
            wav[HEADER..].chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect();
        loudness::finish(&mut audio, RATE);
        Ok(audio)
    }
}

/// Runs espeak-ng with the text on its standard input: no shell, no argument made from text.
pub(crate) fn espeak(arguments: &[&str], input: &str) -> Result<Vec<u8>, ModelError> {
    let failed = |reason: String| ModelError::Phonemes(reason);
    // Two brackets would have it read sounds for words.
    let input = input.replace("[[", "[ [");
    let mut child = Command::new("espeak-ng")
        .args(["--stdin", "-b", "1"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let answer = exchange(&mut child, input);
    if answer.is_err() {
        // It hangs or has ended by itself; in both cases it must not stay behind.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    match answer {
        Ok(output) if status.success() => Ok(output),
        Ok(_) => Err(failed(format!("ended with {status}"))),
        Err(reason) => Err(failed(reason)),
    }
}

/// Writes and reads on a thread of its own, so that a program that hangs cannot hang the asker.
fn exchange(child: &mut Child, input: String) -> Result<Vec<u8>, String> {
    let (mut stdin, mut stdout) = child.stdin.take().zip(child.stdout.take()).ok_or("no pipes")?;
    let (answer, answered) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("espeak".into())
        .spawn(move || {
            let mut output = Vec::new();
            let result = stdin.write_all(input.as_bytes());
            drop(stdin);
            let result = result.and_then(|()| stdout.read_to_end(&mut output)).map(|_| output).map_err(|error| error.to_string());
            let _ = answer.send(result);
        })
        .map_err(|error| error.to_string())?;
    answered.recv_timeout(PATIENCE).map_err(|_| "no answer in time".to_owned())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn romanian_is_spoken_at_the_level_of_the_other_voice() {
        let voice = EspeakVoice::new("ro");
        let short = voice.speak("Bună ziua.", 1.0).unwrap();
        let long = voice.speak("Bună ziua. Cu ce vă pot ajuta? Sunteți pe fir cu asistentul automat.", 1.0).unwrap();
        let seconds = |audio: &[f32]| audio.len() as f32 / voice.rate() as f32;
        assert!((0.4..1.5).contains(&seconds(&short)) && seconds(&long) > 2.0 * seconds(&short), "{} s", seconds(&short));
        let level = 20.0 * loudness::rms(&short).log10();
        assert!((-24.0..-18.0).contains(&level), "{level} dBFS");
        assert!(seconds(&voice.speak("Bună ziua.", 1.5).unwrap()) < seconds(&short));
    }

    #[test]
    fn nothing_to_say_and_no_such_language_are_told_apart() {
        assert!(EspeakVoice::new("ro").speak(" … ", 1.0).unwrap().is_empty());
        assert!(EspeakVoice::new("--help").speak("unu", 1.0).is_err());
    }
}
