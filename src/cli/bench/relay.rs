//! What bridged calls cost: the media engine alone, with real sockets, and telephones that send 50 packets a second each.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::sync::mpsc::Receiver;
use warmline_sip::{
    codec::{Codec, Encoder, FRAME_SAMPLES, Law},
    rtp::{Header, RtpPacket},
    sdp::{Direction, Negotiated, PayloadMap, Protection},
    srtp::{Keys, Suite},
};

use super::{figures::Figures, process};
use crate::{
    call::{
        ids::LegId,
        media::patch::{Ear, Patch, Under},
        time::Time,
    },
    clock,
    telephony::media::{CallMedia, Command, Listening, MediaConfig, MediaEvent, MediaPool},
};

/// Calls at once.
const SIZES: [usize; 4] = [10, 100, 500, 1_000];
/// Calls of the dearer kinds.
const SOME: usize = 100;
const FRAME: Duration = Duration::from_millis(20);
/// How long each size runs before and while it is measured.
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(8);
/// One loud packet in so many: its way through the bridge is timed.
const CLICK_EVERY: u32 = 50;
const LOUD: i16 = 12_000;

/// What the legs of a call are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Recorded,
    Encrypted,
    Transcoded,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Plain => "bridged",
            Self::Recorded => "recorded",
            Self::Encrypted => "srtp",
            Self::Transcoded => "opus_pcmu",
        }
    }
}

pub(super) fn measure(figures: &mut Figures) -> Result<()> {
    for calls in SIZES {
        run(Kind::Plain, calls, figures)?;
    }
    run(Kind::Recorded, SIZES[2], figures)?;
    run(Kind::Encrypted, SOME, figures)?;
    run(Kind::Transcoded, SOME, figures)
}

/// A call's media, and what it reports.
type Open = (CallMedia, Receiver<MediaEvent>);

/// Times and counts of the telephones.
#[derive(Debug, Default)]
struct Seen {
    delays: Vec<Duration>,
    received: u64,
    missing: u64,
}

fn run(kind: Kind, calls: usize, figures: &mut Figures) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("warmline-relay-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = relay(kind, calls, &folder, figures);
    std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    measured
}

fn relay(kind: Kind, calls: usize, folder: &Path, figures: &mut Figures) -> Result<()> {
    let before = process::memory(std::process::id())?;
    let config = MediaConfig { ports: 30_000..=39_999, ..MediaConfig::new(Ipv4Addr::LOCALHOST.into()) };
    let pool = MediaPool::start(config)?;
    let mut phones = Vec::with_capacity(calls * 2);
    let mut open = Vec::with_capacity(calls);
    for number in 0..calls {
        let (call, ends) = bridge(&pool, kind, folder.join(format!("{number}.wav")))?;
        open.push(call);
        phones.extend(ends);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let talking = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || talk(phones, &stop)
    });
    let wait = |time: Duration| std::thread::park_timeout(time);
    park(WARM_UP, wait);
    let (cpu, started) = (threads()?, clock::now());
    let memory = process::memory(std::process::id())?.saturating_sub(before);
    park(MEASURED, wait);
    let (used, elapsed) = (threads()?.saturating_sub(cpu), clock::now() - started);
    stop.store(true, Ordering::Relaxed);
    let seen = talking.join().map_err(|_| anyhow::anyhow!("the telephones have failed"))?;
    let lost = close(open);
    let name = |what: &str| format!("{}_{calls}_{what}", kind.word());
    let cost = used.as_secs_f64() * 1_000.0 / elapsed.as_secs_f64() / calls as f64;
    figures.add(&name("cpu_per_call_second"), cost, "ms/s", calls, None);
    figures.add(&name("calls_per_core"), 1_000.0 / cost, "calls", calls, None);
    figures.add(&name("lost_packets"), (lost + seen.missing) as f64, "packets", seen.received as usize, Some(0.0));
    figures.add_times(&name("added_delay"), &seen.delays, &[(50, None), (99, None)]);
    if kind == Kind::Plain {
        figures.add(&name("memory_per_call"), memory as f64 / 1e3 / calls as f64, "kB", calls, None);
    }
    Ok(())
}

/// Waits with the thread parked, however often it is woken.
fn park(time: Duration, wait: impl Fn(Duration)) {
    let end = clock::now() + time;
    while let Some(left) = end.checked_duration_since(clock::now()).filter(|left| !left.is_zero()) {
        wait(left);
    }
}

/// The processor time of the media threads and the recorder.
fn threads() -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for entry in std::fs::read_dir("/proc/self/task")?.flatten() {
        let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if name.starts_with("media-") || name.starts_with("recorder") {
            let id = entry.file_name().to_string_lossy().parse().context("a thread without a number")?;
            sum += process::cpu_of_thread(id)?;
        }
    }
    Ok(sum)
}

/// A call of two legs that hear each other.
fn bridge(pool: &MediaPool, kind: Kind, recording: PathBuf) -> Result<(Open, [Phone; 2])> {
    let (media, events) = pool.open_call(clock::now());
    let (caller, agent) = (LegId::CALLER, LegId(1));
    let ends = [Phone::add(pool, &media, caller, kind)?, Phone::add(pool, &media, agent, Kind::Plain)?];
    let ear = |leg, other| Ear { leg, hears: vec![other], under: Under::default() };
    media.send(Command::Patch(Patch { ears: vec![ear(caller, agent), ear(agent, caller)], listen: Vec::new() }))?;
    if kind == Kind::Recorded
        && let Some(recording) = pool.record(recording, Time::ZERO)
    {
        media.send(Command::Record(recording))?;
    }
    Ok(((media, events), ends))
}

