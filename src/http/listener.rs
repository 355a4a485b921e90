//! Connections with limits: how many there are, altogether and from one address, and how long one may neither take nor ask anything. Whoever comes when there is no place is told so.
//!
//! A reader that stops reading fills the socket's buffers; then the write stalls, and the connection is closed. What waits for it until then is bounded by
//! the hub.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, Sleep},
};

use crate::{
    http::{
        peer::{is_proxy, source},
        shares::{Share, Shares},
        tls::{Tls, Wire},
    },
    trunk::Network,
};

/// How long a connection may do nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// A write may wait so long for the reader.
    pub(super) stall: Duration,
    /// A connection that asks nothing is closed after this, and so is one that is not done with asking: bytes that trickle in do not count. Live streams send
    /// a comment every 10 s.
    pub(super) idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { stall: Duration::from_secs(15), idle: Duration::from_secs(60) }
    }
}

/// How many connections there are at once.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// Altogether.
    pub(super) all: usize,
    /// From one address, or network of IPv6.
    pub(super) per_address: usize,
    /// But for these, which speak for many.
    pub(super) proxies: Vec<Network>,
}

impl Bounds {
    /// So many, from wherever.
    pub(super) const fn of(all: usize) -> Self {
        Self { all, per_address: all, proxies: Vec::new() }
    }
}

/// What somebody hears who has as many connections as one may have (RFC 6585 section 4).
const TOO_MANY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nretry-after: 5\r\nconnection: close\r\n\r\n";

/// What somebody hears for whom there is no place (RFC 9110 section 15.6.4).
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 5\r\nconnection: close\r\n\r\n";

/// So many who were told so may finish their question at a time: closed under it, some would not see the answer.
const LEAVING: usize = 64;

/// And so long it may take them.
const LEAVING_FOR: Duration = Duration::from_secs(1);

/// A listener with a limit of connections.
#[derive(Debug)]
pub(super) struct Guarded {
    listener: TcpListener,
    places: Arc<Semaphore>,
    shares: Shares,
    proxies: Vec<Network>,
    leaving: Arc<Semaphore>,
    patience: Patience,
    tls: Option<watch::Receiver<Tls>>,
}

impl Guarded {
    pub(super) fn new(listener: TcpListener, bounds: Bounds, patience: Patience, tls: Option<watch::Receiver<Tls>>) -> Self {
        let (places, leaving) = (Arc::new(Semaphore::new(bounds.all)), Arc::new(Semaphore::new(LEAVING)));
        Self { listener, places, shares: Shares::new(bounds.per_address), proxies: bounds.proxies, leaving, patience, tls }
    }

    /// The next connection for which there is a place.
    async fn next(&mut self) -> (TcpStream, SocketAddr, Place) {
        loop {
            // axum's own accept waits a moment when the process has no file descriptors left, instead of spinning.
            let (stream, address) = Listener::accept(&mut self.listener).await;
            match self.place(address.ip()) {
                Ok(place) => return (stream, address, place),
                Err(answer) => self.refuse(stream, answer),
            }
        }
    }

    /// A place for a connection from here; what they hear if there is none.
    fn place(&self, from: IpAddr) -> Result<Place, &'static [u8]> {
        let share = match is_proxy(from.to_canonical(), &self.proxies) {
            true => None,
            false => Some(self.shares.take(source(from)).ok_or(TOO_MANY)?),
        };
        let one = Arc::clone(&self.places).try_acquire_owned().map_err(|_| NO_PLACE)?;
        Ok(Place { _one: one, _share: share })
    }

    /// Under TLS nobody can be told anything yet.
    fn refuse(&self, mut stream: TcpStream, answer: &'static [u8]) {
        metrics::counter!("warmline_http_refused_total").increment(1);
        let Ok(leaving) = Arc::clone(&self.leaving).try_acquire_owned() else { return };
        if self.tls.is_some() {
            return;
        }
        tokio::spawn(async move {
            let _leaving = leaving;
            let told = async {
                stream.write_all(answer).await?;
                stream.shutdown().await?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
            };
            let _they_may_be_gone = tokio::time::timeout(LEAVING_FOR, told).await;
        });
    }
}

impl Listener for Guarded {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address, place) = self.next().await;
        let _without_it_things_are_only_slower = stream.set_nodelay(true);
        let patience = self.patience;
        let idle = Box::pin(tokio::time::sleep(patience.idle));
        let connection = Connection { stream, patience, idle, asks: false, stalled: None, _place: place };
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
    /// Something came in since it was last answered.
    asks: bool,
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

