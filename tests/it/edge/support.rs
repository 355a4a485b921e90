//! A driver that answers every call, and a telephone made of two bare sockets.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{net::UdpSocket, sync::mpsc, time::timeout};
use warmline::{
    call::{
        event::{Event, LegEnd},
        ids::{CallId, LegId},
        media::patch::{Ear, Patch, Under},
    },
    clock,
    telephony::{Arrival, CallLegs, CallOptions, Lines, Options, People, Telephony, media::MediaConfig},
    trunk::{Network, Route, Trunk, TrunkTable},
};
use warmline_sip::{
    auth::{Algorithm, Secret, Session, challenges, strongest},
    uri::Uri,
    user_agent::{self, Listener, Registrar, RegistrarUser, Transport},
};

pub(super) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What every telephone that registers says.
const PASSWORD: &str = "sesame";
/// Far more than anything needs on the slowest machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The driver, and what reaches it.
pub(super) struct Edge {
    pub(super) telephony: Telephony,
    arrivals: mpsc::Receiver<Arrival>,
    // Without it the switchboard would take all pages for gone.
    pub(super) pages: mpsc::Sender<warmline::web_call::Request>,
    /// Where the next calls are recorded.
    pub(super) recording: Option<PathBuf>,
}

/// A call that was taken up.
pub(super) struct Taken {
    pub(super) caller: warmline::call::Caller,
    pub(super) legs: CallLegs,
    events: mpsc::Receiver<Event>,
}

impl Edge {
    /// With these ports for sound, and this patience with silence.
    pub(super) async fn start(ports: std::ops::RangeInclusive<u16>, media_timeout: Duration) -> Self {
        Self::over(Lines::default(), ports, media_timeout).await
    }

    /// The same with lines to telephone networks.
    pub(super) async fn over(lines: Lines, ports: std::ops::RangeInclusive<u16>, media_timeout: Duration) -> Self {
        Self::with(ports, media_timeout, |options| options.lines = lines).await
    }

    /// The same with anything else changed.
    pub(super) async fn with(ports: std::ops::RangeInclusive<u16>, media_timeout: Duration, adjusted: impl FnOnce(&mut Options)) -> Self {
        let listen = vec![Listener::new(Transport::Udp, SocketAddr::new(HERE, 0))];
        let mut options = Options {
            sip: user_agent::Config { listen, ..user_agent::Config::default() },
            calls: 10,
            media_address: HERE,
            other_address: None,
            from_user: "bot".to_owned(),
            display_name: "Bot".to_owned(),
            signatures: None,
            lines: Lines::default(),
            people: People::default(),
            trunks: trunks(Vec::new()),
            media: MediaConfig { ports, media_timeout, port_drain: Duration::from_secs(600), ..MediaConfig::new(HERE) },
        };
        adjusted(&mut options);
        let (pages, requests) = mpsc::channel(1);
        let (telephony, arrivals) = Telephony::start(options, requests).await.unwrap();
        Self { telephony, arrivals, pages, recording: None }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.telephony.user_agent().udp_address().unwrap()
    }

    /// Takes the next call and answers it.
    pub(super) async fn answer(&mut self) -> Taken {
        let taken = self.take().await;
        taken.legs.answer(LegId::CALLER).await;
        taken
    }

    /// Takes the next call, which goes on ringing.
    pub(super) async fn take(&mut self) -> Taken {
        let arrival = self.arrives().await;
        let (sender, events) = mpsc::channel(64);
        let (call, claim_code, recording) = (CallId("edge".into()), String::new(), self.recording.clone());
        let options = CallOptions { started: clock::now(), events: sender, call, claim_code, recording };
        Taken { caller: arrival.caller.clone(), legs: self.telephony.take(arrival, options).await, events }
    }

    /// The next call that may come.
    pub(super) async fn arrives(&mut self) -> Arrival {
        timeout(PATIENCE, self.arrivals.recv()).await.expect("a call in time").unwrap()
    }

    /// Whether nobody waits to be answered.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.arrivals.try_recv().is_err()
    }
}

impl Taken {
    /// Waits until the caller's leg has ended.
    pub(super) async fn ended(&mut self) -> LegEnd {
        loop {
            if let Event::LegEnded { leg: LegId::CALLER, why } = self.next().await {
                return why;
            }
        }
    }

    /// What happens next.
    pub(super) async fn next(&mut self) -> Event {
        timeout(PATIENCE, self.events.recv()).await.expect("an event in time").unwrap()
    }
}

/// Somebody who calls.
pub(super) struct Caller {
    sip: UdpSocket,
    pub(super) rtp: UdpSocket,
    /// The user of From, and the one that is called.
    pub(super) user: String,
    pub(super) called: String,
    edge: SocketAddr,
}

impl Caller {
    pub(super) async fn new(edge: SocketAddr) -> Self {
        Self::at(HERE, edge).await
    }

    /// Somebody at this address.
    pub(super) async fn at(here: IpAddr, edge: SocketAddr) -> Self {
        let bind = || UdpSocket::bind((here, 0));
        let (user, called) = ("ana".to_owned(), "support".to_owned());
        Self { sip: bind().await.unwrap(), rtp: bind().await.unwrap(), user, called, edge }
    }

