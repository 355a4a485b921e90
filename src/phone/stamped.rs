//! Datagrams with the kernel's time of arrival: how busy the measuring process is does not count.

use std::{
    io::{self, IoSliceMut},
    os::fd::AsRawFd,
    time::Duration,
};

use nix::{
    cmsg_space,
    sys::{
        socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt},
        time::TimeSpec,
    },
};
use tokio::{io::Interest, net::UdpSocket};

use crate::clock;

/// More than this is a step of the civil clock, not an age.
const OLDEST: Duration = Duration::from_secs(1);

/// Asks the kernel for the time of arrival.
pub(super) fn stamp(socket: &UdpSocket) -> io::Result<()> {
    Ok(setsockopt(socket, sockopt::ReceiveTimestampns, &true)?)
}

/// The next datagram: its length, and how long it has been waiting in the kernel.
pub(super) async fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, Duration)> {
    let mut control = cmsg_space!(TimeSpec);
    let read = || {
        let mut place = [IoSliceMut::new(buffer)];
        let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut place, Some(&mut control), MsgFlags::MSG_DONTWAIT)?;
        let stamped = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
            _ => None,
        });
        let age = stamped.map_or(Duration::ZERO, |stamped| clock::utc().saturating_sub(stamped)).min(OLDEST);
        Ok((message.bytes, age))
    };
    socket.async_io(Interest::READABLE, read).await
}
