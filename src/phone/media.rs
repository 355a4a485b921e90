//! The RTP side of one line: a packet every 20 ms, and a time on everything that arrives.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    net::UdpSocket,
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{sleep_until, timeout_at},
};
use warmline_sip::{
    codec::{Decoder, Encoder, FRAME_SAMPLES},
    dtmf,
    rtp::{RtpPacket, Sender},
    sdp::{Negotiated, PayloadKind},
};

use super::{HeardPacket, SentFrame, Sound, Tape, activity, stamped, tape::sample_time};
use crate::clock;

const FRAME: Duration = Duration::from_millis(20);
const LARGEST_PACKET: usize = 2_048;
/// Pairs of ports that are tried before giving up.
const PORT_TRIES: u32 = 50;

/// When the sound of something that was said really left: its first and the end of its last sounding window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first sound.
    pub start: Duration,
    /// The last sound.
    pub end: Duration,
}

/// A bound RTP port, before the far end is known.
#[derive(Debug)]
pub struct MediaPort {
    socket: UdpSocket,
    local: SocketAddr,
}

impl MediaPort {
    /// Binds an even port (RFC 3550 §11).
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn bind(address: IpAddr) -> Result<Self> {
        for _ in 0..PORT_TRIES {
            let socket = UdpSocket::bind((address, 0)).await.context("no RTP port")?;
            let local = socket.local_addr()?;
            if local.port().is_multiple_of(2) {
                stamped::stamp(&socket).context("the kernel gives no times of arrival")?;
                return Ok(Self { socket, local });
            }
        }
        bail!("no even RTP port on {address}")
    }

    /// Where it receives.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Starts to send and to listen. Times count from `origin`.
    #[must_use]
    pub fn start(self, agreed: Negotiated, origin: Instant) -> Media {
        let (commands, receiver) = mpsc::channel(16);
        let (last_sound, hears) = watch::channel(None);
        let tape = Arc::new(Mutex::new(Tape::default()));
        let stream = Stream {
            socket: self.socket,
            encoder: Encoder::new(agreed.codec),
            decoder: Decoder::default(),
            agreed,
            origin,
            tape: Arc::clone(&tape),
            last_sound,
            rtp: Sender::new(u32::from(self.local.port()) | 0x5157_0000, 1, 160),
            keys: dtmf::Sender::default(),
            incoming_keys: dtmf::Receiver::default(),
            saying: None,
        };
        let task = tokio::spawn(stream.run(receiver));
        Media { commands, hears, tape, origin, task }
    }
}

enum Command {
    Say(Sound, oneshot::Sender<Span>),
    Press(dtmf::Digit),
    Agree(Box<Negotiated>),
}

/// The running RTP side of a line. It ends when this is dropped.
#[derive(Debug)]
pub struct Media {
    commands: mpsc::Sender<Command>,
    hears: watch::Receiver<Option<Duration>>,
    tape: Arc<Mutex<Tape>>,
    origin: Instant,
    task: JoinHandle<()>,
}

impl Drop for Media {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Media {
    /// The time now, on the telephone's timeline.
    #[must_use]
    pub fn now(&self) -> Duration {
        clock::now().duration_since(self.origin)
    }

    /// Says something to its end; tells when its sound left.
    ///
    /// # Errors
    /// If there is no sound in it, or the line has failed.
    pub async fn say(&self, sound: &Sound) -> Result<Span> {
        ensure!(activity::first(&sound.samples).is_some(), "there is nothing to say");
        let (said, when) = oneshot::channel();
        self.commands.send(Command::Say(sound.clone(), said)).await.ok().context("the line has failed")?;
        when.await.context("the line has failed")
    }

    /// Presses a key (`0`–`9`, `*`, `#`, `A`–`D`).
    ///
    /// # Errors
    /// If there is no such key, or the line has failed.
    pub async fn press(&self, key: char) -> Result<()> {
        let digit = dtmf::Digit::from_char(key).with_context(|| format!("no key {key:?}"))?;
        self.commands.send(Command::Press(digit)).await.ok().context("the line has failed")
    }

