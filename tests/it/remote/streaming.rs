//! A streaming recogniser as Deepgram has it: a server that checks what it is sent and says when it has heard what.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
    },
};
use warmline::{
    call::{
        media::frame::{FRAME_MS, FRAME_SAMPLES, Frame},
        time::Time,
    },
    speech::remote::{BreakerOptions, Guarded, Heard, Stream, StreamOptions, Streams, Trouble, Words},
};

use super::server::patient;

/// What the service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// Hears.
    Hears,
    /// Refuses the handshake.
    Refuses(u16),
    /// Hangs up after the first sound.
    Dies,
    /// Sends something that is no result.
    Babbles,
}

/// What the service noticed.
#[derive(Debug, PartialEq)]
pub(super) enum Noticed {
    /// The request's address and its credentials.
    Connected(String, String),
    /// A message of control.
    Told(String),
    /// So many samples in all, and the sum of their sizes.
    Sound(usize, u64),
    Closed,
}

pub(super) async fn service(does: Does) -> (String, mpsc::Receiver<Noticed>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/v1/listen", listener.local_addr().unwrap());
    let (sender, noticed) = mpsc::channel(1_024);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, does, sender.clone()));
        }
    });
    (url, noticed)
}

async fn serve(stream: TcpStream, does: Does, notice: mpsc::Sender<Noticed>) {
    let asked = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&asked);
    #[expect(clippy::result_large_err, reason = "the library wants it so")]
    let check = move |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let key = request.headers().get("authorization").map_or("", |value| value.to_str().unwrap());
        *seen.lock().unwrap() = Some(Noticed::Connected(request.uri().to_string(), key.to_owned()));
        if let Does::Refuses(status) = does {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = StatusCode::from_u16(status).unwrap();
            return Err(refusal);
        }
        Ok(response)
    };
    let accepted = accept_hdr_async(stream, check).await;
    let connected = asked.lock().unwrap().take();
    if let Some(connected) = connected {
        let _ = notice.send(connected).await;
    }
    if let Ok(socket) = accepted {
        hear(socket, does, notice).await;
    }
}

/// Hears one word for each half second of sound, and tells the rest when it is asked to finish.
async fn hear(mut socket: WebSocketStream<TcpStream>, does: Does, notice: mpsc::Sender<Noticed>) {
    let (mut samples, mut sizes, mut told) = (0usize, 0u64, 0usize);
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Binary(bytes) => {
                assert!(bytes.len().is_multiple_of(2), "16-bit samples");
                samples += bytes.len() / 2;
                sizes += bytes.as_chunks::<2>().0.iter().map(|pair| u64::from(i16::from_le_bytes(*pair).unsigned_abs())).sum::<u64>();
                match does {
                    Does::Dies => return,
                    Does::Babbles => socket.send(Message::text("<html>")).await.unwrap(),
                    Does::Hears | Does::Refuses(_) => {}
                }
                if samples / 4_000 > told {
                    let interim = results(told, samples / 4_000, samples, false, false);
                    socket.send(Message::text(interim)).await.unwrap();
                    told = samples / 4_000;
                }
            }
            Message::Text(text) => {
                let control: Value = serde_json::from_str(&text).unwrap();
                let kind = control["type"].as_str().unwrap().to_owned();
                notice.send(Noticed::Told(kind.clone())).await.unwrap();
                if kind == "Finalize" {
                    notice.send(Noticed::Sound(samples, sizes)).await.unwrap();
                    socket.send(Message::text(r#"{"type":"Metadata","duration":1}"#)).await.unwrap();
                    socket.send(Message::text(results(0, samples / 4_000, samples, true, true))).await.unwrap();
                }
            }
            Message::Close(_) => _ = notice.send(Noticed::Closed).await,
            other => panic!("{other:?}"),
        }
    }
}

fn results(from: usize, to: usize, samples: usize, is_final: bool, from_finalize: bool) -> String {
    let words: Vec<Value> = (from..to)
        .map(|n| {
            let (start, end) = (0.5 * n as f64 + 0.1, 0.5 * n as f64 + 0.4);
            json!({"word": format!("w{n}"), "punctuated_word": format!("W{n}"), "start": start, "end": end, "confidence": 0.9})
        })
        .collect();
    json!({
        "type": "Results", "channel_index": [0, 1], "start": 0.5 * from as f64, "duration": samples as f64 / 8_000.0 - 0.5 * from as f64,
        "is_final": is_final, "speech_final": is_final, "from_finalize": from_finalize,
        "channel": {"alternatives": [{"transcript": "", "confidence": 0.9, "words": words}]},
    })
    .to_string()
}

struct Call {
    stream: Stream,
    heard: mpsc::Receiver<Heard>,
    noticed: mpsc::Receiver<Noticed>,
    engine: Arc<Guarded<Streams>>,
}

