//! WebSocket, in clear and inside TLS (RFC 7118): a browser's call, its keep-alives, and what is no WebSocket.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use warmline_sip::guard::RefusalKind;
use warmline_sip::user_agent::{EndedBy, Event, Transport};

use crate::certificates::{Authority, everything};
use crate::support::{ANSWER, Agent, OFFER, PATIENCE, header, response, tag};

const PAGE: &str = "https://desk.example";

/// A browser with its page.
struct Browser<S> {
    socket: WebSocketStream<S>,
    transport: &'static str,
    to_tag: String,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Browser<S> {
    async fn open(stream: S, transport: &'static str) -> Self {
        let mut request = "ws://gateway/".into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
        request.headers_mut().insert("Origin", HeaderValue::from_static(PAGE));
        let (socket, answer) = client_async(request, stream).await.unwrap();
        assert_eq!(answer.headers()["Sec-WebSocket-Protocol"], "sip");
        Self { socket, transport, to_tag: String::new() }
    }

    /// Without Content-Length: the message is as long as it is.
    fn request(&self, method: &str, cseq: u32, body: &str) -> String {
        let tag = if self.to_tag.is_empty() { String::new() } else { format!(";tag={}", self.to_tag) };
        format!(
            "{method} sip:support@gateway.example SIP/2.0\r\nVia: SIP/2.0/{} df7jal23ls0d.invalid;branch=z9hG4bK{method}{cseq}{}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:ana@shop.example>;tag=f\r\nTo: <sip:support@gateway.example>{tag}\r\nCall-ID: browser-{}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:ana@df7jal23ls0d.invalid;transport=ws;ob>\r\nContent-Type: application/sdp\r\n\r\n{body}",
            self.transport, self.transport, self.transport,
        )
    }

    async fn send(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    async fn next(&mut self) -> Option<Message> {
        timeout(PATIENCE, self.socket.next()).await.expect("a message in time").and_then(Result::ok)
    }

    async fn expect(&mut self, start: &str) -> String {
        loop {
            match self.next().await.expect("an open connection") {
                Message::Text(text) if text.starts_with(start) => return text.as_str().to_owned(),
                _ => {}
            }
        }
    }
}

fn address(agent: &Agent, transport: Transport) -> SocketAddr {
    agent.handle.address(transport, false).unwrap()
}

async fn agent(authority: &Authority) -> Agent {
    let mut config = everything(authority.issue(&["127.0.0.1"]));
    config.origins = vec![PAGE.to_owned()];
    Agent::start(config).await
}

async fn browser(agent: &Agent) -> Browser<TcpStream> {
    Browser::open(TcpStream::connect(address(agent, Transport::Ws)).await.unwrap(), "WS").await
}

/// A call that the gateway ends: everything goes back over the browser's own connection.
async fn call<S: AsyncRead + AsyncWrite + Unpin>(agent: &mut Agent, browser: &mut Browser<S>, transport: Transport) {
    browser.send(browser.request("INVITE", 1, OFFER)).await;
    let incoming = agent.incoming().await;
    assert_eq!((incoming.transport, incoming.offer.as_deref()), (transport, Some(OFFER.as_bytes())));
    agent.handle.answer(incoming.leg, ANSWER.as_bytes().to_vec()).await;
    let ok = browser.expect("SIP/2.0 200").await;
    let contact = header(&ok, "Contact");
    assert_eq!(contact, format!("<sip:warmline@{};transport=ws>", address(agent, transport)));
    assert!(ok.ends_with(ANSWER));
    browser.to_tag = tag(&header(&ok, "To"));
    browser.send(browser.request("ACK", 1, "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    agent.handle.bye(incoming.leg, None).await;
    let bye = browser.expect("BYE").await;
    assert!(bye.starts_with("BYE sip:ana@df7jal23ls0d.invalid;transport=ws;ob SIP/2.0"), "{bye}");
    assert!(header(&bye, "Via").starts_with(&format!("SIP/2.0/{} {}", transport.via_name(), address(agent, transport))), "{bye}");
    browser.send(response(&bye, "200 OK", "", incoming.source, "")).await;
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Local, .. }));
    agent.settled().await;
}

#[tokio::test]
async fn a_browser_calls_over_ws_and_wss() {
    let authority = Authority::new("browser");
    let mut agent = agent(&authority).await;
    let mut plain = browser(&agent).await;
    call(&mut agent, &mut plain, Transport::Ws).await;
    let stream = authority.connect(address(&agent, Transport::Wss)).await.unwrap();
    let mut secure = Browser::open(stream, "WSS").await;
    call(&mut agent, &mut secure, Transport::Wss).await;
    assert_eq!(agent.handle.stats().await.connections, 2);
}

#[tokio::test]
async fn a_browser_that_is_gone_is_never_called() {
    let authority = Authority::new("gone");
    let mut agent = agent(&authority).await;
    let mut browser = browser(&agent).await;
    browser.send(browser.request("INVITE", 1, OFFER)).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    let ok = browser.expect("SIP/2.0 200").await;
    browser.to_tag = tag(&header(&ok, "To"));
    browser.send(browser.request("ACK", 1, "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    browser.socket.close(None).await.unwrap();
    while browser.next().await.is_some() {}
    agent.handle.bye(leg, None).await;
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Local, .. }));
    agent.settled().await;
    assert_eq!(agent.handle.stats().await.connections, 0);
    // Nor does anybody get us to open one.
    agent.dial(&format!("sip:ana@{};transport=ws", address(&agent, Transport::Ws))).await;
    assert!(matches!(agent.event().await, Event::Failed { status: None, .. }));
}

