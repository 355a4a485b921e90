//! TCP connections: one task reads and frames, one writes. Both ends are bounded: a peer that does not read is dropped.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::core::ConnectionId;
use crate::guard::{Frame, FrameError, Framer};

/// Messages that may wait to be written to one peer.
pub(super) const WRITE_QUEUE: usize = 256;

/// A peer that takes no byte for this long is gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// What a connection reports to the engine.
#[derive(Debug)]
pub(super) enum FromWire {
    /// A whole message.
    Message(ConnectionId, SocketAddr, Vec<u8>),
    /// Bytes came that are no whole message.
    Noise(ConnectionId),
    /// The stream cannot be followed any more; the bytes are the head of what was wrong.
    Broken(ConnectionId, SocketAddr, Vec<u8>, FrameError),
    /// A message did not become whole in time.
    Slow(ConnectionId),
    /// An outbound connection could not be made.
    Refused(ConnectionId, SocketAddr),
    /// The peer closed, or the connection failed.
    Closed(ConnectionId),
}

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) message: usize,
    pub(super) partial: Duration,
    pub(super) connect: Duration,
}

/// Connects and then serves.
pub(super) async fn connect(
    id: ConnectionId,
    remote: SocketAddr,
    to_wire: (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>),
    engine: mpsc::Sender<FromWire>,
    patience: Patience,
) {
    match timeout(patience.connect, TcpStream::connect(remote)).await {
        Ok(Ok(stream)) => serve(id, remote, stream, to_wire, engine, patience).await,
        Ok(Err(_)) | Err(_) => drop(engine.send(FromWire::Refused(id, remote)).await),
    }
}

/// Serves one connection until it ends. Dropping every sender of the write queue flushes what waits and closes.
pub(super) async fn serve(
    id: ConnectionId,
    remote: SocketAddr,
    stream: TcpStream,
    (sender, to_wire): (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>),
    engine: mpsc::Sender<FromWire>,
    patience: Patience,
) {
    // Signalling is small messages: waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let pings = sender.downgrade();
    drop(sender);
    tokio::select! {
        () = write(writer, to_wire) => {}
        () = read(id, remote, reader, &pings, &engine, patience) => {}
    }
    // Ok either way: a stopped engine has no use for the report.
    let _ = engine.send(FromWire::Closed(id)).await;
}

async fn write(mut writer: OwnedWriteHalf, mut to_wire: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = to_wire.recv().await {
        if !matches!(timeout(WRITE_PATIENCE, writer.write_all(&bytes)).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = writer.shutdown().await;
}

async fn read(
    id: ConnectionId,
    remote: SocketAddr,
    mut reader: OwnedReadHalf,
    pings: &mpsc::WeakSender<Bytes>,
    engine: &mpsc::Sender<FromWire>,
    patience: Patience,
) {
    let mut framer = Framer::new(patience.message);
    let mut buffer = vec![0; 16_384];
    let mut deadline: Option<Instant> = None;
    loop {
        let bytes = match deadline {
            Some(at) => timeout_at(at, reader.read(&mut buffer)).await,
            None => Ok(reader.read(&mut buffer).await),
        };
        let count = match bytes {
            Ok(Ok(0) | Err(_)) => return,
            Ok(Ok(count)) => count,
            Err(_) => return drop(engine.send(FromWire::Slow(id)).await),
        };
        framer.push(&buffer[..count]);
        let mut whole = false;
        loop {
            match framer.next() {
                Ok(Some(Frame::Message(message))) => {
                    whole = true;
                    if engine.send(FromWire::Message(id, remote, message)).await.is_err() {
                        return;
                    }
                }
                Ok(Some(Frame::Ping)) => {
                    if let Some(pings) = pings.upgrade() {
                        let _ = pings.try_send(Bytes::from_static(b"\r\n"));
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    let head = framer.partial().to_vec();
                    let _ = engine.send(FromWire::Broken(id, remote, head, error)).await;
                    // The engine says its last words through the write queue and closes it.
                    return std::future::pending().await;
                }
            }
        }
        if !whole && engine.send(FromWire::Noise(id)).await.is_err() {
            return;
        }
        deadline = match (framer.is_partial(), deadline) {
            (false, _) => None,
            (true, Some(at)) if !whole => Some(at),
            (true, _) => Some(Instant::now() + patience.partial),
        };
    }
}
