//! Connections with limits: how many there are, and how long one may neither take nor send anything.
//!
//! A reader that stops reading fills the socket's buffers; then the write stalls, and the connection is closed. What waits for it until then is bounded by
//! the hub.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, Sleep},
};

use crate::http::tls::{Tls, Wire};

/// How long a connection may do nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// A write may wait so long for the reader.
    pub(super) stall: Duration,
    /// A connection without a byte in either direction is closed after this. Live streams send a comment every 10 s.
    pub(super) idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { stall: Duration::from_secs(15), idle: Duration::from_secs(60) }
    }
}

/// A listener with a limit of connections.
#[derive(Debug)]
pub(super) struct Guarded {
    listener: TcpListener,
    places: Arc<Semaphore>,
    patience: Patience,
    tls: Option<watch::Receiver<Tls>>,
}

impl Guarded {
    pub(super) fn new(listener: TcpListener, connections: usize, patience: Patience, tls: Option<watch::Receiver<Tls>>) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(connections)), patience, tls }
    }
}

impl Listener for Guarded {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let place = Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed");
        // axum's own accept waits a moment when the process has no file descriptors left, instead of spinning.
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let _without_it_things_are_only_slower = stream.set_nodelay(true);
        let patience = self.patience;
        let idle = Box::pin(tokio::time::sleep(patience.idle));
        let connection = Connection { stream, patience, idle, stalled: None, _place: place };
        let tls = self.tls.as_ref().map(|tls| tls.borrow().clone());
        (Wire::new(connection, tls), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that closes when it stalls.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    patience: Patience,
    idle: Pin<Box<Sleep>>,
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn moved(&mut self) {
        self.idle.as_mut().reset(Instant::now() + self.patience.idle);
        self.stalled = None;
    }

    /// What a pending write turns into once it has waited too long.
    fn stall<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let timer = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.patience.stall)));
        timer.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Ready(result) => {
                if buffer.filled().len() > before {
                    this.idle.as_mut().reset(Instant::now() + this.patience.idle);
                }
                Poll::Ready(result)
            }
            Poll::Pending => this.idle.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[io::IoSlice::new(bytes)])
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_write_vectored(context, slices) {
            Poll::Ready(result) => {
                this.moved();
                Poll::Ready(result)
            }
            Poll::Pending => this.stall(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, time::Duration};

    use axum::serve::Listener;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::{Guarded, Patience, Wire};

    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_secs(600);

    async fn connected(patience: Patience) -> (Guarded, Wire, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut guarded = Guarded::new(listener, 1, patience, None);
        let (connection, _) = guarded.accept().await;
        (guarded, connection, client)
    }

    #[tokio::test]
    async fn a_reader_that_does_not_read_stalls_the_write_and_no_longer() {
        let (_guarded, mut connection, _client) = connected(Patience { stall: SHORT, idle: LONG }).await;
        let error = loop {
            if let Err(error) = connection.write_all(&[0; 65_536]).await {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_silent_connection_is_closed_and_one_that_is_written_to_is_not() {
        let (_guarded, mut connection, mut client) = connected(Patience { stall: LONG, idle: SHORT }).await;
        let mut buffer = [0; 1];
        assert_eq!(connection.read(&mut buffer).await.unwrap_err().kind(), ErrorKind::TimedOut);
        // The same as hyper does it: a read that waits while a stream is written.
        connection.write_all(b"x").await.unwrap();
        client.write_all(b"y").await.unwrap();
        assert_eq!(connection.read(&mut buffer).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn the_place_of_a_closed_connection_is_free_again() {
        let (mut guarded, connection, _client) = connected(Patience::default()).await;
        let _second = TcpStream::connect(guarded.local_addr().unwrap()).await.unwrap();
        assert!(tokio::time::timeout(SHORT, guarded.accept()).await.is_err(), "there is one place only");
        drop(connection);
        guarded.accept().await;
    }
}
