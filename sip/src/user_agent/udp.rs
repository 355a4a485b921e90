//! The UDP socket.

use std::io;
use std::net::SocketAddr;

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
    Ok(socket)
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
