//! A telephone on a SIP address of its own, and the calls that it makes and takes.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::{net::UdpSocket, time::timeout_at};
use warmline_sip::{
    codec::Codec,
    sdp::{Direction, LocalMedia, Policy, SdpSession, Secret},
};

use super::{
    dialog::{Dialog, Running, State},
    media::{Media, MediaPort},
    message::{Identity, Message, response},
};
use crate::clock;

/// RFC 3261's T1: the first repetition over UDP.
pub(super) const T1: Duration = Duration::from_millis(500);
/// RFC 3261's timer B: then nobody is there.
const NOBODY_THERE: Duration = Duration::from_secs(32);
const LARGEST_MESSAGE: usize = 65_535;

/// A telephone. One call at a time.
#[derive(Debug)]
pub struct Phone {
    pub(super) socket: Arc<UdpSocket>,
    local: SocketAddr,
    user: String,
    /// What the far end's display shows.
    name: String,
    origin: Instant,
    codec: Codec,
    calls: AtomicU32,
}

impl Phone {
    /// A telephone that belongs to `user` at `address` (port 0: any). All its times count from `origin`.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn bind(user: &str, address: SocketAddr, origin: Instant) -> Result<Self> {
        let socket = UdpSocket::bind(address).await.with_context(|| format!("the phone of {user} cannot use {address}"))?;
        let local = socket.local_addr()?;
        let user = user.to_owned();
        Ok(Self { socket: Arc::new(socket), local, name: user.clone(), user, origin, codec: Codec::Pcmu, calls: AtomicU32::new(0) })
    }

    /// The same telephone with a name for the far end's display.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The same telephone with another codec.
    #[must_use]
    pub fn with_codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Its SIP address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("sip:{}@{}", self.user, self.local)
    }

    /// The time now, on its timeline.
    #[must_use]
    pub fn now(&self) -> Duration {
        clock::now().duration_since(self.origin)
    }

    /// Calls `user` at `gateway`, and waits for the answer.
    ///
    /// # Errors
    /// If the call is refused (the message names the status), or nobody answers.
    pub async fn call(&self, user: &str, gateway: SocketAddr) -> Result<Line> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let port = MediaPort::bind(self.local.ip()).await?;
        let mut session = self.session(&port);
        let offer = session.offer(Direction::SendRecv);
        let target = format!("sip:{user}@{gateway}");
        let mut identity = Identity {
            from: format!("\"{}\" <{}>;tag=t{number}", self.name, self.address()),
            to: format!("<{target}>"),
            target,
            // Unique as long as no two telephones share a port within the gateway's memory of ended calls.
            call_id: format!("{}-{}-{number}@{}", std::process::id(), self.local.port(), clock::utc().as_micros()),
            local: self.local.to_string(),
            contact: format!("<{}>", self.address()),
        };
        let invited = self.now();
        let answer = self.invite(&identity, &identity.request("INVITE", 1, Some(&offer)), gateway).await?;
        let answered = self.now();
        answer.header("To").clone_into(&mut identity.to);
        identity.target = answer.contact().unwrap_or(identity.target);
        let ack = identity.request("ACK", 1, None);
        self.socket.send_to(ack.as_bytes(), gateway).await?;
        let agreed = session.accept(&answer.body).context("the answer's session description")?;
        let media = Arc::new(port.start(agreed, self.origin));
        let dialog = Dialog::new(identity, session, Arc::clone(&media), gateway, 1).with_ack(ack);
        Ok(self.line(dialog, media, invited, answered))
    }

    /// Sends the INVITE until something comes back (RFC 3261 §17.1.1.2), then waits for the final answer.
    async fn invite(&self, identity: &Identity, invite: &str, gateway: SocketAddr) -> Result<Message> {
        let deadline = tokio::time::Instant::from_std(clock::now() + NOBODY_THERE);
        let mut pause = T1;
        let mut heard_of = false;
        let mut buffer = vec![0; LARGEST_MESSAGE];
        self.socket.send_to(invite.as_bytes(), gateway).await?;
        let mut again = tokio::time::Instant::from_std(clock::now() + pause);
        loop {
            let until = if heard_of { deadline } else { again.min(deadline) };
            let Ok(received) = timeout_at(until, self.socket.recv_from(&mut buffer)).await else {
                if until == deadline {
                    bail!("{} does not answer", identity.target);
                }
                pause *= 2;
                again += pause;
                self.socket.send_to(invite.as_bytes(), gateway).await?;
                continue;
            };
            // Loopback reports a closed port as an error of the next call: the gateway may still be starting.
            let Ok((length, _)) = received else { continue };
            let Some(message) = Message::parse(&buffer[..length]) else { continue };
            let ours = message.header("Call-ID") == identity.call_id && message.cseq() == (1, "INVITE");
            match message.status() {
                Some(100..=199) if ours => heard_of = true,
                Some(200..=299) if ours => return Ok(message),
                Some(status) if ours => {
                    let mut refused = identity.clone();
                    message.header("To").clone_into(&mut refused.to);
                    self.socket.send_to(refused.ack_of_refusal(1).as_bytes(), gateway).await?;
                    bail!("the call was refused: {status}");
                }
                _ => {}
            }
        }
    }

    /// Waits for a call, and rings (180).
    ///
    /// # Errors
    /// If nobody calls within `limit`.
    pub async fn ring(&self, limit: Duration) -> Result<Ringing<'_>> {
        let deadline = tokio::time::Instant::from_std(clock::now() + limit);
        let mut buffer = vec![0; LARGEST_MESSAGE];
        loop {
            let received = timeout_at(deadline, self.socket.recv_from(&mut buffer)).await;
            let received = received.ok().with_context(|| format!("nobody called {} within {} s", self.user, limit.as_secs()))?;
            let Ok((length, from)) = received else { continue };
            let Some(message) = Message::parse(&buffer[..length]) else { continue };
            match message.method() {
                Some("INVITE") if !message.header("To").contains(";tag=") => {
                    let number = self.calls.fetch_add(1, Ordering::Relaxed);
                    let ringing = Ringing { phone: self, invite: message, from, tag: format!("a{number}"), at: self.now() };
                    ringing.reply("180 Ringing", None).await?;
                    return Ok(ringing);
                }
                Some("OPTIONS") => {
                    let ok = response(&message, "200 OK", "o", &self.contact(), None);
                    self.socket.send_to(ok.as_bytes(), from).await?;
                }
                _ => {}
            }
        }
    }

    fn contact(&self) -> String {
        format!("<{}>", self.address())
    }

    fn session(&self, port: &MediaPort) -> SdpSession {
        let local = LocalMedia { address: port.local().ip(), other: None, rtp_port: port.local().port() };
        SdpSession::new(u64::from(port.local().port()), local, Policy::plain(vec![self.codec], Secret::random()))
    }

    fn line(&self, dialog: Dialog, media: Arc<Media>, invited: Duration, answered: Duration) -> Line {
        Line { media, invited, answered, running: dialog.start(Arc::clone(&self.socket)) }
    }
}

