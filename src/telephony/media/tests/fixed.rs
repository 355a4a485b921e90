//! A leg whose socket is fixed to its peer.

use std::sync::Arc;

use warmline_sip::{
    dtls::Identity,
    jitter::JitterConfig,
    media::{Dropped, DtlsContext, Received},
};

use super::*;
use crate::telephony::media::{
    leg::Leg,
    watch::{Token, Watch},
};

fn send(socket: &UdpSocket, sequence: u16, gateway: SocketAddr) {
    let header = Header { marker: false, payload_type: 0, sequence, timestamp: u32::from(sequence) * FRAME_SAMPLES as u32, ssrc: 42 };
    let mut datagram = Vec::new();
    header.write(&mut datagram);
    datagram.extend_from_slice(&[0; FRAME_SAMPLES]);
    socket.send_to(&datagram, gateway).unwrap();
}

#[test]
fn what_a_stranger_sent_before_is_not_taken_for_the_peers() {
    let (now, pool) = (Duration::from_secs(1), pool());
    let sockets = pool.reserve().unwrap();
    let gateway = SocketAddr::new(HERE, sockets.rtp_port());
    let [peer, stranger] = [(); 2].map(|()| UdpSocket::bind((HERE, 0)).unwrap());
    let negotiated = agreed(peer.local_addr().unwrap(), Direction::SendRecv);
    let dtls = DtlsContext { identity: Arc::new(Identity::generate()), epoch: clock::now() };
    let mut leg = Leg::new(now, CALLER, sockets, negotiated, JitterConfig::default(), dtls, Listening::CALLER);
    let (watch, mut inbox) = (Watch::new().unwrap(), Inbox::new());
    let mut read = |leg: &mut Leg| leg.read_unstamped(now, &mut inbox).map(|(_, received)| received);
    send(&peer, 0, gateway);
    assert_eq!(read(&mut leg), Some(Received::Audio));
    send(&stranger, 1, gateway);
    send(&peer, 1, gateway);
    leg.pass_to(Some(1), false, Token::new(0, CALLER), Some(&watch));
    assert_eq!(read(&mut leg), Some(Received::Dropped(Dropped::Stranger)));
    assert_eq!(read(&mut leg), Some(Received::Audio));
    assert_eq!(read(&mut leg), None);
    // Nobody else's can be in it from here on.
    send(&stranger, 2, gateway);
    send(&peer, 2, gateway);
    assert_eq!(read(&mut leg), Some(Received::Audio));
    assert_eq!(read(&mut leg), None);
}