async fn call(does: Does) -> Call {
    let (url, noticed) = service(does).await;
    let options = StreamOptions { model: "nova-3".to_owned(), query: vec![("smart_format".to_owned(), "true".to_owned())] };
    let breaker = BreakerOptions { failures: 2, rest: std::time::Duration::from_secs(3_600) };
    let engine = Arc::new(Guarded::new("test", Streams::new(patient(&url, "Token"), options), breaker));
    let (sender, heard) = mpsc::channel(1_024);
    let tells = Box::new(move |what| sender.try_send(what).unwrap());
    let stream = Stream::open(&tokio::runtime::Handle::current(), Arc::clone(&engine), "en", tells);
    Call { stream, heard, noticed, engine }
}

/// Sound from one time to another; waits for nobody.
fn speak(stream: &Stream, from: u64, to: u64) {
    for at in (from..to).step_by(usize::try_from(FRAME_MS).unwrap()) {
        stream.push(&Frame { at: Time(at), samples: [7; FRAME_SAMPLES], concealed: false });
    }
}

#[tokio::test]
async fn sound_goes_out_and_the_words_between_two_times_come_back() {
    let mut call = call(Does::Hears).await;
    // Two seconds, a hole of 40 ms, and two more seconds.
    speak(&call.stream, 10_000, 12_000);
    let words = call.stream.words(Time(10_000), Time(12_000)).await.unwrap();
    assert_eq!(words, Words { text: "W0 W1 W2 W3".to_owned(), confidence: Some(0.9) });
    let Noticed::Connected(address, key) = call.noticed.recv().await.unwrap() else { panic!("no connection") };
    assert_eq!(key, "Token open-sesame");
    let expected =
        "model=nova-3&language=en&encoding=linear16&sample_rate=8000&channels=1&interim_results=true&punctuate=true&smart_format=true";
    assert_eq!(address, format!("/v1/listen?{expected}"));
    assert_eq!(call.noticed.recv().await, Some(Noticed::Told("Finalize".to_owned())));
    assert_eq!(call.noticed.recv().await, Some(Noticed::Sound(16_000, 7 * 16_000)));

    speak(&call.stream, 12_040, 14_040);
    let words = call.stream.words(Time(12_300), Time(14_000)).await.unwrap();
    assert_eq!(words.text, "W4 W5 W6 W7", "the next turn, without the one before");
    assert_eq!(call.noticed.recv().await, Some(Noticed::Told("Finalize".to_owned())));
    assert_eq!(call.noticed.recv().await, Some(Noticed::Sound(32_320, 7 * 32_000)), "silence fills the hole");

    let mut partial = None;
    while let Ok(heard) = call.heard.try_recv() {
        partial = Some(heard);
    }
    let Some(Heard::Partial { from, text }) = partial else { panic!("{partial:?}") };
    assert!(from >= Time(10_000) && text.contains("W7"), "{from:?} {text}");

    drop(call.stream);
    assert_eq!(call.noticed.recv().await, Some(Noticed::Told("CloseStream".to_owned())));
    assert_eq!(call.noticed.recv().await, Some(Noticed::Closed));
}

#[tokio::test]
async fn a_service_that_refuses_dies_or_babbles_is_told_and_nobody_waits_for_it() {
    for (does, trouble) in [
        (Does::Refuses(401), Trouble::Denied { status: 401 }),
        (Does::Refuses(429), Trouble::Crowded { retry_after: None }),
        (Does::Refuses(500), Trouble::Failing { status: 500 }),
        (Does::Dies, Trouble::Unreachable),
        (Does::Babbles, Trouble::BadAnswer("no JSON")),
    ] {
        let mut call = call(does).await;
        speak(&call.stream, 0, 100);
        assert_eq!(call.heard.recv().await, Some(Heard::Broken(trouble)), "{does:?}");
        let asked = call.stream.words(Time(0), Time(100)).await;
        assert!(
            matches!(asked, Err(Trouble::Resting | Trouble::Unreachable | Trouble::Failing { .. } | Trouble::BadAnswer(_))),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn what_was_said_before_the_connection_is_not_answered_from_the_rest() {
    let call = call(Does::Hears).await;
    speak(&call.stream, 10_000, 12_000);
    assert_eq!(call.stream.words(Time(9_980), Time(12_000)).await, Err(Trouble::Unreachable));
    assert_eq!(call.stream.words(Time(10_000), Time(12_000)).await.unwrap().text, "W0 W1 W2 W3");
}

#[tokio::test]
async fn a_service_that_came_back_is_connected_to_again() {
    let mut call = call(Does::Dies).await;
    speak(&call.stream, 0, 20);
    assert_eq!(call.heard.recv().await, Some(Heard::Broken(Trouble::Unreachable)));
    // Sound that comes later asks again.
    speak(&call.stream, 1_000, 1_020);
    assert_eq!(call.heard.recv().await, Some(Heard::Broken(Trouble::Unreachable)));
    let connections = [call.noticed.recv().await, call.noticed.recv().await];
    assert!(connections.iter().all(|noticed| matches!(noticed, Some(Noticed::Connected(..)))), "{connections:?}");
    assert!(!format!("{:?}", call.engine).contains("sesame"));
}