/// A telephone that rings.
#[derive(Debug)]
pub struct Ringing<'a> {
    phone: &'a Phone,
    invite: Message,
    from: SocketAddr,
    tag: String,
    /// When the call came.
    pub at: Duration,
}

impl Ringing<'_> {
    /// Whom the caller calls: the address in the request.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.invite.start.split(' ').nth(1).unwrap_or_default()
    }

    /// The first header of this name that the call came with, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.invite.header(name)
    }

    /// Lets it ring for a while. Tells whether the caller is still there; if not, the call is over.
    ///
    /// # Errors
    /// If the socket fails.
    pub async fn let_ring(&self, time: Duration) -> Result<bool> {
        let deadline = tokio::time::Instant::from_std(clock::now() + time);
        let mut buffer = vec![0; LARGEST_MESSAGE];
        while let Ok(received) = timeout_at(deadline, self.phone.socket.recv_from(&mut buffer)).await {
            let Ok((length, from)) = received else { continue };
            let Some(message) = Message::parse(&buffer[..length]) else { continue };
            if message.header("Call-ID") != self.invite.header("Call-ID") {
                continue;
            }
            match message.method() {
                Some("CANCEL") => {
                    let ok = response(&message, "200 OK", &self.tag, &self.phone.contact(), None);
                    self.phone.socket.send_to(ok.as_bytes(), from).await?;
                    self.reply("487 Request Terminated", None).await?;
                    return Ok(false);
                }
                Some("INVITE") => self.reply("180 Ringing", None).await?,
                _ => {}
            }
        }
        Ok(true)
    }

    /// Picks up, and waits for the ACK.
    ///
    /// # Errors
    /// If the caller's session description is unusable, or no ACK comes.
    pub async fn answer(self) -> Result<Line> {
        let phone = self.phone;
        let port = MediaPort::bind(phone.local.ip()).await?;
        let mut session = phone.session(&port);
        let (sdp, agreed) = session.answer(&self.invite.body, Direction::SendRecv).context("the caller's session description")?;
        let to = format!("{};tag={}", self.invite.header("To"), self.tag);
        let identity = Identity {
            target: self.invite.contact().context("the caller gives no Contact")?,
            from: to,
            to: self.invite.header("From").to_owned(),
            call_id: self.invite.header("Call-ID").to_owned(),
            local: phone.local.to_string(),
            contact: phone.contact(),
        };
        let media = Arc::new(port.start(agreed, phone.origin));
        let ok = response(&self.invite, "200 OK", &self.tag, &phone.contact(), Some(&sdp));
        self.wait_for_ack(&ok).await?;
        let dialog = Dialog::new(identity, session, Arc::clone(&media), self.from, 0);
        Ok(phone.line(dialog, media, self.at, phone.now()))
    }

    /// Refuses with a status such as `486 Busy Here`.
    ///
    /// # Errors
    /// If the socket fails.
    pub async fn refuse(self, status: &str) -> Result<()> {
        self.reply(status, None).await
    }

    /// Sends the 200 until the ACK comes (RFC 3261 §13.3.1.4).
    async fn wait_for_ack(&self, ok: &str) -> Result<()> {
        let mut buffer = vec![0; LARGEST_MESSAGE];
        let mut pause = T1;
        for _ in 0..7 {
            self.phone.socket.send_to(ok.as_bytes(), self.from).await?;
            let again = tokio::time::Instant::from_std(clock::now() + pause);
            while let Ok(received) = timeout_at(again, self.phone.socket.recv_from(&mut buffer)).await {
                let message = received.ok().and_then(|(length, _)| Message::parse(&buffer[..length]));
                let acked =
                    |message: &Message| message.method() == Some("ACK") && message.header("Call-ID") == self.invite.header("Call-ID");
                if message.as_ref().is_some_and(acked) {
                    return Ok(());
                }
            }
            pause = (pause * 2).min(T1 * 8);
        }
        bail!("the 200 was never acknowledged")
    }

    async fn reply(&self, status: &str, sdp: Option<&str>) -> Result<()> {
        let text = response(&self.invite, status, &self.tag, &self.phone.contact(), sdp);
        self.phone.socket.send_to(text.as_bytes(), self.from).await?;
        Ok(())
    }
}