#[tokio::test]
async fn keep_alives_of_every_kind() {
    let authority = Authority::new("alive");
    let mut config = everything(authority.issue(&["127.0.0.1"]));
    config.origins = vec!["*".to_owned()];
    config.timers.connection_idle = Duration::from_millis(300);
    let agent = Agent::start(config).await;
    let mut browser = browser(&agent).await;
    browser.socket.send(Message::Ping(Bytes::from_static(b"there?"))).await.unwrap();
    browser.send("\r\n\r\n").await;
    let (mut pongs, mut blanks, mut pings) = (0, 0, 0);
    // Our pings are answered by the library: the connection outlives its time limit several times.
    while pongs < 1 || blanks < 1 || pings < 6 {
        match browser.next().await.expect("an open connection") {
            Message::Pong(bytes) => pongs += usize::from(bytes == "there?"),
            Message::Text(text) => blanks += usize::from(text.as_str() == "\r\n"),
            Message::Ping(_) => pings += 1,
            other => panic!("unexpected {other:?}"),
        }
    }
    browser.send(browser.request("OPTIONS", 1, "")).await;
    browser.expect("SIP/2.0 200").await;
}

#[tokio::test]
async fn an_oversized_message_ends_the_connection_and_a_broken_one_does_not() {
    let authority = Authority::new("large");
    let agent = agent(&authority).await;
    let mut browser = browser(&agent).await;
    browser.send("nonsense").await;
    browser.socket.send(Message::binary(vec![0xff; 100])).await.unwrap();
    browser.send(browser.request("OPTIONS", 1, "").replace("CSeq: 1 OPTIONS", "CSeq: x OPTIONS")).await;
    browser.expect("SIP/2.0 400").await;
    browser.send(browser.request("OPTIONS", 2, "")).await;
    browser.expect("SIP/2.0 200").await;
    // The agent may be gone before everything is written.
    let _ = browser.socket.send(Message::text("x".repeat(100_000))).await;
    while browser.next().await.is_some() {}
    assert_eq!(agent.handle.stats().await.refusals.of(RefusalKind::TooLarge), 1);
}

#[tokio::test]
async fn http_that_opens_no_websocket_is_told_so_and_closed() {
    let authority = Authority::new("http");
    let mut config = everything(authority.issue(&["127.0.0.1"]));
    config.timers.handshake = Duration::from_millis(300);
    let agent = Agent::start(config).await;
    let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n";
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "HTTP/1.1 426"),
        ("OPTIONS sip:a@b SIP/2.0\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        (format!("{upgrade}Origin: https://evil.example\r\n\r\n"), "HTTP/1.1 403"),
        (format!("{upgrade}X: {}", "y".repeat(20_000)), "HTTP/1.1 431"),
        // Never finished: closed when its time is over.
        (upgrade.to_owned(), ""),
    ] {
        let mut stream = TcpStream::connect(address(&agent, Transport::Ws)).await.unwrap();
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an end in time");
        let answer = String::from_utf8_lossy(&answer);
        assert!(if status.is_empty() { answer.is_empty() } else { answer.starts_with(status) }, "{request}: {answer}");
    }
    let stats = agent.handle.stats().await;
    assert_eq!((stats.connections, stats.refusals.of(RefusalKind::Handshake)), (0, 5));
}
