//! Connections: one task reads and frames, one writes. Both ends are bounded: a peer that does not read is dropped, and so is one that does
//! not finish its handshake.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::core::ConnectionId;
use super::ws;
use crate::guard::{Frame, FrameError, Framer};

/// Messages that may wait to be written to one peer.
pub(super) const WRITE_QUEUE: usize = 256;

/// A peer that takes no byte for this long is gone.
pub(super) const WRITE_PATIENCE: Duration = Duration::from_secs(10);

/// What a connection reports to the engine.
#[derive(Debug)]
pub(super) enum FromWire {
    /// The handshake is done.
    Ready(ConnectionId),
    /// A whole message.
    Message(ConnectionId, Vec<u8>),
    /// Something came that is no whole message.
    Noise(ConnectionId),
    /// The stream cannot be followed any more; the bytes are the head of what was wrong.
    Broken(ConnectionId, Vec<u8>, FrameError),
    /// A message did not become whole in time.
    Slow(ConnectionId),
    /// An inbound connection did not become one: a TLS or WebSocket handshake that failed, or took too long.
    Unfit(ConnectionId),
    /// An outbound connection could not be made, or the server is not whom it should be.
    Refused(ConnectionId),
    /// The peer closed, or the connection failed.
    Closed(ConnectionId),
}

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) message: usize,
    pub(super) partial: Duration,
    pub(super) connect: Duration,
    pub(super) handshake: Duration,
    pub(super) ping: Duration,
}

/// The write queue of a connection.
pub(super) type Queue = (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>);

/// A connection's way to the engine.
pub(super) struct Link {
    pub(super) id: ConnectionId,
    pub(super) engine: mpsc::Sender<FromWire>,
    pub(super) patience: Patience,
}

impl Link {
    /// `None` once the engine has stopped.
    pub(super) async fn report(&self, report: FromWire) -> Option<()> {
        self.engine.send(report).await.ok()
    }
}

/// What an inbound connection has to be wrapped in.
pub(super) struct Wrapping {
    pub(super) tls: Option<TlsAcceptor>,
    /// For WebSocket: the pages that may connect.
    pub(super) origins: Option<Arc<[String]>>,
}

/// Whom an outbound connection in TLS must reach.
pub(super) type Secure = Option<(TlsConnector, ServerName<'static>)>;

/// Connects and then serves.
pub(super) async fn connect(link: Link, remote: SocketAddr, secure: Secure, queue: Queue) {
    let deadline = Instant::now() + link.patience.connect;
    if dial(&link, remote, secure, queue, deadline).await.is_none() {
        let _ = link.report(FromWire::Refused(link.id)).await;
    }
}

async fn dial(link: &Link, remote: SocketAddr, secure: Secure, queue: Queue, deadline: Instant) -> Option<()> {
    let stream = timeout_at(deadline, TcpStream::connect(remote)).await.ok()?.ok()?;
    // Signalling is small messages: waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    match secure {
        Some((connector, name)) => {
            let stream = timeout_at(deadline, connector.connect(name, stream)).await.ok()?;
            let stream = stream.inspect_err(|error| tracing::info!(%error, "no TLS connection")).ok()?;
            serve(link, stream, queue).await;
        }
        None => serve(link, stream, queue).await,
    }
    Some(())
}

/// Makes an inbound connection what its listener is for, and serves it.
pub(super) async fn accept(link: Link, stream: TcpStream, wrapping: Wrapping, queue: Queue) {
    let deadline = Instant::now() + link.patience.handshake;
    let _ = stream.set_nodelay(true);
    let served = match wrapping.tls {
        Some(acceptor) => match timeout_at(deadline, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => open(&link, stream, wrapping.origins, queue, deadline).await,
            Ok(Err(_)) | Err(_) => None,
        },
        None => open(&link, stream, wrapping.origins, queue, deadline).await,
    };
    if served.is_none() {
        let _ = link.report(FromWire::Unfit(link.id)).await;
    }
}

async fn open<S>(link: &Link, stream: S, origins: Option<Arc<[String]>>, queue: Queue, deadline: Instant) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match origins {
        Some(origins) => {
            ws::serve(link, stream, &origins, queue, deadline).await?;
            let _ = link.report(FromWire::Closed(link.id)).await;
        }
        None => serve(link, stream, queue).await,
    }
    Some(())
}

/// Serves one stream until it ends. Dropping every sender of the write queue flushes what waits and closes.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(link: &Link, stream: S, (sender, to_wire): Queue) {
    if link.report(FromWire::Ready(link.id)).await.is_none() {
        return;
    }
    let (reader, writer) = tokio::io::split(stream);
    let pings = sender.downgrade();
    drop(sender);
    tokio::select! {
        () = write(writer, to_wire) => {}
        () = read(link, reader, &pings) => {}
    }
    // Either way: a stopped engine has no use for the report.
    let _ = link.report(FromWire::Closed(link.id)).await;
}

async fn write<S: AsyncWrite>(mut writer: WriteHalf<S>, mut to_wire: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = to_wire.recv().await {
        let written = async {
            writer.write_all(&bytes).await?;
            // TLS keeps what does not fit.
            writer.flush().await
        };
        if !matches!(timeout(WRITE_PATIENCE, written).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = timeout(WRITE_PATIENCE, writer.shutdown()).await;
}

async fn read<S: AsyncRead>(link: &Link, mut reader: ReadHalf<S>, pings: &mpsc::WeakSender<Bytes>) {
    let mut framer = Framer::new(link.patience.message);
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
            Err(_) => {
                let _ = link.report(FromWire::Slow(link.id)).await;
                return;
            }
        };
        framer.push(&buffer[..count]);
        let mut whole = false;
        loop {
            match framer.next() {
                Ok(Some(Frame::Message(message))) => {
                    whole = true;
                    if link.report(FromWire::Message(link.id, message)).await.is_none() {
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
                    let _ = link.report(FromWire::Broken(link.id, head, error)).await;
                    // The engine says its last words through the write queue and closes it.
                    return std::future::pending().await;
                }
            }
        }
        if !whole && link.report(FromWire::Noise(link.id)).await.is_none() {
            return;
        }
        deadline = match (framer.is_partial(), deadline) {
            (false, _) => None,
            (true, Some(at)) if !whole => Some(at),
            (true, _) => Some(Instant::now() + link.patience.partial),
        };
    }
}
