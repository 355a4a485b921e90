//! UDP sockets.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::cmsg_space;
use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt, sockopt};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// The kernel holds this much while the engine is busy: some thousand messages.
const KERNEL_BUFFER: usize = 4 * 1024 * 1024;

/// Makes a bound socket ready for signalling. Everything here is best effort: what the system does not grant costs retransmissions, not calls.
pub(super) fn prepare(socket: &UdpSocket, address: SocketAddr) {
    let raw = socket2::SockRef::from(socket);
    let _ = raw.set_recv_buffer_size(KERNEL_BUFFER);
    let _ = raw.set_send_buffer_size(KERNEL_BUFFER);
    // ICMP errors are wanted with their address, so that a call to a dead port fails at once (RFC 3261 §18.4).
    let _ =
        if address.is_ipv4() { setsockopt(socket, sockopt::Ipv4RecvErr, &true) } else { setsockopt(socket, sockopt::Ipv6RecvErr, &true) };
    if address.ip().is_unspecified() {
        // Which of our addresses a datagram was sent to.
        let _ = if address.is_ipv4() {
            setsockopt(socket, sockopt::Ipv4PacketInfo, &true)
        } else {
            setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)
        };
    }
}

/// The next datagram: its length, its source and, if asked for, the address of ours that it was sent to.
pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8], any: bool) -> io::Result<(usize, SocketAddr, Option<IpAddr>)> {
    if !any {
        return socket.try_recv_from(buffer).map(|(length, source)| (length, source, None));
    }
    socket.try_io(Interest::READABLE, || {
        let mut control = cmsg_space!(in_pktinfo, in6_pktinfo);
        let mut parts = [io::IoSliceMut::new(buffer)];
        let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::MSG_DONTWAIT)?;
        let source = message.address.as_ref().and_then(address).ok_or(io::ErrorKind::InvalidData)?;
        let own = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::Ipv4PacketInfo(info) => Some(IpAddr::from(u32::from_be(info.ipi_spec_dst.s_addr).to_be_bytes())),
            ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::from(info.ipi6_addr.s6_addr)),
            _ => None,
        });
        Ok((message.bytes, source, own))
    })
}

/// Sends a datagram, from one of our addresses if that matters.
pub(super) fn send(socket: &UdpSocket, bytes: &[u8], to: SocketAddr, from: Option<IpAddr>) -> io::Result<()> {
    let Some(from) = from else { return socket.try_send_to(bytes, to).map(drop) };
    let (v4, v6);
    let control = match from {
        IpAddr::V4(ip) => {
            let own = in_addr { s_addr: u32::from(ip).to_be() };
            v4 = in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: own, ipi_addr: in_addr { s_addr: 0 } };
            ControlMessage::Ipv4PacketInfo(&v4)
        }
        IpAddr::V6(ip) => {
            v6 = in6_pktinfo { ipi6_addr: in6_addr { s6_addr: ip.octets() }, ipi6_ifindex: 0 };
            ControlMessage::Ipv6PacketInfo(&v6)
        }
    };
    let to = SockaddrStorage::from(to);
    let send = || Ok(sendmsg(socket.as_raw_fd(), &[io::IoSlice::new(bytes)], &[control], MsgFlags::MSG_DONTWAIT, Some(&to))?);
    socket.try_io(Interest::WRITABLE, send).map(drop)
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
    self::address(&address)
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    match (storage.as_sockaddr_in(), storage.as_sockaddr_in6()) {
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
