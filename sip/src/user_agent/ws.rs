//! SIP over WebSocket (RFC 7118): every WebSocket message is one SIP message.

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::stream::{FromWire, Link, Queue, WRITE_PATIENCE};
use super::upgrade;
use crate::guard::FrameError;

/// What is read at once.
const READ_BUFFER: usize = 16 * 1_024;

/// Answers the HTTP request and serves the connection until it ends.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    link: &Link,
    mut stream: S,
    origins: &[String],
    (sender, to_wire): Queue,
    deadline: Instant,
) -> Option<()> {
    let rest = timeout_at(deadline, open(&mut stream, origins)).await.ok()??;
    link.report(FromWire::Ready(link.id)).await?;
    let limit = Some(link.patience.message);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * link.patience.message)
        .max_message_size(limit)
        .max_frame_size(limit);
    let (sink, stream) = WebSocketStream::from_partially_read(stream, rest, Role::Server, Some(config)).await.split();
    let pings = sender.downgrade();
    drop(sender);
    tokio::select! {
        () = write(link, sink, to_wire) => {}
        () = read(link, stream, &pings) => {}
    }
    Some(())
}

/// Reads the request and answers it: the bytes after the head, or `None` if there will be no WebSocket.
async fn open<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, origins: &[String]) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let mut buffer = [0; 1_024];
    let (mut seen, mut found) = (0, None);
    let end = loop {
        found = found.or_else(|| head[seen..].windows(4).position(|four| four == b"\r\n\r\n").map(|at| seen + at));
        seen = head.len().saturating_sub(3);
        match found {
            Some(at) if at <= upgrade::LONGEST_HEAD => break at + 2,
            None if seen <= upgrade::LONGEST_HEAD => {}
            Some(_) | None => {
                stream.write_all(upgrade::refusal("431 Request Header Fields Too Large", "").as_bytes()).await.ok()?;
                return None;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => head.extend_from_slice(&buffer[..count]),
        }
    };
    let rest = head.split_off(end + 2);
    let (answer, welcome) = match upgrade::answer(&head[..end], origins) {
        Ok(answer) => (answer, true),
        Err(answer) => (answer, false),
    };
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    if welcome {
        return Some(rest);
    }
    let _ = stream.shutdown().await;
    None
}

/// Text where it is text (RFC 7118 §5.1 allows both).
fn wrapped(bytes: Bytes) -> Message {
    Utf8Bytes::try_from(bytes.clone()).map_or_else(|_| Message::Binary(bytes), Message::Text)
}

async fn write(link: &Link, mut sink: impl Sink<Message> + Unpin, mut to_wire: mpsc::Receiver<Bytes>) {
    // A ping keeps the way through routers open and finds out that a peer is gone (RFC 6455 §5.5.2); browsers send none themselves.
    let mut pings = interval_at(Instant::now() + link.patience.ping, link.patience.ping);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            bytes = to_wire.recv() => match bytes {
                Some(bytes) => wrapped(bytes),
                None => break,
            },
            _ = pings.tick() => Message::Ping(Bytes::new()),
        };
        if !matches!(timeout(WRITE_PATIENCE, sink.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = timeout(WRITE_PATIENCE, sink.close()).await;
}

async fn read(link: &Link, mut stream: impl Stream<Item = Result<Message, Error>> + Unpin, pings: &mpsc::WeakSender<Bytes>) {
    while let Some(message) = stream.next().await {
        let bytes = match message {
            Ok(Message::Text(text)) => Bytes::from(text),
            Ok(Message::Binary(bytes)) => bytes,
            // Answered by the library; the answer to a close goes out with the next read.
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => Bytes::new(),
            Err(Error::Capacity(_)) => {
                let _ = link.report(FromWire::Broken(link.id, Vec::new(), FrameError::TooLarge)).await;
                // The engine closes the write queue, and that says good-bye.
                return std::future::pending().await;
            }
            Err(_) => return,
        };
        let blank = bytes.iter().all(|b| matches!(b, b'\r' | b'\n'));
        // Some browser libraries send the keep-alive of streams (RFC 5626 §4.4.1) and wait for its answer.
        if blank
            && bytes.len() >= 4
            && let Some(pings) = pings.upgrade()
        {
            let _ = pings.try_send(Bytes::from_static(b"\r\n"));
        }
        let report = if blank { FromWire::Noise(link.id) } else { FromWire::Message(link.id, bytes.to_vec()) };
        if link.report(report).await.is_none() {
            return;
        }
    }
}