    /// A telephone of this user that registers.
    pub(super) async fn registered(edge: SocketAddr, user: &str) -> Self {
        let phone = Self { user: user.to_owned(), called: user.to_owned(), ..Self::new(edge).await };
        phone.send("REGISTER", user, 1, "", "", "").await;
        let refusal = phone.answer_to(user, "1 REGISTER").await;
        let secret = Secret::password(PASSWORD);
        let challenge = strongest(&challenges([line(&refusal, "WWW-Authenticate")].into_iter()), Some("phones"), &secret).unwrap();
        let credentials =
            Session::new(challenge, "c0ffee".to_owned()).answer(user, &secret, "REGISTER", &format!("sip:{user}@{edge}")).unwrap();
        phone.send("REGISTER", user, 2, "", &format!("Authorization: {credentials}\r\n"), "").await;
        let answer = phone.answer_to(user, "2 REGISTER").await;
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        phone
    }

    /// The same telephone as one that is called.
    pub(super) fn into_peer(self, tag: &'static str) -> Peer {
        Peer { sip: self.sip, tag, said: AtomicU32::new(0) }
    }

    /// An offer of G.711 at its own socket.
    pub(super) fn offer(&self) -> String {
        offer(self.rtp.local_addr().unwrap(), "0")
    }

    /// Sends a request of call `id`; `more` are further headers.
    pub(super) async fn send(&self, method: &str, id: &str, cseq: u32, to_tag: &str, more: &str, body: &str) {
        let (own, user, called) = (self.sip.local_addr().unwrap(), &self.user, &self.called);
        let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
        let kind = kind_of(method, body);
        // A CANCEL belongs to the transaction of its INVITE (RFC 3261 §9.1).
        let transaction = if method == "CANCEL" { "INVITE" } else { method };
        let text = format!(
            "{method} sip:{called}@{} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{id}{transaction}{cseq};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@{own}>;tag=f{id}\r\nTo: <sip:{called}@{}>{tag}\r\nCall-ID: {id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:{user}@{own}>\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
            self.edge,
            self.edge,
            body.len()
        );
        self.sip.send_to(text.as_bytes(), self.edge).await.unwrap();
    }

    /// Sends a text as it is.
    pub(super) async fn says(&self, text: &str) {
        self.sip.send_to(text.as_bytes(), self.edge).await.unwrap();
    }

    /// The next message that is no 1xx.
    pub(super) async fn hears(&self) -> String {
        let mut buffer = vec![0; 8_192];
        loop {
            let (length, _) = timeout(PATIENCE, self.sip.recv_from(&mut buffer)).await.expect("a message in time").unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if !text.starts_with("SIP/2.0 1") {
                return text;
            }
        }
    }

    /// Whether nothing more has come.
    pub(super) fn is_quiet(&self) -> bool {
        self.sip.try_recv_from(&mut [0; 16]).is_err()
    }

    /// The final answer to the request with this number of a call.
    pub(super) async fn answer_to(&self, id: &str, cseq: &str) -> String {
        loop {
            // What nobody confirms is said again.
            let message = self.hears().await;
            if message.contains(&format!("Call-ID: {id}\r\n")) && message.contains(&format!("CSeq: {cseq}\r\n")) {
                return message;
            }
        }
    }

    /// The gateway's To tag.
    pub(super) fn tag_of(answer: &str) -> String {
        answer.split_once("\r\nTo: ").and_then(|(_, to)| to.split("\r\n").next()?.split_once(";tag=")).unwrap().1.to_owned()
    }

    /// Confirms a final answer; returns our To tag.
    pub(super) async fn confirm(&self, id: &str, answer: &str) -> String {
        let tag = Self::tag_of(answer);
        // The ACK of a 2xx is a transaction of its own; that of a refusal repeats the branch of the INVITE.
        if answer.starts_with("SIP/2.0 2") {
            self.send("ACK", id, 1, &tag, "", "").await;
        }
        tag
    }
}

/// A request that came to a peer.
pub(super) struct Request {
    pub(super) text: String,
    from: SocketAddr,
}

/// Where calls arrive that the gateway places.
pub(super) struct Peer {
    sip: UdpSocket,
    /// Its To tag in answers.
    pub(super) tag: &'static str,
    /// Requests of its own so far.
    said: AtomicU32,
}

impl Peer {
    pub(super) async fn new() -> Self {
        Self::at(HERE).await
    }

