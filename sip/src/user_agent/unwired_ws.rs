//! A WebSocket listener without sockets: what the fuzzer drives.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::core::ConnectionId;
use super::stream::{FromWire, Link, Patience, WRITE_QUEUE};
use super::ws;

/// Nothing here waits.
const EVER: Duration = Duration::from_secs(3_600);

/// What a listener makes of one connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WebSocketHeard {
    /// What it wrote: the answer to the HTTP request, and frames.
    pub wrote: Vec<u8>,
    /// The messages that it hands on.
    pub messages: Vec<Vec<u8>>,
    /// There was no WebSocket, or a message that was too long ended it.
    pub refused: bool,
}

/// Has a listener for the pages of these origins read a connection that brings these pieces, and then ends. No message may have more than `longest` bytes.
#[must_use]
pub fn web_socket_hears<'a>(pieces: impl Iterator<Item = &'a [u8]>, origins: &[String], longest: usize) -> WebSocketHeard {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime without sockets");
    let mut tape = Tape { pieces: pieces.collect(), wrote: Vec::new() };
    let (engine, mut reports) = mpsc::channel(1);
    let (sender, to_wire) = mpsc::channel(WRITE_QUEUE);
    let mut writer = Some(sender.clone());
    let patience = Patience { message: longest, partial: EVER, connect: EVER, handshake: EVER, ping: EVER };
    let link = Link { id: ConnectionId(0), engine, patience };
    let mut heard = WebSocketHeard::default();
    let served = runtime.block_on(async {
        let serve = async {
            // Its end is the end of the reports.
            let link = link;
            ws::serve(&link, &mut tape, origins, (sender, to_wire), Instant::now() + EVER).await
        };
        let listen = async {
            while let Some(report) = reports.recv().await {
                match report {
                    FromWire::Message(_, message) => heard.messages.push(message),
                    // As the engine does: nothing more is written.
                    FromWire::Broken(..) => (heard.refused, writer) = (true, None),
                    _ => {}
                }
            }
        };
        tokio::join!(serve, listen).0
    });
    heard.refused |= served.is_none();
    heard.wrote = tape.wrote;
    heard
}

/// A stream that has its bytes already.
struct Tape<'a> {
    pieces: VecDeque<&'a [u8]>,
    wrote: Vec<u8>,
}

impl AsyncRead for Tape<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(piece) = self.pieces.pop_front() {
            let (now, later) = piece.split_at(piece.len().min(buffer.remaining()));
            buffer.put_slice(now);
            if !later.is_empty() {
                self.pieces.push_front(later);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tape<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
