//! Speech as OpenAI's API has it.

use std::io::Cursor;

use serde_json::{Value, json};
use warmline::speech::remote::{Trouble, VoiceFormat, VoiceOptions, VoiceService};

use super::server::{Does, Server, endpoint, patient};

const PCM: VoiceFormat = VoiceFormat::Pcm { rate: 24_000 };

fn engine(url: &str, format: VoiceFormat) -> VoiceService {
    VoiceService::new(patient(url, "Bearer"), VoiceOptions { model: "tts-1".to_owned(), voice: "alloy".to_owned(), format })
}

/// A second of a quiet tone.
fn tone(rate: u32) -> Vec<i16> {
    (0..rate).map(|n| ((f64::from(n) * 440.0 * std::f64::consts::TAU / f64::from(rate)).sin() * 1_000.0) as i16).collect()
}

fn pcm(rate: u32) -> Vec<u8> {
    tone(rate).iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn wav(rate: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let spec = hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    tone(rate).into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn samples_and_files_of_any_rate_become_sound_of_the_line_at_one_loudness() {
    let sounds = [
        (PCM, "audio/pcm", pcm(24_000), "pcm"),
        (VoiceFormat::Wav, "audio/wav", wav(22_050), "wav"),
        // A server that sends a file all the same.
        (PCM, "audio/wav", wav(48_000), "pcm"),
    ];
    for (format, kind, body, asked_for) in sounds {
        let server = Server::start(&[Does::Answers(200, kind, body)]).await;
        let line = engine(&server.url, format).speak("Your order is on its way.").await.unwrap();
        assert!((7_800..8_200).contains(&line.len()), "{} samples", line.len());
        let rms = (line.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / line.len() as f64).sqrt();
        assert!((20.0 * (rms / 32_768.0).log10() + 20.0).abs() < 2.0, "{rms}");

        let asked = server.asked().remove(0);
        assert_eq!((asked.line.as_str(), asked.header("content-type")), ("POST /v1/audio/speech", "application/json"));
        assert_eq!(asked.header("authorization"), "Bearer open-sesame");
        let sent: Value = serde_json::from_slice(&asked.body).unwrap();
        let input = "Your order is on its way.";
        assert_eq!(sent, json!({"model": "tts-1", "voice": "alloy", "input": input, "response_format": asked_for}));
    }
}

#[tokio::test]
async fn what_is_no_sound_is_not_played() {
    for (format, body, trouble) in [
        (PCM, Vec::new(), "no sound"),
        (PCM, vec![0; 48_000], "no sound"),
        (PCM, b"{\"error\":{}}!".to_vec(), "half a sample"),
        (VoiceFormat::Wav, b"RIFF no file".to_vec(), "no WAV file"),
        (PCM, vec![1; 5_000_000], "too much"),
    ] {
        let server = Server::start(&[Does::Answers(200, "audio/pcm", body)]).await;
        assert_eq!(engine(&server.url, format).speak("Hello.").await, Err(Trouble::BadAnswer(trouble)));
    }
    let server = Server::start(&[Does::Dies]).await;
    assert_eq!(engine(&server.url, PCM).speak("Hello.").await, Err(Trouble::Unreachable));
    let server = Server::start(&[Does::Hangs]).await;
    let hasty = VoiceService::new(endpoint(&server.url), VoiceOptions { model: "m".to_owned(), voice: "v".to_owned(), format: PCM });
    assert_eq!(hasty.speak("Hello.").await, Err(Trouble::TimedOut));
}
