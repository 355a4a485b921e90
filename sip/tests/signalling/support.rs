//! A user agent under test, and a peer made of a bare socket that says exactly what a test wants.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::time::timeout;
use warmline_sip::user_agent::{Config, DialRequest, Event, Incoming, LegId, Listener, Offers, Timers, Transport, UserAgent, Way, bind};

/// Long enough for a busy machine; only a failing test waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n";
pub(crate) const ANSWER: &str = "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 50000 RTP/AVP 0\r\n";

/// A user agent and its events.
pub(crate) struct Agent {
    pub(crate) handle: UserAgent,
    pub(crate) events: mpsc::Receiver<Event>,
}

/// On loopback, with everything 25 times faster than the standard.
pub(crate) fn quick() -> Config {
    let t1 = Duration::from_millis(20);
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let listen = [Transport::Udp, Transport::Tcp].map(|transport| Listener::new(transport, loopback)).to_vec();
    let timers = Timers { t1, t2: t1 * 8, t4: t1 * 10, ..Timers::default() };
    Config { listen, timers, ..Config::default() }
}

impl Agent {
    pub(crate) async fn start(config: Config) -> Self {
        let (handle, events) = bind(config).await.unwrap();
        Self { handle, events }
    }

    pub(crate) fn udp(&self) -> SocketAddr {
        self.handle.udp_address().unwrap()
    }

    pub(crate) fn tcp(&self) -> SocketAddr {
        self.handle.tcp_address().unwrap()
    }

    pub(crate) async fn event(&mut self) -> Event {
        timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("a running agent")
    }

    pub(crate) async fn incoming(&mut self) -> Incoming {
        match self.event().await {
            Event::Incoming(call) => *call,
            other => panic!("expected a call, got {other:?}"),
        }
    }

    /// Places a call to `target` and returns its leg.
    pub(crate) async fn dial(&self, target: &str) -> LegId {
        let leg = self.handle.new_leg();
        self.handle.dial(request(leg, target)).await;
        leg
    }

    /// Waits until nothing is left of any call.
    pub(crate) async fn settled(&self) {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        timeout(PATIENCE, async {
            while self.handle.stats().await.legs > 0 {
                look.tick().await;
            }
        })
        .await
        .expect("every leg to be released");
    }
}

pub(crate) fn request(leg: LegId, target: &str) -> DialRequest {
    DialRequest {
        leg,
        target: target.parse().unwrap(),
        account: None,
        from: "4021".to_owned(),
        display_name: Some("Order \"desk\"".to_owned()),
        offers: Offers::everywhere(OFFER.as_bytes().to_vec()),
        headers: vec![("X-Reason".to_owned(), "late order\r\nVia: evil".to_owned()), ("Via".to_owned(), "evil".to_owned())],
        ring_timeout: Duration::from_secs(15),
        follow_redirects: false,
        may_refer: false,
        way: Way::default(),
    }
}

/// A UDP peer that says what it is told to.
pub(crate) struct Peer {
    pub(crate) socket: UdpSocket,
    pub(crate) agent: SocketAddr,
}

impl Peer {
    pub(crate) async fn new(agent: SocketAddr) -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(), agent }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(crate) fn uri(&self) -> String {
        format!("sip:agent@{}", self.address())
    }

    pub(crate) async fn send(&self, text: impl AsRef<[u8]>) {
        self.socket.send_to(text.as_ref(), self.agent).await.unwrap();
    }

    pub(crate) async fn receive(&self) -> String {
        let mut buffer = vec![0; 65_536];
        let (length, _) = timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await.expect("a packet in time").unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// The next message that starts like this; others are skipped.
    pub(crate) async fn expect(&self, start: &str) -> String {
        loop {
            let message = self.receive().await;
            if message.starts_with(start) {
                return message;
            }
        }
    }

    /// The answer to an OPTIONS request shows that everything sent before it was dealt with.
    pub(crate) async fn options(&self) -> String {
        let own = Call::new(self.address(), "options");
        self.send(own.request("OPTIONS", 1, "", "")).await;
        loop {
            let message = self.receive().await;
            if header(&message, "Call-ID") == own.call_id && message.starts_with("SIP/2.0 ") {
                return message;
            }
        }
    }

    /// Answers a request with a tag of our own.
    pub(crate) async fn respond(&self, request: &str, status: &str, tag: &str, body: &str) {
        self.send(response(request, status, tag, self.address(), body)).await;
    }
}

