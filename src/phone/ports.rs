//! Ports for servers that start later: telephones and gateways that are given theirs in a file.

use std::{
    net::{Ipv4Addr, TcpListener, UdpSocket},
    ops::RangeInclusive,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result};

/// Ports for private use (RFC 6335, section 6) that Linux, as it comes, gives to nobody who asks for any port (`net.ipv4.ip_local_port_range`): between the
/// moment when one of those is found free and the moment when the server takes it, some connection may get it. The browser tests use the same ones.
const PORTS: RangeInclusive<u16> = 61_000..=65_499;
/// From one to the next: telephones take the port behind theirs, too (baresip for TLS).
const APART: u32 = 4;
/// Processes that began one after the other begin far from one another here, too: of those whose ids differ by up to 64, by 17 ports and more.
const SPREAD: u32 = 571;

/// How many were tried in this process.
static TRIED: AtomicU32 = AtomicU32::new(0);

/// A port of 127.0.0.1 that nobody uses, neither for UDP nor for TCP, and that this process has not been given before (of the last thousand).
///
/// # Errors
/// If none is free.
pub fn free_port() -> Result<u16> {
    let count = (u32::from(PORTS.end() - PORTS.start()) + 1) / APART;
    let begin = std::process::id().wrapping_mul(SPREAD);
    let next = || {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        u16::try_from(u32::from(*PORTS.start()) + begin.wrapping_add(tried) % count * APART).ok()
    };
    (0..count).filter_map(|_| next()).find(|port| is_free(*port)).context("no free port")
}

/// Can somebody listen there, for UDP and for TCP?
pub(super) fn is_free(port: u16) -> bool {
    let here = (Ipv4Addr::LOCALHOST, port);
    UdpSocket::bind(here).is_ok() && TcpListener::bind(here).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once_and_not_where_somebody_listens() {
        let first = free_port().unwrap();
        assert!(is_free(first));
        let apart = u16::try_from(APART).unwrap();
        let after = |port: u16| port.checked_add(apart).filter(|next| PORTS.contains(next)).unwrap_or(*PORTS.start());
        let (talks, listens) = (after(first), after(after(first)));
        // Tests beside this one may have been given them, and listen there.
        let _taken = (UdpSocket::bind((Ipv4Addr::LOCALHOST, talks)), TcpListener::bind((Ipv4Addr::LOCALHOST, listens)));
        let others: Vec<u16> = (0..50).map(|_| free_port().unwrap()).collect();
        assert!(others.iter().all(|other| ![first, first + 1, talks, listens].contains(other)), "{first} {talks} {listens} {others:?}");
    }
}
