//! The UDP socket.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// The kernel holds this much while the engine is busy: some thousand messages.
const KERNEL_BUFFER: usize = 4 * 1024 * 1024;

/// Opens the socket.
pub(super) async fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address).await?;
    let raw = socket2::SockRef::from(&socket);
    // The system may grant less; that costs retransmissions, not calls.
    let _ = raw.set_recv_buffer_size(KERNEL_BUFFER);
    let _ = raw.set_send_buffer_size(KERNEL_BUFFER);
    // ICMP errors are wanted with their address, so that a call to a dead port fails at once (RFC 3261 §18.4). Best effort as well.
    let _ =
        if address.is_ipv4() { setsockopt(&socket, sockopt::Ipv4RecvErr, &true) } else { setsockopt(&socket, sockopt::Ipv6RecvErr, &true) };
    Ok(socket)
}

/// Waits for datagrams or for ICMP errors.
pub(super) async fn ready(socket: &UdpSocket) {
    // An error here is one that reading reports as well.
    let _ = socket.ready(Interest::READABLE | Interest::ERROR).await;
}

/// The next address from which an ICMP error came back.
pub(super) fn unreachable(socket: &UdpSocket) -> Option<SocketAddr> {
    let read = || {
        // The payload is the datagram that failed; only its destination matters.
        let (mut payload, mut control) = ([0_u8; 1], [0_u8; 512]);
        let mut parts = [io::IoSliceMut::new(&mut payload)];
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
        Ok(message.address)
    };
    let address = socket.try_io(Interest::ERROR, read).ok()??;
    match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
        (Some(v4), _) => Some(SocketAddr::from((v4.ip(), v4.port()))),
        (None, Some(v6)) => Some(SocketAddr::from((v6.ip(), v6.port()))),
        (None, None) => None,
    }
}

/// The address that a peer can use, for a socket bound to no address in particular.
pub(super) fn outward_address(bound: SocketAddr) -> io::Result<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return Ok(bound);
    }
    // Connecting a datagram socket sends nothing; it only asks the system which way it would go.
    let (own, far) = if bound.is_ipv4() { ("0.0.0.0:0", "192.0.2.1:9") } else { ("[::]:0", "[2001:db8::1]:9") };
    let probe = std::net::UdpSocket::bind(own)?;
    let ip = match probe.connect(far).and_then(|()| probe.local_addr()) {
        Ok(address) => address.ip(),
        Err(_) if bound.is_ipv4() => std::net::Ipv4Addr::LOCALHOST.into(),
        Err(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    Ok(SocketAddr::new(ip, bound.port()))
}