/// One of all places, and one of its address's.
#[derive(Debug)]
struct Place {
    _one: OwnedSemaphorePermit,
    _share: Option<Share>,
}

impl Connection {
    fn stay(&mut self) {
        self.idle.as_mut().reset(Instant::now() + self.patience.idle);
    }

    fn answered(&mut self) {
        self.stay();
        (self.asks, self.stalled) = (false, None);
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
                if buffer.filled().len() > before && !this.asks {
                    this.asks = true;
                    this.stay();
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
                this.answered();
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
    use std::{io::ErrorKind, net::IpAddr, time::Duration};

    use axum::serve::Listener;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpSocket, TcpStream},
    };

    use super::{Bounds, Guarded, Patience, Wire};

    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_secs(600);
    /// How long anything may take on a busy machine.
    const LIMIT: Duration = Duration::from_secs(60);

    async fn connected(patience: Patience) -> (Guarded, Wire, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut guarded = Guarded::new(listener, Bounds { per_address: 2, ..Bounds::of(1) }, patience, None);
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
    async fn a_question_that_trickles_in_is_not_waited_for() {
        let (_guarded, mut connection, mut client) = connected(Patience { stall: LONG, idle: SHORT }).await;
        let trickle = tokio::spawn(async move {
            let mut every = tokio::time::interval(SHORT / 5);
            loop {
                every.tick().await;
                if client.write_all(b"G").await.is_err() {
                    return;
                }
            }
        });
        let mut read = 0;
        let given_up = async {
            loop {
                match connection.read(&mut [0; 1]).await {
                    Ok(bytes) => read += bytes,
                    Err(error) => return error.kind(),
                }
            }
        };
        assert_eq!(tokio::time::timeout(LIMIT, given_up).await.expect("it is given up"), ErrorKind::TimedOut);
        assert!(read > 1, "{read} bytes came");
        trickle.abort();
    }

    #[tokio::test]
    async fn whoever_finds_no_place_is_told_so_and_the_place_of_a_closed_connection_is_free_again() {
        let (mut guarded, connection, _client) = connected(Patience::default()).await;
        let mut second = TcpStream::connect(guarded.local_addr().unwrap()).await.unwrap();
        second.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let mut told = String::new();
        tokio::select! {
            _ = guarded.accept() => panic!("there is one place only"),
            read = second.read_to_string(&mut told) => assert!(read.unwrap() > 0),
        }
        assert!(told.starts_with("HTTP/1.1 503 ") && told.contains("connection: close") && told.ends_with("\r\n\r\n"), "{told}");
        drop(connection);
        let _third = TcpStream::connect(guarded.local_addr().unwrap()).await.unwrap();
        guarded.accept().await;
    }

    /// A connection from this loopback address.
    async fn from(source: &str, guarded: &Guarded) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(source.parse().unwrap()).unwrap();
        socket.connect(guarded.local_addr().unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn one_address_has_so_many_connections_and_leaves_the_others_theirs() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bounds = Bounds { all: 100, per_address: 2, proxies: vec![IpAddr::from([127, 0, 0, 9]).into()] };
        let mut guarded = Guarded::new(listener, bounds, Patience::default(), None);
        let mut open = Vec::new();
        for _ in 0..2 {
            let client = from("127.0.0.2:0", &guarded).await;
            open.push((guarded.accept().await, client));
        }
        let mut third = from("127.0.0.2:0", &guarded).await;
        third.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        // Others come in meanwhile, and a proxy as often as it likes.
        for source in ["127.0.0.3:0", "127.0.0.9:0", "127.0.0.9:0", "127.0.0.9:0"] {
            let client = from(source, &guarded).await;
            open.push((guarded.accept().await, client));
        }
        let mut told = String::new();
        third.read_to_string(&mut told).await.unwrap();
        assert!(told.starts_with("HTTP/1.1 429 ") && told.contains("connection: close") && told.ends_with("\r\n\r\n"), "{told}");
        // Who leaves, comes again.
        drop(open.remove(0));
        let _again = from("127.0.0.2:0", &guarded).await;
        let (_, address) = guarded.accept().await;
        assert_eq!(address.ip(), IpAddr::from([127, 0, 0, 2]));
    }
}
