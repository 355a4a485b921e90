//! Telephones that do nothing but send 50 packets a second and listen for loud ones.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, anyhow};
use nix::sys::socket::{setsockopt, sockopt};
use warmline_sip::{
    codec::{Codec, Encoder, FRAME_SAMPLES, Law},
    rtp::{Header, RtpPacket},
    srtp::{Keys, Suite},
};

use super::figures::Figures;
use crate::{clock, telephony::media::Inbox};

/// How long telephones talk before and while it is measured.
const WARM_UP: Duration = Duration::from_secs(2);
/// Packets of a call's two legs in one second.
const PACKETS: f64 = 100.0;
const MEASURED: Duration = Duration::from_secs(8);

const FRAME: Duration = Duration::from_millis(20);
/// One loud packet in so many: its way through the bridge is timed.
const CLICK_EVERY: u32 = 50;
const LOUD: i16 = 12_000;

/// What the legs of a call are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Recorded,
    Encrypted,
    Transcoded,
}

impl Kind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Plain => "bridged",
            Self::Recorded => "recorded",
            Self::Encrypted => "srtp",
            Self::Transcoded => "opus_pcmu",
        }
    }

    pub(super) const fn codec(self) -> Codec {
        match self {
            Self::Plain | Self::Recorded | Self::Encrypted => Codec::Pcmu,
            Self::Transcoded => Codec::Opus,
        }
    }

    /// The same in both directions: nobody listens.
    pub(super) fn keys(self) -> Option<Keys> {
        (self == Self::Encrypted).then(|| Keys::from_random(Suite::AesCm128Sha1_80, &[7; 46]))
    }
}

/// Times and counts of the telephones.
#[derive(Debug, Default)]
pub(super) struct Seen {
    delays: Vec<Duration>,
    received: u64,
    pub(super) missing: u64,
}

/// What a bridge cost, and what its telephones have seen.
pub(super) struct Observed {
    /// Milliseconds of processor time for one second of a call: for a hundred packets that came through.
    pub(super) cost: f64,
    /// Bytes when all calls were up.
    pub(super) memory: u64,
    pub(super) seen: Seen,
}

impl Observed {
    /// Several runs as one: the cost that lies in the middle, all times, all losses.
    pub(super) fn of(runs: Vec<Self>) -> Self {
        let cost = median(runs.iter().map(|run| run.cost).collect());
        let mut all = Self { cost, memory: 0, seen: Seen::default() };
        for run in runs {
            all.memory = all.memory.max(run.memory);
            all.seen.delays.extend(run.seen.delays);
            all.seen.received += run.seen.received;
            all.seen.missing += run.seen.missing;
        }
        all
    }

    /// Adds the figures, with what must be met.
    pub(super) fn show(&self, name: &str, calls: usize, must: Option<Must>, figures: &mut Figures) {
        let (cost, seen) = (self.cost, &self.seen);
        let most = must.and_then(|must| must.calls_per_core).map(|calls| 1_000.0 / calls);
        figures.add(&format!("{name}_cpu_per_call_second"), cost, "ms/s", calls, most);
        figures.add(&format!("{name}_calls_per_core"), 1_000.0 / cost, "calls", calls, None);
        figures.add(&format!("{name}_lost_packets"), seen.missing as f64, "packets", seen.received as usize, must.map(|_| 0.0));
        figures.add_times(&format!("{name}_added_delay"), &seen.delays, &[(50, None), (99, must.map(|_| 25.0))]);
    }

    /// Adds what a call needed of memory; at most `limit` kB.
    pub(super) fn show_memory(&self, name: &str, calls: usize, limit: Option<f64>, figures: &mut Figures) {
        figures.add(&format!("{name}_memory_per_call"), self.memory as f64 / 1e3 / calls as f64, "kB", calls, limit);
    }
}

/// What our own bridge has to carry, besides losing nothing and being quick.
#[derive(Debug, Clone, Copy)]
pub(super) struct Must {
    pub(super) calls_per_core: Option<f64>,
}

/// The value in the middle of some.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Lets pairs of telephones talk while the processor time of whoever bridges them is taken.
pub(super) fn observe(phones: Vec<Phone>, processor: impl Fn() -> Result<Duration>, memory: impl Fn() -> Result<u64>) -> Result<Observed> {
    let (stop, came) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let talking = std::thread::spawn({
        let (stop, came) = (Arc::clone(&stop), Arc::clone(&came));
        move || talk(phones, &stop, &came)
    });
    park(WARM_UP);
    let (before, packets, memory) = (processor()?, came.load(Ordering::Relaxed), memory()?);
    park(MEASURED);
    // On a machine that is too small for the telephones fewer packets come through; each must not seem cheaper for that.
    let (used, packets) = (processor()?.saturating_sub(before), came.load(Ordering::Relaxed) - packets);
    stop.store(true, Ordering::Relaxed);
    let seen = talking.join().map_err(|_| anyhow!("the telephones have failed"))?;
    Ok(Observed { cost: used.as_secs_f64() * 1_000.0 / (packets as f64 / PACKETS), memory, seen })
}