    /// The far end has changed the session: another codec or address, hold.
    ///
    /// # Errors
    /// If the line has failed.
    pub async fn agree(&self, agreed: Negotiated) -> Result<()> {
        self.commands.send(Command::Agree(Box::new(agreed))).await.ok().context("the line has failed")
    }

    /// Waits until the far end has made a sound after `since` and was then silent for `silence`. Tells when its last sound was heard.
    ///
    /// # Errors
    /// If that has not happened within `limit`.
    pub async fn wait_for_silence_of(&self, silence: Duration, since: Duration, limit: Duration) -> Result<Duration> {
        let deadline = tokio::time::Instant::from_std(clock::now() + limit);
        let mut hears = self.hears.clone();
        loop {
            let last = hears.borrow_and_update().filter(|last| *last > since);
            let quiet_from = last.map(|last| tokio::time::Instant::from_std(self.origin + last + silence));
            let until = quiet_from.map_or(deadline, |quiet| quiet.min(deadline));
            match (timeout_at(until, hears.changed()).await, last) {
                (Ok(changed), _) => changed.context("the line has failed")?,
                (Err(_), Some(last)) if quiet_from.is_some_and(|quiet| quiet <= deadline) => return Ok(last),
                (Err(_), Some(_)) => bail!("the far end did not stop speaking within {} ms", limit.as_millis()),
                (Err(_), None) => bail!("nothing was heard within {} ms", limit.as_millis()),
            }
        }
    }

    /// Waits until the far end's first sound after `since` is `time` ago.
    ///
    /// # Errors
    /// If nothing is heard within `limit`.
    pub async fn wait_for_sound_of(&self, time: Duration, since: Duration, limit: Duration) -> Result<()> {
        let deadline = tokio::time::Instant::from_std(clock::now() + limit);
        let mut hears = self.hears.clone();
        loop {
            hears.borrow_and_update();
            if let Some(first) = self.tape(|tape| tape.first_sound_after(since)) {
                sleep_until(tokio::time::Instant::from_std(self.origin + first + time)).await;
                return Ok(());
            }
            let heard = timeout_at(deadline, hears.changed()).await;
            heard.ok().with_context(|| format!("nothing was heard within {} ms", limit.as_millis()))?.context("the line has failed")?;
        }
    }

