//! What bridged calls cost: the media engine alone, with real sockets, and telephones that send 50 packets a second each.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::sync::mpsc::Receiver;
use warmline_sip::sdp::{Direction, Negotiated, PayloadKind, PayloadMap, Protection};

use super::{
    figures::Figures,
    floor,
    phones::{Kind, Must, Observed, Phone, median, observe},
    process, rtpengine,
};
use crate::{
    call::{
        ids::LegId,
        media::patch::{Ear, Patch, Under},
        time::Time,
    },
    clock,
    telephony::media::{CallMedia, Command, Listening, MediaConfig, MediaEvent, MediaPool},
};

/// Calls at once that are few.
const FEW: usize = 10;
/// Calls at once where what they cost is set beside the kernel's part and beside rtpengine.
const COMPARED: [usize; 2] = [500, 1_000];
/// The compared ones take turns, so that a machine that is slower for a while is so for all of them.
const ROUNDS: usize = 3;
/// Calls of the dearer kinds, and those to which the cost of many is set in proportion.
const SOME: usize = 100;
/// What a call may cost among ten times as many, in proportion: no more, but for the processor's cache and the scatter of a machine.
const GROWTH: f64 = 1.2;
/// Memory that a bridged call may need, in kB.
const MEMORY: f64 = 120.0;

pub(super) fn measure(figures: &mut Figures) -> Result<()> {
    // In a process that has had no calls yet: later ones are given what earlier ones have left, and seem to need less.
    let many = COMPARED[1];
    run(Kind::Plain, many)?.show_memory(&format!("bridged_{many}"), many, Some(MEMORY), figures);
    run(Kind::Plain, FEW)?.show(&format!("bridged_{FEW}"), FEW, Some(must(Kind::Plain, FEW)), figures);
    let mut some = Vec::new();
    for calls in COMPARED {
        compare(calls, &mut some, figures)?;
    }
    Observed::of(some).show(&format!("bridged_{SOME}"), SOME, Some(must(Kind::Plain, SOME)), figures);
    for (kind, calls) in [(Kind::Recorded, COMPARED[0]), (Kind::Encrypted, SOME), (Kind::Transcoded, SOME)] {
        // What is transcoded waits for the ticks of two jitter buffers.
        let must = (kind != Kind::Transcoded).then(|| must(kind, calls));
        run(kind, calls)?.show(&format!("{}_{calls}", kind.word()), calls, must, figures);
    }
    Ok(())
}

fn must(kind: Kind, calls: usize) -> Must {
    // What the gateway needs however few there are must not be laid to a few calls.
    let many = calls >= COMPARED[0];
    let calls_per_core = match kind {
        Kind::Plain => Some(1_500.0),
        Kind::Recorded => Some(600.0),
        Kind::Encrypted | Kind::Transcoded => None,
    };
    Must { calls_per_core: calls_per_core.filter(|_| many) }
}

/// Sets plain calls beside a loop that does nothing else, beside rtpengine, and beside `some` of them.
fn compare(calls: usize, some: &mut Vec<Observed>, figures: &mut Figures) -> Result<()> {
    let first = some.len();
    let (mut ours, mut floors, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floors.push(floor::relay(calls)?);
        ours.push(run(Kind::Plain, calls)?);
        some.push(run(Kind::Plain, SOME)?);
        theirs.extend(rtpengine::relay(calls)?);
    }
    let ratio = |others: &[Observed]| median(ours.iter().zip(others).map(|(ours, other)| ours.cost / other.cost).collect());
    let (to_floor, to_some, to_theirs) = (ratio(&floors), ratio(&some[first..]), (!theirs.is_empty()).then(|| ratio(&theirs)));
    Observed::of(floors).show(&format!("floor_{calls}"), calls, None, figures);
    Observed::of(ours).show(&format!("bridged_{calls}"), calls, Some(must(Kind::Plain, calls)), figures);
    figures.add(&format!("bridged_{calls}_cpu_to_floor"), to_floor, "ratio", ROUNDS, None);
    figures.add(&format!("bridged_{calls}_cpu_to_{SOME}"), to_some, "ratio", ROUNDS, Some(GROWTH));
    let Some(to_theirs) = to_theirs else {
        figures.missing.push(format!("rtpengine_{calls}: it does not start (Debian package rtpengine-daemon)"));
        return Ok(());
    };
    let theirs = Observed::of(theirs);
    theirs.show(&format!("rtpengine_{calls}"), calls, None, figures);
    theirs.show_memory(&format!("rtpengine_{calls}"), calls, None, figures);
    figures.add(&format!("bridged_{calls}_cpu_to_rtpengine"), to_theirs, "ratio", ROUNDS, None);
    Ok(())
}

/// A call's media, and what it reports.
type Open = (CallMedia, Receiver<MediaEvent>);

fn run(kind: Kind, calls: usize) -> Result<Observed> {
    let folder = std::env::temp_dir().join(format!("warmline-relay-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = relay(kind, calls, &folder);
    std::fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    measured
}

fn relay(kind: Kind, calls: usize, folder: &Path) -> Result<Observed> {
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
    let mut observed = observe(phones, threads, || process::memory(std::process::id()))?;
    observed.seen.missing += close(open);
    observed.memory = observed.memory.saturating_sub(before);
    Ok(observed)
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
    let ends = [add(pool, &media, caller, kind)?, add(pool, &media, agent, Kind::Plain)?];
    let ear = |leg, other| Ear { leg, hears: vec![other], under: Under::default() };
    media.send(Command::Patch(Patch { ears: vec![ear(caller, agent), ear(agent, caller)], ..Patch::default() }))?;
    if kind == Kind::Recorded
        && let Some(recording) = pool.record(recording, Time::ZERO)
    {
        media.send(Command::Record(recording))?;
    }
    Ok(((media, events), ends))
}

/// A telephone, and the leg that serves it.
fn add(pool: &MediaPool, media: &CallMedia, leg: LegId, kind: Kind) -> Result<Phone> {
    let mut phone = Phone::new(kind)?;
    let sockets = pool.reserve()?;
    phone.connect(sockets.rtp_port());
    let codec = kind.codec();
    let mut receive = PayloadMap::default();
    receive.insert(codec.offered_payload_type(), PayloadKind::Audio(codec));
    let negotiated = Box::new(Negotiated {
        remote_rtp: phone.address()?,
        remote_rtcp: SocketAddr::from((Ipv4Addr::LOCALHOST, 9)),
        codec,
        payload_type: codec.offered_payload_type(),
        receive,
        dtmf_payload_type: None,
        dtmf_clock: codec.rtp_clock(),
        packet_ms: 20,
        direction: Direction::SendRecv,
        protection: kind.keys().map_or(Protection::None, |keys| Protection::Srtp { ours: keys, theirs: keys }),
        ice: None,
        rtcp_mux: false,
    });
    media.send(Command::AddLeg { leg, sockets, negotiated, listening: Listening::CALLER })?;
    Ok(phone)
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