/// The ids of one call of a hand-made peer.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) own: SocketAddr,
    pub(crate) call_id: String,
    pub(crate) from_tag: String,
    pub(crate) to_tag: String,
    pub(crate) branch: u32,
    pub(crate) transport: &'static str,
}

impl Call {
    pub(crate) fn new(own: SocketAddr, name: &str) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let call_id = format!("{name}-{n}@test");
        Self { own, call_id, from_tag: format!("f{n}"), to_tag: String::new(), branch: n * 1000, transport: "UDP" }
    }

    /// A request of this call; the branch is `branch` plus the number in CSeq, so an ACK of a refusal or a CANCEL has its INVITE's.
    pub(crate) fn request(&self, method: &str, cseq: u32, extra: &str, body: &str) -> String {
        let tag = if self.to_tag.is_empty() { String::new() } else { format!(";tag={}", self.to_tag) };
        let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} sip:support@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{} {};branch=z9hG4bK{};rport\r\nMax-Forwards: 70\r\n\
             From: \"Ana\" <sip:ana@127.0.0.1>;tag={}\r\nTo: <sip:support@127.0.0.1>{tag}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:ana@{}>\r\n{extra}{content}Content-Length: {}\r\n\r\n{body}",
            self.transport,
            self.own,
            self.branch + cseq,
            self.from_tag,
            self.call_id,
            self.own,
            body.len(),
        )
    }

    pub(crate) fn invite(&self) -> String {
        self.request("INVITE", 1, "", OFFER)
    }

    /// Learns the To tag from a response.
    pub(crate) fn learn(&mut self, response: &str) {
        self.to_tag = tag(&header(response, "To"));
    }
}

/// The first value of a header.
pub(crate) fn header(message: &str, name: &str) -> String {
    let prefix = format!("{}:", name.to_ascii_lowercase());
    let line = message.lines().find(|line| line.to_ascii_lowercase().starts_with(&prefix));
    line.map(|line| line[prefix.len()..].trim().to_owned()).unwrap_or_default()
}

pub(crate) fn tag(value: &str) -> String {
    value.split(";tag=").nth(1).unwrap_or_default().split(';').next().unwrap_or_default().to_owned()
}

/// The body of a message.
pub(crate) fn body(message: &str) -> &str {
    message.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// A response that echoes what it must.
pub(crate) fn response(request: &str, status: &str, to_tag: &str, own: SocketAddr, body: &str) -> String {
    let mut out = format!("SIP/2.0 {status}\r\n");
    for line in request.lines().take_while(|line| !line.is_empty()) {
        let name = line.split(':').next().unwrap_or_default();
        match name {
            "Via" | "From" | "Call-ID" | "CSeq" | "Record-Route" => out += &format!("{line}\r\n"),
            "To" if tag(line).is_empty() && !to_tag.is_empty() => out += &format!("{line};tag={to_tag}\r\n"),
            "To" => out += &format!("{line}\r\n"),
            _ => {}
        }
    }
    let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    out + &format!("Contact: <sip:agent@{own}>\r\n{content}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A TCP peer.
pub(crate) struct Stream {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

impl Stream {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), buffer: Vec::new() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    pub(crate) async fn send(&mut self, text: impl AsRef<[u8]>) {
        // The agent may close while we write: what counts is what it said before.
        let _ = self.stream.write_all(text.as_ref()).await;
    }

    /// The next message, `None` when the agent has closed.
    pub(crate) async fn receive(&mut self) -> Option<String> {
        loop {
            let text = String::from_utf8_lossy(&self.buffer).into_owned();
            if let Some((head, rest)) = text.split_once("\r\n\r\n") {
                let length: usize = header(head, "Content-Length").parse().unwrap_or(0);
                if rest.len() >= length {
                    let whole = head.len() + 4 + length;
                    self.buffer.drain(..whole);
                    return Some(text[..whole].to_owned());
                }
            }
            let mut bytes = [0; 4096];
            match timeout(PATIENCE, self.stream.read(&mut bytes)).await.expect("bytes in time") {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.buffer.extend_from_slice(&bytes[..count]),
            }
        }
    }

    pub(crate) async fn expect(&mut self, start: &str) -> String {
        loop {
            let message = self.receive().await.expect("an open connection");
            if message.starts_with(start) {
                return message;
            }
        }
    }
}
