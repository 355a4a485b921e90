//! The least that a bridged packet can cost here: a loop that takes datagrams and sends them on, with no engine in it.
//!
//! What the kernel asks for one datagram's way through two sockets differs from machine to machine, and from hour to hour on a shared one. Beside
//! this loop, in the same run, the engine's own part can be told from it.

use std::{
    net::{Ipv4Addr, UdpSocket},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::{
    phones::{Kind, Observed, Phone, observe},
    process,
};
use crate::{clock, telephony::media};

/// Sockets told of at once, as in the engine.
const READY: usize = 1_024;

/// Pairs of telephones with this loop between them.
pub(super) fn relay(calls: usize) -> Result<Observed> {
    let before = process::memory(std::process::id())?;
    let (mut phones, mut sockets) = (Vec::with_capacity(calls * 2), Vec::with_capacity(calls * 2));
    for _ in 0..calls * 2 {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mut phone = Phone::new(Kind::Plain)?;
        phone.connect(socket.local_addr()?.port());
        socket.set_nonblocking(true)?;
        socket.connect(phone.address()?)?;
        phones.push(phone);
        sockets.push(socket);
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (started, thread) = mpsc::channel();
        let (sockets, stopped) = (&sockets, &stop);
        // The sender goes with the thread: if that ends before it has begun, nobody waits for it.
        let carrying = scope.spawn(move || carry(sockets, &started, stopped));
        let observed = thread
            .recv()
            .context("the loop does not start")
            .and_then(|thread| observe(phones, || process::cpu_of_thread(thread), || process::memory(std::process::id())));
        stop.store(true, Ordering::Relaxed);
        carrying.join().map_err(|_| anyhow!("the loop has failed"))??;
        let mut observed = observed?;
        observed.memory = observed.memory.saturating_sub(before);
        Ok(observed)
    })
}

/// Carries until it is told to stop; looks as often as the engine.
fn carry(sockets: &[UdpSocket], started: &mpsc::Sender<u32>, stop: &AtomicBool) -> Result<()> {
    media::priority::raise();
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    for (place, socket) in sockets.iter().enumerate() {
        epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, place as u64))?;
    }
    started.send(rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs())?;
    let mut events = vec![EpollEvent::empty(); READY];
    let mut bytes = [0; 512];
    let (start, mut looked) = (clock::now(), Duration::ZERO);
    while !stop.load(Ordering::Relaxed) {
        let since = start.elapsed();
        std::thread::park_timeout(media::LOOK - Duration::from_nanos((since.as_nanos() % media::LOOK.as_nanos()) as u64));
        // A look that comes late may find two datagrams in a socket, of which it was told once.
        let late = start.elapsed() - looked > media::LOOK * 2;
        looked = start.elapsed();
        let count = epoll.wait(&mut events, EpollTimeout::ZERO)?;
        for event in &events[..count] {
            let place = event.data() as usize;
            while let Ok(length) = sockets[place].recv(&mut bytes) {
                // What the kernel does not take shows as a loss at the other end.
                let _ = sockets[place ^ 1].send(&bytes[..length]);
                if !late {
                    break;
                }
            }
        }
    }
    Ok(())
}
