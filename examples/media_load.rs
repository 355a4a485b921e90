//! What the media engine costs and how punctual it is: bridged calls between loopback phones, at rest and beside busy threads.
//!
//! `cargo run --release --example media_load -- [legs] [seconds per scene] [record]`

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context as _;
use warmline::{
    call::{
        ids::LegId,
        media::patch::{Ear, Patch, Under},
        time::Time,
    },
    clock,
    telephony::media::{CallMedia, Command, MediaConfig, MediaEvent, MediaPool},
};
use warmline_sip::{
    codec::Codec,
    rtp::Header,
    sdp::{Direction, Negotiated, PayloadMap},
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const TICK: Duration = Duration::from_millis(20);
/// Linux counts CPU time in hundredths of a second.
const CLOCK_TICKS: f64 = 100.0;

struct Phone {
    socket: UdpSocket,
    gateway: SocketAddr,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let legs: usize = arguments.next().map_or(Ok(200), |word| word.parse()).context("legs")?;
    let seconds: u64 = arguments.next().map_or(Ok(10), |word| word.parse()).context("seconds")?;
    let record = arguments.next().is_some_and(|word| word == "record");
    let cores = std::thread::available_parallelism()?.get();
    let folder = std::env::temp_dir().join(format!("media-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;

    let pool = MediaPool::start(MediaConfig { ports: 30_000..=59_999, ..MediaConfig::new(HERE) })?;
    let mut phones = Vec::new();
    let mut calls = Vec::new();
    for number in 0..legs / 2 {
        calls.push(bridged_call(&pool, number, record.then_some(&folder), &mut phones)?);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let driver = drive(phones, Arc::clone(&stop))?;
    // The first second is for the jitter buffers to fill.
    wait(Duration::from_secs(1));

    println!("{legs} legs in {} calls, {cores} cores, recording {}, {seconds} s each", legs / 2, if record { "on" } else { "off" });
    println!("{:<44} {:>9} {:>9} {:>9} {:>9} {:>13} {:>8}", "scene", "p50 ms", "p99 ms", "p99.9 ms", "worst ms", "CPU µs/frame", "skipped");
    scene(&pool, "idle machine", seconds)?;
    for (name, nice) in [("busy threads at nice 19", 19), ("busy threads at nice 10", 10), ("busy threads at nice 0", 0)] {
        let crowd = crowd(cores * 2, nice)?;
        scene(&pool, &format!("{} {name}", cores * 2), seconds)?;
        crowd.leave();
    }
    stop.store(true, Ordering::Relaxed);
    driver.join().map_err(|_| anyhow::anyhow!("the phones' thread panicked"))?;
    report_losses(calls);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

type OpenCall = (CallMedia, tokio::sync::mpsc::Receiver<MediaEvent>);

fn bridged_call(pool: &MediaPool, number: usize, folder: Option<&PathBuf>, phones: &mut Vec<Phone>) -> anyhow::Result<OpenCall> {
    let (media, events) = pool.open_call(clock::now());
    let (caller, agent) = (LegId::CALLER, LegId(1));
    let ear = |leg, other| Ear { leg, hears: vec![other], under: Under::Nothing };
    media.send(Command::Patch(Patch { ears: vec![ear(caller, agent), ear(agent, caller)], listen: vec![caller] }))?;
    if let Some(folder) = folder {
        let recording = pool.record(folder.join(format!("{number}.wav")), Time::ZERO).context("the recorder is behind")?;
        media.send(Command::Record(recording))?;
    }
    for leg in [caller, agent] {
        let sockets = pool.reserve()?;
        let socket = UdpSocket::bind((HERE, 0))?;
        socket.set_nonblocking(true)?;
        let remote = socket.local_addr()?;
        phones.push(Phone { socket, gateway: SocketAddr::new(HERE, sockets.rtp_port()) });
        let negotiated = Negotiated {
            remote_rtp: remote,
            remote_rtcp: SocketAddr::new(HERE, 9),
            codec: Codec::Pcmu,
            payload_type: 0,
            receive: PayloadMap::default(),
            dtmf_payload_type: None,
            packet_ms: 20,
            direction: Direction::SendRecv,
        };
        media.send(Command::AddLeg { leg, sockets, negotiated: Box::new(negotiated) })?;
    }
    Ok((media, events))
}

/// Every phone sends a packet every 20 ms, spread over the interval, and throws away what it gets.
fn drive(phones: Vec<Phone>, stop: Arc<AtomicBool>) -> anyhow::Result<JoinHandle<()>> {
    let run = move || {
        // Phones are other machines: they are not slowed by what this one does.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), -20);
        let start = clock::now();
        let mut datagram = Vec::new();
        for packet in 0_u32.. {
            for (index, phone) in phones.iter().enumerate() {
                if index % 20 == 0 {
                    let due = TICK * packet + TICK * index as u32 / phones.len() as u32;
                    wait(due.saturating_sub(start.elapsed()));
                }
                datagram.clear();
                let header = Header { marker: false, payload_type: 0, sequence: packet as u16, timestamp: packet * 160, ssrc: 1 };
                header.write(&mut datagram);
                datagram.resize(12 + 160, 0x55);
                let _ = phone.socket.send_to(&datagram, phone.gateway);
                while phone.socket.recv_from(&mut [0; 512]).is_ok() {}
            }
            if stop.load(Ordering::Relaxed) {
                return;
            }
        }
    };
    Ok(std::thread::Builder::new().name("phones".to_owned()).spawn(run)?)
}

fn scene(pool: &MediaPool, name: &str, seconds: u64) -> anyhow::Result<()> {
    let (pacing, cpu) = (pool.pacing(), media_cpu_seconds()?);
    wait(Duration::from_secs(seconds));
    let spent = media_cpu_seconds()? - cpu;
    let pacing = pool.pacing().since(&pacing);
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "{name:<44} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {:>13.2} {:>8}",
        ms(pacing.late_quantile(0.5)),
        ms(pacing.late_quantile(0.99)),
        ms(pacing.late_quantile(0.999)),
        ms(pacing.worst),
        spent * 1e6 / pacing.leg_frames.max(1) as f64,
        pacing.skipped_ticks,
    );
    if pacing.recording_frames_dropped > 0 {
        println!("  {} recording frames dropped", pacing.recording_frames_dropped);
    }
    Ok(())
}

/// User and system time of the media threads.
fn media_cpu_seconds() -> anyhow::Result<f64> {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(task?.path().join("stat"))?;
        let (head, tail) = stat.rsplit_once(')').context("stat")?;
        if head.contains("(media-") {
            let fields: Vec<&str> = tail.split_whitespace().collect();
            total += (fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / CLOCK_TICKS;
        }
    }
    Ok(total)
}

struct Crowd {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// Threads that do nothing but burn time.
fn crowd(count: usize, nice: i32) -> anyhow::Result<Crowd> {
    let stop = Arc::new(AtomicBool::new(false));
    let burn = |stop: Arc<AtomicBool>| {
        move || {
            let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), nice);
            let mut number = 1_u64;
            while !stop.load(Ordering::Relaxed) {
                number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            }
        }
    };
    let threads = (0..count).map(|_| std::thread::Builder::new().spawn(burn(Arc::clone(&stop)))).collect::<Result<_, _>>()?;
    Ok(Crowd { stop, threads })
}

impl Crowd {
    fn leave(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

fn report_losses(calls: Vec<OpenCall>) {
    let (mut lost, mut expected, mut concealed) = (0, 0, 0);
    for (media, mut events) in calls {
        drop(media);
        while let Some(event) = events.blocking_recv() {
            if let MediaEvent::LegClosed { stats, .. } = event {
                lost += stats.source.lost();
                expected += stats.source.expected;
                concealed += stats.jitter.concealed / 160;
            }
        }
    }
    println!("received by the gateway: {lost} of {expected} packets lost, {concealed} frames concealed");
}

/// Waits on a channel that nobody uses.
fn wait(time: Duration) {
    let (_keep, nobody) = channel::<()>();
    let _ = nobody.recv_timeout(time);
}
