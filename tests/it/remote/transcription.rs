//! Transcription as OpenAI's API has it.

use std::io::Cursor;

use warmline::speech::remote::{Transcription, TranscriptionOptions, Trouble, Words};

use super::server::{Asked, Does, Server, closes, endpoint, guarded, nobody, patient};

fn engine(url: &str) -> Transcription {
    Transcription::new(patient(url, "Bearer"), TranscriptionOptions { model: "whisper-1".to_owned() })
}

fn hasty(url: &str) -> Transcription {
    Transcription::new(endpoint(url), TranscriptionOptions { model: "whisper-1".to_owned() })
}

fn sound() -> Vec<i16> {
    (0..16_000).map(|n| (n % 997) as i16 - 498).collect()
}

/// The parts of a form (RFC 7578): their heads and their bodies.
fn parts(asked: &Asked) -> Vec<(String, Vec<u8>)> {
    let kind = asked.header("content-type");
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").expect("a form").to_owned();
    assert!(!boundary.is_empty() && boundary.len() <= 70, "RFC 2046 §5.1.1");
    let body = &asked.body[..];
    let (start, mark, end) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"), format!("\r\n--{boundary}--\r\n"));
    assert!(body.starts_with(start.as_bytes()) && body.ends_with(end.as_bytes()));
    let mut rest = &body[start.len()..];
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let at = rest.windows(mark.len()).position(|window| window == mark.as_bytes()).expect("a part ends");
        let part = &rest[..at];
        let split = part.windows(4).position(|window| window == b"\r\n\r\n").expect("a head ends");
        parts.push((String::from_utf8(part[..split].to_vec()).unwrap(), part[split + 4..].to_vec()));
        rest = &rest[at + mark.len()..];
        rest = if rest == b"--\r\n" { &[] } else { rest.strip_prefix(b"\r\n").expect("a line ends") };
    }
    parts
}

#[tokio::test]
async fn the_request_is_a_form_with_a_wav_file_and_the_answer_is_read() {
    let answer = r#"{"task":"transcribe","text":" Where is my order? ","segments":[{"avg_logprob":-0.1,"x":1},{"avg_logprob":-0.3}]}"#;
    let server = Server::start(&[Does::json(answer)]).await;
    let words = engine(&server.url).transcribe(&sound(), "en-GB").await.unwrap();
    assert_eq!(words.text, "Where is my order?");
    assert!((words.sureness() - (-0.2f32).exp()).abs() < 1e-6, "{words:?}");

    let asked = server.asked().remove(0);
    assert_eq!(asked.line, "POST /v1/audio/transcriptions");
    assert_eq!(asked.header("authorization"), "Bearer open-sesame");
    let parts = parts(&asked);
    let fields: Vec<(&str, String)> =
        parts[..parts.len() - 1].iter().map(|(head, body)| (head.as_str(), String::from_utf8(body.clone()).unwrap())).collect();
    let field = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"");
    let expected = [("model", "whisper-1"), ("language", "en"), ("response_format", "verbose_json"), ("temperature", "0")];
    let expected: Vec<(String, String)> = expected.iter().map(|(name, value)| (field(name), (*value).to_owned())).collect();
    assert_eq!(fields.iter().map(|(head, body)| ((*head).to_owned(), body.clone())).collect::<Vec<_>>(), expected);
    let (head, file) = parts.last().unwrap();
    assert_eq!(head, "Content-Disposition: form-data; name=\"file\"; filename=\"turn.wav\"\r\nContent-Type: audio/wav");
    let mut wav = hound::WavReader::new(Cursor::new(file)).unwrap();
    let spec = wav.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, 8_000, 16));
    assert_eq!(wav.samples::<i16>().map(Result::unwrap).collect::<Vec<_>>(), sound());
}

#[tokio::test]
async fn an_answer_of_words_alone_is_believed_less_and_silence_is_silence() {
    let server = Server::start(&[Does::json(r#"{"text":"yes"}"#), Does::json(r#"{"text":""}"#)]).await;
    let engine = engine(&server.url);
    let words = engine.transcribe(&sound(), "en").await.unwrap();
    assert_eq!((words.text.as_str(), words.sureness()), ("yes", 0.85));
    let silence = engine.transcribe(&[], "en").await.unwrap();
    assert_eq!((silence.clone(), silence.sureness()), (Words::default(), 0.0));
}

#[tokio::test]
async fn whatever_the_server_does_has_a_word() {
    let flood = Does::Answers(200, "application/json", vec![b' '; 1_000_000]);
    for (does, trouble) in [
        (Does::Hangs, Trouble::TimedOut),
        (Does::Dies, Trouble::Unreachable),
        (Does::Answers(401, "text/plain", Vec::new()), Trouble::Denied { status: 401 }),
        (Does::Answers(403, "text/plain", Vec::new()), Trouble::Denied { status: 403 }),
        (Does::IsCrowded(7), Trouble::Crowded { retry_after: Some(std::time::Duration::from_secs(7)) }),
        (Does::Answers(500, "text/html", b"<html>".to_vec()), Trouble::Failing { status: 500 }),
        (Does::Answers(302, "text/html", Vec::new()), Trouble::Failing { status: 302 }),
        (Does::json("<html>"), Trouble::BadAnswer("no JSON with a text")),
        (Does::json("{}"), Trouble::BadAnswer("no JSON with a text")),
        (flood, Trouble::BadAnswer("too much")),
    ] {
        let hangs = matches!(does, Does::Hangs);
        let server = Server::start(std::slice::from_ref(&does)).await;
        let asked = if hangs { hasty(&server.url) } else { engine(&server.url) };
        assert_eq!(asked.transcribe(&sound(), "en").await, Err(trouble), "{does:?}");
    }
    for url in [nobody().await, closes().await] {
        assert_eq!(engine(&url).transcribe(&sound(), "en").await, Err(Trouble::Unreachable), "{url}");
    }
}

#[tokio::test]
async fn an_engine_that_fails_is_left_alone() {
    let server = Server::start(&[Does::Answers(500, "text/plain", Vec::new())]).await;
    let engine = guarded(engine(&server.url));
    let mut troubles = Vec::new();
    for _ in 0..5 {
        troubles.push(engine.ask(engine.engine().transcribe(&sound(), "en")).await.unwrap_err());
    }
    assert_eq!(troubles[..2], [Trouble::Failing { status: 500 }, Trouble::Failing { status: 500 }]);
    assert_eq!(troubles[2..], [Trouble::Resting, Trouble::Resting, Trouble::Resting]);
    assert_eq!(server.asked().len(), 2);
    // Wrong credentials do not become right by asking again.
    let server = Server::start(&[Does::Answers(401, "text/plain", Vec::new())]).await;
    let engine = guarded(self::engine(&server.url));
    for _ in 0..3 {
        engine.ask(engine.engine().transcribe(&sound(), "en")).await.unwrap_err();
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn the_key_is_never_printed() {
    let engine = guarded(engine("http://127.0.0.1:9/v1"));
    let printed = format!("{engine:?}");
    assert!(printed.contains("127.0.0.1") && !printed.contains("sesame"), "{printed}");
}