    /// Looks at what was sent and heard so far.
    pub fn tape<T>(&self, look: impl FnOnce(&Tape) -> T) -> T {
        look(&self.tape.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was heard between two times.
    #[must_use]
    pub fn heard_between(&self, from: Duration, to: Duration) -> Sound {
        self.tape(|tape| tape.heard_between(from, to))
    }

    /// What was heard since.
    #[must_use]
    pub fn heard_since(&self, from: Duration) -> Sound {
        self.heard_between(from, self.now())
    }
}

/// What is being said.
struct Saying {
    sound: Sound,
    position: usize,
    start: Option<Duration>,
    end: Duration,
    said: oneshot::Sender<Span>,
}

struct Stream {
    socket: UdpSocket,
    agreed: Negotiated,
    encoder: Encoder,
    decoder: Decoder,
    origin: Instant,
    tape: Arc<Mutex<Tape>>,
    last_sound: watch::Sender<Option<Duration>>,
    rtp: Sender,
    keys: dtmf::Sender,
    incoming_keys: dtmf::Receiver,
    saying: Option<Saying>,
}

impl Stream {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut buffer = [0; LARGEST_PACKET];
        let mut next = tokio::time::Instant::from_std(clock::now());
        loop {
            tokio::select! {
                biased;
                received = stamped::receive(&self.socket, &mut buffer) => {
                    if let Ok((length, age)) = received {
                        self.receive(&buffer[..length], self.now().saturating_sub(age));
                    }
                }
                () = sleep_until(next) => {
                    self.send().await;
                    // From the plan, not from now: a late tick does not shift those after it.
                    next += FRAME;
                }
                command = commands.recv(), if self.saying.is_none() => match command {
                    Some(Command::Say(sound, said)) => {
                        self.saying = Some(Saying { sound, position: 0, start: None, end: Duration::ZERO, said });
                    }
                    // A full queue of keys is a script that presses faster than anybody can.
                    Some(Command::Press(digit)) => drop(self.keys.press(digit)),
                    Some(Command::Agree(agreed)) => {
                        self.encoder = Encoder::new(agreed.codec);
                        self.agreed = *agreed;
                    }
                    None => return,
                },
            }
        }
    }

    fn now(&self) -> Duration {
        clock::now().duration_since(self.origin)
    }

    fn receive(&mut self, datagram: &[u8], at: Duration) {
        let Ok(packet) = RtpPacket::parse(datagram) else { return };
        let header = packet.header;
        match self.agreed.receive.get(header.payload_type) {
            Some(PayloadKind::Audio(codec)) => {
                let mut samples = vec![0; codec.samples(packet.payload).unwrap_or(0)];
                self.decoder.decode(codec, packet.payload, &mut samples);
                if let Some(last) = activity::last(&samples) {
                    self.last_sound.send_replace(Some(at + sample_time(last)));
                }
                let heard = HeardPacket { at, sequence: header.sequence, timestamp: header.timestamp / codec.clock_ratio(), samples };
                self.tape().heard.push(heard);
            }
            Some(PayloadKind::TelephoneEvent) => {
                if let Some(digit) = self.incoming_keys.packet(header.ssrc, header.timestamp, packet.payload) {
                    self.tape().keys.push((at, digit.to_char()));
                }
            }
            Some(PayloadKind::ComfortNoise) | None => {}
        }
    }

    /// One packet: a key, what is being said, or silence.
    async fn send(&mut self) {
        let samples = self.next_samples();
        let mut datagram = Vec::with_capacity(12 + FRAME_SAMPLES);
        let key = self.agreed.dtmf_payload_type.and_then(|kind| Some((kind, self.keys.tick(self.rtp.timestamp())?)));
        if let Some((kind, event)) = key {
            self.rtp.event(kind, event.start, event.marker, 4).write(&mut datagram);
            datagram.extend_from_slice(&event.payload);
            self.rtp.pass(FRAME_SAMPLES as u32, false);
        } else {
            let mut header = self.rtp.sound(self.agreed.payload_type, FRAME_SAMPLES as u32);
            header.timestamp = header.timestamp.wrapping_mul(self.agreed.codec.clock_ratio());
            header.write(&mut datagram);
            self.encoder.encode(&samples, &mut datagram);
        }
        let at = self.now();
        // Loopback refuses when nobody listens any more: the far end has gone, and the script will notice.
        let _ = self.socket.send_to(&datagram, self.agreed.remote_rtp).await;
        self.note(at, &samples);
        self.tape().sent.push(SentFrame { at, samples });
    }

    /// The next 20 ms of what is being said, filled up with silence.
    fn next_samples(&mut self) -> Vec<i16> {
        let mut samples = Vec::with_capacity(FRAME_SAMPLES);
        if let Some(saying) = &mut self.saying {
            let end = (saying.position + FRAME_SAMPLES).min(saying.sound.samples.len());
            samples.extend_from_slice(&saying.sound.samples[saying.position..end]);
            saying.position = end;
        }
        samples.resize(FRAME_SAMPLES, 0);
        samples
    }

    /// Notes when the sound of these samples left, and tells it once all is said.
    fn note(&mut self, at: Duration, samples: &[i16]) {
        let Some(saying) = &mut self.saying else { return };
        if let (Some(first), Some(last)) = (activity::first(samples), activity::last(samples)) {
            saying.start.get_or_insert(at + sample_time(first));
            saying.end = at + sample_time(last);
        }
        if saying.position >= saying.sound.samples.len()
            && let Some(saying) = self.saying.take()
        {
            let start = saying.start.unwrap_or(at);
            // The script may have given up on it; then nobody needs to know.
            let _ = saying.said.send(Span { start, end: saying.end.max(start) });
        }
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