    /// At this address.
    pub(super) async fn at(here: IpAddr) -> Self {
        Self { sip: UdpSocket::bind((here, 0)).await.unwrap(), tag: "peer", said: AtomicU32::new(0) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.sip.local_addr().unwrap()
    }

    pub(super) fn uri(&self) -> Uri {
        format!("sip:{}", self.address()).parse().unwrap()
    }

    /// The next request of this kind.
    pub(super) async fn expect(&self, method: &str) -> Request {
        let mut buffer = vec![0; 8_192];
        loop {
            let (length, from) = timeout(PATIENCE, self.sip.recv_from(&mut buffer)).await.expect("a request in time").unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.starts_with(method) {
                return Request { text, from };
            }
        }
    }

    /// Whether nothing more has come.
    pub(super) fn is_quiet(&self) -> bool {
        self.sip.try_recv_from(&mut [0; 16]).is_err()
    }

    pub(super) async fn respond(&self, request: &Request, status: &str, body: &str) {
        self.respond_at(request, status, self.address(), body).await;
    }

    /// The same with another Contact.
    pub(super) async fn respond_at(&self, request: &Request, status: &str, contact: SocketAddr, body: &str) {
        self.respond_with(request, status, &format!("Contact: <sip:4022@{contact}>\r\n"), body).await;
    }

    /// The same with these further headers.
    pub(super) async fn respond_with(&self, request: &Request, status: &str, more: &str, body: &str) {
        let header = |name: &str| request.text.lines().find(|line| line.starts_with(&format!("{name}: "))).unwrap();
        let to = header("To");
        let tag = if to.contains(";tag=") { String::new() } else { format!(";tag={}", self.tag) };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "SIP/2.0 {status}\r\n{}\r\n{}\r\n{to}{tag}\r\n{}\r\n{}\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
            header("Via"),
            header("From"),
            header("Call-ID"),
            header("CSeq"),
            body.len()
        );
        self.sip.send_to(text.as_bytes(), request.from).await.unwrap();
    }

    /// Sends a request inside the call that this INVITE has begun.
    pub(super) async fn says(&self, invite: &Request, method: &str, more: &str) {
        self.tells(invite, method, more, "").await;
    }

    /// The same with a body.
    pub(super) async fn tells(&self, invite: &Request, method: &str, more: &str, body: &str) {
        let header = |name: &str| invite.text.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap();
        let (own, target) = (self.address(), header("Contact").trim_start_matches('<').split('>').next().unwrap());
        let cseq = 1 + self.said.fetch_add(1, Ordering::Relaxed);
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{method}{cseq}\r\nMax-Forwards: 70\r\nFrom: {};tag={}\r\nTo: {}\r\n\
             Call-ID: {}\r\nCSeq: {cseq} {method}\r\n{more}{}Content-Length: {}\r\n\r\n{body}",
            header("To"),
            self.tag,
            header("From"),
            header("Call-ID"),
            kind_of(method, body),
            body.len(),
        );
        self.sip.send_to(text.as_bytes(), invite.from).await.unwrap();
    }
}

/// A registrar of these users' telephones.
pub(super) fn phones(users: &[&str]) -> Registrar {
    let user = |user: &&str| RegistrarUser { user: (*user).to_owned(), secret: Secret::password(PASSWORD) };
    Registrar { algorithms: vec![Algorithm::Sha256], ..Registrar::new("phones", users.iter().map(user).collect()) }
}

/// One of the lines of a message.
pub(super) fn line<'m>(message: &'m str, name: &str) -> &'m str {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_else(|| panic!("no {name} in {message}"))
}

/// What kind of body a request has: a session description, or a key.
const fn kind_of(method: &str, body: &str) -> &'static str {
    match (body.is_empty(), method.as_bytes()) {
        (true, _) => "",
        (false, b"INFO") => "Content-Type: application/dtmf-relay\r\n",
        (false, _) => "Content-Type: application/sdp\r\n",
    }
}

/// A loopback address for each peer of a test.
pub(super) const fn loopback(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
}

/// A trunk at one address.
pub(super) fn trunk_at(name: &str, address: IpAddr) -> Trunk {
    Trunk { name: name.to_owned(), networks: vec![Network::from(address)], ..Trunk::default() }
}

/// Trunks of which every call may come; without any, everybody's.
pub(super) fn trunks(trunks: Vec<Trunk>) -> Arc<TrunkTable> {
    Arc::new(TrunkTable::new(trunks, Vec::new(), vec![Route { called: "*".to_owned(), ..Route::default() }]))
}

/// An offer of these payload types.
pub(super) fn offer(rtp: SocketAddr, types: &str) -> String {
    let at = format!("IN {} {}", if rtp.is_ipv4() { "IP4" } else { "IP6" }, rtp.ip());
    format!("v=0\r\no=- 1 1 {at}\r\ns=-\r\nc={at}\r\nt=0 0\r\nm=audio {} RTP/AVP {types}\r\n", rtp.port())
}

/// Where an answer wants sound.
pub(super) fn sound_of(answer: &str) -> SocketAddr {
    let port = answer.lines().find_map(|line| line.strip_prefix("m=audio ")?.split(' ').next()?.parse().ok()).unwrap();
    let address = answer.lines().find_map(|line| line.strip_prefix("c=IN IP")?.get(2..)?.parse().ok()).unwrap();
    SocketAddr::new(address, port)
}

/// Two legs that hear each other.
pub(super) fn joined(one: LegId, other: LegId) -> Patch {
    let ear = |leg, other| Ear { leg, hears: vec![other], under: Under::Nothing };
    Patch { ears: vec![ear(one, other), ear(other, one)], ..Patch::default() }
}