/// Closes all calls; how many packets the engine lost.
fn close(open: Vec<Open>) -> u64 {
    let mut lost = 0;
    for (media, mut events) in open {
        // A call that has failed ends its events as well.
        let _ = media.send(Command::Close);
        while let Some(event) = events.blocking_recv() {
            if let MediaEvent::LegClosed { stats, .. } = event {
                lost += stats.source.lost() + stats.jitter.overflowed;
            }
        }
    }
    lost
}

/// One telephone: a socket, and what it has sent and heard.
struct Phone {
    socket: UdpSocket,
    gateway: SocketAddr,
    kind: Kind,
    protect: Option<warmline_sip::srtp::Sender>,
    payloads: [Vec<u8>; 2],
    sequence: u32,
    heard: Option<u16>,
    clicked: Option<Instant>,
}

impl Phone {
    fn add(pool: &MediaPool, media: &CallMedia, leg: LegId, kind: Kind) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let sockets = pool.reserve()?;
        let gateway = SocketAddr::from((Ipv4Addr::LOCALHOST, sockets.rtp_port()));
        let keys = (kind == Kind::Encrypted).then(|| Keys::from_random(Suite::AesCm128Sha1_80, &[7; 46]));
        let codec = if kind == Kind::Transcoded { Codec::Opus } else { Codec::Pcmu };
        let negotiated = Box::new(Negotiated {
            remote_rtp: socket.local_addr()?,
            remote_rtcp: SocketAddr::from((Ipv4Addr::LOCALHOST, 9)),
            codec,
            payload_type: codec.offered_payload_type(),
            receive: PayloadMap::default(),
            dtmf_payload_type: None,
            dtmf_clock: codec.rtp_clock(),
            packet_ms: 20,
            direction: Direction::SendRecv,
            protection: keys.map_or(Protection::None, |keys| Protection::Srtp { ours: keys, theirs: keys }),
            ice: None,
            rtcp_mux: false,
        });
        let mut negotiated = negotiated;
        negotiated.receive.insert(codec.offered_payload_type(), warmline_sip::sdp::PayloadKind::Audio(codec));
        media.send(Command::AddLeg { leg, sockets, negotiated, listening: Listening::CALLER })?;
        let payloads = [0, LOUD].map(|level| {
            let mut payload = Vec::new();
            Encoder::new(codec).encode(&[level; FRAME_SAMPLES], &mut payload);
            payload
        });
        let protect = keys.map(warmline_sip::srtp::Sender::new);
        Ok(Self { socket, gateway, kind, protect, payloads, sequence: 0, heard: None, clicked: None })
    }

    fn speak(&mut self, datagram: &mut Vec<u8>) -> bool {
        let loud = self.sequence % CLICK_EVERY == CLICK_EVERY / 2;
        let codec = if self.kind == Kind::Transcoded { Codec::Opus } else { Codec::Pcmu };
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

    /// Takes what has come; true when a loud packet was among it.
    fn hear(&mut self, seen: &mut Seen) -> bool {
        let mut buffer = [0; 512];
        let mut loud = false;
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let Ok(packet) = RtpPacket::parse(&buffer[..length]) else { continue };
            let sequence = packet.header.sequence;
            seen.received += 1;
            seen.missing += self.heard.map_or(0, |last| u64::from(sequence.wrapping_sub(last).wrapping_sub(1)));
            self.heard = Some(sequence);
            if self.kind == Kind::Plain || self.kind == Kind::Recorded {
                let mut samples = [0; FRAME_SAMPLES];
                Law::Mu.decode(packet.payload, &mut samples);
                loud |= samples.iter().any(|&sample| sample > LOUD / 2);
            }
        }
        loud
    }
}

/// All telephones on one thread, spread over the 20 ms.
fn talk(mut phones: Vec<Phone>, stop: &AtomicBool) -> Seen {
    const SLOTS: usize = 20;
    let (mut seen, mut waiting) = (Seen::default(), Vec::new());
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
        // Whoever waits for a loud packet looks every millisecond, so that the telephones' own pace is not taken for delay.
        waiting.retain(|&pair: &usize| {
            let [caller, agent] = &mut phones[pair * 2..pair * 2 + 2] else { return false };
            let Some(clicked) = caller.clicked else { return false };
            let heard = agent.hear(&mut seen);
            if heard {
                seen.delays.push(clock::now() - clicked);
                caller.clicked = None;
            }
            !heard
        });
        // A call's two telephones are neighbours, and are served in one slot.
        let turn = slot as usize % SLOTS;
        for (number, pair) in phones.chunks_mut(2).enumerate().skip(turn).step_by(SLOTS) {
            let [caller, agent] = pair else { continue };
            if caller.clicked.is_none() {
                agent.hear(&mut seen);
            }
            caller.hear(&mut seen);
            if caller.speak(&mut datagram) {
                caller.clicked = Some(clock::now());
                waiting.push(number);
            }
            agent.speak(&mut datagram);
        }
    }
    seen
}