/// Waits with the thread parked, however often it is woken.
fn park(time: Duration) {
    let end = clock::now() + time;
    while let Some(left) = end.checked_duration_since(clock::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// One telephone: a socket, and what it has sent and heard.
pub(super) struct Phone {
    socket: UdpSocket,
    gateway: SocketAddr,
    kind: Kind,
    protect: Option<warmline_sip::srtp::Sender>,
    payloads: [Vec<u8>; 2],
    sequence: u32,
    /// Which of [`CLICK_EVERY`] packets is loud: not the same one for all telephones.
    click: u32,
    heard: Option<u16>,
    /// When its loud packet left that has not been heard yet, in civil time: that is what the kernel stamps with.
    clicked: Option<Duration>,
}

impl Phone {
    /// A telephone that has not found its gateway yet.
    pub(super) fn new(kind: Kind) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        let payloads = [0, LOUD].map(|level| {
            let mut payload = Vec::new();
            Encoder::new(kind.codec()).encode(&[level; FRAME_SAMPLES], &mut payload);
            payload
        });
        let protect = kind.keys().map(warmline_sip::srtp::Sender::new);
        let gateway = (Ipv4Addr::LOCALHOST, 9).into();
        let click = u32::from(socket.local_addr()?.port()) % CLICK_EVERY;
        Ok(Self { socket, gateway, kind, protect, payloads, sequence: 0, click, heard: None, clicked: None })
    }

    pub(super) fn address(&self) -> Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }

    /// Where it sends its sound.
    pub(super) fn connect(&mut self, port: u16) {
        self.gateway = (Ipv4Addr::LOCALHOST, port).into();
    }

    fn speak(&mut self, datagram: &mut Vec<u8>) -> bool {
        let loud = self.sequence % CLICK_EVERY == self.click;
        let codec = self.kind.codec();
        let header = Header {
            marker: self.sequence == 0,
            payload_type: codec.offered_payload_type(),
            sequence: self.sequence as u16,
            timestamp: self.sequence * FRAME_SAMPLES as u32 * codec.clock_ratio(),
            ssrc: 7,
        };
        self.sequence += 1;
        datagram.clear();
        header.write(datagram);
        datagram.extend_from_slice(&self.payloads[usize::from(loud)]);
        if let Some(protect) = &mut self.protect {
            protect.protect_rtp(datagram, 0);
        }
        // What the kernel does not take shows as a loss at the other end.
        let _ = self.socket.send_to(datagram, self.gateway);
        loud
    }

    /// Takes what has come.
    fn hear(&mut self, inbox: &mut Inbox, seen: &mut Seen) {
        while let Some(arrived) = inbox.read_unstamped(&self.socket, None) {
            self.take(arrived.bytes, seen);
        }
    }

    /// The same, and says when (civil time) a loud packet came. By the kernel's stamps: how soon the telephones' own thread gets round to it is no
    /// delay of the bridge.
    fn listen(&mut self, inbox: &mut Inbox, seen: &mut Seen) -> Option<Duration> {
        let (now, mut came) = (clock::utc(), None);
        while let Some(arrived) = inbox.read(&self.socket, now) {
            let age = arrived.age;
            let mut samples = [0; FRAME_SAMPLES];
            Law::Mu.decode(self.take(arrived.bytes, seen), &mut samples);
            if samples.iter().any(|&sample| sample > LOUD / 2) {
                came = Some(now.saturating_sub(age));
            }
        }
        came
    }

    /// Counts a datagram, and gives its payload.
    fn take<'a>(&mut self, datagram: &'a [u8], seen: &mut Seen) -> &'a [u8] {
        let Ok(packet) = RtpPacket::parse(datagram) else { return &[] };
        let sequence = packet.header.sequence;
        seen.received += 1;
        seen.missing += self.heard.map_or(0, |last| u64::from(sequence.wrapping_sub(last).wrapping_sub(1)));
        self.heard = Some(sequence);
        packet.payload
    }
}

/// All telephones on one thread, spread over the 20 ms.
fn talk(mut phones: Vec<Phone>, stop: &AtomicBool, came: &AtomicU64) -> Seen {
    const SLOTS: usize = 20;
    let (mut seen, mut waiting, mut inbox) = (Seen::default(), Vec::new(), Inbox::new());
    let mut datagram = Vec::with_capacity(256);
    let start = clock::now();
    for slot in 0_u32.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let due = start + FRAME * slot / SLOTS as u32;
        while let Some(left) = due.checked_duration_since(clock::now()).filter(|left| !left.is_zero()) {
            std::thread::park_timeout(left);
        }
        // Whoever waits for a loud packet looks every millisecond, and with stamps.
        waiting.retain(|&pair: &usize| {
            let [caller, agent] = &mut phones[pair * 2..pair * 2 + 2] else { return false };
            let Some(clicked) = caller.clicked else { return false };
            let Some(heard) = agent.listen(&mut inbox, &mut seen) else { return true };
            seen.delays.push(heard.saturating_sub(clicked));
            caller.clicked = None;
            false
        });
        // A call's two telephones are neighbours, and are served in one slot.
        let turn = slot as usize % SLOTS;
        came.store(seen.received, Ordering::Relaxed);
        for (number, pair) in phones.chunks_mut(2).enumerate().skip(turn).step_by(SLOTS) {
            let [caller, agent] = pair else { continue };
            if caller.clicked.is_none() {
                agent.hear(&mut inbox, &mut seen);
            }
            caller.hear(&mut inbox, &mut seen);
            let now = clock::utc();
            if caller.speak(&mut datagram) {
                caller.clicked = Some(now);
                waiting.push(number);
            }
            agent.speak(&mut datagram);
        }
    }
    seen
}