/// A call that is up. It hangs up nothing by itself: see [`Line::hang_up`].
#[derive(Debug)]
pub struct Line {
    /// Its sound.
    pub media: Arc<Media>,
    /// When the INVITE was sent or came.
    pub invited: Duration,
    /// When the answer came or was acknowledged.
    pub answered: Duration,
    running: Running,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.running.task.abort();
    }
}

impl Line {
    /// Hangs up (BYE), and waits until the far end has agreed.
    ///
    /// # Errors
    /// If it never does.
    pub async fn hang_up(&self) -> Result<()> {
        self.running.wishes.hang_up.notify_one();
        match self.ended(NOBODY_THERE).await? {
            State::Up => bail!("the line is still up"),
            State::FarEndHungUp | State::HungUp => Ok(()),
            State::Lost => bail!("the far end never answered our BYE"),
        }
    }

    /// True if nobody has hung up yet.
    #[must_use]
    pub fn is_up(&self) -> bool {
        *self.running.state.borrow() == State::Up
    }

    /// Waits until the far end hangs up.
    ///
    /// # Errors
    /// If that has not happened within `limit`.
    pub async fn wait_for_hang_up(&self, limit: Duration) -> Result<()> {
        match self.ended(limit).await? {
            State::FarEndHungUp => Ok(()),
            other => bail!("the far end did not hang up: {other:?}"),
        }
    }

    /// Waits until the far end asks for a call to somebody else (REFER): when it did, and whom it wants called.
    ///
    /// # Errors
    /// If that has not happened within `limit`.
    pub async fn referral(&self, limit: Duration) -> Result<(Duration, String)> {
        let mut referral = self.running.referral.clone();
        let asked = tokio::time::timeout(limit, referral.wait_for(Option::is_some)).await;
        let asked = asked.ok().with_context(|| format!("no other call was asked for within {} s", limit.as_secs()))?;
        asked.context("the line has failed")?.clone().context("no other call was asked for")
    }

    /// Tells the far end that the call which it asked for is up.
    pub fn is_connected(&self) {
        self.running.wishes.connected.notify_one();
    }

    async fn ended(&self, limit: Duration) -> Result<State> {
        let mut state = self.running.state.clone();
        let ended = tokio::time::timeout(limit, state.wait_for(|state| *state != State::Up)).await;
        let ended = ended.ok().with_context(|| format!("the call did not end within {} s", limit.as_secs()))?;
        Ok(*ended.context("the line has failed")?)
    }
}
